package router

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"sort"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
)

const (
	firstPause   = time.Second      // before a connector that failed is run again, doubling from there
	longestPause = time.Minute      // between two runs that fail
	steady       = 5 * time.Minute  // a run that lasted so long starts the count anew
	parkedPause  = 10 * time.Minute // before an account is tried again that a person must mend
)

// running is an account that runs.
type running struct {
	account Account
	conn    chat.Connector
	cancel  context.CancelFunc // set when it was started
	done    chan struct{}      // closed when it has ended; nil before it was started

	mu    sync.Mutex
	users int  // deliveries and files under way that use conn
	ended bool // conn is closed when the last user lets go
	up    bool
	since time.Time
	last  time.Time // of its newest event
	err   error     // why it is down
}

// AccountStatus is how an account is.
type AccountStatus struct {
	Account chat.Account `json:"account"`
	Up      bool         `json:"up"`
	Since   time.Time    `json:"since,omitzero"` // when Up last changed
	Last    time.Time    `json:"last,omitzero"`  // when its newest event came
	Reason  string       `json:"reason,omitempty"`
	Parked  string       `json:"parked,omitempty"` // why its deliveries wait
}

func newRunning(a Account, conn chat.Connector) *running { return &running{account: a, conn: conn} }

// stop ends an account's run and waits for it. The connector is closed when its last user lets go of it.
func (a *running) stop() {
	if a.cancel != nil {
		a.cancel()
		<-a.done
	}
	a.mu.Lock()
	a.ended = true
	a.users++
	a.mu.Unlock()
	a.release()
}

func (a *running) use() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.users++
}

func (a *running) release() {
	a.mu.Lock()
	a.users--
	last := a.ended && a.users == 0
	a.mu.Unlock()
	if last {
		chat.Close(a.conn)
	}
}

// launch runs an account in the router's group until ctx ends.
func (r *Router) launch(ctx context.Context, g *errgroup.Group, name chat.Account, a *running) {
	ctx, cancel := context.WithCancel(ctx)
	a.cancel, a.done = cancel, make(chan struct{})
	g.Go(func() error {
		defer close(a.done)
		defer cancel()
		r.supervise(ctx, name, a)
		return nil
	})
}

// supervise runs a connector again and again until ctx ends. One account that can't go on never ends the others.
func (r *Router) supervise(ctx context.Context, name chat.Account, a *running) {
	log := r.cfg.Log.With(slog.String("account", string(name)))
	pause := firstPause
	for ctx.Err() == nil {
		began := r.cfg.Now()
		a.set(true, nil, began)
		log.LogAttrs(ctx, slog.LevelInfo, "account running")
		err := runSafely(ctx, a.conn, &sink{router: r, account: name, run: a})
		if ctx.Err() != nil {
			break
		}
		if err == nil {
			err = errors.New("the connector stopped by itself")
		}
		a.set(false, err, r.cfg.Now())
		if r.cfg.Now().Sub(began) > steady {
			pause = firstPause
		}
		wait, level := pause, slog.LevelWarn
		if k := chat.KindOf(err); k == chat.LoggedOut || k == chat.Unfunded {
			wait, level = parkedPause, slog.LevelError
		}
		log.LogAttrs(ctx, level, "account down", slog.Any("error", err), slog.Duration("wait", wait))
		pause = min(2*pause, longestPause)
		sleep(ctx, wait/2+rand.N(wait/2+1))
	}
	a.set(false, nil, r.cfg.Now())
	log.LogAttrs(context.WithoutCancel(ctx), slog.LevelInfo, "account stopped")
}

// runSafely turns a panic of a connector into an error.
func runSafely(ctx context.Context, c chat.Connector, s chat.Sink) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return c.Run(ctx, s)
}

func (a *running) set(up bool, err error, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.up != up || a.since.IsZero() {
		a.since = now
	}
	a.up, a.err = up, err
}

// Status says how each account is, by name.
func (r *Router) Status() []AccountStatus {
	r.mu.RLock()
	defer r.mu.RUnlock()
	all := make([]AccountStatus, 0, len(r.running))
	for name, a := range r.running {
		a.mu.Lock()
		s := AccountStatus{Account: name, Up: a.up, Since: a.since, Last: a.last, Parked: r.lane.Parked(name)}
		if a.err != nil {
			s.Reason = chat.Reason(a.err)
		}
		a.mu.Unlock()
		all = append(all, s)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Account < all[j].Account })
	return all
}

// closeAll closes what a stop left open.
func (r *Router) closeAll() {
	r.mu.Lock()
	all := r.running
	r.running = map[chat.Account]*running{}
	r.mu.Unlock()
	for _, a := range all {
		a.stop()
	}
}

// sink is where a connector's events come in.
type sink struct {
	router  *Router
	account chat.Account
	run     *running
}

// Accept stores the batch and what follows from it, then begins to copy its attachments.
func (s *sink) Accept(ctx context.Context, b chat.Batch) error {
	r := s.router
	received := r.cfg.Now()
	// What we sent comes back on most platforms; it is no news, so it is not even stored.
	b.Events = slices.DeleteFunc(slices.Clone(b.Events), isOurs)
	if len(b.Events) == 0 && b.Cursor == nil {
		return nil
	}
	for i := range b.Events {
		r.cfg.Watch(Step{At: received, What: Received, Event: &b.Events[i]})
	}
	var wanted map[chat.EventID][]chat.File // by event, because a plan may run more than once
	plan := func(v store.View, ev chat.Event) (store.Changes, error) {
		c, err := r.plan(v, ev)
		if files := filesOf(c.Deliveries); len(files) > 0 {
			if wanted == nil {
				wanted = map[chat.EventID][]chat.File{}
			}
			wanted[ev.ID] = files
		}
		return c, err
	}
	for place := range refersIn(b.Events) {
		r.lane.Landed(ctx, place)
	}
	for place := range r.echoesIn(b.Events) {
		r.lane.Landed(ctx, place)
	}
	if _, err := r.cfg.Store.Admit(ctx, s.account, b, plan); err != nil {
		return fmt.Errorf("admit from %s: %w", s.account, err)
	}
	now := r.cfg.Now()
	for i, ev := range b.Events {
		r.cfg.Watch(Step{At: now, Took: now.Sub(received), What: Admitted, Event: &b.Events[i]})
		r.prefetch(wanted[ev.ID])
	}
	s.run.mu.Lock()
	if len(b.Events) > 0 {
		s.run.last = now
	}
	s.run.mu.Unlock()
	// An account that receives works: what was parked may go.
	if r.lane.Parked(s.account) != "" {
		r.lane.Resume(s.account)
	}
	return nil
}

// isOurs says whether an event is what we did ourselves. What a platform says of it is not.
func isOurs(ev chat.Event) bool { return ev.Author.Self && !isBounced(ev) }

// refersIn lists the places of the events that refer to a message or a thread: it may be one that we are only just making.
func refersIn(events []chat.Event) map[chat.Conversation]bool {
	var places map[chat.Conversation]bool // nil as long as there are none, as with most messages
	for _, ev := range events {
		if !refers(ev) {
			continue
		}
		if places == nil {
			places = map[chat.Conversation]bool{}
		}
		places[ev.Conversation.Place()] = true
	}
	return places
}

// echoesIn lists the places, as our accounts see them, of messages of bots: one may be what we are only just posting there.
func (r *Router) echoesIn(events []chat.Event) map[chat.Conversation]bool {
	var places map[chat.Conversation]bool
	for _, ev := range events {
		if _, posted := ev.What.(chat.Posted); !posted || !ev.Author.Bot || ev.Conversation.Account.IsBot() {
			continue
		}
		if places == nil {
			places = map[chat.Conversation]bool{}
		}
		at := ev.Conversation.Place()
		places[at] = true
		for _, a := range r.siblings(at.Account) {
			at.Account = a
			places[at] = true
		}
	}
	return places
}

func refers(ev chat.Event) bool {
	switch w := ev.What.(type) {
	case chat.Posted:
		return w.ReplyTo != "" || ev.Conversation.Thread != ""
	case chat.Edited, chat.Deleted, chat.Reacted, chat.Pinned, chat.Pressed, chat.Bounced:
		return true
	case chat.Joined, chat.Left, chat.Typing, chat.Read, chat.Called:
	}
	return false
}

// Cursor is the last cursor that was accepted.
func (s *sink) Cursor(ctx context.Context) ([]byte, error) {
	var cursor []byte
	err := s.router.cfg.Store.Read(ctx, func(v store.Reader) error {
		kept, err := v.Kept(store.CursorKey(s.account))
		cursor = kept
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		return err
	})
	return cursor, err
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
