package bots

import (
	"context"
	"fmt"
	"strings"

	"github.com/roost-im/roost/router/chat"
)

// SaysMost is how many messages a bot may say about one event.
const SaysMost = 20

// Say posts m and gives the name by which it can be changed. The name is good for as long as copies are remembered
// (store.keep.copies). Its errors are ErrTooMany and ErrMayNot.
func (t *Turn) Say(m Message) (chat.Ref, error) { return t.say(m, nil) }

func (t *Turn) say(m Message, buttons []chat.Button) (chat.Ref, error) {
	post, err := t.post(m, buttons)
	if err == nil {
		err = t.address(&post, m.Reply)
	}
	if err != nil {
		return chat.Ref{}, err
	}
	ref := t.key.Said(chat.BotAccount(t.bot), post.To, t.asks)
	t.asks++
	if t.fresh(t.count + 1) {
		if t.sends++; t.sends > SaysMost {
			return chat.Ref{}, fmt.Errorf("%w: %d at most", ErrTooMany, SaysMost)
		}
	}
	t.act(chat.Say{Ref: ref, Post: post})
	return ref, nil
}

// post is m as the router takes it, wherever it goes.
func (t *Turn) post(m Message, buttons []chat.Button) (chat.Post, error) {
	p := chat.Post{To: m.To, Text: Markup(m.Text), Only: m.Only}
	for _, name := range m.Files {
		f, err := t.env.file(t.bot, name)
		if err != nil {
			return p, err
		}
		p.Files = append(p.Files, f)
	}
	for _, c := range m.Choices {
		buttons = append(buttons, chat.Button{ID: c.ID, Label: c.Label, Value: c.value(), Style: c.Style})
	}
	if len(buttons) > 0 {
		if err := choosable(buttons); err != nil {
			return p, err
		}
		p.Card = &chat.Card{Buttons: buttons, Numbered: true}
	}
	if p.Text.Empty() && len(p.Files) == 0 && p.Card == nil {
		return p, fmt.Errorf("%w: the message is empty", ErrMayNot)
	}
	return p, nil
}

// ChoicesMost is how many choices a message has at most: Slack and Discord show no more buttons.
// https://docs.slack.dev/reference/block-kit/blocks/actions-block
// https://docs.discord.com/developers/components/reference#action-row
const ChoicesMost = 25

// choosable says what is wrong with the choices of a message: people, and Discord, could not tell two alike apart.
func choosable(buttons []chat.Button) error {
	if len(buttons) > ChoicesMost {
		return fmt.Errorf("%w: more than %d choices", ErrMayNot, ChoicesMost)
	}
	seen := map[string]bool{}
	for _, b := range buttons {
		label := strings.TrimSpace(b.Label)
		switch {
		case label == "":
			return fmt.Errorf("%w: a choice without a label", ErrMayNot)
		case seen[strings.ToLower(label)]:
			return fmt.Errorf("%w: two choices are called %q", ErrMayNot, label)
		case len(b.Value) > valueMax:
			return fmt.Errorf("%w: the value of a choice has %d bytes at most", ErrMayNot, valueMax)
		}
		seen[strings.ToLower(label)] = true
	}
	return nil
}

// valueMax is how many bytes chat.Button.Value has at most.
const valueMax = 200

// address says where p goes, if the bot may send there.
func (t *Turn) address(p *chat.Post, reply bool) error {
	here := t.Here()
	if p.To.IsZero() {
		p.To = here
	}
	switch {
	case p.To.IsZero():
		return fmt.Errorf("%w: it does not say where", ErrMayNot)
	case p.To.Place() != here.Place() && !t.env.May.Send(p.To):
		return fmt.Errorf("%w: send to %s; grant it with send:%s", ErrMayNot, p.To, p.To.Place())
	case reply && p.To == here:
		p.ReplyTo = t.hear.Event.Message
	}
	return nil
}

func (c Choice) value() string {
	if c.Value == "" {
		return c.Label
	}
	return c.Value
}

// Edit makes a message that the bot said read like m, wherever that was: in a mirror, votes come from all its places. Where
// nothing can be edited nothing happens.
func (t *Turn) Edit(of chat.Ref, m Message) error {
	if of.SaidBy() != chat.BotAccount(t.bot) {
		return fmt.Errorf("%w: edit a message of somebody else", ErrMayNot)
	}
	p, err := t.post(m, nil)
	if err != nil {
		return err
	}
	t.act(chat.Reword{Ref: of, Edit: chat.Edit{To: of.Conversation, Text: p.Text, Card: p.Card}})
	return nil
}

// Delete takes a message back that the bot said; where nothing can be deleted nothing happens.
func (t *Turn) Delete(of chat.Ref) error {
	if of.SaidBy() != chat.BotAccount(t.bot) {
		return fmt.Errorf("%w: delete a message of somebody else", ErrMayNot)
	}
	t.act(chat.Unsay{Ref: of})
	return nil
}

// Remove takes away the message that the event is about, where the account may: a moderator does. It is told of as the
// bot's.
func (t *Turn) Remove() error {
	if !t.env.May.Moderate {
		return fmt.Errorf("%w: remove what others wrote; grant it with moderate", ErrMayNot)
	}
	if t.hear.Event.Message == "" {
		return fmt.Errorf("%w: the event is about no message", ErrMayNot)
	}
	t.act(chat.Unsay{Ref: t.hear.Event.Ref()})
	return nil
}

// React puts an emoji on the message that the event is about, or takes it off; where there are no reactions nothing happens.
func (t *Turn) React(emoji string, remove bool) error {
	if t.hear.Event.Message == "" {
		return fmt.Errorf("%w: the event is about no message", ErrMayNot)
	}
	t.act(chat.Sign{React: chat.React{To: t.Here(), Message: t.hear.Event.Message, Emoji: emoji, Remove: remove}})
	return nil
}

// Typing shows people that the bot is at it, now and not when Hear has returned.
func (t *Turn) Typing(ctx context.Context) {
	if t.env.Typing != nil && t.fresh(t.count+1) {
		t.env.Typing(ctx, t.Here())
	}
}

// Words is one of the bot's texts, in its locale, or in English, or its key when there is none. What stands in braces is
// replaced by what vars has for it; what it has is no markup.
func (t *Turn) Words(key string, vars map[string]string) string {
	return Fill(t.spec.words(key), vars)
}

// Fill replaces {name} in a text by what vars has for it, made harmless; what vars does not have stays as it is.
func Fill(s string, vars map[string]string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '{')
		if i < 0 {
			break
		}
		j := strings.IndexByte(s[i:], '}')
		if j < 0 {
			break
		}
		v, ok := vars[s[i+1:i+j]]
		if !ok {
			b.WriteString(s[:i+1])
			s = s[i+1:]
			continue
		}
		b.WriteString(s[:i])
		b.WriteString(Escape(v))
		s = s[i+j+1:]
	}
	b.WriteString(s)
	return b.String()
}
