package sandbox

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// since are copies of the trips that changed after seq, in the order in which they did, and the channel that is closed at
// the next change.
func (t *trips) since(seq int64) (changed []trip, next <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, tr := range t.all {
		if tr.seq > seq {
			c := *tr
			c.steps, c.cases, c.delivered, c.told = slices.Clone(tr.steps), nil, nil, nil
			changed = append(changed, c)
		}
	}
	slices.SortFunc(changed, func(a, b trip) int { return int(a.seq - b.seq) })
	return changed, t.changed
}

// mark names a state of the log in an event's id; position reads it back.
func (t *trips) mark(seq int64) string { return fmt.Sprintf("%s-%d", t.boot, seq) }

// position is how far a watcher with this mark has seen; ok is false for a mark of another run or of the future.
func (t *trips) position(mark string) (seq int64, ok bool) {
	boot, number, _ := strings.Cut(mark, "-")
	seq, err := strconv.ParseInt(number, 10, 64)
	t.mu.Lock()
	defer t.mu.Unlock()
	return seq, err == nil && boot == t.boot && seq >= 0 && seq <= t.seq
}
