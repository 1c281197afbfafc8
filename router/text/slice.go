package text

import (
	"slices"
	"strings"
	"unicode"
)

// Slice gives the characters from byte i to byte j with their formatting. Offsets outside the body or inside a character move
// back to the nearest one that fits; j before i gives the zero Text. Spans that reach over an edge are clipped, but a
// [Mention] or [Emoji] that is cut loses its span: half a name stands for nobody.
func (t Text) Slice(i, j int) Text {
	i, j = runeFloor(t.Body, i), runeFloor(t.Body, j)
	if i >= j {
		return Text{}
	}
	out := Text{Body: t.Body[i:j]}
	for _, s := range t.Spans {
		if s.Start >= j {
			break
		}
		if s.End <= i || s.Kind.atom() && (s.Start < i || s.End > j) {
			continue
		}
		s.Start, s.End = max(s.Start, i)-i, min(s.End, j)-i
		out.Spans = append(out.Spans, s)
	}
	return out
}

// Join puts texts one after another. Formatting that goes on over a seam becomes one span again, so joining the slices of a
// text gives the text, except that a list item, heading, mention or emoji that was cut stays cut.
func Join(ts ...Text) Text {
	var j joiner
	for _, t := range ts {
		j.add(t)
	}
	return Text{Body: j.body.String(), Spans: j.spans}
}

// joiner puts texts one after another.
type joiner struct {
	body  strings.Builder
	spans []Span
	tail  []int // indexes of the spans that end where the body ends, outermost first
}

// add appends t.
func (j *joiner) add(t Text) {
	if t.Body == "" {
		return
	}
	at := j.body.Len()
	j.body.WriteString(t.Body)
	end := j.body.Len()
	left, tail := j.tail, []int(nil)
	for _, s := range t.Spans {
		s.Start, s.End = s.Start+at, s.End+at
		index := len(j.spans)
		if s.Start == at && len(left) > 0 && s.Kind.merges() && s.alike(j.spans[left[0]]) {
			index, left = left[0], left[1:]
			j.spans[index].End = s.End
		} else {
			left = nil
			j.spans = append(j.spans, s)
		}
		if s.End == end {
			tail = append(tail, index)
		}
	}
	j.tail = tail
}

// Trim takes white space off both ends.
func (t Text) Trim() Text {
	i := len(t.Body) - len(strings.TrimLeftFunc(t.Body, unicode.IsSpace))
	j := len(strings.TrimRightFunc(t.Body, unicode.IsSpace))
	if i == 0 && j == len(t.Body) {
		return t
	}
	return t.Slice(i, j)
}

// Attrs is what a span carries beside its kind; see [Span].
type Attrs struct{ Attr, ID, Name string }

// Builder writes a Text from left to right. The zero Builder is empty and ready to use.
type Builder struct {
	body  strings.Builder
	spans []Span
}

// Write appends characters to the body.
func (b *Builder) Write(s string) { b.body.WriteString(s) }

// Add appends a text with its formatting.
func (b *Builder) Add(t Text) {
	at := b.body.Len()
	for _, s := range t.Spans {
		s.Start, s.End = s.Start+at, s.End+at
		b.spans = append(b.spans, s)
	}
	b.body.WriteString(t.Body)
}

// Span makes a span of what inside writes. Nothing written is no span.
func (b *Builder) Span(k Kind, a Attrs, inside func()) {
	start := b.body.Len()
	inside()
	if end := b.body.Len(); end > start {
		b.spans = append(b.spans, Span{Start: start, End: end, Kind: k, Attr: a.Attr, ID: a.ID, Name: a.Name})
	}
}

// Text gives what was written so far, made normal. The builder may be written on.
func (b *Builder) Text() Text {
	return Text{Body: b.body.String(), Spans: slices.Clone(b.spans)}.Normal()
}
