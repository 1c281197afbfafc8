// Package desk answers one question: what does an event do to a case?
//
// A desk takes direct messages in and makes each contact's matter a case, which it shows on surfaces: a thread with a
// card on each. What a member of the team writes there goes to the contact. The package is a pure state machine:
//
//	(Case, Input, now) → Step → (Case, deliveries, tellings)
//
// It reads no clock and does no I/O; the router stores what comes out, in the same transaction in which the event is
// admitted or the delivery is settled, so a case and what follows from it can't fall apart.
package desk

import (
	"fmt"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// Mode says what happens to a message that a member writes in a case's thread.
type Mode string

// The reply modes of a surface.
const (
	Send   Mode = "send"   // it goes to the contact
	Ask    Mode = "ask"    // it is held until the member says whether it shall go
	Note   Mode = "note"   // it stays a note, unless it starts with the send mark
	Alerts Mode = "alerts" // nothing goes out; the surface only shows
)

// Desk is one desk's settings.
type Desk struct {
	Name     string
	Surfaces []Surface
	NoteMark string        // a message that starts with it is a note in every mode; default //
	SendMark string        // in mode Note, a message that starts with it goes; default !
	Hold     time.Duration // how long a reply waits before it leaves, so that a member can undo it; 0: not at all
	Bots     bool          // bots answer its contacts until people take a case over
	Revive   time.Duration // a closed case younger than this is reopened by its contact's next message; 0: never
	Remind   Remind        // when the team is told who waits
}

// Surface is a place where the desk shows its cases.
type Surface struct {
	At      chat.Conversation // the channel, group or forum; never a thread
	Reply   Mode
	Members []chat.PersonID // who may answer; empty: everybody in At
}

// State is where a case is in its life.
type State string

// The states of a case.
const (
	Open    State = "open"
	Snoozed State = "snoozed" // open again at Until, or when the contact writes
	Closed  State = "closed"
)

// Identity is a person outside, as one account sees them.
type Identity struct {
	Account chat.Account  `json:"account"`
	Person  chat.PersonID `json:"person"`
}

// Contact is a person outside and what the desk remembers about them.
type Contact struct {
	Identity
	Name    string            `json:"name,omitempty"`
	Handle  string            `json:"handle,omitempty"`
	Avatar  string            `json:"avatar,omitempty"`
	Since   time.Time         `json:"since,omitzero"` // on their platform
	At      chat.Conversation `json:"at"`             // where they are written to
	First   time.Time         `json:"first,omitzero"` // when they first wrote
	Cases   int               `json:"cases,omitempty"`
	Last    []Past            `json:"last,omitempty"` // their last closed cases, newest first, three at most
	Blocked bool              `json:"blocked,omitempty"`
}

// Past is a closed case in short.
type Past struct {
	Case   chat.CaseID `json:"case"`
	Closed time.Time   `json:"closed"`
	By     string      `json:"by,omitempty"`
	Gist   string      `json:"gist,omitempty"` // how it began, in one line
}

// Member is a person of the team.
type Member struct {
	Account chat.Account  `json:"account"`
	ID      chat.PersonID `json:"id"`
	Name    string        `json:"name,omitempty"`
}

// IsZero says whether m is nobody.
func (m Member) IsZero() bool { return m.ID == "" }

// Same says whether m and o are one person. Names may change, so they don't count.
func (m Member) Same(o Member) bool { return m.Account == o.Account && m.ID == o.ID }

// Case is one contact's matter at a desk.
type Case struct {
	ID      chat.CaseID `json:"id"`
	Desk    string      `json:"desk"`
	Contact Identity    `json:"contact"`
	State   State       `json:"state"`
	Owner   Member      `json:"owner,omitzero"`
	Handed  time.Time   `json:"handed,omitzero"` // when a bot gave it to people; zero: none did, or it was given back
	Opened  time.Time   `json:"opened"`
	Closed  time.Time   `json:"closed,omitzero"`
	Until   time.Time   `json:"until,omitzero"`   // Snoozed: when it opens again by itself
	Waiting time.Time   `json:"waiting,omitzero"` // since when the contact waits for an answer; zero: nobody waits
	Waited  time.Time   `json:"waited,omitzero"`  // what Waiting was before the last reply, should that be taken back
	Nagged  time.Time   `json:"nagged,omitzero"`  // the Waiting that the team was reminded of last
	Gist    string      `json:"gist,omitempty"`   // how it began, in one line
	Threads []Thread    `json:"threads,omitempty"`
	Held    []Held      `json:"held,omitempty"`    // what waits for a member's word
	Later   []Later     `json:"later,omitempty"`   // what waits for its time
	Trouble []Trouble   `json:"trouble,omitempty"` // replies that did not arrive, or perhaps didn't
}

// Thread is where a case is shown on one surface.
type Thread struct {
	Surface chat.Conversation `json:"surface"`          // the Surface's At
	Turn    int               `json:"turn"`             // how often it has been opened; a lost thread is opened again
	At      chat.Conversation `json:"at,omitzero"`      // the thread itself, once it is there
	Card    chat.MessageID    `json:"card,omitempty"`   // the card, once it is there
	Healed  []time.Time       `json:"healed,omitempty"` // when it was opened again within the last hour
	Failed  time.Time         `json:"failed,omitzero"`  // when it could not be opened, or was lost too often; rests for an hour
}

// Held is a member's message that waits for a decision.
type Held struct {
	Ref   chat.Ref    `json:"ref"`
	By    Member      `json:"by"`
	Text  text.Text   `json:"text"`
	Files []chat.File `json:"files,omitempty"`
	// Answers is the message that it replies to; zero when it replies to none.
	Answers chat.Ref    `json:"answers,omitzero"`
	Quote   *chat.Quote `json:"quote,omitempty"` // how that reads to the contact
	Hops    int         `json:"hops,omitempty"`
	// Due is when it shall be sent, as Span says; zero: at once.
	Due  time.Time `json:"due,omitzero"`
	Span string    `json:"span,omitempty"`
}

// Trouble is a reply, or a part of one, that did not arrive as far as anybody knows.
type Trouble struct {
	Delivery chat.DeliveryID `json:"delivery"`         // zero: the platform had taken it, and it bounced
	Reply    chat.Ref        `json:"reply"`            // the member's message
	Part     int             `json:"part,omitempty"`   // of one that bounced: which part of Reply, from 0
	Unsure   bool            `json:"unsure,omitempty"` // it may have arrived
	Again    bool            `json:"again,omitempty"`  // it is being sent again
}

// CardRef names the case's card on t's surface before and after it is there: the copies of this Ref are the card
// itself, and the conversation that they are in is the thread.
func (c Case) CardRef(t Thread) chat.Ref {
	return chat.Ref{Conversation: t.Surface, Message: chat.MessageID(fmt.Sprintf("card:%s:%d", c.ID, t.Turn))}
}
