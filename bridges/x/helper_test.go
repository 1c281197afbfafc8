package x_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/bridges/x/xsim/xspec"
	"github.com/roost-im/roost/router/chat"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	account = chat.Account("x/acme")
	patient = 15 * time.Second // for what should happen at once
)

// scene is a simulated X with a brand, whose account the connector speaks for, and two people.
type scene struct {
	sim             *xsim.Sim
	brand, ann, bob string
	tokens          xsim.Tokens
	keep            *keeper
	sink            *sink
	skipped         *counter
	conn            *x.Connector
	cfg             x.Config
	deps            bridges.Deps
	hurry           time.Duration
	stopRun         context.CancelFunc
	ended           chan error
}

// setup makes a scene whose account logged in by OAuth 2.0. Every call is held against X's description where that is at
// hand.
func setup(t *testing.T, sc xsim.Config) *scene {
	t.Helper()
	check, missing := xspec.Check(t, xspec.AllowRefused())
	if check == nil {
		t.Log(missing)
	} else {
		inner := sc.Wrap
		sc.Wrap = func(h http.Handler) http.Handler {
			if inner != nil {
				h = inner(h)
			}
			return check(h)
		}
	}
	s := &scene{sim: xsim.New(sc), keep: newKeeper(), sink: newSink(), skipped: &counter{}, hurry: 20 * time.Millisecond}
	if err := s.sim.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.sim.Close)
	s.brand = s.sim.AddUser(xsim.User{Name: "Acme Tea", Username: "acmetea"}).ID
	s.ann = s.sim.AddUser(xsim.User{Name: "Ann", Username: "ann"}).ID
	s.bob = s.sim.AddUser(xsim.User{Name: "Bob", Username: "bob"}).ID
	s.tokens = s.sim.Tokens(s.brand)
	s.cfg = x.Config{
		ClientID: "sim-client-id", ClientSecret: bridges.NewSecret("sim-client-secret"),
		APIURL: s.sim.URL(), AuthURL: s.sim.URL() + "/i/oauth2/authorize",
	}
	s.deps = bridges.Deps{Account: account, Keep: s.keep, Client: client(t), Skip: s.skipped.skip}
	keepTokens(t, s.keep, s.tokens, time.Now().Add(2*time.Hour))
	return s
}

// client is an HTTP client whose connections end with the test.
func client(t *testing.T) *http.Client {
	t.Helper()
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

// keepTokens logs the account in.
func keepTokens(t *testing.T, k bridges.Keeper, tokens xsim.Tokens, expires time.Time) {
	t.Helper()
	b, err := json.Marshal(map[string]any{"access": tokens.Access, "refresh": tokens.Refresh, "expires": expires})
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Keep(t.Context(), "token", b); err != nil {
		t.Fatal(err)
	}
}

// signing makes the account use OAuth 1.0a.
func (s *scene) signing() {
	s.cfg.ClientID, s.cfg.ClientSecret = "", bridges.Secret{}
	s.cfg.ConsumerKey, s.cfg.ConsumerSecret = bridges.NewSecret("sim-consumer-key"), bridges.NewSecret("sim-consumer-secret")
	s.cfg.AccessToken, s.cfg.AccessSecret = bridges.NewSecret(s.tokens.OAuth1Token), bridges.NewSecret(s.tokens.OAuth1Secret)
}

// open makes the connector.
func (s *scene) open(t *testing.T) *x.Connector {
	t.Helper()
	c, err := x.New(s.cfg, s.deps)
	if err != nil {
		t.Fatal(err)
	}
	c.Hurry(s.hurry)
	s.conn = c
	return c
}

// run makes the connector and runs it until the test ends or stop is called.
func (s *scene) run(t *testing.T) {
	t.Helper()
	c := s.open(t)
	ctx, cancel := context.WithCancel(t.Context())
	s.stopRun, s.ended = cancel, make(chan error, 1)
	go func() { s.ended <- c.Run(ctx, s.sink) }()
	t.Cleanup(func() { s.stop(t) })
}

// stop ends the run, which must take less than two seconds and be no error.
func (s *scene) stop(t *testing.T) {
	t.Helper()
	if s.stopRun == nil {
		return
	}
	s.stopRun()
	s.stopRun = nil
	select {
	case err := <-s.ended:
		if err != nil {
			t.Errorf("Run after cancel = %v, want nil", err)
		}
	case <-time.After(2 * time.Second):
		t.Error("Run did not end within 2 s of cancel")
	}
}

// fails waits for Run to return an error.
func (s *scene) fails(t *testing.T) error {
	t.Helper()
	select {
	case err := <-s.ended:
		s.stopRun()
		s.stopRun = nil
		return err
	case <-time.After(patient):
		t.Fatal("Run goes on")
		return nil
	}
}

// listen runs the connector and returns when messages come in.
func (s *scene) listen(t *testing.T) {
	t.Helper()
	s.run(t)
	s.ready(t)
}

// ready returns when messages come in.
func (s *scene) ready(t *testing.T) {
	t.Helper()
	for range 100 {
		s.sim.Say(s.ann, s.brand, xsim.Draft{Text: "hello"})
		if s.sink.within(200*time.Millisecond, func(all []chat.Event) bool { return len(all) > 0 }) {
			s.sink.forget()
			return
		}
	}
	t.Fatal("nothing comes in")
}

func (s *scene) talk() chat.Conversation {
	return chat.Conversation{Account: account, ID: chat.ConversationID(s.ann)}
}

// hears waits for texts of others, in order, each once; hellos don't count.
func (s *scene) hears(t *testing.T, want ...string) {
	t.Helper()
	got := func(all []chat.Event) []string {
		var said []string
		for _, ev := range all {
			if p, ok := ev.What.(chat.Posted); ok && !ev.Author.Self && p.Text.Body != "hello" {
				said = append(said, p.Text.Body)
			}
		}
		return said
	}
	s.sink.within(patient, func(all []chat.Event) bool { return len(got(all)) >= len(want) })
	if said := got(s.sink.all()); !slices.Equal(said, want) {
		t.Fatalf("received %q, want %q", said, want)
	}
}

// event waits for an event that is so.
func (s *scene) event(t *testing.T, what string, so func(chat.Event) bool) chat.Event {
	t.Helper()
	find := func(all []chat.Event) int { return slices.IndexFunc(all, so) }
	s.sink.within(patient, func(all []chat.Event) bool { return find(all) >= 0 })
	all := s.sink.all()
	i := find(all)
	if i < 0 {
		t.Fatalf("%s did not come; received %+v", what, all)
	}
	return all[i]
}

// sink is a store in memory: the same event again is harmless.
type sink struct {
	mu      sync.Mutex
	changed chan struct{}
	seen    map[chat.EventID]bool
	events  []chat.Event
	again   int
	fail    int // so many batches with events are not accepted
	cursor  []byte
}

func newSink() *sink { return &sink{changed: make(chan struct{}), seen: map[chat.EventID]bool{}} }

var errFull = errors.New("the disk is full")

// Accept stores the batch, unless it shall fail.
func (s *sink) Accept(_ context.Context, b chat.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() { close(s.changed); s.changed = make(chan struct{}) }()
	if s.fail > 0 && len(b.Events) > 0 {
		s.fail--
		return errFull
	}
	for _, ev := range b.Events {
		if s.seen[ev.ID] {
			s.again++
			continue
		}
		s.seen[ev.ID] = true
		s.events = append(s.events, ev)
	}
	if b.Cursor != nil {
		s.cursor = slices.Clone(b.Cursor)
	}
	return nil
}

// Cursor is the last one accepted.
func (s *sink) Cursor(context.Context) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cursor, nil
}

func (s *sink) all() []chat.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events)
}

func (s *sink) has(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[chat.EventID(id)]
}

func (s *sink) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = nil
}

func (s *sink) failing(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = n
}

// within says whether so holds before d is over.
func (s *sink) within(d time.Duration, so func([]chat.Event) bool) bool {
	late := time.NewTimer(d)
	defer late.Stop()
	for {
		s.mu.Lock()
		changed, all := s.changed, slices.Clone(s.events)
		s.mu.Unlock()
		if so(all) {
			return true
		}
		select {
		case <-changed:
		case <-late.C:
			return so(s.all())
		}
	}
}

// keeper keeps values in memory, and can fail.
type keeper struct {
	mu     sync.Mutex
	values map[string][]byte
	broken map[string]bool // can't be written

	unreadable map[string]bool
}

func newKeeper() *keeper {
	return &keeper{values: map[string][]byte{}, broken: map[string]bool{}, unreadable: map[string]bool{}}
}

// Kept is the value under key.
func (k *keeper) Kept(_ context.Context, key string) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.unreadable[key] {
		return nil, errFull
	}
	return slices.Clone(k.values[key]), nil
}

// Keep replaces the value under key.
func (k *keeper) Keep(_ context.Context, key string, value []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.broken[key] {
		return errFull
	}
	k.values[key] = slices.Clone(value)
	return nil
}

func (k *keeper) breaking(key string, on bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.broken[key] = on
}

// lost makes a value neither readable nor writable.
func (k *keeper) lost(key string, on bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.broken[key], k.unreadable[key] = on, on
}

// counter counts what was skipped.
type counter struct {
	mu    sync.Mutex
	kinds []string
}

func (c *counter) skip(kind string, _ []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kinds = append(c.kinds, kind)
}

func (c *counter) all() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.kinds)
}

// local answers requests by a handler, without a network.
type local struct{ http.Handler }

// RoundTrip is the handler's answer.
func (l local) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	r = r.Clone(r.Context())
	if r.Body == nil {
		r.Body = http.NoBody
	}
	l.ServeHTTP(w, r)
	return w.Result(), nil
}

func contextWithCancel(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithCancel(t.Context())
}
