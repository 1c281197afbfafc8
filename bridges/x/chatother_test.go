package x_test

import (
	"slices"
	"testing"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/router/chat"
)

// waitSkipped waits until something was skipped for a reason.
func (s *sealedScene) waitSkipped(t *testing.T, reason string) {
	t.Helper()
	for range 100 {
		if slices.Contains(s.skipped.all(), reason) {
			return
		}
		said := s.say(t, "hello")
		s.event(t, "hello", func(ev chat.Event) bool { return ev.Message == idOf(said) })
	}
	t.Fatalf("skipped %q, want %q", s.skipped.all(), reason)
}

// TestNobodyEditsForSomebodyElse holds that an edit by another one than who wrote changes nothing: X can't see what an
// encrypted edit is of.
func TestNobodyEditsForSomebodyElse(t *testing.T) {
	t.Parallel()
	s := setupSealed(t)
	s.begin(t)
	mine := s.posts(t, s.post("k", "it costs 10"))
	s.event(t, "the price", func(ev chat.Event) bool { return ev.Message == mine })
	h := s.sees(t, "the price", func(h xsim.Heard) bool { return h.Sender == s.brand })
	if _, err := s.phone.Post(s.brand, wire.Edit{Target: h.Sequence, Text: "it is free"}); err != nil {
		t.Fatal(err)
	}
	s.waitSkipped(t, "chat: it edits somebody else's message")
	for _, ev := range s.sink.Events() {
		if e, ok := ev.What.(chat.Edited); ok {
			t.Errorf("Ann edited ours to %q", e.Text.Body)
		}
	}
}

// TestKeysStayInTheirConversation holds that a key that Bob set for his own conversation is not taken for Ann's, should X
// list it there.
func TestKeysStayInTheirConversation(t *testing.T) {
	t.Parallel()
	s := setupSealed(t)
	s.begin(t)
	s.sim.KeysInline(true)
	bob := s.sim.Phone(s.bob)
	if _, err := bob.Say(s.brand, "hi"); err != nil {
		t.Fatal(err)
	}
	if err := bob.NewKey(s.brand); err != nil { // newer than Ann's
		t.Fatal(err)
	}
	moved := 0
	for _, ev := range s.sim.ChatEvents(pair(s.bob, s.brand)) {
		if _, ok := ev.Detail.(wire.KeyChange); ok {
			s.sim.Inject(pair(s.ann, s.brand), ev.Encode())
			moved++
		}
	}
	if moved != 2 {
		t.Fatalf("%d key changes, want 2", moved)
	}
	s.waitSkipped(t, "chat: of another conversation")
	s.posts(t, s.post("k", "for Ann alone"))
	s.sees(t, "the post", func(h xsim.Heard) bool { return h.Text == "for Ann alone" && h.Unreadable == "" })
}

// pair is the conversation of two people as events name it.
func pair(a, b string) string { return xchat.ConversationID(a, b) }
