package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
)

// Admit stores the new events of a batch and what plan wants to follow, and the cursor.
func (s *Store) Admit(ctx context.Context, a chat.Account, b chat.Batch, plan store.Plan) (fresh int, err error) {
	bodies := make([][]byte, len(b.Events))
	for i, ev := range b.Events {
		if bodies[i], err = json.Marshal(ev); err != nil {
			return 0, fmt.Errorf("admit: %w", err)
		}
	}
	err = s.writer.do(ctx, func(t *tx) error {
		fresh = 0
		for i, ev := range b.Events {
			isNew, err := t.log(a, ev.ID, bodies[i])
			if err != nil {
				return fmt.Errorf("admit %s: %w", ev.ID, err)
			}
			if !isNew {
				continue
			}
			fresh++
			if err := t.follow(func(v store.View) (store.Changes, error) { return plan(v, ev) }); err != nil {
				return err
			}
		}
		if b.Cursor == nil {
			return nil
		}
		return t.keep(store.CursorKey(a), b.Cursor)
	})
	if err != nil {
		return 0, err
	}
	return fresh, nil
}

// Change stores what plan returns.
func (s *Store) Change(ctx context.Context, plan func(store.View) (store.Changes, error)) error {
	return s.writer.do(ctx, func(t *tx) error { return t.follow(plan) })
}

// log stores an event and reports whether it is new.
func (t *tx) log(a chat.Account, id chat.EventID, body []byte) (bool, error) {
	account, err := t.intern(string(a))
	if err != nil {
		return false, err
	}
	n, err := t.c.change("INSERT INTO events (seq, account, id, at, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT (account, id) DO NOTHING",
		t.numbers.event, account, string(id), t.now, body)
	if n > 0 {
		t.numbers.event++
	}
	return n > 0, err
}

// follow runs a plan and stores what it returns.
func (t *tx) follow(plan func(store.View) (store.Changes, error)) error {
	ch, err := plan(&t.view)
	if err != nil {
		return err
	}
	return t.apply(ch)
}

// apply stores changes: first what is cancelled, then the rest.
func (t *tx) apply(ch store.Changes) error {
	if err := each(ch.Cancel, t.cancel); err != nil {
		return err
	}
	if err := t.applyDesk(ch); err != nil {
		return err
	}
	if err := each(ch.Deliveries, t.add); err != nil {
		return err
	}
	if err := each(ch.Replay, t.replay); err != nil {
		return err
	}
	if err := each(ch.Confirm, t.confirm); err != nil {
		return err
	}
	if err := each(ch.Unreact, t.unreact); err != nil {
		return err
	}
	if err := each(ch.React, t.react); err != nil {
		return err
	}
	if err := each(ch.Journal, t.append); err != nil {
		return err
	}
	for k, v := range ch.Keep {
		if err := t.keep(k, v); err != nil {
			return err
		}
	}
	return nil
}

// applyDesk stores what changes at desks.
func (t *tx) applyDesk(ch store.Changes) error {
	if err := each(ch.Cases, t.setCase); err != nil {
		return err
	}
	if err := each(ch.Contacts, t.setContact); err != nil {
		return err
	}
	return each(ch.Lines, t.setLine)
}

// each calls f for every change until it fails.
func each[T any](changes []T, f func(T) error) error {
	for _, c := range changes {
		if err := f(c); err != nil {
			return err
		}
	}
	return nil
}

// keep stores a value under a key, or removes it if it is nil.
func (t *tx) keep(key string, value []byte) error {
	var err error
	if value == nil {
		err = t.c.exec("DELETE FROM kept WHERE key = ?", key)
	} else {
		err = t.c.exec("INSERT INTO kept (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2", key, value)
	}
	if err != nil {
		return fmt.Errorf("keep %s: %w", key, err)
	}
	return nil
}

const insertDelivery = `INSERT INTO deliveries (id, lane, place, account, source, turn, state, due, tries, admitted, first, settled,
	files, reason, matter, action, body, rest) VALUES (?1, ?2, ?3, ?4, ?5, ?1, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)`

// add stores a new delivery at the end of its lane.
func (t *tx) add(d chat.Delivery) error {
	d.Admitted = timeOf(t.now)
	row, err := t.row(d)
	if err != nil {
		return err
	}
	d.ID = chat.DeliveryID(t.numbers.delivery)
	t.numbers.delivery++
	settled := int64(0)
	if row.state != waiting {
		settled = t.now
	}
	err = t.c.exec(insertDelivery, int64(d.ID), row.lane, row.place, row.account, hashRef(d.Source), row.state, row.due, d.Tries,
		t.now, nanos(d.First), settled, row.files, orNull(d.Reason), orNull(string(d.Case)), row.action, row.body, row.rest)
	if err != nil {
		return err
	}
	t.counts[row.state]++
	if row.state != waiting {
		return nil
	}
	t.effects = append(t.effects, effect{begins, waiter{id: d.ID, lane: row.lane, place: row.place, account: row.account, due: row.due}})
	if handy(d, row.body) {
		if d.Due.UnixNano() == t.now {
			d.Due = timeOf(0)
		}
		d.State, d.Due, d.First = chat.Waiting, timeOf(nanos(d.Due)), timeOf(nanos(d.First))
		t.added = append(t.added, d)
	}
	return nil
}

// deliveryRow is what a delivery has in the database and not in its type.
type deliveryRow struct {
	lane, place, account, state, due int64
	files                            int
	action                           string
	body, rest                       []byte
}

// row encodes a delivery.
func (t *tx) row(d chat.Delivery) (r deliveryRow, err error) {
	if d.Action == nil {
		return r, errors.New("it has no action")
	}
	if r.action, r.body, err = chat.EncodeAction(d.Action); err != nil {
		return r, err
	}
	if p, ok := d.Action.(chat.Post); ok {
		r.files = len(p.Files)
	}
	if r.rest, err = restOf(d); err != nil {
		return r, err
	}
	if r.state, err = stateNumber(d.State); err != nil {
		return r, err
	}
	if r.due = nanos(d.Due); r.due == 0 {
		r.due = t.now
	}
	target := d.Action.Target()
	if r.lane, err = t.intern(string(d.Lane)); err != nil {
		return r, err
	}
	if r.place, err = t.intern(target.Place().String()); err != nil {
		return r, err
	}
	r.account, err = t.intern(string(target.Account))
	return r, err
}

// handy says whether a delivery is worth remembering until its lease: small, and without files, whose memory
// deliveries of one event share.
func handy(d chat.Delivery, body []byte) bool {
	p, ok := d.Action.(chat.Post)
	return ok && len(p.Files) == 0 && p.Card == nil && len(body) <= recentSize
}

// orNull is s, or NULL when it is empty.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}
