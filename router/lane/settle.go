package lane

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
)

// settlement says what becomes of a delivery after a try.
func (r *Runner) settlement(at *attempt, receipt chat.Receipt, err error) store.Settlement {
	s := store.Settlement{ID: at.ID, Token: at.Token, State: chat.Waiting, Tried: true}
	r.heed(at, receipt.Left)
	at.outcome = receipt.Outcome
	if err == nil {
		return r.ended(at, s, chat.Sent, copies(at, receipt), nil)
	}
	s.Reason = chat.Reason(err)
	now := r.cfg.Now()
	to := at.Action.Target()
	switch kind := chat.KindOf(err); kind {
	case chat.Transient:
		return r.again(at, s, receipt, err)
	case chat.Throttled:
		return r.throttled(at, s, receipt, err)
	case chat.Uncertain:
		if (at.traits.Repeat == chat.Blind || errors.Is(err, errBlind)) && !r.cfg.Repeat(to.Account) && paced(at.action) {
			return r.ended(at, s, chat.Held, nil, err)
		}
		return r.again(at, s, receipt, err)
	case chat.Refused, chat.Gone:
		return r.ended(at, s, chat.Rejected, copies(at, receipt), err)
	case chat.LoggedOut, chat.Unfunded:
		// The account is the matter, not the delivery: it waits, untried, until the account is back.
		r.gate.park(to.Account, s.Reason)
		s.Tried, s.Due, s.Clear, s.Copies = false, now, !at.doubt, copies(at, receipt)
	}
	return s
}

// again puts a delivery off, or calls it dead when it was tried often enough.
func (r *Runner) again(at *attempt, s store.Settlement, receipt chat.Receipt, err error) store.Settlement {
	made := copies(at, receipt)
	if at.Tries+1 >= r.cfg.Tries {
		return r.ended(at, s, chat.Dead, made, err)
	}
	s.Due, s.Copies = r.cfg.Now().Add(r.backoff(at.Tries+1)), made
	s.Clear = chat.KindOf(err) != chat.Uncertain && !at.doubt
	return s
}

// throttled waits what was asked. It does not count as a try: slowing down is no failure.
func (r *Runner) throttled(at *attempt, s store.Settlement, receipt chat.Receipt, err error) store.Settlement {
	e, _ := errors.AsType[*chat.Error](err)
	wait := r.cfg.Backoff
	if e != nil && e.Wait > 0 {
		wait = e.Wait
	}
	until := r.cfg.Now().Add(wait)
	if e != nil && !errors.Is(err, errPutBack) && !errors.Is(err, errTooEarly) {
		r.gate.pause(at.Action.Target(), e.Scope, until)
	}
	s.Tried, s.Due, s.Clear, s.Copies = false, until, !at.doubt, copies(at, receipt)
	return s
}

// ended settles a delivery for good and says what follows.
func (r *Runner) ended(at *attempt, s store.Settlement, state chat.State, made []chat.Copy, err error) store.Settlement {
	s.State, s.Copies = state, made
	if r.cfg.Ended == nil {
		return s
	}
	end := End{
		Delivery: at.Delivery, Copies: made, Lacking: at.lacking, Outcome: at.outcome,
		Gone: err != nil && chat.KindOf(err) == chat.Gone,
	}
	end.Delivery.Action = at.action
	end.Delivery.State, end.Delivery.Reason, end.Delivery.Tries = state, s.Reason, at.Tries+1
	s.Then = func(v store.View) (store.Changes, error) { return r.cfg.Ended(v, end) }
	return s
}

// heed spares what the platform said has nothing left.
func (r *Runner) heed(at *attempt, left []chat.Allowance) {
	for _, a := range left {
		if a.Remaining <= 0 && a.Reset.After(r.cfg.Now()) {
			r.gate.pause(at.Action.Target(), a.Scope, a.Reset)
		}
	}
}

// copies lists what a Post or an Open became, and the messages that an Edit had to add: they stand for what was edited.
func copies(at *attempt, receipt chat.Receipt) []chat.Copy {
	source, hops := at.Source, 0
	var known []chat.MessageID
	switch a := at.action.(type) {
	case chat.Post:
		hops = a.Hops
	case chat.Open:
	case chat.Edit:
		source, known = at.Of, a.Messages
		if a.Else != nil {
			hops = a.Else.Hops
		}
	case chat.Delete, chat.React, chat.Pin, chat.Hear:
		return nil
	}
	if source.IsZero() {
		return nil
	}
	to := at.action.Target()
	if !receipt.Conversation.IsZero() {
		to = receipt.Conversation
	}
	if source.IsThread() {
		if to.Thread == "" {
			return nil
		}
		return []chat.Copy{{Source: source, Dest: to.ThreadRef()}}
	}
	var made []chat.Copy
	for i, m := range receipt.Messages {
		if !slices.Contains(known, m) {
			made = append(made, chat.Copy{
				Source: source, Dest: chat.Ref{Conversation: to, Message: m}, Part: at.Part + i, Hops: hops,
			})
		}
	}
	return made
}

// report tells the watcher and the log how a try ended.
func (r *Runner) report(ctx context.Context, at *attempt, s store.Settlement, took time.Duration, err error) {
	d := at.Delivery
	d.Action, d.State, d.Reason, d.Due = at.action, s.State, s.Reason, s.Due
	kind := string(chat.Sent)
	if err != nil {
		kind = chat.KindOf(err).String()
	}
	if errors.Is(err, errPutBack) || errors.Is(err, errTooEarly) || err == nil && s.State == chat.Waiting {
		return // it was not tried, or shall be tried again as if it never was
	}
	r.cfg.Watch(Try{Delivery: d, Began: at.began, Took: took, Settled: r.cfg.Now(), Kind: kind, Err: err})
	if err == nil {
		return
	}
	attrs := []slog.Attr{
		slog.Int64("delivery", int64(d.ID)), slog.String("conversation", d.Action.Target().String()),
		slog.String("kind", kind), slog.String("state", string(s.State)), slog.Int("attempt", at.Tries+1),
		slog.Any("error", err),
	}
	if s.State == chat.Waiting {
		r.cfg.Log.LogAttrs(ctx, slog.LevelWarn, "delivery put off", attrs...)
		return
	}
	r.cfg.Log.LogAttrs(ctx, slog.LevelError, "delivery ended without being sent", attrs...)
}
