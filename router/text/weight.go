package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

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

// isEmoji reports whether a grapheme of several code points is shown as one emoji.
func isEmoji(cluster string) bool {
	const keycap, toneFirst, toneLast = '\u20e3', 0x1f3fb, 0x1f3ff
	first, n := utf8.DecodeRuneInString(cluster)
	if first >= 0x1f000 && first < 0x1fb00 {
		return true
	}
	next, _ := utf8.DecodeRuneInString(cluster[n:])
	switch {
	case next == keycap, strings.ContainsRune(cluster, keycap):
		return strings.ContainsRune("0123456789#*", first)
	case next == vs16, next == zwj, next >= toneFirst && next <= toneLast:
		return unicode.In(first, unicode.S, unicode.P) || unicode.Is(unicode.Nd, first)
	}
	return false
}
