package telegram

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/roost-im/roost/router/chat"
)

// read adds what one update says to b. It returns errUnknown for one that nothing here understands.
func (in *intake) read(ctx context.Context, raw json.RawMessage, b *batch) error {
	var u update
	if err := json.Unmarshal(raw, &u); err != nil {
		return errors.Join(errUnknown, err)
	}
	if m, body := u.message(raw); m != nil {
		return in.message(ctx, m, body, b)
	}
	if m := firstOf(u.EditedMessage, u.EditedPost, u.EditedBusiness); m != nil {
		return in.edited(ctx, m, b)
	}
	switch {
	case u.DeletedBusiness != nil:
		return in.deletedBusiness(ctx, u.DeletedBusiness, b)
	case u.Reaction != nil:
		return in.reacted(ctx, u.ID, u.Reaction, b)
	case u.Callback != nil:
		return in.pressed(ctx, u.Callback, b)
	case u.MyChatMember != nil:
		return in.self(ctx, u.ID, u.MyChatMember, b)
	case u.ChatMember != nil:
		return in.moved(ctx, u.ChatMember, b)
	case u.Connection != nil:
		return nil // the account's messages say where they come from
	}
	return errUnknown
}

// message is the new message of an update, as it was read and as it came.
func (u *update) message(raw json.RawMessage) (*message, json.RawMessage) {
	var fields struct {
		Message  json.RawMessage `json:"message"`
		Post     json.RawMessage `json:"channel_post"`
		Business json.RawMessage `json:"business_message"`
	}
	m := firstOf(u.Message, u.ChannelPost, u.BusinessMessage)
	if m == nil || json.Unmarshal(raw, &fields) != nil {
		return nil, nil
	}
	for _, body := range []json.RawMessage{fields.Message, fields.Post, fields.Business} {
		if len(body) > 0 && string(body) != "null" {
			return m, body
		}
	}
	return nil, nil
}

// place is where a message is.
func (m *message) place() place {
	p := place{chat: m.Chat.ID, business: m.Business}
	if m.Topical && m.Thread > generalTopic { // replies in groups without topics have a thread, too
		p.thread = m.Thread
	}
	return p
}

// event is what every event about m has in common. Its ID is that of the message being written.
func (in *intake) event(ctx context.Context, m *message) (chat.Event, error) {
	at := m.place()
	conv, err := in.c.conversation(ctx, at)
	if err != nil {
		return chat.Event{}, err
	}
	id, err := in.c.name(ctx, at, m.ID)
	if err != nil {
		return chat.Event{}, err
	}
	return chat.Event{
		ID:           chat.EventID("m:" + at.key() + ":" + decimal(m.ID)),
		Conversation: conv,
		Message:      id,
		Author:       in.c.authorOf(m),
		At:           moment(m.Date),
		Direct:       m.Chat.Type == privateChat,
		Topic:        in.c.topicOf(at, m),
		What:         chat.Posted{},
	}, nil
}

func moment(unix int64) time.Time { return time.Unix(unix, 0).UTC() }

// author is a person as an event shows them.
func (c *Connector) author(u *user) chat.Author {
	if u == nil {
		return chat.Author{}
	}
	return chat.Author{
		ID: chat.PersonID(decimal(u.ID)), Name: u.name(), Handle: u.Username, Bot: u.IsBot, Self: u.ID == c.selfID(),
	}
}

// authorOf is who wrote a message: a chat, when somebody wrote in its name. In a business account's chats all but the other
// one is the account.
func (c *Connector) authorOf(m *message) chat.Author {
	if s := m.SenderChat; s != nil {
		return c.asChat(s, m)
	}
	if m.From == nil && m.Chat.Type == channelChat {
		return c.asChat(&m.Chat, m)
	}
	a := c.author(m.From)
	if m.Business != "" && (m.BusinessBot != nil || m.From != nil && m.From.ID != m.Chat.ID) {
		a.Self = true
	}
	return a
}

func (c *Connector) asChat(s *chatInfo, m *message) chat.Author {
	a := chat.Author{ID: chat.PersonID(decimal(s.ID)), Name: s.name(), Handle: s.Username}
	if m.Signature != "" {
		a.Name += " (" + m.Signature + ")"
	}
	if m.Automatic && m.Origin != nil { // a channel's post, shown again in the group where it is discussed
		_, a.Self = c.sent.Get(sentKey(s.ID, m.Origin.Message))
	}
	return a
}

func sentKey(chat, id int64) string { return fmt.Sprintf("%d:%d", chat, id) }

// message adds what a new message says.
func (in *intake) message(ctx context.Context, m *message, raw json.RawMessage, b *batch) error {
	at := m.place()
	if err := in.flush(ctx, at.key(), m.Album, b); err != nil {
		return err
	}
	if m.Album != "" {
		return in.piece(ctx, m, raw, b)
	}
	if done, err := in.notice(ctx, m, b); done || err != nil {
		return err
	}
	if m.isDelete(in.c.username()) {
		return in.delete(ctx, m, b)
	}
	if done, err := in.answer(ctx, m, b); done || err != nil {
		return err
	}
	if done, err := in.ordered(ctx, m, b); done || err != nil {
		return err
	}
	return in.post(ctx, m, raw, b)
}

// piece keeps a file of an album until the album is whole.
func (in *intake) piece(ctx context.Context, m *message, raw json.RawMessage, b *batch) error {
	at := m.place().key()
	if told := slices.IndexFunc(b.albums, func(a *album) bool { return a.At == at && a.Group == m.Album }); told >= 0 {
		return in.post(ctx, m, raw, b) // the rest is told already
	}
	waits := slices.ContainsFunc(in.held.albums, func(a *album) bool { return a.At == at && a.Group == m.Album })
	known, err := in.c.groups.knows(ctx, at, m.ID)
	if err != nil || (known && !waits) {
		return err
	}
	_, err = in.held.add(ctx, at, m, raw)
	in.poke()
	return err
}

// post adds a message that somebody wrote.
func (in *intake) post(ctx context.Context, m *message, raw json.RawMessage, b *batch) error {
	k := in.c.content(m)
	if k.empty() {
		if isNotice(raw) {
			return nil
		}
		in.c.deps.Skip("message", raw)
		return nil
	}
	ev, err := in.event(ctx, m)
	if err != nil {
		return err
	}
	if ev.What, err = in.posted(ctx, m, k); err != nil {
		return err
	}
	ev.Addressed = in.c.addressed(m, ev.What)
	b.events = append(b.events, ev)
	return in.c.remember(ctx, m.Chat)
}

func (in *intake) posted(ctx context.Context, m *message, k content) (chat.Posted, error) {
	p := chat.Posted{Text: k.text, Files: k.files, Quote: in.c.quote(m)}
	var err error
	if m.ReplyTo != nil && !m.opensTopic() {
		p.ReplyTo, err = in.c.name(ctx, m.place(), m.ReplyTo.ID)
	}
	return p, err
}

// edited adds how a message reads now. Telegram tells of changes that nobody sees as well.
func (in *intake) edited(ctx context.Context, m *message, b *batch) error {
	at := m.place()
	if err := in.flush(ctx, at.key(), "", b); err != nil {
		return err
	}
	k := in.c.content(m)
	if k.empty() || (m.Location != nil && m.Location.Live > 0) {
		return nil // somebody moves on a map
	}
	ev, err := in.event(ctx, m)
	if err != nil {
		return err
	}
	p, err := in.posted(ctx, m, k)
	if err != nil {
		return err
	}
	if m.Album != "" {
		p.Files = nil // of the others nothing is known here
	}
	sum := sha256.Sum256(fmt.Append(nil, k.text, k.files))
	ev.ID = chat.EventID(fmt.Sprintf("e:%s:%d:%d:%s", at.key(), m.ID, m.Edited, hex.EncodeToString(sum[:6])))
	ev.At = moment(firstOf(m.Edited, m.Date))
	ev.What = chat.Edited(p)
	ev.Addressed = in.c.addressed(m, ev.What)
	b.events = append(b.events, ev)
	return nil
}

// deletedBusiness adds the messages that vanished from a business account's chat.
func (in *intake) deletedBusiness(ctx context.Context, d *businessDeleted, b *batch) error {
	at := place{chat: d.Chat.ID, business: d.Connection}
	if err := in.flush(ctx, at.key(), "", b); err != nil {
		return err
	}
	conv, err := in.c.conversation(ctx, at)
	if err != nil {
		return err
	}
	var last chat.MessageID
	for _, id := range d.Messages {
		name, err := in.c.name(ctx, at, id)
		if err != nil {
			return err
		}
		if name == last { // another piece of the same
			continue
		}
		last = name
		b.events = append(b.events, chat.Event{
			ID: chat.EventID("d:" + at.key() + ":" + decimal(id)), Conversation: conv, Message: name, At: in.c.now().UTC(),
			Author: chat.Author{ID: chat.PersonID(decimal(d.Chat.ID)), Name: d.Chat.name(), Handle: d.Chat.Username},
			Direct: true, What: chat.Deleted{},
		})
	}
	return nil
}

// reacted adds what changed between two lists of somebody's reactions. It has no thread: Telegram does not tell it.
func (in *intake) reacted(ctx context.Context, number int64, r *reactionUpdate, b *batch) error {
	at := place{chat: r.Chat.ID}
	if err := in.flush(ctx, at.key(), "", b); err != nil {
		return err
	}
	conv, err := in.c.conversation(ctx, at)
	if err != nil {
		return err
	}
	name, err := in.c.name(ctx, at, r.Message)
	if err != nil {
		return err
	}
	by := in.c.author(r.User)
	if r.User == nil && r.Actor != nil {
		by = chat.Author{ID: chat.PersonID(decimal(r.Actor.ID)), Name: r.Actor.name(), Handle: r.Actor.Username}
	}
	n := 0
	add := func(all, but []reactionType, removed bool) {
		for _, one := range all {
			emoji := one.shown()
			if emoji == "" || slices.Contains(but, one) {
				continue
			}
			b.events = append(b.events, chat.Event{
				ID:           chat.EventID(fmt.Sprintf("r:%d:%d:%d", number, r.Date, n)),
				Conversation: conv, Message: name, Author: by, At: moment(r.Date), Direct: r.Chat.Type == privateChat,
				What: chat.Reacted{Emoji: emoji, Removed: removed},
			})
			n++
		}
	}
	add(r.Old, r.New, true)
	add(r.New, r.Old, false)
	return nil
}

// shown is a reaction as others write it; empty for what is none. Of a custom emoji only its number is known.
func (r reactionType) shown() string {
	switch r.Type {
	case "emoji":
		return coloured(r.Emoji)
	case "custom_emoji":
		return ":" + r.Custom + ":"
	case "paid":
		return "⭐"
	}
	return ""
}
