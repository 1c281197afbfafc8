package x

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x/internal/api"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// reader turns what X tells into events of one account.
type reader struct {
	account chat.Account
	self    string // the account's own user ID
	handle  string // and its handle; empty when that is not known
	people  *api.People
}

// decodeEvent reads one event of a lookup. ok is false when it is none, or one without an ID.
func decodeEvent(raw []byte) (e dmEvent, ok bool) {
	if json.Unmarshal(raw, &e) != nil {
		return dmEvent{}, false
	}
	_, ok = api.ParseSnowflake(e.ID)
	return e, ok
}

// lookup is what a looked up event says; nothing when we don't know its kind.
func (r reader) lookup(e dmEvent, shown map[string]media) []chat.Event {
	id, direct := r.place(e.ConversationID)
	if id == "" {
		return nil
	}
	base := chat.Event{ID: chat.EventID(e.ID), Conversation: chat.Conversation{Account: r.account, ID: id}, At: r.when(e), Direct: direct}
	switch e.EventType {
	case "MessageCreate":
		if e.SenderID == "" {
			return nil
		}
		base.Message = chat.MessageID(e.ID)
		base.Author = r.author(e.SenderID)
		base.What = r.posted(e, e.files(shown), nil)
		base.Addressed = bridges.Mentions(base.What, r.self)
		return []chat.Event{base}
	case "ParticipantsJoin":
		return r.moves(base, e.ParticipantIDs, chat.Joined{})
	case "ParticipantsLeave":
		return r.moves(base, e.ParticipantIDs, chat.Left{})
	}
	return nil
}

// moves is one event for each person who came or went.
func (r reader) moves(base chat.Event, who []string, what chat.Happening) []chat.Event {
	events := make([]chat.Event, 0, len(who))
	for _, id := range who {
		if id == "" {
			continue
		}
		ev := base
		ev.ID = chat.EventID(string(base.ID) + "/" + id)
		ev.Author = r.author(id)
		ev.What = what
		events = append(events, ev)
	}
	return events
}

// posted is a message's text and files. links is the t.co links that stand for the files, where X told them.
func (r reader) posted(e dmEvent, files []media, links []string) chat.Posted {
	var p chat.Posted
	for _, m := range files {
		p.Files = append(p.Files, r.file(m))
	}
	p.Text = mentioning(text.Plain(read(e, len(files) > 0, links)), r.handle, r.self)
	return p
}

// files is what an event's media keys stand for.
func (e dmEvent) files(shown map[string]media) []media {
	var all []media
	for _, key := range e.Attachments.MediaKeys {
		m, ok := shown[key]
		if !ok {
			m = media{MediaKey: key}
		}
		all = append(all, m)
	}
	return all
}

// when is when an event happened; its ID tells where X does not.
func (r reader) when(e dmEvent) time.Time {
	if !e.CreatedAt.IsZero() {
		return e.CreatedAt.UTC()
	}
	s, _ := api.ParseSnowflake(e.ID)
	return s.Time()
}

// author is who did something, and whether that was the account.
func (r reader) author(id string) chat.Author {
	a := r.people.Author(id)
	a.Self = id == r.self
	return a
}

// place is the conversation of a conversation ID of X: a direct one is named by the peer, a group by itself. X writes
// direct ones as both user IDs, with a dash or a colon between them.
func (r reader) place(id string) (place chat.ConversationID, direct bool) {
	a, b, ok := strings.Cut(id, "-")
	if !ok {
		a, b, ok = strings.Cut(id, ":")
	}
	switch {
	case !ok:
		return chat.ConversationID(id), false
	case a == r.self:
		return chat.ConversationID(b), true
	default:
		return chat.ConversationID(a), true
	}
}

// direct is the conversation with a person.
func (r reader) direct(peer string) chat.Conversation {
	return chat.Conversation{Account: r.account, ID: chat.ConversationID(peer)}
}

// peer is the other one of two people.
func (r reader) peer(a, b string) string {
	if a == r.self {
		return b
	}
	return a
}

// userID reads a conversation ID that should be a user or group.
func userID(c chat.Conversation) (string, error) {
	if _, ok := api.ParseSnowflake(string(c.ID)); !ok || c.Thread != "" {
		return "", fmt.Errorf("%s is no conversation on X", c)
	}
	return string(c.ID), nil
}
