package router_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// planned is an office in which Ann, on the first of two surfaces, has written that Jane shall be told "hello" in two hours.
func planned(t *testing.T) (w *world, x, slack *town, said chat.MessageID) {
	t.Helper()
	w, x, slack = counter(t)
	w.says(t, x, "Jane", x.place("dm-jane"), "hi")
	said = w.says(t, slack, "Ann", slack.threadAt(t, slack.place("C1")), "later 2h: hello")
	return w, x, slack, said
}

// plan is what is planned, for those who change it.
type plan struct {
	t     *testing.T
	w     *world
	slack *town
	in    chat.Conversation // Ann's thread
	said  chat.MessageID    // what she wrote
}

// cardOf is the newest card in a place that begins so.
func (m *town) cardOf(t *testing.T, at chat.Conversation, title string) message {
	t.Helper()
	for _, x := range slices.Backward(m.list(at)) {
		if x.post.Card != nil && strings.HasPrefix(x.post.Card.Title, title) {
			return x
		}
	}
	t.Fatalf("%v reads %q, want a card %q", at, m.in(at), title)
	return message{}
}

// pushes has a member press the nth button of a card.
func (w *world) pushes(t *testing.T, m *town, card message, n int) {
	t.Helper()
	if len(card.post.Card.Buttons) <= n {
		t.Fatalf("the card %+v has no button %d", card.post.Card, n)
	}
	b := card.post.Card.Buttons[n]
	w.happens(t, "Bob", where{m, card.at}, card.id, chat.Pressed{Button: b.ID, Value: b.Value})
}

func TestAScheduledReplyLeavesAtItsTime(t *testing.T) {
	t.Parallel()
	for _, restart := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w, x, slack, said := planned(t)
			dm, in := x.place("dm-jane"), slack.threadAt(t, slack.place("C1"))
			other := slack.threadAt(t, slack.place("C2"))
			if got := slack.marks(said); got != "⏰" {
				t.Errorf("it is marked %q, want ⏰", got)
			}
			card := slack.cardOf(t, in, "⏰ To be sent to Jane at 02:00 UTC")
			if card.post.ReplyTo != said {
				t.Errorf("the card answers %q, want %q", card.post.ReplyTo, said)
			}
			slack.cardOf(t, other, "⏰ To be sent to Jane at 02:00 UTC")
			w.says(t, slack, "Ann", in, "meanwhile")
			reads(t, x, dm, "hi", "meanwhile")
			if restart {
				w.stop(t)
				pass(time.Hour)
				w.run(t)
				pass(59 * time.Minute)
			} else {
				pass(119 * time.Minute)
			}
			reads(t, x, dm, "hi", "meanwhile")
			pass(2 * time.Minute)
			reads(t, x, dm, "hi", "meanwhile", "hello")
			if got := slack.marks(said); got != "✅" {
				t.Errorf("it is marked %q, want ✅", got)
			}
			if card := slack.cardOf(t, in, "⏰ Sent to Jane at 02:00 UTC"); len(card.post.Card.Buttons) != 0 {
				t.Errorf("the card still has %+v", card.post.Card.Buttons)
			}
			if _, ok := slack.reads(other, "hello"); !ok {
				t.Errorf("the other surface reads %q, want the reply", slack.in(other))
			}
			pass(3 * time.Hour)
			reads(t, x, dm, "hi", "meanwhile", "hello")
			if c := w.theCase(t); len(c.Later) != 0 {
				t.Errorf("still scheduled: %+v", c.Later)
			}
		})
	}
}

func TestAScheduledReplyCanBeSentNowCancelledAndChanged(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		do   func(p plan)
		now  []string // what Jane reads at once
		then []string // and two hours later
		mark string
	}{
		{
			"sent now", func(p plan) {
				p.w.pushes(p.t, p.slack, p.slack.cardOf(p.t, p.in, "⏰ To be"), 0)
			}, []string{"hi", "hello"}, []string{"hi", "hello"}, "✅",
		},
		{
			"sent now twice", func(p plan) {
				card := p.slack.cardOf(p.t, p.in, "⏰ To be")
				p.w.pushes(p.t, p.slack, card, 0)
				p.w.pushes(p.t, p.slack, card, 0)
			}, []string{"hi", "hello"}, []string{"hi", "hello"}, "✅",
		},
		{
			"cancelled on the other surface", func(p plan) {
				p.w.pushes(p.t, p.slack, p.slack.cardOf(p.t, p.slack.place("C2"), "⏰ To be"), 1)
			}, []string{"hi"}, []string{"hi"}, "",
		},
		{
			"deleted", func(p plan) {
				p.w.happens(p.t, "Ann", where{p.slack, p.in}, p.said, chat.Deleted{})
			}, []string{"hi"}, []string{"hi"}, "",
		},
		{
			"edited", func(p plan) {
				p.w.happens(p.t, "Ann", where{p.slack, p.in}, p.said, chat.Edited{Text: text.Plain("later 2h: hello Jane")})
			}, []string{"hi"}, []string{"hi", "hello Jane"}, "✅",
		},
		{
			"made a note", func(p plan) {
				p.w.happens(p.t, "Ann", where{p.slack, p.in}, p.said, chat.Edited{Text: text.Plain("// hello")})
			}, []string{"hi"}, []string{"hi"}, "",
		},
		{
			"held when it is closed", func(p plan) {
				p.w.presses(p.t, p.slack, p.slack.place("C1"), "close")
			}, []string{"hi"}, []string{"hi"}, "",
		},
		{
			"held and sent all the same", func(p plan) {
				p.w.presses(p.t, p.slack, p.slack.place("C1"), "close")
				p.w.pushes(p.t, p.slack, p.slack.cardOf(p.t, p.in, "This was to be sent to Jane at 02:00 UTC"), 0)
			}, []string{"hi"}, []string{"hi", "hello"}, "✅",
		},
		{
			"held when they are blocked", func(p plan) {
				p.w.presses(p.t, p.slack, p.slack.place("C1"), "block")
			}, []string{"hi"}, []string{"hi"}, "",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, x, slack, said := planned(t)
				in := slack.threadAt(t, slack.place("C1"))
				tc.do(plan{t, w, slack, in, said})
				reads(t, x, x.place("dm-jane"), tc.now...)
				pass(3 * time.Hour)
				reads(t, x, x.place("dm-jane"), tc.then...)
				if got := slack.marks(said); got != tc.mark {
					t.Errorf("it is marked %q, want %q", got, tc.mark)
				}
				if n := w.count(t); n[chat.Waiting]+n[chat.Rejected]+n[chat.Dead] != 0 {
					t.Errorf("deliveries %v, want none that waits or failed", n)
				}
			})
		})
	}
}

// A long reply with a file is scheduled, edited and sent as a whole.
func TestALongScheduledReply(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, x, slack := counter(t)
		x.traits.Text.Max = 50
		w.says(t, x, "Jane", x.place("dm-jane"), "hi")
		in := slack.threadAt(t, slack.place("C1"))
		long := strings.TrimSpace(strings.Repeat("so many words here. ", 12))
		said := w.says(t, slack, "Ann", in, "later 2h: "+long)
		pass(time.Hour)
		w.happens(t, "Ann", where{slack, in}, said, chat.Edited{Text: text.Plain("later 2h: " + long + " And more.")})
		pass(2 * time.Hour)
		got := strings.Join(strings.Fields(strings.Join(x.in(x.place("dm-jane"))[1:], " ")), " ")
		if got != long+" And more." {
			t.Errorf("Jane reads %q, want the edited text once", got)
		}
		if got := slack.marks(said); got != "✅" {
			t.Errorf("it is marked %q, want ✅", got)
		}
	})
}

// A scheduled reply that may have arrived, or did not, is told like any other.
func TestAScheduledReplyThatFailsIsTriedAgainByAMember(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, x, slack, said := planned(t)
		refuses := true
		x.fail = func(chat.Action) error {
			if refuses {
				return &chat.Error{Op: "x", Kind: chat.Refused, Reason: "they are gone"}
			}
			return nil
		}
		pass(3 * time.Hour)
		in := slack.threadAt(t, slack.place("C1"))
		if got := slack.marks(said); got != "❌" {
			t.Errorf("it is marked %q, want ❌", got)
		}
		refuses = false
		w.pushes(t, slack, slack.cardOf(t, in, "This reply did not reach Jane"), 0)
		reads(t, x, x.place("dm-jane"), "hi", "hello")
		if got := slack.marks(said); got != "✅" {
			t.Errorf("it is marked %q, want ✅", got)
		}
	})
}
