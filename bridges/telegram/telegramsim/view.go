package telegramsim

import (
	"context"
	"slices"
	"time"

	"github.com/roost-im/roost/bridges/simkit"
)

// View reads what stands in the chats. All it returns are copies.
type View struct {
	w *world
}

// Message is what stands in a chat, as a person would see it.
type Message struct {
	ID        int
	Chat      int64
	Thread    int    // the topic, or the first message of a row of answers
	Business  string // id of the business connection in whose chat it stands
	Kind      string // "" for a text, otherwise what it holds: "photo", "poll", "forum_topic_created", "pinned_message", …
	From      int64  // who wrote it; the chat's id when someone wrote in its name
	FromName  string
	Text      string
	Entities  []Entity // of Text, or of Caption
	Caption   string
	ReplyTo   int
	Quote     string
	Forwarded bool
	Files     []File
	Buttons   [][]Button // of the inline keyboard
	Reactions []Reaction
	Pings     []int64 // members of the chat whom the text mentions
	Album     string  // media_group_id
	Silent    bool    // sent without a sound
	NoPreview bool    // sent without link previews
	Edited    bool
	Deleted   bool
	Pinned    bool
	At        time.Time
}

// File is a file in a message.
type File struct {
	ID, Name, Type, Kind string
	Size                 int
	Spoiler              bool
	Data                 []byte
}

// Button is one button of an inline keyboard.
type Button struct {
	Text string
	Data string // callback_data
	URL  string
}

// Reaction is one emoji on a message.
type Reaction struct {
	Emoji string // or the custom_emoji_id
	Users []int64
}

// Topic is a topic of a forum. General is not among them.
type Topic struct {
	ID      int
	Name    string
	Icon    string // custom_emoji_id
	Color   int
	Closed  bool
	Deleted bool
}

// Request is one call as it came in.
type Request struct {
	Method string
	Params map[string]string // arguments from query, form or JSON; nested JSON stays JSON
	Files  []string          // names of the files that came along
	Status int               // the HTTP status of the answer, 0 when the connection was dropped instead
	Error  string            // the description of an answer that is not ok
	At     time.Time
}

// Messages are all messages of a chat, oldest first; deleted ones are flagged.
func (v View) Messages(chat int64) []Message {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	c := v.w.chats[chat]
	if c == nil {
		return nil
	}
	return v.w.seenAll(c)
}

// Message finds one message; ok is false when there never was one. Those in chats of business accounts are found too.
func (v View) Message(chat int64, id int) (m Message, ok bool) {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	if c := v.w.chats[chat]; c != nil && c.byID[id] != nil {
		return v.w.seen(c.byID[id]), true
	}
	for _, l := range v.w.links {
		if c := l.chats[chat]; c != nil && c.byID[id] != nil {
			return v.w.seen(c.byID[id]), true
		}
	}
	return Message{}, false
}

// BusinessMessages are all messages between a person and the owner of a business connection, oldest first.
func (v View) BusinessMessages(connection string, peer int64) []Message {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	l := v.w.links[connection]
	if l == nil || l.chats[peer] == nil {
		return nil
	}
	return v.w.seenAll(l.chats[peer])
}

// Topics are the topics of a forum, oldest first; deleted ones are flagged.
func (v View) Topics(chat int64) []Topic {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	c := v.w.chats[chat]
	if c == nil {
		return nil
	}
	out := make([]Topic, 0, len(c.topics))
	for _, t := range c.topics {
		out = append(out, Topic{ID: t.id, Name: t.name, Icon: t.icon, Color: t.color, Closed: t.closed, Deleted: t.deleted})
	}
	return out
}

// Chats are all groups and channels with the people who are in them now; private chats are not among them.
func (v View) Chats() []Group {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	var out []Group
	for _, id := range v.w.chatOrder {
		c := v.w.chats[id]
		if c.typ == private || c.gone || c.upgraded != 0 {
			continue
		}
		g := c.Group
		g.ID, g.Type, g.Members, g.Admins = c.id, c.typ, nil, nil
		for _, user := range c.order {
			switch {
			case user == v.w.cfg.Bot.ID || !c.has(user):
			case c.admin(user):
				g.Admins = append(g.Admins, user)
			default:
				g.Members = append(g.Members, user)
			}
		}
		g.NoBot, g.BotAdmin = !c.has(v.w.cfg.Bot.ID), c.admin(v.w.cfg.Bot.ID)
		out = append(out, g)
	}
	return out
}

// Users are all people and bots, ours too, as they were added.
func (v View) Users() []User {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	var out []User
	for _, id := range v.w.userOrder {
		out = append(out, *v.w.users[id])
	}
	return out
}

// Requests is the log of calls, oldest first; the oldest fall out after 10,000. A getUpdates is in it once it was answered.
func (v View) Requests() []Request {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	return slices.Clone(v.w.requests)
}

// Calls are the Requests of one method, such as "sendMessage"; files are fetched with "download".
func (v View) Calls(method string) []Request {
	var out []Request
	for _, r := range v.Requests() {
		if r.Method == method {
			out = append(out, r)
		}
	}
	return out
}

// Polling says whether a getUpdates waits.
func (v View) Polling() bool {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	return v.w.queue.poll != nil
}

// Pending is the number of updates that the bot has not confirmed, held ones too.
func (v View) Pending() int {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	return len(v.w.queue.waiting) + len(v.w.queue.held)
}

// Changed is closed at the next change of anything a View shows.
func (v View) Changed() <-chan struct{} {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	return v.w.changes.Next()
}

// Wait returns nil as soon as ok says so, looking again after every change, and the context's error when it ends first.
func (s *Sim) Wait(ctx context.Context, ok func(*View) bool) error {
	return simkit.Wait(ctx, s.Changed, func() bool { return ok(&s.View) })
}

func (w *world) seenAll(c *chat) []Message {
	out := make([]Message, 0, len(c.messages))
	for _, m := range c.messages {
		out = append(out, w.seen(m))
	}
	return out
}

// seen copies a message out.
func (w *world) seen(m *message) Message {
	out := Message{
		ID: m.id, Chat: m.chat.id, Thread: m.thread, Kind: m.kind, From: m.by, Entities: slices.Clone(m.entities), ReplyTo: m.reply,
		Forwarded: m.origin != nil, Pings: slices.Clone(m.pings), Album: m.album, Silent: m.silent, Edited: !m.edited.IsZero(),
		Deleted: m.deleted, Pinned: slices.Contains(m.chat.pinned, m.id), At: m.date, NoPreview: m.noPreview(),
	}
	if m.as != 0 {
		out.From, out.FromName = m.as, m.chat.Title
	} else if u := w.users[m.by]; u != nil {
		out.FromName = u.name()
	}
	if m.chat.link != nil {
		out.Business = m.chat.link.id
	}
	if m.hasText() {
		out.Text = m.text
	} else {
		out.Caption = m.text
	}
	if m.quote != nil {
		out.Quote = m.quote.text
	}
	for _, f := range m.files {
		out.Files = append(out.Files, File{ID: f.id, Name: f.name, Type: f.mime, Kind: m.kind, Size: len(f.data), Spoiler: m.spoiler, Data: slices.Clone(f.data)})
	}
	for _, row := range m.buttons {
		out.Buttons = append(out.Buttons, slices.Clone(row))
	}
	for _, r := range m.reacts {
		out.Reactions = append(out.Reactions, Reaction{Emoji: r.emoji, Users: slices.Clone(r.users)})
	}
	return out
}

func (u *User) name() string {
	if u.Last == "" {
		return u.First
	}
	return u.First + " " + u.Last
}
