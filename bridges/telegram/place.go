package telegram

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/roost-im/roost/router/chat"
)

// generalTopic is the number of the topic that every forum has. It is the group itself.
const generalTopic = 1

// businessMark begins the ID of a conversation of a business account; its connection and the chat stand behind.
const businessMark = "biz:"

// place is where a conversation is on the wire.
type place struct {
	chat     int64
	business string // the connection; empty: the bot's own chat
	thread   int64  // 0: none
}

// key names the place without its thread.
func (p place) key() string {
	if p.business != "" {
		return businessMark + p.business + ":" + decimal(p.chat)
	}
	return decimal(p.chat)
}

// parsePlace reads a conversation, as routes know it.
func parsePlace(to chat.Conversation) (place, error) {
	var p place
	var err error
	id := string(to.ID)
	if rest, ok := strings.CutPrefix(id, businessMark); ok {
		i := max(strings.LastIndexByte(rest, ':'), 0)
		p.business, id = rest[:i], strings.TrimPrefix(rest[i:], ":")
	}
	if p.chat, err = strconv.ParseInt(id, 10, 64); err == nil && to.Thread != "" {
		p.thread, err = strconv.ParseInt(string(to.Thread), 10, 64)
	}
	if err != nil || p.chat == 0 || p.thread < 0 || (p.business == "" && strings.HasPrefix(string(to.ID), businessMark)) {
		return place{}, refused("post", fmt.Sprintf("%q is no chat of Telegram's; those are numbers", to))
	}
	return p, nil
}

// place is where to is now: a group that became a supergroup has a new number. Whoever writes to that number by itself knows
// of it, so the old one is forgotten.
func (c *Connector) place(ctx context.Context, to chat.Conversation) (place, error) {
	p, err := parsePlace(to)
	if err != nil || p.chat > 0 {
		return p, err
	}
	if err := c.moves.follow(ctx, p.chat); err != nil {
		return place{}, err
	}
	now, err := c.moves.now(ctx, p.chat)
	p.chat = now
	return p, err
}

// conversation is p as routes know it.
func (c *Connector) conversation(ctx context.Context, p place) (chat.Conversation, error) {
	was, err := c.moves.was(ctx, p.chat)
	if err != nil {
		return chat.Conversation{}, err
	}
	p.chat = was
	conv := chat.Conversation{Account: c.deps.Account, ID: chat.ConversationID(p.key())}
	if p.thread > generalTopic {
		conv.Thread = chat.ThreadID(decimal(p.thread))
	}
	return conv, nil
}

// messages are what a MessageID stands for.
type messages struct {
	chat int64   // where they are, by the chat's present number
	ids  []int64 // in order; the first is what one replies and reacts to
	text int64   // the one of ids that is only text and says what belongs to the files before it; 0: none
}

// first is the message that stands for all.
func (m messages) first() int64 { return m.ids[0] }

// spell writes the ID of messages in a conversation whose number is known as was.
func (m messages) spell(was int64) chat.MessageID {
	var b strings.Builder
	if m.chat != was {
		b.WriteString(decimal(m.chat) + ":")
	}
	for i, id := range m.ids {
		switch {
		case i > 0 && id == m.text:
			b.WriteByte('+')
		case i > 0:
			b.WriteByte(',')
		}
		b.WriteString(decimal(id))
	}
	return chat.MessageID(b.String())
}

// parseMessages reads a MessageID of a conversation whose number is known as was; ok is false when it is none of ours.
func parseMessages(was int64, id chat.MessageID) (m messages, ok bool) {
	rest := string(id)
	m.chat = was
	if before, behind, found := strings.Cut(rest, ":"); found {
		n, err := strconv.ParseInt(before, 10, 64)
		if err != nil {
			return messages{}, false
		}
		m.chat, rest = n, behind
	}
	rest, last, texted := strings.Cut(rest, "+")
	if texted {
		rest += "," + last
	}
	for word := range strings.SplitSeq(rest, ",") {
		n, err := strconv.ParseInt(word, 10, 64)
		if err != nil || n <= 0 || len(m.ids) > maxAlbum || slices.Contains(m.ids, n) {
			return messages{}, false
		}
		m.ids = append(m.ids, n)
	}
	if texted {
		m.text = m.ids[len(m.ids)-1]
	}
	return m, true
}

// find reads the ID of a message in to, which is at now. What was written before a group became a supergroup can't be
// reached any more.
func find(op string, to chat.Conversation, at place, id chat.MessageID) (messages, error) {
	known, err := parsePlace(to)
	if err != nil {
		return messages{}, err
	}
	m, ok := parseMessages(known.chat, id)
	if !ok {
		return messages{}, &chat.Error{Op: "telegram: " + op, Kind: chat.Gone, Reason: "the message is not known here"}
	}
	if m.chat != at.chat {
		return messages{}, &chat.Error{
			Op: "telegram: " + op, Kind: chat.Gone, Reason: "the message was written before the group became a supergroup",
		}
	}
	return m, nil
}

// name gives the ID of a message as the router knows it: of what is one message to people, it names all pieces.
func (c *Connector) name(ctx context.Context, at place, id int64) (chat.MessageID, error) {
	was, err := c.moves.was(ctx, at.chat)
	if err != nil {
		return "", err
	}
	m, err := c.groups.of(ctx, at.key(), id)
	if err != nil {
		return "", err
	}
	m.chat = at.chat
	return m.spell(was), nil
}

// nameAll gives the ID of several messages that are one to people, and remembers them.
func (c *Connector) nameAll(ctx context.Context, at place, m messages) (chat.MessageID, error) {
	was, err := c.moves.was(ctx, at.chat)
	if err != nil {
		return "", err
	}
	m.chat = at.chat
	slices.Sort(m.ids)
	if len(m.ids) > 1 {
		err = c.groups.note(ctx, at.key(), m)
	}
	return m.spell(was), err
}

// Direct says whether an ID is that of a direct conversation: people's are positive, and those of a business account's
// chats. https://core.telegram.org/bots/api#chat
func Direct(id chat.ConversationID) bool { return id != "" && !strings.HasPrefix(string(id), "-") }
