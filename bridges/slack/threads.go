package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

const (
	maxThreads = 500
	threadLife = 14 * 24 * time.Hour
	threadsKey = "threads"
)

// thread is a thread in which something was said.
type thread struct {
	Channel string `json:"c"`
	TS      string `json:"t"`
	Last    string `json:"l"` // ts of what was said last, as far as it was written down
}

// threads remembers the threads that something was said in lately, or that we opened: a channel's history does not show what
// was said in a thread that is older than the pause. They are written down when one joins, not with every message.
type threads struct {
	keep  bridges.Keeper
	clock func() time.Time

	mu    sync.Mutex
	known bool // what was written down is in list
	list  []thread
}

// note remembers the threads of events, and returns when they are written down.
func (t *threads) note(ctx context.Context, events []chat.Event) error {
	for _, e := range events {
		if _, ok := e.What.(chat.Posted); ok && e.Conversation.Thread != "" {
			if err := t.join(ctx, e.Conversation, string(e.Message)); err != nil {
				return err
			}
		}
	}
	return nil
}

// join remembers a thread in which something was said at ts.
func (t *threads) join(ctx context.Context, c chat.Conversation, ts string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.load(ctx); err != nil {
		return err
	}
	if !t.add(string(c.ID), string(c.Thread), ts) {
		return nil
	}
	raw, err := json.Marshal(t.list)
	if err != nil {
		return err
	}
	if err := t.keep.Keep(ctx, threadsKey, raw); err != nil {
		t.known = false // so that the next one tries again
		return fmt.Errorf("slack: keep the threads: %w", err)
	}
	return nil
}

func (t *threads) load(ctx context.Context) error {
	if t.known {
		return nil
	}
	raw, err := t.keep.Kept(ctx, threadsKey)
	if err != nil {
		return fmt.Errorf("slack: recall the threads: %w", err)
	}
	t.list = nil
	if raw != nil && json.Unmarshal(raw, &t.list) != nil {
		t.list = nil // of a version that is no more; the next message in a thread brings it back
	}
	t.known = true
	return nil
}

func (t *threads) add(channel, ts, last string) (joined bool) {
	for i := range t.list {
		if t.list[i].Channel == channel && t.list[i].TS == ts {
			t.list[i].Last = max(t.list[i].Last, last)
			return false
		}
	}
	old := stampOf(t.clock().Add(-threadLife))
	t.list = slices.DeleteFunc(t.list, func(x thread) bool { return x.Last < old })
	if len(t.list) >= maxThreads {
		slices.SortFunc(t.list, func(a, b thread) int { return compare(b.Last, a.Last) })
		t.list = t.list[:maxThreads-1]
	}
	t.list = append(t.list, thread{Channel: channel, TS: ts, Last: last})
	return true
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// in lists the threads of a channel that something was said in lately.
func (t *threads) in(ctx context.Context, channel string) ([]string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.load(ctx); err != nil {
		return nil, err
	}
	old := stampOf(t.clock().Add(-threadLife))
	var found []string
	for _, x := range t.list {
		if x.Channel == channel && x.Last >= old {
			found = append(found, x.TS)
		}
	}
	return found, nil
}
