package telegramsim

import (
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// message stands in a chat.
type message struct {
	id       int
	chat     *chat
	thread   int // message_thread_id, 0 when there is none
	topic    bool
	by       int64 // who wrote it
	from     int64 // who is shown as having written it, 0 in channels
	as       int64 // sender_chat
	via      bool  // written by the bot for a business account
	date     time.Time
	edited   time.Time
	kind     string // "" for a text, otherwise the field of what it holds: "photo", "document", "poll", "forum_topic_created", …
	text     string // or the caption
	entities []Entity
	media    any // the value of the field kind, as bots get it
	files    []*file
	spoiler  bool
	album    string
	reply    int // id of the message in the same chat that it answers
	external obj // external_reply
	quote    *quote
	origin   obj             // forward_origin
	buttons  [][]Button      // of an inline keyboard
	markup   json.RawMessage // the inline keyboard as given
	preview  json.RawMessage // link_preview_options
	silent   bool
	protect  bool
	service  bool
	extra    obj // further fields
	reacts   []*reaction
	poll     *poll
	deleted  bool
	pings    []int64
}

type quote struct {
	text     string
	entities []Entity
	position int
	manual   bool
}

type reaction struct {
	emoji string // or custom_emoji_id, when custom
	users []int64
}

// newMessage makes an empty message that is not stored yet.
func (w *world) newMessage(c *chat) *message {
	return &message{chat: c, date: w.now()}
}

// store numbers a message and puts it into its chat.
func (w *world) store(c *chat, m *message) {
	m.id = w.nextID(c)
	c.messages = append(c.messages, m)
	c.byID[m.id] = m
	m.pings = w.pinged(m)
	if u := w.users[m.by]; u != nil && u.Bot && !m.service {
		c.botSpoke = m.by == w.cfg.Bot.ID
	}
}

// hasText says whether the message is a text, so that it has no caption.
func (m *message) hasText() bool { return m.kind == "" }

// captioned says whether the message may have a caption.
func (m *message) captioned() bool {
	switch m.kind {
	case "photo", "video", "animation", "audio", "document", "voice":
		return true
	default:
		return false
	}
}

// pinged are the people whom a message notifies by name: members of the chat whom it mentions.
func (w *world) pinged(m *message) []int64 {
	var out []int64
	for _, e := range m.entities {
		id := e.User
		if e.Type == "mention" {
			if u := w.userNamed(cutUnits(m.text, e.Offset+1, e.Offset+e.Length)); u != nil {
				id = u.ID
			}
		}
		if id != 0 && id != m.by && m.chat.has(id) && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// wireUser is https://core.telegram.org/bots/api#user
func (w *world) wireUser(u *User) obj {
	o := obj{"id": u.ID, "is_bot": u.Bot, "first_name": u.First}
	if u.Last != "" {
		o["last_name"] = u.Last
	}
	if u.Username != "" {
		o["username"] = u.Username
	}
	if u.Language != "" {
		o["language_code"] = u.Language
	}
	if u.Premium {
		o["is_premium"] = true
	}
	return o
}

// wireChat is https://core.telegram.org/bots/api#chat
func (w *world) wireChat(c *chat) obj {
	o := obj{"id": c.id, "type": string(c.typ)}
	if c.typ == private {
		u := w.users[c.user]
		o["first_name"] = u.First
		if u.Last != "" {
			o["last_name"] = u.Last
		}
		if u.Username != "" {
			o["username"] = u.Username
		}
		return o
	}
	o["title"] = c.Title
	if c.Username != "" {
		o["username"] = c.Username
	}
	if c.Forum {
		o["is_forum"] = true
	}
	return o
}

// wireMessage is https://core.telegram.org/bots/api#message
func (w *world) wireMessage(m *message) obj {
	o := w.wireBare(m)
	if target := m.chat.find(m.reply); target != nil {
		o["reply_to_message"] = w.wireBare(target)
	}
	if m.external != nil {
		o["external_reply"] = m.external
	}
	if q := m.quote; q != nil {
		wire := obj{"text": q.text, "position": q.position}
		if len(q.entities) > 0 {
			wire["entities"] = w.wireEntities(q.entities)
		}
		if q.manual {
			wire["is_manual"] = true
		}
		o["quote"] = wire
	}
	return o
}

// wireBare is a message without what it answers.
func (w *world) wireBare(m *message) obj {
	o := obj{"message_id": m.id, "date": m.date.Unix(), "chat": w.wireChat(m.chat)}
	w.wireSender(m, o)
	if m.thread != 0 {
		o["message_thread_id"] = m.thread
	}
	if m.topic {
		o["is_topic_message"] = true
	}
	if !m.edited.IsZero() {
		o["edit_date"] = m.edited.Unix()
	}
	if m.album != "" {
		o["media_group_id"] = m.album
	}
	if m.origin != nil {
		o["forward_origin"] = m.origin
	}
	if m.protect {
		o["has_protected_content"] = true
	}
	w.wireContent(m, o)
	maps.Copy(o, m.extra)
	return o
}

func (w *world) wireSender(m *message, o obj) {
	if u := w.users[m.from]; u != nil {
		o["from"] = w.wireUser(u)
	}
	if m.as != 0 {
		o["sender_chat"] = w.wireChat(w.chats[m.as])
	}
	if m.chat.link != nil {
		o["business_connection_id"] = m.chat.link.id
	}
	if m.via {
		o["sender_business_bot"] = w.wireUser(w.users[w.cfg.Bot.ID])
	}
}

// wireContent adds what a message says.
func (w *world) wireContent(m *message, o obj) {
	text, entities := "caption", "caption_entities"
	if m.hasText() {
		text, entities = "text", "entities"
	} else {
		o[m.kind] = m.media
		if m.kind == "animation" { // for older clients, as the documentation of animation says
			o["document"] = documentOf(m.files[0])
		}
	}
	if m.poll != nil {
		o["poll"] = m.poll.wire()
	}
	if m.text != "" {
		o[text] = m.text
	}
	if len(m.entities) > 0 {
		o[entities] = w.wireEntities(m.entities)
	}
	if m.spoiler {
		o["has_media_spoiler"] = true
	}
	if m.preview != nil {
		o["link_preview_options"] = m.preview
	}
	if m.markup != nil {
		o["reply_markup"] = m.markup
	}
}
