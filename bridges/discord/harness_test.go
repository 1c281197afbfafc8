package discord_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/discord"
	"github.com/roost-im/roost/bridges/discord/discordsim"
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
	refuse  bool
	changed chan struct{}
}

func newSink() *sink { return &sink{changed: make(chan struct{})} }

func (s *sink) Accept(_ context.Context, b chat.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse && len(b.Events) > 0 {
		return errDisk
	}
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

func (s *sink) refusing(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = on
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
			t.Fatalf("%s did not come; received %q", what, said(events))
		}
	}
}

// hears waits for a text and returns its event.
func (s *sink) hears(t *testing.T, words string) (chat.Event, chat.Posted) {
	t.Helper()
	return happens(t, s, func(_ chat.Event, p chat.Posted) bool { return p.Text.Body == words })
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
	conn *discord.Connector
	deps bridges.Deps
	cfg  discord.Config
	stop func() error // ends it
	over func() error // waits for its end

	mu      sync.Mutex
	later   time.Duration // by how much its clock is ahead
	skipped []string
}

func start(t *testing.T, cfg discordsim.Config) *run {
	t.Helper()
	r := prepare(t, cfg)
	r.again(t)
	return r
}

// prepare is a run that was not begun.
func prepare(t *testing.T, cfg discordsim.Config) *run {
	t.Helper()
	r := &run{stage: newStage(t, cfg), sink: newSink()}
	r.cfg = r.config()
	r.deps = bridges.Deps{Account: account, Keep: &keeper{}, Now: func() time.Time {
		r.mu.Lock()
		defer r.mu.Unlock()
		return time.Now().Add(r.later)
	}, Skip: func(kind string, _ []byte) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.skipped = append(r.skipped, kind)
	}}
	return r
}

// again starts the connector, with what the one before it left, and returns when it is connected.
func (r *run) again(t *testing.T) {
	t.Helper()
	r.begin(t)
	r.sees(t, func(v *discordsim.View) bool { return v.Sessions() == 1 })
}

func (r *run) begin(t *testing.T) {
	t.Helper()
	r.sees(t, func(v *discordsim.View) bool { return v.Sockets() == 0 }) // that of the one before is closed
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
		if err := r.stop(); err != nil && chat.KindOf(err) != chat.LoggedOut && chat.KindOf(err) != chat.Refused {
			t.Errorf("Run = %v, want nil", err)
		}
	})
}

// sees waits until Discord looks so.
func (r *run) sees(t *testing.T, so func(*discordsim.View) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	if err := r.Wait(ctx, so); err != nil {
		t.Fatalf("Discord never looked so: %v", err)
	}
}

// posts performs a post that must succeed, and returns its message.
func (r *run) posts(t *testing.T, p chat.Post) discordsim.Message {
	t.Helper()
	receipt, err := r.conn.Post(t.Context(), p)
	if err != nil {
		t.Fatalf("post = %v", err)
	}
	m, ok := r.Message(inside(p.To), string(receipt.Messages[0]))
	if !ok {
		t.Fatalf("the receipt names %v, which is not in the channel", receipt.Messages)
	}
	return m
}

// opens performs an Open that must succeed.
func (r *run) opens(t *testing.T, o chat.Open) (chat.Receipt, chat.Conversation) {
	t.Helper()
	receipt, conv, err := r.conn.Open(t.Context(), o)
	if err != nil {
		t.Fatalf("open = %v", err)
	}
	return receipt, conv
}

// passes has the connector's clock go on.
func (r *run) passes(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.later += d
}

func (r *run) board() chat.Conversation {
	return chat.Conversation{Account: account, ID: chat.ConversationID(r.forum)}
}

// count is how many messages with these words are in a channel.
func (r *run) count(channel, words string) int {
	n := 0
	for _, m := range r.Messages(channel) {
		if m.Content == words && !m.Deleted {
			n++
		}
	}
	return n
}

func plain(s string) text.Text { return text.Plain(s) }

func contextFor(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeout(t.Context(), d)
}

// data is a file's content in memory.
type data []byte

// Open starts reading from the first byte.
func (d data) Open(context.Context) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(d)), nil
}

func (d data) body() io.ReadCloser { return io.NopCloser(bytes.NewReader(d)) }

// roundTrip is a transport.
type roundTrip func(*http.Request) (*http.Response, error)

// RoundTrip makes one call.
func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
