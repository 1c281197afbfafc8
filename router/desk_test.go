package router_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-im/roost/router"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// office is a world with a desk: people write to x, the team answers on slack.
func office(t *testing.T, hold time.Duration) (w *world, x, slack *town) {
	t.Helper()
	x, slack = newTown("x/acme"), newTown("slack/team")
	x.traits.Threads, x.traits.Edit.Out = false, false
	x.echo = func(ev chat.Event) chat.Event {
		ev.Author, ev.Direct = chat.Author{ID: "acme", Self: true}, true
		return ev
	}
	w = newWorld(t, router.Setup{Desks: []router.Desk{support(x.account, hold, slack.place("C1"))}}, x, slack)
	return w, x, slack
}

// thread is the newest thread that was opened in a town.
func (m *town) thread(t *testing.T) chat.Conversation {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, x := range slices.Backward(m.messages) {
		if id := chat.ThreadID("t" + x.id); m.threads[id] {
			at := x.at.Place()
			at.Thread = id
			return at
		}
	}
	t.Fatal("no thread was opened")
	return chat.Conversation{}
}

func (m *town) marks(id chat.MessageID) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, x := range m.messages {
		if x.id == id {
			return strings.Join(x.reactions, " ")
		}
	}
	return ""
}

func TestADirectMessageReachesTheTeamAndTheAnswerComesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, x, slack := office(t, 0)
		dm := x.place("dm-jane")
		asked := w.says(t, x, "Jane", dm, "where is my parcel?")
		in := slack.thread(t)
		reads(t, slack, slack.place("C1"), "[Jane]", "where is my parcel?")
		if m, _ := slack.reads(in, "where is my parcel?"); m.post.As == nil || m.post.As.Name != "Jane" {
			t.Errorf("it appears as %+v, want Jane", m.post.As)
		}
		w.says(t, x, "Jane", dm, "it is late")
		answer := w.says(t, slack, "Ann", in, "on its way")
		reads(t, x, dm, "where is my parcel?", "it is late", "on its way")
		if got := slack.marks(answer); got != "✅" {
			t.Errorf("the answer is marked %q, want ✅", got)
		}
		if m, _ := slack.reads(slack.place("C1"), "Jane"); m.post.Card == nil || !strings.Contains(m.post.Card.Footer, "Ann") {
			t.Errorf("the card reads %+v, want that the case is Ann's", m.post.Card)
		}
		w.happens(t, "Jane", where{x, dm}, asked, chat.Edited{Text: text.Plain("where is my bike?")})
		if _, ok := slack.reads(in, "where is my bike? (edited)"); !ok {
			t.Errorf("the thread reads %q, want the edit in it", slack.in(in))
		}
		if n := w.count(t); n[chat.Waiting]+n[chat.Dead]+n[chat.Held]+n[chat.Rejected] != 0 {
			t.Errorf("deliveries %v, want all sent", n)
		}
	})
}

func TestAReplyOnHoldCanBeTakenBackAndChanged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, x, slack := office(t, 5*time.Second)
		dm := x.place("dm-jane")
		w.says(t, x, "Jane", dm, "hi")
		in := slack.thread(t)
		oops := w.says(t, slack, "Ann", in, "oops")
		if got := slack.marks(oops); got != "⏳" {
			t.Errorf("on hold it is marked %q, want ⏳", got)
		}
		w.happens(t, "Ann", where{slack, in}, oops, chat.Deleted{})
		first := w.says(t, slack, "Ann", in, "helo")
		w.happens(t, "Ann", where{slack, in}, first, chat.Edited{Text: text.Plain("hello")})
		pass(4 * time.Second)
		reads(t, x, dm, "hi")
		pass(2 * time.Second)
		reads(t, x, dm, "hi", "hello")
		if got := slack.marks(first); got != "✅" {
			t.Errorf("the reply is marked %q, want ✅", got)
		}
		w.happens(t, "Ann", where{slack, in}, first, chat.Deleted{})
		pass(time.Second)
		reads(t, x, dm, "hi")
	})
}

func TestALongReplyIsSentInPartsAndMarkedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, x, slack := office(t, 0)
		x.traits.Text.Max = 50
		dm := x.place("dm-jane")
		w.says(t, x, "Jane", dm, "hi")
		marked := 0
		slack.fail = func(a chat.Action) error {
			if r, ok := a.(chat.React); ok && r.Emoji == "✅" && !r.Remove {
				marked++
			}
			return nil
		}
		long := strings.TrimSpace(strings.Repeat("so many words here. ", 12))
		answer := w.says(t, slack, "Ann", slack.thread(t), long)
		got := x.in(dm)[1:]
		if len(got) < 5 || strings.Join(strings.Fields(strings.Join(got, " ")), " ") != long {
			t.Errorf("Jane reads %q, want the words in parts of 50", got)
		}
		if slack.marks(answer) != "✅" || marked != 1 {
			t.Errorf("marked %q in %d steps, want ✅ in one", slack.marks(answer), marked)
		}
	})
}

func TestAReplyThatIsRefusedIsToldWithARetry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, x, slack := office(t, 0)
		dm := x.place("dm-jane")
		w.says(t, x, "Jane", dm, "hi")
		refuses := true
		x.fail = func(chat.Action) error {
			if refuses {
				return &chat.Error{Op: "x", Kind: chat.Refused, Reason: "this person doesn't accept messages"}
			}
			return nil
		}
		in := slack.thread(t)
		answer := w.says(t, slack, "Ann", in, "hello")
		if got := slack.marks(answer); got != "❌" {
			t.Errorf("marked %q, want ❌", got)
		}
		m, ok := slack.reads(in, "This reply did not reach Jane")
		if !ok || m.post.Card.Body != "this person doesn't accept messages" || m.post.ReplyTo != answer {
			t.Fatalf("the thread reads %q, want the reason as an answer", slack.in(in))
		}
		refuses = false
		b := m.post.Card.Buttons[0]
		w.happens(t, "Ann", where{slack, in}, m.id, chat.Pressed{Button: b.ID, Value: b.Value})
		reads(t, x, dm, "hi", "hello")
		if got := slack.marks(answer); got != "✅" {
			t.Errorf("after the retry it is marked %q, want ✅", got)
		}
	})
}

func TestALostThreadIsOpenedAgainWithWhatWasSaid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, x, slack := office(t, 0)
		dm := x.place("dm-jane")
		w.says(t, x, "Jane", dm, "one")
		lost := slack.thread(t)
		slack.mu.Lock()
		slack.threads[lost.Thread] = false
		slack.mu.Unlock()
		w.says(t, x, "Jane", dm, "two")
		in := slack.thread(t)
		if in == lost {
			t.Fatal("no new thread was opened")
		}
		all := strings.Join(slack.in(in), "\n")
		if !strings.Contains(all, "one") || strings.Count(all, "two") != 1 {
			t.Errorf("the new thread reads %q, want what was said, and the new message once", slack.in(in))
		}
		w.says(t, slack, "Ann", in, "here")
		reads(t, x, dm, "one", "two", "here")
	})
}

func TestASnoozedCaseWakes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, x, slack := office(t, 0)
		w.says(t, x, "Jane", x.place("dm-jane"), "hi")
		in := slack.thread(t)
		card, _ := slack.reads(slack.place("C1"), "Jane")
		value := card.post.Card.Buttons[0].Value
		w.happens(t, "Ann", where{slack, in}, card.id, chat.Pressed{Button: "snooze", Value: value, Fields: map[string]string{"for": "1h"}})
		pass(59 * time.Minute)
		before := len(slack.in(in))
		pass(2 * time.Minute)
		got := slack.in(in)
		if len(got) != before+1 || !strings.Contains(got[before], "the snooze is over") {
			t.Errorf("after an hour the thread reads %q, want that the snooze is over", got)
		}
	})
}

// Whoever presses a button in the place itself, where no thread is named, is understood by what the button carries.
func TestAButtonPressedOutsideItsThreadFindsItsCase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, x, slack := office(t, 0)
		w.says(t, x, "Jane", x.place("dm-jane"), "hi")
		card, _ := slack.reads(slack.place("C1"), "Jane")
		w.happens(t, "Ann", where{slack, slack.place("C1")}, card.id, chat.Pressed{Button: "claim", Value: card.post.Card.Buttons[0].Value})
		if m, _ := slack.reads(slack.place("C1"), "Jane"); !strings.Contains(m.post.Card.Footer, "Ann") {
			t.Errorf("the card reads %+v, want Ann's claim", m.post.Card)
		}
		w.says(t, slack, "Bob", slack.place("C1"), "lunch?") // in no thread: nobody's answer
		reads(t, x, x.place("dm-jane"), "hi")
	})
}

func TestAReplyAfterARestartOnHoldStillLeavesOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, x, slack := office(t, 5*time.Second)
		dm := x.place("dm-jane")
		w.says(t, x, "Jane", dm, "hi")
		w.says(t, slack, "Ann", slack.thread(t), "hello")
		w.stop(t)
		w.run(t)
		reads(t, x, dm, "hi")
		pass(6 * time.Second)
		reads(t, x, dm, "hi", "hello")
	})
}

// A platform that has few emoji shows the nearest one.
func TestAMarkIsTheNearestEmojiThatThereIs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, x, slack := office(t, 0)
		slack.traits.Emoji = func(e string) (string, bool) { return "👌", e == "✅" }
		w.says(t, x, "Jane", x.place("dm-jane"), "hi")
		answer := w.says(t, slack, "Ann", slack.thread(t), "hello")
		if got := slack.marks(answer); got != "👌" {
			t.Errorf("the answer is marked %q, want the nearest of ✅", got)
		}
	})
}

// A contact has one open case at a time: what is said in the thread of an older one stays there, and nothing is stuck.
func TestWhatIsSaidInAnOldThreadStaysThere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, x, slack := office(t, 0)
		dm, place := x.place("dm-jane"), slack.place("C1")
		w.says(t, x, "Jane", dm, "hi")
		old := slack.thread(t)
		w.presses(t, slack, place, "close")
		w.says(t, x, "Jane", dm, "again")
		if slack.thread(t) == old {
			t.Fatal("the closed case was opened again")
		}
		w.says(t, slack, "Ann", old, "late answer")
		w.presses(t, slack, place, "reopen")
		reads(t, x, dm, "hi", "again")
		reads(t, slack, old,
			"hi", "Ann has closed this", "late answer", "Jane has a newer case that is open; go on there. This stays here",
			"Jane has a newer case that is open; go on there")
		w.says(t, slack, "Ann", slack.thread(t), "answer")
		reads(t, x, dm, "hi", "again", "answer")
	})
}
