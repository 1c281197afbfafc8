package encrypted

import (
	"context"
	"errors"
	"time"

	"github.com/roost-im/roost/router/chat"
)

// Unreached says whether somebody of whom it is not known how they write can't be written to in an encrypted way, or not yet.
// Nothing has been sent then.
func Unreached(err error) bool {
	return errors.Is(err, errNoKeys) || errors.Is(err, errDistrust)
}

// Way is how a post goes. known is false when it is a guess.
func (t *Transport) Way(ctx context.Context, p chat.Post) (by Way, known bool, err error) {
	if isGroup(string(p.To.ID)) {
		return ByChat, true, nil
	}
	one, err := t.conversation(ctx, p.To)
	if err != nil {
		return "", false, err
	}
	by = one.place().Way
	l, err := t.outbox.letter(ctx, t.id(p.Key))
	switch {
	case err != nil:
		return "", false, err
	case l != nil: // what was begun so goes on so; that it can may have been a guess
		return ByChat, by != "", nil
	case by != "":
		return by, true, nil
	}
	if group, err := t.a.Group(ctx, string(p.To.ID)); err != nil || group {
		return ByClassic, true, err
	}
	if _, err := t.meet(ctx, string(p.To.ID), false); err != nil {
		return "", false, err
	}
	if _, ok := t.reader.Directory.Latest(string(p.To.ID)); ok {
		return ByChat, false, nil
	}
	return ByClassic, true, nil
}

// Wrote remembers how somebody wrote last.
func (t *Transport) Wrote(ctx context.Context, at chat.Conversation, by Way, when time.Time) error {
	one, err := t.conversation(ctx, at)
	if err != nil {
		return nil //nolint:nilerr // no conversation of two people
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	if when.Before(one.at.WayAt) {
		return nil
	}
	was, wasAt := one.at.Way, one.at.WayAt
	one.at.Way, one.at.WayAt = by, when
	if was == by {
		return nil // kept with the next change: after a restart, it is known since before
	}
	err = t.talks.save(ctx, one)
	if err != nil {
		one.at.Way, one.at.WayAt = was, wasAt
	}
	return err
}
