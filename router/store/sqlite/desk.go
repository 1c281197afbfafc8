package sqlite

import (
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
	"github.com/roost-im/roost/router/store"
)

const upsertCase = `INSERT INTO cases (num, id, desk, account, person, state, until, changed, closed, body)
	VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (id) DO UPDATE SET
	desk = ?3, account = ?4, person = ?5, state = ?6, until = ?7, changed = ?8, closed = ?9, body = ?10`

// setCase stores a case, new or changed, and where its threads are.
func (t *tx) setCase(c desk.Case) error {
	if c.ID == "" {
		return errors.New("it has no name")
	}
	body, err := json.Marshal(c)
	if err != nil {
		return err
	}
	num, isNew, err := t.caseNumber(c.ID)
	if err != nil {
		return err
	}
	changed, closed := t.stamp(), int64(0)
	if c.State == desk.Closed {
		if closed = nanos(c.Closed); closed == 0 {
			closed = t.now
		}
	}
	err = t.c.exec(upsertCase, num, string(c.ID), c.Desk, string(c.Contact.Account), string(c.Contact.Person), string(c.State),
		nanos(c.Until), changed, closed, body)
	if errors.Is(err, errDouble) {
		return store.ErrOpenCase
	}
	if err != nil {
		return err
	}
	return t.setThreads(num, isNew, c.Threads)
}

// caseNumber is the number of a case; a new one gets the next.
func (t *tx) caseNumber(id chat.CaseID) (num int64, isNew bool, err error) {
	num, err = one[int64](t.ctx, t.c, "SELECT num FROM cases WHERE id = ?", string(id))
	if !errors.Is(err, sql.ErrNoRows) {
		return num, false, err
	}
	num = t.numbers.matter
	t.numbers.matter++
	return num, true, nil
}

// setThreads remembers the conversations of a case, so that CaseAt finds it.
func (t *tx) setThreads(num int64, isNew bool, threads []desk.Thread) error {
	if !isNew {
		if err := t.c.exec("DELETE FROM threads WHERE matter = ?", num); err != nil {
			return err
		}
	}
	for _, th := range threads {
		if th.At.IsZero() {
			continue
		}
		at, err := t.intern(th.At.String())
		if err != nil {
			return err
		}
		if err := t.c.exec("INSERT OR REPLACE INTO threads (at, matter) VALUES (?, ?)", at, num); err != nil {
			return err
		}
	}
	return nil
}

// setContact stores what a desk knows of a contact.
func (t *tx) setContact(k store.KnownContact) error {
	body, err := json.Marshal(k.Contact)
	if err != nil {
		return err
	}
	return t.c.exec(`INSERT INTO contacts (desk, account, person, body) VALUES (?1, ?2, ?3, ?4)
		ON CONFLICT (desk, account, person) DO UPDATE SET body = ?4`, k.Desk, string(k.Account), string(k.Person), body)
}

// setLine stores a line of a case, in the place of the earlier one with its Ref if there is one.
func (t *tx) setLine(l desk.Line) error {
	body, err := json.Marshal(l)
	if err != nil {
		return err
	}
	if !l.Ref.IsZero() {
		num, err := one[int64](t.ctx, t.c, "SELECT num FROM lines WHERE matter = ? AND ref = ?", string(l.Case), lineRef(l.Ref))
		if err == nil {
			return t.replaceLine(num, l, body)
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
	}
	num := t.numbers.line
	t.numbers.line++
	var ref any
	if !l.Ref.IsZero() {
		ref = lineRef(l.Ref)
	}
	if err := t.c.exec("INSERT INTO lines (num, matter, ref, body) VALUES (?, ?, ?, ?)", num, string(l.Case), ref, body); err != nil {
		return err
	}
	return t.addWords(num, l)
}

func (t *tx) replaceLine(num int64, l desk.Line, body []byte) error {
	if err := t.c.exec("UPDATE lines SET body = ? WHERE num = ?", body, num); err != nil {
		return err
	}
	if err := t.c.exec("DELETE FROM words WHERE rowid = ?", num); err != nil {
		return err
	}
	return t.addWords(num, l)
}

// addWords makes a line's words findable.
func (t *tx) addWords(num int64, l desk.Line) error {
	words := cutWords(l.Text.Body)
	if words == "" {
		return nil
	}
	return t.c.exec("INSERT INTO words (rowid, body) VALUES (?, ?)", num, words)
}

// lineRef is the key of a message's line within its case: threads don't count (chat.Ref.Same).
func lineRef(r chat.Ref) string {
	r.Conversation = r.Conversation.Place()
	return r.String()
}
