package x

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/roost-im/roost/bridges/x/internal/api"
	"github.com/roost-im/roost/bridges/x/internal/encrypted"
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
	by, known, err := t.Way(ctx, p)
	if err != nil {
		return chat.Receipt{}, err
	}
	if by == encrypted.ByChat {
		r, err := t.Post(ctx, p)
		if known || !encrypted.Unreached(err) {
			return r, err
		}
	}
	r, err := c.dm.post(ctx, p)
	if err != nil && chat.Reason(err) == api.OnlyEncrypted {
		return t.Post(ctx, p)
	}
	return r, err
}

// encrypted gives the transport for encrypted messages; nil when the account has no keys for them. It is made once; without
// keys it is looked for again.
func (c *Connector) encrypted(ctx context.Context) (*encrypted.Transport, error) {
	if t := c.chat.Load(); t != nil {
		return t, nil
	}
	c.making.Lock()
	defer c.making.Unlock()
	if t := c.chat.Load(); t != nil {
		return t, nil
	}
	t, err := encrypted.Open(ctx, c.home(), c.made.Add(-time.Duration(c.cfg.Backfill)*24*time.Hour))
	if err != nil || t == nil {
		c.keyless.Store(err == nil)
		return nil, err
	}
	c.chat.Store(t)
	c.log.LogAttrs(ctx, slog.LevelInfo, "encrypted messages are read", slog.String("version", t.Version()), slog.String("fingerprint", t.Fingerprint()))
	return t, nil
}

// home is what encrypted messages need of the account.
func (c *Connector) home() encrypted.Account {
	return encrypted.Account{
		Name: c.account, API: c.api, Purse: c.purse, People: c.people, Recent: c.recent, Keep: c.keep, Log: c.log, Now: c.now, Skip: c.skip,
		Fixed: c.cfg.ChatKeys, Off: c.cfg.Chat == ChatOff,
		Me: c.me, As: c.as, Group: c.dm.groups.has, Wake: c.wake, Errand: c.errand,
	}
}

// cameBy remembers how people wrote last, before anybody can answer, so that they are answered that way.
func (c *Connector) cameBy(ctx context.Context, by encrypted.Way, events []chat.Event) error {
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
		if err := t.Wrote(ctx, ev.Conversation, by, at); err != nil {
			return err
		}
	}
	return nil
}

// catchUpChat takes in every encrypted message that is new.
func (c *Connector) catchUpChat(ctx context.Context, sink chat.Sink) error {
	t, err := c.encrypted(ctx)
	if err != nil || t == nil {
		return err
	}
	return t.CatchUp(ctx, sink)
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
		if r, found, begun, err := t.Sent(ctx, p, since); begun || err != nil {
			return r, found, err
		}
	}
	return c.dm.find(ctx, p, since)
}

// Fetch opens the bytes of a file that arrived.
func (c *Connector) Fetch(ctx context.Context, f chat.File) (io.ReadCloser, error) {
	var r io.ReadCloser
	var err error
	if strings.HasPrefix(f.Source, encrypted.FilePrefix) {
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
	return t.Fetch(ctx, f)
}

// Edit makes an encrypted message of the account read differently.
func (c *Connector) Edit(ctx context.Context, a chat.Edit) (chat.Receipt, error) {
	t, targets, err := c.sealed(ctx, "edit", a.Messages...)
	if err != nil {
		return chat.Receipt{}, err
	}
	r, err := t.Edit(ctx, a, targets[0])
	c.notice(err)
	return r, err
}

// Delete takes encrypted messages of the account back, for everybody.
func (c *Connector) Delete(ctx context.Context, a chat.Delete) error {
	t, targets, err := c.sealed(ctx, "delete", a.Messages...)
	if err != nil {
		return err
	}
	err = t.Delete(ctx, a, targets)
	c.notice(err)
	return err
}

// React puts an emoji on an encrypted message.
func (c *Connector) React(ctx context.Context, a chat.React) error {
	t, targets, err := c.sealed(ctx, "react", a.Message)
	if err != nil {
		return err
	}
	err = t.React(ctx, a, targets[0])
	c.notice(err)
	return err
}

// Type shows that the account is writing, in an encrypted conversation.
func (c *Connector) Type(ctx context.Context, at chat.Conversation) error {
	t, err := c.encrypted(ctx)
	if err != nil || t == nil {
		return err
	}
	if by, _, err := t.Way(ctx, chat.Post{To: at}); err != nil || by != encrypted.ByChat {
		return err
	}
	err = t.Typing(ctx, at)
	c.notice(err)
	return err
}

// sealed is the transport for encrypted messages, and their places. It is unsupported for others.
func (c *Connector) sealed(ctx context.Context, op string, ids ...chat.MessageID) (*encrypted.Transport, []wire.Sequence, error) {
	t, err := c.encrypted(ctx)
	if err != nil {
		return nil, nil, err
	}
	var all []wire.Sequence
	for _, id := range ids {
		s, ok := encrypted.SequenceOf(id)
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
