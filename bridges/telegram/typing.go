package telegram

import (
	"context"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/roost-im/roost/router/chat"
)

// Type shows people that the bot is writing, until its next message or for five seconds. Channels have no such thing: there
// it is Refused. https://core.telegram.org/bots/api#sendchataction
func (c *Connector) Type(ctx context.Context, at chat.Conversation) error {
	p, err := c.place(ctx, at)
	if err != nil {
		return err
	}
	return c.inThread(ctx, p, call{method: "sendChatAction", within: hintTime}, tgbotapi.Params{"action": "typing"}, nil)
}
