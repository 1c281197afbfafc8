package router_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-im/roost/router"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
	"github.com/roost-im/roost/router/text"
)

func edited(said string) chat.Edited { return chat.Edited{Text: text.Plain(said)} }

// footer is how the newest card in a place says that its case stands.
func (m *town) footer(at chat.Conversation) string {
	for _, x := range slices.Backward(m.list(at)) {
		if c := x.post.Card; c != nil && c.State != "" {
			return c.Footer
		}
	}
	return ""
}

func TestAnEditOfAMessageThatNeverCameIsAMessage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, x, slack := office(t, 0)
		dm, place := x.place("dm-jane"), slack.place("C1")
		w.happens(t, "Jane", where{x, dm}, "1", edited("where is my parcel?"))
		reads(t, slack, slack.thread(t), "where is my parcel? (edited)")
		if got := slack.footer(place); !strings.Contains(got, "waiting since") {
			t.Errorf("the card says %q, want that Jane waits", got)
		}
		answer := w.says(t, slack, "Ann", slack.thread(t), "on its way")
		// From then on it is a message like any other.
		w.happens(t, "Jane", where{x, dm}, "1", edited("where is my bike?"))
		reads(t, slack, slack.thread(t), "where is my bike? (edited)", "on its way", "Ann has claimed this")
		sent, _ := x.reads(dm, "on its way")
		err := x.happens(t.Context(), chat.Event{Conversation: dm, Message: "2", Author: person("Jane"), Direct: true, What: chat.Edited{
			Text: text.Plain("thanks"), ReplyTo: sent.id,
		}})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if m, ok := slack.reads(slack.thread(t), "thanks (edited)"); !ok || m.post.ReplyTo != answer {
			t.Errorf("the thread reads %q, want thanks as an answer to %s", slack.in(slack.thread(t)), answer)
		}
		if got := slack.footer(place); !strings.Contains(got, "waiting since") {
			t.Errorf("the card says %q, want that Jane waits again", got)
		}
		// A closed case is not opened again by what is known.
		w.presses(t, slack, place, "close")
		w.happens(t, "Jane", where{x, dm}, "1", edited("where is it?"))
		if got := slack.footer(place); !strings.Contains(got, "closed") {
			t.Errorf("the card says %q, want it closed", got)
		}
		lost := slack.thread(t)
		w.happens(t, "Jane", where{x, dm}, "3", edited("hello again"))
		if in := slack.thread(t); in == lost {
			t.Error("no new case was opened")
		} else {
			reads(t, slack, in, "hello again (edited)")
		}
		// Nor is the new one the matter of what was said in the old one.
		w.happens(t, "Jane", where{x, dm}, "1", edited("where was it?"))
		if _, ok := slack.reads(lost, "where was it? (edited)"); !ok {
			t.Errorf("the old thread reads %q, want the edit in it", slack.in(lost))
		}
	})
}

// A contact can't put words into a member's mouth: X can't see what an encrypted edit is of.
func TestAContactCantEditTheTeam(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, x, slack := office(t, 0)
		dm := x.place("dm-jane")
		w.happens(t, "Jane", where{x, dm}, "1", chat.Posted{Text: text.Plain("how much is it?")})
		w.says(t, slack, "Ann", slack.thread(t), "it costs 10")
		sent, _ := x.reads(dm, "it costs 10")
		before := slack.in(slack.thread(t))
		w.happens(t, "Jane", where{x, dm}, sent.id, edited("it is free"))
		if after := slack.in(slack.thread(t)); !slices.Equal(after, before) {
			t.Errorf("the thread reads %q, want %q", after, before)
		}
	})
}

// Whoever answers, people or bots, a contact is heard.
func TestABotIsToldOfAMessageThatNeverCame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		x, slack := newTown("x/acme"), newTown("slack/team")
		b := newBot("echo", echoes)
		w := newBotWorld(t, router.Setup{
			Desks: []router.Desk{support(x.account, 0, slack.place("C1"))}, Bots: []router.Bot{b.in(router.Bot{Routes: []string{"support"}})},
		}, []*bot{b}, x, slack)
		w.happens(t, "Jane", where{x, x.place("dm-jane")}, "1", edited("hi"))
		w.happens(t, "Jane", where{x, x.place("dm-jane")}, "1", edited("hello"))
		hears(t, b, "hi", "edited")
		reads(t, x, x.place("dm-jane"), "echo: hi")
	})
}

// forgetful is an office that keeps what is settled and closed for as long as keep says.
func forgetful(t *testing.T, keep store.Retention) (w *world, x, slack *town) {
	t.Helper()
	w, x, slack = office(t, 0)
	w.stop(t)
	w.config.Keep = keep
	w.run(t)
	return w, x, slack
}

// What may have been here in a case that is no longer kept is no news.
func TestAnEditOfAMessageThatIsForgottenOpensNoCase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, x, slack := forgetful(t, store.Retention{Cases: 30 * time.Minute, Copies: 30 * time.Minute})
		dm := x.place("dm-jane")
		first := w.says(t, x, "Jane", dm, "hi")
		w.presses(t, slack, slack.place("C1"), "close")
		pass(2 * time.Hour)
		before := slack.in(slack.place("C1"))
		w.happens(t, "Jane", where{x, dm}, first, edited("hello"))
		reads(t, slack, slack.place("C1"), before...)
		w.says(t, x, "Jane", dm, "me again")
		in := slack.thread(t)
		w.says(t, slack, "Ann", in, "hello, Jane")
		w.happens(t, "Jane", where{x, dm}, first, edited("hello"))
		if got := slack.footer(slack.place("C1")); strings.Contains(got, "waiting since") {
			t.Errorf("the card says %q, want that nobody waits", got)
		}
		if _, ok := slack.reads(in, "hello (edited)"); !ok {
			t.Errorf("the thread reads %q, want the edit in it", slack.in(in))
		}
	})
}

// Of somebody whose only case is here with all its lines, nothing can be forgotten.
func TestAnEditInACaseThatIsKeptIsNews(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, x, slack := forgetful(t, store.Retention{Cases: 30 * time.Minute})
		w.says(t, x, "Jane", x.place("dm-jane"), "hi")
		in := slack.thread(t)
		w.says(t, slack, "Ann", in, "hello")
		pass(2 * time.Hour)
		w.happens(t, "Jane", where{x, x.place("dm-jane")}, "2", edited("anybody?"))
		if got := slack.in(in); got[len(got)-1] != "anybody? (edited)" {
			t.Errorf("the thread reads %q, want the message behind the others", got)
		}
		if got := slack.footer(slack.place("C1")); !strings.Contains(got, "waiting since") {
			t.Errorf("the card says %q, want that Jane waits", got)
		}
	})
}

func TestExplainSaysThatOnlyAnEditCame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, x, _ := office(t, 0)
		ev := chat.Event{ID: "new", Conversation: x.place("dm-jane"), Message: "1", Author: person("Jane"), Direct: true, What: edited("hi")}
		got, err := w.router.Explain(t.Context(), ev)
		if want := []string{"desk support", "a new case", "only its edit came"}; err != nil || !slices.Equal(got.Why, want) || !got.Opens {
			t.Errorf("because %q, opens %v, %v; want %q", got.Why, got.Opens, err, want)
		}
	})
}
