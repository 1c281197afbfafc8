package router_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/roost-im/roost/router"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
	"github.com/roost-im/roost/router/store"
)

// counter is an office whose bots answer first; the team is on two surfaces.
func counter(t *testing.T, bots ...*bot) (w *world, x, slack *town) {
	t.Helper()
	x, slack = newTown("x/acme"), newTown("slack/team")
	x.traits.Threads, x.traits.Cards = false, false
	setup := router.Setup{Desks: []router.Desk{support(x.account, 0, slack.place("C1"), slack.place("C2"))}}
	for _, b := range bots {
		setup.Bots = append(setup.Bots, b.in(router.Bot{Routes: []string{"support"}}))
	}
	return newBotWorld(t, setup, bots, x, slack), x, slack
}

// threadAt is the case's thread in a place.
func (m *town) threadAt(t *testing.T, at chat.Conversation) chat.Conversation {
	t.Helper()
	for _, x := range slices.Backward(m.list(at)) {
		if in := m.threadOn(at, x.id); in.Thread != "" {
			return in
		}
	}
	t.Fatalf("no thread in %v", at)
	return at
}

func (m *town) threadOn(at chat.Conversation, root chat.MessageID) chat.Conversation {
	m.mu.Lock()
	defer m.mu.Unlock()
	if id := chat.ThreadID("t" + root); m.threads[id] {
		at.Thread = id
	}
	return at
}

// card is the card of the case in a place.
func (m *town) card(t *testing.T, at chat.Conversation) message {
	t.Helper()
	for _, x := range m.list(at) {
		if x.post.Card != nil && x.at == at {
			return x
		}
	}
	t.Fatalf("no card in %v", at)
	return message{}
}

// presses has Ann press a button of the case's card.
func (w *world) presses(t *testing.T, m *town, at chat.Conversation, button string) {
	t.Helper()
	card := m.card(t, at)
	i := slices.IndexFunc(card.post.Card.Buttons, func(b chat.Button) bool { return b.ID == button })
	if i < 0 {
		t.Fatalf("the card has %+v, want %s", card.post.Card.Buttons, button)
	}
	w.happens(t, "Ann", where{m, at}, card.id, chat.Pressed{Button: button, Value: card.post.Card.Buttons[i].Value})
}

// theCase is the only case there is.
func (w *world) theCase(t *testing.T) desk.Case {
	t.Helper()
	var cs []desk.Case
	err := w.store.Read(t.Context(), func(v store.Reader) (err error) { cs, err = v.Cases(store.CaseFilter{}); return err })
	if err != nil || len(cs) != 1 {
		t.Fatalf("cases %v, %v; want one", cs, err)
	}
	return cs[0]
}

// butler answers, hands off and takes back as it is told.
func butler(h chat.Hear) []chat.Act {
	at := h.Event.Conversation
	switch words := briefly(h); words {
	case "a person":
		return []chat.Act{saying(h, 0, "I'll fetch somebody"), chat.HandOff{At: at, Reason: "they want a person"}}
	case "nobody came":
		return []chat.Act{chat.HandBack{At: at}, saying(h, 0, "it's me again")}
	case "size":
		return []chat.Act{choosing(h, "Size?", "S", "M")}
	default:
		return []chat.Act{saying(h, 0, "echo: "+words)}
	}
}

// lines are the transcript of the only case.
func (w *world) lines(t *testing.T) []string {
	t.Helper()
	id := w.theCase(t).ID
	var all []string
	err := w.store.Read(t.Context(), func(v store.Reader) error {
		ls, err := v.Lines(id, 100)
		for _, l := range ls {
			all = append(all, string(l.Way)+" "+l.By+": "+l.Text.Body)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// kept is what is kept under a key.
func (w *world) kept(t *testing.T, key string) (value string, ok bool) {
	t.Helper()
	err := w.store.Read(t.Context(), func(v store.Reader) error {
		b, err := v.Kept(key)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		value, ok = string(b), true
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return value, ok
}
