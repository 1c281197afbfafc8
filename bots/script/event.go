package script

import (
	"errors"
	"strings"
	"time"

	startime "go.starlark.net/lib/time"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/router/chat"
)

// heard is what a script is told of an event. It is plain data, so that a worker can be told of it too.
type heard struct {
	Trigger string            `json:"trigger"`
	Args    bots.Args         `json:"args,omitempty"`
	Match   []string          `json:"match,omitempty"`
	Kind    string            `json:"kind"`
	Text    string            `json:"text,omitempty"`
	Person  bots.Person       `json:"person"`
	Here    chat.Conversation `json:"here"`
	Key     chat.Key          `json:"key,omitempty"`
	At      time.Time         `json:"at"`
	Message chat.MessageID    `json:"message,omitempty"`
	Direct  bool              `json:"direct,omitempty"`
	Desk    string            `json:"desk,omitempty"`
	Emoji   string            `json:"emoji,omitempty"`
	Removed bool              `json:"removed,omitempty"`
	Button  string            `json:"button,omitempty"`
	Value   string            `json:"value,omitempty"`
	Fields  map[string]string `json:"fields,omitempty"`
	Hook    string            `json:"hook,omitempty"`
	Body    string            `json:"body,omitempty"`
}

// occasion is what a Turn is about.
func occasion(t *bots.Turn) *heard {
	in := t.Hear()
	ev := in.Event
	h := &heard{
		Trigger: t.Trigger(), Args: t.Args(), Match: t.Match(), Text: t.Text().Body, Person: t.Person(), Here: t.Here(),
		Key: in.Key, At: ev.At, Message: ev.Message, Direct: ev.Direct, Desk: t.Desk(),
	}
	switch w := ev.What.(type) {
	case chat.Posted:
		h.Kind = kindMessage
	case chat.Edited:
		h.Kind = string(bots.Edited)
	case chat.Deleted:
		h.Kind = string(bots.Deleted)
	case chat.Reacted:
		h.Kind, h.Emoji, h.Removed = string(bots.Reacted), w.Emoji, w.Removed
	case chat.Pinned:
		h.Kind, h.Removed = string(bots.Pinned), w.Removed
	case chat.Pressed:
		h.Kind, h.Button, h.Value, h.Fields = kindPress, w.Button, w.Value, w.Fields
	case chat.Joined:
		h.Kind = string(bots.Joined)
	case chat.Left:
		h.Kind = string(bots.Left)
	case chat.Called:
		h.called(w)
	case chat.Typing, chat.Read, chat.Bounced:
	}
	return h
}

// called says what calls a bot: one of its schedules, a webhook, what it has put off.
func (h *heard) called(c chat.Called) {
	kind, name, _ := strings.Cut(c.Name, ":")
	switch kind {
	case "schedule":
		h.Kind = kindEvery
	case "hook":
		h.Kind, h.Hook, h.Body = kindHook, name, string(c.Body)
	default:
		h.Kind, h.Body = wokenID, string(c.Body)
	}
}

// event is the value of that name: what happened.
type event struct{ in *instance }

var (
	_ starlark.HasAttrs   = event{}
	_ starlark.HasAttrs   = (*person)(nil)
	_ starlark.Comparable = (*person)(nil)
)

func (e event) String() string        { return "event" }
func (e event) Type() string          { return "event" }
func (e event) Freeze()               {}
func (e event) Truth() starlark.Bool  { return true }
func (e event) Hash() (uint32, error) { return 0, errors.New("an event is no key") }
func (e event) AttrNames() []string   { return eventAttrs() }

// Attr is what is known of the event.
func (e event) Attr(name string) (starlark.Value, error) {
	if e.in.run == nil {
		return nil, errors.New("event" + tooEarly)
	}
	return e.in.run.attr(name), nil
}

// eventAttrs are the names that attr knows.
func eventAttrs() []string {
	return []string{
		"at", "body", "button", "desk", "direct", "emoji", "event", "fields", "groups", "here", "hook", "kind", "message",
		"removed", "text", "user", "value",
	}
}

// attr is what is known of the event by a name; nil: there is nothing of that name.
func (r *run) attr(name string) starlark.Value {
	h := r.heard
	if s := h.text(name); s != nil {
		return starlark.String(*s)
	}
	switch name {
	case "at":
		return startime.Time(h.At.UTC())
	case "direct":
		return starlark.Bool(h.Direct)
	case "event":
		return event{r.in}
	case "fields":
		d := starlark.NewDict(len(h.Fields))
		for k, v := range sortedMap(h.Fields) {
			_ = d.SetKey(starlark.String(k), starlark.String(v))
		}
		return d
	case "groups":
		return textList(h.Match)
	case "here":
		return starlark.String(h.Here.String())
	case "removed":
		return starlark.Bool(h.Removed)
	case "user":
		return &person{in: r.in}
	}
	return nil
}

// text is one of the texts that are known of an event; nil: there is none of that name.
func (h *heard) text(name string) *string {
	switch name {
	case "body":
		return &h.Body
	case "button":
		return &h.Button
	case "desk":
		return &h.Desk
	case "emoji":
		return &h.Emoji
	case "hook":
		return &h.Hook
	case "kind":
		return &h.Kind
	case "message":
		return (*string)(&h.Message)
	case "text":
		return &h.Text
	case "value":
		return &h.Value
	}
	return nil
}

// person is somebody.
type person struct {
	in *instance // not nil: whoever did what is heard
	p  bots.Person
}

func (p *person) who() (bots.Person, error) {
	switch {
	case p.in == nil:
		return p.p, nil
	case p.in.run == nil:
		return p.p, errors.New("user" + tooEarly)
	}
	return p.in.run.heard.Person, nil
}

func (p *person) String() string {
	who, err := p.who()
	if err != nil {
		return "user"
	}
	return who.Name
}
func (p *person) Type() string { return "person" }
func (p *person) Freeze()      {}

// Truth says whether there is anybody: a schedule is no person.
func (p *person) Truth() starlark.Bool {
	who, err := p.who()
	return err == nil && (who.ID != "" || who.Handle != "")
}

// Hash is that of who it is.
func (p *person) Hash() (uint32, error) {
	who, err := p.who()
	if err != nil {
		return 0, err
	}
	return starlark.String(string(who.Account) + "#" + string(who.ID)).Hash()
}

// CompareSameType says whether two are the same person.
func (p *person) CompareSameType(op syntax.Token, y starlark.Value, _ int) (bool, error) {
	other, ok := y.(*person)
	if !ok || op != syntax.EQL && op != syntax.NEQ {
		return false, errors.New("people can be the same or not, and nothing else")
	}
	a, err := p.who()
	if err != nil {
		return false, err
	}
	b, err := other.who()
	same := a.Account == b.Account && a.ID == b.ID
	return same == (op == syntax.EQL), err
}

// AttrNames are what is known of a person.
func (p *person) AttrNames() []string { return []string{"account", "handle", "id", "name"} }

// Attr is what is known of a person.
func (p *person) Attr(name string) (starlark.Value, error) {
	who, err := p.who()
	if err != nil {
		return nil, err
	}
	switch name {
	case "account":
		return starlark.String(who.Account), nil
	case "handle":
		return starlark.String(who.Handle), nil
	case "id":
		return starlark.String(who.ID), nil
	case "name":
		return starlark.String(who.Name), nil
	}
	return nil, nil //nolint:nilnil // Starlark's word for no such attribute
}
