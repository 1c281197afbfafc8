package router

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
	"github.com/roost-im/roost/router/schedule"
	"github.com/roost-im/roost/router/store"
)

// reminding is the purpose of a delivery that lists who waits.
const reminding = "remind"

// remindMost is how many cases people are reminded of at once; the others' turn is the next slot.
const remindMost = 200

// remind reminds the teams of contacts who wait, when their desks want it.
func (r *Router) remind(ctx context.Context) error {
	type rest struct {
		every schedule.Schedule
		until time.Time
	}
	resting := map[string]rest{} // by desk: its schedule, and when that is due
	return r.every(ctx, wakeEvery, "remind", func(ctx context.Context) (err error) {
		for name, d := range r.ruling().desks {
			now := r.cfg.Now()
			next := d.Remind.Every.Next(now)
			if last, ok := resting[name]; next.IsZero() || ok && last.every.Equal(d.Remind.Every) && now.Before(last.until) {
				continue
			}
			due, known, one := r.slotDue(ctx, d, now)
			if one == nil && (due || !known) {
				one = r.remindAt(ctx, d, now)
			}
			if one == nil {
				resting[name] = rest{every: d.Remind.Every, until: next}
			}
			err = errors.Join(err, one)
		}
		return err
	})
}

// slotDue says whether a desk's schedule is due, and whether it was ever looked at.
func (r *Router) slotDue(ctx context.Context, d Desk, now time.Time) (due, known bool, err error) {
	err = r.cfg.Store.Read(ctx, func(v store.Reader) error {
		last, there, err := remindedUntil(v, d.Name)
		next := d.Remind.Every.Next(last)
		due, known = there && !next.After(now), there
		return err
	})
	return due, known, err
}

// remindKey is the key under which it is kept until when the slots of a desk's reminders are seen to.
func remindKey(deskName string) string { return "remind/" + deskName }

func remindedUntil(v store.View, deskName string) (last time.Time, known bool, err error) {
	raw, err := v.Kept(remindKey(deskName))
	if errors.Is(err, store.ErrNotFound) {
		return time.Time{}, false, nil
	}
	if err != nil {
		return time.Time{}, false, err
	}
	// What can't be read is as if it were not there.
	seconds, err := strconv.ParseInt(string(raw), 10, 64)
	return time.Unix(seconds, 0), err == nil, nil
}

// remindAt sees to the slots of a desk up to now: in the one transaction that tells of who waits.
func (r *Router) remindAt(ctx context.Context, d Desk, now time.Time) error {
	var open []desk.Case
	err := r.cfg.Store.Read(ctx, func(v store.Reader) (err error) {
		open, err = v.Cases(store.CaseFilter{Desk: d.Name, States: []desk.State{desk.Open}, Limit: math.MaxInt32})
		return err
	})
	if err != nil {
		return err
	}
	open = slices.DeleteFunc(open, func(c desk.Case) bool { return !d.Overdue(c, now) })
	slices.SortFunc(open, func(a, b desk.Case) int {
		return cmp.Or(a.Waiting.Compare(b.Waiting), cmp.Compare(a.ID, b.ID))
	})
	open = open[:min(len(open), remindMost)]
	return r.cfg.Store.Change(ctx, func(v store.View) (store.Changes, error) { return r.reminded(v, d, open, now) })
}

// reminded is what follows from the slots of a desk up to now, if nobody else has seen to them.
func (r *Router) reminded(v store.View, d Desk, overdue []desk.Case, now time.Time) (store.Changes, error) {
	last, known, err := remindedUntil(v, d.Name)
	if err != nil {
		return store.Changes{}, err
	}
	if !known {
		last = now
	}
	slots, dropped := d.Remind.Every.Due(last, now, schedule.Policy{})
	if known && len(slots) == 0 && dropped == 0 {
		return store.Changes{}, nil
	}
	seen := strconv.FormatInt(max(last.Unix(), now.Unix()), 10)
	all := store.Changes{Keep: map[string][]byte{remindKey(d.Name): []byte(seen)}}
	if len(slots) == 0 {
		return all, nil
	}
	ws, err := r.nag(v, d, overdue, now, &all)
	if err != nil || len(ws) == 0 || d.Remind.To.IsZero() {
		return all, err
	}
	all.Deliveries = append(all.Deliveries, r.cut([]chat.Delivery{{
		Lane: chat.LaneTo(d.Remind.To), Purpose: reminding, Action: chat.Post{To: d.Remind.To, Text: desk.Summary(ws, now)},
	}})...)
	return all, nil
}

// nag adds to all what reminds of the cases that are still overdue, and lists their contacts.
func (r *Router) nag(v store.View, d Desk, overdue []desk.Case, now time.Time, all *store.Changes) ([]desk.Waiter, error) {
	var ws []desk.Waiter
	for _, c := range overdue {
		c, err := v.Case(c.ID)
		if err != nil {
			return nil, err
		}
		contact, err := v.Contact(c.Desk, c.Contact)
		if err != nil {
			return nil, err
		}
		res := d.Step(c, contact, desk.Nag{}, now)
		if res.Case.Nagged.Equal(c.Nagged) {
			continue // somebody was faster
		}
		one, err := r.changes(v, d, res)
		if err != nil {
			return nil, err
		}
		ws = append(ws, desk.Waiter{Case: res.Case, Contact: res.Contact})
		all.Deliveries = append(all.Deliveries, one.Deliveries...)
		all.Lines = append(all.Lines, one.Lines...)
		all.Cases = append(all.Cases, one.Cases...)
	}
	return ws, nil
}
