package telegramsim

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// query is one press of a button.
type query struct {
	Answer
	at time.Time
}

// Answer is what a person saw after a press.
type Answer struct {
	Query   string // callback_query_id
	User    int64
	Chat    int64
	Message int
	Data    string
	Done    bool // the bot answered
	Text    string
	Alert   bool
	URL     string
}

// Press pushes the button with that callback_data under a message; the bot hears callback_query.
func (s *Sim) Press(user, chat int64, id int, data string) error {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	m, err := w.at(chat, id)
	if err != nil {
		return err
	}
	u := w.users[user]
	if u == nil {
		return fmt.Errorf("%w: %d", ErrNoUser, user)
	}
	has := slices.ContainsFunc(m.buttons, func(row []Button) bool {
		return slices.ContainsFunc(row, func(b Button) bool { return b.Data == data && data != "" })
	})
	if !has || !m.chat.has(user) {
		return fmt.Errorf("%w: %q under %d", ErrNoButton, data, id)
	}
	w.serial++
	q := &query{Answer: Answer{Query: strconv.FormatInt(4_300_000_000_000_000_000+w.serial, 10), User: user, Chat: chat, Message: id, Data: data}, at: w.now()}
	w.queries = last(w.queries, q)
	w.emit("callback_query", m.chat, obj{
		"id": q.Query, "from": w.wireUser(u), "message": w.wireMessage(m), "chat_instance": strconv.FormatInt(m.chat.id*7919, 10), "data": data,
	})
	w.bump()
	return nil
}

// answerCallbackQuery is https://core.telegram.org/bots/api#answercallbackquery
func (w *world) answerCallbackQuery(c *call) (any, error) {
	id := c.str("callback_query_id")
	i := slices.IndexFunc(w.queries, func(q *query) bool { return q.Query == id })
	if i < 0 || w.now().Sub(w.queries[i].at) > w.cfg.Timing.Query {
		return nil, bad("query is too old and response timeout expired or query ID is invalid")
	}
	if units(c.str("text")) > 200 {
		return nil, bad("MESSAGE_TOO_LONG")
	}
	q := w.queries[i]
	q.Done, q.Text, q.Alert, q.URL = true, c.str("text"), c.boolean("show_alert"), c.str("url")
	return true, nil
}

// Answers are the presses so far with what the bot answered.
func (v View) Answers() []Answer {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	out := make([]Answer, 0, len(v.w.queries))
	for _, q := range v.w.queries {
		out = append(out, q.Answer)
	}
	return out
}

// Action is one sendChatAction.
type Action struct {
	Chat   int64
	Thread int
	Name   string // "typing", …
	At     time.Time
}

// Actions are the chat actions so far, oldest first.
func (v View) Actions() []Action {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	return slices.Clone(v.w.actions)
}
