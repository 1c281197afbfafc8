package e2e_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// TestDistrustIsTold has X not carry an encrypted answer to somebody who does not trust the account, at once and when it has taken
// the answer already. Whoever wrote it reads so in the thread, in plain words.
func TestDistrustIsTold(t *testing.T) {
	t.Parallel()
	for _, late := range []bool{false, true} {
		s := newStage(t)
		s.configure(t, s.accounts(s.xAccount("receive: stream\n"+often), s.slackAccount("")), s.desk())
		if got := s.roost(t, "login", "x/acme", "--chat"); got.code != 0 {
			t.Fatalf("login --chat = %d %q", got.code, got.err)
		}
		d := s.start(t)
		if _, err := s.x.Phone(s.alice).Say(s.brand, "Is it there?"); err != nil {
			t.Fatal(err)
		}
		in := s.thread(t, "Is it there?").Thread
		s.x.FailLate(late)
		s.x.FailChat(wire.RecipientNotTrusted)
		s.answers(in, "It is.")
		s.inSlack(t, "word that it did not arrive", func(v *slacksim.View) bool {
			return slices.ContainsFunc(v.Messages(s.channel), func(m slacksim.Message) bool {
				all := m.Text + string(m.Blocks) + string(m.Attachments)
				return m.Thread == in && m.TS != in && m.BotID != "" && strings.Contains(all, "did not reach Alice Moreau") &&
					strings.Contains(all, "this person has not accepted messages from the account yet: they must follow it or write to it first")
			})
		})
		if n := len(s.x.Phone(s.alice).Talk(s.brand)); n != 1 {
			t.Errorf("late %v: Alice's telephone has %d messages, want her own", late, n)
		}
		d.stop(t)
	}
}
