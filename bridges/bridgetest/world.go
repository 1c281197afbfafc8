package bridgetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

// limit is how long anything that should happen may take.
const limit = 20 * time.Second

// world is one stage with a connector on it, and everything that the connector told.
type world struct {
	Stage
	sink *sink
	keep *keeper
	log  *lockedBuffer

	mu     sync.Mutex
	odd    int
	errs   []string
	conn   chat.Connector
	cancel context.CancelFunc
	ended  chan error
}

func newWorld(t *testing.T, open func(t *testing.T) Stage) *world {
	t.Helper()
	w := &world{Stage: open(t), sink: newSink(), keep: &keeper{values: map[string][]byte{}}, log: &lockedBuffer{}}
	w.open(t)
	t.Cleanup(func() {
		w.stop(t)
		chat.Close(w.conn)
		w.leaksNothing(t)
		w.sink.keepsAll(t)
	})
	return w
}

func (w *world) open(t *testing.T) {
	t.Helper()
	w.conn = w.Open(t, bridges.Deps{
		Account: w.Talk().Account, Keep: w.keep,
		Log:  slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Skip: func(string, []byte) { w.mu.Lock(); w.odd++; w.mu.Unlock(); w.sink.poke() },
	})
}

// start runs the connector. What it received before is not received again unless it comes again.
func (w *world) start(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w.cancel, w.ended = cancel, make(chan error, 1)
	go func(c chat.Connector, ended chan<- error) { ended <- c.Run(ctx, w.sink) }(w.conn, w.ended)
}

// stop ends the run and checks that it ends as it should.
func (w *world) stop(t *testing.T) {
	t.Helper()
	if w.cancel == nil {
		return
	}
	w.cancel()
	w.cancel = nil
	select {
	case err := <-w.ended:
		w.note(err)
		if err != nil && chat.KindOf(err) != chat.LoggedOut {
			t.Errorf("Run after cancel = %v, want nil", err)
		}
	case <-time.After(2 * time.Second):
		t.Error("Run did not end within 2 s of cancel")
	}
}

// restart is a stop and a new connector with what the old one kept.
func (w *world) restart(t *testing.T) {
	t.Helper()
	w.stop(t)
	chat.Close(w.conn)
	w.open(t)
	w.start(t)
}

// ready starts the connector and returns when it receives.
func (w *world) ready(t *testing.T) {
	t.Helper()
	w.start(t)
	// A connector with no cursor begins at now, whenever that is: say something until it is heard.
	deadline := time.Now().Add(limit)
	for i := 0; ; i++ {
		w.Say(t, fmt.Sprintf("hello %d", i))
		if w.sink.within(time.Second, func(s *sink) bool { return len(s.posted()) > 0 }) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("nothing was received")
		}
	}
	w.sink.forget()
}

// say has the person say what and returns the texts.
func (w *world) say(t *testing.T, what string, n int) []string {
	t.Helper()
	var said []string
	for i := range n {
		text := fmt.Sprintf("%s %d", what, i)
		w.Say(t, text)
		said = append(said, text)
	}
	return said
}

// hears waits until exactly the texts were received, in order, each once.
func (w *world) hears(t *testing.T, want []string) {
	t.Helper()
	if !w.sink.within(limit, func(s *sink) bool { return len(filter(s.posted(), want)) >= len(want) }) {
		t.Fatalf("received %q, want %q", w.sink.texts(), want)
	}
	if got := filter(w.sink.texts(), want); !slices.Equal(got, want) {
		t.Fatalf("received %q, want %q", got, want)
	}
}

// filter keeps those of got that are in want: a hello of ready may still come in between.
func filter(got, want []string) []string {
	var kept []string
	for _, g := range got {
		if slices.Contains(want, g) {
			kept = append(kept, g)
		}
	}
	return kept
}

// do performs an action and notes its error for the leak check.
func (w *world) do(ctx context.Context, a chat.Action) (chat.Receipt, error) {
	r, err := chat.Do(ctx, w.conn, a)
	w.note(err)
	return r, err
}

func (w *world) note(err error) {
	if err == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.errs = append(w.errs, err.Error(), chat.Reason(err), fmt.Sprintf("%+v %#v", err, err))
}

// leaksNothing checks that no secret is in any error or log line.
func (w *world) leaksNothing(t *testing.T) {
	t.Helper()
	w.mu.Lock()
	all := strings.Join(w.errs, "\n")
	w.mu.Unlock()
	all += "\n" + w.log.String()
	for i, s := range w.Secrets() {
		if s != "" && strings.Contains(all, s) {
			t.Errorf("secret number %d is in an error or a log line", i)
		}
	}
}

// sink remembers what was accepted, as a store does: the same event again is harmless.
type sink struct {
	changed chan struct{}

	mu     sync.Mutex
	seen   map[chat.EventID]bool
	events []chat.Event
	again  int   // events that were accepted before
	fail   int   // so many Accepts fail
	asked  int   // calls of Accept
	err    error // what failing ones return
	cursor []byte
	lossy  []string // what was not the same after it had been written down
}

func newSink() *sink {
	return &sink{changed: make(chan struct{}, 1), seen: map[chat.EventID]bool{}, err: errors.New("the disk is full")}
}

// Accept stores the batch, unless it shall fail.
func (s *sink) Accept(_ context.Context, b chat.Batch) error {
	defer s.poke()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.fail > 0 && len(b.Events) > 0 {
		s.fail--
		return s.err
	}
	for _, ev := range b.Events {
		if s.seen[ev.ID] {
			s.again++
			continue
		}
		s.seen[ev.ID] = true
		s.events = append(s.events, ev)
		s.writeDown(ev)
	}
	if b.Cursor != nil {
		s.cursor = slices.Clone(b.Cursor)
	}
	return nil
}

// writeDown notes an event that is not the same when a store has written it down and read it back.
func (s *sink) writeDown(ev chat.Event) {
	raw, err := json.Marshal(ev)
	var back chat.Event
	if err == nil {
		err = json.Unmarshal(raw, &back)
	}
	diff := cmp.Diff(ev, back, cmpopts.EquateEmpty())
	if err != nil || diff != "" {
		s.lossy = append(s.lossy, fmt.Sprintf("%+v: %v\n%s", ev, err, diff))
	}
}

// keepsAll checks that every event was the same after it had been written down.
func (s *sink) keepsAll(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.lossy {
		t.Errorf("an event can't be stored as it is: %s", l)
	}
}

// Cursor is the last one accepted.
func (s *sink) Cursor(context.Context) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cursor, nil
}

func (s *sink) poke() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// within says whether done holds before d is over. It looks whenever something was accepted.
func (s *sink) within(d time.Duration, done func(*sink) bool) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		if done(s) {
			return true
		}
		select {
		case <-s.changed:
		case <-timer.C:
			return done(s)
		}
	}
}

func (s *sink) all() []chat.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events)
}

// posted lists the texts of others' messages, in the order in which they were accepted.
func (s *sink) posted() []string {
	var texts []string
	for _, ev := range s.all() {
		if p, ok := ev.What.(chat.Posted); ok && !ev.Author.Self {
			texts = append(texts, strings.TrimSpace(p.Text.Body))
		}
	}
	return texts
}

func (s *sink) texts() []string { return s.posted() }

// find gives the first accepted event that is so; false when there is none.
func (s *sink) find(so func(chat.Event) bool) (chat.Event, bool) {
	for _, ev := range s.all() {
		if so(ev) {
			return ev, true
		}
	}
	return chat.Event{}, false
}

func (s *sink) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = nil
}

// keeper keeps values in memory.
type keeper struct {
	mu     sync.Mutex
	values map[string][]byte
}

// Kept is the value under key.
func (k *keeper) Kept(_ context.Context, key string) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.values[key]), nil
}

// Keep replaces the value under key.
func (k *keeper) Keep(_ context.Context, key string, value []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if value == nil {
		delete(k.values, key)
		return nil
	}
	k.values[key] = slices.Clone(value)
	return nil
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// data is a file's content in memory.
type data []byte

// Open starts reading from the first byte.
func (d data) Open(context.Context) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(d)), nil
}

// waitOf is how long a throttled error asks to wait.
func waitOf(err error) time.Duration {
	e, ok := errors.AsType[*chat.Error](err)
	if !ok {
		return 0
	}
	return e.Wait
}
