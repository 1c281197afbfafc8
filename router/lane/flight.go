package lane

import (
	"context"
	"sync"
	"time"

	"github.com/roost-im/roost/router/chat"
)

// People can see a message, and do something with it, before the platform's answer is stored here: then what they do is
// about a message that nobody knows yet. flights are the posts for which that may be so, by their places.
type flights struct {
	mu sync.Mutex
	in map[chat.Conversation][]*flight
}

// flight is a post from the moment when it is tried until what became of it is stored.
type flight struct {
	began  time.Time
	landed chan struct{}
}

const (
	freshest = 2 * time.Second        // a try that takes longer hangs, and nobody waits for it
	landing  = 400 * time.Millisecond // how long one waits in all
)

// Landed returns when what became of the posts to a place that are being tried right now is stored, or when that takes
// too long.
func (r *Runner) Landed(ctx context.Context, place chat.Conversation) {
	waiting := r.flights.fresh(place, r.cfg.Now().Add(-freshest))
	if len(waiting) == 0 {
		return
	}
	end := time.NewTimer(landing)
	defer end.Stop()
	for _, f := range waiting {
		select {
		case <-f.landed:
		case <-end.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// start notes that a post is tried.
func (fs *flights) start(place chat.Conversation, now time.Time) *flight {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.in == nil {
		fs.in = map[chat.Conversation][]*flight{}
	}
	f := &flight{began: now, landed: make(chan struct{})}
	fs.in[place] = append(fs.in[place], f)
	return f
}

// land notes that what became of it is stored, or can't be.
func (fs *flights) land(place chat.Conversation, f *flight) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	close(f.landed)
	left := fs.in[place][:0]
	for _, other := range fs.in[place] {
		if other != f {
			left = append(left, other)
		}
	}
	if fs.in[place] = left; len(left) == 0 {
		delete(fs.in, place)
	}
}

// fresh lists the posts to a place that began after since.
func (fs *flights) fresh(place chat.Conversation, since time.Time) []*flight {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	var all []*flight
	for _, f := range fs.in[place] {
		if f.began.After(since) {
			all = append(all, f)
		}
	}
	return all
}
