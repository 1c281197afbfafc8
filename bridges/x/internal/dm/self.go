package dm

import (
	"strings"
	"time"

	"github.com/roost-im/roost/bridges/x/internal/api"
	"github.com/roost-im/roost/router/chat"
)

// How a message is looked for that may have arrived.
const (
	FindSlack = 2 * time.Minute // how far X's clock may be behind ours
	FindPages = 50
	FindDays  = 24 * time.Hour // how far back a post is looked for of which nobody knows when it was tried
)

// Self is the account among people.
type Self struct {
	Account chat.Account
	ID      string // its own user ID
	Handle  string // empty when it is not known
	People  *api.People
}

// Moves is one event for each person who came or went.
func (s Self) Moves(base chat.Event, who []string, what chat.Happening) []chat.Event {
	events := make([]chat.Event, 0, len(who))
	for _, id := range who {
		if id == "" {
			continue
		}
		ev := base
		ev.ID = chat.EventID(string(base.ID) + "/" + id)
		ev.Author = s.Author(id)
		ev.What = what
		events = append(events, ev)
	}
	return events
}

// Author is who did something, and whether that was the account.
func (s Self) Author(id string) chat.Author {
	a := s.People.Author(id)
	a.Self = id == s.ID
	return a
}

// Place is the conversation of a conversation ID of X: a direct one is named by the peer, a group by itself. X writes
// direct ones as both user IDs, with a dash or a colon between them.
func (s Self) Place(id string) (place chat.ConversationID, direct bool) {
	a, b, ok := strings.Cut(id, "-")
	if !ok {
		a, b, ok = strings.Cut(id, ":")
	}
	switch {
	case !ok:
		return chat.ConversationID(id), false
	case a == s.ID:
		return chat.ConversationID(b), true
	default:
		return chat.ConversationID(a), true
	}
}

// Direct is the conversation with a person.
func (s Self) Direct(peer string) chat.Conversation {
	return chat.Conversation{Account: s.Account, ID: chat.ConversationID(peer)}
}

// Peer is the other one of two people.
func (s Self) Peer(a, b string) string {
	if a == s.ID {
		return b
	}
	return a
}
