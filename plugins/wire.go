package plugins

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/roost-im/roost/plugins/internal/rpc"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// spot is a conversation of a connector's own account. A string is one without a thread.
type spot struct {
	ID     chat.ConversationID `json:"id"`
	Thread chat.ThreadID       `json:"thread,omitempty"`
}

// UnmarshalJSON takes a string, too.
func (s *spot) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &s.ID)
	}
	type plain spot
	return rpc.Strictly(b, (*plain)(s))
}

func spotOf(c chat.Conversation) spot { return spot{ID: c.ID, Thread: c.Thread} }

func (s spot) of(a chat.Account) chat.Conversation {
	return chat.Conversation{Account: a, ID: s.ID, Thread: s.Thread}
}

// author is who did something.
type author struct {
	ID     chat.PersonID `json:"id"`
	Name   string        `json:"name"`
	Handle string        `json:"handle"`
	Avatar string        `json:"avatar"`
	Bot    bool          `json:"bot"`
	Self   bool          `json:"self"`
}

// happened is an event as a connector's program tells it.
type happened struct {
	ID           chat.EventID      `json:"id"`
	Kind         string            `json:"kind"`
	Conversation spot              `json:"conversation"`
	Message      chat.MessageID    `json:"message"`
	Author       author            `json:"author"`
	At           time.Time         `json:"at"` // default: now
	Direct       bool              `json:"direct"`
	Topic        string            `json:"topic"`
	Root         chat.MessageID    `json:"root"`
	Text         string            `json:"text"`
	Spans        []text.Span       `json:"spans"`
	ReplyTo      chat.MessageID    `json:"reply_to"`
	Emoji        string            `json:"emoji"`
	Removed      bool              `json:"removed"`
	Button       string            `json:"button"`
	Value        string            `json:"value"`
	Fields       map[string]string `json:"fields"`
	Reason       string            `json:"reason"`
}

// event is h as everybody else knows it. Its error says what is wrong with it.
func (h happened) event(a chat.Account, now time.Time) (chat.Event, error) {
	what, err := h.what()
	switch {
	case err != nil:
		return chat.Event{}, err
	case h.ID == "":
		return chat.Event{}, errors.New("an event has an id")
	case h.Conversation.ID == "":
		return chat.Event{}, fmt.Errorf("the event %s has no conversation", h.ID)
	case h.Author.ID == "" && h.Kind != "bounced": // it need not be known who did not get it
		return chat.Event{}, fmt.Errorf("the event %s has no author", h.ID)
	}
	if h.At.IsZero() {
		h.At = now
	}
	by := chat.Author{
		ID: h.Author.ID, Name: text.Clean(h.Author.Name), Handle: text.Clean(h.Author.Handle), Avatar: h.Author.Avatar,
		Bot: h.Author.Bot, Self: h.Author.Self,
	}
	return chat.Event{
		ID: h.ID, Conversation: h.Conversation.of(a), Message: h.Message, Author: by, At: h.At.UTC(), Direct: h.Direct,
		Topic: h.Topic, Root: h.Root, What: what,
	}, nil
}

func (h happened) what() (chat.Happening, error) {
	words := text.Text{Body: h.Text, Spans: h.Spans}.Normal()
	needs := h.Message
	var what chat.Happening
	switch h.Kind {
	case "posted":
		what = chat.Posted{Text: words, ReplyTo: h.ReplyTo}
	case "edited":
		what = chat.Edited{Text: words, ReplyTo: h.ReplyTo}
	case "deleted":
		what = chat.Deleted{}
	case "reacted":
		what = chat.Reacted{Emoji: h.Emoji, Removed: h.Removed}
	case "pinned":
		what = chat.Pinned{Removed: h.Removed}
	case "bounced":
		what = chat.Bounced{Reason: text.Clean(h.Reason)}
	default:
		needs = "-"
		what = h.silent()
	}
	switch {
	case what == nil:
		return nil, fmt.Errorf("the event %s is of no kind that there is: %q", h.ID, h.Kind)
	case needs == "":
		return nil, fmt.Errorf("the event %s is %s and has no message", h.ID, h.Kind)
	}
	return what, nil
}

// silent is what happens without a message.
func (h happened) silent() chat.Happening {
	switch h.Kind {
	case "pressed":
		return chat.Pressed{Button: h.Button, Value: h.Value, Fields: h.Fields}
	case "joined":
		return chat.Joined{}
	case "left":
		return chat.Left{}
	case "typing":
		return chat.Typing{}
	case "read":
		return chat.Read{}
	}
	return nil
}

// deedOf is what a connector's program is told to do: post, edit, delete, react, pin, open, type.
type deedOf struct {
	Key          chat.Key         `json:"key,omitempty"`
	Conversation spot             `json:"conversation"`
	Message      chat.MessageID   `json:"message,omitempty"`  // to edit, react to, pin
	Messages     []chat.MessageID `json:"messages,omitempty"` // to delete
	Text         string           `json:"text"`
	Spans        []text.Span      `json:"spans,omitempty"`
	ReplyTo      chat.MessageID   `json:"reply_to,omitempty"`
	As           *chat.Persona    `json:"as,omitempty"`
	Card         *chat.Card       `json:"card,omitempty"`
	Only         chat.PersonID    `json:"only,omitempty"`
	Emoji        string           `json:"emoji,omitempty"`
	Remove       bool             `json:"remove,omitempty"`
	Title        string           `json:"title,omitempty"`
	Bare         bool             `json:"bare,omitempty"`
	Root         chat.MessageID   `json:"root,omitempty"`
}

// post is what a program is told to post: a quote, a card that its platform can't show and spans that it does not know
// are text.
func (t *traits) post(p chat.Post) deedOf {
	all := t.traits()
	if p.ReplyTo == "" || !t.Reply {
		p = all.Quoted(p)
		p.ReplyTo = ""
	}
	words := p.Text
	if p.Card != nil && !t.Cards {
		for _, more := range []text.Text{p.Card.Plain().Trim(), p.Card.Lines()} {
			switch {
			case more.Empty() || more.Body == words.Body:
			case words.Empty():
				words = more
			default:
				words = text.Join(words, text.Plain("\n"), more)
			}
		}
		p.Card = nil
	}
	words = text.Degrade(words, t.shows)
	return deedOf{
		Key: p.Key, Conversation: spotOf(p.To), Text: words.Body, Spans: words.Spans, ReplyTo: p.ReplyTo, As: p.As,
		Card: p.Card, Only: p.Only,
	}
}

func (t *traits) shows(k text.Kind) bool {
	return slices.Contains(t.Spans, k)
}

// took is what a program answers to post, edit, open and find.
type took struct {
	Message      chat.MessageID   `json:"message"`
	Messages     []chat.MessageID `json:"messages"`
	Conversation spot             `json:"conversation"`
	At           time.Time        `json:"at"`
	Found        bool             `json:"found"` // of find
}

func (r took) receipt(a chat.Account) chat.Receipt {
	out := chat.Receipt{Messages: r.Messages, At: r.At}
	if r.Message != "" {
		out.Messages = append([]chat.MessageID{r.Message}, r.Messages...)
	}
	if r.Conversation.ID != "" {
		out.Conversation = r.Conversation.of(a)
	}
	return out
}

// trouble is the data of an error that a connector's program answers.
type trouble struct {
	Kind   string  `json:"kind"`
	Wait   float64 `json:"wait"`  // seconds
	Scope  string  `json:"scope"` // account; default: the conversation
	Reason string  `json:"reason"`
}

// problem is the error of an action, as its program told it, or because it is gone.
func (t *traits) problem(op string, err error) error {
	e := &chat.Error{Op: t.Platform + ": " + op, Kind: chat.Uncertain, Err: err}
	said, ok := errors.AsType[*rpc.Error](err)
	if !ok {
		return e
	}
	e.Kind, e.Err = chat.Transient, errors.New(said.Message)
	var d trouble
	if len(said.Data) == 0 || json.Unmarshal(said.Data, &d) != nil {
		if said.Code == rpc.NoMethod {
			e.Kind = chat.Refused
		}
		return e
	}
	for _, k := range []chat.Kind{
		chat.Transient, chat.Throttled, chat.Uncertain, chat.Refused, chat.Gone, chat.LoggedOut, chat.Unfunded,
	} {
		if k.String() == d.Kind {
			e.Kind = k
		}
	}
	e.Wait, e.Reason = seconds(d.Wait), text.Clean(d.Reason)
	if d.Scope == "account" {
		e.Scope = chat.ThisAccount
	}
	return e
}
