package router

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"time"

	"github.com/roost-im/roost/router/blob"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
	"github.com/roost-im/roost/router/store"
)

const (
	wakeEvery  = 5 * time.Second
	sweepEvery = time.Hour
)

// every calls f now and then again after each pause, until ctx ends. A failure is logged and tried again.
func (r *Router) every(ctx context.Context, pause time.Duration, what string, f func(context.Context) error) error {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		if err := f(ctx); err != nil && ctx.Err() == nil {
			r.cfg.Log.LogAttrs(ctx, slog.LevelError, "housework failed", slog.String("work", what), slog.Any("error", err))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// wakeCases opens snoozed cases whose time has come.
func (r *Router) wakeCases(ctx context.Context) error {
	return r.every(ctx, wakeEvery, "wake cases", func(ctx context.Context) error {
		var due []desk.Case
		err := r.cfg.Store.Read(ctx, func(v store.Reader) (err error) {
			for name := range r.ruling().desks { // cases of a desk that is gone stay as they are
				cs, one := v.Cases(store.CaseFilter{Desk: name, States: []desk.State{desk.Snoozed}, Due: r.cfg.Now()})
				due, err = append(due, cs...), errors.Join(err, one)
			}
			return err
		})
		for _, c := range due {
			err = errors.Join(err, r.cfg.Store.Change(ctx, func(v store.View) (store.Changes, error) { return r.wake(v, c) }))
		}
		return err
	})
}

func (r *Router) wake(v store.View, c desk.Case) (store.Changes, error) {
	d, ok := r.ruling().desks[c.Desk]
	if !ok {
		return store.Changes{}, nil
	}
	now, err := v.Case(c.ID)
	if err != nil {
		return store.Changes{}, err
	}
	contact, err := v.Contact(c.Desk, c.Contact)
	if err != nil {
		return store.Changes{}, err
	}
	return r.changes(v, d, d.Step(now, contact, desk.Woke{}, r.cfg.Now()))
}

// sweep removes what is older than the retention says.
func (r *Router) sweep(ctx context.Context) error {
	return r.every(ctx, sweepEvery, "sweep", func(ctx context.Context) error {
		keep := r.cfg.Keep
		keep.Now = r.cfg.Now()
		_, err := r.cfg.Store.Sweep(ctx, keep)
		return errors.Join(err, r.sweepFiles(ctx))
	})
}

// sweepFiles removes the attachments that are kept no longer than settled deliveries are, but for those of deliveries
// that still wait or can be sent again.
func (r *Router) sweepFiles(ctx context.Context) error {
	if r.cfg.Blobs == nil || r.cfg.Keep.Deliveries == 0 {
		return nil
	}
	wanted := map[blob.Sum]bool{}
	err := r.cfg.Store.Read(ctx, func(v store.Reader) error {
		ds, err := v.Deliveries(store.DeliveryFilter{
			States: []chat.State{chat.Waiting, chat.Held, chat.Rejected, chat.Dead}, Files: true, Limit: math.MaxInt32,
		})
		for _, f := range filesOf(ds) {
			if sum, ok := r.cfg.Blobs.Of(source(f)); ok {
				wanted[sum] = true
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	_, err = r.cfg.Blobs.Sweep(ctx, r.cfg.Keep.Deliveries, func(s blob.Sum) bool { return wanted[s] })
	return err
}
