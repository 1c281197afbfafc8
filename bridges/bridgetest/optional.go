package bridgetest

import (
	"reflect"
	"testing"

	"github.com/roost-im/roost/router/chat"
)

// What a Stage may have besides; its methods need no registration, Run finds them. A Stage that lacks one fails the promise
// that needs it, unless the connector's Traits or the Stage itself, as Lasting, say that there is nothing to hold.
type (
	// Pinboard is a Stage on which messages of Talk can be pinned. Traits.Pin, in any direction, asks for it.
	Pinboard interface {
		// Pin has the person pin a message of Talk, or take the pin off. ok is false where people can't, or where the platform
		// tells nobody of it; that a pin was set is told wherever Traits.Pin says that it comes in.
		Pin(t *testing.T, m chat.MessageID, on bool) (ok bool)
		// Pinned is what is pinned in Talk, in any order.
		Pinned(t *testing.T) []chat.MessageID
	}
	// Rooms is a Stage with a channel in which the person and the account are, beside Talk. Traits.Threads asks for it.
	Rooms interface {
		// Room is the channel. Where the platform has threads, it is one in which they can be opened.
		Room() chat.Conversation
		// SayIn has the person write into Room or into a thread in it, and returns when the platform has taken it.
		SayIn(t *testing.T, in chat.Conversation, text string) chat.MessageID
		// HeardIn is what the account wrote in Room or in a thread in it, oldest first, as the platform holds it now. What is
		// in threads may be among what is in Room.
		HeardIn(t *testing.T, in chat.Conversation) []Heard
	}
	// Unrooted is a Stage whose threads hang on no message: each has a name instead, and the same Open twice may make two.
	Unrooted interface {
		Rooms
		// Unrooted only says so.
		Unrooted()
	}
	// Vanishing is a Stage whose Room and threads can be deleted. Every Stage is that or Lasting.
	Vanishing interface {
		Rooms
		// Vanish deletes Room with all that is in it, or a thread in it, so that nobody can write there any more.
		Vanish(t *testing.T, c chat.Conversation)
	}
	// Expelling is a Stage on which people take the account out of Room. Every Stage is that or Lasting.
	Expelling interface {
		Rooms
		// Expel takes the account out of Room, which stays there without it.
		Expel(t *testing.T)
	}
	// Lasting is a Stage on which no room can be deleted and the account be taken out of none.
	Lasting interface {
		// Lasting says why.
		Lasting() (why string)
	}
	// Answering is a Stage whose person can answer a message with the platform's own means. Its Heard have ReplyTo.
	// Traits.Reply asks for it.
	Answering interface {
		// Answer has the person answer a message of Talk.
		Answer(t *testing.T, to chat.MessageID, text string) chat.MessageID
	}
	// Pressing is a Stage that shows buttons, which the person can press. Traits.Cards asks for it. Its Heard have no more Text
	// than what stands above the buttons.
	Pressing interface {
		// Buttons are the labels below a message of the account in Talk, in Room or in a thread in it, as the person sees them.
		Buttons(t *testing.T, in chat.Conversation, m chat.MessageID) []string
		// Press has the person press the button with this label, and returns when the platform no longer waits for the account.
		Press(t *testing.T, in chat.Conversation, m chat.MessageID, label string)
	}
	// Calling is a Stage whose person can mention the account in a place where others are, too. Every Stage is that.
	Calling interface {
		// Self is the account's own ID, which it has as an Author.
		Self() chat.PersonID
		// Call has the person write words there, behind a mention of the account if called.
		Call(t *testing.T, called bool, words string) chat.MessageID
	}
	// Mixed is a Stage of an account that can do more in some conversations than in others, and of which the suite sees the
	// others: the connector then has means that its Traits don't tell of.
	Mixed interface {
		Mixed()
	}
	// Watching is a Stage whose person sees that the account is writing. Traits.Types asks for it.
	Watching interface {
		// Typings is how often the account has shown so far that it is writing in Talk, in Room or in a thread in it.
		Typings(t *testing.T, in chat.Conversation) int
	}
)

// needs is the Stage with what it must have besides, because of why.
func needs[T any](t *testing.T, w *world, why string) T {
	t.Helper()
	stage, ok := w.Stage.(T)
	if !ok {
		t.Fatalf("%T is no bridgetest.%s, and %s", w.Stage, reflect.TypeFor[T]().Name(), why)
	}
	return stage
}

// unlessLasting is needs for what no trait tells: ok is false where the Stage says that there is no such thing.
func unlessLasting[T any](t *testing.T, w *world) (stage T, ok bool) {
	t.Helper()
	lasting, is := w.Stage.(Lasting)
	if _, has := w.Stage.(T); has || !is {
		return needs[T](t, w, "does not say, as Lasting, why"), true
	}
	why := lasting.Lasting()
	if why == "" {
		t.Fatalf("%T is Lasting for no reason", w.Stage)
	}
	t.Log(why)
	return stage, false
}
