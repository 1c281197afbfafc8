package discord

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/roost-im/roost/bridges"
)

const (
	maxTalks = 500
	talksKey = "talks"
	aDay     = 24 * 60 * 60 * 1000 << 22 // as a difference of snowflakes
)

// talk is a direct message or a thread in which something was said.
type talk struct {
	Channel string `json:"c"`
	Last    uint64 `json:"l"` // the message that was said last, as far as it was written down
}

// talks remembers where something was said lately that Discord does not list: direct messages, and threads that may be
// archived by now. They are written down when one joins and once a day, not with every message.
type talks struct {
	keep bridges.Keeper

	mu    sync.Mutex
	known bool // what was written down is in list
	list  []talk
}

// join remembers a channel in which the message last was said, and returns when it is written down.
func (t *talks) join(ctx context.Context, channel string, last uint64) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.load(ctx); err != nil {
		return err
	}
	i := slices.IndexFunc(t.list, func(x talk) bool { return x.Channel == channel })
	if i >= 0 && last < t.list[i].Last+aDay {
		return nil
	}
	if i < 0 {
		t.list = append(t.list, talk{Channel: channel})
		i = len(t.list) - 1
	}
	t.list[i].Last = max(t.list[i].Last, last)
	if len(t.list) > maxTalks {
		slices.SortFunc(t.list, func(a, b talk) int { return cmp.Compare(b.Last, a.Last) })
		t.list = t.list[:maxTalks]
	}
	raw, err := json.Marshal(t.list)
	if err != nil {
		return err
	}
	if err := t.keep.Keep(ctx, talksKey, raw); err != nil {
		t.known = false // so that the next one tries again
		return fmt.Errorf("discord: keep the talks: %w", err)
	}
	return nil
}

func (t *talks) load(ctx context.Context) error {
	if t.known {
		return nil
	}
	raw, err := t.keep.Kept(ctx, talksKey)
	if err != nil {
		return fmt.Errorf("discord: recall the talks: %w", err)
	}
	t.list = nil
	if raw != nil && json.Unmarshal(raw, &t.list) != nil {
		t.list = nil // of a version that is no more; the next message brings each back
	}
	t.known = true
	return nil
}

// all lists them, those of late first.
func (t *talks) all(ctx context.Context) ([]talk, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.load(ctx); err != nil {
		return nil, err
	}
	list := slices.Clone(t.list)
	slices.SortStableFunc(list, func(a, b talk) int { return cmp.Compare(b.Last, a.Last) })
	return list, nil
}
