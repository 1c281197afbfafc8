package encrypted

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"

	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/router/chat"
)

// delivery is what the Activity API tells of an encrypted message. https://docs.x.com/xchat/real-time-events
type delivery struct {
	Conversation string `json:"conversation_id"`
	Event        string `json:"encoded_event"`
	KeyChange    string `json:"conversation_key_change_event"`
	Token        string `json:"conversation_token"`
}

// Live takes in what the Activity API tells. handled is false for what can't be understood. What X does not answer meanwhile is
// no error: it is noted that something is owed, and the next poll looks for it.
func (t *Transport) Live(ctx context.Context, sink chat.Sink, payload []byte) (handled bool, err error) {
	var p delivery
	if json.Unmarshal(payload, &p) != nil || p.Event == "" && p.Conversation == "" {
		return false, nil
	}
	if p.Event == "" { // somebody came into a group
		id, ok := t.ours(p.Conversation)
		if !ok {
			return false, nil
		}
		return true, t.putOff(ctx, t.refresh(ctx, sink, chatConversation{ID: id}))
	}
	ev, err := wire.ParseEvent(p.Event)
	if err != nil || ev.Conversation == "" {
		if t.odd("chat_event", []byte(p.Event)) {
			t.a.Wake() // it may be whole in X's list
		}
		return true, nil
	}
	id, ok := t.ours(ev.Conversation)
	if !ok {
		return true, t.unless(ctx, ev, errOther)
	}
	one, err := t.talks.talk(ctx, id)
	if err == nil {
		err = one.begin(ctx)
	}
	if err != nil {
		return true, err
	}
	defer one.end()
	return true, t.putOff(ctx, t.arrive(ctx, sink, one, ev, p))
}

// putOff lets an error pass that ends the account, or is our own disk's, and has the next poll take care of others.
func (t *Transport) putOff(ctx context.Context, err error) error {
	e, answered := errors.AsType[*chat.Error](err)
	if !answered || e.Kind == chat.LoggedOut || e.Kind == chat.Unfunded {
		return err
	}
	t.a.Log.LogAttrs(ctx, slog.LevelDebug, "encrypted message put off", slog.String("kind", e.Kind.String()))
	t.a.Wake()
	return nil
}

// follows says how an event stands to the last one that was taken in: stay, that where to go on is not behind it; gap, that
// there may be others in between. What X tells and does not list shows neither.
func follows(ev wire.Event, last wire.Sequence) (stay, gap bool) {
	switch ev.Detail.(type) {
	case wire.Typing, wire.MarkRead, wire.Failure, wire.Other:
		return true, false
	case wire.MessageCreate, wire.KeyChange, wire.MessageDelete, wire.GroupChange, wire.TTLChange:
	}
	switch {
	case last != 0 && ev.Sequence <= last:
		return true, false
	case last != 0 && ev.Previous != 0 && ev.Previous <= last:
		return false, false
	}
	return true, true
}

// arrive takes in an event that came live; the turn of its talk is ours. When there may be events before it that did not come,
// they are fetched first; if that fails, it is taken in by itself, and they are owed.
func (t *Transport) arrive(ctx context.Context, sink chat.Sink, one *talk, ev wire.Event, p delivery) error {
	d := digest{t: t, one: one, next: one.place(), live: true}
	_, gap := follows(ev, d.next.Last)
	var fault error
	if gap {
		fault = t.fetchNew(ctx, sink, one, chatConversation{})
		if _, answered := errors.AsType[*chat.Error](fault); fault != nil && !answered {
			return fault
		}
		d.next = one.place()
		if fault == nil && ev.Sequence <= d.next.Last {
			return nil
		}
	}
	d.stay, gap = follows(ev, d.next.Last)
	d.next.Owed = d.next.Owed || gap
	d.next.Token = cmp.Or(p.Token, d.next.Token)
	var keys []wire.Event
	if p.KeyChange != "" {
		keys = t.parse(p.KeyChange)
	}
	if err := d.take(ctx, sink, keys, []wire.Event{ev}); err != nil {
		return err
	}
	if gap && fault == nil { // X's list is behind what it tells
		t.a.Wake()
	}
	return fault
}
