package x_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
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
	keep            *bridgetest.Keeper
	sink            *bridgetest.Sink
	skipped         *counter
	conn            *x.Connector
	cfg             x.Config
	deps            bridges.Deps
	hurry           time.Duration
	running         *bridgetest.Running // nil: it does not run
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
	s := &scene{sim: xsim.New(sc), keep: &bridgetest.Keeper{}, sink: &bridgetest.Sink{}, skipped: &counter{}, hurry: 20 * time.Millisecond}
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
	s.running = bridgetest.Begin(t, c, s.sink)
	t.Cleanup(func() { s.stop(t) })
}

// stop ends the run, which must take less than two seconds and be no error.
func (s *scene) stop(t *testing.T) {
	t.Helper()
	if s.running == nil {
		return
	}
	if err := s.running.Stop(); err != nil {
		t.Errorf("Run after cancel = %v, want nil", err)
	}
	s.running = nil
}

// fails waits for Run to return an error.
func (s *scene) fails(t *testing.T) error {
	t.Helper()
	err := s.running.Over(t)
	s.running = nil
	return err
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
		if s.sink.Within(200*time.Millisecond, func(all []chat.Event) bool { return len(all) > 0 }) {
			s.sink.Forget()
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
	s.sink.Within(patient, func(all []chat.Event) bool { return len(got(all)) >= len(want) })
	if said := got(s.sink.Events()); !slices.Equal(said, want) {
		t.Fatalf("received %q, want %q", said, want)
	}
}

// event waits for an event that is so.
func (s *scene) event(t *testing.T, what string, so func(chat.Event) bool) chat.Event {
	t.Helper()
	all := s.sink.Until(t, what, func(all []chat.Event) bool { return slices.ContainsFunc(all, so) })
	return all[slices.IndexFunc(all, so)]
}

// unwritable has writing under key fail.
func unwritable(key string) func(string, bool) error {
	return func(k string, write bool) error {
		if k == key && write {
			return bridgetest.ErrFull
		}
		return nil
	}
}

// lost has reading and writing under key fail.
func lost(key string) func(string, bool) error {
	return func(k string, _ bool) error {
		if k == key {
			return bridgetest.ErrFull
		}
		return nil
	}
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
