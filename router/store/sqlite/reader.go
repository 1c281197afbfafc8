package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
	"github.com/roost-im/roost/router/store"
)

// defaultLimit is how much a report lists when nothing else is asked for.
const defaultLimit = 100

// reader adds the reports to a view.
type reader struct{ view }

// Read runs f on one consistent state.
func (s *Store) Read(ctx context.Context, f func(store.Reader) error) error {
	if err := s.usable(ctx); err != nil {
		return err
	}
	t, err := s.readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("read: %w", mapped(err))
	}
	defer t.Rollback() //nolint:errcheck // nothing was written
	r := &reader{view{ctx: ctx, q: t}}
	r.name = func(name string) (int64, error) { return s.names.find(ctx, t, name) }
	r.busy = func(lane int64, id chat.DeliveryID) bool { return s.lanes.busy(lane, id, s.now()) }
	return f(r)
}

// query is a SELECT with conditions that may or may not be there.
type query struct {
	where []string
	args  []any
}

func (q *query) and(condition string, args ...any) {
	q.where = append(q.where, condition)
	q.args = append(q.args, args...)
}

// in adds a condition that column is one of values, if there are any.
func in[T any](q *query, column string, values []T, plain func(T) (any, error)) error {
	if len(values) == 0 {
		return nil
	}
	for _, v := range values {
		p, err := plain(v)
		if err != nil {
			return err
		}
		q.args = append(q.args, p)
	}
	q.where = append(q.where, column+" IN (?"+strings.Repeat(", ?", len(values)-1)+")")
	return nil
}

// build makes the query: what, then the conditions, then the order, then the limit.
func (q *query) build(what, order string, limit int) (string, []any) {
	if len(q.where) > 0 {
		what += " WHERE " + strings.Join(q.where, " AND ")
	}
	if limit <= 0 {
		limit = defaultLimit
	}
	return what + order + " LIMIT ?", append(q.args, limit)
}

// Deliveries lists deliveries, newest first.
func (r *reader) Deliveries(f store.DeliveryFilter) ([]chat.Delivery, error) {
	var q query
	if len(f.IDs) > 0 {
		ids, err := json.Marshal(f.IDs)
		if err != nil {
			return nil, err
		}
		q.and("d.id IN (SELECT value FROM json_each(?))", string(ids))
	}
	err := in(&q, "d.state", f.States, func(s chat.State) (any, error) { return stateNumber(s) })
	if err != nil {
		return nil, err
	}
	if f.Account != "" {
		id, err := r.name(string(f.Account))
		if err != nil {
			return nil, err
		}
		q.and("d.account = ?", id)
	}
	if f.Case != "" {
		q.and("d.matter = ?", string(f.Case))
	}
	if f.Files {
		q.and("d.files > 0")
	}
	text, args := q.build(deliveryColumns, " ORDER BY d.id DESC", f.Limit)
	ds, err := deliveries(r.ctx, r.q, text, args...)
	if err != nil {
		return nil, fmt.Errorf("deliveries: %w", err)
	}
	return ds, nil
}

// Count counts the deliveries of each state.
func (r *reader) Count() (map[chat.State]int, error) {
	type count struct {
		state int64
		n     int
	}
	cs, err := all(r.ctx, r.q, func(rows *sql.Rows) (c count, err error) { return c, rows.Scan(&c.state, &c.n) },
		"SELECT state, n FROM counts WHERE n > 0")
	if err != nil {
		return nil, fmt.Errorf("count: %w", err)
	}
	out := make(map[chat.State]int, len(cs))
	for _, c := range cs {
		out[stateOf(c.state)] = c.n
	}
	return out, nil
}

// Cases lists cases, the last changed first.
func (r *reader) Cases(f store.CaseFilter) ([]desk.Case, error) {
	var q query
	if f.Desk != "" {
		q.and("desk = ?", f.Desk)
	}
	if err := in(&q, "state", f.States, func(s desk.State) (any, error) { return string(s), nil }); err != nil {
		return nil, err
	}
	if !f.Due.IsZero() {
		q.and("state = 'snoozed' AND until <= ?", nanos(f.Due))
	}
	text, args := q.build("SELECT body FROM cases", " ORDER BY changed DESC", f.Limit)
	cs, err := all(r.ctx, r.q, scanJSON[desk.Case], text, args...)
	if err != nil {
		return nil, fmt.Errorf("cases: %w", err)
	}
	return cs, nil
}

// Events lists stored events with sequence numbers above after, in order.
func (r *reader) Events(after int64, limit int) ([]store.Stored, error) {
	if limit <= 0 {
		limit = defaultLimit
	}
	es, err := all(r.ctx, r.q, func(rows *sql.Rows) (e store.Stored, err error) {
		var body []byte
		if err := rows.Scan(&e.Seq, &body); err != nil {
			return e, err
		}
		return e, json.Unmarshal(body, &e.Event)
	}, "SELECT seq, body FROM events WHERE seq > ? ORDER BY seq LIMIT ?", after, limit)
	if err != nil {
		return nil, fmt.Errorf("events: %w", err)
	}
	return es, nil
}

// Search lists the lines that hold all words of query, newest first.
func (r *reader) Search(query string, limit int) ([]desk.Line, error) {
	match := matchOf(query)
	if match == "" {
		return nil, nil
	}
	if limit <= 0 {
		limit = defaultLimit
	}
	ls, err := all(r.ctx, r.q, scanJSON[desk.Line], `SELECT l.body FROM words JOIN lines l ON l.num = words.rowid
		WHERE words MATCH ? ORDER BY words.rowid DESC LIMIT ?`, match, limit)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	return ls, nil
}
