package router_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/roost-im/roost/router"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
	"github.com/roost-im/roost/router/text"
)

func TestABotAnswersWhereItIsSpokenTo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, b := newTown("slack/team"), newBot("echo", echoes)
		w := newBotWorld(t, router.Setup{Bots: []router.Bot{b.in(router.Bot{
			Places: []chat.Conversation{m.place("C1")},
		})}}, []*bot{b}, m)
		w.says(t, m, "Ann", m.place("C1"), "hello")
		root := w.says(t, m, "Ann", m.place("C1"), "topic")
		in := m.branches(m.place("C1"), root)
		w.says(t, m, "Bob", in, "in the thread")
		w.says(t, m, "Bob", m.place("C2"), "elsewhere")
		reads(t, m, m.place("C1"), "hello", "echo: hello", "topic", "echo: topic", "in the thread", "echo: in the thread")
		reads(t, m, in, "in the thread", "echo: in the thread")
		reads(t, m, m.place("C2"), "elsewhere")
		h := b.last(t)
		if h.To != (chat.Conversation{Account: b.account, ID: "slack/team#C1"}) || h.Event.Conversation != in || h.Desk != "" {
			t.Errorf("it hears %+v, want the talk of the place, at the thread, and no desk", h)
		}
		if !h.Can.Cards || !h.Can.Edit || !h.Can.Threads || h.Can.Typing {
			t.Errorf("it can %+v, want what the town can", h.Can)
		}
	})
}

func TestABotHearsEverythingOfItsAccounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, b := newTown("telegram/bot"), newBot("echo", echoes)
		w := newBotWorld(t, router.Setup{Bots: []router.Bot{b.in(router.Bot{Accounts: []chat.Account{m.account}})}}, []*bot{b}, m)
		dm := m.place("dm-jane")
		w.says(t, m, "Jane", dm, "hi")
		said := w.says(t, m, "Jane", m.place("g"), "all")
		w.happens(t, "Jane", where{m, m.place("g")}, said, chat.Edited{Text: text.Plain("of you")})
		w.happens(t, "Jane", where{m, m.place("g")}, said, chat.Reacted{Emoji: "👍"})
		w.happens(t, "Jane", where{m, m.place("g")}, "", chat.Joined{})
		reads(t, m, dm, "hi", "echo: hi")
		hears(t, b, "hi", "all", "edited", "reacted", "joined")
	})
}

// What other machines say a bot is only told when it wants to.
func TestABotIsToldWhatItWants(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, shy, curious := newTown("slack/team"), newBot("shy", nil), newBot("curious", nil)
		shy.wants = func(ev chat.Event) chat.Wish { return chat.Wish{Kept: "waits/" + ev.Conversation.String()} }
		curious.machines()
		listen := router.Bot{Places: []chat.Conversation{m.place("C1"), m.place("C2")}}
		w := newBotWorld(t, router.Setup{Bots: []router.Bot{shy.in(listen), curious.in(listen)}}, []*bot{shy, curious}, m)
		w.keep(t, "waits/slack/team#C2", []byte("x"))
		w.says(t, m, "Ann", m.place("C1"), "one")
		w.says(t, m, "Ann", m.place("C2"), "two")
		err := m.happens(t.Context(), chat.Event{
			Conversation: m.place("C1"), Message: "x", Author: chat.Author{ID: "gh", Bot: true}, What: posted("three"),
		})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		hears(t, shy, "two")
		hears(t, curious, "one", "two", "three")
	})
}

// keep has the world's store keep something.
func (w *world) keep(t *testing.T, key string, value []byte) {
	t.Helper()
	err := w.store.Change(t.Context(), func(store.View) (store.Changes, error) {
		return store.Changes{Keep: map[string][]byte{key: value}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A bot's own message is named by the bot: it can be changed, taken back, answered and marked, before and after it is there.
func TestABotChangesWhatItSaid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newTown("slack/team")
		var said chat.Ref
		b := newBot("b", func(h chat.Hear) []chat.Act {
			at := h.Event.Conversation
			switch briefly(h) {
			case "begin":
				s, other := saying(h, 0, "one"), saying(h, 1, "answer")
				said = s.Ref
				other.Post.ReplyTo = s.Ref.Message
				return []chat.Act{
					s, other,
					chat.Reword{Ref: s.Ref, Edit: chat.Edit{To: at, Text: text.Plain("two")}},
					chat.Sign{React: chat.React{To: at, Message: s.Ref.Message, Emoji: "🎉"}},
					chat.Sign{React: chat.React{To: at, Message: h.Event.Message, Emoji: "👀"}},
				}
			case "change":
				return []chat.Act{chat.Reword{Ref: said, Edit: chat.Edit{To: at, Text: text.Plain("three")}}}
			case "end":
				return []chat.Act{chat.Unsay{Ref: said}}
			}
			return nil
		})
		w := newBotWorld(t, router.Setup{Bots: []router.Bot{b.in(router.Bot{Accounts: []chat.Account{m.account}})}}, []*bot{b}, m)
		at := m.place("C1")
		begin := w.says(t, m, "Ann", at, "begin")
		reads(t, m, at, "begin", "two", "answer")
		if got := m.marks(begin); got != "👀" {
			t.Errorf("what was heard is marked %q, want 👀", got)
		}
		own, _ := m.reads(at, "two")
		answer, _ := m.reads(at, "answer")
		if got := m.marks(own.id); got != "🎉" || answer.post.ReplyTo != own.id {
			t.Errorf("its own message is marked %q and answered by %q's reply, want 🎉 and %s", got, answer.post.ReplyTo, own.id)
		}
		w.says(t, m, "Ann", at, "change")
		reads(t, m, at, "begin", "three", "answer", "change")
		w.says(t, m, "Ann", at, "end")
		reads(t, m, at, "begin", "answer", "change", "end")
	})
}

func TestWhatAPlatformHasNoMeansForComesToNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newTown("x/acme")
		m.traits.Edit.Out, m.traits.Delete.Out, m.traits.React.Out = false, false, false
		b := newBot("b", func(h chat.Hear) []chat.Act {
			s, at := saying(h, 0, "one"), h.Event.Conversation
			return []chat.Act{
				s,
				chat.Reword{Ref: s.Ref, Edit: chat.Edit{To: at, Text: text.Plain("two")}},
				chat.Unsay{Ref: s.Ref},
				chat.Sign{React: chat.React{To: at, Message: h.Event.Message, Emoji: "👀"}},
				chat.HandOff{At: at, Reason: "help"},
				chat.HandBack{At: at},
			}
		})
		w := newBotWorld(t, router.Setup{Bots: []router.Bot{b.in(router.Bot{Accounts: []chat.Account{m.account}})}}, []*bot{b}, m)
		w.says(t, m, "Ann", m.place("dm"), "hi")
		reads(t, m, m.place("dm"), "hi", "one")
		if n := w.count(t); n[chat.Rejected]+n[chat.Dead]+n[chat.Waiting] != 0 {
			t.Errorf("deliveries %v, want none that failed", n)
		}
	})
}

// Choices are buttons where there are cards, and numbered words elsewhere.
func TestChoicesAreButtonsOrNumbers(t *testing.T) {
	t.Parallel()
	for _, cards := range []bool{true, false} {
		t.Run(fmt.Sprint(cards), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := newTown("slack/team")
				m.traits.Cards = cards
				b := newBot("b", func(h chat.Hear) []chat.Act {
					if p, ok := h.Event.What.(chat.Pressed); ok {
						s := saying(h, 0, "you chose "+p.Value)
						return []chat.Act{chat.Reword{Ref: h.About, Edit: chat.Edit{To: h.Event.Conversation, Text: text.Plain("Size?")}}, s}
					}
					if briefly(h) == "size" {
						return []chat.Act{choosing(h, "Size?", "S", "M", "L")}
					}
					return []chat.Act{saying(h, 0, "you chose "+briefly(h))}
				})
				w := newBotWorld(t, router.Setup{Bots: []router.Bot{b.in(router.Bot{Accounts: []chat.Account{m.account}})}}, []*bot{b}, m)
				at := m.place("C1")
				w.says(t, m, "Ann", at, "size")
				asked := m.list(at)[1]
				if !cards {
					if asked.post.Card != nil || asked.post.Text.Body != "Size?\n1. S\n2. M\n3. L" {
						t.Fatalf("it asks %q with card %v, want numbered lines", asked.post.Text.Body, asked.post.Card)
					}
					w.says(t, m, "Ann", at, "m")
					reads(t, m, at, "size", "Size?\n1. S\n2. M\n3. L", "m", "you chose m")
					return
				}
				if asked.post.Card == nil || asked.post.Text.Body != "Size?" || len(asked.post.Card.Buttons) != 3 {
					t.Fatalf("it asks %q with card %+v, want buttons", asked.post.Text.Body, asked.post.Card)
				}
				press := asked.post.Card.Buttons[1]
				w.happens(t, "Ann", where{m, at}, asked.id, chat.Pressed{Button: press.ID, Value: press.Value})
				reads(t, m, at, "size", "Size?", "you chose m")
				if now := m.list(at)[1]; now.post.Card != nil {
					t.Errorf("the question still has %+v, want no buttons", now.post.Card)
				}
			})
		})
	}
}

// The button of one bot is no matter of another's.
func TestAButtonIsItsBotsAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, other := newTown("slack/team"), newBot("other", nil)
		b := newBot("b", func(h chat.Hear) []chat.Act {
			if briefly(h) == "size" {
				return []chat.Act{choosing(h, "Size?", "S", "M")}
			}
			return nil
		})
		listen := router.Bot{Accounts: []chat.Account{m.account}}
		w := newBotWorld(t, router.Setup{Bots: []router.Bot{b.in(listen), other.in(listen)}}, []*bot{b, other}, m)
		at := m.place("C1")
		w.says(t, m, "Ann", at, "size")
		w.happens(t, "Ann", where{m, at}, m.list(at)[1].id, chat.Pressed{Button: "choose", Value: "s"})
		w.happens(t, "Ann", where{m, at}, m.list(at)[1].id, chat.Reacted{Emoji: "👍"})
		hears(t, b, "size", "pressed choose s", "reacted")
		hears(t, other, "size", "reacted")
		if b.last(t).About.SaidBy() != b.account || !other.last(t).About.IsZero() {
			t.Errorf("about %v and %v, want the bot's own message and nothing", b.last(t).About, other.last(t).About)
		}
	})
}
