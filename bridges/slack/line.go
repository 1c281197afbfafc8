package slack

import (
	"context"
	"encoding/json"
	"slices"
	"time"
)

// overtaken is how long an event waits for one that happened before it and comes over the other socket.
const overtaken = 250 * time.Millisecond

// line is what waits in one conversation, by when it happened. One goroutine takes from it while there is something.
type line struct {
	waiting []turn
	more    chan struct{}
}

// turn is one delivery in a line.
type turn struct {
	delivery
	at  string    // ts of what happened; empty: goes first
	due time.Time // when it has waited long enough for those before it
	end func(error)
}

// begin puts a delivery into the line of its conversation. end is called once, with nil when Slack may be told that it
// arrived. begin blocks while too much is in the works.
func (in *intake) begin(ctx context.Context, d delivery, end func(error)) {
	select {
	case in.room <- struct{}{}:
	case <-ctx.Done():
		end(ctx.Err())
		return
	}
	conversation, at := where(d)
	t := turn{delivery: d, at: at, due: time.Now(), end: func(err error) { <-in.room; end(err) }}
	if at != "" {
		t.due = t.due.Add(overtaken)
	}
	if !in.queue(ctx, conversation, t) {
		t.end(context.Canceled)
	}
}

// queue says false when nothing begins any more.
func (in *intake) queue(ctx context.Context, conversation string, t turn) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.shut {
		return false
	}
	l := in.lines[conversation]
	if l == nil {
		l = &line{more: make(chan struct{}, 1)}
		in.lines[conversation] = l
		in.works.Go(func() { in.work(ctx, conversation, l) })
	}
	i, _ := slices.BinarySearchFunc(l.waiting, t.at, func(x turn, at string) int {
		if x.at <= at {
			return -1
		}
		return 1
	})
	l.waiting = slices.Insert(l.waiting, i, t)
	select {
	case l.more <- struct{}{}:
	default:
	}
	return true
}

// work takes the line's deliveries one after another until none is left.
func (in *intake) work(ctx context.Context, conversation string, l *line) {
	for {
		turns, wait := in.first(ctx, conversation, l)
		switch {
		case wait > 0:
			timer := time.NewTimer(wait)
			select {
			case <-timer.C:
			case <-l.more:
			case <-ctx.Done():
			}
			timer.Stop()
		case len(turns) == 0:
			return
		case ctx.Err() != nil:
			for _, t := range turns {
				t.end(ctx.Err())
			}
		default:
			in.take(ctx, turns, conversation)
		}
	}
}

// first takes what happened first, as soon as anything in the line has waited long enough, and what follows it as far as
// that has waited too; until then it says how long that will be. There is nothing of either when the line is empty, which
// ends it.
func (in *intake) first(ctx context.Context, conversation string, l *line) (turns []turn, wait time.Duration) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(l.waiting) == 0 {
		delete(in.lines, conversation)
		return nil, 0
	}
	now := time.Now()
	due := l.waiting[0].due
	for _, x := range l.waiting[1:] {
		if x.due.Before(due) {
			due = x.due
		}
	}
	if wait = due.Sub(now); wait > 0 && ctx.Err() == nil {
		return nil, wait
	}
	n := 1
	for n < min(len(l.waiting), maxTaken) && !l.waiting[n].due.After(now) {
		n++
	}
	turns = slices.Clone(l.waiting[:n])
	l.waiting = slices.Delete(l.waiting, 0, n)
	return turns, 0
}

// where is the conversation that a delivery is about, and the ts of what happened; empty when there is none.
func where(d delivery) (conversation, at string) {
	var e struct {
		Event struct {
			Channel json.RawMessage `json:"channel"`
			Place   string          `json:"channel_id"`
			Item    struct{ Channel string }
			TS      string `json:"ts"`
			At      string `json:"event_ts"`
		} `json:"event"`
		Container struct {
			ID string `json:"channel_id"`
		} `json:"container"`
		User struct{ ID string } `json:"user"`
	}
	if err := json.Unmarshal(d.payload, &e); err != nil {
		return "", ""
	}
	var channel string
	_ = json.Unmarshal(e.Event.Channel, &channel) // of some events the channel is an object; they are about none
	return firstOf(channel, e.Event.Place, e.Event.Item.Channel, e.Container.ID, e.User.ID), firstOf(e.Event.At, e.Event.TS)
}
