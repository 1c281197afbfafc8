package chat

import (
	"encoding/json"
	"fmt"
	"time"
)

// HappeningName is the word under which h is stored, counted and shown: posted, edited and so on.
func HappeningName(h Happening) string {
	switch h.(type) {
	case Posted:
		return "posted"
	case Edited:
		return "edited"
	case Deleted:
		return "deleted"
	case Reacted:
		return "reacted"
	case Pinned:
		return "pinned"
	case Pressed:
		return "pressed"
	case Bounced:
		return "bounced"
	case Called:
		return "called"
	case Joined, Left, Typing, Read:
		return bareName(h)
	}
	return ""
}

// bareName is the name of what says nothing but that it happened.
func bareName(h Happening) string {
	switch h.(type) {
	case Joined:
		return "joined"
	case Left:
		return "left"
	case Typing:
		return "typing"
	case Read:
		return "read"
	default:
		return ""
	}
}

// ActionName is the word under which a is stored, counted and shown: post, edit and so on.
func ActionName(a Action) string {
	switch a.(type) {
	case Post:
		return "post"
	case Edit:
		return "edit"
	case Delete:
		return "delete"
	case React:
		return "react"
	case Pin:
		return "pin"
	case Open:
		return "open"
	case Hear:
		return "hear"
	}
	return ""
}

// EncodeAction writes a for storage; DecodeAction reads it back by its name.
func EncodeAction(a Action) (name string, body []byte, err error) {
	name = ActionName(a)
	if name == "" {
		return "", nil, fmt.Errorf("encode %T: no action", a)
	}
	body, err = json.Marshal(a)
	return name, body, err
}

// DecodeAction reads what EncodeAction wrote.
func DecodeAction(name string, body []byte) (Action, error) {
	switch name {
	case "post":
		return decode[Post](body)
	case "edit":
		return decode[Edit](body)
	case "delete":
		return decode[Delete](body)
	case "react":
		return decode[React](body)
	case "pin":
		return decode[Pin](body)
	case "open":
		return decode[Open](body)
	case "hear":
		return decode[Hear](body)
	}
	return nil, fmt.Errorf("decode action: unknown name %q", name)
}

func decode[T any](body []byte) (T, error) {
	var v T
	if len(body) == 0 {
		return v, nil
	}
	err := json.Unmarshal(body, &v)
	return v, err
}

func decodeHappening(name string, body []byte) (Happening, error) {
	switch name {
	case "posted":
		return decode[Posted](body)
	case "edited":
		return decode[Edited](body)
	case "deleted":
		return Deleted{}, nil
	case "reacted":
		return decode[Reacted](body)
	case "pinned":
		return decode[Pinned](body)
	case "pressed":
		return decode[Pressed](body)
	case "bounced":
		return decode[Bounced](body)
	case "called":
		return decode[Called](body)
	}
	for _, h := range [...]Happening{Joined{}, Left{}, Typing{}, Read{}} {
		if name == bareName(h) {
			return h, nil
		}
	}
	return nil, fmt.Errorf("decode happening: unknown name %q", name)
}

// wireEvent is the stored form of an Event: What is its happening when it is written, and raw until Kind is known when it
// is read.
type wireEvent[What any] struct {
	ID           EventID      `json:"id"`
	Conversation Conversation `json:"conversation"`
	Message      MessageID    `json:"message,omitempty"`
	Author       Author       `json:"author"`
	At           time.Time    `json:"at"`
	Direct       bool         `json:"direct,omitempty"`
	Addressed    bool         `json:"addressed,omitempty"`
	Hops         int          `json:"hops,omitempty"`
	Topic        string       `json:"topic,omitempty"`
	Root         MessageID    `json:"root,omitempty"`
	Kind         string       `json:"kind"`
	What         What         `json:"what,omitempty"`
}

// MarshalJSON writes the event with its happening's name beside it.
func (e Event) MarshalJSON() ([]byte, error) {
	w := wireEvent[Happening]{
		ID: e.ID, Conversation: e.Conversation, Message: e.Message, Author: e.Author,
		At: e.At, Direct: e.Direct, Addressed: e.Addressed, Hops: e.Hops, Topic: e.Topic, Root: e.Root, Kind: HappeningName(e.What),
	}
	switch e.What.(type) {
	case Posted, Edited, Reacted, Pinned, Pressed, Bounced, Called:
		w.What = e.What
	case Deleted, Joined, Left, Typing, Read: // their name says it all
	default:
		return nil, fmt.Errorf("event %s: %T is no happening", e.ID, e.What)
	}
	return json.Marshal(w)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (e *Event) UnmarshalJSON(b []byte) error {
	var w wireEvent[json.RawMessage]
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	what, err := decodeHappening(w.Kind, w.What)
	if err != nil {
		return err
	}
	*e = Event{
		ID: w.ID, Conversation: w.Conversation, Message: w.Message, Author: w.Author,
		At: w.At, Direct: w.Direct, Addressed: w.Addressed, Hops: w.Hops, Topic: w.Topic, Root: w.Root, What: what,
	}
	return nil
}
