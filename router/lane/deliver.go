package lane

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
)

// attempt is one leased delivery on its way through one try.
type attempt struct {
	store.Leased
	began   time.Time
	doubt   bool // an earlier try may have arrived
	conn    chat.Connector
	traits  chat.Traits
	action  chat.Action
	lacking []Lacking
	crowds  uint64 // how often the account's requests had all been in use when this one began
	crowded bool   // they were while it was on the wire
	place   chat.Conversation
	flight  *flight // in place; nil: it was not tried, or makes no message
	outcome *chat.Outcome
}

func newAttempt(l store.Leased, began time.Time) *attempt {
	return &attempt{Leased: l, began: began, doubt: !l.First.IsZero(), action: l.Action}
}

// try performs the delivery if the gate lets it through. Its errors carry a Kind.
func (r *Runner) try(ctx context.Context, at *attempt) (receipt chat.Receipt, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
		}
	}()
	to := at.Action.Target()
	conn, release, ok := r.cfg.Connector(to.Account)
	if !ok {
		return receipt, &chat.Error{Op: "lane", Kind: chat.LoggedOut, Reason: "the account " + string(to.Account) + " is not running"}
	}
	defer release()
	at.conn, at.traits = conn, conn.Traits()
	if pace, ok := r.cfg.Pace(to.Account); ok {
		at.traits.Pace = pace
	}
	if err := r.pass(at, to); err != nil {
		return receipt, err
	}
	defer func() { at.crowded = r.gate.leave(to, at.crowds) }()
	if err := r.resolve(ctx, at); err != nil {
		return receipt, err
	}
	if receipt, found, err := r.lookBack(ctx, at); found || err != nil {
		return receipt, err
	}
	if err := r.begin(ctx, at); err != nil {
		return receipt, err
	}
	return r.perform(ctx, at)
}

// perform is the request itself. From here on, an end that the connector did not explain leaves it open whether the
// request arrived.
func (r *Runner) perform(ctx context.Context, at *attempt) (receipt chat.Receipt, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout(at.action))
	defer cancel()
	if paced(at.action) {
		at.place = at.action.Target().Place()
		at.flight = r.flights.start(at.place, r.cfg.Now())
	}
	defer func() {
		if p := recover(); p != nil {
			err = &chat.Error{Op: "lane", Kind: chat.Uncertain, Err: panicked(p)}
		}
	}()
	receipt, err = chat.Do(ctx, at.conn, at.action)
	if _, explained := errors.AsType[*chat.Error](err); err != nil && !explained && ctx.Err() != nil {
		err = &chat.Error{Op: "lane", Kind: chat.Uncertain, Err: err}
	}
	return receipt, err
}

func panicked(p any) error { return fmt.Errorf("panic: %v\n%s", p, debug.Stack()) }

// timeout is how long one try may take.
func (r *Runner) timeout(a chat.Action) time.Duration {
	if p, ok := a.(chat.Post); ok && len(p.Files) > 0 {
		return 10 * r.cfg.Timeout
	}
	return r.cfg.Timeout
}

// errPutBack says that the gate stayed shut for longer than a leased delivery may wait.
var errPutBack = errors.New("the gate is shut")

// pass waits for the gate, for as long as patience lasts.
func (r *Runner) pass(at *attempt, to chat.Conversation) error {
	deadline := r.cfg.Now().Add(patience)
	queued := false
	defer func() {
		if queued {
			r.gate.queued(to.Account, -1)
		}
	}()
	for {
		crowds, wait, slot := r.gate.enter(to, at.traits, paced(at.Action))
		if wait == 0 {
			at.crowds = crowds
			return nil
		}
		left := deadline.Sub(r.cfg.Now())
		if left <= 0 || slot == nil && wait > left {
			return &chat.Error{Op: "lane", Kind: chat.Throttled, Wait: wait, Err: errPutBack}
		}
		if slot != nil && !queued {
			queued = true
			r.gate.queued(to.Account, 1)
		}
		timer := time.NewTimer(min(wait, left))
		select {
		case <-timer.C:
		case <-slot:
		case <-r.stop:
			timer.Stop()
			return &chat.Error{Op: "lane", Kind: chat.Throttled, Wait: time.Millisecond, Err: errPutBack}
		}
		timer.Stop()
	}
}

// paced says whether an action counts against a conversation's pace: those that make messages do.
func paced(a chat.Action) bool {
	switch a.(type) {
	case chat.Post, chat.Open:
		return true
	case chat.Edit, chat.Delete, chat.React, chat.Pin, chat.Hear:
		return false
	}
	return false
}

// lookBack finds out whether an earlier try arrived whose end is not known.
func (r *Runner) lookBack(ctx context.Context, at *attempt) (chat.Receipt, bool, error) {
	if at.First.IsZero() || !paced(at.action) || at.traits.Repeat == chat.Keyed {
		return chat.Receipt{}, false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, r.cfg.Timeout)
	defer cancel()
	receipt, found, known, err := chat.Find(ctx, at.conn, at.action, at.First)
	switch {
	case err != nil:
		// Not having found out is no reason to repeat: whatever went wrong, try to find out again.
		return receipt, false, lookedInVain(err)
	case known && found:
		return receipt, true, nil
	case known && r.cfg.Now().Before(at.First.Add(r.cfg.Linger)):
		// A platform may take its time over a request whose sender is gone: not there yet is not yet not there.
		return receipt, false, &chat.Error{
			Op: "lane", Kind: chat.Throttled, Wait: at.First.Add(r.cfg.Linger).Sub(r.cfg.Now()), Err: errTooEarly,
		}
	case known:
		at.First, at.doubt = time.Time{}, false // that try did not arrive
		return receipt, false, nil
	case r.cfg.Repeat(at.Action.Target().Account):
		return receipt, false, nil
	}
	return receipt, false, &chat.Error{Op: "lane", Kind: chat.Uncertain, Err: errBlind}
}

// errTooEarly says that a post which is not there may still arrive.
var errTooEarly = errors.New("it may still arrive")

// errBlind says that nothing can tell whether a post arrived.
var errBlind = errors.New("nothing can tell whether it arrived")

// lookedInVain keeps the kinds that concern the account; everything else is worth another look.
func lookedInVain(err error) error {
	switch chat.KindOf(err) {
	case chat.Throttled, chat.LoggedOut, chat.Unfunded, chat.Transient:
		return err
	case chat.Uncertain, chat.Refused, chat.Gone:
	}
	return &chat.Error{Op: "lane: look back", Kind: chat.Transient, Reason: chat.Reason(err), Err: err}
}

// begin puts it on disk that a try began, where repeating it would not be harmless.
func (r *Runner) begin(ctx context.Context, at *attempt) error {
	if !at.First.IsZero() || !paced(at.action) || at.traits.Repeat == chat.Keyed {
		return nil
	}
	now := r.cfg.Now()
	if err := r.cfg.Store.Begin(ctx, at.ID, at.Token, now); err != nil {
		return fmt.Errorf("begin delivery %d: %w", at.ID, err)
	}
	at.First = now
	return nil
}

// settle stores a settlement, again and again while the disk is full: what was sent must not be sent twice. For the same
// reason it is stored without what should follow from it when that can't be planned.
func (r *Runner) settle(ctx context.Context, s *store.Settlement) error {
	for pause := time.Second; ; pause = min(2*pause, time.Minute) {
		err := r.cfg.Store.Settle(context.WithoutCancel(ctx), *s)
		switch {
		case err == nil || errors.Is(err, store.ErrLeaseLost) || errors.Is(err, store.ErrClosed):
			return err
		case errors.Is(err, ErrAgain):
			due := r.cfg.Now().Add(rand.N(shortly))
			*s = store.Settlement{ID: s.ID, Token: s.Token, State: chat.Waiting, Due: due, Clear: true}
			continue
		case !errors.Is(err, store.ErrFull) && s.Then == nil:
			return err
		case !errors.Is(err, store.ErrFull):
			r.cfg.Log.LogAttrs(ctx, slog.LevelError, "what follows from a delivery not planned",
				slog.Int64("delivery", int64(s.ID)), slog.Any("error", err))
			s.Then = nil
			continue
		}
		r.cfg.Log.LogAttrs(ctx, slog.LevelError, "delivery not settled, trying again",
			slog.Int64("delivery", int64(s.ID)), slog.Any("error", err))
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
	}
}

// shortly is how soon a delivery is tried again that came to nothing (ErrAgain): what got in its way has not ended at once.
const shortly = 10 * time.Millisecond

// backoff is the pause after the nth try: doubling, between half and all of it, so that many don't come back at once.
func (r *Runner) backoff(n int) time.Duration {
	d := r.cfg.Longest
	if n < 30 {
		d = min(r.cfg.Backoff<<max(n-1, 0), r.cfg.Longest)
	}
	return d/2 + rand.N(d/2+1)
}
