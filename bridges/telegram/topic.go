package telegram

import (
	"context"
	"strings"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// maxTopic is the characters of a topic's name. https://core.telegram.org/bots/api#createforumtopic
const maxTopic = 128

const openedKey = "open/"

// Open begins a topic and writes the card into it; a Bare one stays empty. Topics hang on no message, so Root says nothing
// here. Repeated after a failure it goes on in the topic that it has made.
func (c *Connector) Open(ctx context.Context, o chat.Open) (chat.Receipt, chat.Conversation, error) {
	r, opened, err := c.open(ctx, o)
	if o.Bare && chat.IsUnsupported(err) {
		return chat.Receipt{}, o.To.Place(), nil // there are no topics here
	}
	return r, opened, err
}

func (c *Connector) open(ctx context.Context, o chat.Open) (chat.Receipt, chat.Conversation, error) {
	at, err := c.place(ctx, o.To.Place())
	if err != nil {
		return chat.Receipt{}, chat.Conversation{}, err
	}
	if at.business != "" {
		return chat.Receipt{}, chat.Conversation{}, chat.Unsupported("telegram: open", "a business account's chats have no topics")
	}
	title := firstOf(o.Title, o.Card.Title)
	if at.thread, err = c.newTopic(ctx, at, o.Key, topicName(o.Card.State, title)); err != nil {
		return chat.Receipt{}, chat.Conversation{}, err
	}
	c.topics.Put(topicKey(at), topic{name: unsigned(topicName("", title)), state: o.Card.State, named: topicName(o.Card.State, title)})
	opened := o.To.Place()
	opened.Thread = chat.ThreadID(decimal(at.thread))
	var r chat.Receipt
	if !o.Bare {
		card := o.Card
		card.Title = firstOf(card.Title, o.Title)
		r, err = c.Post(ctx, chat.Post{Key: o.Key, To: opened, Card: &card})
	}
	if o.Key != "" && (err == nil || chat.KindOf(err) == chat.Gone) { // of one that vanished another try makes another
		_ = c.deps.Keep.Keep(ctx, openedKey+string(o.Key), nil) // what is left over does no harm: the topic is there
	}
	if err != nil {
		return chat.Receipt{}, chat.Conversation{}, err
	}
	return r, opened, nil
}

// newTopic makes a topic, or finds the one that an earlier try has made.
func (c *Connector) newTopic(ctx context.Context, at place, key chat.Key, name string) (int64, error) {
	var made int64
	if key != "" {
		if err := recall(ctx, c.deps.Keep, openedKey+string(key), &made); err != nil || made != 0 {
			return made, err
		}
	}
	var t struct {
		ID int64 `json:"message_thread_id"`
	}
	err := c.inChat(ctx, at, call{method: "createForumTopic", once: true}, tgbotapi.Params{"name": name}, &t)
	if said(err).has("not a forum", "only for supergroups", "chat_not_modified") {
		return 0, chat.Unsupported("telegram: createForumTopic", "topics are switched off in this group; switch them on in its settings")
	}
	if err != nil {
		return 0, err
	}
	if key != "" {
		if err := store(ctx, c.deps.Keep, openedKey+string(key), t.ID); err != nil {
			return 0, &chat.Error{Op: "telegram: open", Kind: chat.Uncertain, Reason: "the topic was made, and could not be noted", Err: err}
		}
	}
	return t.ID, nil
}

// sign is what stands in front of a topic's name and says how its matter stands.
func sign(m chat.Mark) string {
	switch m {
	case chat.MarkOpen:
		return "🟢 "
	case chat.MarkClaimed:
		return "🔵 "
	case chat.MarkSnoozed:
		return "💤 "
	case chat.MarkClosed:
		return "✅ "
	}
	return ""
}

// topicName is a title as the name of a topic.
func topicName(m chat.Mark, title string) string {
	name := text.Name(title, maxTopic)
	for text.UTF16.Len(sign(m)+name) > maxTopic {
		name = text.Name(name, text.Graphemes.Len(name)-1)
	}
	return sign(m) + name
}

// unsigned is a topic's name without the sign.
func unsigned(name string) string {
	for _, m := range []chat.Mark{chat.MarkOpen, chat.MarkClaimed, chat.MarkSnoozed, chat.MarkClosed} {
		if rest, ok := strings.CutPrefix(name, sign(m)); ok {
			return rest
		}
	}
	return name
}

// markTopic shows at a topic how its matter stands: by a sign before its name, and closed when it is closed. What it shows
// already is left alone.
func (c *Connector) markTopic(ctx context.Context, at place, card chat.Card) error {
	known, _ := c.topics.Get(topicKey(at))
	name := topicName(card.State, firstOf(card.Title, known.name))
	if known.state == card.State && known.named == name {
		return nil
	}
	closed := card.State == chat.MarkClosed
	if !closed && (known.state == "" || known.state == chat.MarkClosed) {
		if err := c.setTopic(ctx, at, "reopenForumTopic"); err != nil {
			return err
		}
	}
	if known.named != name {
		params := tgbotapi.Params{"message_thread_id": decimal(at.thread), "name": name}
		err := c.inChat(ctx, at, call{method: "editForumTopic"}, params, nil)
		if err != nil && !said(err).has("not_modified") {
			return err
		}
	}
	if closed {
		if err := c.setTopic(ctx, at, "closeForumTopic"); err != nil {
			return err
		}
	}
	c.topics.Put(topicKey(at), topic{name: unsigned(name), state: card.State, named: name})
	return nil
}

// setTopic closes or opens a topic; one that is so already counts as done.
func (c *Connector) setTopic(ctx context.Context, at place, method string) error {
	err := c.inChat(ctx, at, call{method: method}, tgbotapi.Params{"message_thread_id": decimal(at.thread)}, nil)
	if said(err).has("not_modified") {
		return nil
	}
	return err
}
