package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
	"github.com/roost-im/roost/router/store"
)

// view reads the state, for plans through the writer's connection and for reports through a reader's transaction.
type view struct {
	ctx  context.Context //nolint:containedctx // a view lives as long as the call that it is made for
	q    querier
	name func(name string) (int64, error)          // the number of a name, 0 when there is none
	busy func(lane int64, id chat.DeliveryID) bool // whether a waiting delivery is leased
}

// Case finds a case by its name.
func (v *view) Case(id chat.CaseID) (desk.Case, error) {
	return found[desk.Case](v, "case "+string(id), "SELECT body FROM cases WHERE id = ?", string(id))
}

// LastCase finds the newest case of a contact at a desk.
func (v *view) LastCase(deskName string, who desk.Identity) (desk.Case, error) {
	return found[desk.Case](v, "last case", `SELECT body FROM cases WHERE desk = ? AND account = ? AND person = ?
		ORDER BY num DESC LIMIT 1`, deskName, string(who.Account), string(who.Person))
}

// CaseAt finds the case whose thread conv is.
func (v *view) CaseAt(conv chat.Conversation) (desk.Case, error) {
	at, err := v.name(conv.String())
	if err != nil {
		return desk.Case{}, err
	}
	return found[desk.Case](v, "case at "+conv.String(), `SELECT c.body FROM threads t JOIN cases c ON c.num = t.matter
		WHERE t.at = ?`, at)
}

// Contact finds what is remembered of a contact.
func (v *view) Contact(deskName string, who desk.Identity) (desk.Contact, error) {
	return found[desk.Contact](v, "contact", "SELECT body FROM contacts WHERE desk = ? AND account = ? AND person = ?",
		deskName, string(who.Account), string(who.Person))
}

// Copies lists the copies that have ref as their Source or as their Dest, whatever its thread.
func (v *view) Copies(ref chat.Ref) ([]chat.Copy, error) {
	at, err := v.name(ref.Conversation.Place().String())
	if err != nil || at == 0 {
		return nil, err
	}
	const columns = `SELECT s.name, coalesce(c.source_thread, ''), c.source_message,
		d.name, coalesce(c.dest_thread, ''), c.dest_message, c.part, c.hops
		FROM copies c JOIN names s ON s.id = c.source JOIN names d ON d.id = c.dest WHERE `
	cs, err := all(v.ctx, v.q, scanCopy, columns+`c.source_message = ?1 AND c.source = ?2
		UNION ALL `+columns+`c.dest_message = ?1 AND c.dest = ?2`, string(ref.Message), at)
	if err != nil {
		return nil, fmt.Errorf("copies of %s: %w", ref, err)
	}
	slices.SortStableFunc(cs, func(a, b chat.Copy) int { return cmp.Compare(a.Part, b.Part) })
	return cs, nil
}

func scanCopy(rows *sql.Rows) (c chat.Copy, err error) {
	var source, dest []byte
	var sourceThread, destThread chat.ThreadID
	err = rows.Scan(&source, &sourceThread, &c.Source.Message, &dest, &destThread, &c.Dest.Message, &c.Part, &c.Hops)
	if err != nil {
		return c, err
	}
	if err := c.Source.Conversation.UnmarshalText(source); err != nil {
		return c, err
	}
	if err := c.Dest.Conversation.UnmarshalText(dest); err != nil {
		return c, err
	}
	c.Source.Conversation.Thread, c.Dest.Conversation.Thread = sourceThread, destThread
	return c, nil
}

// Waiting lists the deliveries with this Source that wait, were never tried or begun and are not leased. In a plan, none of them
// is leased before the plan's changes are stored.
func (v *view) Waiting(source chat.Ref) ([]chat.Delivery, error) {
	if source.IsZero() {
		return nil, nil
	}
	ds, err := deliveries(v.ctx, v.q, deliveryColumns+` WHERE d.state = 0 AND d.source = ? AND d.tries = 0 AND d.first = 0
		ORDER BY d.turn`, hashRef(source))
	if err != nil {
		return nil, fmt.Errorf("waiting for %s: %w", source, err)
	}
	free := ds[:0]
	for _, d := range ds {
		if !d.Source.Same(source) {
			continue
		}
		lane, err := v.name(string(d.Lane))
		if err != nil {
			return nil, err
		}
		if !v.busy(lane, d.ID) {
			free = append(free, d)
		}
	}
	return free, nil
}

// Lines lists the last n lines of a case, oldest first.
func (v *view) Lines(id chat.CaseID, n int) ([]desk.Line, error) {
	ls, err := all(v.ctx, v.q, scanJSON[desk.Line], "SELECT body FROM lines WHERE matter = ? ORDER BY num DESC LIMIT ?",
		string(id), max(n, 0))
	if err != nil {
		return nil, fmt.Errorf("lines of %s: %w", id, err)
	}
	slices.Reverse(ls)
	return ls, nil
}

// Line finds the line of a message among a contact's cases, the newest of them first.
func (v *view) Line(deskName string, who desk.Identity, ref chat.Ref) (desk.Line, error) {
	return found[desk.Line](v, "line of "+ref.String(), `SELECT l.body FROM cases c JOIN lines l ON l.matter = c.id
		WHERE c.desk = ? AND c.account = ? AND c.person = ? AND l.ref = ? ORDER BY c.num DESC LIMIT 1`,
		deskName, string(who.Account), string(who.Person), lineRef(ref))
}

// Kept is the value kept under key.
func (v *view) Kept(key string) ([]byte, error) {
	b, err := one[[]byte](v.ctx, v.q, "SELECT value FROM kept WHERE key = ?", key)
	if errors.Is(err, sql.ErrNoRows) {
		err = store.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("kept %s: %w", key, err)
	}
	return b, nil
}

// found reads one value that is stored as JSON.
func found[T any](v *view, what, query string, args ...any) (T, error) {
	vs, err := all(v.ctx, v.q, scanJSON[T], query, args...)
	if err == nil && len(vs) == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		var none T
		return none, fmt.Errorf("%s: %w", what, err)
	}
	return vs[0], nil
}

func scanJSON[T any](rows *sql.Rows) (v T, err error) {
	var body []byte
	if err := rows.Scan(&body); err != nil {
		return v, err
	}
	return v, json.Unmarshal(body, &v)
}
