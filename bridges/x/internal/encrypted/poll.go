package encrypted

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/roost-im/roost/bridges/x/internal/api"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/router/chat"
)

const (
	chatPage      = 100 // of a list of conversations or events
	chatPages     = 50  // of a list of events, at most
	chatPageFirst = 20  // when one conversation's news are asked for, there are mostly few
	seekPages     = 20  // back in a conversation's events, to find a key
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

// keyChanges is the key changes of a page, whether X puts them among the events or beside them.
func (p chatEvents) keyChanges() []wire.Event {
	var all []wire.Event
	add := func(encoded string) {
		ev, err := wire.ParseEvent(encoded)
		if _, is := ev.Detail.(wire.KeyChange); err == nil && is {
			all = append(all, ev)
		}
	}
	for _, s := range p.Meta.KeyEvents {
		add(s)
	}
	for _, item := range p.Data {
		add(item.Event)
	}
	return all
}

// mostFailing is how many conversations in a row may fail before it is X that fails.
const mostFailing = 3

// CatchUp takes in what is new in every conversation that changed, and tries again what waits for a key. What one
// conversation fails with keeps no other one waiting. One does it at a time.
func (t *Transport) CatchUp(ctx context.Context, sink chat.Sink) error {
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	rows, err := t.changed(ctx)
	if err != nil {
		return err
	}
	if rows, err = t.owed(ctx, rows); err != nil {
		return err
	}
	var fault error
	failing := 0
	for _, row := range rows {
		err := t.refresh(ctx, sink, row)
		if err == nil {
			failing = 0
			continue
		}
		fault = err
		if failing++; ctx.Err() != nil || failing == mostFailing || !oneTalks(err) {
			break
		}
	}
	return fault
}

// oneTalks says whether an error is that of one conversation, which others may not have.
func oneTalks(err error) bool {
	e, answered := errors.AsType[*chat.Error](err)
	return answered && e.Kind == chat.Transient
}

// owed adds to what changed the conversations in which something waits, when it is time to look.
func (t *Transport) owed(ctx context.Context, rows []chatConversation) ([]chatConversation, error) {
	waits, err := t.talks.waits(ctx)
	if err != nil {
		return nil, err
	}
	for _, id := range waits {
		if slices.ContainsFunc(rows, func(c chatConversation) bool { return c.ID == id }) {
			continue
		}
		one, err := t.talks.talk(ctx, id)
		if err != nil {
			return nil, err
		}
		if one.due(t.a.Now()) {
			rows = append(rows, chatConversation{ID: id})
		}
	}
	return rows, nil
}

// changed is the conversations in which something happened that was not taken in, the oldest change first.
func (t *Transport) changed(ctx context.Context) ([]chatConversation, error) {
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
		if err := t.a.Purse.Read(ctx); err != nil {
			return nil, err
		}
		r := api.Request{Op: "x: look up conversations", Method: http.MethodGet, Path: "/2/chat/conversations", Query: q}
		if _, err := t.a.API.Call(ctx, r, &got); err != nil {
			return nil, err
		}
		fresh, met, err := t.fresh(ctx, got.Data)
		if err != nil {
			return nil, err
		}
		all = append(all, fresh...)
		if met || got.Meta.NextToken == "" || len(got.Data) == 0 {
			break // the list begins with what changed last
		}
		q.Set("pagination_token", got.Meta.NextToken)
	}
	slices.SortStableFunc(all, func(a, b chatConversation) int { return a.UpdatedAt.Compare(b.UpdatedAt) })
	return all, nil
}

// fresh is those of some conversations that changed after they were read; met says that there was one that did not.
func (t *Transport) fresh(ctx context.Context, rows []chatConversation) (fresh []chatConversation, met bool, err error) {
	for _, row := range rows {
		id, ok := t.ours(row.ID)
		if !ok {
			t.odd("chat_conversation", []byte(row.ID))
			continue
		}
		one, err := t.talks.talk(ctx, id)
		if err != nil {
			return nil, false, err
		}
		if row.ID = id; one.place().misses(row.UpdatedAt, t.a.Now()) {
			fresh = append(fresh, row)
		} else {
			met = true
		}
	}
	return fresh, met, nil
}

// refresh takes in what is new in one conversation.
func (t *Transport) refresh(ctx context.Context, sink chat.Sink, row chatConversation) error {
	one, err := t.talks.talk(ctx, row.ID)
	if err != nil {
		return err
	}
	if err := one.begin(ctx); err != nil {
		return err
	}
	defer one.end()
	return t.fetchNew(ctx, sink, one, row)
}

// fetchNew takes in what came after the last event of a talk, oldest first; its turn is ours. What X does not answer now is
// owed, and what waits is told all the same.
func (t *Transport) fetchNew(ctx context.Context, sink chat.Sink, one *talk, row chatConversation) error {
	d := digest{t: t, one: one, next: one.place()}
	back, err := t.back(ctx, one.id, d.next.Last)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && !shut(err):
		d.live, d.next.Owed = true, true
		return errors.Join(err, d.take(ctx, sink, nil, nil))
	case err != nil:
		t.a.Log.LogAttrs(ctx, slog.LevelWarn, "encrypted conversation can't be read", slog.String("conversation", one.id), slog.Any("error", err))
		d.live = true
	case !back.reached:
		t.a.Log.LogAttrs(ctx, slog.LevelWarn, "encrypted messages out of reach", slog.Int("found", len(back.events)))
	}
	d.next.Owed = false
	d.next.Token = cmp.Or(back.token, d.next.Token)
	if row.TTL > 0 {
		d.next.TTL = lifetime(row.TTL)
	}
	if !row.UpdatedAt.IsZero() && !row.UpdatedAt.Equal(d.next.Seen) {
		d.next.Seen, d.next.SeenAt = row.UpdatedAt, t.a.Now().UTC()
	}
	return d.take(ctx, sink, back.keys, back.events)
}

// mostLifetime is how long a message can be said to live, which is longer than anybody means.
const mostLifetime = 100 * 365 * 24 * time.Hour

// lifetime is how long a message lives, of what X tells in milliseconds; 0: for ever.
func lifetime(n int64) time.Duration {
	if n <= 0 || n > mostLifetime.Milliseconds() {
		return 0
	}
	return time.Duration(n) * time.Millisecond
}

// shut says that X does not let the account read a conversation, as one of a group that it has left. There is nothing to wait
// for until X tells of another change.
func shut(err error) bool {
	k := chat.KindOf(err)
	return k == chat.Refused || k == chat.Gone
}

// past is what a walk back through a conversation's events found, oldest first.
type past struct {
	keys    []wire.Event // key changes that X gives beside the events
	events  []wire.Event
	token   string // the newest
	reached bool   // it met what was known, or the beginning of what is ours
}

// back walks from the newest event to the last one that was taken in.
func (t *Transport) back(ctx context.Context, id string, last wire.Sequence) (past, error) {
	var found past
	err := t.walk(ctx, id, chatPages, func(page chatEvents) (enough bool) {
		found.keys = append(found.keys, t.parse(page.Meta.KeyEvents...)...)
		for _, item := range page.Data {
			found.token = cmp.Or(found.token, item.Token)
			for _, ev := range t.parse(item.Event) {
				t.sort(&found, ev, last)
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

// sort puts an event where it belongs. Of what was before our time, and of what was taken in, keys alone are taken: X may give
// them late.
func (t *Transport) sort(found *past, ev wire.Event, last wire.Sequence) {
	former := last == 0 && !ev.At.IsZero() && ev.At.Before(t.from)
	if !former && (ev.Sequence == 0 || ev.Sequence > last) {
		found.events = append(found.events, ev)
		return
	}
	found.reached = true
	if _, key := ev.Detail.(wire.KeyChange); key {
		found.keys = append(found.keys, ev)
	}
}

// walk shows the pages of a conversation's events, newest first, until show has enough.
func (t *Transport) walk(ctx context.Context, id string, most int, show func(chatEvents) (enough bool)) error {
	q := url.Values{
		"max_results":               {strconv.Itoa(chatPageFirst)},
		"chat_message_event.fields": {"id,encoded_event,conversation_token,created_at,previous_id"},
	}
	for range most {
		if err := t.a.Purse.Read(ctx); err != nil {
			return err
		}
		var page chatEvents
		r := api.Request{Op: "x: look up events", Method: http.MethodGet, Path: "/2/chat/conversations/" + pathID(id) + "/events", Query: q}
		if _, err := t.a.API.Call(ctx, r, &page); err != nil {
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

// parse reads events; what is none is skipped.
func (t *Transport) parse(encoded ...string) []wire.Event {
	var all []wire.Event
	for _, s := range encoded {
		ev, err := wire.ParseEvent(s)
		if err != nil || ev.Conversation == "" {
			t.odd("chat_event", []byte(s))
			continue
		}
		all = append(all, ev)
	}
	return all
}

// odd counts something that can't be used as skipped, once: some of it is read again and again. first says whether it was now.
func (t *Transport) odd(kind string, raw []byte) (first bool) {
	sum := sha256.Sum256(raw)
	known := []chat.Event{{ID: chat.EventID("odd" + string(sum[:]))}}
	if first = len(t.a.Recent.Without(known)) > 0; first {
		t.a.Recent.Add(known...)
		t.a.Skip(kind, raw)
	}
	return first
}
