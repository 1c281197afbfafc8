package text

import (
	"container/heap"
	"slices"
)

// maxDepth is how many spans may lie in one another; deeper ones are dropped.
const maxDepth = 16

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

// nest cuts crossing spans so that they nest, and sorts them.
func nest(spans []Span) []Span {
	n := nester{todo: spans}
	heap.Init(&n.todo)
	for n.todo.Len() > 0 {
		n.place(heap.Pop(&n.todo).(Span)) //nolint:errcheck,revive // the heap holds nothing but spans
	}
	slices.SortFunc(n.out, compareSpans)
	return n.out
}

// nester sweeps over spans from left to right. What it cuts off comes back through todo.
type nester struct {
	todo queue
	out  []Span
	open []int // indexes into out of the spans that cover the present place, outermost first
}

// place puts s below the spans that are open where it starts.
func (n *nester) place(s Span) {
	for len(n.open) > 0 && n.top(0).End <= s.Start {
		n.open = n.open[:len(n.open)-1]
	}
	if end, barred := n.barred(s); barred {
		n.later(s, end)
		return
	}
	soft := 0 // how many of the innermost open spans give way to s
	for i := range n.open {
		o := n.top(i)
		if o.End >= s.End {
			break
		}
		if o.Kind.firmness() >= s.Kind.firmness() {
			n.later(s, o.End)
			s.End = o.End
			break
		}
		soft++
	}
	if len(n.open)-soft >= maxDepth {
		return
	}
	for range soft {
		o := n.top(0)
		n.later(*o, s.Start)
		o.End = s.Start
		n.open = n.open[:len(n.open)-1]
	}
	n.open = append(n.open, len(n.out))
	n.out = append(n.out, s)
}

// top is the i-th open span from the inside.
func (n *nester) top(i int) *Span { return &n.out[n.open[len(n.open)-1-i]] }

// barred reports whether s may not lie where it starts, and up to where.
func (n *nester) barred(s Span) (end int, barred bool) {
	for i := range n.open {
		if o := n.top(i); o.Kind.atom() || o.Kind == s.Kind && s.Kind != ListItem {
			return o.End, true
		}
	}
	return 0, false
}

// later puts the part of s from at on back; an atom is not worth anything in part.
func (n *nester) later(s Span, at int) {
	if s.Start = at; s.Start < s.End && !s.Kind.atom() {
		heap.Push(&n.todo, s)
	}
}

// queue is a heap of spans in the order of a Text.
type queue []Span

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return compareSpans(q[i], q[j]) < 0 }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }

// Push is for container/heap.
func (q *queue) Push(x any) { *q = append(*q, x.(Span)) } //nolint:errcheck,revive // only place and later push

// Pop is for container/heap.
func (q *queue) Pop() any {
	last := len(*q) - 1
	s := (*q)[last]
	*q = (*q)[:last]
	return s
}
