package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/roost-im/roost/router/store"
)

// sweepStep is how many rows one transaction of a sweep looks at.
const sweepStep = 500

// Sweep removes what is older than keep says.
func (s *Store) Sweep(ctx context.Context, keep store.Retention) (removed int, err error) {
	for _, part := range [...]struct {
		keep  time.Duration
		sweep func(t *tx, before, after int64) (next, removed int64, err error)
	}{
		{keep.Deliveries, (*tx).sweepDeliveries},
		{keep.Events, (*tx).sweepEvents},
		{keep.Events, (*tx).sweepJournal},
		{keep.Copies, (*tx).sweepCopies},
		{keep.Copies, (*tx).sweepReactions},
		{keep.Cases, (*tx).sweepCases},
	} {
		if part.keep <= 0 {
			continue
		}
		before := keep.Now.Add(-part.keep).UnixNano()
		for after := int64(0); after >= 0; {
			next := int64(-1)
			n := int64(0)
			err := s.writer.do(ctx, func(t *tx) (err error) {
				next, n, err = part.sweep(t, before, after)
				return err
			})
			if err != nil {
				return removed, fmt.Errorf("sweep: %w", err)
			}
			after, removed = next, removed+int(n)
		}
	}
	return removed, nil
}

// old is a row that a sweep looks at.
type old struct {
	id, at, state, settled int64
}

// step reads the rows behind after, in order, and says where the next step begins: -1 when none is left that is old.
func (t *tx) step(query string, before, after int64) (olds []old, next int64, err error) {
	olds, err = all(t.ctx, t.c, func(r *sql.Rows) (o old, err error) {
		return o, r.Scan(&o.id, &o.at, &o.state, &o.settled)
	}, query, after, sweepStep)
	if err != nil || len(olds) < sweepStep {
		next = -1
	} else {
		next = olds[len(olds)-1].id
	}
	for i, o := range olds {
		if o.at >= before {
			return olds[:i], -1, err
		}
	}
	return olds, next, err
}

// removeAll removes rows by ID.
func (t *tx) removeAll(statement string, ids []int64) (int64, error) {
	if len(ids) == 0 {
		return 0, nil
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return 0, err
	}
	return t.c.change(statement+" IN (SELECT value FROM json_each(?))", string(list))
}

// remember keeps a number above which no ID was given out, so that none is given out twice.
func (t *tx) remember(key string, next int64) error {
	return t.c.exec("INSERT INTO house (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = max(value, ?2)", key, next)
}

func (t *tx) sweepDeliveries(before, after int64) (next, removed int64, err error) {
	olds, next, err := t.step("SELECT id, admitted, state, settled FROM deliveries WHERE id > ? ORDER BY id LIMIT ?", before, after)
	if err != nil {
		return -1, 0, err
	}
	var ids []int64
	for _, o := range olds {
		if o.state != waiting && o.state != held && o.settled < before {
			ids = append(ids, o.id)
			t.counts[o.state]--
		}
	}
	if err := t.remember("delivery", t.numbers.delivery); err != nil {
		return -1, 0, err
	}
	removed, err = t.removeAll("DELETE FROM deliveries WHERE id", ids)
	return next, removed, err
}

func (t *tx) sweepEvents(before, after int64) (next, removed int64, err error) {
	olds, next, err := t.step("SELECT seq, at, 0, 0 FROM events WHERE seq > ? ORDER BY seq LIMIT ?", before, after)
	if err != nil {
		return -1, 0, err
	}
	if err := t.remember("event", t.numbers.event); err != nil {
		return -1, 0, err
	}
	removed, err = t.removeAll("DELETE FROM events WHERE seq", ids(olds))
	return next, removed, err
}

// sweepCopies leaves those of threads: https://www.sqlite.org/lang_expr.html#glob
func (t *tx) sweepCopies(before, after int64) (next, removed int64, err error) {
	olds, next, err := t.step("SELECT id, at, 0, 0 FROM copies WHERE id > ? AND source_message NOT GLOB 'thread:*' ORDER BY id LIMIT ?", before, after)
	if err != nil {
		return -1, 0, err
	}
	removed, err = t.removeAll("DELETE FROM copies WHERE id", ids(olds))
	return next, removed, err
}

// sweepCases removes closed cases with their lines and threads, and says of rows how many cases went.
func (t *tx) sweepCases(before, after int64) (next, removed int64, err error) {
	cs, err := all(t.ctx, t.c, func(r *sql.Rows) (int64, error) {
		var num int64
		return num, r.Scan(&num)
	}, "SELECT num FROM cases WHERE state = 'closed' AND closed < ? AND num > ? ORDER BY num LIMIT ?", before, after, sweepStep/10)
	if err != nil || len(cs) == 0 {
		return -1, 0, err
	}
	if err := t.remember("matter", t.numbers.matter); err != nil {
		return -1, 0, err
	}
	if err := t.remember("line", t.numbers.line); err != nil {
		return -1, 0, err
	}
	for i, statement := range [...]string{
		"DELETE FROM words WHERE rowid IN (SELECT l.num FROM lines l JOIN cases c ON c.id = l.matter WHERE c.num",
		"DELETE FROM lines WHERE matter IN (SELECT id FROM cases WHERE num",
		"DELETE FROM threads WHERE (matter",
		"DELETE FROM cases WHERE (num",
	} {
		for _, num := range cs {
			n, err := t.c.change(statement+" = ?)", num)
			if err != nil {
				return -1, 0, err
			}
			if i > 0 { // words are no rows of their own
				removed += n
			}
		}
	}
	return cs[len(cs)-1], removed, nil
}

func ids(olds []old) []int64 {
	out := make([]int64, len(olds))
	for i, o := range olds {
		out[i] = o.id
	}
	return out
}
