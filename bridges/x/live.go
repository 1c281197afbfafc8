package x

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x/internal/api"
	"github.com/roost-im/roost/router/chat"
)

// errMalformed says that a delivery of the Activity API is no JSON of its shape.
var errMalformed = errors.New("x: malformed activity")

// activity is one delivery of the Activity API, by stream or webhook. The older Account Activity API puts the payload
// itself where this has an envelope. https://docs.x.com/x-api/activity/event-payloads
type activity struct {
	Data *struct {
		EventType string `json:"event_type"`
		Filter    struct {
			UserID string `json:"user_id"`
		} `json:"filter"`
		Payload json.RawMessage `json:"payload"`
	} `json:"data"`
	ForUserID string          `json:"for_user_id"`
	Errors    json.RawMessage `json:"errors"`
}

// livePayload is what happened, in the shape of the older API in either envelope.
type livePayload struct {
	Messages []liveMessage              `json:"direct_message_events"`
	Typing   []liveSign                 `json:"direct_message_indicate_typing_events"`
	Reads    []liveSign                 `json:"direct_message_mark_read_events"`
	Users    map[string]json.RawMessage `json:"users"`
}

type liveTarget struct {
	RecipientID string `json:"recipient_id"`
}

type liveMessage struct {
	Type    string `json:"type"`
	ID      string `json:"id"`
	Created millis `json:"created_timestamp"`
	Create  struct {
		Target   liveTarget `json:"target"`
		SenderID string     `json:"sender_id"`
		Data     struct {
			Text       string   `json:"text"`
			Entities   entities `json:"entities"`
			Attachment struct {
				Media *liveMedia `json:"media"`
			} `json:"attachment"`
		} `json:"message_data"`
	} `json:"message_create"`
}

type liveMedia struct {
	ID       string `json:"id_str"`
	Type     string `json:"type"`
	URL      string `json:"url"` // the t.co link in the text
	MediaURL string `json:"media_url_https"`
	AltText  string `json:"ext_alt_text"`
	Video    struct {
		Variants []variant `json:"variants"`
	} `json:"video_info"`
}

type liveSign struct {
	Created  millis     `json:"created_timestamp"`
	SenderID string     `json:"sender_id"`
	Target   liveTarget `json:"target"`
	LastRead string     `json:"last_read_event_id"`
}

// millis is a time in milliseconds, as a string.
type millis time.Time

// UnmarshalJSON reads a string or a number; nothing is the zero time.
func (m *millis) UnmarshalJSON(b []byte) error {
	s := strings.Trim(string(b), `"`)
	if s == "" || s == "null" {
		return nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return err
	}
	*m = millis(time.UnixMilli(n).UTC())
	return nil
}

// liveUser is a profile in either API's shape.
type liveUser struct {
	api.User

	Data       *api.User `json:"data"`
	ScreenName string    `json:"screen_name"`
	Image      string    `json:"profile_image_url_https"`
	Created    millis    `json:"created_timestamp"`
}

// profile is the newer shape of it.
func (u liveUser) profile() api.User {
	if u.Data != nil {
		return *u.Data
	}
	p := u.User
	if p.Username == "" {
		p.Username, p.ProfileImageURL, p.CreatedAt = u.ScreenName, u.Image, time.Time(u.Created)
	}
	return p
}

// plainKind is an event's name in one spelling: X has written chat.conversation_join, chat.conversation.join and
// ChatConversationJoin.
func plainKind(kind string) string {
	return strings.NewReplacer(".", "", "_", "").Replace(strings.ToLower(kind))
}

// unwrap gives what a delivery is about, whose account it is for, and what happened.
func (a activity) unwrap(raw []byte) (kind, owner string, payload json.RawMessage) {
	if a.Data != nil {
		return a.Data.EventType, a.Data.Filter.UserID, a.Data.Payload
	}
	return "account_activity", a.ForUserID, raw
}

// take takes in one delivery. It returns errMalformed, the sink's error, or LoggedOut when the person withdrew the app's
// permission. What can't be understood is skipped; the next poll finds it if it is a message.
func (c *Connector) take(ctx context.Context, sink chat.Sink, raw []byte) error {
	var a activity
	if json.Unmarshal(raw, &a) != nil || a.Data == nil && a.ForUserID == "" && a.Errors == nil {
		return errMalformed
	}
	kind, owner, payload := a.unwrap(raw)
	self := c.selfID()
	if plainKind(kind) == "oauthrevoke" {
		return c.withdrawn(payload, self)
	}
	if owner != "" && owner != self {
		return nil // another account of the same app
	}
	if strings.HasPrefix(plainKind(kind), "chat") {
		return c.takeChat(ctx, sink, kind, payload, raw)
	}
	events, ok := c.dm.live(kind, payload)
	if !ok {
		c.skip(kind, raw)
		if strings.HasPrefix(plainKind(kind), "dm") {
			c.wake()
		}
		return nil
	}
	return c.hand(ctx, sink, chat.Batch{Events: c.recent.Without(events)})
}

// takeChat takes in what happened in an encrypted conversation. What can't be understood is skipped; the next poll finds it
// if it is a message.
func (c *Connector) takeChat(ctx context.Context, sink chat.Sink, kind string, payload, raw []byte) error {
	t := c.chat.Load()
	if t == nil {
		c.skip(kind, raw) // the doctor says what is missing
		return nil
	}
	handled, err := t.Live(ctx, sink, payload)
	if !handled {
		c.skip(kind, raw)
		c.wake()
	}
	return err
}

// withdrawn is the error of a person who took the app's permission back, if it was ours.
func (c *Connector) withdrawn(payload []byte, self string) error {
	var who struct {
		UserID string `json:"user_id"`
	}
	if json.Unmarshal(payload, &who) != nil || who.UserID != self {
		return nil
	}
	return &chat.Error{Op: "x: receive", Kind: chat.LoggedOut, Reason: "the account took the app's permission back; " + c.api.Mend()}
}

// selfID is the account's own user ID; empty before Run has asked for it.
func (c *Connector) selfID() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.self == nil {
		return ""
	}
	return c.self.ID
}

func (t *classic) live(kind string, payload json.RawMessage) ([]chat.Event, bool) {
	switch plainKind(kind) {
	case "dmreceived", "dmsent", "dmread", "dmindicatetyping", "accountactivity":
	default:
		return nil, false
	}
	var p livePayload
	if json.Unmarshal(payload, &p) != nil {
		return nil, false
	}
	for id, raw := range p.Users {
		var u liveUser
		if json.Unmarshal(raw, &u) == nil && u.profile().ID == id {
			t.c.people.Learn([]api.User{u.profile()})
		}
	}
	events := t.c.reader(t.c.selfID()).events(p)
	return events, len(events) > 0
}

// events is what happened.
func (r reader) events(p livePayload) []chat.Event {
	var events []chat.Event
	for _, m := range p.Messages {
		if ev, ok := r.message(m); ok {
			events = append(events, ev)
		}
	}
	for _, s := range p.Typing {
		id := "typing-" + s.SenderID + "-" + strconv.FormatInt(time.Time(s.Created).UnixMilli(), 10)
		if ev, ok := r.sign(s, id, chat.Typing{}); ok {
			events = append(events, ev)
		}
	}
	for _, s := range p.Reads {
		if ev, ok := r.sign(s, "read-"+s.SenderID+"-"+s.LastRead, chat.Read{}); ok && s.LastRead != "" {
			ev.Message = chat.MessageID(s.LastRead)
			events = append(events, ev)
		}
	}
	return events
}

// message is a message that came live. It has no conversation ID, for it is always one between two people; a message
// without a recipient is left to the next poll.
func (r reader) message(m liveMessage) (chat.Event, bool) {
	id, ok := api.ParseSnowflake(m.ID)
	from, to := m.Create.SenderID, m.Create.Target.RecipientID
	if !ok || from == "" || to == "" {
		return chat.Event{}, false
	}
	e := dmEvent{ID: m.ID, Text: m.Create.Data.Text, CreatedAt: time.Time(m.Created), Entities: m.Create.Data.Entities}
	var files []media
	var links []string
	if a := m.Create.Data.Attachment.Media; a != nil {
		files = []media{{MediaKey: a.ID, Type: a.Type, URL: a.MediaURL, AltText: a.AltText, Variants: a.Video.Variants}}
		links = []string{a.URL}
	}
	what := r.posted(e, files, links)
	return chat.Event{
		ID: chat.EventID(m.ID), Conversation: r.Direct(r.Peer(from, to)), Message: chat.MessageID(id.String()),
		Author: r.Author(from), At: r.when(e), Direct: true, Addressed: bridges.Mentions(what, r.ID), What: what,
	}, true
}

// sign is a sign of life that came live.
func (r reader) sign(s liveSign, id string, what chat.Happening) (chat.Event, bool) {
	if s.SenderID == "" || s.Target.RecipientID == "" {
		return chat.Event{}, false
	}
	return chat.Event{
		ID: chat.EventID(id), Conversation: r.Direct(r.Peer(s.SenderID, s.Target.RecipientID)),
		Author: r.Author(s.SenderID), At: time.Time(s.Created), Direct: true, What: what,
	}, true
}
