package router_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-im/roost/router"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/route"
)

const untrusted = "this person has not accepted messages from the account yet"

// bounces has a town tell, as of somebody, that it did not bring a message to its readers.
func (w *world) bounces(t *testing.T, at where, id chat.MessageID, by chat.Author, reason string) {
	t.Helper()
	err := at.happens(t.Context(), chat.Event{Conversation: at.Conversation, Message: id, Author: by, Direct: true, What: chat.Bounced{Reason: reason}})
	if err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
}

// Whoever is said to have told it, the team hears that a message which the platform had taken came back.
func TestAReplyThatBouncesIsToldWithARetry(t *testing.T) {
	t.Parallel()
	for name, by := range map[string]chat.Author{
		"the reader": person("Jane"), "the account": {ID: "acme", Name: "Acme", Self: true}, "nobody": {}, "a mailer": {ID: "mailer-daemon", Bot: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, x, slack := office(t, 0)
				dm := x.place("dm-jane")
				w.says(t, x, "Jane", dm, "hi")
				in := slack.thread(t)
				answer := w.says(t, slack, "Ann", in, "hello")
				if got := slack.marks(answer); got != "✅" {
					t.Fatalf("marked %q, want ✅", got)
				}
				sent, _ := x.reads(dm, "hello")
				w.bounces(t, where{x, dm}, sent.id, by, untrusted)
				if got := slack.marks(answer); got != "❌" {
					t.Errorf("marked %q, want ❌", got)
				}
				m, ok := slack.reads(in, "This reply did not reach Jane")
				if !ok || m.post.Card.Body != untrusted || m.post.ReplyTo != answer {
					t.Fatalf("the thread reads %q, want the reason as an answer", slack.in(in))
				}
				if c, _ := slack.reads(slack.place("C1"), "Jane"); !strings.Contains(c.post.Card.Footer, "waiting since") {
					t.Errorf("the card reads %q, want that Jane waits", c.post.Card.Footer)
				}
				b := m.post.Card.Buttons[0]
				w.happens(t, "Ann", where{slack, in}, m.id, chat.Pressed{Button: b.ID, Value: b.Value})
				reads(t, x, dm, "hi", "hello", "hello")
				if got := slack.marks(answer); got != "✅" {
					t.Errorf("after the retry it is marked %q, want ✅", got)
				}
				w.happens(t, "Ann", where{slack, in}, answer, chat.Deleted{})
				reads(t, x, dm, "hi", "hello") // the one that came back stays where it never was
			})
		})
	}
}

func TestOnlyThePartThatBouncedIsNamed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, x, slack := office(t, 0)
		x.traits.Text.Max = 10
		dm := x.place("dm-jane")
		w.says(t, x, "Jane", dm, "hi")
		in := slack.thread(t)
		w.says(t, slack, "Ann", in, "one two three four five")
		second := x.list(dm)[2]
		w.bounces(t, where{x, dm}, second.id, person("Jane"), "")
		m, ok := slack.reads(in, "Part 2 of 3 of this reply did not reach Jane")
		if !ok || m.post.Card.Body != "the platform does not say why" {
			t.Errorf("the thread reads %q, want the part", slack.in(in))
		}
	})
}

// What a bot said names no thread, and a bounce need not name the contact.
func TestWhatABotSaidIsToldWhenItBounces(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		x, slack := newTown("x/acme"), newTown("slack/team")
		b := newBot("echo", echoes)
		w := newBotWorld(t, router.Setup{
			Desks: []router.Desk{support(x.account, 0, slack.place("C1"))}, Bots: []router.Bot{b.in(router.Bot{Routes: []string{"support"}})},
		}, []*bot{b}, x, slack)
		dm := x.place("dm-jane")
		w.says(t, x, "Jane", dm, "hi")
		said, ok := x.reads(dm, "echo: hi")
		if !ok {
			t.Fatalf("Jane reads %q", x.in(dm))
		}
		w.bounces(t, where{x, dm}, said.id, chat.Author{}, untrusted)
		if _, ok := slack.reads(slack.thread(t), "what the bot said did not reach Jane: "+untrusted); !ok {
			t.Errorf("the thread reads %q, want that it bounced", slack.in(slack.thread(t)))
		}
		hears(t, b, "hi")
	})
}

func TestABounceThatNobodyCanPlaceChangesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, x, slack := office(t, 0)
		dm := x.place("dm-jane")
		hi := w.says(t, x, "Jane", dm, "hi")
		before := len(slack.in(slack.thread(t)))
		w.bounces(t, where{x, dm}, "unknown", person("Jane"), untrusted)
		w.bounces(t, where{x, dm}, hi, person("Jane"), untrusted)
		w.bounces(t, where{x, x.place("dm-bob")}, "unknown", person("Bob"), untrusted)
		if got := slack.in(slack.thread(t)); len(got) != before {
			t.Errorf("the thread reads %q, want nothing new", got)
		}
		got, err := w.router.Explain(t.Context(), chat.Event{Conversation: dm, Message: "unknown", What: chat.Bounced{}})
		if err != nil || len(got.Why) != 1 || got.Why[0] != "it is about no message of ours that is known" {
			t.Errorf("because %q, %v", got.Why, err)
		}
	})
}

// In a mirror its author is told where they wrote it, as of any copy that did not arrive.
func TestACopyThatBouncesIsToldItsAuthor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, towns, at := lounge(t)
		said := w.says(t, towns[0], "Ann", at[0], "hello")
		copied, _ := towns[1].reads(at[1], "hello")
		w.bounces(t, where{towns[1], at[1]}, copied.id, chat.Author{ID: "roost", Self: true}, "nobody\nis there")
		reads(t, towns[0], at[0], "hello", "⚠️ This did not reach discord/fans#lounge: nobody is there.")
		if m := towns[0].list(at[0])[1]; m.post.ReplyTo != said {
			t.Errorf("the telling replies to %q, want %q", m.post.ReplyTo, said)
		}
		reads(t, towns[1], at[1], "hello")
		reads(t, towns[2], at[2], "hello")
	})
}

// A platform may tell of it before it has answered the post.
func TestABounceWaitsForTheReceipt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := newTown("slack/team"), newTown("discord/fans")
		w := newWorld(t, router.Setup{Mirrors: []route.Mirror{mirror(a.place("l"), b.place("l"))}}, a, b)
		told := make(chan error, 1)
		b.fail = func(chat.Action) error {
			ev := chat.Event{Conversation: b.place("l"), Message: "m2", Author: chat.Author{Self: true}, What: chat.Bounced{Reason: "no"}}
			go func() { told <- b.happens(context.WithoutCancel(t.Context()), ev) }()
			<-time.After(200 * time.Millisecond) // the post is on the wire
			return nil
		}
		w.says(t, a, "Ann", a.place("l"), "hello")
		pass(time.Minute)
		if err := <-told; err != nil {
			t.Fatal(err)
		}
		reads(t, a, a.place("l"), "hello", "⚠️ This did not reach discord/fans#l: no.")
	})
}
