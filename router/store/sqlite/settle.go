package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
)

// Settle settles deliveries that were given under leases, in order.
func (s *Store) Settle(ctx context.Context, ss ...store.Settlement) error {
	return s.writer.do(ctx, func(t *tx) error {
		for _, st := range ss {
			if err := t.settle(st); err != nil {
				return fmt.Errorf("settle %d: %w", st.ID, err)
			}
			if st.Then == nil {
				continue
			}
			if err := t.follow(st.Then); err != nil {
				return err
			}
		}
		return nil
	})
}

const updateDelivery = `UPDATE deliveries SET state = ?2, due = CASE WHEN ?3 = 0 THEN due ELSE ?3 END, tries = tries + ?4,
	first = CASE WHEN ?5 THEN 0 ELSE first END, reason = ?6, settled = ?7 WHERE id = ?1 AND state = 0`

// settle stores the end of a leased delivery, or when it is due again, and its copies.
func (t *tx) settle(st store.Settlement) error {
	state, err := stateNumber(st.State)
	if err != nil {
		return err
	}
	l, err := t.claim(st.ID, st.Token)
	if err != nil {
		return err
	}
	var due, tries, settled int64
	doubtless := false
	e := effect{ends, waiter{id: st.ID, lane: l.id}}
	if state == waiting {
		if due = nanos(st.Due); due == 0 {
			due = t.now
		}
		e.kind, e.due = putsOff, due
		doubtless = st.Clear
	} else {
		settled = t.now
	}
	if st.Tried {
		tries = 1
	}
	n, err := t.c.change(updateDelivery, int64(st.ID), state, due, tries, doubtless, orNull(st.Reason), settled)
	if err != nil {
		return err
	}
	if n == 0 {
		return store.ErrLeaseLost
	}
	t.ended[st.ID] = true
	t.counts[waiting]--
	t.counts[state]++
	t.effects = append(t.effects, e)
	for _, c := range st.Copies {
		if err := t.copied(c); err != nil {
			return fmt.Errorf("copy: %w", err)
		}
	}
	return nil
}

// claim keeps the lease of a delivery from ending while the transaction runs.
func (t *tx) claim(id chat.DeliveryID, token int64) (*lane, error) {
	l, ok := t.s.lanes.claim(id, token)
	if !ok || t.ended[id] {
		return nil, store.ErrLeaseLost
	}
	t.pins = append(t.pins, l)
	return l, nil
}

// Begin remembers that a try of a leased delivery began.
func (s *Store) Begin(ctx context.Context, id chat.DeliveryID, token int64, at time.Time) error {
	return s.writer.do(ctx, func(t *tx) error {
		_, err := t.claim(id, token)
		if err == nil {
			err = t.c.exec("UPDATE deliveries SET first = ?2 WHERE id = ?1", int64(id), at)
		}
		if err != nil {
			return fmt.Errorf("begin %d: %w", id, err)
		}
		return nil
	})
}

const insertCopy = `INSERT INTO copies (source, source_thread, source_message, dest, dest_thread, dest_message, part, hops, at)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`

// copied stores a copy.
func (t *tx) copied(c chat.Copy) error {
	source, err := t.intern(c.Source.Conversation.Place().String())
	if err != nil {
		return err
	}
	dest, err := t.intern(c.Dest.Conversation.Place().String())
	if err != nil {
		return err
	}
	return t.c.exec(insertCopy, source, orNull(string(c.Source.Conversation.Thread)), string(c.Source.Message),
		dest, orNull(string(c.Dest.Conversation.Thread)), string(c.Dest.Message), c.Part, c.Hops, t.now)
}

// where says where a delivery is in its life.
type where struct{ state, lane, place, account int64 }

func (t *tx) where(id chat.DeliveryID) (where, error) {
	ws, err := all(t.ctx, t.c, func(r *sql.Rows) (w where, err error) {
		return w, r.Scan(&w.state, &w.lane, &w.place, &w.account)
	}, "SELECT state, lane, place, account FROM deliveries WHERE id = ?", int64(id))
	if err == nil && len(ws) == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return where{}, err
	}
	return ws[0], nil
}

// cancel takes a waiting delivery back, unless it is leased or does not wait.
func (t *tx) cancel(id chat.DeliveryID) error {
	w, err := t.where(id)
	if err != nil || w.state != waiting || t.hold(w.lane, id) {
		return err
	}
	if err := t.c.exec("UPDATE deliveries SET state = ?2, settled = ?3 WHERE id = ?1", int64(id), cancelled, t.now); err != nil {
		return err
	}
	t.ended[id] = true
	t.counts[waiting]--
	t.counts[cancelled]++
	t.effects = append(t.effects, effect{ends, waiter{id: id, lane: w.lane}})
	return nil
}

// replay lets a delivery that ended without being sent wait again, behind all others of its lane, as if it had never
// been tried.
func (t *tx) replay(id chat.DeliveryID) error {
	w, err := t.where(id)
	if err != nil || w.state != dead && w.state != rejected && w.state != held {
		return err
	}
	turn := t.numbers.delivery
	t.numbers.delivery++
	err = t.c.exec("UPDATE deliveries SET state = 0, turn = ?2, due = ?3, tries = 0, first = 0, reason = NULL, settled = 0 WHERE id = ?1",
		int64(id), turn, t.now)
	if err != nil {
		return err
	}
	t.counts[w.state]--
	t.counts[waiting]++
	t.effects = append(t.effects, effect{begins, waiter{id: id, lane: w.lane, place: w.place, account: w.account, due: t.now}})
	return nil
}

// confirm makes a held delivery one that was sent.
func (t *tx) confirm(id chat.DeliveryID) error {
	w, err := t.where(id)
	if err != nil || w.state != held {
		return err
	}
	if err := t.c.exec("UPDATE deliveries SET state = ?2, settled = ?3, reason = NULL WHERE id = ?1", int64(id), sent, t.now); err != nil {
		return err
	}
	t.counts[held]--
	t.counts[sent]++
	return nil
}
