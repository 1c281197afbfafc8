package irc

import (
	"strings"
	"unicode/utf8"
)

// Fold is a name as names are compared under a server's CASEMAPPING (ascii, rfc1459, rfc1459-strict; empty is rfc1459, as
// the protocol says). Under any other all letters lose their case.
func Fold(casemapping, name string) string {
	upper := byte('Z')
	switch casemapping {
	case "ascii":
	case "rfc1459-strict":
		upper = ']'
	case "", "rfc1459":
		upper = '^'
	default:
		return strings.ToLower(name)
	}
	b := []byte(name)
	for i, c := range b {
		if c >= 'A' && c <= upper {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// Decode is what a line says: UTF-8, or else Windows-1252, which old clients write.
func Decode(line []byte) string {
	if utf8.Valid(line) {
		return string(line)
	}
	// https://encoding.spec.whatwg.org/index-windows-1252.txt; what it leaves open is U+FFFD.
	const high = "€\uFFFD‚ƒ„…†‡ˆ‰Š‹Œ\uFFFDŽ\uFFFD\uFFFD‘’“”•–—˜™š›œ\uFFFDžŸ"
	table := []rune(high)
	var b strings.Builder
	for _, c := range line {
		if c >= 0x80 && c < 0xa0 {
			b.WriteRune(table[c-0x80])
			continue
		}
		b.WriteRune(rune(c))
	}
	return b.String()
}
