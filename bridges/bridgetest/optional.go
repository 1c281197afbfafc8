package bridgetest

import (
	"testing"

	"github.com/roost-im/roost/router/chat"
)

// What a Stage may have besides. A promise that needs one of these is skipped where the Stage has it not, so a Stage has as
// many of them as its platform has means for; its methods need no registration, Run finds them.
type (
	// Pinboard is a Stage on which messages of Talk can be pinned.
	Pinboard interface {
		// Pin has the person pin a message of Talk, or take the pin off. ok is false where people can't, or where the platform
		// tells nobody of it.
		Pin(t *testing.T, m chat.MessageID, on bool) (ok bool)
		// Pinned is what is pinned in Talk, in any order.
		Pinned(t *testing.T) []chat.MessageID
	}
	// Rooms is a Stage with a channel in which the person and the account are, beside Talk.
	Rooms interface {
		// Room is the channel. Where the platform has threads, it is one in which they can be opened.
		Room() chat.Conversation
		// SayIn has the person write into Room or into a thread in it, and returns when the platform has taken it.
		SayIn(t *testing.T, in chat.Conversation, text string) chat.MessageID
		// HeardIn is what the account wrote in Room or in a thread in it, oldest first, as the platform holds it now. What is
		// in threads may be among what is in Room.
		HeardIn(t *testing.T, in chat.Conversation) []Heard
	}
	// Vanishing is a Stage whose Room and threads can be deleted.
	Vanishing interface {
		Rooms
		// Vanish deletes Room with all that is in it, or a thread in it, so that nobody can write there any more.
		Vanish(t *testing.T, c chat.Conversation)
	}
	// Expelling is a Stage on which people take the account out of Room.
	Expelling interface {
		Rooms
		// Expel takes the account out of Room, which stays there without it.
		Expel(t *testing.T)
	}
	// Answering is a Stage whose person can answer a message with the platform's own means. Its Heard have ReplyTo.
	Answering interface {
		// Answer has the person answer a message of Talk.
		Answer(t *testing.T, to chat.MessageID, text string) chat.MessageID
	}
	// Losing is a Stage whose files can get lost.
	Losing interface {
		// Lose has every file that the person sent be gone from where it was.
		Lose(t *testing.T) (ok bool) // false where nothing can get lost
	}
)
