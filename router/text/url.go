package text

import (
	_ "embed" // for the list of top-level domains
	"strings"
	"unicode"
	"unicode/utf8"
)

// tlds lists the top-level domains, one per line in lower case and sorted, as twitter-text's configuration 3 knows them. What is not in it
// X does not shorten.
//
//go:embed tlds.txt
var tlds string

// extent is a stretch of a string in bytes.
type extent struct{ start, end int }

// urls finds what X would shorten in s: URLs of http and https, and bare domains of known top-level domains with what follows.
// https://github.com/twitter/twitter-text/blob/master/conformance/extract.yml
func urls(s string) []extent {
	if !strings.ContainsRune(s, '.') {
		return nil
	}
	var found []extent
	for at, end := 0, 0; at < len(s); {
		start := at + strings.IndexFunc(s[at:], isHostRune)
		if start < at {
			break
		}
		if start >= end {
			end = hostEnd(s, start)
		}
		u, next, ok := firstURL(s, start, end)
		if ok {
			found = append(found, u)
		}
		at = next
	}
	return found
}

// firstURL finds the first URL in the run of host characters from start to end, or of the scheme that the run ends in, and says
// where to look on.
func firstURL(s string, start, end int) (u extent, next int, ok bool) {
	scheme, schemed := cutScheme(s, start, end)
	bareTo := end
	if schemed {
		bareTo = scheme.start
	}
	if u, ok = bareDomain(s, start, bareTo); ok {
		u.end, ok = tail(s, u.start, u.end)
		return u, u.end, ok
	}
	if !schemed {
		return u, end, false
	}
	host := s[scheme.end:hostEnd(s, scheme.end)]
	n, ok := hostWithScheme(host)
	if !ok {
		return u, end, false
	}
	u.start = scheme.start
	u.end, ok = tail(s, scheme.end, scheme.end+n)
	return u, u.end, ok
}

// isHostRune reports whether r may be part of a host name.
func isHostRune(r rune) bool {
	if r < utf8.RuneSelf {
		return isASCIIWord(r) || r == '-' || r == '_' || r == '.'
	}
	return r != utf8.RuneError && !unicode.In(r, unicode.Z, unicode.P, unicode.C)
}

// isASCIIWord reports whether r is an ASCII letter or digit.
func isASCIIWord(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// isWordByte is isASCIIWord for a byte of UTF-8.
func isWordByte(b byte) bool { return isASCIIWord(rune(b)) }

// hostEnd is where the run of host characters from start ends.
func hostEnd(s string, start int) int {
	if n := strings.IndexFunc(s[start:], func(r rune) bool { return !isHostRune(r) }); n >= 0 {
		return start + n
	}
	return len(s)
}

// cutScheme finds http:// or https:// at the end of the run from start to end.
func cutScheme(s string, start, end int) (extent, bool) {
	if !strings.HasPrefix(s[end:], "://") {
		return extent{}, false
	}
	for _, scheme := range []string{"https", "http"} {
		from := end - len(scheme)
		if from >= start && strings.EqualFold(s[from:end], scheme) && mayPrecede(s[:from], "@$#＠＃") {
			return extent{from, end + len("://")}, true
		}
	}
	return extent{}, false
}

// mayPrecede reports whether a URL may begin after before: not inside a word, nor after one of the characters of not.
func mayPrecede(before, not string) bool {
	if before == "" {
		return true
	}
	if isWordByte(before[len(before)-1]) {
		return false
	}
	r, _ := utf8.DecodeLastRuneInString(before)
	return !strings.ContainsRune(not, r)
}

// maxHost is how many bytes of a run are looked at for a host name; real ones have at most 253 characters.
const maxHost = 1024

// hostWithScheme is the length of the longest host name at the start of run, which may be of any script.
func hostWithScheme(run string) (int, bool) {
	run = run[:runeFloor(run, maxHost)]
	for dot := strings.LastIndexByte(run, '.'); dot > 0; dot = strings.LastIndexByte(run[:dot], '.') {
		if n := tldLen(run[dot+1:]); n > 0 && validLabels(run[:dot]) {
			return dot + 1 + n, true
		}
	}
	return 0, false
}

// bareDomain finds the first domain without a scheme in the run from start to end. Such a domain is of Latin letters; in text
// without spaces it may stand between characters of other scripts.
func bareDomain(s string, start, end int) (extent, bool) {
	for from := start; from < end; {
		n := strings.IndexFunc(s[from:end], isBareRune)
		if n < 0 {
			break
		}
		from += n
		to := end
		if n := strings.IndexFunc(s[from:end], func(r rune) bool { return !isBareRune(r) }); n >= 0 {
			to = from + n
		}
		if mayPrecede(s[:from], "@$#＠＃-_./") {
			if n, ok := bareHost(s[from:min(to, from+maxHost)], s[from:]); ok {
				return extent{from, from + n}, true
			}
		}
		from = to
	}
	return extent{}, false
}

// bareHost is the length of the longest domain at the start of run; its top-level domain may go on beyond run in s.
func bareHost(run, s string) (int, bool) {
	for dot := strings.LastIndexByte(run, '.'); dot > 0; dot = strings.LastIndexByte(run[:dot], '.') {
		if n := tldLen(s[dot+1:]); n > 0 && validLabels(run[:dot]) {
			return dot + 1 + n, true
		}
	}
	return 0, false
}

// isBareRune reports whether r may be part of a domain without a scheme.
func isBareRune(r rune) bool {
	if r < utf8.RuneSelf {
		return isHostRune(r) && r != '_'
	}
	return unicode.Is(unicode.Latin, r)
}

// tldLen is the length of the top-level domain at the start of s, or 0.
func tldLen(s string) int {
	ascii := 0
	for ascii < len(s) && (isWordByte(s[ascii]) || s[ascii] == '-') {
		ascii++
	}
	label := strings.ToLower(s[:ascii])
	if known := strings.HasPrefix(label, "xn--") && len(label) > len("xn--") || knownTLD(label); known && endsTLD(s[ascii:]) {
		return ascii
	}
	return wideTLDLen(s)
}

// wideTLDLen is tldLen for top-level domains that are not all ASCII.
func wideTLDLen(s string) int {
	const longest = 40 // bytes
	s = s[:runeFloor(s, longest)]
	letters := 0
	wide := false
	for i, r := range s {
		if !unicode.In(r, unicode.L, unicode.M) {
			break
		}
		letters = i + utf8.RuneLen(r)
		wide = wide || r >= utf8.RuneSelf
	}
	if !wide {
		return 0
	}
	for n := letters; n > 0; {
		if knownTLD(strings.ToLower(s[:n])) && endsTLD(s[n:]) {
			return n
		}
		_, size := utf8.DecodeLastRuneInString(s[:n])
		n -= size
	}
	return 0
}

// knownTLD looks label up in the list, which is sorted by bytes.
func knownTLD(label string) bool {
	for low, high := 0, len(tlds); low < high; {
		mid := low + (high-low)/2
		start := strings.LastIndexByte(tlds[:mid], '\n') + 1
		end := start + strings.IndexByte(tlds[start:], '\n')
		switch line := tlds[start:end]; {
		case line == label:
			return true
		case line < label:
			low = end + 1
		default:
			high = start
		}
	}
	return false
}

// endsTLD reports whether a top-level domain may end in front of rest.
func endsTLD(rest string) bool {
	return rest == "" || !isWordByte(rest[0]) && !strings.ContainsRune("@+-", rune(rest[0]))
}

// validLabels reports whether all labels of a host name without its top-level domain are valid. Only the last one may not have
// an underscore.
func validLabels(host string) bool {
	last := strings.LastIndexByte(host, '.') + 1
	if strings.ContainsRune(host[last:], '_') {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || strings.ContainsRune("-_", rune(label[0])) || strings.ContainsRune("-_", rune(label[len(label)-1])) {
			return false
		}
		if n := encodedLen(label); n == 0 || n > maxLabel {
			return false
		}
	}
	return true
}

// tail goes on from the end of a host over port, path and query. It reports false if X refuses the whole.
func tail(s string, host, end int) (int, bool) {
	domain := s[host:end]
	if port := strings.TrimLeft(strings.TrimPrefix(s[end:], ":"), "0123456789"); strings.HasPrefix(s[end:], ":") && len(s[end:])-len(port) > 1 {
		end = len(s) - len(port)
	}
	if strings.EqualFold(domain, "t.co") && strings.HasPrefix(s[end:], "/") {
		slug := end + 1
		for end++; end < len(s) && isWordByte(s[end]); end++ { //nolint:revive // the loop counts
		}
		const maxSlug = 40
		if end-slug > maxSlug {
			return end, false
		}
	} else if strings.HasPrefix(s[end:], "/") {
		end += pathLen(s[end:])
	}
	if strings.HasPrefix(s[end:], "?") {
		end += queryLen(s[end:])
	}
	const maxURL = 4096
	return end, end-host <= maxURL
}

// isPathLetter reports whether r is a letter or digit that paths may have: Latin or Cyrillic.
func isPathLetter(r rune) bool {
	return isASCIIWord(r) || r >= utf8.RuneSelf && unicode.In(r, unicode.Latin, unicode.Cyrillic)
}

// pathLen is the length of the path at the start of s. Punctuation at its end and a closing bracket without an opening one
// belong to the sentence around it.
func pathLen(s string) int {
	end, depth := 0, 0
	for i, r := range s {
		switch {
		case r == '(':
			depth++
		case r == ')':
			if depth--; depth < 0 {
				return end
			}
			end = i + 1
		case isPathLetter(r) || strings.ContainsRune("=_#/+-", r):
			end = i + utf8.RuneLen(r)
		case !strings.ContainsRune("!*';:,.$%[]–~@|&", r):
			return end
		}
	}
	return end
}

// queryLen is the length of the query at the start of s, or 0.
func queryLen(s string) int {
	end := 0
	for i := range len(s) {
		switch b := s[i]; {
		case isWordByte(b) || strings.IndexByte("-_&=#/", b) >= 0:
			end = i + 1
		case strings.IndexByte("!?*'@();:+$%[].,~|", b) < 0:
			return end
		}
	}
	return end
}
