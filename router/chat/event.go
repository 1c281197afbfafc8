package chat

import (
	"context"
	"io"
	"time"

	"github.com/roost-im/roost/router/text"
)

// Event is one thing that happened in a conversation, as its connector saw it.
type Event struct {
	ID           EventID      // unique within the account
	Conversation Conversation // where it happened
	Message      MessageID    // the message it is about; empty when it is about none
	Author       Author       // who did it
	At           time.Time    // when, by the platform's clock
	Direct       bool         // the conversation is private between the account and one person
	Addressed    bool         // the message mentions the account itself, or answers one of its own by the platform's means
	Hops         int          // how many routes it had passed when it was posted, if the platform carried that
	Topic        string       // the name of the conversation's thread; empty when it has none or it is not known
	Root         MessageID    // the message in the place that the thread hangs on; empty when it hangs on none or that is not known
	What         Happening
}

// Ref points at the message that the event is about.
func (e Event) Ref() Ref { return Ref{Conversation: e.Conversation, Message: e.Message} }

// Author is who did something. Name, Handle and Avatar are as the platform shows them and never to be trusted.
type Author struct {
	ID     PersonID  `json:"id"`
	Name   string    `json:"name,omitempty"`
	Handle string    `json:"handle,omitempty"` // without the leading @
	Avatar string    `json:"avatar,omitempty"` // URL
	Since  time.Time `json:"since,omitzero"`   // when the person joined the platform, where it says
	Bot    bool      `json:"bot,omitempty"`
	Self   bool      `json:"self,omitempty"` // the account itself: an echo of what we sent
}

// Happening is what an event says happened. It is sealed: the types below are all there are.
//
//sumtype:decl
type Happening interface{ happening() }

// The kinds of Happening.
type (
	// Posted says that a message was written.
	Posted struct {
		Text    text.Text `json:"text"`
		Files   []File    `json:"files,omitempty"`
		ReplyTo MessageID `json:"reply_to,omitempty"`
		Quote   *Quote    `json:"quote,omitempty"` // how the message it replies to reads, where the platform tells
	}
	// Edited says how the event's message reads now.
	Edited struct {
		Text    text.Text `json:"text"`
		Files   []File    `json:"files,omitempty"`
		ReplyTo MessageID `json:"reply_to,omitempty"`
		Quote   *Quote    `json:"quote,omitempty"`
	}
	// Deleted says that the event's message is gone.
	Deleted struct{}
	// Reacted says that the author put an emoji on the event's message, or took it off again.
	Reacted struct {
		Emoji   string `json:"emoji"` // Unicode where there is one, otherwise :name:
		Removed bool   `json:"removed,omitempty"`
	}
	// Pinned says that the author pinned the event's message, or took the pin off again.
	Pinned struct {
		Removed bool `json:"removed,omitempty"`
	}
	// Pressed says that the author pressed a button of a card, and filled its form if it has one.
	Pressed struct {
		Button string            `json:"button"`
		Value  string            `json:"value,omitempty"`
		Fields map[string]string `json:"fields,omitempty"`
	}
	// Joined says that the author came into the conversation.
	Joined struct{}
	// Left says that the author left the conversation.
	Left struct{}
	// Typing says that the author is writing.
	Typing struct{}
	// Read says that the author has read everything up to the event's message.
	Read struct{}
	// Bounced says that the platform has not brought the event's message, which the account wrote, to its readers after all,
	// although it had taken it. The author is a reader who did not get it, where the platform tells, or whoever tells of it.
	Bounced struct {
		Reason string `json:"reason,omitempty"` // for people, as in Error; empty: the platform does not say why
	}
	// Called says that something which is no person wants a bot: one of its schedules, a webhook, its own program.
	Called struct {
		Name string `json:"name"`           // what calls, and which: "schedule:standup"
		Body []byte `json:"body,omitempty"` // what it says
	}
)

func (Posted) happening()  {}
func (Edited) happening()  {}
func (Deleted) happening() {}
func (Reacted) happening() {}
func (Pinned) happening()  {}
func (Pressed) happening() {}
func (Joined) happening()  {}
func (Left) happening()    {}
func (Typing) happening()  {}
func (Read) happening()    {}
func (Bounced) happening() {}
func (Called) happening()  {}

// File is an attachment. On its way in it says where its bytes are (Account, Source); on its way out Content opens them.
type File struct {
	Name    string  `json:"name"`
	Type    string  `json:"type,omitempty"`    // MIME type; empty when unknown
	Size    int64   `json:"size,omitempty"`    // bytes; 0 when unknown
	Alt     string  `json:"alt,omitempty"`     // description for people who can't see it
	Spoiler bool    `json:"spoiler,omitempty"` // to be shown only when asked for
	Account Account `json:"account,omitempty"`
	Source  string  `json:"source,omitempty"` // the connector's own word for where the bytes are; never shown to anybody
	Content Content `json:"-"`                // set by the lane just before an action is performed
}

// Content is where a file's bytes can be read, as often as needed.
type Content interface {
	// Open starts reading from the first byte. The caller closes what it gets.
	Open(ctx context.Context) (io.ReadCloser, error)
}
