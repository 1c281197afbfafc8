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
	sink Sink
	keep Keeper
	log  lockedBuffer
	odd  chan struct{} // told when an event was skipped

	mu      sync.Mutex
	errs    []string
	conn    chat.Connector
	running *Running // nil: it does not run
}

func newWorld(t *testing.T, open func(t *testing.T) Stage) *world {
	t.Helper()
	w := &world{Stage: open(t), odd: make(chan struct{}, 1)}
	w.open(t)
	t.Cleanup(func() {
		w.stop(t)
		chat.Close(w.conn)
		w.leaksNothing(t)
		w.keepsAll(t)
	})
	return w
}

func (w *world) open(t *testing.T) {
	t.Helper()
	w.conn = w.Open(t, bridges.Deps{
		Account: w.Talk().Account, Keep: &w.keep,
		Log: slog.New(slog.NewTextHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Skip: func(string, []byte) {
			select {
			case w.odd <- struct{}{}:
			default:
			}
		},
	})
}

// start runs the connector. What it received before is not received again unless it comes again.
func (w *world) start(t *testing.T) {
	t.Helper()
	w.running = Begin(t, w.conn, &w.sink)
}

// stop ends the run and checks that it ends as it should.
func (w *world) stop(t *testing.T) {
	t.Helper()
	if w.running == nil {
		return
	}
	err := w.running.Stop()
	w.running = nil
	w.note(err)
	if err != nil && chat.KindOf(err) != chat.LoggedOut {
		t.Errorf("Run after cancel = %v, want nil", err)
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
		if w.sink.Within(time.Second, func(events []chat.Event) bool { return len(posted(events)) > 0 }) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("nothing was received")
		}
	}
	w.sink.Forget()
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
	if !w.sink.Within(limit, func(events []chat.Event) bool { return len(filter(posted(events), want)) >= len(want) }) {
		t.Fatalf("received %q, want %q", posted(w.sink.Events()), want)
	}
	if got := filter(posted(w.sink.Events()), want); !slices.Equal(got, want) {
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

// leaksNothing checks that no secret is in any error or log line, however it is spelled.
func (w *world) leaksNothing(t *testing.T) {
	t.Helper()
	w.mu.Lock()
	all := strings.Join(w.errs, "\n")
	w.mu.Unlock()
	all += "\n" + w.log.String()
	for i, s := range w.Secrets() {
		if slices.ContainsFunc(Spellings(s), func(one string) bool { return strings.Contains(all, one) }) {
			t.Errorf("secret number %d is in an error or a log line", i)
		}
	}
}

// keepsAll checks that every event is the same when a store has written it down and read it back.
func (w *world) keepsAll(t *testing.T) {
	t.Helper()
	for _, ev := range w.sink.Accepted() {
		raw, err := json.Marshal(ev)
		var back chat.Event
		if err == nil {
			err = json.Unmarshal(raw, &back)
		}
		if diff := cmp.Diff(ev, back, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Errorf("an event can't be stored as it is: %+v: %v\n%s", ev, err, diff)
		}
	}
}

// posted lists the texts of others' messages.
func posted(events []chat.Event) []string {
	var texts []string
	for _, ev := range events {
		if p, ok := ev.What.(chat.Posted); ok && !ev.Author.Self {
			texts = append(texts, strings.TrimSpace(p.Text.Body))
		}
	}
	return texts
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
