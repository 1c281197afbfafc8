package telegram

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// Telegram has no forms: the questions of one are written one after another, and each waits for a reply to it.

const (
	asksKey      = "asks"
	maxAsks      = 100 // questions that wait; of more the oldest is forgotten
	maxHint      = 64  // characters in an empty input: https://core.telegram.org/bots/api#forcereply
	maxQuestion  = 300 // graphemes of what a form says
	emptyAnswers = "-–—"
)

// question is a question of a form that waits for its answer.
type question struct {
	At     string            `json:"a"` // the key of its place
	Chat   int64             `json:"c"`
	Biz    string            `json:"b,omitempty"`
	Thread int64             `json:"t,omitempty"`
	ID     int64             `json:"i"` // the message that asks
	Card   int64             `json:"m"` // the message whose button was pressed, or that gave the command
	Button string            `json:"n"` // its name
	By     int64             `json:"u"` // who pressed it
	Name   string            `json:"d"`
	Values map[string]string `json:"v,omitempty"`
	Step   int               `json:"s,omitempty"`
	Again  bool              `json:"-"` // the answer before was none
}

// newQuestion is the first question of a form that somebody opened at a message, by a button of this name.
func newQuestion(m *message, button string, by *user) question {
	at := m.place()
	return question{
		At: at.key(), Chat: at.chat, Biz: at.business, Thread: at.thread, Card: m.ID, Button: button, By: by.ID, Name: by.name(),
	}
}

func (q question) place() place { return place{chat: q.Chat, business: q.Biz, thread: q.Thread} }

// asks remembers the questions that wait, also across a restart.
type asks struct {
	keep bridges.Keeper

	mu     sync.Mutex
	loaded bool
	list   []question
}

func (a *asks) load(ctx context.Context) error {
	if a.loaded {
		return nil
	}
	if err := recall(ctx, a.keep, asksKey, &a.list); err != nil {
		return err
	}
	a.loaded = true
	return nil
}

// find gives the question that a message asks.
func (a *asks) find(ctx context.Context, at string, id int64) (question, bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.load(ctx); err != nil {
		return question{}, false, err
	}
	i := slices.IndexFunc(a.list, func(q question) bool { return q.At == at && q.ID == id })
	if i < 0 {
		return question{}, false, nil
	}
	q := a.list[i]
	q.Values = maps.Clone(q.Values)
	return q, true, nil
}

// swap replaces one question by another; the zero question is none.
func (a *asks) swap(ctx context.Context, out, in question) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.load(ctx); err != nil {
		return err
	}
	a.list = slices.DeleteFunc(a.list, func(q question) bool { return q.At == out.At && q.ID == out.ID })
	if in.ID != 0 {
		a.list = append(a.list, in)
	}
	if len(a.list) > maxAsks {
		a.list = slices.Delete(a.list, 0, len(a.list)-maxAsks)
	}
	return store(ctx, a.keep, asksKey, a.list)
}

// forceReply opens an answer in the app of whoever the message names.
type forceReply struct {
	Force     bool   `json:"force_reply"`
	Hint      string `json:"input_field_placeholder,omitempty"`
	Selective bool   `json:"selective"`
}

// ask writes the question that is next, and remembers that its answer is waited for.
func (c *Connector) ask(ctx context.Context, q question) {
	if err := c.tryAsk(ctx, q); err != nil {
		c.log.LogAttrs(ctx, slog.LevelWarn, "form not shown", slog.Any("error", err))
	}
}

func (c *Connector) tryAsk(ctx context.Context, q question) error {
	b, ok, err := c.buttons.Button(ctx, q.Button)
	if err != nil || !ok || b.Form == nil || q.Step >= len(b.Form.Fields) {
		return err
	}
	f := b.Form.Fields[q.Step]
	words, entities := q.words(b.Form, f)
	params := tgbotapi.Params{"text": words}
	encode(params, "entities", entities)
	encode(params, "reply_parameters", replyTo{Message: q.Card, Anyway: true})
	encode(params, "reply_markup", forceReply{Force: true, Hint: clip(firstOf(f.Initial, f.Label), maxHint), Selective: true})
	var w written
	if err := c.send(ctx, q.place(), call{method: "sendMessage", within: hintTime}, params, &w); err != nil {
		return err
	}
	before := q
	q.ID = w.ID
	return c.asks.swap(ctx, before, q)
}

// words are how a question reads. It names who pressed the button, so that it opens in their app alone.
func (q question) words(form *chat.Form, f chat.Field) (string, []entity) {
	name := text.Name(q.Name, maxName)
	lines := []string{name + ": " + text.Snippet(text.Plain(firstOf(f.Label, form.Title)), maxQuestion)}
	for i, choice := range f.Choices {
		lines = append(lines, fmt.Sprintf("%d. %s", i+1, clip(choice.Label, maxLabel)))
	}
	if q.Again {
		lines = append(lines, "Please answer with one of these numbers.")
	}
	if f.Initial != "" {
		lines = append(lines, "Now: "+text.Snippet(text.Plain(f.Initial), maxQuestion))
	}
	if f.Optional {
		lines = append(lines, "Answer with - to leave it empty.")
	}
	lines = append(lines, "Reply to this message.")
	t := guarded(text.Plain(strings.Join(lines, "\n")))
	return t.Body, []entity{{Type: "text_mention", Offset: 0, Length: text.UTF16.Len(name), User: &user{ID: q.By, First: name}}}
}

// asked finds the question that a message answers, and its button; ok is false when it answers none.
func (in *intake) asked(ctx context.Context, m *message) (q question, b chat.Button, ok bool, err error) {
	if m.ReplyTo == nil || m.From == nil || m.ReplyTo.From == nil || m.ReplyTo.From.ID != in.c.selfID() {
		return q, b, false, nil
	}
	q, ok, err = in.c.asks.find(ctx, m.place().key(), m.ReplyTo.ID)
	if err != nil || !ok || q.By != m.From.ID {
		return q, b, false, err
	}
	b, ok, err = in.c.buttons.Button(ctx, q.Button)
	return q, b, ok && b.Form != nil && q.Step < len(b.Form.Fields), err
}

// answer takes a message that answers a question of a form. done is false for every other message.
func (in *intake) answer(ctx context.Context, m *message, b *batch) (done bool, err error) {
	q, known, ok, err := in.asked(ctx, m)
	if err != nil || !ok {
		return false, err
	}
	next := q
	f := known.Form.Fields[q.Step]
	value, good := readAnswer(f, firstText(readText(m.Text, m.Entities), readText(m.Caption, m.CaptionEnts)).Body)
	next.Again = !good
	if good {
		next.Values = map[string]string{f.ID: value}
		maps.Copy(next.Values, q.Values)
		next.Step++
	}
	if next.Step < len(known.Form.Fields) {
		b.then(func(ctx context.Context) { in.c.askAgain(ctx, q, next) })
		return true, nil
	}
	return true, in.filled(ctx, m, q, chat.Pressed{Button: known.ID, Value: known.Value, Fields: next.Values}, b)
}

// filled adds that a form was filled.
func (in *intake) filled(ctx context.Context, m *message, q question, what chat.Pressed, b *batch) error {
	ev, err := in.event(ctx, m)
	if err != nil {
		return err
	}
	ev.ID = chat.EventID("p:" + m.place().key() + ":" + decimal(m.ID))
	if ev.Message, err = in.c.name(ctx, m.place(), q.Card); err != nil {
		return err
	}
	ev.What = what
	b.events = append(b.events, ev)
	b.then(func(ctx context.Context) {
		if err := in.c.asks.swap(ctx, q, question{}); err != nil {
			in.c.log.LogAttrs(ctx, slog.LevelWarn, "question not forgotten", slog.Any("error", err))
		}
		in.c.dropQuestion(ctx, q)
	})
	return nil
}

// askAgain asks the next question in place of one that was answered.
func (c *Connector) askAgain(ctx context.Context, done, next question) {
	next.ID = done.ID
	c.ask(ctx, next)
	c.dropQuestion(ctx, done)
}

// dropQuestion takes a question away that was answered. That one stays does no harm.
func (c *Connector) dropQuestion(ctx context.Context, q question) {
	if err := c.deleteOne(ctx, q.place(), q.ID); err != nil {
		c.log.LogAttrs(ctx, slog.LevelDebug, "question stays", slog.Any("error", err))
	}
}

// readAnswer is the value that somebody answered a field with; false when it is none of those to choose from.
func readAnswer(f chat.Field, said string) (string, bool) {
	said = strings.TrimSpace(said)
	if f.Optional && len([]rune(said)) == 1 && strings.Contains(emptyAnswers, said) {
		return "", true
	}
	if len(f.Choices) == 0 {
		return said, said != "" || f.Optional
	}
	if n, err := strconv.Atoi(strings.TrimSuffix(said, ".")); err == nil && n >= 1 && n <= len(f.Choices) {
		return f.Choices[n-1].Value, true
	}
	for _, choice := range f.Choices {
		if strings.EqualFold(said, choice.Label) || said == choice.Value {
			return choice.Value, true
		}
	}
	return "", false
}
