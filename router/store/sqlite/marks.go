package sqlite

import (
	"database/sql"
	"fmt"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
)

const insertReaction = `INSERT INTO reactions (target, target_thread, message, place, thread, person, emoji, at)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (message, target, place, person, emoji) DO NOTHING`

// react stores a reaction unless it is there. Threads don't count.
func (t *tx) react(r chat.Reaction) error {
	target, err := t.intern(r.Of.Conversation.Place().String())
	if err != nil {
		return err
	}
	place, err := t.intern(r.At.Place().String())
	if err != nil {
		return err
	}
	return t.c.exec(insertReaction, target, orNull(string(r.Of.Conversation.Thread)), string(r.Of.Message),
		place, orNull(string(r.At.Thread)), string(r.By), r.Emoji, t.now)
}

// unreact removes a reaction if it is there.
func (t *tx) unreact(r chat.Reaction) error {
	target, err := t.number(r.Of.Conversation.Place().String())
	if err != nil {
		return err
	}
	place, err := t.number(r.At.Place().String())
	if err != nil {
		return err
	}
	return t.c.exec("DELETE FROM reactions WHERE message = ? AND target = ? AND place = ? AND person = ? AND emoji = ?",
		string(r.Of.Message), target, place, string(r.By), r.Emoji)
}

// Reactions lists everybody's emoji on a message, oldest first, whatever its thread.
func (v *view) Reactions(of chat.Ref) ([]chat.Reaction, error) {
	target, err := v.name(of.Conversation.Place().String())
	if err != nil || target == 0 {
		return nil, err
	}
	rs, err := all(v.ctx, v.q, scanReaction, `SELECT t.name, coalesce(r.target_thread, ''), r.message,
		p.name, coalesce(r.thread, ''), r.person, r.emoji
		FROM reactions r JOIN names t ON t.id = r.target JOIN names p ON p.id = r.place
		WHERE r.message = ? AND r.target = ? ORDER BY r.id`, string(of.Message), target)
	if err != nil {
		return nil, fmt.Errorf("reactions to %s: %w", of, err)
	}
	return rs, nil
}

func scanReaction(rows *sql.Rows) (r chat.Reaction, err error) {
	var of, at []byte
	var ofThread, atThread chat.ThreadID
	if err := rows.Scan(&of, &ofThread, &r.Of.Message, &at, &atThread, &r.By, &r.Emoji); err != nil {
		return r, err
	}
	if err := r.Of.Conversation.UnmarshalText(of); err != nil {
		return r, err
	}
	if err := r.At.UnmarshalText(at); err != nil {
		return r, err
	}
	r.Of.Conversation.Thread, r.At.Thread = ofThread, atThread
	return r, nil
}

// append puts an entry at the end of its account's journal unless its key is there.
func (t *tx) append(e store.JournalEntry) error {
	account, err := t.intern(string(e.Account))
	if err != nil {
		return err
	}
	if e.Body == nil {
		e.Body = []byte{}
	}
	n, err := t.c.change("INSERT INTO journal (seq, account, key, at, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT (account, key) DO NOTHING",
		t.numbers.journal, account, e.Key, t.now, e.Body)
	if n > 0 {
		t.numbers.journal++
	}
	if err != nil {
		return fmt.Errorf("journal of %s: %w", e.Account, err)
	}
	return nil
}

// Journal lists the entries of an account with sequence numbers above after, in order.
func (r *reader) Journal(a chat.Account, after int64, limit int) ([]store.JournalEntry, error) {
	account, err := r.name(string(a))
	if err != nil || account == 0 {
		return nil, err
	}
	if limit <= 0 {
		limit = defaultLimit
	}
	es, err := all(r.ctx, r.q, func(rows *sql.Rows) (store.JournalEntry, error) {
		e := store.JournalEntry{Account: a}
		var at int64
		err := rows.Scan(&e.Seq, &e.Key, &at, &e.Body)
		e.At = timeOf(at)
		return e, err
	}, "SELECT seq, key, at, body FROM journal WHERE account = ? AND seq > ? ORDER BY seq LIMIT ?", account, after, limit)
	if err != nil {
		return nil, fmt.Errorf("journal of %s: %w", a, err)
	}
	return es, nil
}

func (t *tx) sweepReactions(before, after int64) (next, removed int64, err error) {
	olds, next, err := t.step("SELECT id, at, 0, 0 FROM reactions WHERE id > ? ORDER BY id LIMIT ?", before, after)
	if err != nil {
		return -1, 0, err
	}
	removed, err = t.removeAll("DELETE FROM reactions WHERE id", ids(olds))
	return next, removed, err
}

func (t *tx) sweepJournal(before, after int64) (next, removed int64, err error) {
	olds, next, err := t.step("SELECT seq, at, 0, 0 FROM journal WHERE seq > ? ORDER BY seq LIMIT ?", before, after)
	if err != nil {
		return -1, 0, err
	}
	if err := t.remember("journal", t.numbers.journal); err != nil {
		return -1, 0, err
	}
	removed, err = t.removeAll("DELETE FROM journal WHERE seq", ids(olds))
	return next, removed, err
}
