package discord

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"sync"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

const (
	shards    = 16
	shardSize = 64                  // tries that a shard remembers; those that ended are forgotten first
	tryLife   = 14 * 24 * time.Hour // of one that did not end
	// Discord answers or gives up well within a minute. A webhook's post without an answer may still be on its way for so long.
	inFlight = 60 * time.Second
)

// try is a post that was tried, or was taken by Discord.
type try struct {
	Key     chat.Key `json:"k"`
	Channel string   `json:"c"`
	At      int64    `json:"t"`           // in Unix seconds, by our clock, when it was tried last
	From    uint64   `json:"f"`           // it is in no message before this one, by Discord's clock
	Message string   `json:"m,omitempty"` // what it became; empty: not known
	Hook    string   `json:"h,omitempty"` // the webhook by which it became that
	Thread  string   `json:"p,omitempty"` // the thread that it opened
	Open    bool     `json:"o,omitempty"` // no answer came, and none may have come yet
}

// journal remembers on disk which posts were tried, so that one that is tried again is looked for first.
type journal struct {
	keep bridges.Keeper
	now  func() time.Time

	mu    sync.Mutex
	shard [shards][]try
	known [shards]bool
}

// begin notes that a post is about to be tried, and returns what was known of it before. again is whether it was tried before.
func (j *journal) begin(ctx context.Context, t try) (before try, again bool, err error) {
	if t.Key == "" {
		return try{}, false, nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	n, err := j.load(ctx, t.Key)
	if err != nil {
		return try{}, false, err
	}
	if i := j.find(n, t.Key); i >= 0 {
		return j.shard[n][i], true, nil
	}
	j.shard[n] = append(j.room(n), t)
	return try{}, false, j.save(ctx, n)
}

// end notes how a try ended.
func (j *journal) end(ctx context.Context, key chat.Key, change func(*try)) error {
	if key == "" {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	n, err := j.load(ctx, key)
	if err != nil {
		return err
	}
	i := j.find(n, key)
	if i < 0 {
		return nil
	}
	change(&j.shard[n][i])
	return j.save(ctx, n)
}

// forget says that a try came to nothing.
func (j *journal) forget(ctx context.Context, key chat.Key) error {
	if key == "" {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	n, err := j.load(ctx, key)
	if err != nil {
		return err
	}
	if i := j.find(n, key); i >= 0 {
		j.shard[n] = slices.Delete(j.shard[n], i, i+1)
		return j.save(ctx, n)
	}
	return nil
}

// claimed says whether a message is known to be that of another key.
func (j *journal) claimed(ctx context.Context, message string) (bool, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for n := range j.shard {
		if err := j.fill(ctx, n); err != nil {
			return false, err
		}
		if slices.ContainsFunc(j.shard[n], func(t try) bool { return t.Message == message }) {
			return true, nil
		}
	}
	return false, nil
}

// hook is the webhook that wrote a message; empty when that is not remembered.
func (j *journal) hook(message string) string {
	j.mu.Lock()
	defer j.mu.Unlock()
	for n := range j.shard {
		for _, t := range j.shard[n] {
			if t.Message == message {
				return t.Hook
			}
		}
	}
	return ""
}

func (j *journal) find(n int, key chat.Key) int {
	return slices.IndexFunc(j.shard[n], func(t try) bool { return t.Key == key })
}

// room makes room for one more try: what ended goes first, then what is old.
func (j *journal) room(n int) []try {
	old := j.now().Add(-tryLife).Unix()
	list := slices.DeleteFunc(j.shard[n], func(t try) bool { return t.At < old })
	for len(list) >= shardSize {
		i := slices.IndexFunc(list, func(t try) bool { return t.Message != "" })
		list = slices.Delete(list, max(i, 0), max(i, 0)+1)
	}
	return list
}

func (j *journal) load(ctx context.Context, key chat.Key) (int, error) {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key)) // a hash takes every write
	n := int(h.Sum32() % shards)
	return n, j.fill(ctx, n)
}

func (j *journal) fill(ctx context.Context, n int) error {
	if j.known[n] {
		return nil
	}
	raw, err := j.keep.Kept(ctx, shardKey(n))
	if err != nil {
		return fmt.Errorf("discord: recall the tries: %w", err)
	}
	j.shard[n] = nil
	if raw != nil && json.Unmarshal(raw, &j.shard[n]) != nil {
		j.shard[n] = nil // of a version that is no more
	}
	slices.SortStableFunc(j.shard[n], func(a, b try) int { return cmp.Compare(a.At, b.At) })
	j.known[n] = true
	return nil
}

func (j *journal) save(ctx context.Context, n int) error {
	raw, err := json.Marshal(j.shard[n])
	if err != nil {
		return err
	}
	if err := j.keep.Keep(ctx, shardKey(n), raw); err != nil {
		j.known[n] = false // so that the next one starts from what is on disk
		return fmt.Errorf("discord: keep the tries: %w", err)
	}
	return nil
}

func shardKey(n int) string { return fmt.Sprintf("tries/%x", n) }
