package text

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// The characters that open and close a stretch of other writing direction.
// https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters
const (
	lre = '\u202a' // left-to-right embedding
	rle = '\u202b'
	pdf = '\u202c' // closes an embedding or override
	lro = '\u202d' // left-to-right override
	rlo = '\u202e'
	lri = '\u2066' // left-to-right isolate
	rli = '\u2067'
	fsi = '\u2068'
	pdi = '\u2069' // closes an isolate and what is open inside it
)

// Clean makes a body safe to store and to show in front of other text: invalid UTF-8 becomes U+FFFD; \r\n and \r become \n;
// NUL and all other control characters but \n and \t go. What a line opens in writing direction (embeddings, overrides,
// isolates) is closed at its end, and a closing character that closes nothing goes, so text can't turn round what stands before
// or after it. Clean text comes back as it is, without allocating.
func Clean(s string) string {
	if isClean(s) {
		return s
	}
	c := cleaner{}
	c.run(s)
	return c.out.String()
}

// isClean reports whether Clean surely has nothing to do.
func isClean(s string) bool {
	for i := range len(s) {
		switch b := s[i]; {
		case b >= utf8.RuneSelf:
			return isCleanWide(s[i:])
		case b < ' ' && b != '\n' && b != '\t' || b == 0x7f:
			return false
		}
	}
	return true
}

// isCleanWide is isClean for text that isn't plain ASCII.
func isCleanWide(s string) bool {
	for i, r := range s {
		switch {
		case isControl(r), isBidi(r):
			return false
		case r == utf8.RuneError:
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				return false
			}
		}
	}
	return true
}

// isControl reports whether r is a control character that no body keeps.
func isControl(r rune) bool {
	return r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0
}

// isBidi reports whether r opens or closes a stretch of writing direction.
func isBidi(r rune) bool { return r >= lre && r <= rlo || r >= lri && r <= pdi }

// cleaner writes a clean copy of a string. With moved set it notes where each byte went.
type cleaner struct {
	out   strings.Builder
	open  []rune // pdf or pdi for each open direction of this line
	moved []int  // offset in out of each offset of the source, when asked for
}

// run cleans s. Afterwards moved, if it was not nil, has len(s)+1 entries.
func (c *cleaner) run(s string) {
	c.out.Grow(len(s))
	bad := false
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		from := c.out.Len()
		invalid := r == utf8.RuneError && n == 1
		switch {
		case invalid && bad: // a run of bad bytes is one replacement character
		case r == '\r':
			if !strings.HasPrefix(s[i+1:], "\n") {
				from = c.lineEnd('\n')
			}
		case r == '\n', r == '\u2029':
			from = c.lineEnd(r)
		case isControl(r):
		case isBidi(r):
			c.direct(r)
		default:
			c.out.WriteRune(r)
		}
		bad = invalid
		for range n {
			c.note(from)
		}
		i += n
	}
	c.closeAll()
	c.note(c.out.Len())
}

// note records where the next byte of the source went.
func (c *cleaner) note(at int) {
	if c.moved != nil {
		c.moved = append(c.moved, at)
	}
}

// lineEnd closes what the line has open, writes the line end and says where it stands.
func (c *cleaner) lineEnd(r rune) int {
	c.closeAll()
	at := c.out.Len()
	c.out.WriteRune(r)
	return at
}

// closeAll closes what is open, innermost first.
func (c *cleaner) closeAll() {
	for _, r := range slices.Backward(c.open) {
		c.out.WriteRune(r)
	}
	c.open = c.open[:0]
}

// direct writes a direction character unless it closes nothing.
func (c *cleaner) direct(r rune) {
	top := len(c.open) - 1
	switch r {
	case pdf:
		if top < 0 || c.open[top] != pdf {
			return
		}
		c.open = c.open[:top]
	case pdi:
		for top >= 0 && c.open[top] != pdi {
			top--
		}
		if top < 0 {
			return
		}
		c.open = c.open[:top]
	case lri, rli, fsi:
		c.open = append(c.open, pdi)
	default:
		c.open = append(c.open, pdf)
	}
	c.out.WriteRune(r)
}
