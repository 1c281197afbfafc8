package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/roost-im/roost/router/chat"
)

// The numbers of delivery states in the database.
const (
	waiting = iota
	held
	sent
	rejected
	dead
	cancelled
)

func stateNumber(s chat.State) (int64, error) {
	switch s {
	case "", chat.Waiting:
		return waiting, nil
	case chat.Held:
		return held, nil
	case chat.Sent:
		return sent, nil
	case chat.Rejected:
		return rejected, nil
	case chat.Dead:
		return dead, nil
	case chat.Cancelled:
		return cancelled, nil
	}
	return 0, fmt.Errorf("unknown delivery state %q", s)
}

func stateOf(n int64) chat.State {
	states := [...]chat.State{chat.Waiting, chat.Held, chat.Sent, chat.Rejected, chat.Dead, chat.Cancelled}
	if n < 0 || n >= int64(len(states)) {
		return ""
	}
	return states[n]
}

// nanos is t for the database; the zero time is 0.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func timeOf(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

// hashRef is a number for r, without its thread, by which rows are found; two Refs may share one. FNV-1a, 0 for no Ref.
func hashRef(r chat.Ref) int64 {
	if r.IsZero() {
		return 0
	}
	h := uint64(14695981039346656037)
	for _, s := range [...]string{
		string(r.Conversation.Account), string(r.Conversation.ID), string(r.Message),
	} {
		for i := range len(s) {
			h = (h ^ uint64(s[i])) * 1099511628211
		}
		h *= 1099511628211
	}
	return int64(h | 1) //nolint:gosec // any 64 bits will do
}

// rest is what of a delivery has no column, because nothing looks for it.
type rest struct {
	Source  *chat.Ref `json:"source,omitempty"`
	Part    int       `json:"part,omitempty"`
	Parts   int       `json:"parts,omitempty"`
	Of      *chat.Ref `json:"of,omitempty"`
	Answers *chat.Ref `json:"answers,omitempty"`
	Within  *chat.Ref `json:"within,omitempty"`
	Loose   bool      `json:"loose,omitempty"`
	Purpose string    `json:"purpose,omitempty"`
}

func restOf(d chat.Delivery) ([]byte, error) {
	return json.Marshal(rest{
		Source: refPointer(d.Source), Part: d.Part, Parts: d.Parts,
		Of: refPointer(d.Of), Answers: refPointer(d.Answers), Within: refPointer(d.Within), Loose: d.Loose, Purpose: d.Purpose,
	})
}

func (r rest) fill(d *chat.Delivery) {
	d.Part, d.Parts, d.Loose, d.Purpose = r.Part, r.Parts, r.Loose, r.Purpose
	for _, p := range [...]struct {
		from *chat.Ref
		to   *chat.Ref
	}{{r.Source, &d.Source}, {r.Of, &d.Of}, {r.Answers, &d.Answers}, {r.Within, &d.Within}} {
		if p.from != nil {
			*p.to = *p.from
		}
	}
}

func refPointer(r chat.Ref) *chat.Ref {
	if r.IsZero() {
		return nil
	}
	return &r
}

// deliveryColumns begins every query for deliveries.
const deliveryColumns = `SELECT d.id, n.name, d.state, d.due, d.tries, d.admitted, d.first,
	coalesce(d.reason, ''), coalesce(d.matter, ''), d.action, d.body, d.rest
	FROM deliveries d JOIN names n ON n.id = d.lane`

func deliveries(ctx context.Context, q querier, query string, args ...any) ([]chat.Delivery, error) {
	return all(ctx, q, scanDelivery, query, args...)
}

func scanDelivery(rows *sql.Rows) (d chat.Delivery, err error) {
	var state, due, admitted, first int64
	var action string
	var body, more []byte
	err = rows.Scan(&d.ID, &d.Lane, &state, &due, &d.Tries, &admitted, &first, &d.Reason, &d.Case, &action, &body, &more)
	if err != nil {
		return d, err
	}
	if d.Action, err = chat.DecodeAction(action, body); err != nil {
		return d, fmt.Errorf("delivery %d: %w", d.ID, err)
	}
	var r rest
	if err = json.Unmarshal(more, &r); err != nil {
		return d, fmt.Errorf("delivery %d: %w", d.ID, err)
	}
	r.fill(&d)
	d.State, d.Admitted, d.First = stateOf(state), timeOf(admitted), timeOf(first)
	if due != admitted {
		d.Due = timeOf(due)
	}
	return d, nil
}
