package router_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/roost-im/roost/router"
	"github.com/roost-im/roost/router/blob"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
	"github.com/roost-im/roost/router/route"
	"github.com/roost-im/roost/router/store"
	"github.com/roost-im/roost/router/store/sqlite"
	"github.com/roost-im/roost/router/text"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a running router in a bubble of time. There, everything that can happen has happened when quiet returns.
type world struct {
	dir    string
	store  store.Store
	setup  router.Setup
	config router.Config
	wrap   func(store.Store) store.Store // what the router gets instead of the store; nil: the store
	router *router.Router

	mu    sync.Mutex
	steps []router.Step

	cancel context.CancelFunc
	ended  chan error
}

// newWorld runs a router over towns.
func newWorld(t *testing.T, setup router.Setup, towns ...*town) *world {
	t.Helper()
	if setup.Accounts == nil {
		setup.Accounts = map[chat.Account]router.Account{}
	}
	for _, m := range towns {
		setup.Accounts[m.account] = m.opened()
	}
	w := &world{dir: t.TempDir(), setup: setup}
	w.run(t)
	t.Cleanup(func() { w.stop(t) })
	return w
}

func (w *world) run(t *testing.T) {
	t.Helper()
	st, err := sqlite.Open(t.Context(), filepath.Join(w.dir, "roost.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := blob.Open(filepath.Join(w.dir, "files"))
	if err != nil {
		t.Fatal(err)
	}
	w.store = st
	cfg := w.config
	if cfg.Store = st; w.wrap != nil {
		cfg.Store = w.wrap(st)
	}
	cfg.Blobs = blobs
	cfg.Watch = func(s router.Step) { w.mu.Lock(); defer w.mu.Unlock(); w.steps = append(w.steps, s) }
	w.router = router.New(cfg)
	if err := w.router.Apply(w.setup); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	w.cancel, w.ended = cancel, make(chan error, 1)
	go func(r *router.Router, ended chan<- error) { ended <- r.Run(ctx) }(w.router, w.ended)
	synctest.Wait()
}

func (w *world) stop(t *testing.T) {
	t.Helper()
	if w.cancel == nil {
		return
	}
	w.cancel()
	w.cancel = nil
	if err := <-w.ended; err != nil {
		t.Errorf("Run = %v, want nil", err)
	}
	if err := w.store.Close(); err != nil {
		t.Errorf("close = %v", err)
	}
}

// says has somebody write, and returns when everything that follows at once has happened.
func (w *world) says(t *testing.T, m *town, who string, at chat.Conversation, said string) chat.MessageID {
	t.Helper()
	id, err := m.says(t.Context(), who, at, chat.Posted{Text: text.Plain(said)})
	if err != nil {
		t.Fatalf("%s says %q: %v", who, said, err)
	}
	synctest.Wait()
	return id
}

// where is a place in a town.
type where struct {
	*town
	chat.Conversation
}

// happens has something else happen, like says.
func (w *world) happens(t *testing.T, who string, at where, id chat.MessageID, what chat.Happening) {
	t.Helper()
	direct := strings.HasPrefix(string(at.ID), "dm")
	err := at.happens(t.Context(), chat.Event{Conversation: at.Conversation, Message: id, Author: person(who), Direct: direct, What: what})
	if err != nil {
		t.Fatalf("%s: %T: %v", who, what, err)
	}
	synctest.Wait()
}

func posted(said string) chat.Posted { return chat.Posted{Text: text.Plain(said)} }

// pass lets time pass.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// reads fails unless a place reads exactly so.
func reads(t *testing.T, m *town, at chat.Conversation, want ...string) {
	t.Helper()
	if got := m.in(at); !slices.Equal(got, want) {
		t.Errorf("%v reads\n%q, want\n%q", at, got, want)
	}
}

func (w *world) count(t *testing.T) map[chat.State]int {
	t.Helper()
	var n map[chat.State]int
	err := w.store.Read(t.Context(), func(v store.Reader) (err error) { n, err = v.Count(); return err })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// mirror shows the same talk in the given places.
func mirror(at ...chat.Conversation) route.Mirror {
	m := route.Mirror{Name: "lounge"}
	for _, c := range at {
		m.Legs = append(m.Legs, route.Leg{At: c})
	}
	return m
}

// support is a desk that takes the direct messages of from and shows them in at.
func support(from chat.Account, hold time.Duration, at ...chat.Conversation) router.Desk {
	d := router.Desk{Desk: desk.Desk{Name: "support", Hold: hold}, From: []chat.Account{from}}
	for _, c := range at {
		d.Surfaces = append(d.Surfaces, desk.Surface{At: c, Reply: desk.Send})
	}
	return d
}
