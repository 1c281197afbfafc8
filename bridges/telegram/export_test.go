package telegram

import (
	"context"
	"encoding/json"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// ReadText is a text as Telegram's JSON writes it.
func ReadText(body string, entities []byte) (text.Text, error) {
	var all []entity
	if err := json.Unmarshal(entities, &all); err != nil {
		return text.Text{}, err
	}
	return readText(body, all), nil
}

// WriteText is how a text goes out.
func WriteText(t text.Text) (body string, entities []byte, err error) {
	t = shown(t)
	entities, err = json.Marshal(entitiesOf(t))
	return t.Body, entities, err
}

// SizeOf is what a text takes of Traits.Text.Max.
func SizeOf(t text.Text) int { return size(t) }

// LookOften has the connector look often whether its webhook is still there.
func (c *Connector) LookOften(every time.Duration) { c.every = every }

// Nearest is the reaction for an emoji.
func Nearest(emoji string) (string, bool) { return nearest(emoji) }

// Reactions are those that a bot may use.
func Reactions() string { return reactions }

// Kinds are the updates that are asked for.
func (c *Connector) Kinds() []string { return c.kinds() }

// ReadMessages reads a message's ID and writes it again.
func ReadMessages(was int64, id chat.MessageID) (again chat.MessageID, ok bool) {
	m, ok := parseMessages(was, id)
	if !ok {
		return "", false
	}
	return m.spell(was), true
}

// Take has one update taken in by a connector that never speaks to Telegram.
func Take(ctx context.Context, c *Connector, sink chat.Sink, update []byte) error {
	c.mu.Lock()
	c.self = &user{ID: c.selfID(), Username: "sim_bot", IsBot: true}
	c.mu.Unlock()
	in, err := c.newIntake(ctx, sink)
	if err != nil {
		return err
	}
	if err := in.take(ctx, []json.RawMessage{update}); err != nil {
		return err
	}
	for _, a := range in.held.albums { // what waits is whole by now
		a.due = c.now()
	}
	return in.releaseDue(ctx)
}
