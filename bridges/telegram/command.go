package telegram

import (
	"context"
	"log/slog"
	"strings"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/roost-im/roost/router/chat"
)

// deleteCommand answers a message that shall vanish everywhere: Telegram does not tell bots of deletions.
const deleteCommand = "/delete"

// username is the bot's own; empty until it was asked for.
func (c *Connector) username() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.self == nil {
		return ""
	}
	return c.self.Username
}

// isDelete says whether m is the command, to nobody in particular or to the bot of this name.
func (m *message) isDelete(bot string) bool {
	if m.ReplyTo == nil || m.opensTopic() {
		return false
	}
	words := strings.TrimSpace(m.Text)
	to, named := strings.CutPrefix(words, deleteCommand+"@")
	return words == deleteCommand || (named && bot != "" && strings.EqualFold(to, bot))
}

// delete adds that the answered message is gone, when its author or an administrator says so. The command vanishes, and so
// does the message where Telegram lets the bot.
func (in *intake) delete(ctx context.Context, m *message, b *batch) error {
	about := m.ReplyTo
	if !in.mayDelete(ctx, m) {
		b.then(func(ctx context.Context) {
			in.c.say(ctx, m, "Only who wrote a message, or an administrator, can have it deleted.")
		})
		return nil
	}
	ev, err := in.event(ctx, m)
	if err != nil {
		return err
	}
	whole, err := in.c.groups.of(ctx, m.place().key(), about.ID)
	if err != nil {
		return err
	}
	ev.ID = chat.EventID("d:" + m.place().key() + ":" + decimal(about.ID))
	if ev.Message, err = in.c.name(ctx, m.place(), about.ID); err != nil {
		return err
	}
	ev.What = chat.Deleted{}
	b.events = append(b.events, ev)
	b.then(func(ctx context.Context) {
		for _, id := range append(whole.ids, m.ID) {
			if err := in.c.deleteOne(ctx, m.place(), id); err != nil {
				in.c.log.LogAttrs(ctx, slog.LevelDebug, "message of a /delete stays", slog.Any("error", err))
			}
		}
	})
	return nil
}

// mayDelete says whether the author of m may have the message deleted that m answers.
func (in *intake) mayDelete(ctx context.Context, m *message) bool {
	by, of := in.c.authorOf(m), in.c.authorOf(m.ReplyTo)
	switch {
	case by.ID != "" && by.ID == of.ID:
		return true
	case m.SenderChat != nil: // an administrator who writes as the group, or whoever may write as the channel
		return m.SenderChat.ID == m.Chat.ID
	case m.From == nil || m.Chat.Type == privateChat:
		return false
	}
	var who member
	params := tgbotapi.Params{"user_id": decimal(m.From.ID)}
	if err := in.c.inChat(ctx, m.place(), call{method: "getChatMember"}, params, &who); err != nil {
		in.c.log.LogAttrs(ctx, slog.LevelWarn, "not known who is an administrator", slog.Any("error", err))
		return false
	}
	return who.admin()
}

// say answers a message with a hint. Nothing depends on it.
func (c *Connector) say(ctx context.Context, to *message, words string) {
	params := tgbotapi.Params{"text": words}
	encode(params, "reply_parameters", replyTo{Message: to.ID, Anyway: true})
	if err := c.inThread(ctx, to.place(), call{method: "sendMessage"}, params, nil); err != nil {
		c.log.LogAttrs(ctx, slog.LevelDebug, "hint not shown", slog.Any("error", err))
	}
}
