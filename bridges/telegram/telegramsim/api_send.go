package telegramsim

import (
	"encoding/json"
	"strconv"
	"strings"
)

const (
	maxText    = 4096 // UTF-16 code units after the formatting was taken out
	maxCaption = 1024
)

func sendMethods() map[string]method {
	out := map[string]method{
		"sendmessage":     (*world).sendMessage,
		"sendmediagroup":  (*world).sendMediaGroup,
		"sendlocation":    (*world).sendLocation,
		"sendvenue":       (*world).sendVenue,
		"sendcontact":     (*world).sendContact,
		"sendpoll":        (*world).sendPoll,
		"senddice":        (*world).sendDice,
		"sendchataction":  (*world).sendChatAction,
		"copymessage":     (*world).copyMessage,
		"copymessages":    (*world).copyMessages,
		"forwardmessage":  (*world).forwardMessage,
		"forwardmessages": (*world).forwardMessages,
	}
	for _, kind := range []string{"photo", "document", "video", "audio", "voice", "animation", "sticker", "video_note"} {
		out["send"+strings.ReplaceAll(kind, "_", "")] = func(w *world, c *call) (any, error) { return w.sendFile(c, kind) }
	}
	return out
}

// place finds a chat by its id or @username.
func (w *world) place(name string) (*chat, error) {
	name = strings.TrimSpace(name)
	if name == "" {
		return nil, bad("chat_id is empty")
	}
	if public, ok := strings.CutPrefix(name, "@"); ok {
		if c := w.named(public); c != nil {
			return c, nil
		}
		return nil, bad("chat not found")
	}
	id, err := strconv.ParseInt(name, 10, 64)
	if err != nil {
		return nil, bad("chat not found")
	}
	if c := w.chats[id]; c != nil {
		return c, nil
	}
	if w.meets(id) {
		return &chat{id: id, typ: private, user: id, stranger: true}, nil
	}
	return nil, bad("chat not found")
}

// meets says whether a person is in a group where the bot is, so that the bot knows them.
func (w *world) meets(user int64) bool {
	for _, c := range w.chats {
		if u := w.users[user]; u != nil && !u.Bot && c.isGroup() && c.has(user) && c.has(w.cfg.Bot.ID) {
			return true
		}
	}
	return false
}

// kind is the word for a chat in errors.
func (c *chat) kind() string {
	if c.typ == BasicGroup {
		return "group chat"
	}
	return string(c.typ) + " chat"
}

// readable finds a chat that the bot may read. A group may be read even after the bot left it.
func (w *world) readable(name string) (*chat, error) {
	c, err := w.place(name)
	switch {
	case err != nil:
		return nil, err
	case c.typ == private || c.typ == BasicGroup:
		return c, nil
	case c.gone:
		return nil, bad("chat not found")
	case c.members[w.cfg.Bot.ID] == kicked:
		return nil, forbidden("bot was kicked from the " + c.kind())
	case !c.has(w.cfg.Bot.ID) && c.Username == "":
		return nil, forbidden("bot is not a member of the " + c.kind())
	}
	return c, nil
}

// writable finds a chat that the bot may write to.
func (w *world) writable(name string) (*chat, error) {
	c, err := w.readable(name)
	switch {
	case err != nil:
		return nil, err
	case c.stranger:
		return nil, forbidden("bot can't initiate conversation with a user")
	case c.upgraded != 0:
		return nil, &apiError{code: 400, text: "Bad Request: group chat was upgraded to a supergroup chat", migrate: c.upgraded}
	case c.gone:
		return nil, forbidden("the group chat was deleted")
	case c.blocked:
		return nil, forbidden("bot was blocked by the user")
	case c.members[w.cfg.Bot.ID] == kicked:
		return nil, forbidden("bot was kicked from the " + c.kind())
	case !c.has(w.cfg.Bot.ID):
		return nil, forbidden("bot is not a member of the " + c.kind())
	case c.typ == Channel && !c.admin(w.cfg.Bot.ID):
		return nil, bad("need administrator rights in the channel chat")
	}
	return c, nil
}

// target finds where a call wants to write: a chat, a topic in it, or a chat of a business account.
func (w *world) target(c *call) (*message, error) {
	if c.has("business_connection_id") {
		return w.onBehalf(c)
	}
	ch, err := w.writable(c.str("chat_id"))
	if err != nil {
		return nil, err
	}
	m := w.newMessage(ch)
	m.by, m.from = w.cfg.Bot.ID, w.cfg.Bot.ID
	if ch.typ == Channel {
		m.from, m.as = 0, ch.id
	}
	thread := c.number("message_thread_id")
	switch {
	case !ch.Forum:
	case thread == generalTopic:
		return nil, bad("message thread not found") // General is meant by no thread at all
	case thread != 0:
		if err := w.openTopic(ch, thread); err != nil {
			return nil, err
		}
		w.intoTopic(m, thread)
	case ch.general.closed && !ch.admin(w.cfg.Bot.ID):
		return nil, bad("TOPIC_CLOSED")
	}
	return m, nil
}

// openTopic checks that the bot may write in a topic.
func (w *world) openTopic(ch *chat, id int) error {
	for _, t := range ch.topics {
		switch {
		case t.id != id:
		case t.deleted:
			return bad("TOPIC_DELETED")
		case t.closed && !ch.admin(w.cfg.Bot.ID):
			return bad("TOPIC_CLOSED")
		default:
			return nil
		}
	}
	return bad("message thread not found")
}

// prepared is target with everything that all messages have: reply, keyboard, silence.
func (w *world) prepared(c *call) (*message, error) {
	m, err := w.target(c)
	if err != nil {
		return nil, err
	}
	if err := w.replying(c, m); err != nil {
		return nil, err
	}
	if err := w.keyboard(c, m); err != nil {
		return nil, err
	}
	m.silent, m.protect = c.boolean("disable_notification"), c.boolean("protect_content")
	return m, nil
}

// sent stores a message of the bot and gives it as the answer.
func (w *world) sent(m *message) (any, error) {
	w.store(m.chat, m)
	return w.wireMessage(m), nil
}

func (w *world) sendMessage(c *call) (any, error) {
	m, err := w.prepared(c)
	if err != nil {
		return nil, err
	}
	if m.text, m.entities, err = w.textOf(c, "text", "entities"); err != nil {
		return nil, err
	}
	if m.preview, err = previewOf(c); err != nil {
		return nil, err
	}
	return w.sent(m)
}

// textOf is the text of a message, which must not be empty.
func (w *world) textOf(c *call, text, entities string) (string, []Entity, error) {
	if c.str(text) == "" {
		return "", nil, bad("message text is empty")
	}
	plain, list, err := w.parsed(c.str(text), c.str("parse_mode"), c.str(entities))
	switch {
	case err != nil:
		return "", nil, err
	case plain == "":
		return "", nil, bad("text must be non-empty")
	case units(plain) > maxText:
		return "", nil, bad("message is too long")
	}
	return plain, list, nil
}

// captionOf is a caption, which may be empty.
func (w *world) captionOf(text, mode, entities string) (string, []Entity, error) {
	plain, list, err := w.parsed(text, mode, entities)
	if err == nil && units(plain) > maxCaption {
		err = bad("message caption is too long")
	}
	return plain, list, err
}

// previewOf reads link_preview_options, or the older disable_web_page_preview.
func previewOf(c *call) (json.RawMessage, error) {
	if c.boolean("disable_web_page_preview") && !c.has("link_preview_options") {
		return json.RawMessage(`{"is_disabled":true}`), nil
	}
	var p map[string]json.RawMessage
	if err := c.object("link_preview_options", "link preview options", &p); err != nil || p == nil {
		return nil, err
	}
	return mustJSON(p), nil
}

func (m *message) noPreview() bool {
	var p struct {
		Off bool `json:"is_disabled"`
	}
	return m.preview != nil && json.Unmarshal(m.preview, &p) == nil && p.Off
}
