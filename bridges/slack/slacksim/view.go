package slacksim

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"time"

	"github.com/roost-im/roost/bridges/simkit"
)

// View reads the workspace. All it returns are copies.
type View struct {
	w *world
}

// Message is what stands in a channel, as a person would see it.
type Message struct {
	TS          string
	Channel     string
	Thread      string // the parent's TS, "" outside threads; a parent with replies names itself
	User        string // "" when the app wrote it under a persona
	BotID       string
	AppID       string
	Subtype     string
	Text        string // as Slack stores it: & < > escaped, mentions and links in <…>
	Typed       string // what a person typed, "" when the app wrote it
	Username    string // persona
	IconURL     string
	IconEmoji   string
	Blocks      json.RawMessage
	Attachments json.RawMessage
	Metadata    *Metadata
	Files       []File
	Reactions   []Reaction
	Broadcast   bool // a reply that is shown in the channel too
	Edited      bool
	Deleted     bool
	Replies     int
	Pinned      bool
}

// File is a shared file.
type File struct {
	ID, Name, Title, Type, User string
	Size                        int
	URL                         string // url_private: needs the bearer token
}

// Reaction is one emoji on a message.
type Reaction struct {
	Name  string
	Users []string
}

// Request is one call of the Web API as it came in.
type Request struct {
	Method string
	Status int    // the HTTP status of the answer, 0 when the connection was dropped instead
	Error  string // the error of an answer that is not ok
	Token  string
	Form   url.Values // arguments from query, form or JSON; nested JSON stays JSON; without the token
	At     time.Time
}

// Modal is a view that a person has open, or the Home tab.
type Modal struct {
	ID, User, Type, Title, Callback string
	Submit                          string // the label of the button that sends it; "" when there is none
	Metadata                        string // private_metadata
	Hash, Root, Previous            string
	Blocks                          json.RawMessage
	Errors                          map[string]string // what the last submission was told, by block id
}

// Messages are all messages of a channel with thread replies, oldest first; deleted ones are flagged.
func (v View) Messages(channel string) []Message {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	ch := v.w.channels[channel]
	if ch == nil {
		return nil
	}
	out := make([]Message, 0, len(ch.messages))
	for _, m := range ch.messages {
		out = append(out, v.w.seen(m))
	}
	return out
}

// Message finds one message; ok is false when there never was one.
func (v View) Message(channel, ts string) (m Message, ok bool) {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	if ch := v.w.channels[channel]; ch != nil && ch.byTS[ts] != nil {
		return v.w.seen(ch.byTS[ts]), true
	}
	return Message{}, false
}

// Thread is a message and its replies, oldest first, without deleted ones.
func (v View) Thread(channel, ts string) []Message {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	ch := v.w.channels[channel]
	if ch == nil || ch.find(ts) == nil {
		return nil
	}
	out := []Message{v.w.seen(ch.find(ts))}
	for _, m := range ch.replies(ts) {
		out = append(out, v.w.seen(m))
	}
	return out
}

// Ephemerals are the messages only one person sees, oldest first.
func (v View) Ephemerals(user string) []Message {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	var out []Message
	for _, e := range v.w.ephemerals {
		if e.user == user {
			out = append(out, v.w.seen(e.msg))
		}
	}
	return out
}

// Requests is the log of API calls, oldest first; the oldest fall out after 10,000.
func (v View) Requests() []Request {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	return slices.Clone(v.w.requests)
}

// Calls are the Requests of one method, such as "chat.postMessage".
func (v View) Calls(method string) []Request {
	var out []Request
	for _, r := range v.Requests() {
		if r.Method == method {
			out = append(out, r)
		}
	}
	return out
}

// Views are the open modals, the one a person sees on top last.
func (v View) Views() []Modal {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	var out []Modal
	for _, m := range v.w.modals {
		out = append(out, m.seen())
	}
	return out
}

// Home is a person's Home tab as views.publish left it.
func (v View) Home(user string) (m Modal, ok bool) {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	if home := v.w.homes[user]; home != nil {
		return home.seen(), true
	}
	return Modal{}, false
}

// Interactions are the presses, submissions and slash commands so far, with what the app answered.
func (v View) Interactions() []Interaction {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	out := make([]Interaction, 0, len(v.w.inter))
	for _, in := range v.w.inter {
		out = append(out, *in)
	}
	return out
}

// Channels are all conversations that were not deleted, with their members (the bot too, when it is in).
func (v View) Channels() []Channel {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	var out []Channel
	for _, id := range v.w.chanOrder {
		if ch := v.w.channels[id]; ch != nil {
			c := ch.Channel
			c.Members = slices.Clone(ch.members)
			out = append(out, c)
		}
	}
	return out
}

// Users are all members of the workspace, the bot too, as they were added.
func (v View) Users() []User {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	var out []User
	for _, id := range v.w.userOrder {
		out = append(out, *v.w.users[id])
	}
	return out
}

// FileBytes are the content of a file.
func (v View) FileBytes(id string) ([]byte, bool) {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	f := v.w.files[id]
	if f == nil || f.deleted {
		return nil, false
	}
	return slices.Clone(f.data), true
}

// Sockets is the number of open Socket Mode connections.
func (v View) Sockets() int {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	return len(v.w.courier.sockets)
}

// Mail counts what became of events.
type Mail struct {
	Acked    int // confirmed by the app
	Lost     int // given up: never confirmed, or no socket was open for too long
	Repeated int // sent again because they were not confirmed
	Waiting  int // on their way, held or kept for the next socket
}

// Mail says what became of the events so far.
func (v View) Mail() Mail {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	return v.w.courier.mail()
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

// seen copies a message out.
func (w *world) seen(m *message) Message {
	out := Message{
		TS: m.TS, Channel: m.channel, Thread: m.ThreadTS, User: m.User, BotID: m.BotID, AppID: m.AppID, Subtype: m.Subtype,
		Text: m.Text, Typed: m.typed, Username: m.Username, Blocks: slices.Clone(m.Blocks), Attachments: slices.Clone(m.Attachments),
		Metadata: m.Metadata, Broadcast: m.Subtype == subBroadcast, Edited: m.Edited != nil, Deleted: m.deleted, Replies: m.ReplyCount,
		Pinned: !m.deleted && m.PinnedInfo != nil,
	}
	if m.Icons != nil {
		out.IconURL, out.IconEmoji = m.Icons.Image48, m.Icons.Emoji
	}
	for _, f := range m.Files {
		out.Files = append(out.Files, File{ID: f.ID, Name: f.Name, Title: f.Title, Type: f.Mimetype, User: f.User, Size: f.Size, URL: f.URLPrivate})
	}
	for _, r := range m.Reactions {
		out.Reactions = append(out.Reactions, Reaction{Name: r.Name, Users: slices.Clone(r.Users)})
	}
	return out
}
