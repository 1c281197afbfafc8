package discordsim

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"time"

	"github.com/roost-im/roost/bridges/simkit"
)

// View reads Discord. All it returns are copies.
type View struct {
	w *world
}

// Message is what stands in a channel, as a person would see it.
type Message struct {
	ID          string
	Channel     string
	Guild       string          // "" in a DM
	Kind        int             // Discord's type: 0 plain, 19 reply, 20 answer to a command, others are notices of Discord itself
	Author      string          // user id, or the webhook's
	AuthorName  string          // what is shown
	Webhook     string          // id, "" when a user wrote it
	AvatarURL   string          // of a webhook's message, as it was given
	Content     string          // markdown source
	Embeds      json.RawMessage // null without any
	Components  json.RawMessage
	Attachments []Attachment
	Stickers    []Sticker
	Poll        *Poll
	Reactions   []Reaction
	ReplyTo     string
	Forwarded   string // id of the message that this forwards
	Thread      string // id of the thread that was started from it
	Edited      bool
	Deleted     bool
	Pinned      bool
	Flags       int
	Nonce       string
	Only        string   // the one person who sees it, of an ephemeral message
	Pings       []string // whom it notified: user ids, role ids, "everyone", "here"
	At          time.Time
}

// Attachment is a file of a message.
type Attachment struct {
	ID, Name, Type, Alt string
	Size                int
	URL                 string // signed; good for Timing.Link
	Spoiler             bool
	Width, Height       int
	Data                []byte
}

// Reaction is one emoji on a message.
type Reaction struct {
	Emoji string // as React takes it
	Users []string
}

// Request is one call of REST, the CDN or the gateway as it came in.
type Request struct {
	Method string
	Path   string // with /api and the version
	Route  string // as Fail takes it
	Query  url.Values
	Status int // the HTTP status of the answer, 0 when there was none
	Code   int // Discord's code of an answer that is not good
	Body   json.RawMessage
	Files  []string // names of uploaded files
	At     time.Time
}

// Webhook is a webhook of a channel.
type Webhook struct {
	ID, Channel, Name, Token string
	Own                      bool // made by the bot
}

// Typing is one time that the bot showed that it types.
type Typing struct {
	Channel string
	At      time.Time
}

// Typings are the times that the bot showed that it types, oldest first; the oldest fall out after 10,000.
func (v View) Typings() []Typing {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	return slices.Clone(v.w.typings)
}

// Messages are all messages of a channel or thread, oldest first; deleted ones are flagged, ephemeral ones have Only.
func (v View) Messages(channel string) []Message {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	ch := v.w.channels[channel]
	if ch == nil {
		return nil
	}
	out := make([]Message, 0, len(ch.messages))
	for _, m := range ch.messages {
		out = append(out, v.w.shown(ch, m))
	}
	return out
}

// Message finds one message; ok is false when there never was one.
func (v View) Message(channel, id string) (m Message, ok bool) {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	if ch := v.w.channels[channel]; ch != nil && ch.byID[id] != nil {
		return v.w.shown(ch, ch.byID[id]), true
	}
	return Message{}, false
}

// Channels are all channels and DMs that were not deleted, without threads.
func (v View) Channels() []Channel {
	return v.channels(func(ch *channel) bool { return !ch.Type.thread() })
}

// Threads are the threads of a channel that were not deleted, archived ones too; "" gives those of every channel.
func (v View) Threads(parent string) []Channel {
	return v.channels(func(ch *channel) bool { return ch.Type.thread() && (parent == "" || ch.Parent == parent) })
}

func (v View) channels(want func(*channel) bool) []Channel {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	var out []Channel
	for _, id := range v.w.chanOrder {
		if ch := v.w.channels[id]; want(ch) {
			out = append(out, ch.shown())
		}
	}
	return out
}

func (ch *channel) shown() Channel {
	c := ch.Channel
	c.Members, c.Applied = slices.Clone(c.Members), slices.Clone(c.Applied)
	if ch.Type.thread() {
		c.Members = nil
		for _, m := range ch.members {
			c.Members = append(c.Members, m.user)
		}
	}
	c.Tags, c.TagIDs = nil, nil
	for _, t := range ch.tags {
		c.Tags, c.TagIDs = append(c.Tags, t.Name), append(c.TagIDs, t.ID)
	}
	return c
}

// Users are everyone, the bot first.
func (v View) Users() []User {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	var out []User
	for _, id := range v.w.userOrder {
		out = append(out, *v.w.users[id])
	}
	return out
}

// Requests is the log of calls, oldest first; the oldest fall out after 10,000.
func (v View) Requests() []Request {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	return slices.Clone(v.w.requests)
}

// Calls are the Requests of one route, such as "POST /channels/{}/messages".
func (v View) Calls(route string) []Request {
	var out []Request
	for _, r := range v.Requests() {
		if r.Route == routeName(route) {
			out = append(out, r)
		}
	}
	return out
}

// Sockets is the number of open gateway connections.
func (v View) Sockets() int {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	return len(v.w.hub.sockets)
}

// Sessions is the number of sessions that have a socket and were told READY or RESUMED.
func (v View) Sessions() int {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	n := 0
	for _, s := range v.w.hub.sessions {
		if s.sock != nil {
			n++
		}
	}
	return n
}

// Identified counts the sessions that were started so far; a resume starts none.
func (v View) Identified() int {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	return v.w.hub.identified
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

// shown copies a message out.
func (w *world) shown(ch *channel, m *message) Message {
	out := Message{
		ID: m.id, Channel: m.channel, Guild: ch.Guild, Kind: m.kind, Author: m.author, Webhook: m.hook, AvatarURL: m.hookAvatar, Content: m.content,
		ReplyTo: m.replyTo, Thread: m.thread, Edited: !m.edited.IsZero(), Deleted: m.deleted, Pinned: !m.pinned.IsZero(), Flags: m.flags,
		Only: m.only, Pings: slices.Clone(m.pings), At: m.at,
	}
	if m.hook != "" {
		out.Author, out.AuthorName = m.hook, m.hookName
	} else if u := w.users[m.author]; u != nil {
		out.AuthorName = cmp.Or(u.GlobalName, u.Name)
	}
	if len(m.embeds) > 0 && m.flags&flagSuppressEmbeds == 0 {
		out.Embeds = mustJSON(m.embeds)
	}
	if len(m.components) > 0 {
		out.Components = mustJSON(m.components)
	}
	if m.ref != nil && m.ref.kind == 1 {
		out.Forwarded = m.ref.message
	}
	switch n := m.nonce.(type) {
	case string:
		out.Nonce = n
	case int64:
		out.Nonce = string(mustJSON(n))
	}
	w.showParts(&out, m)
	return out
}

// showParts copies what a message has besides its text.
func (w *world) showParts(out *Message, m *message) {
	for _, f := range m.files {
		out.Attachments = append(out.Attachments, Attachment{
			ID: f.id, Name: f.name, Type: f.kind, Alt: f.alt, Size: len(f.data), URL: w.link(f), Spoiler: f.spoiler(),
			Width: f.width, Height: f.height, Data: slices.Clone(f.data),
		})
	}
	for _, s := range m.stickers {
		id, _ := s["id"].(string)
		name, _ := s["name"].(string)
		format, _ := s["format_type"].(int)
		out.Stickers = append(out.Stickers, Sticker{ID: id, Name: name, Format: format})
	}
	for _, r := range m.reactions {
		out.Reactions = append(out.Reactions, Reaction{Emoji: r.emoji.String(), Users: slices.Clone(r.users)})
	}
	if m.poll != nil {
		out.Poll = &Poll{Question: m.poll.question, Multi: m.poll.multi, Lasts: m.poll.expiry.Sub(m.at)}
		for _, a := range m.poll.answers {
			out.Poll.Answers = append(out.Poll.Answers, a.text)
		}
	}
}
