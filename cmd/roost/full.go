package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
)

// guarded is a store that says so when its disk is full, and when there is room again. Those who write try again by
// themselves; this is for the person who has to make room.
type guarded struct {
	store.Store

	log *slog.Logger

	mu   sync.Mutex
	full error // of the last write; nil: it went well
}

// Admit stores events, as store.Store says.
func (g *guarded) Admit(ctx context.Context, a chat.Account, b chat.Batch, plan store.Plan) (int, error) {
	n, err := g.Store.Admit(ctx, a, b, plan)
	return n, g.noted(ctx, err)
}

// Change stores what plan returns, as store.Store says.
func (g *guarded) Change(ctx context.Context, plan func(store.View) (store.Changes, error)) error {
	return g.noted(ctx, g.Store.Change(ctx, plan))
}

// Settle settles deliveries, as store.Store says.
func (g *guarded) Settle(ctx context.Context, ss ...store.Settlement) error {
	return g.noted(ctx, g.Store.Settle(ctx, ss...))
}

// noted remembers whether a write found room, and logs when that changes.
func (g *guarded) noted(ctx context.Context, err error) error {
	full := errors.Is(err, store.ErrFull)
	if err != nil && !full {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case full && g.full == nil:
		g.log.LogAttrs(ctx, slog.LevelError, "the disk is full; what comes in is not taken until there is room", slog.Any("error", err))
	case !full && g.full != nil:
		g.log.LogAttrs(ctx, slog.LevelInfo, "there is room on the disk again")
	}
	g.full = err
	return err
}

// trouble says why nothing can be stored; empty when it can.
func (g *guarded) trouble() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.full == nil {
		return ""
	}
	return g.full.Error()
}
