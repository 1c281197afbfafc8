// Package chat holds the words of the house and the contract that every connector keeps.
//
// It is the ground floor: it imports only text, and does no I/O. A message makes this trip:
//
//	wire → Event → Sink.Accept → store.Admit → lane → Do(Action) → wire → Receipt → store.Settle
//
// An Event is one thing that happened in a Conversation; an Action is one thing that should happen in one.
// Both are sealed sums (Happening, Action), so a switch over them can be checked for completeness.
//
// A Connector speaks for one Account. What every connector must do is small (Run, Post, Traits); what only some
// can do is an optional interface (Editor, Deleter, Reactor, Opener, Hearer, Typer, Finder, Fetcher, Checker) that is asserted in
// this package alone, by Do and its sisters. So no caller asks a connector which platform it is: it reads Traits and
// calls Do.
//
// We chose one wire message per delivery (Parts splits a long or many-filed Post before it is stored), not a
// connector that splits while it sends, because a crash between two parts must repeat neither; it costs a row a part.
package chat

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// Errors that parsing returns; callers tell them apart with errors.Is.
var (
	ErrBadAccount      = errors.New("an account is written platform/name, in lower case")
	ErrBadConversation = errors.New("a conversation is written platform/name#id or platform/name#id/thread")
)

// IDs are made and understood by the platform's connector alone; everybody else only compares and stores them.
type (
	// EventID names an event within its account. The same event, however often it is delivered, has the same ID.
	EventID string
	// MessageID names a message within its place: no two threads of one channel share one.
	MessageID string
	// ConversationID names a place within its account: a channel, a group, or the peer of a direct conversation.
	ConversationID string
	// ThreadID names a thread within its conversation.
	ThreadID string
	// PersonID names a person within their platform.
	PersonID string
)

// Account is one login on one platform, written platform/name: x/acme, slack/team.
type Account string

var accountForm = regexp.MustCompile(`^[a-z][a-z0-9]{0,31}/[a-z0-9][a-z0-9._-]{0,63}$`)

// ParseAccount checks the form of s. It returns ErrBadAccount, wrapped with s, when it has another form.
func ParseAccount(s string) (Account, error) {
	if !accountForm.MatchString(s) {
		return "", fmt.Errorf("%q: %w", s, ErrBadAccount)
	}
	return Account(s), nil
}

// Platform is the part of the account before the slash: x, slack, discord.
func (a Account) Platform() string {
	p, _, _ := strings.Cut(string(a), "/")
	return p
}

// Name is the part of the account after the slash, which its operator chose.
func (a Account) Name() string {
	_, n, _ := strings.Cut(string(a), "/")
	return n
}

// Conversation is a place where messages appear: a direct conversation, a channel, or a thread inside one.
// It is comparable and its zero value is no conversation.
type Conversation struct {
	Account Account
	ID      ConversationID
	Thread  ThreadID
}

// ParseConversation reads the text form that String writes. It returns ErrBadAccount or ErrBadConversation, wrapped.
func ParseConversation(s string) (Conversation, error) {
	account, place, ok := strings.Cut(s, "#")
	if !ok {
		return Conversation{}, fmt.Errorf("%q: %w", s, ErrBadConversation)
	}
	a, err := ParseAccount(account)
	if err != nil {
		return Conversation{}, err
	}
	id, thread, threaded := strings.Cut(place, "/")
	id, err = url.PathUnescape(id)
	if err != nil || id == "" {
		return Conversation{}, fmt.Errorf("%q: %w", s, ErrBadConversation)
	}
	thread, err = url.PathUnescape(thread)
	if err != nil || (threaded && thread == "") {
		return Conversation{}, fmt.Errorf("%q: %w", s, ErrBadConversation)
	}
	return Conversation{Account: a, ID: ConversationID(id), Thread: ThreadID(thread)}, nil
}

// String is the text form, platform/name#id or platform/name#id/thread; ParseConversation reads it back.
func (c Conversation) String() string {
	if c == (Conversation{}) {
		return ""
	}
	s := string(c.Account) + "#" + escape(string(c.ID))
	if c.Thread != "" {
		s += "/" + escape(string(c.Thread))
	}
	return s
}

// escape percent-encodes what would end an ID early or break a log line; plain IDs stay as they are.
func escape(id string) string {
	plain := func(r rune) bool { return r <= ' ' || r == '%' || r == '#' || r == '/' || r == '"' || r > '~' }
	if strings.IndexFunc(id, plain) < 0 {
		return id
	}
	var b strings.Builder
	for i := range len(id) {
		if plain(rune(id[i])) {
			fmt.Fprintf(&b, "%%%02X", id[i])
			continue
		}
		b.WriteByte(id[i])
	}
	return b.String()
}

// Place is the conversation without its thread: the channel that the thread is in.
func (c Conversation) Place() Conversation {
	c.Thread = ""
	return c
}

// IsZero says whether c names no conversation.
func (c Conversation) IsZero() bool { return c == Conversation{} }

// MarshalText writes the text form; the zero conversation is empty.
func (c Conversation) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads the text form; empty text is the zero conversation.
func (c *Conversation) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*c = Conversation{}
		return nil
	}
	parsed, err := ParseConversation(string(b))
	if err != nil {
		return err
	}
	*c = parsed
	return nil
}

// Ref points at one message anywhere. Two Refs with the same place and message are the same message, whatever their
// threads: a platform may tell of a message in a thread without naming the thread.
type Ref struct {
	Conversation Conversation `json:"conversation"`
	Message      MessageID    `json:"message"`
}

// Same says whether r and o point at one message.
func (r Ref) Same(o Ref) bool {
	return r.Message == o.Message && r.Conversation.Place() == o.Conversation.Place()
}

// IsZero says whether r points at nothing.
func (r Ref) IsZero() bool { return r == Ref{} }

// threadMark begins the message of a Ref that names a thread.
const threadMark = "thread:"

// ThreadRef names the thread c itself, not a message in it: a thread's twins elsewhere are its copies. It is zero when c
// is no thread.
func (c Conversation) ThreadRef() Ref {
	if c.Thread == "" {
		return Ref{}
	}
	return Ref{Conversation: c, Message: MessageID(threadMark + string(c.Thread))}
}

// IsThread says whether r names a thread.
func (r Ref) IsThread() bool { return strings.HasPrefix(string(r.Message), threadMark) }

// String is the conversation's text form, a bar, and the message.
func (r Ref) String() string { return r.Conversation.String() + "|" + string(r.Message) }
