// Package bridgetest is the promises of every connector, as tests: Run takes a connector and its platform's simulator
// through order, confirmation, drops, echoes, throttling, revocation and bad input. Sink, Keeper and Begin, on which it does
// so, are for the tests of one bridge too.
package bridgetest

import (
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

// Stage is a simulator with one account on it and one person who talks to that account. What else it must have for some
// promises, unless its platform can't keep them, are the interfaces beside it: Pinboard, Rooms, Unrooted, Vanishing,
// Expelling, Lasting, Answering, Pressing, Calling, Watching.
type Stage interface {
	// Open makes the connector. Opening again with the same Deps.Keep is a restart.
	Open(t *testing.T, deps bridges.Deps) chat.Connector
	// Talk is the conversation between the person and the account that the connector speaks for.
	Talk() chat.Conversation
	// Person is the person who talks.
	Person() chat.PersonID

	// Say has the person write a message, and returns when the platform has taken it.
	Say(t *testing.T, text string, files ...File) chat.MessageID
	// Edit, Delete and React have the person do it. ok is false where the platform has no such thing for people; nowhere that
	// the connector's Traits say that it comes in.
	Edit(t *testing.T, m chat.MessageID, text string) (ok bool)
	Delete(t *testing.T, m chat.MessageID) (ok bool)
	React(t *testing.T, m chat.MessageID, emoji string) (ok bool)
	// Heard is what the account wrote in Talk, oldest first, as the platform holds it now.
	Heard(t *testing.T) []Heard

	Misbehaviour

	// Secrets are texts that must appear in no error, log line or panic.
	Secrets() []string
}

// Misbehaviour is what a platform can do wrong.
type Misbehaviour interface {
	Drop(t *testing.T)                         // cut every live connection
	Down(t *testing.T, down bool)              // refuse every connection while down
	Throttle(t *testing.T, wait time.Duration) // answer the next post with "slow down"
	Fail(t *testing.T, status int)             // answer the next post with this status and do nothing
	Swallow(t *testing.T)                      // take the next post and cut the connection instead of answering
	Hang(t *testing.T)                         // never answer the next post, and don't take it
	Revoke(t *testing.T)                       // the account's credentials are not valid from now on
	Redeliver(t *testing.T)                    // deliver again what was delivered last
	Odd(t *testing.T)                          // deliver an event of a kind that nobody knows
	// Lose has every file that the person sent be gone from where it was. ok is false where nothing can get lost: it comes then.
	Lose(t *testing.T) (ok bool)
}

// File is an attachment that the person sends.
type File struct {
	Name string
	Type string
	Data []byte
}

// Heard is one message of the account as the platform holds it.
type Heard struct {
	ID        chat.MessageID
	Text      string // as a person reads it: formatting and escapes resolved
	Wire      string // as the platform stores it
	Files     []File
	Gone      bool
	Reactions []string
	Pings     []string       // whom the platform notified because of it
	ReplyTo   chat.MessageID // what it answers by the platform's own means; of a Stage that is Answering
	As        string         // the name of another that it bears; empty: the account's own, or the Stage does not tell
}
