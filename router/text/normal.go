package text

import "slices"

// maxItems is how many list items may lie in one another; deeper ones are dropped.
const maxItems = 8

// Normal repairs t. The body is cleaned as [Clean] says and the spans follow it. Spans are clipped to the body and widened to
// whole graphemes; empty ones, those of unknown kinds and links to nowhere go; those that touch or overlap and say the same
// become one. Where two cross, the firmer one (mention and emoji, then blocks, then links) stays whole and the other is cut at
// its edge. Nothing lies inside a mention or emoji, and no kind but [ListItem] lies inside itself.
//
// For every t, t.Normal().Check() is nil and t.Normal().Normal() is t.Normal(). Clean text without spans costs one scan and no
// allocation.
func (t Text) Normal() Text {
	if len(t.Spans) == 0 {
		return Text{Body: Clean(t.Body)}
	}
	body, spans := t.Body, make([]Span, 0, len(t.Spans))
	var moved []int
	if !isClean(body) {
		c := cleaner{moved: make([]int, 0, len(body)+1)}
		c.run(body)
		body, moved = c.out.String(), c.moved
	}
	for _, s := range t.Spans {
		s.Start, s.End = runeFloor(t.Body, s.Start), runeCeil(t.Body, s.End)
		if moved != nil {
			s.Start, s.End = moved[s.Start], moved[s.End]
		}
		s.Attr, s.ID, s.Name = tidyAttr(s.Attr), tidyAttr(s.ID), tidyAttr(s.Name)
		if s.Start < s.End && s.Kind.rank() >= 0 && (s.Kind != Link || s.Attr != "") {
			spans = append(spans, s)
		}
	}
	widen(body, spans)
	return Text{Body: body, Spans: nest(unite(spans))}
}

// tidyAttr cleans what a span carries: one line, no control characters.
func tidyAttr(s string) string {
	s = Clean(s)
	for i := range len(s) {
		if s[i] == '\n' || s[i] == '\t' {
			return joinFields(s)
		}
	}
	return s
}

// widen moves the ends of spans out to grapheme bounds.
func widen(body string, spans []Span) {
	var all []int
	for i := range spans {
		s := &spans[i]
		if sureBound(body, s.Start) && sureBound(body, s.End) {
			continue
		}
		if all == nil {
			all = bounds(body)
		}
		if at, found := slices.BinarySearch(all, s.Start); !found {
			s.Start = all[at-1]
		}
		at, _ := slices.BinarySearch(all, s.End)
		s.End = all[at]
	}
}

// sureBound reports whether i is a grapheme bound without looking far.
func sureBound(s string, i int) bool {
	return i == 0 || i == len(s) || s[i-1] < 0x7f && s[i] < 0x7f
}

// unite makes one of spans that touch or overlap and say the same. It reorders spans.
func unite(spans []Span) []Span {
	slices.SortFunc(spans, func(a, b Span) int {
		if c := compareMeaning(a, b); c != 0 {
			return c
		}
		return compareSpans(a, b)
	})
	out := spans[:0]
	for _, s := range spans {
		if last := len(out) - 1; last >= 0 && s.alike(out[last]) {
			if s == out[last] {
				continue
			}
			if s.Kind.merges() && s.Start <= out[last].End {
				out[last].End = max(out[last].End, s.End)
				continue
			}
		}
		out = append(out, s)
	}
	return out
}
