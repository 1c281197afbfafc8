package telegram_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/telegram"
	"github.com/roost-im/roost/bridges/telegram/telegramsim"
	"github.com/roost-im/roost/router/chat"
)

// soon bounds how long anything that should happen may take.
const soon = 20 * time.Second

var errDisk = errors.New("the disk is full")

// sink is a store: the same event again is harmless.
type sink struct {
	mu      sync.Mutex
	events  []chat.Event
	cursor  []byte
	again   int                    // events that were there already
	refuse  func(chat.Batch) error // asked before anything is stored; nil: nothing is refused
	changed chan struct{}
}

func newSink() *sink { return &sink{changed: make(chan struct{})} }

func (s *sink) Accept(ctx context.Context, b chat.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse != nil {
		if err := s.refuse(b); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, e := range b.Events {
		if slices.ContainsFunc(s.events, func(x chat.Event) bool { return x.ID == e.ID }) {
			s.again++
			continue
		}
		s.events = append(s.events, e)
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
			t.Fatalf("%s did not come; received %+v", what, events)
		}
	}
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

// hears waits for a text and returns its event.
func (s *sink) hears(t *testing.T, words string) (chat.Event, chat.Posted) {
	t.Helper()
	return happens(t, s, func(_ chat.Event, p chat.Posted) bool { return p.Text.Body == words })
}

// keeper keeps values in memory.
type keeper struct {
	mu     sync.Mutex
	values map[string][]byte
	broken bool // nothing can be kept
}

func (k *keeper) Kept(_ context.Context, key string) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.values[key], nil
}

func (k *keeper) Keep(_ context.Context, key string, value []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.broken {
		return errDisk
	}
	if k.values == nil {
		k.values = map[string][]byte{}
	}
	k.values[key] = value
	if value == nil {
		delete(k.values, key)
	}
	return nil
}

// run is a connector that receives.
type run struct {
	*stage
	*sink
	keep *keeper
	conn *telegram.Connector
	deps bridges.Deps
	cfg  telegram.Config
	stop func() error // ends it
	over func() error // waits for its end

	seen    sync.Mutex
	skipped []string
}

// start has a connector receive from a fresh Telegram.
func start(t *testing.T, cfg telegramsim.Config) *run {
	t.Helper()
	r := prepare(t, cfg)
	r.again(t)
	return r
}

// prepare makes a Telegram, and settings of a connector that does not run yet.
func prepare(t *testing.T, cfg telegramsim.Config) *run {
	t.Helper()
	r := &run{stage: newStage(t, cfg), sink: newSink(), keep: &keeper{}}
	r.cfg = r.config()
	r.deps = bridges.Deps{Account: account, Keep: r.keep, Skip: func(kind string, _ []byte) {
		r.seen.Lock()
		defer r.seen.Unlock()
		r.skipped = append(r.skipped, kind)
	}}
	return r
}

// again starts the connector, with what the one before it left, and returns when Telegram knows what it wants to hear.
func (r *run) again(t *testing.T) {
	t.Helper()
	r.launch(t)
	if r.cfg.Receive == telegram.Webhook {
		r.sees(t, "the webhook", func(v *telegramsim.View) bool { return v.Webhook().URL != "" })
		return
	}
	r.sees(t, "a poll", func(v *telegramsim.View) bool { return v.Polling() || len(v.Calls("getUpdates")) > 0 })
}

// launch starts the connector.
func (r *run) launch(t *testing.T) {
	t.Helper()
	r.conn = connect(t, r.cfg, r.deps)
	r.conn.LookOften(20 * time.Millisecond)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func(c *telegram.Connector) { ended <- c.Run(ctx, r.sink) }(r.conn)
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
		cancel()
		if err := wait(2 * time.Second); err != nil && chat.KindOf(err) != chat.LoggedOut {
			t.Logf("Run = %v", err)
		}
	})
}

// sees waits until Telegram looks so.
func (r *run) sees(t *testing.T, what string, so func(*telegramsim.View) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	if err := r.Wait(ctx, so); err != nil {
		t.Fatalf("Telegram never saw %s: %v", what, err)
	}
}

// posts performs a post that must succeed, and returns its ID.
func (r *run) posts(t *testing.T, p chat.Post) chat.MessageID {
	t.Helper()
	receipt, err := r.conn.Post(t.Context(), p)
	if err != nil {
		t.Fatalf("post = %v", err)
	}
	if len(receipt.Messages) != 1 || receipt.At.IsZero() {
		t.Fatalf("the receipt is %+v, want one message and a time", receipt)
	}
	return receipt.Messages[0]
}

// message is what Telegram holds under an ID that the connector gave.
func (r *run) message(t *testing.T, where int64, m chat.MessageID) telegramsim.Message {
	t.Helper()
	got, ok := r.Message(where, number(m))
	if !ok {
		t.Fatalf("there is no message %q in %d", m, where)
	}
	return got
}

// topic is a topic of the forum.
func (r *run) topic(id int) chat.Conversation {
	c := in(r.forum)
	c.Thread = chat.ThreadID(decimal(id))
	return c
}
