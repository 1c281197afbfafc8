package text

import (
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// runeFloor moves i back to the start of the character that it lies in, and into s.
func runeFloor(s string, i int) int {
	i = min(max(i, 0), len(s))
	for j := i; j >= 0 && j < len(s) && i-j < utf8.UTFMax; j-- {
		if utf8.RuneStart(s[j]) {
			if _, n := utf8.DecodeRuneInString(s[j:]); j+n > i {
				return j
			}
			return i
		}
	}
	return i
}

// runeCeil moves i on to the end of the character that it lies in, and into s.
func runeCeil(s string, i int) int {
	f := runeFloor(s, i)
	if f >= i {
		return f
	}
	_, n := utf8.DecodeRuneInString(s[f:])
	return f + n
}

// nextGrapheme is the length in bytes of the first grapheme of s; 0 if s is empty.
func nextGrapheme(s string) int {
	if s == "" {
		return 0
	}
	r, n := utf8.DecodeRuneInString(s)
	if n == len(s) {
		return n
	}
	if next, _ := utf8.DecodeRuneInString(s[n:]); lone(r) && lone(next) {
		return n
	}
	cluster, _, _, _ := uniseg.FirstGraphemeClusterInString(s, -1)
	return len(cluster)
}

// lone reports whether r is surely a grapheme of its own beside another lone rune. It only saves time: most text is made of
// printable ASCII, Latin and Cyrillic letters, kana and ideographs, and looking their properties up takes long.
func lone(r rune) bool {
	switch {
	case r < 0x7f:
		return r != '\r'
	case r < 0x300:
		return r >= 0xc0
	default:
		return r >= 0x400 && r < 0x482 || r >= 0x3041 && r < 0x3097 || r >= 0x30a1 && r < 0x30fb || r >= 0x4e00 && r < 0xa000
	}
}

// graphemes counts the graphemes of s.
func graphemes(s string) int {
	n := 0
	for s != "" {
		s = s[nextGrapheme(s):]
		n++
	}
	return n
}

// clip gives the first n graphemes of s.
func clip(s string, n int) string {
	end := 0
	for ; n > 0 && end < len(s); n-- {
		end += nextGrapheme(s[end:])
	}
	return s[:end]
}

// bounds gives every grapheme bound of s, from 0 to len(s).
func bounds(s string) []int {
	all := make([]int, 1, utf8.RuneCountInString(s)+1)
	for at := 0; at < len(s); {
		at += nextGrapheme(s[at:])
		all = append(all, at)
	}
	return all
}
