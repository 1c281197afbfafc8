package relay

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/roost-im/roost/plugins/examples/irc/irc"
)

// event is something that happened, as Roost is told it.
type event struct {
	ID           string     `json:"id"`
	Kind         string     `json:"kind"`
	Conversation string     `json:"conversation"`
	Message      string     `json:"message,omitempty"`
	Author       author     `json:"author"`
	At           time.Time  `json:"at"`
	Direct       bool       `json:"direct,omitempty"`
	Text         string     `json:"text,omitempty"`
	Spans        []irc.Span `json:"spans,omitempty"`
	ReplyTo      string     `json:"reply_to,omitempty"`
}

type author struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Handle string `json:"handle"`
	Bot    bool   `json:"bot,omitempty"`
	Self   bool   `json:"self,omitempty"`
}

// queued is an event that waits to be told, with the cursor that holds once it is stored; no event: the cursor alone.
type queued struct {
	event  *event
	cursor string // empty: as before
}

// queueMax is how many events may wait. The server is read no further while there are more.
const queueMax = 10_000

// queue is what waits to be told, in order. One goroutine takes from it.
type queue struct {
	room  chan struct{} // one for each event that waits
	awake chan struct{}

	mu   sync.Mutex
	list []queued
}

func newQueue() *queue {
	return &queue{room: make(chan struct{}, queueMax), awake: make(chan struct{}, 1)}
}

// put waits for room, or until stop is closed: then nothing more is told.
func (q *queue) put(stop <-chan struct{}, e queued) {
	select {
	case q.room <- struct{}{}:
	case <-stop:
		return
	}
	q.mu.Lock()
	q.list = append(q.list, e)
	q.mu.Unlock()
	select {
	case q.awake <- struct{}{}:
	default:
	}
}

// peek gives up to most of the first ones, waiting for one.
func (q *queue) peek(ctx context.Context, most int) ([]queued, error) {
	for {
		q.mu.Lock()
		n := min(most, len(q.list))
		first := append([]queued(nil), q.list[:n]...)
		q.mu.Unlock()
		if n > 0 {
			return first, nil
		}
		select {
		case <-q.awake:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// drop takes the first n off.
func (q *queue) drop(n int) {
	q.mu.Lock()
	q.list = q.list[n:]
	q.mu.Unlock()
	for range n {
		<-q.room
	}
}

// batch is the parameters of accept.
type batch struct {
	Events []*event `json:"events"`
	Cursor *string  `json:"cursor,omitempty"`
}

// How much is told at once, and how long it waits before it tells the same again.
const (
	batchMax  = 100
	tellFirst = 500 * time.Millisecond
	tellMost  = 30 * time.Second
)

// tell tells Roost what happened. A batch is taken off the queue when Roost has stored it, and told again until then.
func (r *Relay) tell(ctx context.Context) {
	wait, most := tellFirst, batchMax
	for {
		some, err := r.queue.peek(ctx, most)
		if err != nil {
			return
		}
		err = r.peer.call(ctx, "accept", batchOf(some))
		said, ok := errors.AsType[*fault](err)
		switch wrong := ok && said.Code == codeBadParams; {
		case err == nil:
			r.queue.drop(len(some))
			wait, most = tellFirst, batchMax
		case wrong && len(some) > 1:
			most = 1 // which of them?
		case wrong:
			r.peer.log("error", "Roost does not take an event, which is lost: %v", err)
			r.queue.drop(1)
		default:
			if !pause(ctx, wait) {
				return
			}
			wait = min(2*wait, tellMost)
		}
	}
}

func batchOf(some []queued) batch {
	b := batch{Events: []*event{}}
	for _, q := range some {
		if q.event != nil {
			b.Events = append(b.Events, q.event)
		}
		if q.cursor != "" {
			b.Cursor = &q.cursor
		}
	}
	return b
}

// pause waits; ok is false when ctx ends first.
func pause(ctx context.Context, wait time.Duration) (ok bool) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// bucket paces what is written.
type bucket struct {
	every time.Duration
	burst int

	mu   sync.Mutex
	full time.Time // when it is full again
}

func newBucket(p pace) *bucket {
	return &bucket{every: time.Duration(p.Every * float64(time.Second)), burst: p.Burst}
}

// take takes one out, now, and says how long that must be waited for.
func (b *bucket) take(now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.full.Before(now) {
		b.full = now
	}
	b.full = b.full.Add(b.every)
	return b.full.Sub(now) - time.Duration(b.burst)*b.every
}
