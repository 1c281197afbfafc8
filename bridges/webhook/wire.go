package webhook

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// incoming is one event as a program sends it.
type incoming struct {
	ID           string            `json:"id"`
	Type         string            `json:"type"`
	Conversation string            `json:"conversation"`
	Thread       string            `json:"thread"`
	Message      string            `json:"message"`
	Author       author            `json:"author"`
	At           string            `json:"at"`
	Direct       bool              `json:"direct"`
	Addressed    bool              `json:"addressed"`
	Hops         int               `json:"hops"`
	Text         string            `json:"text"`
	Spans        []span            `json:"spans"`
	Files        []given           `json:"files"`
	ReplyTo      string            `json:"reply_to"`
	Quote        *quote            `json:"quote"`
	Topic        string            `json:"topic"`
	Root         string            `json:"root"`
	Emoji        string            `json:"emoji"`
	Removed      bool              `json:"removed"`
	Button       string            `json:"button"`
	Value        string            `json:"value"`
	Fields       map[string]string `json:"fields"`
}

// envelope is the body of a call: one event, or a list of them.
type envelope struct {
	incoming

	Events []incoming `json:"events"`
}

// outgoing is one action as a program is sent it.
type outgoing struct {
	ID           string     `json:"id"`
	Type         string     `json:"type"`
	At           time.Time  `json:"at"`
	Conversation string     `json:"conversation,omitempty"`
	Thread       string     `json:"thread,omitempty"`
	Message      string     `json:"message,omitempty"`
	Author       *author    `json:"author,omitempty"`
	Text         string     `json:"text,omitempty"`
	Spans        []span     `json:"spans,omitempty"`
	Files        []attached `json:"files,omitempty"`
	ReplyTo      string     `json:"reply_to,omitempty"`
	Quote        *quote     `json:"quote,omitempty"`
	Topic        string     `json:"topic,omitempty"`
	Root         string     `json:"root,omitempty"`
	Card         *card      `json:"card,omitempty"`
	Only         string     `json:"only,omitempty"`
	Emoji        string     `json:"emoji,omitempty"`
	Removed      bool       `json:"removed,omitempty"`
	Hops         int        `json:"hops,omitempty"`
}

// author is a person. What is sent has no ID: it is the name and picture that a message shall bear.
type author struct {
	ID     string `json:"id,omitempty"`
	Name   string `json:"name,omitempty"`
	Handle string `json:"handle,omitempty"`
	Avatar string `json:"avatar,omitempty"`
	Bot    bool   `json:"bot,omitempty"`
}

// card is a card that may have buttons alone.
type card struct {
	Title string `json:"title,omitempty"`
	chat.Card
}

// quote is how a message reads that another one answers.
type quote struct {
	Name string `json:"name,omitempty"`
	Text string `json:"text,omitempty"`
}

// given is a file that a program sends: its bytes, or where they are.
type given struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	URL     string `json:"url"`
	Data    string `json:"data"` // base64
	Size    int64  `json:"size"`
	Alt     string `json:"alt"`
	Spoiler bool   `json:"spoiler"`
}

// attached is a file that a program is sent beside the JSON.
type attached struct {
	Name    string `json:"name"`
	Type    string `json:"type,omitempty"`
	Size    int64  `json:"size,omitempty"`
	SHA256  string `json:"sha256,omitempty"`
	Alt     string `json:"alt,omitempty"`
	Spoiler bool   `json:"spoiler,omitempty"`
	Omitted bool   `json:"omitted,omitempty"` // too large to be written down for readers
}

// span says what the characters from Start to End are. Both count UTF-16 code units.
type span struct {
	Start    int       `json:"start"`
	End      int       `json:"end"`
	Kind     text.Kind `json:"kind"`
	URL      string    `json:"url,omitempty"`      // of a link
	Language string    `json:"language,omitempty"` // of a block of code
	Number   string    `json:"number,omitempty"`   // of a list item; empty: a bullet
	Image    string    `json:"image,omitempty"`    // URL of an emoji's picture
	ID       string    `json:"id,omitempty"`       // of a mentioned person, or an emoji
	Name     string    `json:"name,omitempty"`     // of a mentioned person, or an emoji
}

// attr is the field of s that text.Span has as its Attr; nil when the kind has none.
func (s *span) attr() *string {
	switch s.Kind {
	case text.Link:
		return &s.URL
	case text.Pre:
		return &s.Language
	case text.ListItem:
		return &s.Number
	case text.Emoji:
		return &s.Image
	case text.Bold, text.Italic, text.Underline, text.Strike, text.Code, text.Quote, text.Mention, text.Spoiler, text.Heading:
	}
	return nil
}

// kinds are all kinds of span.
func kinds() []text.Kind { return append(spanKinds(), text.Mention) }

// spanKinds are the kinds of span that are sent. A mention is not among them: it names a person of another platform.
func spanKinds() []text.Kind {
	return []text.Kind{
		text.Bold, text.Italic, text.Underline, text.Strike, text.Code, text.Pre, text.Quote, text.ListItem, text.Link,
		text.Emoji, text.Spoiler, text.Heading,
	}
}

// toWire gives the characters of t and their formatting.
func toWire(t text.Text) (string, []span) {
	if len(t.Spans) == 0 {
		return t.Body, nil
	}
	t = text.Degrade(t.Normal(), func(k text.Kind) bool { return slices.Contains(spanKinds(), k) })
	spans := make([]span, 0, len(t.Spans))
	for _, s := range t.ToUTF16() {
		w := span{Start: s.Start, End: s.End, Kind: s.Kind, ID: s.ID, Name: s.Name}
		if a := w.attr(); a != nil {
			*a = s.Attr
		}
		spans = append(spans, w)
	}
	return t.Body, spans
}

// fromWire is the way back. The spans are ones that checkSpans has looked at.
func fromWire(body string, wire []span) text.Text {
	if len(wire) == 0 {
		return text.Plain(body)
	}
	spans := make([]text.Span, 0, len(wire))
	for _, w := range wire {
		s := text.Span{Start: w.Start, End: w.End, Kind: w.Kind, ID: w.ID, Name: w.Name}
		if a := w.attr(); a != nil {
			s.Attr = *a
		}
		spans = append(spans, s)
	}
	return text.FromUTF16(body, spans)
}

// encode writes v as one line of JSON, with the line end.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // what we send is no part of a page
	err := e.Encode(v)
	return b.Bytes(), err
}
