package plugins_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roost-im/roost/plugins"
)

// linesTo is a log of lines.
func linesTo(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

func TestAnIdleProgramIsStoppedAndStartedAgain(t *testing.T) {
	t.Parallel()
	m := own(t, "obey")
	m.Limits.Idle = 50 * time.Millisecond
	w := setup(t, plugins.Config{Manifest: m})
	if got := w.say(`reply "hi"`); got != "hi" {
		t.Fatalf("it says %q, want hi", got)
	}
	w.until(func() bool { return !w.Program.Running() })
	if got := w.say(`reply "hi"`); got != "hi" {
		t.Errorf("after an idle stop it says %q, want hi", got)
	}
	if got := w.Log.String(); strings.Contains(got, "died") {
		t.Errorf("an idle stop is no death: %s", got)
	}
}

func TestWhoAnswersNoPingIsEnded(t *testing.T) {
	t.Parallel()
	cfg := plugins.Config{Manifest: own(t, "aloof")}
	cfg.Hasty(time.Minute, 50*time.Millisecond)
	w := setup(t, cfg)
	w.until(func() bool { return strings.Contains(w.Log.String(), "did not answer a ping within 50ms") })
	if got := w.say("hello"); got != "" {
		t.Errorf("then it says %q, want nothing", got)
	}
}

func TestConfigure(t *testing.T) {
	t.Parallel()
	dir := folder(t, `{api: 1, name: bot, run: {exec: [x]}, config: {schema: {type: object, properties: {shop: {type: string}}, additionalProperties: false}}}`, nil)
	m, err := plugins.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var got []string
	w := setup(t, plugins.Config{
		Manifest: m, Settings: map[string]any{"shop": "a"},
		Serve: inProcess(func(l line) any {
			mu.Lock()
			defer mu.Unlock()
			var p struct{ Config json.RawMessage }
			_ = json.Unmarshal(l.Params, &p)
			got = append(got, l.Method+" "+string(p.Config))
			return struct{}{}
		}),
	})
	if err := w.Program.Configure(t.Context(), map[string]any{"shop": "b"}); err != nil {
		t.Error(err)
	}
	if err := w.Program.Configure(t.Context(), map[string]any{"shop": 7}); err == nil || !strings.Contains(err.Error(), "config.shop: got number, want string") {
		t.Errorf("Configure says %v, want what is wrong with config.shop", err)
	}
	mu.Lock()
	defer mu.Unlock()
	if want := []string{`initialize {"shop":"a"}`, `config {"shop":"b"}`}; !slices.Equal(got, want) {
		t.Errorf("it was told %q, want %q", got, want)
	}
}

// inProcess is a program in this process that answers each line with what answers says.
func inProcess(answers func(l line) any) func(context.Context, io.Reader, io.Writer) error {
	return func(_ context.Context, in io.Reader, out io.Writer) error {
		d, e := json.NewDecoder(in), json.NewEncoder(out)
		for {
			var l line
			if err := d.Decode(&l); err != nil {
				return nil //nolint:nilerr // its input has ended
			}
			if err := e.Encode(map[string]any{"id": l.ID, "result": answers(l)}); err != nil {
				return err
			}
		}
	}
}

func TestEventsAreToldOneByOneUnlessDeclaredOtherwise(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		declares string
		most     int
	}{{`{}`, 1}, {`{"parallel": 3}`, 3}} {
		t.Run(tc.declares, func(t *testing.T) {
			t.Parallel()
			s := &shop{declares: tc.declares, open: make(chan struct{})}
			w := setup(t, plugins.Config{Manifest: own(t, "echo"), Serve: s.serve})
			var all sync.WaitGroup
			for _, id := range []string{"A", "B", "C", "D", "E"} {
				all.Go(func() { w.hear(w.posted(place(id), "hello")) })
			}
			w.until(func() bool { return s.inside() == tc.most })
			close(s.open)
			all.Wait()
			if s.peak != tc.most {
				t.Errorf("it was told %d at once, want %d", s.peak, tc.most)
			}
		})
	}
}

// shop is a program that answers nothing until it is open.
type shop struct {
	declares string
	open     chan struct{}

	mu   sync.Mutex
	now  int
	peak int
}

func (s *shop) inside() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *shop) serve(_ context.Context, in io.Reader, out io.Writer) error {
	d := json.NewDecoder(in)
	var mu sync.Mutex
	var all sync.WaitGroup
	defer all.Wait()
	answer := func(l line, result any) {
		mu.Lock()
		defer mu.Unlock()
		_ = json.NewEncoder(out).Encode(map[string]any{"id": l.ID, "result": result})
	}
	for {
		var l line
		if d.Decode(&l) != nil {
			return nil
		}
		switch l.Method {
		case "initialize":
			answer(l, json.RawMessage(s.declares))
		case "event":
			s.mu.Lock()
			s.now++
			s.peak = max(s.peak, s.now)
			s.mu.Unlock()
			all.Go(func() {
				<-s.open
				s.mu.Lock()
				s.now--
				s.mu.Unlock()
				answer(l, struct{}{})
			})
		default:
			answer(l, struct{}{})
		}
	}
}

func TestAnEventThatIsGivenUpKeepsItsPlaceUntilItIsAnswered(t *testing.T) {
	t.Parallel()
	s := &shop{declares: `{}`, open: make(chan struct{})}
	w := setup(t, plugins.Config{Manifest: own(t, "echo"), Serve: s.serve})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := w.Host.Hear(ctx, w.posted(place("A"), "hello"))
		ended <- err
	}()
	w.until(func() bool { return s.inside() == 1 })
	cancel()
	if err := <-ended; err == nil {
		t.Error("an event that was given up is no error")
	}
	ended2 := make(chan struct{})
	go func() {
		defer close(ended2)
		w.hear(w.posted(place("B"), "hello"))
	}()
	close(s.open)
	<-ended2
	if s.peak != 1 {
		t.Errorf("it was told %d at once, want 1", s.peak)
	}
}

// The five that make trouble, all at once, hold up nobody.
func TestTroubleHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it makes much load")
	}
	good := setup(t, plugins.Config{Manifest: own(t, "obey")})
	alone := make(chan struct{})
	timer := time.AfterFunc(time.Second, func() { close(alone) })
	defer timer.Stop()
	quiet := good.waits(alone) // how busy the machine is anyway
	var all sync.WaitGroup
	for _, trouble := range []string{"hang", "flood", "calls", "die", "eat"} {
		bad := setup(t, plugins.Config{Manifest: own(t, "misbehave", "limits: {time: 2s, memory: 2GiB}")})
		all.Go(func() {
			for range 3 {
				if bad.Host.Quarantined() == "" {
					bad.say(trouble)
				}
			}
		})
	}
	over := make(chan struct{})
	go func() {
		all.Wait()
		close(over)
	}()
	took := good.waits(over)
	p99 := took[len(took)*99/100]
	t.Logf("%d events: p50 %v, p99 %v, worst %v; alone worst %v", len(took), took[len(took)/2], p99, took[len(took)-1], quiet[len(quiet)-1])
	if most := 100*time.Millisecond + quiet[len(quiet)-1]; p99 > most && !raced {
		t.Errorf("another bot waited %v, want less than %v", p99, most)
	}
}

// waits says something every few milliseconds until over is closed, and gives how long each answer took, the longest last.
func (w *world) waits(over <-chan struct{}) []time.Duration {
	w.t.Helper()
	var took []time.Duration
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for going := true; going; {
		began := time.Now()
		if got := w.say(`react {"emoji": "👍"}`); got != "react: 👍" {
			w.t.Fatalf("it says %q, want 👍", got)
		}
		took = append(took, time.Since(began))
		select {
		case <-over:
			going = false
		case <-tick.C:
		}
	}
	slices.Sort(took)
	return took
}
