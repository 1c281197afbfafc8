package sqlite

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// cutWords cuts text into words with single spaces between them, folded so that case, width and, in Latin, Greek, Cyrillic,
// Hebrew and Arabic, marks don't matter. Scripts that don't put spaces between words are cut into characters, and each
// emoji is a word, so both are found anywhere.
func cutWords(s string) string {
	c := cutter{}
	for _, r := range fold(s) {
		c.take(r)
	}
	return c.out.String()
}

// cutter writes words.
type cutter struct {
	out    strings.Builder
	inWord bool // the next letter goes on with the word
	single bool // the word is one character, to which only marks may be added
}

func (c *cutter) take(r rune) {
	switch {
	case isJoiner(r): // it is no word and ends none
	case unicode.Is(unicode.M, r):
		if c.inWord || c.single {
			c.out.WriteRune(r)
		}
	case isSingle(r):
		c.begin()
		c.out.WriteRune(r)
		c.inWord, c.single = false, true
	case unicode.IsLetter(r), unicode.IsNumber(r):
		if !c.inWord {
			c.begin()
		}
		c.out.WriteRune(r)
		c.inWord, c.single = true, false
	default:
		c.inWord, c.single = false, false
	}
}

// isJoiner says whether r only says how its neighbours are drawn: joiners, soft hyphens, selectors, keycaps.
func isJoiner(r rune) bool {
	switch r {
	case '\u00ad', '\u200c', '\u200d', '\u20e3', '\ufe0e', '\ufe0f':
		return true
	}
	return false
}

func (c *cutter) begin() {
	if c.out.Len() > 0 {
		c.out.WriteByte(' ')
	}
}

// isSingle says whether r is a word by itself: a character of a script without spaces, or a symbol such as an emoji.
func isSingle(r rune) bool {
	if r < 0x80 {
		return false
	}
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo,
		unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.So, unicode.Sk, unicode.Co) && !unicode.Is(unicode.M, r)
}

// fold takes away what a search shall not tell apart.
func fold(s string) string {
	plain := true
	for i := range len(s) {
		plain = plain && s[i] < 0x80
	}
	if plain {
		return strings.ToLower(s)
	}
	var b strings.Builder
	bare := false // marks on the last letter go
	for _, r := range norm.NFKD.String(cases.Fold().String(s)) {
		if unicode.Is(unicode.Mn, r) {
			if !bare {
				b.WriteRune(r)
			}
			continue
		}
		bare = unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Hebrew, unicode.Arabic)
		if r != '\u0640' { // tatweel only stretches a word
			b.WriteRune(r)
		}
	}
	return norm.NFC.String(b.String())
}

// matchOf is the full-text query that finds the lines that hold all words of query; empty when it has none.
func matchOf(query string) string {
	var terms []string
	for chunk := range strings.FieldsSeq(query) {
		words := cutWords(chunk)
		if words == "" {
			continue
		}
		// Only letters, numbers, marks and symbols are left, so there is no quote to escape.
		terms = append(terms, `"`+words+`" *`)
	}
	return strings.Join(terms, " AND ")
}
