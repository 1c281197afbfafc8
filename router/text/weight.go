package text

import "golang.org/x/text/unicode/norm"

// The constants of twitter-text's configuration 3, in whole characters.
const (
	weightURL   = 23
	weightOther = 2
)

// weight counts s as X counts a post.
func weight(s string) int {
	s = norm.NFC.String(s)
	total, at := 0, 0
	for _, u := range urls(s) {
		total += weightPlain(s[at:u.start]) + weightURL
		at = u.end
	}
	return total + weightPlain(s[at:])
}

// weightPlain counts characters outside URLs.
func weightPlain(s string) int {
	total := 0
	for s != "" {
		cluster := s[:nextGrapheme(s)]
		s = s[len(cluster):]
		if isEmoji(cluster) {
			total += weightOther
			continue
		}
		for _, r := range cluster {
			total += weightRune(r)
		}
	}
	return total
}

// weightRune is the weight of one code point that is no part of an emoji.
func weightRune(r rune) int {
	switch {
	case r <= 0x10ff, r >= 0x2000 && r <= 0x200d, r >= 0x2010 && r <= 0x201f, r >= 0x2032 && r <= 0x2037:
		return 1
	}
	return weightOther
}

// isEmoji reports whether a grapheme is shown as one emoji.
func isEmoji(cluster string) bool {
	const vs16, keycap, zwj, toneFirst, toneLast = '\ufe0f', '\u20e3', '\u200d', 0x1f3fb, 0x1f3ff
	first := true
	for _, r := range cluster {
		switch {
		case first && (r >= 0x1f000 && r < 0x1fb00 || r >= 0x2190 && r < 0x2c00 || r == 0x3030 || r == 0x303d || r == 0x3297 || r == 0x3299):
			return true
		case !first && (r == vs16 || r == keycap || r == zwj || r >= toneFirst && r <= toneLast):
			return true
		}
		first = false
	}
	return false
}
