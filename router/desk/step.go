package desk

import (
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// Input is what can happen to a case. It is sealed: the types below are all there are.
//
//sumtype:decl
type Input interface{ input() }

// The kinds of Input.
type (
	// FromContact is something that the contact did in their conversation.
	FromContact struct {
		Event    chat.Event
		Edited   bool     // with Posted: the message was edited before anybody here knew it
		Original chat.Ref // the member's message that the event's message is a copy of, or a bot's; zero when it is none
		Part     int      // with Bounced: which part of Original the event's message is, from 0
		Parts    int      // with Bounced: how many parts there are
		Answers  chat.Ref // the original of the message that a Posted replies to; zero when there is none
		Answered Line     // the line of that; zero when it isn't known
		Was      Line     // with Edited and Deleted: the line of the event's message; zero when it isn't known
	}
	// FromMember is something that somebody did in the case's thread on a surface.
	FromMember struct {
		Event    chat.Event
		Surface  chat.Conversation // the Surface's At
		Original chat.Ref          // the message that the event's message is a copy of; zero when it is none
		Answers  chat.Ref          // the original of the message that a Posted replies to; zero when there is none
		Answered Line              // the line of that; zero when it isn't known
		Was      Line              // with Edited and Deleted: the line of the event's message; zero when it isn't known
		Undoable bool              // the reply made from the event's message has not left yet
		Due      time.Time         // with Undoable: when it would leave
		Pending  []chat.Ref        // the case's scheduled messages (Case.Later) that have not left yet
		Newer    bool              // the contact has another case, which is open
		Bounced  []Line            // with Pressed: the lines of the replies that bounced (Trouble), as far as they are known
	}
	// FromBot is what a bot did about something that the contact said or did.
	FromBot struct {
		Bot  string     // its name
		Key  chat.Key   // of the delivery that told it
		Hops int        // of what it answers
		Acts []chat.Act // all of them at the contact's conversation
		Was  []Line     // of the messages that it said before and changes now, as far as they are known
	}
	// Ended is a delivery of the case that was settled.
	Ended struct {
		Delivery chat.Delivery // with its State and Reason
		Gone     bool          // what it was meant for is no longer there
		Copies   []chat.Copy   // what it became
		Lacking  []string      // what could not be carried with it, in plain words: "photo.png: it is too big"
		History  []Line        // with Gone: the last lines of the case, oldest first
	}
	// Woke is the case's time that has come (Until).
	Woke struct{}
	// Nag is a time at which the team shall be reminded of the contact, if they have waited for too long (Desk.Overdue).
	Nag struct{}
)

func (FromContact) input() {}
func (FromMember) input()  {}
func (FromBot) input()     {}
func (Ended) input()       {}
func (Woke) input()        {}
func (Nag) input()         {}

// Result is what follows from an input. All of it is stored in one transaction: first Cancel, then the rest.
type Result struct {
	Case       Case
	Contact    Contact
	Deliveries []chat.Delivery   // in order; Lane, Case and Purpose are set; Due is set where a reply is on hold
	Cancel     []chat.Ref        // the waiting replies (IsReply) made from these messages shall not leave
	Replay     []chat.DeliveryID // shall be tried once more
	Confirm    []chat.DeliveryID // have arrived, says a member
	Lines      []Line
}

// Line is one entry of a case's transcript. A line with the Ref of an earlier one of its case replaces that one.
type Line struct {
	Case  chat.CaseID
	Ref   chat.Ref
	At    time.Time
	Way   Way
	By    string // name
	Text  text.Text
	Files []chat.File
	Gone  bool // the message was deleted; Text still says what it said

	Answers chat.Ref    `json:",omitzero"`  // the original of the message that it replies to; zero when it replies to none
	Quote   *chat.Quote `json:",omitempty"` // how that reads where it is shown; nil when nobody knows, or nobody there may
}

// Way says where a line of a case comes from.
type Way string

// The ways of a line.
const (
	In      Way = "in"      // from the contact
	Out     Way = "out"     // to the contact
	Aside   Way = "note"    // inside the team
	Remark  Way = "remark"  // of the desk itself: claimed, closed, …
	Pending Way = "pending" // a member's message that waits for a decision
)
