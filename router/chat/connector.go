package chat

import (
	"context"
	"io"
	"time"
)

// Connector speaks for one account.
type Connector interface {
	// Run receives until ctx ends, and hands every event to sink. It blocks. It returns nil when ctx ends, within two
	// seconds, and an error when going on is pointless (KindOf LoggedOut, Unfunded) or the way in is broken; whoever
	// runs it may run it again. It confirms an event to its platform only after Accept returned nil.
	Run(ctx context.Context, sink Sink) error
	// Post writes one message and returns when the platform has taken it. It is safe for concurrent use. Its errors
	// carry a Kind: Uncertain when the request left and the answer was not read.
	Post(ctx context.Context, p Post) (Receipt, error)
	// Traits says what the account can do. It does no I/O and may change between calls.
	Traits() Traits
}

// Sink takes events in. It is safe for concurrent use.
type Sink interface {
	// Accept returns nil when all of the batch and its cursor are stored and never lost, and an error when nothing is.
	// The same event again is harmless.
	Accept(ctx context.Context, b Batch) error
	// Cursor is the last cursor that was accepted; nil when there is none.
	Cursor(ctx context.Context) ([]byte, error)
}

// Batch is events of one account in the order in which they happened, and where to go on after them.
type Batch struct {
	Events []Event
	Cursor []byte // nil leaves the stored cursor as it is
}

// Receipt is what the platform answered.
type Receipt struct {
	Conversation Conversation // where it really went; zero: where it was meant to go
	Messages     []MessageID  // what it became, in order; one for a Post
	At           time.Time    // by the platform's clock; zero when it does not say
	Left         []Allowance  // what the platform said about its limits
	Outcome      *Outcome     // of a Hear; nil: none
}

// The optional abilities of a connector. Only this package asserts them.
type (
	// Editor changes a message that the account wrote. Edit has one message; Do takes care of several.
	Editor interface {
		Edit(ctx context.Context, e Edit) (Receipt, error)
	}
	// Deleter takes messages of the account back. A message that is not there any more counts as deleted.
	Deleter interface {
		Delete(ctx context.Context, d Delete) error
	}
	// Reactor puts emoji on messages. One that is there already, or gone already, counts as done.
	Reactor interface {
		React(ctx context.Context, r React) error
	}
	// Pinner pins messages. One that is pinned already, or not pinned any more, counts as done.
	Pinner interface {
		Pin(ctx context.Context, p Pin) error
	}
	// Opener starts threads, topics and forum posts. The receipt's message is the card, or what else it had to write to
	// begin the thread; none when it wrote nothing. A thread that Root has already counts as opened. A Bare one in a place
	// that can have no threads gives the place itself.
	Opener interface {
		Open(ctx context.Context, o Open) (Receipt, Conversation, error)
	}
	// Finder tells whether a post, known by its Key or by what it says, arrived. since is when it was first tried.
	Finder interface {
		Find(ctx context.Context, a Action, since time.Time) (Receipt, bool, error)
	}
	// Fetcher opens the bytes of a file that arrived with one of its events.
	Fetcher interface {
		Fetch(ctx context.Context, f File) (io.ReadCloser, error)
	}
	// Hearer makes something of events: bots do. An error that is not a *Error of Kind Refused means that the event shall be
	// heard again. It is safe for concurrent use.
	Hearer interface {
		Hear(ctx context.Context, h Hear) (Outcome, error)
	}
	// Typer shows people that the account is writing, until its next message or for some seconds.
	Typer interface {
		Type(ctx context.Context, at Conversation) error
	}
	// Checker finds out whether the account works, and what it would miss.
	Checker interface {
		Check(ctx context.Context) ([]Finding, error)
	}
)

// Finding is one thing that a Checker found.
type Finding struct {
	Grade Grade  `json:"grade"`
	Name  string `json:"name"`           // what was looked at: "scope files:read"
	Text  string `json:"text"`           // what was found, in a sentence
	Mend  string `json:"mend,omitempty"` // what to do about it
}

// Grade is how much a finding matters.
type Grade string

// The grades of a finding.
const (
	Fine    Grade = "fine"
	Warning Grade = "warning" // works, but something would be missed
	Broken  Grade = "broken"
)
