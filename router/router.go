// Package router runs the trip of a message and owns every goroutine on it:
//
//	connector.Run → Accept → plan (route, desk) → store.Admit → lane → connector.Post → store.Settle → plan (desk)
//
// A bot is a connector too, and takes part in two places: an event that it wants to hear is planned as a delivery to it
// (chat.Hear), and what it made of that is planned where the delivery is settled, so a bot's words, its memory and the end of
// what it was told stand or fall together:
//
//	event → plan (who listens?) → store.Admit → lane → Hearer.Hear → Outcome → store.Settle → plan (deeds)
//
// It is handed connectors, a store and the rules, and knows no platform, no file format and no page. What it does with
// an event is decided by plan, a pure function of the event and the stored state; the rest of the package keeps
// connectors running, copies attachments while their links live, and wakes cases whose time has come.
//
// A connector, a route or a desk can be changed while the others run on: Apply compares the new Setup with the running
// one and touches only what differs.
package router

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/roost-im/roost/router/blob"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
	"github.com/roost-im/roost/router/lane"
	"github.com/roost-im/roost/router/route"
	"github.com/roost-im/roost/router/store"
)

// Config is what a Router needs and keeps for its life.
type Config struct {
	Store   store.Store
	Blobs   *blob.Store // nil: attachments are not carried
	MaxFile int64       // bytes of the largest attachment that is copied; default 512 MiB
	// Link is a web address where people can fetch a blob that a platform does not take, under a name. nil: there is none,
	// and the message says what is missing.
	Link  func(sum blob.Sum, name string) string
	Keep  store.Retention
	Lane  lane.Config  // its Tries, Backoff, Timeout, …; what it has in common with Config is filled in
	Log   *slog.Logger // nil: silent
	Now   func() time.Time
	Watch func(Step) // told of every step of every trip; must not block. nil: nobody watches
}

// Setup is what a Router is told to do. Apply takes it.
type Setup struct {
	Accounts map[chat.Account]Account
	Desks    []Desk
	Mirrors  []route.Mirror
	Bots     []Bot
}

// Account is one account to run.
type Account struct {
	// Open makes the connector; it does no I/O.
	Open func() (chat.Connector, error)
	// Version changes when the account's settings do: an account of an unchanged version runs on.
	Version string
	// Pace replaces what the connector says about its pace; nil: that holds.
	Pace *chat.Pace
	// Repeat says that posts which may have arrived are repeated where nothing can tell. Otherwise they are held.
	Repeat bool
}

// Desk is a desk and the accounts whose direct messages it takes.
type Desk struct {
	desk.Desk
	From []chat.Account
}

// Step is one step of a trip, for pages and metrics.
type Step struct {
	At       time.Time
	Took     time.Duration
	What     string      // Received, Admitted, "sent", or the chat.Kind of a failure
	Event    *chat.Event // received and admitted
	Delivery *chat.Delivery
	Reason   string
}

// What an event's steps are called; a delivery's are called by lane.Try.Kind.
const (
	Received = "received"
	Admitted = "admitted"
)

// Router is the running whole. Make it with New, tell it what to do with Apply, and call Run once.
type Router struct {
	cfg  Config
	lane *lane.Runner
	jobs chan chat.File

	applying sync.Mutex // one Apply at a time

	mu      sync.RWMutex
	rules   *rules
	running map[chat.Account]*running
	start   func(chat.Account, *running) // runs an account, under mu; nil while the router does not run
}

// New makes a Router that does nothing yet.
func New(cfg Config) *Router {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Watch == nil {
		cfg.Watch = func(Step) {}
	}
	if cfg.MaxFile == 0 {
		cfg.MaxFile = 512 << 20
	}
	r := &Router{cfg: cfg, rules: newRules(Setup{}), running: map[chat.Account]*running{}, jobs: make(chan chat.File, 1024)}
	lc := cfg.Lane
	lc.Store, lc.Log, lc.Now = cfg.Store, cfg.Log, cfg.Now
	lc.Connector, lc.Repeat, lc.Pace, lc.Ended, lc.Watch = r.connector, r.repeats, r.pace, r.ended, r.watchTry
	if cfg.Blobs != nil {
		lc.Content = r.content
		if cfg.Link != nil {
			lc.Link = r.link
		}
	}
	r.lane = lane.New(lc)
	return r
}

// Run runs the trip until ctx ends, then stops within ten seconds: connectors first, so that nothing new comes in,
// while what is on the wire is waited for. It returns nil after a stop, and an error when the store fails.
func (r *Router) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	r.mu.Lock()
	r.start = func(name chat.Account, a *running) { r.launch(ctx, g, name, a) }
	for name, a := range r.running {
		r.start(name, a)
	}
	r.mu.Unlock()
	// While this one has not ended Apply may add to the group; afterwards it may not.
	g.Go(func() error {
		<-ctx.Done()
		r.mu.Lock()
		defer r.mu.Unlock()
		r.start = nil
		return nil
	})
	g.Go(func() error { return r.lane.Run(ctx) })
	g.Go(func() error { return r.wakeCases(ctx) })
	g.Go(func() error { return r.remind(ctx) })
	g.Go(func() error { return r.sweep(ctx) })
	for range fetchers {
		g.Go(func() error { return r.fetch(ctx) })
	}
	g.Go(func() error { return r.refetch(ctx) })
	err := g.Wait()
	r.closeAll()
	return err
}

// Apply changes what the router does to s. Accounts that are new or whose Version changed are opened, those that are
// gone are stopped, all others run on; routes and desks change between two events. When an account can't be opened
// nothing changes and the error says which.
func (r *Router) Apply(s Setup) error {
	r.applying.Lock()
	defer r.applying.Unlock()
	opened := map[chat.Account]*running{}
	for name, a := range s.Accounts {
		if r.runs(name, a.Version) {
			continue
		}
		conn, err := a.Open()
		if err != nil {
			for _, o := range opened {
				o.stop()
			}
			return fmt.Errorf("account %s: %w", name, err)
		}
		opened[name] = newRunning(a, conn)
	}
	// One login is never used by two connectors at once: the old ones end before the new ones begin.
	for _, old := range r.swap(s, opened) {
		old.stop()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, a := range opened {
		if r.start != nil {
			r.start(name, a)
		}
		r.lane.Resume(name)
	}
	return nil
}

// runs says whether an account is there with these settings.
func (r *Router) runs(name chat.Account, version string) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	a, ok := r.running[name]
	return ok && a.account.Version == version
}

// swap puts the new rules and accounts in place and gives back the accounts that have to stop.
func (r *Router) swap(s Setup, opened map[chat.Account]*running) (stopped []*running) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rules = newRules(s)
	next := maps.Clone(opened)
	for name, old := range r.running {
		if _, stays := s.Accounts[name]; !stays || opened[name] != nil {
			stopped = append(stopped, old)
			continue
		}
		old.account = s.Accounts[name]
		next[name] = old
	}
	r.running = next
	return stopped
}

// connector finds the connector of an account that runs. release is called when it is not used any more.
func (r *Router) connector(name chat.Account) (conn chat.Connector, release func(), ok bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	a, ok := r.running[name]
	if !ok {
		return nil, nil, false
	}
	a.use()
	return a.conn, a.release, true
}

func (r *Router) repeats(a chat.Account) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	run, ok := r.running[a]
	return ok && run.account.Repeat
}

func (r *Router) pace(a chat.Account) (chat.Pace, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	run, ok := r.running[a]
	if !ok || run.account.Pace == nil {
		return chat.Pace{}, false
	}
	return *run.account.Pace, true
}

func (r *Router) ruling() *rules {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.rules
}

// traits are those of an account; ok says whether it runs. The zero Traits split nothing.
func (r *Router) traits(name chat.Account) (t chat.Traits, ok bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	a, ok := r.running[name]
	if ok {
		t = a.conn.Traits()
	}
	return t, ok
}

// siblings are the other accounts of an account's platform.
func (r *Router) siblings(name chat.Account) []chat.Account {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var others []chat.Account
	for a := range r.running {
		if a != name && a.Platform() == name.Platform() {
			others = append(others, a)
		}
	}
	slices.Sort(others)
	return others
}

func (r *Router) watchTry(t lane.Try) {
	d := t.Delivery
	r.cfg.Watch(Step{At: t.Settled, Took: t.Took, What: t.Kind, Delivery: &d, Reason: d.Reason})
}
