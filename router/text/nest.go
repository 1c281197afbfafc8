package text

import (
	"container/heap"
	"slices"
	"sort"
)

// nest cuts crossing spans so that they nest, and sorts them.
//
// It lays the firmest spans first and cuts each softer kind at the edges of what already lies there; only spans that are alike
// in firmness then cross each other, and of those the later one is cut. So the pieces of a span depend only on the spans that
// are as firm or firmer, and laying united pieces again gives the same pieces.
func nest(spans []Span) []Span {
	var laid family
	for level := Mention.firmness(); level >= 0; level-- {
		var pieces []Span
		for _, s := range spans {
			if s.Kind.firmness() == level {
				pieces = laid.cut(pieces, s)
			}
		}
		if len(pieces) > 0 {
			laid = lay(append(pieces, laid.spans...))
		}
	}
	slices.SortFunc(laid.spans, compareSpans)
	return laid.spans
}

// family is a sorted list of nested spans.
type family struct {
	spans  []Span
	parent []int // index of the span right around each, or -1
}

// cut appends s to pieces, cut where it crosses the family.
func (f family) cut(pieces []Span, s Span) []Span {
	cuts := []int{s.Start, s.End}
	for i := range f.around(s.Start) {
		if end := f.spans[i].End; end < s.End {
			cuts = append(cuts, end)
		}
	}
	for i := range f.around(s.End) {
		if start := f.spans[i].Start; start > s.Start {
			cuts = append(cuts, start)
		}
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	if len(cuts) > 2 && s.Kind.atom() {
		return pieces
	}
	for i := range len(cuts) - 1 {
		s.Start, s.End = cuts[i], cuts[i+1]
		pieces = append(pieces, s)
	}
	return pieces
}

// around yields the indexes of the spans that have p inside, the innermost first.
func (f family) around(p int) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		i := sort.Search(len(f.spans), func(i int) bool { return f.spans[i].Start >= p }) - 1
		for ; i >= 0; i = f.parent[i] {
			if f.spans[i].End > p && !yield(i) {
				return
			}
		}
	}
}

// lay nests spans of which only those of the lowest firmness cross each other.
func lay(spans []Span) family {
	n := nester{todo: spans}
	heap.Init(&n.todo)
	for n.todo.Len() > 0 {
		n.place(heap.Pop(&n.todo).(Span))
	}
	return n.family
}

// nester sweeps over spans from left to right. What it cuts off comes back through todo.
type nester struct {
	family

	todo queue
	open []int // indexes of the spans that cover the present place, outermost first
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
	parent := -1
	if len(n.open) > 0 {
		if around := n.top(0); around.End < s.End {
			n.later(s, around.End)
			s.End = around.End
		}
		parent = n.open[len(n.open)-1]
	}
	n.open = append(n.open, len(n.spans))
	n.spans, n.parent = append(n.spans, s), append(n.parent, parent)
}

// top is the i-th open span from the inside.
func (n *nester) top(i int) Span { return n.spans[n.open[len(n.open)-1-i]] }

// barred reports whether s may not lie where it starts, and up to where.
func (n *nester) barred(s Span) (end int, barred bool) {
	items := 0
	for i := range n.open {
		o := n.top(i)
		if o.Kind == ListItem {
			items++
		}
		if o.Kind.atom() || o.Kind == s.Kind && s.Kind != ListItem {
			return o.End, true
		}
	}
	return s.End, s.Kind == ListItem && items >= maxItems
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
func (q *queue) Push(x any) { *q = append(*q, x.(Span)) }

// Pop is for container/heap.
func (q *queue) Pop() any {
	last := len(*q) - 1
	s := (*q)[last]
	*q = (*q)[:last]
	return s
}
