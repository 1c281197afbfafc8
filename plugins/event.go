package plugins

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/router/chat"
)

// event is what a program is told. Everything but id, kind, text and attempt is left out when there is none.
type event struct {
	ID           string            `json:"id"`      // the same when it is told again
	Kind         string            `json:"kind"`    // command, pattern, mention, message, pressed, schedule, hook, edited, …
	Trigger      string            `json:"trigger"` // which of those that it declared; of a command, its name
	Text         string            `json:"text"`
	Conversation string            `json:"conversation,omitempty"`
	Message      string            `json:"message,omitempty"`
	Direct       bool              `json:"direct,omitempty"`
	Desk         string            `json:"desk,omitempty"`
	At           time.Time         `json:"at"`
	User         *person           `json:"user,omitempty"`
	Can          *chat.Can         `json:"can,omitempty"`
	Args         map[string]any    `json:"args,omitempty"`
	Match        []string          `json:"match,omitempty"`
	Files        []file            `json:"files,omitempty"`
	Value        string            `json:"value,omitempty"`
	Fields       map[string]string `json:"fields,omitempty"`
	Emoji        string            `json:"emoji,omitempty"`
	Removed      bool              `json:"removed,omitempty"`
	Slot         string            `json:"slot,omitempty"`
	Body         string            `json:"body,omitempty"`
	Answer       *answer           `json:"answer,omitempty"`
	Data         json.RawMessage   `json:"data,omitempty"`
	Attempt      int               `json:"attempt"`
}

// person is somebody in a conversation.
type person struct {
	ID      string `json:"id,omitempty"`
	Name    string `json:"name,omitempty"`
	Handle  string `json:"handle,omitempty"`
	Account string `json:"account,omitempty"`
	Bot     bool   `json:"bot,omitempty"`
}

// file is an attachment, whose bytes a program is not given.
type file struct {
	Name string `json:"name"`
	Type string `json:"type,omitempty"`
	Size int64  `json:"size,omitempty"`
	Alt  string `json:"alt,omitempty"`
}

// answer is what somebody answered to an ask.
type answer struct {
	Text    string  `json:"text"`
	Value   any     `json:"value,omitempty"`
	By      *person `json:"by,omitempty"`
	Message string  `json:"message,omitempty"`
	Late    bool    `json:"late,omitempty"`
}

// event is what t has to tell.
func (p *Program) event(t *bots.Turn, attempt int) event {
	in, w := t.Hear(), p.names[t.Trigger()]
	who, can := t.Person(), t.Can()
	ev := event{
		ID: string(in.Key), Kind: w.kind, Trigger: w.name, Text: t.Text().Body, Message: string(in.Event.Message),
		Direct: in.Event.Direct, Desk: t.Desk(), At: in.Event.At, Match: t.Match(), Attempt: attempt,
		User: personOf(who), Args: argsOf(t.Args()),
	}
	if here := t.Here(); !here.IsZero() && !here.Account.IsBot() {
		ev.Conversation, ev.Can = here.String(), &can
	}
	if ev.User != nil {
		ev.User.Bot = in.Event.Author.Bot
	}
	ev.happened(in.Event.What)
	if a, data := t.Answer(); a != nil {
		ev.Text, ev.Data = a.Text, data
		ev.Answer = &answer{Text: a.Text, By: personOf(a.By), Message: string(a.Ref.Message), Late: a.Late}
		if a.Value.Kind != "" {
			ev.Answer.Value = valueOf(a.Value)
		}
	}
	return ev
}

func (ev *event) happened(what chat.Happening) {
	switch w := what.(type) {
	case chat.Posted:
		ev.attach(w.Files)
	case chat.Edited:
		ev.attach(w.Files)
	case chat.Reacted:
		ev.Emoji, ev.Removed = w.Emoji, w.Removed
	case chat.Pinned:
		ev.Removed = w.Removed
	case chat.Pressed:
		ev.Trigger, ev.Value, ev.Fields = w.Button, w.Value, w.Fields
	case chat.Called:
		ev.called(w)
	case chat.Deleted, chat.Joined, chat.Left, chat.Typing, chat.Read, chat.Bounced:
	}
}

// called takes what a call says, by its kind.
func (ev *event) called(c chat.Called) {
	switch ev.Kind {
	case kindSchedule:
		ev.Slot = string(c.Body)
	case kindHook:
		ev.Body = string(c.Body)
	case string(bots.Woken):
		_, ev.Trigger, _ = strings.Cut(c.Name, ":")
		ev.Data = c.Body
	}
}

func (ev *event) attach(files []chat.File) {
	for _, f := range files {
		ev.Files = append(ev.Files, file{Name: f.Name, Type: f.Type, Size: f.Size, Alt: f.Alt})
	}
}

// personOf is nil for nobody.
func personOf(p bots.Person) *person {
	if p == (bots.Person{}) || p.ID == "" && p.Handle == "" {
		return nil
	}
	return &person{ID: string(p.ID), Name: p.Name, Handle: p.Handle, Account: string(p.Account)}
}

// argsOf are the arguments of a command: texts, numbers, durations in seconds and people.
func argsOf(args bots.Args) map[string]any {
	if len(args) == 0 {
		return nil
	}
	m := make(map[string]any, len(args))
	for name, v := range args {
		m[name] = valueOf(v)
	}
	return m
}

func valueOf(v bots.Value) any {
	switch v.Kind {
	case bots.NumberParam:
		return v.Number
	case bots.DurationParam:
		return v.Duration.Seconds()
	case bots.UserParam:
		return personOf(v.Person)
	case bots.TextParam, bots.ChoiceParam, bots.RestParam:
	}
	return v.Text
}
