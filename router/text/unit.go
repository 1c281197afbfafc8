package text

import "unicode/utf8"

// Unit is what a platform counts when it limits the length of a text. The zero Unit is [Runes].
type Unit uint8

// The units.
const (
	Runes     Unit = iota // Unicode code points
	UTF16                 // UTF-16 code units: Telegram, LINE
	Graphemes             // what a reader sees as one character: Bluesky, Mastodon
	Bytes                 // UTF-8 bytes: Matrix, IRC, Google Chat
	Weighted              // posts on X: see [Unit.Len]
	Cautious              // for platforms that don't say what they count: the larger of Runes and UTF16
)

// String names the unit.
func (u Unit) String() string {
	switch u {
	case Runes:
		return "runes"
	case UTF16:
		return "UTF-16 units"
	case Graphemes:
		return "graphemes"
	case Bytes:
		return "bytes"
	case Weighted:
		return "weighted characters"
	case Cautious:
		return "characters"
	}
	return "unknown unit"
}

// Len counts s in the unit. Each invalid byte counts as one character.
//
// Weighted counts as X does for posts (twitter-text configuration 3), after normalisation to NFC: 1 for most letters of
// alphabets, 2 for other characters and for each emoji however composed, 23 for each URL.
// https://docs.x.com/fundamentals/counting-characters
func (u Unit) Len(s string) int {
	switch u {
	case Runes:
		return utf8.RuneCountInString(s)
	case UTF16, Cautious: // UTF-16 units are never fewer than runes
		return utf16Len(s)
	case Graphemes:
		return graphemes(s)
	case Bytes:
		return len(s)
	case Weighted:
		return weight(s)
	}
	return len(s)
}

// utf16Len counts UTF-16 code units.
func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n += utf16Width(r)
	}
	return n
}

// Limit is the longest text that a platform takes. The zero Limit is none.
type Limit struct {
	Max  int // 0 is no limit
	Unit Unit
}

// Fits reports whether s is within the limit.
func (l Limit) Fits(s string) bool {
	if l.Max <= 0 || l.Unit != Weighted && len(s) <= l.Max {
		return true
	}
	return l.Unit.Len(s) <= l.Max
}
