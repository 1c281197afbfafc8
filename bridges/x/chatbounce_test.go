package x_test

import (
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/router/chat"
)

// TestLateFailuresBounce holds that a message that X took and could not carry on comes back as bounced, once, with the
// reason.
func TestLateFailuresBounce(t *testing.T) {
	t.Parallel()
	s := setupSealed(t)
	s.streams(t)
	s.begin(t)
	s.sim.FailLate(true)
	s.sim.FailChat(wire.RecipientNotTrusted)
	id := s.posts(t, s.post("k", "hi"))
	ev := s.event(t, "the bounce", func(ev chat.Event) bool { _, ok := ev.What.(chat.Bounced); return ok })
	if b, _ := ev.What.(chat.Bounced); ev.Message != id || ev.Author.Self || ev.Conversation != s.talk() ||
		b.Reason != "this person has not accepted messages from the account yet: they must follow it or write to it first" {
		t.Errorf("the bounce is %+v", ev)
	}
	if s.sink.Within(300*time.Millisecond, func(all []chat.Event) bool {
		n := 0
		for _, ev := range all {
			if _, ok := ev.What.(chat.Bounced); ok {
				n++
			}
		}
		return n > 1
	}) {
		t.Error("it bounced twice")
	}
}
