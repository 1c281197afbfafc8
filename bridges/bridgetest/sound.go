package bridgetest

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/roost-im/roost/router/chat"
)

// Sound is a sink that fails a test at an event that no store could keep.
type Sound struct {
	TB      testing.TB
	Account chat.Account // whose events they are
}

// Accept looks at each event.
func (s Sound) Accept(_ context.Context, b chat.Batch) error {
	for _, ev := range b.Events {
		s.Event(ev)
	}
	return nil
}

// Cursor is none.
func (Sound) Cursor(context.Context) ([]byte, error) { return nil, nil }

// Event looks at one event.
func (s Sound) Event(ev chat.Event) {
	s.TB.Helper()
	if ev.ID == "" || ev.Conversation.ID == "" || ev.Author.ID == "" || ev.Conversation.Account != s.Account {
		s.TB.Errorf("event without its parts: %+v", ev)
	}
	p, ok := ev.What.(chat.Posted)
	if ok && (ev.Message == "" || p.Text.Check() != nil) {
		s.TB.Errorf("message without its parts: %+v: %v", ev, p.Text.Check())
	}
	if _, err := json.Marshal(ev.What); err != nil {
		s.TB.Errorf("event can't be stored: %v", err)
	}
}
