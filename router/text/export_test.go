package text

// URLs gives what is counted as a URL in s.
func URLs(s string) []string {
	var found []string
	for _, u := range urls(s) {
		found = append(found, s[u.start:u.end])
	}
	return found
}
