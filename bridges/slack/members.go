package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	slackapi "github.com/slack-go/slack"

	"github.com/roost-im/roost/router/chat"
)

// memberEvent is https://docs.slack.dev/reference/events/member_joined_channel
type memberEvent struct {
	Type    string `json:"type"`
	User    string `json:"user"`
	Channel string `json:"channel"`
	At      string `json:"event_ts"`
}

// member makes an event of somebody's coming or going. at is when Slack made it, for events without a time of their own.
func (c *Connector) member(ctx context.Context, self identity, raw json.RawMessage, at time.Time) ([]chat.Event, error) {
	var m memberEvent
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, fmt.Errorf("decode a member: %w", err)
	}
	if m.Channel == "" || m.User == "" {
		return nil, errors.New("a member without its channel")
	}
	if m.At != "" {
		at = stamp(m.At)
	}
	var what chat.Happening = chat.Joined{}
	if m.Type == "member_left_channel" {
		what = chat.Left{}
	}
	return c.moved(ctx, self, &slackapi.Msg{User: m.User, Channel: m.Channel}, at, what), nil
}

// moves says whether a message of history only tells that somebody came or went, and which of the two. Live, Slack sends
// events of their own for that, which come even where the channel shows no such messages.
func moves(subtype string) (what chat.Happening, is bool) {
	switch subtype {
	case "channel_join", "group_join":
		return chat.Joined{}, true
	case "channel_leave", "group_leave":
		return chat.Left{}, true
	}
	return nil, false
}

// sameMove is how far apart the event and the message of one coming or going may be.
const sameMove = 10

// moved is the coming or going of m's user; none of the bot itself. The event and the message of it have times of their
// own, which differ by less than a second, so it is named by its tens of seconds.
func (c *Connector) moved(ctx context.Context, self identity, m *slackapi.Msg, at time.Time, what chat.Happening) []chat.Event {
	if m.User == self.user || m.User == "" {
		return nil
	}
	verb := "joined"
	if _, left := what.(chat.Left); left {
		verb = "left"
	}
	return []chat.Event{{
		ID:           chat.EventID(fmt.Sprintf("%s:%s:%s:%d", m.Channel, m.User, verb, at.Unix()/sameMove)),
		Conversation: c.conversation(m.Channel, "", ""),
		Author:       c.author(ctx, self, &slackapi.Msg{User: m.User}),
		At:           at,
		Direct:       direct(m.Channel),
		What:         what,
	}}
}
