package discord

import (
	"context"
	"net/http"

	"github.com/roost-im/roost/router/chat"
)

// Type shows people that the bot is writing, until its next message or for ten seconds. In a forum itself, where nobody
// writes, it is Refused. https://docs.discord.com/developers/resources/channel#trigger-typing-indicator
func (c *Connector) Type(ctx context.Context, at chat.Conversation) error {
	_, err := c.call(ctx, request{op: "discord: type", method: http.MethodPost, path: route("channels", channelOf(at), "typing")}, nil)
	return err
}
