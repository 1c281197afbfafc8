package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/roost-im/roost/plugins/internal/rpc"
)

// Person is somebody in a conversation.
type Person struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Handle  string `json:"handle"`
	Account string `json:"account"`
	Bot     bool   `json:"bot"`
}

// Can says what can be done where an event happened.
type Can struct {
	Cards, Edit, Delete, React, Reply, Threads, Typing, Files bool
}

// event is what the host tells: see docs/plugins.md.
type event struct {
	ID           string                     `json:"id"`
	Kind         string                     `json:"kind"`
	Trigger      string                     `json:"trigger"`
	Text         string                     `json:"text"`
	Conversation string                     `json:"conversation"`
	Message      string                     `json:"message"`
	Direct       bool                       `json:"direct"`
	Desk         string                     `json:"desk"`
	User         Person                     `json:"user"`
	Can          Can                        `json:"can"`
	Args         map[string]json.RawMessage `json:"args,omitempty"`
	Match        []string                   `json:"match,omitempty"`
	Value        string                     `json:"value,omitempty"`
	Fields       map[string]string          `json:"fields,omitempty"`
	Emoji        string                     `json:"emoji,omitempty"`
	Removed      bool                       `json:"removed,omitempty"`
	Slot         string                     `json:"slot,omitempty"`
	Body         string                     `json:"body,omitempty"`
	Answer       *Answer                    `json:"answer,omitempty"`
	Data         json.RawMessage            `json:"data,omitempty"`
	Attempt      int                        `json:"attempt"`
}

// Ctx is one event, and everything that a handler can do about it. It is of the goroutine of its handler.
type Ctx struct {
	ctx     context.Context //nolint:containedctx // a Ctx is one call of a handler, and lives as long
	s       *server
	ev      *event  // with which the dialog began
	id      string  // of the event that is heard now
	journal []entry // what the handler was given
	pos     int     // how many of them were given again
}

// Context ends when the event is given up.
func (c *Ctx) Context() context.Context { return c.ctx }

// Text is what was written, without the command's name; the body of a webhook.
func (c *Ctx) Text() string {
	if c.ev.Kind == "hook" {
		return c.ev.Body
	}
	return c.ev.Text
}

// Arg is an argument of a command as text; empty when it was left out.
func (c *Ctx) Arg(name string) string {
	var s string
	if raw := c.ev.Args[name]; json.Unmarshal(raw, &s) != nil {
		return string(raw)
	}
	return s
}

// Number is an argument of kind number; 0 when it was left out.
func (c *Ctx) Number(name string) float64 {
	var n float64
	_ = json.Unmarshal(c.ev.Args[name], &n) // 0 then
	return n
}

// Duration is an argument of kind duration; 0 when it was left out.
func (c *Ctx) Duration(name string) time.Duration {
	return time.Duration(c.Number(name) * float64(time.Second))
}

// Mentioned is an argument of kind user.
func (c *Ctx) Mentioned(name string) Person {
	var p Person
	_ = json.Unmarshal(c.ev.Args[name], &p) // nobody then
	return p
}

// Has says whether an argument was given.
func (c *Ctx) Has(name string) bool { return c.ev.Args[name] != nil }

// Match are the match of a pattern and its groups.
func (c *Ctx) Match() []string { return c.ev.Match }

// User is who did it.
func (c *Ctx) User() Person { return c.ev.User }

// Conversation is where it happened, and Message which message it is about.
func (c *Ctx) Conversation() string { return c.ev.Conversation }

// Message names the message that the event is about; empty: none.
func (c *Ctx) Message() string { return c.ev.Message }

// Direct says whether only the person and the bot are there.
func (c *Ctx) Direct() bool { return c.ev.Direct }

// Desk is the desk whose contact did it; empty: none.
func (c *Ctx) Desk() string { return c.ev.Desk }

// Can says what can be done there.
func (c *Ctx) Can() Can { return c.ev.Can }

// Button is the button that was pressed, its value, and the fields of its form.
func (c *Ctx) Button() (id, value string, fields map[string]string) {
	return c.ev.Trigger, c.ev.Value, c.ev.Fields
}

// Reaction is the emoji of a reaction; removed says that it was taken off.
func (c *Ctx) Reaction() (emoji string, removed bool) { return c.ev.Emoji, c.ev.Removed }

// Slot is when a schedule was due.
func (c *Ctx) Slot() string { return c.ev.Slot }

// Data reads what Wake was given.
func (c *Ctx) Data(into any) error { return json.Unmarshal(c.ev.Data, into) }

// Config reads the bot's settings.
func (c *Ctx) Config(into any) error {
	c.s.b.mu.Lock()
	defer c.s.b.mu.Unlock()
	return json.Unmarshal(c.s.b.settings, into)
}

// entry is one thing that a handler was given.
type entry struct {
	Op     string          `json:"o"`
	Result json.RawMessage `json:"r,omitempty"`
	Err    *rpc.Error      `json:"e,omitempty"`
}

// dialog is what is kept with a question.
type dialog struct {
	Event   *event  `json:"event"`
	Journal []entry `json:"journal"`
}

// ErrDialog says that a dialog can't go on, because its handler did something else than before.
var ErrDialog = errors.New("the dialog can't go on: its handler did something else than before")

// context is the Ctx of an event; of an answer, that of the event with which its dialog began.
func (s *server) context(ctx context.Context, ev *event) (*Ctx, error) {
	c := &Ctx{ctx: ctx, s: s, ev: ev, id: ev.ID}
	if ev.Kind != "answered" || ev.Answer == nil {
		return c, nil
	}
	var d dialog
	if err := json.Unmarshal(ev.Data, &d); err != nil || d.Event == nil {
		return nil, errors.New("what is kept of the dialog is damaged")
	}
	answer, err := json.Marshal(ev.Answer)
	if err != nil {
		return nil, err
	}
	c.ev, c.journal = d.Event, append(d.Journal, entry{Op: opAnswer, Result: answer})
	return c, nil
}

const (
	opAnswer = "answer"
	opNow    = "now"
)

// replay gives the next thing that was given before, if there is one.
func (c *Ctx) replay(op string, into any) (bool, error) {
	if c.pos >= len(c.journal) {
		return false, nil
	}
	e := c.journal[c.pos]
	c.pos++
	switch {
	case e.Op != op:
		return false, fmt.Errorf("%w: %s, not %s", ErrDialog, op, e.Op)
	case e.Err != nil:
		return true, told(e.Err)
	case into == nil || e.Result == nil:
		return true, nil
	}
	return true, json.Unmarshal(e.Result, into)
}

func (c *Ctx) given(e entry) {
	c.journal = append(c.journal, e)
	c.pos = len(c.journal)
}

// call calls the host, unless that was done before.
func (c *Ctx) call(method string, params map[string]any, into any) error {
	if again, err := c.replay(method, into); again || err != nil {
		return err
	}
	if params == nil {
		params = map[string]any{}
	}
	params["event"] = c.id
	raw, err := c.s.peer.Call(c.ctx, method, params)
	no, denied := errors.AsType[*rpc.Error](err)
	if err != nil && !denied {
		return fmt.Errorf("%s: %w", method, err)
	}
	c.given(entry{Op: method, Result: raw, Err: no})
	if denied {
		return told(no)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(raw, into)
}

// told is a host's no.
func told(e *rpc.Error) error {
	d := &Denied{Reason: e.Message}
	_ = json.Unmarshal(e.Data, d) // it has no kind then
	return d
}

// Denied is what the host says no with.
type Denied struct {
	Kind   string `json:"kind"` // may_not, too_many, no_desk, …: see docs/plugins.md
	Reason string `json:"-"`
}

// Error is the reason.
func (d *Denied) Error() string { return d.Reason }
