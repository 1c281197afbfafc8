package slack_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/slack"
	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// soon bounds how long anything that should happen may take.
const soon = 20 * time.Second

var errDisk = errors.New("the disk is full")

// sink is a store: the same event again is harmless.
type sink struct {
	mu      sync.Mutex
	events  []chat.Event
	cursor  []byte
	batches []chat.Batch
	refuse  func(chat.Batch) error // asked before anything is stored; nil: nothing is refused
	changed chan struct{}
}

func newSink() *sink { return &sink{changed: make(chan struct{})} }

func (s *sink) Accept(ctx context.Context, b chat.Batch) error {
	s.mu.Lock()
	refuse := s.refuse
	s.mu.Unlock()
	if refuse != nil {
		if err := refuse(b); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.batches = append(s.batches, b)
	for _, e := range b.Events {
		if !slices.ContainsFunc(s.events, func(x chat.Event) bool { return x.ID == e.ID }) {
			s.events = append(s.events, e)
		}
	}
	if b.Cursor != nil {
		s.cursor = slices.Clone(b.Cursor)
	}
	close(s.changed)
	s.changed = make(chan struct{})
	return nil
}

func (s *sink) Cursor(context.Context) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.cursor), nil
}

// refusing has Accept ask f from now on.
func (s *sink) refusing(f func(chat.Batch) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = f
}

// until waits until the accepted events are so, and returns them.
func (s *sink) until(t *testing.T, what string, so func([]chat.Event) bool) []chat.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	for {
		s.mu.Lock()
		events, changed := slices.Clone(s.events), s.changed
		s.mu.Unlock()
		if so(events) {
			return events
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("%s did not come; received %s", what, said(events))
		}
	}
}

// hears waits for a text and returns its event.
func (s *sink) hears(t *testing.T, words string) chat.Event {
	t.Helper()
	var found chat.Event
	s.until(t, words, func(events []chat.Event) bool {
		i := slices.IndexFunc(events, func(e chat.Event) bool {
			p, ok := e.What.(chat.Posted)
			return ok && p.Text.Body == words
		})
		if i >= 0 {
			found = events[i]
		}
		return i >= 0
	})
	return found
}

// happens waits for an event whose happening is so.
func happens[T chat.Happening](t *testing.T, s *sink, so func(chat.Event, T) bool) (chat.Event, T) {
	t.Helper()
	var found chat.Event
	var what T
	s.until(t, chat.HappeningName(what), func(events []chat.Event) bool {
		for _, e := range events {
			if h, ok := e.What.(T); ok && so(e, h) {
				found, what = e, h
				return true
			}
		}
		return false
	})
	return found, what
}

// said lists the texts of what was posted.
func said(events []chat.Event) []string {
	var texts []string
	for _, e := range events {
		if p, ok := e.What.(chat.Posted); ok {
			texts = append(texts, p.Text.Body)
		}
	}
	return texts
}

// keeper keeps values in memory.
type keeper struct {
	mu     sync.Mutex
	values map[string][]byte
}

func (k *keeper) Kept(_ context.Context, key string) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.values[key], nil
}

func (k *keeper) Keep(_ context.Context, key string, value []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.values == nil {
		k.values = map[string][]byte{}
	}
	k.values[key] = value
	return nil
}

// run is a connector that receives.
type run struct {
	*stage
	*sink
	conn *slack.Connector
	deps bridges.Deps
	cfg  slack.Config
	stop func() error // ends it
	over func() error // waits for its end

	mu      sync.Mutex
	skipped []string
}

// start has a connector receive from a fresh workspace, and returns when its sockets are open.
func start(t *testing.T, cfg slacksim.Config) *run {
	t.Helper()
	r := &run{stage: newStage(t, cfg), sink: newSink()}
	r.cfg = r.config()
	r.deps = bridges.Deps{Account: account, Keep: &keeper{}, Skip: func(kind string, _ []byte) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.skipped = append(r.skipped, kind)
	}}
	r.again(t)
	return r
}

// again starts the connector, with what the one before it left.
func (r *run) again(t *testing.T) {
	t.Helper()
	r.sees(t, func(v *slacksim.View) bool { return v.Sockets() == 0 }) // those of the one before are closed
	r.conn = r.connect(t, r.cfg, r.deps)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.conn.Run(ctx, r.sink) }()
	wait := func(most time.Duration) error {
		select {
		case err := <-ended:
			ended <- err
			return err
		case <-time.After(most):
			return fmt.Errorf("it did not end within %v", most)
		}
	}
	r.over = func() error { return wait(soon) }
	r.stop = func() error { cancel(); return wait(2 * time.Second) }
	t.Cleanup(func() {
		if err := r.stop(); err != nil && chat.KindOf(err) != chat.LoggedOut {
			t.Errorf("Run = %v, want nil", err)
		}
	})
	if !r.cfg.AppToken.IsZero() {
		r.sees(t, func(v *slacksim.View) bool { return v.Sockets() == 2 })
	}
}

// sees waits until the workspace looks so.
func (r *run) sees(t *testing.T, so func(*slacksim.View) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	if err := r.Wait(ctx, so); err != nil {
		t.Fatalf("the workspace never looked so: %v", err)
	}
}

// posts performs a post that must succeed, and returns its message.
func (r *run) posts(t *testing.T, p chat.Post) slacksim.Message {
	t.Helper()
	receipt, err := r.conn.Post(t.Context(), p)
	if err != nil {
		t.Fatalf("post = %v", err)
	}
	m, ok := r.Message(string(p.To.ID), string(receipt.Messages[0]))
	if !ok {
		t.Fatalf("the receipt names %v, which is not in the channel", receipt.Messages)
	}
	return m
}

// place is the channel that others are in too.
func (r *run) place() chat.Conversation {
	return chat.Conversation{Account: account, ID: chat.ConversationID(r.room)}
}

func plainText(s string) text.Text { return text.Plain(s) }

func depsOf() bridges.Deps { return bridges.Deps{Account: account} }
