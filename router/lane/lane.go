// Package lane empties lanes. The flow of one delivery:
//
//	Lease → gate (pace, parallel, parked) → resolve (thread, copies, files) → Begin → chat.Do → Settle
//	          ↑                                                                         ↓
//	          ╰───────────────────────────────── Follow ────────────────────────────────╯
//
// Each lane has at most one request on the wire; lanes run side by side. What a platform, an account or a conversation
// asks us to spare is kept in one gate, and the store is not even asked for what the gate holds back, so a hanging,
// throttled or parked destination costs the others nothing.
//
// A lane runs ahead of its settlements where a repeat is harmless (chat.Keyed): when a post was taken, the next delivery is
// tried while the receipt of the one before is on its way to the disk, and settlements that wait share one call. After a
// crash those that were not settled are repeated in the same order, and the receiver folds them. A delivery that looks up
// what earlier ones became, or is no post, first waits until they are settled. Whatever ends in another way than sent, and
// an account whose requests are all in use, end the run: the lane goes back to the store, where the longest due comes
// first. We chose to ask the store for each next delivery (Follow), not to lease several in advance, because what is not
// tried yet can then still be cancelled, and nothing has to be given back; it costs a call in memory for each.
//
// We chose a goroutine per delivery under way, not a pool of workers, because a worker that waits for one platform is a
// worker that another platform lacks; it costs a few kilobytes for each delivery under way, of which there are at most
// Config.InFlight.
package lane

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
)

// Config is what a Runner needs. The zero value of each field below Connector is the default that it names.
type Config struct {
	Store store.Store
	// Connector finds the connector that speaks for an account; false while there is none. release is called when the
	// connector is not used any more.
	Connector func(chat.Account) (c chat.Connector, release func(), ok bool)

	// Content makes a file's bytes readable: it is copied to us first, if it isn't yet. nil: files can't be carried.
	Content func(ctx context.Context, f chat.File) (chat.Content, int64, error)
	// Link is a web address where people can fetch a file that a platform doesn't take; empty when there is none. nil: there
	// never is.
	Link func(ctx context.Context, f chat.File) (string, error)
	// Repeat says that an account's uncertain posts shall be repeated where nothing can tell whether they arrived.
	// nil: they are held.
	Repeat func(chat.Account) bool
	// Pace replaces what an account's traits say about its pace, where it says so. nil: the traits hold.
	Pace func(chat.Account) (chat.Pace, bool)
	// Ended says what follows when a delivery ended (Sent, Rejected, Dead, Held), in the transaction that settles it. It
	// must be pure. nil: nothing.
	Ended func(v store.View, e End) (store.Changes, error)
	// Watch is told of every try, for pages and metrics. It must not block. nil: nobody watches.
	Watch func(Try)

	Tries    int           // after how many a delivery is dead; default 12
	Backoff  time.Duration // before the second try, doubling from there; default 2 s
	Longest  time.Duration // longest pause between two tries; default 10 min
	Timeout  time.Duration // of one try; ten times as long with files; default 60 s
	Linger   time.Duration // how long after a try in doubt the platform may still come round to it; default 5 s
	Grace    time.Duration // how long a stop waits for what is under way; default 8 s
	InFlight int           // deliveries under way at once, over all accounts; default 2048
	Log      *slog.Logger  // nil: silent
	Now      func() time.Time
}

// End is how a delivery ended.
type End struct {
	Delivery chat.Delivery // with its State and Reason
	Gone     bool          // what it was meant for is no longer there
	Copies   []chat.Copy   // what it became
	Lacking  []Lacking     // files that could not be carried
	Outcome  *chat.Outcome // of a chat.Hear; nil: it came to none
}

// ErrAgain is what Ended returns when what a delivery came to was decided on what holds no more: it is tried again, as if it
// never had been.
var ErrAgain = errors.New("what it was decided on has changed")

// Lacking is a file that could not be carried, and why.
type Lacking struct {
	File   chat.File
	Reason string
	Limit  bool // it is too large, or of a kind that is not taken: who sent it can send another
}

// Try is one try of a delivery.
type Try struct {
	Delivery chat.Delivery // as it was settled
	Began    time.Time     // when it was leased
	Took     time.Duration // from the lease to the answer
	Settled  time.Time     // when the answer was on disk
	Kind     string        // "sent", or the chat.Kind of the failure
	Err      error         // nil when it was sent
}

// Runner empties the lanes of one store. Make it with New and call Run once.
type Runner struct {
	cfg     Config
	gate    *gate
	flights flights
	free    chan struct{} // tells the dispatcher that a delivery is no longer under way
	stop    chan struct{} // closed when nothing new shall be sent
	busy    sync.WaitGroup
}

// New makes a Runner.
func New(cfg Config) *Runner {
	cfg.Tries = cmp.Or(cfg.Tries, 12)
	cfg.Backoff = cmp.Or(cfg.Backoff, 2*time.Second)
	cfg.Longest = cmp.Or(cfg.Longest, 10*time.Minute)
	cfg.Timeout = cmp.Or(cfg.Timeout, time.Minute)
	cfg.Linger = cmp.Or(cfg.Linger, 5*time.Second)
	cfg.Grace = cmp.Or(cfg.Grace, 8*time.Second)
	cfg.InFlight = cmp.Or(cfg.InFlight, 2048)
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Repeat == nil {
		cfg.Repeat = func(chat.Account) bool { return false }
	}
	if cfg.Pace == nil {
		cfg.Pace = func(chat.Account) (chat.Pace, bool) { return chat.Pace{}, false }
	}
	if cfg.Watch == nil {
		cfg.Watch = func(Try) {}
	}
	r := &Runner{cfg: cfg, free: make(chan struct{}, 1), stop: make(chan struct{})}
	r.gate = newGate(cfg.Now, r.wake)
	return r
}

// Resume lets an account's deliveries go again that were parked because it was logged out or had no credit.
func (r *Runner) Resume(a chat.Account) { r.gate.resume(a) }

// Parked says why an account's deliveries are parked; empty when they aren't.
func (r *Runner) Parked(a chat.Account) string { return r.gate.parked(a) }

// lastly is how long a stop waits for connectors that were cut off.
const lastly = time.Second

// Run performs deliveries until ctx ends. What is on the wire then has Grace to end before it is cut off. It returns nil
// afterwards, and an error when the store can't be read any more.
func (r *Runner) Run(ctx context.Context) error {
	// What is on the wire when a stop comes is not cut off: it runs under its own context and is waited for below.
	work, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	err := r.dispatch(ctx, work)
	close(r.stop)
	done := make(chan struct{})
	go func() { r.busy.Wait(); close(done) }()
	grace := time.NewTimer(r.cfg.Grace)
	defer grace.Stop()
	select {
	case <-done:
	case <-grace.C:
		cut()
		grace.Reset(lastly)
		select {
		case <-done:
		case <-grace.C:
			r.cfg.Log.LogAttrs(ctx, slog.LevelError, "a connector holds on to a delivery after it was cut off")
		}
	}
	return err
}

// dispatch leases what is due and starts it, until ctx ends.
func (r *Runner) dispatch(ctx, work context.Context) error {
	for ctx.Err() == nil {
		woken := r.cfg.Store.Woken()
		started, err := r.start(ctx, work)
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("lease deliveries: %w", err)
		}
		if started == 0 {
			r.wait(ctx, woken)
		}
	}
	return nil
}

// start leases as many deliveries as there is room for and sets them going.
func (r *Runner) start(ctx, work context.Context) (int, error) {
	room := r.gate.room(r.cfg.InFlight)
	if room <= 0 {
		return 0, nil
	}
	accounts, places := r.gate.closed()
	leased, err := r.cfg.Store.Lease(ctx, store.Want{
		Max: min(room, batch), For: r.leaseFor(), Except: accounts, Places: places,
	})
	if err != nil {
		return 0, err
	}
	began := r.cfg.Now()
	for _, l := range leased {
		r.gate.taken()
		r.busy.Go(func() { r.deliver(work, l, began) })
	}
	return len(leased), nil
}

// batch is how many lanes are leased at once: enough to fill a shared commit, few enough that one account can't
// take all the room in one go.
const batch = 256

// leaseFor outlasts the longest try: waiting for the gate, fetching files, looking back, sending them, and settling.
func (r *Runner) leaseFor() time.Duration { return 24*r.cfg.Timeout + patience }

// wait returns when leasing may give something: the store has news, room was made, the gate opens, or ctx ends.
func (r *Runner) wait(ctx context.Context, woken <-chan struct{}) {
	opens := time.NewTimer(r.gate.opens())
	defer opens.Stop()
	select {
	case <-woken:
	case <-r.free:
	case <-opens.C:
	case <-ctx.Done():
	}
}

// wake tells the dispatcher to look again.
func (r *Runner) wake() {
	select {
	case r.free <- struct{}{}:
	default:
	}
}
