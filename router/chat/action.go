package chat

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/roost-im/roost/router/text"
)

// Key names an action over all its tries: letters, digits and dashes, 25 bytes at most, never used for two actions.
// Platforms that take an idempotency key are given it; others find a post again by it (Finder).
type Key string

// keyMax is how many bytes a key has at most: what Discord's nonce holds.
// https://docs.discord.com/developers/resources/message#create-message
const keyMax = 25

// part is the key of the nth further part of what k names; empty when k is.
func (k Key) part(n int) Key {
	if k == "" {
		return ""
	}
	part := fmt.Sprintf("%s-%d", k, n)
	if len(part) <= keyMax {
		return Key(part)
	}
	sum := sha256.Sum256([]byte(part))
	return Key("p" + hex.EncodeToString(sum[:])[:keyMax-1])
}

// Action is one thing that should happen in a conversation. It is sealed: the types below are all there are.
//
//sumtype:decl
type Action interface {
	action()
	// Target is the conversation in which it should happen.
	Target() Conversation
}

// The kinds of Action.
type (
	// Post writes one message. Parts has made it small enough for one message of the platform.
	Post struct {
		Key     Key          `json:"key,omitempty"`
		To      Conversation `json:"to"`
		Text    text.Text    `json:"text"`
		Files   []File       `json:"files,omitempty"`
		ReplyTo MessageID    `json:"reply_to,omitempty"` // in To; empty when it answers no message
		Quote   *Quote       `json:"quote,omitempty"`    // how ReplyTo's message reads, for whoever can't answer it natively; see Traits.Quoted
		As      *Persona     `json:"as,omitempty"`       // whose name and picture it should bear; nil: the account's own
		Card    *Card        `json:"card,omitempty"`
		Only    PersonID     `json:"only,omitempty"`   // show it to this person alone; where Traits.Whisper is false, to everybody
		Number  bool         `json:"number,omitempty"` // should its text take several messages, number them
		Hops    int          `json:"hops,omitempty"`   // routes passed, this one included
	}
	// Edit makes the messages read like Text. Messages are the parts of one message, in order.
	Edit struct {
		Key      Key          `json:"key,omitempty"`
		To       Conversation `json:"to"`
		Messages []MessageID  `json:"messages,omitempty"`
		Text     text.Text    `json:"text"`
		Files    int          `json:"files,omitempty"`    // how many the message has; they stay as they are
		ReplyTo  MessageID    `json:"reply_to,omitempty"` // what the message answers; that can't be changed any more
		Quote    *Quote       `json:"quote,omitempty"`    // as in Post
		As       *Persona     `json:"as,omitempty"`
		Card     *Card        `json:"card,omitempty"`
		Number   bool         `json:"number,omitempty"` // as in Post
		Else     *Post        `json:"else,omitempty"`   // what to post where nothing can be edited; nil: refused
	}
	// Delete takes the messages back.
	Delete struct {
		To       Conversation `json:"to"`
		Messages []MessageID  `json:"messages,omitempty"`
		Else     *Post        `json:"else,omitempty"` // what to post where nothing can be deleted; nil: refused
	}
	// Pin pins a message for everybody in the conversation, or takes the pin off.
	Pin struct {
		To      Conversation `json:"to"`
		Message MessageID    `json:"message,omitempty"`
		Remove  bool         `json:"remove,omitempty"`
		Else    *Post        `json:"else,omitempty"` // what to post where nothing can be pinned; nil: refused
	}
	// React puts the account's emoji on a message, or takes it off.
	React struct {
		To      Conversation `json:"to"`
		Message MessageID    `json:"message,omitempty"`
		Emoji   string       `json:"emoji"` // Unicode, or :name:
		Remove  bool         `json:"remove,omitempty"`
		Else    *Post        `json:"else,omitempty"` // what to post where there are no reactions; nil: refused
	}
	// Open starts a thread, topic or forum post in To, with Card as its first message. A Bare one has no card: it hangs
	// on the message Root where the platform has threads of messages, and otherwise begins with its title.
	Open struct {
		Key   Key          `json:"key,omitempty"`
		To    Conversation `json:"to"` // the channel, group or forum; never a thread
		Title string       `json:"title"`
		Card  Card         `json:"card,omitzero"`
		Bare  bool         `json:"bare,omitempty"`
		Root  MessageID    `json:"root,omitempty"` // Bare only; empty: there is none
	}
)

func (Post) action()   {}
func (Edit) action()   {}
func (Delete) action() {}
func (Pin) action()    {}
func (React) action()  {}
func (Open) action()   {}
func (Hear) action()   {}

// Target is To.
func (a Post) Target() Conversation { return a.To }

// Target is To.
func (a Edit) Target() Conversation { return a.To }

// Target is To.
func (a Delete) Target() Conversation { return a.To }

// Target is To.
func (a Pin) Target() Conversation { return a.To }

// Target is To.
func (a React) Target() Conversation { return a.To }

// Target is To.
func (a Open) Target() Conversation { return a.To }

// Target is To.
func (a Hear) Target() Conversation { return a.To }

// Persona is the name and picture that a relayed message bears where the platform allows it (Traits.Persona); elsewhere
// the router has put Prefix in front of the text, and a connector is given none.
type Persona struct {
	Name   string `json:"name"`
	Avatar string `json:"avatar,omitempty"` // URL
	Prefix string `json:"prefix,omitempty"` // empty: the name and a colon
}

// Quote is how a message reads that another one answers.
type Quote struct {
	Name string    `json:"name,omitempty"` // of its author
	Text text.Text `json:"text,omitzero"`
}

// Card is a message with facts and buttons. Connectors show it with what the platform has (blocks, embeds, inline
// keyboards); Plain is how it reads where the platform has nothing.
type Card struct {
	Title   string   `json:"title"`
	State   Mark     `json:"state,omitempty"` // how the matter stands, for platforms that mark threads with it
	Image   string   `json:"image,omitempty"` // URL of a small picture
	Body    string   `json:"body,omitempty"`
	Facts   []Fact   `json:"facts,omitempty"`
	Footer  string   `json:"footer,omitempty"`
	Buttons []Button `json:"buttons,omitempty"`
	// Numbered says that the buttons can also be answered by their numbers or labels: where there are no buttons, they are
	// numbered lines.
	Numbered bool `json:"numbered,omitempty"`
}

// Mark is how a matter stands that has a thread of its own: forums mark posts with a tag, topics bear a sign.
type Mark string

// The marks; the zero value is none.
const (
	MarkOpen    Mark = "open"
	MarkClaimed Mark = "claimed"
	MarkSnoozed Mark = "snoozed"
	MarkClosed  Mark = "closed"
)

// Fact is one named value on a card.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Button is what a person can press on a card. Pressing gives a Pressed event with the button's ID and Value; a button
// with a Form shows that first and gives its fields too.
type Button struct {
	ID    string `json:"id"`
	Label string `json:"label"`
	Value string `json:"value,omitempty"` // at most 200 bytes
	Style Style  `json:"style,omitempty"`
	Ask   string `json:"ask,omitempty"` // a question that must be confirmed first
	Form  *Form  `json:"form,omitempty"`
}

// Style is how a button looks.
type Style string

// The styles of a button; the zero value is an ordinary one.
const (
	Primary Style = "primary" // what one most likely wants
	Danger  Style = "danger"  // what can't be taken back
)

// Form is a short list of questions (five at most), shown as a modal where the platform has one.
type Form struct {
	Title  string  `json:"title"`
	Submit string  `json:"submit"`
	Fields []Field `json:"fields"`
}

// Field is one question of a form.
type Field struct {
	ID       string   `json:"id"`
	Label    string   `json:"label"`
	Initial  string   `json:"initial,omitempty"`
	Long     bool     `json:"long,omitempty"`     // several lines
	Optional bool     `json:"optional,omitempty"` // may stay empty
	Choices  []Choice `json:"choices,omitempty"`  // when there are any, one of them is chosen
}

// Choice is one of the answers to a Field.
type Choice struct {
	Value string `json:"value"`
	Label string `json:"label"`
}

// Lines are the buttons of a card as numbered lines, if it is a Numbered one.
func (c Card) Lines() text.Text {
	if !c.Numbered {
		return text.Text{}
	}
	var b text.Builder
	for i, button := range c.Buttons {
		if i > 0 {
			b.Write("\n")
		}
		b.Write(fmt.Sprintf("%d. %s", i+1, button.Label))
	}
	return b.Text()
}

// Plain is the card as text, for platforms without cards.
func (c Card) Plain() text.Text {
	var b text.Builder
	b.Span(text.Bold, text.Attrs{}, func() { b.Write(c.Title) })
	if c.Body != "" {
		b.Write("\n" + c.Body)
	}
	for _, f := range c.Facts {
		b.Write("\n" + f.Name + ": " + f.Value)
	}
	if c.Footer != "" {
		b.Write("\n" + c.Footer)
	}
	return b.Text()
}
