package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// cursor is where to go on reading, as it is stored. Everything up to All was taken in everywhere, and in each of In up to
// its ts.
type cursor struct {
	All string            `json:"all"`
	In  map[string]string `json:"in,omitempty"`
}

// tide knows up to which ts each conversation was taken in, and which of them may have a gap before what is heard live. The
// mark of a conversation with a gap moves only as its history is read.
type tide struct {
	mu     sync.Mutex
	marks  cursor
	listed chan struct{}            // closed when the gaps are known; nil: no gap was opened since
	gaps   map[string]chan struct{} // of a conversation; closed when it is filled
	queue  []string                 // the gaps, in the order in which they are filled
	late   map[string]bool          // conversations in which something heard live did not wait any longer
	opened int                      // how often a gap was opened everywhere
	upTo   string                   // what All may become when no gap is left; empty: nothing
	more   chan struct{}            // there is something to fill
}

// newTide begins with a gap everywhere: nothing was heard since the cursor was stored. open says when to fill it.
func newTide(stored []byte, now string) (*tide, error) {
	t := &tide{
		gaps: map[string]chan struct{}{}, late: map[string]bool{}, more: make(chan struct{}, 1), listed: make(chan struct{}),
	}
	if len(stored) > 0 {
		if err := json.Unmarshal(stored, &t.marks); err != nil {
			return nil, fmt.Errorf("slack: read the cursor: %w", err)
		}
	}
	if t.marks.All == "" {
		t.marks.All = now
	}
	if t.marks.In == nil {
		t.marks.In = map[string]string{}
	}
	return t, nil
}

// open says that anything may have been missed until now, anywhere.
func (t *tide) open() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.opened++
	clear(t.late)
	if t.listed == nil {
		t.listed = make(chan struct{})
	}
	t.wake()
}

// reopen says that something was missed in one conversation.
func (t *tide) reopen(conversation string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.gap(conversation)
	t.wake()
}

// stir has fill look again.
func (t *tide) stir() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.wake()
}

func (t *tide) wake() {
	select {
	case t.more <- struct{}{}:
	default:
	}
}

func (t *tide) gap(conversation string) {
	if t.gaps[conversation] == nil {
		t.gaps[conversation] = make(chan struct{})
		t.queue = append(t.queue, conversation)
	}
}

// unlisted says whether gaps were opened that nobody listed yet, and how often they were opened till now.
func (t *tide) unlisted() (opened int, is bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.opened, t.listed != nil
}

// list says which conversations the gaps opened till now are in: those where something was heard come first. When all are
// filled, everything up to upTo was taken in.
func (t *tide) list(opened int, conversations []string, upTo string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	slices.SortStableFunc(conversations, func(a, b string) int { return heardIn(t.marks.In, b) - heardIn(t.marks.In, a) })
	for _, c := range conversations {
		t.gap(c)
	}
	if opened == t.opened && t.listed != nil {
		close(t.listed)
		t.listed, t.upTo = nil, upTo
	}
}

func heardIn(in map[string]string, c string) int {
	if _, ok := in[c]; ok {
		return 1
	}
	return 0
}

// next gives a conversation to fill, and from where. ok is false when there is none.
func (t *tide) next() (conversation, from string, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.queue) == 0 {
		return "", "", false
	}
	conversation, t.queue = t.queue[0], t.queue[1:]
	return conversation, t.from(conversation), true
}

func (t *tide) from(conversation string) string { return max(t.marks.All, t.marks.In[conversation]) }

// again puts a conversation whose history could not be read at the end of the queue.
func (t *tide) again(conversation string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.gaps[conversation] != nil && !slices.Contains(t.queue, conversation) {
		t.queue = append(t.queue, conversation)
	}
}

// filled ends the gap of a conversation.
func (t *tide) filled(conversation string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if done := t.gaps[conversation]; done != nil {
		close(done)
		delete(t.gaps, conversation)
		delete(t.late, conversation)
	}
}

// wait gives the gap of a conversation time to be filled, so that what is heard live comes after what was missed. It puts
// the conversation first in the queue. Slack wants its answer within three seconds, so it waits once, and not for long.
func (t *tide) wait(ctx context.Context, conversation string, most time.Duration) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	for {
		until := t.until(conversation)
		if until == nil {
			return
		}
		select {
		case <-until:
		case <-timer.C:
			t.mu.Lock()
			t.late[conversation] = true
			t.mu.Unlock()
			return
		case <-ctx.Done():
			return
		}
	}
}

// until is what has to happen before the conversation has no gap; nil when it has none, or nobody waits for it any more.
func (t *tide) until(conversation string) chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.late[conversation] {
		return nil
	}
	if t.listed != nil {
		return t.listed
	}
	if i := slices.Index(t.queue, conversation); i > 0 {
		t.queue = slices.Insert(slices.Delete(t.queue, i, i+1), 0, conversation)
	}
	return t.gaps[conversation]
}

// live is the cursor to store with what was heard live in a conversation at ts; nil while there is a gap before it.
func (t *tide) live(conversation, ts string) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.listed != nil || t.gaps[conversation] != nil || ts <= t.from(conversation) {
		return nil
	}
	return t.with(conversation, ts)
}

// read is the cursor to store with what was read of a conversation's history up to ts.
func (t *tide) read(conversation, ts string) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.with(conversation, ts)
}

// with is the stored form with one mark moved. Marks that others are storing right now are not in it yet: a cursor may fall
// behind, and never ahead of what was accepted.
func (t *tide) with(conversation, ts string) []byte {
	c := cursor{All: t.marks.All, In: maps.Clone(t.marks.In)}
	c.In[conversation] = max(ts, t.from(conversation))
	return c.bytes()
}

func (c cursor) bytes() []byte {
	raw, _ := json.Marshal(c) // strings always encode
	return raw
}

// reached moves a mark after its cursor was stored.
func (t *tide) reached(conversation, ts string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ts > t.from(conversation) {
		t.marks.In[conversation] = ts
	}
}

// level is the cursor to store when everything up to ts was taken in everywhere; nil while there is a gap, or nothing new
// to say.
func (t *tide) level() (cursor []byte, ts string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.listed != nil || len(t.gaps) > 0 || t.upTo <= t.marks.All {
		return nil, ""
	}
	return t.marks.after(t.upTo).bytes(), t.upTo
}

// leveled moves the mark of everything, after its cursor was stored.
func (t *tide) leveled(ts string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.marks = t.marks.after(ts)
}

// after is the cursor with everything up to ts taken in, so that marks before it can go.
func (c cursor) after(ts string) cursor {
	moved := cursor{All: max(c.All, ts), In: map[string]string{}}
	for conversation, at := range c.In {
		if at > moved.All {
			moved.In[conversation] = at
		}
	}
	return moved
}
