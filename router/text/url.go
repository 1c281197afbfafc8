package text

import "strings"

// extent is a stretch of a string in bytes.
type extent struct{ start, end int }

// urls finds what X would shorten in s.
func urls(s string) []extent {
	var found []extent
	for at := 0; at < len(s); {
		i := strings.Index(s[at:], "://")
		if i < 0 {
			break
		}
		i += at
		start := i
		for _, scheme := range []string{"https", "http"} {
			if i >= len(scheme) && strings.EqualFold(s[i-len(scheme):i], scheme) {
				start = i - len(scheme)
				break
			}
		}
		end := i + len("://")
		end += strings.IndexAny(s[end:]+" ", " \n\t<>\"")
		if start < i {
			found = append(found, extent{start, end})
		}
		at = end
	}
	return found
}
