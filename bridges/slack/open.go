package slack

import (
	"context"
	"encoding/json"
	"log/slog"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

const (
	maxTopic   = 100 // graphemes of a thread's title
	topicMark  = "🧵 "
	topicEmpty = "Thread"
)

// Open begins a thread. Threads hang on messages here and are named by their ts: a card is such a message, a bare thread
// hangs on its root and nothing is written, and one without a root hangs on a short message with its title. A root that
// was deleted counts as none.
func (c *Connector) Open(ctx context.Context, o chat.Open) (chat.Receipt, chat.Conversation, error) {
	if o.Bare && o.Root != "" {
		root, err := c.rootOf(ctx, o.To, o.Root)
		if err != nil {
			return chat.Receipt{}, chat.Conversation{}, err
		}
		if root != "" {
			opened := o.To.Place()
			opened.Thread = chat.ThreadID(root)
			c.remember(ctx, opened)
			return chat.Receipt{}, opened, nil
		}
	}
	first := chat.Post{Key: o.Key, To: o.To.Place()}
	if o.Bare {
		first.Text = topic(o.Title)
	} else {
		card := o.Card
		card.Title = firstOf(card.Title, o.Title)
		first.Card = &card
	}
	r, err := c.Post(ctx, first)
	if err != nil {
		return chat.Receipt{}, chat.Conversation{}, err
	}
	opened := o.To.Place()
	if !r.Conversation.IsZero() {
		opened = r.Conversation.Place()
	}
	opened.Thread = chat.ThreadID(r.Messages[0])
	c.remember(ctx, opened)
	return r, opened, nil
}

// topic is the message that a thread without a root hangs on.
func topic(title string) text.Text {
	words := text.Plain(title)
	if words.Empty() {
		words = text.Plain(topicEmpty)
	}
	return text.Plain(topicMark + text.Snippet(words, maxTopic))
}

// rootOf is the message on which a thread at m hangs: m itself, or the first message of the thread that m is in; empty when
// m was deleted. Where Slack does not let us look, m is taken to be there.
func (c *Connector) rootOf(ctx context.Context, in chat.Conversation, m chat.MessageID) (string, error) {
	found, err := c.look(ctx, string(in.ID), string(m))
	switch kind := chat.KindOf(err); {
	case err == nil && found.SubType != tombstone:
		return firstOf(found.Thread, string(m)), nil
	case err == nil, kind == chat.Gone:
		return "", nil
	case kind == chat.Refused:
		return string(m), nil
	}
	return "", err
}

// glimpse is what is asked of a message that is looked at again.
type glimpse struct {
	SubType string            `json:"subtype"`
	Thread  string            `json:"thread_ts"`
	Files   []json.RawMessage `json:"files"`
}

// look looks at one message, wherever it is in its channel. One that was deleted is Gone.
func (c *Connector) look(ctx context.Context, channel, ts string) (glimpse, error) {
	messages, _, err := c.page(ctx, query{channel: channel, thread: ts, limit: 1})
	if err != nil {
		return glimpse{}, err
	}
	var g glimpse
	if len(messages) > 0 {
		_ = json.Unmarshal(messages[0], &g) // what is of another type is left out
	}
	return g, nil
}

// remember has what is said in a thread read back after a pause. It is open all the same when that can't be written down.
func (c *Connector) remember(ctx context.Context, thread chat.Conversation) {
	if err := c.threads.join(ctx, thread, stampOf(c.clock())); err != nil {
		c.log.LogAttrs(ctx, slog.LevelWarn, "thread not remembered", slog.Any("error", err))
	}
}
