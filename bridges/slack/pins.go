package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	slackapi "github.com/slack-go/slack"

	"github.com/roost-im/roost/router/chat"
)

// pinEvent is https://docs.slack.dev/reference/events/pin_added
type pinEvent struct {
	User    string `json:"user"`
	Channel string `json:"channel_id"`
	At      string `json:"event_ts"`
	Item    struct {
		Type    string `json:"type"`
		Message struct {
			TS string `json:"ts"`
		} `json:"message"`
	} `json:"item"`
}

// pinned makes an event of a pin that was put on a message, or taken off.
func (c *Connector) pinned(ctx context.Context, self identity, raw json.RawMessage, removed bool) ([]chat.Event, error) {
	var p pinEvent
	if err := json.Unmarshal(raw, &p); err != nil {
		return nil, fmt.Errorf("decode a pin: %w", err)
	}
	if p.Item.Type != "message" {
		return nil, nil // of a file: there is no message to show it at
	}
	if p.Channel == "" || p.Item.Message.TS == "" {
		return nil, errors.New("a pin without its message")
	}
	verb := "pinned"
	if removed {
		verb = "unpinned"
	}
	return []chat.Event{{
		ID:           chat.EventID(strings.Join([]string{p.Channel, p.Item.Message.TS, verb, p.User, p.At}, ":")),
		Conversation: c.conversation(p.Channel, p.Item.Message.TS, ""),
		Message:      chat.MessageID(p.Item.Message.TS),
		Author:       c.author(ctx, self, &slackapi.Msg{User: p.User}),
		At:           stamp(p.At),
		Direct:       direct(p.Channel),
		What:         chat.Pinned{Removed: removed},
	}}, nil
}

// Pin pins a message for everybody in its channel, or takes the pin off; done already counts as done.
func (c *Connector) Pin(ctx context.Context, p chat.Pin) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	op, do := "slack: pins.add", c.api.AddPinContext
	if p.Remove {
		op, do = "slack: pins.remove", c.api.RemovePinContext
	}
	err := do(ctx, string(p.To.ID), slackapi.NewRefToMessage(string(p.To.ID), string(p.Message)))
	switch said := slackSaid(err); {
	case err == nil, !p.Remove && said == "already_pinned", p.Remove && (said == "no_pin" || said == "not_pinned"):
		return nil
	}
	return c.fail(call{op: op, scope: chat.ThisAccount}, err)
}
