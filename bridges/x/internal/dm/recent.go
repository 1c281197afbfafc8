package dm

import (
	"sync"

	"github.com/roost-im/roost/router/chat"
)

// BatchSize is how many events are handed over at once.
const BatchSize = 200

const mostRecent = 4096 // events that are remembered

// Recent remembers the last events that were accepted, which spares the store to be asked again and again. It is safe for
// concurrent use.
type Recent struct {
	mu   sync.Mutex
	ids  map[chat.EventID]bool
	ring []chat.EventID
	at   int
}

// NewRecent remembers nothing yet.
func NewRecent() *Recent {
	return &Recent{ids: make(map[chat.EventID]bool, mostRecent), ring: make([]chat.EventID, mostRecent)}
}

// Without is the events that are not among them.
func (r *Recent) Without(events []chat.Event) []chat.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	var fresh []chat.Event
	for _, ev := range events {
		if !r.ids[ev.ID] {
			fresh = append(fresh, ev)
		}
	}
	return fresh
}

// Add remembers events.
func (r *Recent) Add(events ...chat.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, ev := range events {
		if r.ids[ev.ID] {
			continue
		}
		delete(r.ids, r.ring[r.at])
		r.ring[r.at] = ev.ID
		r.ids[ev.ID] = true
		r.at = (r.at + 1) % len(r.ring)
	}
}
