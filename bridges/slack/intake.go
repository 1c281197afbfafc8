package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/roost-im/roost/router/chat"
)

const (
	maxAtOnce = 1024                    // deliveries in the works; while there are so many, sockets are not read and order may suffer
	maxTaken  = 50                      // deliveries of one conversation that are accepted together
	gapWait   = 1500 * time.Millisecond // how long live events wait for what was missed before them

	reconcileEvery = 30 * time.Minute
)

// delivery is one thing that Slack sent, over whichever way.
type delivery struct {
	kind    string // events_api, interactive, …
	payload json.RawMessage
}

// receiver is a way in. receive blocks until ctx ends, and gives everything that Slack sends to in.begin in the order of
// its arrival; it confirms a delivery after its end was reported as nil, and never before.
type receiver interface {
	receive(ctx context.Context, in *intake) error
}

// intake takes deliveries in: those of one conversation one after another, those of several at once.
type intake struct {
	c    *Connector
	self identity
	sink chat.Sink
	tide *tide
	room chan struct{}

	mu    sync.Mutex
	lines map[string]*line // of the conversations in which something waits
	shut  bool             // nothing begins any more
	works sync.WaitGroup
}

// Run receives until ctx ends. It returns nil then, and an error when the token is not valid any more (chat.LoggedOut) or
// there is no way in. Slack is told that an event arrived only after Accept returned nil for it.
func (c *Connector) Run(ctx context.Context, sink chat.Sink) error {
	within, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	c.mu.Lock()
	c.lost, c.self = stop, nil // whose token it is, and whether it is valid, is asked anew
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.lost = nil
	}()
	in, err := c.newIntake(within, sink)
	if err == nil {
		err = in.run(within)
	}
	var lost *chat.Error
	switch {
	case ctx.Err() != nil:
		return nil
	case errors.As(context.Cause(within), &lost):
		return lost
	}
	return err
}

func (c *Connector) newIntake(ctx context.Context, sink chat.Sink) (*intake, error) {
	self, err := c.whoami(ctx)
	if err != nil {
		return nil, err
	}
	stored, err := sink.Cursor(ctx)
	if err != nil {
		return nil, fmt.Errorf("slack: %w", err)
	}
	t, err := newTide(stored, stampOf(c.clock()))
	if err != nil {
		return nil, err
	}
	if len(stored) == 0 { // from now on nothing is missed
		if err := sink.Accept(ctx, chat.Batch{Cursor: t.marks.bytes()}); err != nil {
			return nil, fmt.Errorf("slack: %w", err)
		}
	}
	return &intake{
		c: c, self: self, sink: sink, tide: t,
		room: make(chan struct{}, maxAtOnce), lines: map[string]*line{},
	}, nil
}

func (in *intake) run(ctx context.Context) error {
	var way receiver = socket{c: in.c}
	if in.c.cfg.AppToken.IsZero() {
		way = hook{c: in.c}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return way.receive(ctx, in) })
	g.Go(func() error { return in.fill(ctx) })
	g.Go(func() error { return in.reconcile(ctx) })
	err := g.Wait()
	in.mu.Lock()
	in.shut = true
	in.mu.Unlock()
	in.works.Wait()
	return err
}

// reconcile learns the workspace's emoji, and looks from time to time for what Slack could not deliver without our noticing, over HTTP above all: it stops
// trying after a few minutes, and no connection breaks.
func (in *intake) reconcile(ctx context.Context) error {
	tick := time.NewTicker(reconcileEvery)
	defer tick.Stop()
	for {
		in.c.learnEmoji(ctx)
		select {
		case <-tick.C:
			in.tide.open()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// take makes events of deliveries and has them accepted together. What can't be understood is counted and confirmed.
func (in *intake) take(ctx context.Context, turns []turn, conversation string) {
	var events []chat.Event
	var brought []turn // those that events came from
	for _, t := range turns {
		found, err := in.events(ctx, t.delivery)
		if err != nil {
			if _, ours := errors.AsType[*chat.Error](err); ours {
				t.end(err)
				continue
			}
			in.c.deps.Skip(t.kind, t.payload)
		}
		if len(found) == 0 {
			t.end(nil)
			continue
		}
		events, brought = append(events, found...), append(brought, t)
	}
	if len(brought) == 0 {
		return
	}
	err := in.accept(ctx, events, conversation)
	for _, t := range brought {
		t.end(err)
	}
}

// accept has events of one conversation accepted that were heard live.
func (in *intake) accept(ctx context.Context, events []chat.Event, conversation string) error {
	in.tide.wait(ctx, conversation, gapWait)
	if err := in.c.threads.note(ctx, events); err != nil {
		return err
	}
	// What one socket brings may overtake what the other one has not brought yet, so the mark stays behind by what that can
	// take: after a crash the last seconds are read again, and what was accepted already is known by its ID.
	ts := min(said(events), stampOf(in.c.clock().Add(-clockMargin)))
	b := chat.Batch{Events: events}
	if ts != "" {
		b.Cursor = in.tide.live(conversation, ts)
	}
	if err := in.sink.Accept(ctx, b); err != nil {
		if ctx.Err() == nil && ts != "" {
			in.tide.reopen(conversation)
		}
		return err
	}
	if b.Cursor != nil {
		in.tide.reached(conversation, ts)
	}
	return nil
}

// said is the ts of the last that history tells of events too, which are messages, comings and goings; empty when none does.
func said(events []chat.Event) (ts string) {
	for _, e := range events {
		switch e.What.(type) {
		case chat.Posted:
			ts = max(ts, string(e.Message))
		case chat.Joined, chat.Left:
			ts = max(ts, stampOf(e.At))
		case chat.Edited, chat.Deleted, chat.Reacted, chat.Pinned, chat.Pressed, chat.Typing, chat.Read, chat.Bounced, chat.Called:
		}
	}
	return ts
}

func (in *intake) events(ctx context.Context, d delivery) ([]chat.Event, error) {
	switch d.kind {
	case "events_api":
		var cb callback
		if err := json.Unmarshal(d.payload, &cb); err != nil {
			return nil, fmt.Errorf("decode an event: %w", err)
		}
		return in.c.decode(ctx, in.self, cb)
	case "interactive":
		return in.c.interaction(ctx, in.self, d.payload)
	}
	return nil, errUnknown
}
