package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// nobody is the name of those who have none.
const nobody = "someone"

// Name makes a display name harmless, for use in front of a text, in a webhook's name or in a card: at most limit graphemes (at
// least one), on one line, never empty. Letters stay as they are.
//
//   - Control, direction and other invisible characters go, but a joiner inside an emoji stays. White space becomes one space.
//   - More than four combining marks on one character go.
//   - "@" and "#", also the wide and small ones, go in front of a word; elsewhere "@" becomes " at ".
//   - What platforms read as formatting becomes a look-alike: < > ‹ ›, ` ’, * ∗, ~ ∼, | ¦, [ ] ( ), \ ∖. One "_" between letters
//     or digits stays, others become a space. "&" becomes "+" where it may start a character entity.
//
// A name of nothing is "someone". A name that was clipped ends in "…".
func Name(s string, limit int) string {
	name := joinFields(visible(disarm(visible(s))))
	if name == "" {
		name = nobody
	}
	return ellipsis(name, limit, false)
}

// joinFields puts single spaces where s has white space, and none at its ends.
func joinFields(s string) string { return strings.Join(strings.Fields(s), " ") }

// ellipsis clips s at n graphemes (at least one), the last of which is then "…"; with words it rather cuts after a word. A
// joiner or underscore that would end the clipped text goes.
func ellipsis(s string, n int, words bool) string {
	n = max(n, 1)
	if len(s) <= n || clip(s, n) == s {
		return s
	}
	const torn = "_ " + string(zwj)
	if n == 1 {
		return strings.TrimRight(clip(s, 1), torn)
	}
	short := clip(s, n-1)
	if i := strings.LastIndexByte(short, ' '); words && i > 0 && s[len(short)] != ' ' {
		short = short[:i]
	}
	return strings.TrimRight(short, torn) + "…"
}

// visible drops what can't be seen.
func visible(s string) string {
	const maxMarks = 4
	runes := []rune(strings.ToValidUTF8(s, ""))
	out, marked := make([]rune, 1, len(runes)+1), 0 // out[0] stands for the start of the name
	for i, r := range runes {
		if unicode.IsSpace(r) {
			r = ' '
		}
		prev, next := out[len(out)-1], rune(0)
		if i+1 < len(runes) {
			next = runes[i+1]
		}
		if hidden(r) && !pictures(prev, r, next) {
			continue
		}
		if !isMark(r) {
			marked = 0
		} else if marked++; marked > maxMarks || prev == 0 || prev == ' ' {
			continue
		}
		out = append(out, r)
	}
	return string(out[1:])
}

// isMark reports whether r is drawn onto the character in front of it.
func isMark(r rune) bool { return unicode.In(r, unicode.Mn, unicode.Me) && r != vs16 }

const (
	zwj  = '\u200d' // zero-width joiner: makes one emoji of several
	vs16 = '\ufe0f' // variation selector: makes an emoji of a symbol
)

// pictures reports whether r is a joiner or selector that stands where it makes an emoji.
func pictures(prev, r, next rune) bool {
	picture := func(r rune) bool { return unicode.In(r, unicode.So, unicode.Sk) }
	switch r {
	case vs16:
		return picture(prev)
	case zwj:
		return (picture(prev) || prev == vs16) && picture(next)
	}
	return false
}

// hidden reports whether r has no picture of its own.
func hidden(r rune) bool {
	switch r {
	case '\u034f', '\u115f', '\u1160', '\u17b4', '\u17b5', '\u2800', '\u3164', '\uffa0', '\ufffc':
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Cs, unicode.Variation_Selector, unicode.Noncharacter_Code_Point)
}

// disarm takes the power from characters that platforms read as mentions or formatting.
func disarm(s string) string {
	var b strings.Builder
	runes := []rune(s)
	entity := strings.LastIndexByte(s, ';')
	at := 0
	for i, r := range runes {
		if r == '&' && at < entity {
			b.WriteByte('+')
		} else {
			inside := i > 0 && wordy(runes[i-1]) && i+1 < len(runes) && wordy(runes[i+1])
			b.WriteString(harmless(r, inside))
		}
		at += utf8.RuneLen(r)
	}
	return b.String()
}

// harmless is what stands for r in a name; inside is whether it has letters or digits on both sides.
func harmless(r rune, inside bool) string {
	switch r {
	case '@', '＠', '﹫':
		if inside {
			return " at "
		}
		return ""
	case '#', '＃', '﹟':
		return ""
	case '_':
		if inside {
			return "_"
		}
		return " "
	}
	return string(lookAlike(r))
}

// wordy reports whether r may be part of a word.
func wordy(r rune) bool { return unicode.In(r, unicode.L, unicode.M, unicode.Nd) }

// lookAlike is what stands for r in a name.
func lookAlike(r rune) rune {
	switch r {
	case '<':
		return '‹'
	case '>':
		return '›'
	case '`':
		return '’'
	case '*':
		return '∗'
	case '~':
		return '∼'
	case '|':
		return '¦'
	case '[':
		return '('
	case ']':
		return ')'
	case '\\':
		return '∖'
	}
	return r
}
