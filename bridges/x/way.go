package x

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/roost-im/roost/bridges/x/internal/api"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/router/chat"
)

// Post writes one direct message: encrypted, when that is how the other one wrote last, or when nobody has written yet and
// they have keys; in the clear otherwise. What was begun one way is repeated that way. The persona is not shown: the account
// speaks for its team.
func (c *Connector) Post(ctx context.Context, p chat.Post) (chat.Receipt, error) {
	r, err := c.post(ctx, p)
	c.notice(err)
	return r, err
}

func (c *Connector) post(ctx context.Context, p chat.Post) (chat.Receipt, error) {
	t, err := c.encrypted(ctx)
	if err != nil || t == nil {
		if err != nil {
			return chat.Receipt{}, err
		}
		return c.dm.post(ctx, p)
	}
	by, known, err := t.way(ctx, p)
	if err != nil {
		return chat.Receipt{}, err
	}
	if by == byChat {
		r, err := t.post(ctx, p)
		if known || !unreached(err) {
			return r, err
		}
	}
	r, err := c.dm.post(ctx, p)
	if err != nil && chat.Reason(err) == api.OnlyEncrypted {
		return t.post(ctx, p)
	}
	return r, err
}

// unreached says whether somebody of whom it is not known how they write can't be written to in an encrypted way, or not yet.
// Nothing has been sent then.
func unreached(err error) bool {
	return errors.Is(err, errNoKeys) || errors.Is(err, errDistrust)
}

// way is how a post goes. known is false when it is a guess.
func (t *encrypted) way(ctx context.Context, p chat.Post) (by way, known bool, err error) {
	if isGroup(string(p.To.ID)) {
		return byChat, true, nil
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
		return byChat, by != "", nil
	case by != "":
		return by, true, nil
	}
	if group, err := t.c.dm.groups.has(ctx, string(p.To.ID)); err != nil || group {
		return byClassic, true, err
	}
	if _, err := t.meet(ctx, string(p.To.ID), false); err != nil {
		return "", false, err
	}
	if _, ok := t.reader.Directory.Latest(string(p.To.ID)); ok {
		return byChat, false, nil
	}
	return byClassic, true, nil
}

// cameBy remembers how people wrote last, before anybody can answer, so that they are answered that way.
func (c *Connector) cameBy(ctx context.Context, by way, events []chat.Event) error {
	t := c.chat.Load()
	if t == nil {
		return nil
	}
	for _, ev := range events {
		if _, posted := ev.What.(chat.Posted); !posted || !ev.Direct || ev.Author.Self {
			continue
		}
		at := ev.At
		if id, ok := api.ParseSnowflake(string(ev.Message)); ok {
			at = id.Time() // to the millisecond, where X tells seconds
		}
		if err := t.wrote(ctx, ev.Conversation, by, at); err != nil {
			return err
		}
	}
	return nil
}

func (t *encrypted) wrote(ctx context.Context, at chat.Conversation, by way, when time.Time) error {
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

// catchUpChat takes in every encrypted message that is new. One does it at a time.
func (c *Connector) catchUpChat(ctx context.Context, sink chat.Sink) error {
	t, err := c.encrypted(ctx)
	if err != nil || t == nil {
		return err
	}
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	return t.catchUp(ctx, sink)
}

// Find tells whether a Post arrived at or after since: an encrypted one by its ID, another one by reading the conversation
// back.
func (c *Connector) Find(ctx context.Context, a chat.Action, since time.Time) (chat.Receipt, bool, error) {
	p, ok := a.(chat.Post)
	if !ok {
		return chat.Receipt{}, false, chat.Unsupported("x: find", "only posts can be found again")
	}
	r, found, err := c.find(ctx, p, since)
	c.notice(err)
	return r, found, err
}

func (c *Connector) find(ctx context.Context, p chat.Post, since time.Time) (chat.Receipt, bool, error) {
	t, err := c.encrypted(ctx)
	if err != nil {
		return chat.Receipt{}, false, err
	}
	if t != nil {
		l, err := t.outbox.letter(ctx, t.id(p.Key))
		if err != nil {
			return chat.Receipt{}, false, err
		}
		if l != nil {
			return t.find(ctx, *l, since)
		}
		if isGroup(string(p.To.ID)) {
			return chat.Receipt{}, false, nil // nothing was sealed, so nothing was sent
		}
	}
	return c.dm.find(ctx, p, since)
}

// Fetch opens the bytes of a file that arrived.
func (c *Connector) Fetch(ctx context.Context, f chat.File) (io.ReadCloser, error) {
	var r io.ReadCloser
	var err error
	if strings.HasPrefix(f.Source, sealedPrefix) {
		r, err = c.fetchSealed(ctx, f)
	} else {
		r, err = c.dm.fetch(ctx, f)
	}
	c.notice(err)
	return r, err
}

func (c *Connector) fetchSealed(ctx context.Context, f chat.File) (io.ReadCloser, error) {
	t, err := c.encrypted(ctx)
	if err != nil {
		return nil, err
	}
	if t == nil {
		return nil, &chat.Error{Op: "x: fetch", Kind: chat.Gone, Reason: "the account has no keys for encrypted messages any more"}
	}
	return t.fetch(ctx, f)
}

// Edit makes an encrypted message of the account read differently.
func (c *Connector) Edit(ctx context.Context, a chat.Edit) (chat.Receipt, error) {
	t, targets, err := c.sealed(ctx, "edit", a.Messages...)
	if err != nil {
		return chat.Receipt{}, err
	}
	r, err := t.edit(ctx, a, targets[0])
	c.notice(err)
	return r, err
}

// Delete takes encrypted messages of the account back, for everybody.
func (c *Connector) Delete(ctx context.Context, a chat.Delete) error {
	t, targets, err := c.sealed(ctx, "delete", a.Messages...)
	if err != nil {
		return err
	}
	err = t.delete(ctx, a, targets)
	c.notice(err)
	return err
}

// React puts an emoji on an encrypted message.
func (c *Connector) React(ctx context.Context, a chat.React) error {
	t, targets, err := c.sealed(ctx, "react", a.Message)
	if err != nil {
		return err
	}
	err = t.react(ctx, a, targets[0])
	c.notice(err)
	return err
}

// Type shows that the account is writing, in an encrypted conversation.
func (c *Connector) Type(ctx context.Context, at chat.Conversation) error {
	t, err := c.encrypted(ctx)
	if err != nil || t == nil {
		return err
	}
	if by, _, err := t.way(ctx, chat.Post{To: at}); err != nil || by != byChat {
		return err
	}
	err = t.typing(ctx, at)
	c.notice(err)
	return err
}

// sealed is the transport for encrypted messages, and their places. It is unsupported for others.
func (c *Connector) sealed(ctx context.Context, op string, ids ...chat.MessageID) (*encrypted, []wire.Sequence, error) {
	t, err := c.encrypted(ctx)
	if err != nil {
		return nil, nil, err
	}
	var all []wire.Sequence
	for _, id := range ids {
		s, ok := sequenceOf(id)
		if !ok || t == nil {
			return nil, nil, chat.Unsupported("x: "+op, "X's unencrypted messages can't be changed")
		}
		all = append(all, s)
	}
	if len(all) == 0 {
		return nil, nil, &chat.Error{Op: "x: " + op, Kind: chat.Gone, Reason: "it is not known which message is meant"}
	}
	return t, all, nil
}
