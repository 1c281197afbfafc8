package telegram

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/roost-im/roost/router/chat"
)

const (
	hintTime = 10 * time.Second // an answer to a press: who waits longer presses again
	maxToast = 200              // characters of it: https://core.telegram.org/bots/api#answercallbackquery
)

// press is a pressed button of ours.
type press struct {
	query  *callbackQuery
	button chat.Button
	name   string // that of the button
	event  chat.Event
}

// pressed adds that a button was pressed. One that asks back, or has a form, first turns the buttons into another question,
// or writes one. Telegram shows a clock on the button until it is answered.
func (in *intake) pressed(ctx context.Context, q *callbackQuery, b *batch) error {
	toast := ""
	b.then(func(ctx context.Context) { in.c.answerPress(ctx, q.ID, toast) })
	verb, rest, _ := strings.Cut(q.Data, ":")
	if q.Message == nil || q.Data == "" {
		return errUnknown
	}
	if verb == backVerb {
		b.then(func(ctx context.Context) { in.c.closeMenu(ctx, q.Message, nil) })
		return nil
	}
	name, choice, _ := strings.Cut(rest, ":")
	known, ok, err := in.c.buttons.Button(ctx, name)
	if err != nil {
		return err
	}
	if !ok {
		toast = "This button is not known any more."
		return nil
	}
	p := press{query: q, button: known, name: name}
	if p.event, err = in.pressEvent(ctx, q); err != nil {
		return err
	}
	switch verb {
	case pressVerb:
		toast = known.Ask
		in.first(p, b)
	case yesVerb:
		b.then(func(ctx context.Context) { in.c.closeMenu(ctx, q.Message, &p) })
		in.meant(p, b)
	case choiceVerb:
		b.then(func(ctx context.Context) { in.c.closeMenu(ctx, q.Message, &p) })
		in.chosen(p, choice, b)
	default:
		return errUnknown
	}
	return nil
}

func (in *intake) pressEvent(ctx context.Context, q *callbackQuery) (chat.Event, error) {
	ev, err := in.event(ctx, q.Message)
	if err != nil {
		return ev, err
	}
	ev.ID = chat.EventID("p:" + q.ID)
	ev.Author = in.c.author(&q.From)
	ev.At = in.c.now().UTC() // Telegram does not say when
	return ev, nil
}

// first follows the button of a card.
func (in *intake) first(p press, b *batch) {
	if p.button.Ask == "" {
		in.meant(p, b)
		return
	}
	yes := button{Text: label(p.button.Label), Data: data(yesVerb, p.name), Style: "danger"}
	in.openMenu(p, [][]button{{yes, cancel()}}, b)
}

// meant follows a button that needs no second press, or had it.
func (in *intake) meant(p press, b *batch) {
	form := p.button.Form
	switch {
	case form == nil || len(form.Fields) == 0:
		p.tell(nil, b)
	case len(form.Fields) == 1 && len(form.Fields[0].Choices) > 0:
		var rows [][]button
		for i, choice := range form.Fields[0].Choices[:min(len(form.Fields[0].Choices), maxButtons-1)] {
			rows = append(rows, []button{{Text: label(choice.Label), Data: data(choiceVerb, p.name+":"+strconv.Itoa(i))}})
		}
		in.openMenu(p, append(rows, []button{cancel()}), b)
	default:
		b.then(func(ctx context.Context) { in.c.ask(ctx, newQuestion(p.query.Message, p.name, &p.query.From)) })
	}
}

// chosen follows the choice of a form that has one field.
func (in *intake) chosen(p press, choice string, b *batch) {
	i, err := strconv.Atoi(choice)
	if f := p.button.Form; err == nil && f != nil && len(f.Fields) == 1 && i >= 0 && i < len(f.Fields[0].Choices) {
		p.tell(map[string]string{f.Fields[0].ID: f.Fields[0].Choices[i].Value}, b)
	}
}

// tell adds the event.
func (p press) tell(fields map[string]string, b *batch) {
	p.event.What = chat.Pressed{Button: p.button.ID, Value: p.button.Value, Fields: fields}
	b.events = append(b.events, p.event)
}

func cancel() button { return button{Text: "Cancel", Data: data(backVerb, "")} }

func (c *Connector) answerPress(ctx context.Context, id, toast string) {
	params := tgbotapi.Params{"callback_query_id": id}
	params.AddNonEmpty("text", clip(toast, maxToast))
	if err := c.call(ctx, call{method: "answerCallbackQuery", within: hintTime}, params, nil); err != nil {
		c.log.LogAttrs(ctx, slog.LevelDebug, "press not answered", slog.Any("error", err))
	}
}

// openMenu turns the buttons of a message into others. Those that it had are kept, so that they can be shown again.
func (in *intake) openMenu(p press, rows [][]button, b *batch) {
	b.then(func(ctx context.Context) {
		m := p.query.Message
		err := in.c.keepMenu(ctx, m)
		if err == nil {
			err = in.c.setKeyboard(ctx, m, markup{Keyboard: rows})
		}
		if err != nil {
			in.c.log.LogAttrs(ctx, slog.LevelWarn, "buttons not changed", slog.Any("error", err))
		}
	})
}

func menuKey(m *message) string { return fmt.Sprintf("menu/%s/%d", m.place().key(), m.ID) }

// keepMenu keeps the buttons of a message, unless they are a menu already.
func (c *Connector) keepMenu(ctx context.Context, m *message) error {
	var now markup
	if len(m.Markup) == 0 || json.Unmarshal(m.Markup, &now) != nil || len(now.Keyboard) == 0 || len(now.Keyboard[0]) == 0 {
		return nil // of an old message Telegram does not tell them
	}
	if verb, _, _ := strings.Cut(now.Keyboard[0][0].Data, ":"); verb != pressVerb {
		return nil
	}
	return store(ctx, c.deps.Keep, menuKey(m), now)
}

// closeMenu shows the buttons of a message again: those that were kept, otherwise the one of p. Whoever has changed the
// message meanwhile has given it buttons already; then nothing is kept that is not shown.
func (c *Connector) closeMenu(ctx context.Context, m *message, p *press) {
	var was markup
	err := recall(ctx, c.deps.Keep, menuKey(m), &was)
	if err == nil && len(was.Keyboard) == 0 && p != nil {
		one, _ := c.button(ctx, p.button)
		was.Keyboard = [][]button{{one}}
	}
	if err == nil && len(was.Keyboard) > 0 {
		err = c.setKeyboard(ctx, m, was)
	}
	if err == nil {
		err = c.deps.Keep.Keep(ctx, menuKey(m), nil)
	}
	if err != nil {
		c.log.LogAttrs(ctx, slog.LevelWarn, "buttons not changed", slog.Any("error", err))
	}
}

func (c *Connector) setKeyboard(ctx context.Context, m *message, k markup) error {
	params := tgbotapi.Params{"message_id": decimal(m.ID)}
	encode(params, "reply_markup", k)
	err := c.inChat(ctx, m.place(), call{method: "editMessageReplyMarkup", within: hintTime}, params, nil)
	if said(err).has("message is not modified") {
		return nil
	}
	return err
}
