package router_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

func TestABotAnswersAContactAndTheTeamSeesIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBot("butler", butler)
		w, x, slack := counter(t, b)
		dm := x.place("dm-jane")
		w.says(t, x, "Jane", dm, "hi")
		reads(t, x, dm, "hi", "echo: hi")
		for _, place := range []string{"C1", "C2"} {
			at := slack.place(place)
			in := slack.threadAt(t, at)
			reads(t, slack, at, "[Jane]", "hi", "echo: hi")
			if m, _ := slack.reads(in, "echo: hi"); m.post.As == nil || m.post.As.Name != "butler (bot)" {
				t.Errorf("it appears as %v, want butler (bot)", m.post.As)
			}
			card := slack.card(t, at).post.Card
			if !strings.Contains(card.Footer, "a bot answers") || strings.Contains(card.Footer, "waiting") {
				t.Errorf("the card says %q, want that a bot answers", card.Footer)
			}
		}
		if c := w.theCase(t); !c.Owner.IsZero() || c.WithPeople() || !c.Waiting.IsZero() {
			t.Errorf("the case is %+v, want nobody's, and nobody waiting", c)
		}
		w.says(t, x, "Jane", dm, "size")
		reads(t, x, dm, "hi", "echo: hi", "size", "Size?\n1. S\n2. M")
		if m, ok := slack.reads(slack.threadAt(t, slack.place("C2")), "Size?\n1. S\n2. M"); !ok || m.post.Card != nil {
			t.Errorf("the team reads %q, want the choices as lines, and no buttons", slack.in(slack.place("C2")))
		}
		if h := b.last(t); h.Desk != "support" || h.To.ID != "x/acme#dm-jane" || h.Can.Cards {
			t.Errorf("it hears %+v, want the desk and what the contact's platform can", h)
		}
		lines := w.lines(t)
		if !slices.Contains(lines, "out butler (bot): echo: hi") {
			t.Errorf("the lines are %q, want the bot's answer among them", lines)
		}
	})
}

func TestABotChangesWhatItSaidToAContact(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var first chat.Ref
		b := newBot("b", func(h chat.Hear) []chat.Act {
			switch briefly(h) {
			case "one":
				s := saying(h, 0, "first")
				s.Post.ReplyTo = h.Event.Message
				first = s.Ref
				return []chat.Act{s}
			case "two":
				return []chat.Act{chat.Reword{Ref: first, Edit: chat.Edit{To: h.Event.Conversation, Text: text.Plain("second")}}}
			case "three":
				s := saying(h, 0, "third")
				s.Post.ReplyTo = first.Message
				return []chat.Act{s}
			}
			return []chat.Act{chat.Unsay{Ref: first}}
		})
		w, x, slack := counter(t, b)
		dm := x.place("dm-jane")
		asked := w.says(t, x, "Jane", dm, "one")
		in := slack.threadAt(t, slack.place("C1"))
		answer, _ := x.reads(dm, "first")
		shown, _ := slack.reads(in, "first")
		heard, _ := slack.reads(in, "one")
		if answer.post.ReplyTo != asked || shown.post.ReplyTo != heard.id {
			t.Errorf("it answers %q and %q, want %q and its copy %q", answer.post.ReplyTo, shown.post.ReplyTo, asked, heard.id)
		}
		w.says(t, x, "Jane", dm, "two")
		w.says(t, x, "Jane", dm, "three")
		reads(t, x, dm, "one", "second", "two", "three", "third")
		reads(t, slack, in, "one", "second", "two", "three", "third")
		if third, _ := x.reads(dm, "third"); third.post.ReplyTo != answer.id {
			t.Errorf("the third answers %q, want %q", third.post.ReplyTo, answer.id)
		}
		w.says(t, x, "Jane", dm, "four")
		reads(t, x, dm, "one", "two", "three", "third", "four")
		if got := slack.in(in); !slices.Contains(got, "second") {
			t.Errorf("the thread reads %q, want what was said kept for the team", got)
		}
	})
}

func TestAHandedOffCaseIsWithPeopleUntilItIsGivenBack(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"button", "command", "bot"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBot("butler", butler)
				w, x, slack := counter(t, b)
				dm, place := x.place("dm-jane"), slack.place("C1")
				w.says(t, x, "Jane", dm, "a person")
				in := slack.threadAt(t, place)
				reads(t, slack, in, "a person", "I'll fetch somebody", "🙋 butler hands this over to you: they want a person")
				if c := w.theCase(t); c.Handed.IsZero() || c.Waiting.IsZero() {
					t.Errorf("the case is %+v, want it handed off and waiting", c)
				}
				if f := slack.card(t, place).post.Card.Footer; !strings.Contains(f, "nobody's yet · waiting since") {
					t.Errorf("the card says %q, want that it waits for somebody", f)
				}
				w.says(t, x, "Jane", dm, "hello?")
				hears(t, b, "a person")
				reads(t, x, dm, "a person", "I'll fetch somebody", "hello?")
				back := "Ann has given this back to the bots"
				switch how {
				case "button":
					w.presses(t, slack, place, "bot")
				case "command":
					w.happens(t, "Ann", where{slack, in}, "", chat.Pressed{Button: "bot"})
				case "bot":
					b.calls(t, dm.String(), "nobody came", "1")
					back = "butler (bot) has given this back to the bots"
				}
				if got := slack.in(in); !slices.Contains(got, back) {
					t.Errorf("the thread reads %q, want %q", got, back)
				}
				w.says(t, x, "Jane", dm, "anybody?")
				if got := x.in(dm); got[len(got)-1] != "echo: anybody?" {
					t.Errorf("Jane reads %q, want the bot's answer", got)
				}
			})
		})
	}
}

// What a bot is still thinking about when a member claims the case, it does not say any more; and it can't take it back.
func TestAMemberClaimsWhileABotThinks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBot("butler", nil)
		b.hear = func(_ context.Context, h chat.Hear) (chat.Outcome, error) {
			<-time.After(10 * time.Second)
			return chat.Outcome{Acts: butler(h), Keep: []chat.Kept{{Key: "bot/butler/n", Now: []byte("1"), Any: true}}}, nil
		}
		w, x, slack := counter(t, b)
		dm := x.place("dm-jane")
		w.says(t, x, "Jane", dm, "hi")
		w.says(t, slack, "Ann", slack.threadAt(t, slack.place("C1")), "hello Jane")
		pass(time.Minute)
		b.calls(t, dm.String(), "nobody came", "1")
		pass(time.Minute)
		reads(t, x, dm, "hi", "hello Jane")
		hears(t, b, "hi", "nobody came")
		if got, _ := w.kept(t, "bot/butler/n"); got != "1" {
			t.Errorf("it keeps %q, want what it kept nevertheless", got)
		}
		if c := w.theCase(t); c.Owner.Name != "Ann" {
			t.Errorf("the case is %+v, want Ann's", c)
		}
	})
}
