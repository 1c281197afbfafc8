package slack

import (
	"context"
	"encoding/json"
	"net/http"

	slackapi "github.com/slack-go/slack"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// Scopes are those that the connector uses.
func Scopes() []string {
	var scopes []string
	for _, n := range needs() {
		scopes = append(scopes, n.scope)
	}
	return scopes
}

// ReadMessage is what a message says, without names for IDs.
func ReadMessage(raw []byte) (text.Text, error) {
	var m slackapi.Msg
	if err := json.Unmarshal(raw, &m); err != nil {
		return text.Text{}, err
	}
	return reader{emoji: newEmojis()}.message(&m), nil
}

// ReadMrkdwn is what Slack's markup says, without names for IDs.
func ReadMrkdwn(s string) text.Text { return reader{emoji: newEmojis()}.mrkdwn(s) }

// WriteMessage is how a text goes out: its block and its fallback.
func WriteMessage(t text.Text) (block []byte, plain string, err error) {
	block, err = json.MarshalIndent(rich(t), "", "  ")
	return block, fallback(t), err
}

// Emoji translates a name, and back.
func Emoji() (unicode, name func(string) (string, bool)) {
	e := newEmojis()
	return e.unicode, e.name
}

// Size is what a text takes of Traits.Text.Max.
func Size(t text.Text) int { return size(t) }

// Take has one delivery taken in, as it came over a socket, by a connector that never spoke to Slack.
func Take(ctx context.Context, c *Connector, sink chat.Sink, kind string, payload []byte) error {
	in, err := c.offline(sink)
	if err != nil {
		return err
	}
	where(delivery{kind: kind, payload: payload})
	var ended error
	in.take(ctx, []turn{{delivery: delivery{kind: kind, payload: payload}, end: func(err error) { ended = err }}}, "")
	return ended
}

// Hook is the webhook of a connector that never spoke to Slack: for events, or for interactions.
func Hook(ctx context.Context, c *Connector, sink chat.Sink, interactions bool) (http.Handler, error) {
	in, err := c.offline(sink)
	if err != nil {
		return nil, err
	}
	read := readEvent
	if interactions {
		read = readInteraction
	}
	return hook{c: c}.handler(ctx, in, read), nil
}

func (c *Connector) offline(sink chat.Sink) (*intake, error) {
	t, err := newTide(nil, "1.000000")
	if err != nil {
		return nil, err
	}
	t.list(0, nil, "")
	return &intake{
		c: c, self: identity{user: "U0BOT", bot: "B0BOT"}, sink: sink, tide: t,
		room: make(chan struct{}, maxAtOnce), lines: map[string]*line{},
	}, nil
}

// ReadHistory is what a page of a channel's history says happened after a moment, to a connector that never spoke to Slack.
func ReadHistory(ctx context.Context, c *Connector, page []byte) ([]chat.Event, error) {
	const from = "1000000000.000000"
	var all []json.RawMessage
	if err := json.Unmarshal(page, &all); err != nil {
		return nil, err
	}
	in, err := c.offline(nil)
	if err != nil {
		return nil, err
	}
	for _, raw := range all {
		repliedTo(raw, from)
		keyed(in.self, "key", raw)
	}
	var events []chat.Event
	for _, m := range in.read(all) {
		events = append(events, in.old(ctx, "C1", from, m)...)
	}
	return events, nil
}

// LearnEmoji has the connector ask for the workspace's emoji, unless it knows them; with some it is told them.
func LearnEmoji(ctx context.Context, c *Connector, told map[string]string) {
	if told != nil {
		c.custom.replace(told)
	}
	c.learnEmoji(ctx)
}
