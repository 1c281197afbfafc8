package sqlite

// node is what a heap holds: it knows its order and keeps its position, so that it can be taken out of the middle.
type node[T any] interface {
	before(other T) bool
	moved(to int)
	position() int
}

// heap keeps the first of its nodes at index 0.
type heap[T node[T]] []T

func (h *heap[T]) push(x T) {
	*h = append(*h, x)
	x.moved(len(*h) - 1)
	h.up(len(*h) - 1)
}

// remove takes x out, which must be in the heap.
func (h *heap[T]) remove(x T) {
	i, last := x.position(), len(*h)-1
	h.swap(i, last)
	var zero T
	(*h)[last] = zero
	*h = (*h)[:last]
	if i < last {
		h.fix((*h)[i])
	}
}

// fix puts x where it belongs after its order changed.
func (h *heap[T]) fix(x T) {
	h.up(x.position())
	h.down(x.position())
}

func (h *heap[T]) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !(*h)[i].before((*h)[parent]) {
			return
		}
		h.swap(i, parent)
		i = parent
	}
}

func (h *heap[T]) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(*h) {
			return
		}
		if right := child + 1; right < len(*h) && (*h)[right].before((*h)[child]) {
			child = right
		}
		if !(*h)[child].before((*h)[i]) {
			return
		}
		h.swap(i, child)
		i = child
	}
}

func (h *heap[T]) swap(i, j int) {
	s := *h
	s[i], s[j] = s[j], s[i]
	s[i].moved(i)
	s[j].moved(j)
}
