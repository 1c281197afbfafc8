package encrypted

import (
	"context"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/roost-im/roost/bridges/x/internal/api"
	"github.com/roost-im/roost/bridges/x/internal/dm"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/router/chat"
)

const (
	previewMost = 280 // bytes of what a reply quotes
	quotePages  = 5   // back in a conversation, to find what is answered
)

// preview is the proof of what a message answers; nil when it can't be had.
func (t *Transport) preview(ctx context.Context, one *talk, key xchat.ConversationKey, to chat.MessageID) *wire.Preview {
	s, ok := SequenceOf(to)
	if !ok {
		return nil
	}
	ev, ok := t.original(ctx, one, s)
	if c, is := ev.Detail.(wire.MessageCreate); !ok || !is || len(c.Contents) > mostRemembered {
		return nil // answers of answers would grow until X takes none any more
	}
	p := &wire.Preview{Sender: ev.Sender, Sequence: ev.Sequence, ID: ev.ID, Original: &ev}
	m, ok := t.quotes(ctx, one, p, ev, key).(wire.Message)
	if !ok {
		return nil
	}
	p.Text = m.Text
	if edited, fresh := t.raw.Get(rawKey(one.id, s) + " edited"); fresh && edited.Sender == ev.Sender {
		if e, ok := t.quotes(ctx, one, p, edited, key).(wire.Edit); ok {
			p.Edited, p.Text = &edited, e.Text
		}
	}
	p.Text = cut(p.Text, previewMost)
	return p
}

// quotes is what a message says, for a preview in what is sealed with key. Whoever has that one alone can't read what is sealed with
// a former one, so the preview then brings the change that gave it. It is nil when there is none to bring.
func (t *Transport) quotes(ctx context.Context, one *talk, p *wire.Preview, ev wire.Event, key xchat.ConversationKey) wire.Content {
	o, err := t.open(ctx, one, ev)
	if err != nil {
		return nil
	}
	there := func(ev wire.Event) bool { return t.reader.Gives(ev, o.Key) }
	if o.Key.Version == key.Version || slices.ContainsFunc(p.KeyChanges, there) {
		return o.Content
	}
	change, ok := t.change(ctx, one, o.Key)
	if !ok {
		return nil
	}
	p.KeyChanges = append(p.KeyChanges, change)
	return o.Content
}

// change is the event that gave a conversation a key: remembered, or looked up.
func (t *Transport) change(ctx context.Context, one *talk, key xchat.ConversationKey) (found wire.Event, ok bool) {
	gives := func(ev wire.Event) bool {
		k, _ := ev.Detail.(wire.KeyChange)
		return k.Version == key.Version && t.within(ev, one.id) && t.signer(ctx, one.id, ev) == nil && t.reader.Gives(ev, key)
	}
	at := changeKey(one.id, key.Version)
	if ev, fresh := t.raw.Get(at); fresh && gives(ev) {
		return ev, true
	}
	err := t.walk(ctx, one.id, quotePages, func(page chatEvents) (enough bool) {
		all := page.keyChanges()
		i := slices.IndexFunc(all, gives)
		if ok = i >= 0; ok {
			found = all[i]
		}
		return ok
	})
	if err != nil || !ok || len(found.Encode()) > mostRemembered { // a large group's has a copy of the key for each of them
		return wire.Event{}, false
	}
	t.raw.Put(at, found)
	return found, true
}

// cut is the beginning of a text, at most so many bytes, that ends between two characters.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}

// original is a message as its writer signed it: remembered, or looked up.
func (t *Transport) original(ctx context.Context, one *talk, s wire.Sequence) (wire.Event, bool) {
	if ev, fresh := t.raw.Get(rawKey(one.id, s)); fresh {
		return ev, true
	}
	var found wire.Event
	err := t.walk(ctx, one.id, quotePages, func(page chatEvents) bool {
		for _, item := range page.Data {
			ev, err := wire.ParseEvent(item.Event)
			if err == nil && ev.Sequence == s && t.within(ev, one.id) {
				found = ev
			}
			if err == nil && ev.Sequence <= s {
				return true
			}
		}
		return false
	})
	return found, err == nil && found.Sequence != 0
}

// Sent tells whether a post arrived that was sealed, at or after since. begun is false when it was not, or not here: then it went
// another way.
func (t *Transport) Sent(ctx context.Context, p chat.Post, since time.Time) (r chat.Receipt, found, begun bool, err error) {
	l, err := t.outbox.letter(ctx, t.id(p.Key))
	switch {
	case err != nil:
		return chat.Receipt{}, false, false, err
	case l != nil:
		r, found, err = t.find(ctx, *l, since)
		return r, found, true, err
	}
	return chat.Receipt{}, false, isGroup(string(p.To.ID)), nil // in a group, nothing was sealed, so nothing was sent
}

// find looks for a message that may have arrived: by its ID, which is signed, and nobody's but ours.
func (t *Transport) find(ctx context.Context, l letter, since time.Time) (chat.Receipt, bool, error) {
	if l.Message != "" {
		return l.receipt(), true, nil
	}
	if since.IsZero() {
		since = t.a.Now().Add(-dm.FindDays)
	}
	ev, reached, err := t.sentAs(ctx, l.Conversation, l.Payload.MessageID, since.Add(-dm.FindSlack))
	switch {
	case err != nil && chat.KindOf(err) == chat.Gone:
		return chat.Receipt{}, false, nil // there is no such conversation yet
	case err != nil:
		return chat.Receipt{}, false, err
	case ev.Sequence != 0:
		r := t.receipt(ev, api.Answer{})
		t.noted(ctx, l, r)
		return r, true, nil
	case !reached:
		return chat.Receipt{}, false, &chat.Error{
			Op: "x: find", Kind: chat.Transient, Reason: "so much was written since that it can't be told whether it arrived",
		}
	}
	return chat.Receipt{}, false, nil
}

// sentAs is the message of the account with an ID, as X has it; reached says that everything since then was looked at.
func (t *Transport) sentAs(ctx context.Context, conversation, id string, since time.Time) (found wire.Event, reached bool, err error) {
	err = t.walk(ctx, conversation, dm.FindPages, func(page chatEvents) bool {
		for _, item := range page.Data {
			ev, err := wire.ParseEvent(item.Event)
			if err != nil {
				continue
			}
			if _, wrote := ev.Detail.(wire.MessageCreate); wrote && ev.ID == id && ev.Sender == t.own.user {
				found = ev
			}
			reached = reached || !ev.At.IsZero() && ev.At.Before(since)
		}
		reached = reached || page.Meta.NextToken == ""
		return reached || found.Sequence != 0
	})
	return found, reached, err
}
