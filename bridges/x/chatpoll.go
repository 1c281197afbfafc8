package x

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/router/chat"
)

const (
	chatPage      = 100 // of a list of conversations or events
	chatPages     = 50  // of a list of events, at most
	chatPageFirst = 20  // when one conversation's news are asked for, there are mostly few
	seekPages     = 20  // back in a conversation's events, to find a key

	// What was read so soon after the last change is read again: X may count in seconds, and its clock need not be ours.
	changeRoom = time.Minute
)

// chatConversation is a row of the list of conversations. https://docs.x.com/x-api/chat/get-chat-conversations
type chatConversation struct {
	ID        string    `json:"id"`
	UpdatedAt time.Time `json:"updated_at"`
	TTL       int64     `json:"message_ttl_ms"`
}

// chatEvents is a page of a conversation's events, newest first. https://docs.x.com/x-api/chat/get-chat-conversation-events
type chatEvents struct {
	Data []struct {
		Event string `json:"encoded_event"`
		Token string `json:"conversation_token"`
	} `json:"data"`
	Meta struct {
		KeyEvents []string `json:"conversation_key_events"`
		NextToken string   `json:"next_token"`
	} `json:"meta"`
}

// catchUp takes in what is new in every conversation that changed, and tries again what waits for a key.
func (t *encrypted) catchUp(ctx context.Context, sink chat.Sink) error {
	changed, err := t.changed(ctx)
	if err != nil {
		return err
	}
	waits, err := t.talks.waits(ctx)
	if err != nil {
		return err
	}
	for _, id := range waits {
		if !slices.ContainsFunc(changed, func(c chatConversation) bool { return c.ID == id }) {
			changed = append(changed, chatConversation{ID: id})
		}
	}
	var faults []error
	for _, row := range changed {
		err := t.refresh(ctx, sink, row)
		if err != nil && (ctx.Err() != nil || chat.KindOf(err) != chat.Refused && chat.KindOf(err) != chat.Gone) {
			return err
		}
		if err != nil { // one conversation's fault keeps no other one waiting
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

// changed is the conversations in which something happened that was not taken in, the oldest change first.
func (t *encrypted) changed(ctx context.Context) ([]chatConversation, error) {
	var all []chatConversation
	q := url.Values{"max_results": {strconv.Itoa(chatPage)}, "chat_conversation.fields": {"id,type,updated_at,message_ttl_ms"}}
	for range chatPages {
		var got struct {
			Data []chatConversation `json:"data"`
			Meta struct {
				NextToken   string `json:"next_token"`
				HasRequests bool   `json:"has_message_requests"`
			} `json:"meta"`
		}
		if err := t.c.purse.read(ctx); err != nil {
			return nil, err
		}
		r := request{op: "x: look up conversations", method: http.MethodGet, path: "/2/chat/conversations", query: q}
		if _, err := t.c.api.call(ctx, r, &got); err != nil {
			return nil, err
		}
		fresh, err := t.fresh(ctx, got.Data)
		if err != nil {
			return nil, err
		}
		all = append(all, fresh...)
		if len(fresh) < len(got.Data) || got.Meta.NextToken == "" || len(got.Data) == 0 {
			break // the list begins with what changed last
		}
		q.Set("pagination_token", got.Meta.NextToken)
	}
	slices.SortStableFunc(all, func(a, b chatConversation) int { return a.UpdatedAt.Compare(b.UpdatedAt) })
	return all, nil
}

// fresh is those of some conversations that changed after they were read.
func (t *encrypted) fresh(ctx context.Context, rows []chatConversation) ([]chatConversation, error) {
	var fresh []chatConversation
	for _, row := range rows {
		row.ID = xchat.ConversationID(row.ID, t.own.user)
		one, err := t.talks.talk(ctx, row.ID)
		if err != nil {
			return nil, err
		}
		one.mu.Lock()
		seen, at := one.at.Seen, one.at.SeenAt
		one.mu.Unlock()
		if row.UpdatedAt.IsZero() || row.UpdatedAt.After(seen) || at.Sub(row.UpdatedAt) < changeRoom {
			fresh = append(fresh, row)
		}
	}
	return fresh, nil
}

// refresh takes in what is new in one conversation.
func (t *encrypted) refresh(ctx context.Context, sink chat.Sink, row chatConversation) error {
	one, err := t.talks.talk(ctx, row.ID)
	if err != nil {
		return err
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	if row.TTL > 0 {
		one.at.TTL = time.Duration(row.TTL) * time.Millisecond
	}
	return t.fetchNew(ctx, sink, one, row.UpdatedAt)
}

// fetchNew takes in what came after the last event of a talk, oldest first; its mu is held. seen is X's time of the last
// change, or zero.
func (t *encrypted) fetchNew(ctx context.Context, sink chat.Sink, one *talk, seen time.Time) error {
	back, err := t.back(ctx, one)
	if err != nil {
		return err
	}
	if !back.reached {
		t.c.log.LogAttrs(ctx, slog.LevelWarn, "encrypted messages out of reach", slog.Int("found", len(back.events)))
	}
	d := digest{t: t, one: one, next: one.at.clone()}
	if back.token != "" {
		d.next.Token = back.token
	}
	if !seen.IsZero() {
		d.next.Seen, d.next.SeenAt = seen, t.c.now().UTC()
	}
	return d.take(ctx, sink, append(back.keys, back.events...))
}

// past is what a walk back through a conversation's events found, oldest first.
type past struct {
	keys    []wire.Event // key changes that X gives beside the events
	events  []wire.Event
	token   string // the newest
	reached bool   // it met what was known, or the beginning of what is ours
}

// back walks from the newest event to the last one that was taken in.
func (t *encrypted) back(ctx context.Context, one *talk) (past, error) {
	var found past
	err := t.walk(ctx, one.id, chatPages, func(page chatEvents) (enough bool) {
		found.keys = append(found.keys, t.parseAll(page.Meta.KeyEvents)...)
		for _, item := range page.Data {
			found.token = cmp.Or(found.token, item.Token)
			ev, ok := t.parse(item.Event)
			switch {
			case !ok:
			case ev.Sequence <= one.at.Last && one.at.Last != 0, one.at.Last == 0 && !ev.At.IsZero() && ev.At.Before(t.from):
				found.reached = true
			default:
				found.events = append(found.events, ev)
			}
		}
		found.reached = found.reached || page.Meta.NextToken == ""
		return found.reached
	})
	bySequence := func(a, b wire.Event) int { return cmp.Compare(a.Sequence, b.Sequence) }
	slices.SortStableFunc(found.keys, bySequence)
	slices.SortStableFunc(found.events, bySequence)
	return found, err
}

// walk shows the pages of a conversation's events, newest first, until show has enough.
func (t *encrypted) walk(ctx context.Context, id string, most int, show func(chatEvents) (enough bool)) error {
	q := url.Values{
		"max_results":               {strconv.Itoa(chatPageFirst)},
		"chat_message_event.fields": {"id,encoded_event,conversation_token,created_at,previous_id"},
	}
	for range most {
		if err := t.c.purse.read(ctx); err != nil {
			return err
		}
		var page chatEvents
		r := request{op: "x: look up events", method: http.MethodGet, path: "/2/chat/conversations/" + pathID(id) + "/events", query: q}
		if _, err := t.c.api.call(ctx, r, &page); err != nil {
			return err
		}
		if show(page) || page.Meta.NextToken == "" {
			break
		}
		q.Set("max_results", strconv.Itoa(chatPage))
		q.Set("pagination_token", page.Meta.NextToken)
	}
	return nil
}

// parse reads an event; what is none is skipped.
func (t *encrypted) parse(encoded string) (wire.Event, bool) {
	ev, err := wire.ParseEvent(encoded)
	if err != nil || ev.Conversation == "" {
		t.c.skip("chat_event", []byte(encoded))
		return wire.Event{}, false
	}
	return ev, true
}

func (t *encrypted) parseAll(encoded []string) []wire.Event {
	var all []wire.Event
	for _, s := range encoded {
		if ev, ok := t.parse(s); ok {
			all = append(all, ev)
		}
	}
	return all
}

// chatPayload is what the Activity API tells of an encrypted message. https://docs.x.com/xchat/real-time-events
type chatPayload struct {
	Conversation string `json:"conversation_id"`
	Event        string `json:"encoded_event"`
	KeyChange    string `json:"conversation_key_change_event"`
	Token        string `json:"conversation_token"`
}

// live takes in what the Activity API tells. handled is false for what can't be understood.
func (t *encrypted) live(ctx context.Context, sink chat.Sink, payload []byte) (handled bool, err error) {
	var p chatPayload
	if json.Unmarshal(payload, &p) != nil || p.Event == "" && p.Conversation == "" {
		return false, nil
	}
	if p.Event == "" { // somebody came into a group
		return true, t.refresh(ctx, sink, chatConversation{ID: xchat.ConversationID(p.Conversation, t.own.user)})
	}
	ev, ok := t.parse(p.Event)
	if !ok {
		return true, nil
	}
	one, err := t.talks.talk(ctx, xchat.ConversationID(ev.Conversation, t.own.user))
	if err != nil {
		return true, err
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	return true, t.arrive(ctx, sink, one, ev, p)
}

// arrive takes in an event that came live. When there are events before it that did not come, they are fetched first; if
// that fails, it is taken in by itself and the next poll fetches them.
func (t *encrypted) arrive(ctx context.Context, sink chat.Sink, one *talk, ev wire.Event, p chatPayload) error {
	known := one.at.Last != 0
	gap := !known || ev.Previous > one.at.Last
	if gap && ev.Sequence > one.at.Last {
		err := t.fetchNew(ctx, sink, one, time.Time{})
		if err == nil && one.at.Last >= ev.Sequence {
			return nil
		}
		if err != nil {
			t.c.log.LogAttrs(ctx, slog.LevelDebug, "gap not filled", slog.String("kind", chat.KindOf(err).String()))
			t.c.wake()
		}
		gap = ev.Previous > one.at.Last
	}
	// What is not in the chain of events, as read marks are, tells nothing of what came before.
	d := digest{t: t, one: one, next: one.at.clone(), stay: gap || ev.Previous == 0}
	if p.Token != "" {
		d.next.Token = p.Token
	}
	if gap {
		d.next.Seen = time.Time{} // the next poll looks here whatever X says
	}
	var all []wire.Event
	if p.KeyChange != "" {
		all = t.parseAll([]string{p.KeyChange})
	}
	return d.take(ctx, sink, append(all, ev))
}

// seek looks for the key change of a version further back in a conversation, where X leaves it out of its pages; what it
// finds on the way is adopted. A key that was not there is not looked for again for a while.
func (t *encrypted) seek(ctx context.Context, one *talk, version string) (changed bool, err error) {
	mark := one.id + " " + version
	if _, fresh := t.sought.Get(mark); fresh {
		return false, nil
	}
	t.sought.Put(mark, struct{}{})
	var faults error
	err = t.walk(ctx, one.id, seekPages, func(page chatEvents) bool {
		all := t.parseAll(page.Meta.KeyEvents)
		for _, item := range page.Data {
			if ev, ok := t.parse(item.Event); ok {
				all = append(all, ev)
			}
		}
		for _, ev := range all {
			if _, is := ev.Detail.(wire.KeyChange); is {
				added, err := t.adopt(ctx, one, ev)
				changed, faults = changed || added, errors.Join(faults, err)
			}
		}
		_, there := one.ring.Key(version)
		return there
	})
	if err != nil {
		return changed, fmt.Errorf("look for a key: %w", err)
	}
	return changed, faults
}
