package x

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x/internal/dm"
	"github.com/roost-im/roost/router/chat"
)

const (
	keepClaims = "claims"
	mostClaims = 512
	keepGroups = "groups"
	mostGroups = 2000
)

// claims is which post owns which message, so that of two posts with the same text each finds its own. It is safe for
// concurrent use.
type claims struct {
	keep bridges.Keeper

	mu     sync.Mutex
	loaded bool
	all    []claim // oldest first
}

// claim says that a post owns a message.
type claim struct {
	Key   chat.Key `json:"key"`
	Event string   `json:"event"`
}

// of is the message that key owns.
func (c *claims) of(ctx context.Context, key chat.Key) (event string, ok bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.load(ctx); err != nil || key == "" {
		return "", false, err
	}
	for _, o := range c.all {
		if o.Key == key {
			return o.Event, true, nil
		}
	}
	return "", false, nil
}

// claim gives event to key, unless another post owns it.
func (c *claims) claim(ctx context.Context, key chat.Key, event string) (mine bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.load(ctx); err != nil {
		return false, err
	}
	for _, o := range c.all {
		if o.Event == event {
			return o.Key == key && key != "", nil
		}
	}
	return true, c.put(ctx, claim{Key: key, Event: event})
}

// add gives event to key. It is remembered at least as long as the process lives.
func (c *claims) add(ctx context.Context, key chat.Key, event string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	one := claim{Key: key, Event: event}
	if c.load(ctx) != nil {
		c.all = append(c.all, one) // kept with the next one, behind those that can't be read now
		return
	}
	_ = c.put(ctx, one)
}

// load reads what was kept.
func (c *claims) load(ctx context.Context) error {
	if c.loaded {
		return nil
	}
	b, err := c.keep.Kept(ctx, keepClaims)
	if err != nil {
		return fmt.Errorf("x: load claims: %w", err)
	}
	var kept []claim
	if b != nil {
		_ = json.Unmarshal(b, &kept) // unreadable claims are none
	}
	c.all = append(kept, c.all...)
	c.loaded = true
	return nil
}

// put adds a claim and drops the oldest ones.
func (c *claims) put(ctx context.Context, one claim) error {
	c.all = append(c.all, one)
	if n := len(c.all) - mostClaims; n > 0 {
		c.all = slices.Delete(c.all, 0, n)
	}
	return dm.KeepJSON(ctx, c.keep, keepClaims, c.all)
}

// groups is the IDs that are groups. X's IDs of users and groups look alike, so they are learned from what arrives. It is
// safe for concurrent use.
type groups struct {
	keep bridges.Keeper

	mu     sync.Mutex
	loaded bool
	all    []string // oldest first
}

// has says whether id is known as a group.
func (g *groups) has(ctx context.Context, id string) (bool, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	err := g.load(ctx)
	return slices.Contains(g.all, id), err
}

// learn remembers groups before anybody can answer in them.
func (g *groups) learn(ctx context.Context, ids []string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(ids) == 0 {
		return nil
	}
	if err := g.load(ctx); err != nil {
		return err
	}
	all := slices.Clone(g.all)
	for _, id := range ids {
		if !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	if len(all) == len(g.all) {
		return nil
	}
	if n := len(all) - mostGroups; n > 0 {
		all = slices.Delete(all, 0, n)
	}
	if err := dm.KeepJSON(ctx, g.keep, keepGroups, all); err != nil {
		return err
	}
	g.all = all
	return nil
}

// load reads what was kept.
func (g *groups) load(ctx context.Context) error {
	if g.loaded {
		return nil
	}
	b, err := g.keep.Kept(ctx, keepGroups)
	if err != nil {
		return fmt.Errorf("x: load groups: %w", err)
	}
	if b != nil {
		_ = json.Unmarshal(b, &g.all) // unreadable groups are learned again
	}
	g.loaded = true
	return nil
}
