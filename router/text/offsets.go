package text

import (
	"slices"
	"unicode/utf8"
)

// ToUTF16 gives the spans of t with Start and End in UTF-16 code units, as Telegram and LINE count.
// https://core.telegram.org/api/entities#entity-length
func (t Text) ToUTF16() []Span { return t.recount(utf16Width) }

// FromUTF16 makes a normal Text of a body and spans whose Start and End count UTF-16 code units. An offset inside a surrogate
// pair widens its span to the whole character; one outside the body is moved to its edge.
func FromUTF16(body string, spans []Span) Text { return fromUnits(body, spans, utf16Width) }

// ToRunes gives the spans of t with Start and End in Unicode code points, as X counts.
func (t Text) ToRunes() []Span { return t.recount(runeWidth) }

// FromRunes makes a normal Text of a body and spans whose Start and End count code points.
func FromRunes(body string, spans []Span) Text { return fromUnits(body, spans, runeWidth) }

// utf16Width is how many UTF-16 code units r takes.
func utf16Width(r rune) int {
	if r >= 0x10000 {
		return 2
	}
	return 1
}

// runeWidth is one, whatever the character.
func runeWidth(rune) int { return 1 }

// mark is an end of a span on its way from one unit to another.
type mark struct {
	at  *int
	end bool // an end inside a character moves on, a start moves back
}

// marks lists the ends of spans by offset.
func marks(spans []Span) []mark {
	all := make([]mark, 0, 2*len(spans))
	for i := range spans {
		all = append(all, mark{&spans[i].Start, false}, mark{&spans[i].End, true})
	}
	slices.SortFunc(all, func(a, b mark) int { return *a.at - *b.at })
	return all
}

// recount gives copies of the spans counted in another unit.
func (t Text) recount(width func(rune) int) []Span {
	if len(t.Spans) == 0 {
		return nil
	}
	spans := slices.Clone(t.Spans)
	units, at := 0, 0
	for _, m := range marks(spans) {
		for at < *m.at && at < len(t.Body) {
			r, n := utf8.DecodeRuneInString(t.Body[at:])
			at += n
			units += width(r)
		}
		*m.at = units
	}
	return spans
}

// fromUnits is the way back from recount.
func fromUnits(body string, spans []Span, width func(rune) int) Text {
	spans = slices.Clone(spans)
	units, at := 0, 0
	for _, m := range marks(spans) {
		for units < *m.at && at < len(body) {
			r, n := utf8.DecodeRuneInString(body[at:])
			if units+width(r) > *m.at && !m.end {
				break
			}
			at += n
			units += width(r)
		}
		*m.at = at
	}
	return Text{Body: body, Spans: spans}.Normal()
}
