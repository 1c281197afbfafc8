package chat

import (
	"time"

	"github.com/roost-im/roost/router/text"
)

// Traits says what an account can do and where its limits are. Numbers come from the platform's documents or from the
// account itself; connectors publish them without I/O.
type Traits struct {
	Platform string                // the platform's own name, as people write it: "X", "Slack"
	Text     text.Limit            // of one message
	Size     func(t text.Text) int // how much of Text.Max a text takes; nil: Text.Unit.Len of its body
	Spans    []text.Kind           // the kinds of span it shows natively; others are degraded
	Files    FileTraits
	Edit     Ability // of our own messages, and of others' as events
	Delete   Ability
	React    Ability
	Emoji    func(emoji string) (nearest string, ok bool) // what React shows for an emoji; nil: every one as it is
	Pin      Ability
	Reply    bool // a message can answer another one
	Threads  bool // Open works, and conversations have threads
	Typing   bool // Typing events arrive
	Types    bool // Type shows people that the account is writing
	Reads    bool // Read events arrive
	Cards    bool // cards keep their buttons; otherwise they are text
	Persona  bool // a post can bear another name and picture
	Whisper  bool // a post can be shown to one person alone
	Repeat   Repeat
	CatchUp  time.Duration // how far back missed messages are fetched after a pause; 0: not at all
	Pace     Pace
}

// SizeOf is how much of t.Text.Max x takes.
func (t Traits) SizeOf(x text.Text) int {
	if t.Size != nil {
		return t.Size(x)
	}
	return t.Text.Unit.Len(x.Body)
}

// FileTraits says which attachments a message can carry.
type FileTraits struct {
	Count int              // per message; 0: none at all
	Size  int64            // bytes per file
	Types map[string]int64 // bytes per file for MIME types or their first half ("image", "image/gif"); empty: every type, to Size
}

// Limit is the largest file of this MIME type that the platform takes, in bytes; 0 when it takes none.
func (f FileTraits) Limit(mime string) int64 {
	if len(f.Types) == 0 {
		return f.Size
	}
	if n, ok := f.Types[mime]; ok {
		return n
	}
	for i := range len(mime) {
		if mime[i] == '/' {
			return f.Types[mime[:i]]
		}
	}
	return 0
}

// Ability says in which directions something works.
type Ability struct {
	In  bool // arrives as events
	Out bool // can be done by the account
}

// Repeat says what makes a repeated post safe.
type Repeat int

// The ways in which a repeat is made safe.
const (
	Blind    Repeat = iota // nothing does: the account's uncertain setting decides
	Keyed                  // the platform folds posts with the same Key
	ReadBack               // Finder tells whether a post arrived
)

// Pace is how fast the platform lets us send, before it says anything else.
type Pace struct {
	Conversation Rate // per conversation, all its threads together
	Account      Rate // over the whole account
	Parallel     int  // requests at once; 0: 16
}

// Rate is Burst posts at once, refilled one every Every. The zero value has no limit.
type Rate struct {
	Every time.Duration
	Burst int
}

// Allowance is what a platform said in an answer about what is left.
type Allowance struct {
	Scope     Scope
	Remaining int       // posts left
	Reset     time.Time // when the count starts anew
}
