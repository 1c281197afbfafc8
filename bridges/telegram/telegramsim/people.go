package telegramsim

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Errors of the methods by which people act.
var (
	ErrNoUser        = errors.New("telegramsim: no such user")
	ErrNoChat        = errors.New("telegramsim: no such chat")
	ErrNoMessage     = errors.New("telegramsim: no such message")
	ErrNotAuthor     = errors.New("telegramsim: only its author may change a message")
	ErrNoRight       = errors.New("telegramsim: not allowed")
	ErrNoButton      = errors.New("telegramsim: no such button")
	ErrNothingToUndo = errors.New("telegramsim: no such reaction")
	ErrNoTopic       = errors.New("telegramsim: no such topic")
)

// Draft is what a person sends.
type Draft struct {
	Text      string // as typed; the caption when there are Files
	Entities  []Entity
	HTML      bool   // Text is HTML, of which the formatting is made
	Thread    int    // id of the topic to write in, 0 for General
	ReplyTo   int    // id of the message that is answered
	ReplyChat int64  // chat of ReplyTo, when it is another one
	Quote     string // the part of that message that is quoted
	Files     []Upload
	Album     bool   // send Files as one album, not as a message each
	Sticker   string // emoji of a sticker
	Voice     []byte // an Ogg file with a voice note
	Poll      *Poll
	Forward   *Origin
	Anonymous bool // of an administrator: speak as the group
}

// Poll is a question with options.
type Poll struct {
	Question string
	Options  []string
	Multiple bool // several options may be chosen
	Quiz     bool
	Public   bool // everyone sees who voted
}

// Origin is where a forwarded message comes from: one of User, Name or Chat.
type Origin struct {
	User    int64
	Name    string // of someone whose account may not be linked to
	Chat    int64  // a channel, or a group in whose name an administrator wrote
	Message int    // in a channel
}

// Say sends as a person and returns the message's id, that of the first one when there are several, or 0 when it is refused: the
// person or the chat is unknown, they are not in it or have blocked the bot, the topic is closed, the channel is not theirs, or
// there is nothing to send or too much of it. In a private chat it starts the bot.
func (s *Sim) Say(user, chat int64, d Draft) int {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	if chat == user && w.users[user] != nil && user != w.cfg.Bot.ID {
		w.private(user)
	}
	c := w.chats[chat]
	if !w.mayWrite(c, user, d) {
		return 0
	}
	list, err := w.drafted(c, user, d)
	if err != nil || len(list) == 0 {
		return 0
	}
	for _, m := range list {
		w.store(c, m)
		w.tell(m)
	}
	w.bump()
	return list[0].id
}

func (w *world) mayWrite(c *chat, user int64, d Draft) bool {
	if c == nil || w.users[user] == nil || user == w.cfg.Bot.ID || !c.open() || !c.has(user) {
		return false
	}
	if (c.typ == Channel || d.Anonymous) && !c.admin(user) {
		return false
	}
	if !c.Forum {
		return d.Thread == 0
	}
	t := c.topic(cmp.Or(d.Thread, generalTopic))
	return t != nil && (!t.closed || c.admin(user))
}

// open says whether anything can still be written in the chat.
func (c *chat) open() bool { return !c.gone && c.upgraded == 0 && !c.blocked }

// drafted makes the messages of a draft: one, or one for each file.
func (w *world) drafted(c *chat, user int64, d Draft) ([]*message, error) {
	text, entities, err := w.typed(d)
	if err != nil {
		return nil, err
	}
	if units(text) > maxText {
		return nil, bad("message is too long")
	}
	files := d.uploads()
	album := ""
	if d.Album && len(files) > 1 {
		album = w.newAlbum()
	}
	var out []*message
	for i := range max(1, len(files)) {
		m := w.written(c, user, d)
		m.album = album
		if i == 0 {
			m.text, m.entities = text, entities
		}
		if i < len(files) {
			w.attach(m, w.keep(files[i], stickerMeta(d.Sticker)), files[i].Spoiler)
		}
		if d.Poll != nil {
			w.ask(m, *d.Poll)
		}
		if m.hasText() && m.text == "" {
			return nil, bad("message text is empty")
		}
		out = append(out, m)
	}
	return out, nil
}

// uploads are all files of a draft.
func (d Draft) uploads() []Upload {
	files := slices.Clone(d.Files)
	if d.Sticker != "" {
		files = append(files, Upload{Kind: "sticker", Type: "image/webp", Data: []byte("RIFF\x1a\x00\x00\x00WEBPVP8L" + d.Sticker)})
	}
	if len(d.Voice) > 0 {
		files = append(files, Upload{Kind: "voice", Type: "audio/ogg", Data: d.Voice})
	}
	return files
}

func stickerMeta(emoji string) obj {
	if emoji == "" {
		return nil
	}
	return obj{"emoji": emoji, "set_name": "SimStickers"}
}

// typed is the text that a person's client makes of what they typed.
func (w *world) typed(d Draft) (string, []Entity, error) {
	if d.HTML {
		return w.parsed(d.Text, "HTML", "")
	}
	text, entities := trimmed(d.Text, slices.Clone(d.Entities))
	return text, withFound(text, entities), nil
}

// attach makes a message one that holds a file.
func (w *world) attach(m *message, f *file, spoiler bool) {
	m.kind, m.media, m.files, m.spoiler = f.kind, f.wire(), []*file{f}, spoiler
}

// written is an empty message by a person, where the draft puts it.
func (w *world) written(c *chat, user int64, d Draft) *message {
	m := w.newMessage(c)
	m.by, m.from = user, user
	switch {
	case c.typ == Channel:
		m.from, m.as = 0, c.id
	case d.Anonymous:
		m.from, m.as = anonymous, c.id
	}
	w.intoTopic(m, d.Thread)
	w.answer(m, d)
	if d.Forward != nil {
		m.origin = w.wireOrigin(d.Forward, m)
	}
	return m
}

// intoTopic puts a message into a topic.
func (w *world) intoTopic(m *message, thread int) {
	if m.chat.Forum && thread != 0 && thread != generalTopic {
		m.thread, m.topic = thread, true
		m.reply = m.chat.topic(thread).id // what does not answer anything else answers the message that made the topic
	}
}

// answer makes a person's message a reply.
func (w *world) answer(m *message, d Draft) {
	if d.ReplyTo == 0 {
		return
	}
	from := m.chat
	if d.ReplyChat != 0 && d.ReplyChat != m.chat.id {
		from = w.chats[d.ReplyChat]
	}
	if from == nil || from.find(d.ReplyTo) == nil {
		return
	}
	target := from.find(d.ReplyTo)
	w.link(m, target)
	if at := strings.Index(target.text, d.Quote); d.Quote != "" && at >= 0 {
		m.quote = &quote{text: d.Quote, position: units(target.text[:at]), manual: true}
	}
}

// link makes m answer target. In a supergroup without topics the first answer opens a thread, which message_thread_id names.
func (w *world) link(m, target *message) {
	if target.chat != m.chat || m.chat.Forum && target.thread != m.thread {
		m.external = w.wireExternal(target)
		return
	}
	m.reply = target.id
	if m.chat.typ == Supergroup && !m.chat.Forum {
		m.thread = target.id
		if target.thread != 0 {
			m.thread = target.thread
		}
	}
}

// wireExternal is https://core.telegram.org/bots/api#externalreplyinfo
func (w *world) wireExternal(target *message) obj {
	o := obj{"origin": w.originOf(target)}
	if target.chat.typ == Supergroup || target.chat.typ == Channel {
		o["chat"], o["message_id"] = w.wireChat(target.chat), target.id
	}
	if len(target.files) > 0 {
		o[target.kind] = target.media
	}
	return o
}

// originOf is what a forward of a message says about where it comes from. https://core.telegram.org/bots/api#messageorigin
func (w *world) originOf(m *message) obj {
	if m.origin != nil {
		return m.origin
	}
	o := Origin{User: m.from}
	if m.as != 0 {
		o = Origin{Chat: m.as, Message: m.id}
	}
	return w.wireOrigin(&o, m)
}

func (w *world) wireOrigin(from *Origin, m *message) obj {
	o := obj{"date": m.date.Unix()}
	c := w.chats[from.Chat]
	switch u := w.users[from.User]; {
	case c != nil && c.typ == Channel:
		o["type"], o["chat"], o["message_id"] = "channel", w.wireChat(c), max(1, from.Message)
	case c != nil:
		o["type"], o["sender_chat"] = "chat", w.wireChat(c)
	case u != nil:
		o["type"], o["sender_user"] = "user", w.wireUser(u)
	default:
		o["type"], o["sender_user_name"] = "hidden_user", from.Name
	}
	return o
}

// Edit changes the text or caption of a person's own message.
func (s *Sim) Edit(user, chat int64, id int, text string) error {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	m, err := w.own(user, chat, id)
	if err != nil {
		return err
	}
	if !m.hasText() && !m.captioned() {
		return fmt.Errorf("%w: a %s has no text", ErrNoRight, m.kind)
	}
	m.text, m.entities = trimmed(text, nil)
	m.entities = withFound(m.text, m.entities)
	w.editedNow(m)
	w.tell(m)
	return nil
}

func (w *world) editedNow(m *message) {
	m.edited = w.now()
	w.bump()
}

// Delete removes a message: a person's own one, or any where they are an administrator or in a private chat. The bot hears nothing
// of it, but in a chat of a business account.
func (s *Sim) Delete(user, chat int64, id int) error {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	m, err := w.at(chat, id)
	if err != nil {
		return err
	}
	if m.by != user && !m.chat.admin(user) && m.chat.typ != private {
		return fmt.Errorf("%w: %d is not by %d", ErrNotAuthor, id, user)
	}
	w.erase(m)
	if l := m.chat.link; l != nil {
		w.emit("deleted_business_messages", m.chat, obj{"business_connection_id": l.id, "chat": w.wireChat(m.chat), "message_ids": []int{id}})
	}
	return nil
}

func (w *world) erase(m *message) {
	m.deleted = true
	m.chat.pinned = slices.DeleteFunc(m.chat.pinned, func(id int) bool { return id == m.id })
	w.bump()
}

// at finds a message that was not deleted: in the chat, or in a chat of a business account with that person.
func (w *world) at(chat int64, id int) (*message, error) {
	c := w.chats[chat]
	if c != nil {
		if m := c.find(id); m != nil {
			return m, nil
		}
	}
	for _, key := range w.linkOrder {
		for _, peer := range w.links[key].chats {
			if m := peer.find(id); m != nil && (chat == peer.id || chat == w.links[key].owner) {
				return m, nil
			}
		}
	}
	if c == nil {
		return nil, fmt.Errorf("%w: %d", ErrNoChat, chat)
	}
	return nil, fmt.Errorf("%w: %d in %d", ErrNoMessage, id, chat)
}

func (w *world) own(user, chat int64, id int) (*message, error) {
	m, err := w.at(chat, id)
	if err == nil && m.by != user {
		err = fmt.Errorf("%w: %d is not by %d", ErrNotAuthor, id, user)
	}
	return m, err
}
