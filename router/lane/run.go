package lane

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
)

// ahead is how many deliveries of a lane may be performed and not settled.
const ahead = 64

// run is a lane under way: the deliveries that were given under one lease, performed one after the other. What became of
// them is stored in the same order, by a goroutine that is there as long as anything waits for it.
type run struct {
	r    *Runner
	told chan struct{} // told when something was stored

	mu       sync.Mutex
	done     []outcome // performed, and not in the settler's hands
	open     int       // performed and not settled
	settling bool      // the settler is there
	lost     bool      // something could not be stored
	back     bool      // something shall be tried again before what is behind it
}

// outcome is how a try ended, and what becomes of the delivery.
type outcome struct {
	at   *attempt
	s    store.Settlement
	took time.Duration
	err  error
}

// turnedBack says whether the delivery was performed, and yet shall be tried again (ErrAgain).
func (o outcome) turnedBack() bool { return o.err == nil && o.s.State == chat.Waiting }

// deliver takes a leased delivery as far as it goes now, and after it those behind it for as long as the lane may run
// ahead. It returns when all of them are settled.
func (r *Runner) deliver(ctx context.Context, l store.Leased, began time.Time) {
	n := &run{r: r, told: make(chan struct{}, 1)}
	for at := newAttempt(l, began); at != nil; {
		receipt, err := r.try(ctx, at)
		o := outcome{at: at, s: r.settlement(at, receipt, err), took: r.cfg.Now().Sub(at.began), err: err}
		at = r.follow(ctx, o)
		n.put(ctx, o, at == nil)
		if at != nil && !n.await(at.before()) {
			n.release(ctx, at)
			at = nil
		}
	}
	n.await(0)
}

// release gives back a delivery that was not tried. When something before it could not be stored its lease is lost like that
// one's.
func (n *run) release(ctx context.Context, at *attempt) {
	n.await(0)
	defer n.r.gate.returned(1)
	if !n.back {
		return
	}
	s := store.Settlement{ID: at.ID, Token: at.Token, State: chat.Waiting, Due: at.Due, Reason: at.Reason}
	if err := n.r.settle(ctx, &s); err != nil {
		n.r.cfg.Log.LogAttrs(ctx, slog.LevelError, "delivery not given back", slog.Int64("delivery", int64(at.ID)), slog.Any("error", err))
	}
}

// follow gives the delivery behind one that was performed, if its lane may go on before that is settled. It may where a
// repeat is harmless and the account has requests to spare: otherwise the lanes that wait longer go first.
func (r *Runner) follow(ctx context.Context, o outcome) *attempt {
	if o.err != nil || o.at.traits.Repeat != chat.Keyed || o.at.crowded || !r.gate.goesOn(o.at.Action.Target(), r.cfg.InFlight) {
		return nil
	}
	select {
	case <-r.stop:
		return nil
	default:
	}
	l, ok, err := r.cfg.Store.Follow(ctx, o.at.Token, r.leaseFor())
	if err != nil {
		r.cfg.Log.LogAttrs(ctx, slog.LevelError, "lane not followed", slog.String("lane", string(o.at.Lane)), slog.Any("error", err))
	}
	if err != nil || !ok {
		return nil
	}
	r.gate.taken()
	return newAttempt(l, r.cfg.Now())
}

// before is how many earlier deliveries of its lane may be unsettled when this one is tried. What looks up what they
// became, or is about messages that are there, waits for all of them.
func (at *attempt) before() int {
	if _, ok := at.Action.(chat.Post); !ok || at.looksUp() {
		return 0
	}
	return ahead - 1
}

// put has an outcome stored behind those before it: at once when it is the last and nothing else waits, otherwise by the
// settler.
func (n *run) put(ctx context.Context, o outcome, last bool) {
	n.mu.Lock()
	settling := n.settling
	if settling || !last {
		n.done, n.open, n.settling = append(n.done, o), n.open+1, true
	}
	n.mu.Unlock()
	switch {
	case settling:
	case last:
		n.store(ctx, []outcome{o})
	default:
		go n.settle(ctx) // deliver awaits it
	}
}

// settle stores outcomes, all that wait at once, until none is left.
func (n *run) settle(ctx context.Context) {
	for {
		n.mu.Lock()
		os := n.done
		n.done, n.settling = nil, len(os) > 0
		n.mu.Unlock()
		if len(os) == 0 {
			n.tell()
			return
		}
		ok := n.store(ctx, os)
		n.mu.Lock()
		n.open -= len(os)
		n.lost = n.lost || !ok
		n.back = n.back || slices.ContainsFunc(os, outcome.turnedBack)
		n.mu.Unlock()
		n.tell()
	}
}

func (n *run) tell() {
	select {
	case n.told <- struct{}{}:
	default:
	}
}

// await returns when no more than most deliveries are performed and not settled, and when most is 0, with the settler's
// end. It reports false when one could not be settled, or shall be tried again: then nothing behind it may be tried.
func (n *run) await(most int) bool {
	for {
		n.mu.Lock()
		open, settling, goesOn := n.open, n.settling, !n.lost && !n.back
		n.mu.Unlock()
		if open <= most && (most > 0 || !settling) {
			return goesOn
		}
		<-n.told
	}
}

// store stores outcomes, together if that can be and otherwise one by one, and reports them. When one can't be stored,
// those behind it aren't either.
func (n *run) store(ctx context.Context, os []outcome) bool {
	defer n.r.gate.returned(len(os))
	defer func() {
		for _, o := range os {
			if o.at.flight != nil {
				n.r.flights.land(o.at.place, o.at.flight)
			}
		}
	}()
	together := len(os) > 1 && n.r.settleAll(ctx, os) == nil
	for i := range os {
		o := &os[i]
		if !together {
			if err := n.r.settle(ctx, &o.s); err != nil {
				n.r.cfg.Log.LogAttrs(ctx, slog.LevelError, "delivery not settled",
					slog.Int64("delivery", int64(o.at.ID)), slog.Int("behind", len(os)-i-1), slog.Any("error", err))
				return false
			}
		}
		n.r.report(ctx, o.at, o.s, o.took, o.err)
	}
	return true
}

// settleAll stores what became of several deliveries: of all or of none.
func (r *Runner) settleAll(ctx context.Context, os []outcome) error {
	ss := make([]store.Settlement, len(os))
	for i, o := range os {
		ss[i] = o.s
	}
	return r.cfg.Store.Settle(context.WithoutCancel(ctx), ss...)
}
