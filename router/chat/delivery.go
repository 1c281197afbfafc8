package chat

import (
	"fmt"
	"time"
)

// CaseID names a case of a desk. It is made from the event that opened the case, so the same event never opens two.
type CaseID string

// DeliveryID names a delivery. IDs grow in the order in which deliveries were admitted.
type DeliveryID int64

// Lane names what leaves in order and one at a time: the deliveries to one conversation. A desk's thread has its lane
// before it has its conversation, so a lane is named by whoever plans for it.
type Lane string

// LaneTo is the lane of everything that goes to c.
func LaneTo(c Conversation) Lane { return Lane(c.String()) }

// LaneWithin is the lane of the thread that card opens.
func LaneWithin(surface Conversation, c CaseID) Lane { return Lane(surface.String() + "!" + string(c)) }

// Delivery is an action on its way to one conversation, stored until it is settled.
type Delivery struct {
	ID     DeliveryID
	Lane   Lane
	Action Action
	// Source is the message of which a Post or an Open makes a copy. The copy is remembered when the delivery is sent.
	Source Ref
	Part   int // which part of Source it carries, from 0
	Parts  int // how many parts there are; 0 and 1 both mean that it is whole
	// Of is the message whose copies in the target conversation an Edit, Delete, React or Pin is about, or that a bare Open
	// hangs on. They are looked up when the delivery's turn comes, because earlier ones in its lane may only then have made
	// them; the action goes to the thread in which they are. Zero: the Action names its messages itself.
	Of Ref
	// Answers is the message that a Post, or the message of an Edit, replies to; its copy in the target conversation is looked
	// up likewise, and a copy that is not there makes it one that answers none. Zero: the Action says.
	Answers Ref
	// Within is the Source of the Open whose thread the action goes into; looked up likewise. Zero: the target is where
	// the Action says.
	Within Ref
	// Loose says that what goes Within a thread that could not be opened, or that the platform has no means for, goes to
	// the Action's own target instead. It answers only what is where it goes.
	Loose bool
	// Case is the case that hears how the delivery ended; empty: none.
	Case CaseID
	// Purpose is the planner's own word for why the delivery was made; it is handed back when it ends.
	Purpose string

	State    State
	Due      time.Time // not before; zero: at once
	Tries    int       // how often it was tried
	Reason   string    // why it waits, was refused, is dead or held; in plain words
	Admitted time.Time
	First    time.Time // when the last try began of which it is not known whether it arrived; zero: there is none
}

// State is where a delivery is in its life.
type State string

// The states of a delivery.
const (
	Waiting   State = "waiting"   // to be tried when it is due and first in its lane
	Held      State = "held"      // may have arrived; a person decides. Its lane goes on without it.
	Sent      State = "sent"      // the platform has taken it
	Rejected  State = "rejected"  // the platform will never take it
	Dead      State = "dead"      // tried too often
	Cancelled State = "cancelled" // taken back before it left
)

// Key is the delivery's key over all its tries. store is a word that no two databases share, so that a new database
// never makes the keys of an old one.
func (d Delivery) Key(store string) Key { return Key(fmt.Sprintf("%s-%x", store, int64(d.ID))) }

// Reaction is one person's emoji on a message.
type Reaction struct {
	Of    Ref          // the message; of copies, what they are copies of
	At    Conversation // where the person put it
	By    PersonID
	Emoji string // as in Reacted
}

// Copy says that Dest stands for Source in another conversation.
type Copy struct {
	Source Ref
	Dest   Ref
	Part   int // which part of Source, from 0
	Hops   int // routes passed on the way to Dest
}
