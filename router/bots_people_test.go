package router_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-im/roost/router"
	"github.com/roost-im/roost/router/chat"
)

// People are done with a closed case: the next message is the bots' again, whoever had it.
func TestClosingGivesTheContactBackToTheBots(t *testing.T) {
	t.Parallel()
	for _, revive := range []time.Duration{0, time.Hour} {
		t.Run(revive.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBot("butler", butler)
				w, x, slack := counter(t, b)
				w.setup.Desks[0].Revive = revive
				if err := w.router.Apply(w.setup); err != nil {
					t.Fatal(err)
				}
				dm, place := x.place("dm-jane"), slack.place("C1")
				w.says(t, x, "Jane", dm, "a person")
				w.says(t, slack, "Ann", slack.threadAt(t, place), "here I am")
				w.says(t, x, "Jane", dm, "thanks")
				w.presses(t, slack, place, "close")
				pass(time.Minute)
				w.says(t, x, "Jane", dm, "hi again")
				reads(t, x, dm, "a person", "I'll fetch somebody", "here I am", "thanks", "hi again", "echo: hi again")
				hears(t, b, "a person", "hi again")
			})
		})
	}
}

// A bot that is called about a contact's conversation speaks by the desk, not past it.
func TestACalledBotSpeaksToAContactByTheDesk(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBot("butler", butler)
		w, x, slack := counter(t, b)
		dm := x.place("dm-jane")
		w.says(t, x, "Jane", dm, "hi")
		b.calls(t, dm.String(), "parcel sent", "1")
		reads(t, x, dm, "hi", "echo: hi", "echo: parcel sent")
		reads(t, slack, slack.threadAt(t, slack.place("C1")), "hi", "echo: hi", "echo: parcel sent")
		if h := b.last(t); h.Desk != "support" || h.Event.Author.ID != "jane" || h.Event.Author.Name != "Jane" {
			t.Errorf("it hears %+v, want it to be about Jane", h)
		}
		w.presses(t, slack, slack.place("C1"), "claim")
		b.calls(t, dm.String(), "parcel lost", "2")
		reads(t, x, dm, "hi", "echo: hi", "echo: parcel sent")
	})
}

func TestBotsAreNotToldOfBlockedContacts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBot("butler", butler)
		w, x, slack := counter(t, b)
		dm := x.place("dm-jane")
		w.says(t, x, "Jane", dm, "hi")
		w.presses(t, slack, slack.place("C1"), "block")
		w.says(t, x, "Jane", dm, "let me in")
		b.calls(t, dm.String(), "parcel sent", "1")
		hears(t, b, "hi", "parcel sent")
		reads(t, x, dm, "hi", "echo: hi", "let me in")
	})
}

// Nothing that a bot refuses to hear is lost: people are told.
func TestWhatABotCanNotHearGoesToPeople(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBot("butler", nil)
		b.hear = func(context.Context, chat.Hear) (chat.Outcome, error) {
			return chat.Outcome{}, &chat.Error{Op: "bot", Kind: chat.Refused, Reason: "the bot is quarantined: it ran away"}
		}
		w, x, slack := counter(t, b)
		w.says(t, x, "Jane", x.place("dm-jane"), "hi")
		w.says(t, x, "Jane", x.place("dm-jane"), "hello?")
		in := slack.threadAt(t, slack.place("C1"))
		reads(t, slack, in, "hi", "🙋 butler hands this over to you: the bot is quarantined: it ran away", "hello?")
		hears(t, b, "hi")
	})
}

// What a bot said and what did not arrive is told to the team, and the contact waits again.
func TestABotsAnswerThatDoesNotArriveIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBot("butler", butler)
		w, x, slack := counter(t, b)
		x.fail = func(chat.Action) error { return &chat.Error{Op: "x", Kind: chat.Refused, Reason: "they are gone"} }
		w.says(t, x, "Jane", x.place("dm-jane"), "hi")
		in := slack.threadAt(t, slack.place("C1"))
		reads(t, slack, in, "hi", "echo: hi", "what the bot said did not reach Jane: they are gone")
		if c := w.theCase(t); c.Waiting.IsZero() {
			t.Errorf("the case is %+v, want Jane waiting", c)
		}
	})
}

func TestBotsAreNotToldOnSurfaces(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBot("butler", butler)
		x, slack := newTown("x/acme"), newTown("slack/team")
		everywhere := router.Bot{Routes: []string{"support"}, Accounts: []chat.Account{slack.account}, Places: []chat.Conversation{slack.place("C1")}}
		w := newBotWorld(t, router.Setup{
			Desks: []router.Desk{support(x.account, 0, slack.place("C1"))}, Bots: []router.Bot{b.in(everywhere)},
		}, []*bot{b}, x, slack)
		w.says(t, x, "Jane", x.place("dm-jane"), "hi")
		w.says(t, slack, "Ann", slack.place("C1"), "beside")
		w.says(t, slack, "Ann", slack.thread(t), "// note")
		hears(t, b, "hi")
	})
}

func TestExplainNamesTheBots(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, deaf := newBot("butler", butler), newBot("deaf", nil)
		deaf.wants = func(chat.Event) chat.Wish { return chat.Wish{} }
		w, x, slack := counter(t, b, deaf)
		dm := x.place("dm-jane")
		ev := chat.Event{ID: "new", Conversation: dm, Message: "new", Direct: true, Author: person("Jane"), What: posted("hi")}
		explains := func(want string) {
			t.Helper()
			got, err := w.router.Explain(t.Context(), ev)
			if err != nil || !slices.Contains(got.Why, want) {
				t.Errorf("it explains %q, %v; want %q", got.Why, err, want)
			}
		}
		explains("bot butler is told")
		explains("bot deaf has no use for it")
		w.says(t, x, "Jane", dm, "hi")
		w.presses(t, slack, slack.place("C1"), "claim")
		explains("bots are not told: people have the case")
		w.presses(t, slack, slack.place("C1"), "block")
		w.presses(t, slack, slack.place("C1"), "bot")
		explains("bots are not told: the contact is blocked")
		hears(t, b, "hi")
	})
}
