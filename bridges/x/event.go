package x

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x/internal/api"
	"github.com/roost-im/roost/bridges/x/internal/dm"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// reader turns what X tells into events of one account.
type reader struct{ dm.Self }

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
	id, direct := r.Place(e.ConversationID)
	if id == "" {
		return nil
	}
	base := chat.Event{ID: chat.EventID(e.ID), Conversation: chat.Conversation{Account: r.Account, ID: id}, At: r.when(e), Direct: direct}
	switch e.EventType {
	case "MessageCreate":
		if e.SenderID == "" {
			return nil
		}
		base.Message = chat.MessageID(e.ID)
		base.Author = r.Author(e.SenderID)
		base.What = r.posted(e, e.files(shown), nil)
		base.Addressed = bridges.Mentions(base.What, r.ID)
		return []chat.Event{base}
	case "ParticipantsJoin":
		return r.Moves(base, e.ParticipantIDs, chat.Joined{})
	case "ParticipantsLeave":
		return r.Moves(base, e.ParticipantIDs, chat.Left{})
	}
	return nil
}

// posted is a message's text and files. links is the t.co links that stand for the files, where X told them.
func (r reader) posted(e dmEvent, files []media, links []string) chat.Posted {
	var p chat.Posted
	for _, m := range files {
		p.Files = append(p.Files, r.file(m))
	}
	p.Text = dm.Mentioning(text.Plain(read(e, len(files) > 0, links)), r.Handle, r.ID)
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

// userID reads a conversation ID that should be a user or group.
func userID(c chat.Conversation) (string, error) {
	if _, ok := api.ParseSnowflake(string(c.ID)); !ok || c.Thread != "" {
		return "", fmt.Errorf("%s is no conversation on X", c)
	}
	return string(c.ID), nil
}
