package bots

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/roost-im/roost/router/chat"
)

// beginnings are the events with which dialogs began, as they were read last: one is wanted for each answer, and reading it is a
// fifth of what an answer costs.
type beginnings struct {
	mu    sync.Mutex // not the host's, which Wants needs
	known map[string]beginning
}

type beginning struct {
	raw  []byte
	hear chat.Hear
}

// beginningsMost is how many are known at once.
const beginningsMost = 1000

// of is the event with which a dialog began.
func (b *beginnings) of(d *dialog) (chat.Hear, error) {
	b.mu.Lock()
	known, ok := b.known[d.key]
	b.mu.Unlock()
	if ok && bytes.Equal(known.raw, d.hear) {
		return known.hear, nil
	}
	known = beginning{raw: d.hear}
	if err := json.Unmarshal(d.hear, &known.hear); err != nil {
		return known.hear, fmt.Errorf("%w: what is kept of it is damaged", ErrDialog)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.known == nil || len(b.known) >= beginningsMost {
		b.known = map[string]beginning{}
	}
	b.known[d.key] = known
	return known.hear, nil
}
