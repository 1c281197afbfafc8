package telegram

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"unicode"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

// Commands of a desk are commands in its groups alone. In other chats they are ordinary messages, because bots may have
// commands of the same names there; and a bot's command is an ordinary message everywhere.

// order is a command that a message gives, and the words behind it.
func (c *Connector) order(m *message) (cmd bridges.Command, words string, ok bool) {
	said, slashed := strings.CutPrefix(m.Text, "/")
	if !slashed || m.From == nil || m.Origin != nil {
		return cmd, "", false
	}
	end := strings.IndexFunc(said, unicode.IsSpace)
	if end < 0 {
		end = len(said)
	}
	name, bot, named := strings.Cut(said[:end], "@")
	i := slices.IndexFunc(c.deps.Commands, func(x bridges.Command) bool { return strings.EqualFold(x.Name, name) })
	if i < 0 || named && !strings.EqualFold(bot, c.username()) {
		return cmd, "", false
	}
	return c.deps.Commands[i], strings.TrimSpace(said[end:]), true
}

// ordered takes a message that gives a command in a desk's group. In a case's topic it is a press of the button of its
// name, and vanishes where Telegram lets the bot. done is false for every other message.
func (in *intake) ordered(ctx context.Context, m *message, b *batch) (done bool, err error) {
	cmd, words, ok := in.c.order(m)
	if !ok {
		return false, nil
	}
	ev, err := in.event(ctx, m)
	if err != nil || !slices.Contains(in.c.deps.Surfaces, ev.Conversation.Place()) {
		return false, err
	}
	if ev.Conversation.Thread == "" || in.c.foreign(m) {
		b.then(func(ctx context.Context) {
			in.c.say(ctx, m, "There is no case here. Use /"+cmd.Name+" in the topic of a case.")
		})
		return true, nil
	}
	if fields, whole := options(cmd.Form, words); whole {
		ev.ID = chat.EventID("p:" + m.place().key() + ":" + decimal(m.ID))
		ev.Message, ev.What = "", chat.Pressed{Button: cmd.Name, Fields: fields}
		b.events = append(b.events, ev)
	} else if err := in.askFor(ctx, m, cmd, b); err != nil {
		return false, err
	}
	b.then(func(ctx context.Context) {
		if err := in.c.deleteOne(ctx, m.place(), m.ID); err != nil {
			in.c.log.LogAttrs(ctx, slog.LevelDebug, "command stays", slog.Any("error", err))
		}
	})
	return true, nil
}

// foreign says whether m is known to be in a topic that the bot did not open, which no case's is.
func (c *Connector) foreign(m *message) bool {
	return m.opensTopic() && m.ReplyTo.From != nil && m.ReplyTo.From.ID != c.selfID()
}

// askFor asks for what a command was not told, as for the form of a button.
func (in *intake) askFor(ctx context.Context, m *message, cmd bridges.Command, b *batch) error {
	name, err := in.c.buttons.Name(ctx, chat.Button{ID: cmd.Name, Label: cmd.Name, Form: cmd.Form})
	if err != nil {
		return err
	}
	q := newQuestion(m, name, m.From)
	b.then(func(ctx context.Context) { in.c.ask(ctx, q) })
	return nil
}

// options are the fields of a form that the words behind a command fill; whole is false when they don't. Where there are
// several, each takes a word and a long one at the end takes the rest; of others it is not known which is for which.
func options(form *chat.Form, words string) (fields map[string]string, whole bool) {
	if form == nil || len(form.Fields) == 0 {
		return nil, true
	}
	fields = map[string]string{}
	last := len(form.Fields) - 1
	for i, f := range form.Fields {
		said := words
		if i < last {
			said, words = cutWord(words)
		}
		if said == "" || last > 0 && f.Long != (i == last) {
			return nil, false
		}
		fields[f.ID] = said
		for _, choice := range f.Choices {
			if strings.EqualFold(said, choice.Label) {
				fields[f.ID] = choice.Value
			}
		}
	}
	return fields, true
}

// cutWord takes the first word off the front of words.
func cutWord(words string) (first, rest string) {
	end := strings.IndexFunc(words, unicode.IsSpace)
	if end < 0 {
		return words, ""
	}
	return words[:end], strings.TrimSpace(words[end:])
}
