package router_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/roost-im/roost/router"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/route"
	"github.com/roost-im/roost/router/text"
)

// hall is a mirror of three towns with bots in it.
func hall(t *testing.T, bots ...*bot) (w *world, towns [3]*town, at [3]chat.Conversation) {
	t.Helper()
	for i, a := range []chat.Account{"slack/team", "discord/fans", "telegram/bot"} {
		towns[i] = newTown(a)
		at[i] = towns[i].place("lounge")
	}
	setup := router.Setup{Mirrors: []route.Mirror{mirror(at[:]...)}}
	for _, b := range bots {
		setup.Bots = append(setup.Bots, b.in(router.Bot{Routes: []string{"lounge"}}))
	}
	return newBotWorld(t, setup, bots, towns[:]...), towns, at
}

func TestWhatABotSaysInAMirrorStandsEverywhereOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var said chat.Ref
		b := newBot("helper", func(h chat.Hear) []chat.Act {
			switch briefly(h) {
			case "help":
				s := saying(h, 0, "how?")
				s.Post.ReplyTo = h.Event.Message
				said = s.Ref
				return []chat.Act{s, chat.Sign{React: chat.React{To: h.Event.Conversation, Message: h.Event.Message, Emoji: "👀"}}}
			case "change":
				return []chat.Act{chat.Reword{Ref: said, Edit: chat.Edit{To: said.Conversation, Text: text.Plain("how then?")}}}
			case "forget it":
				return []chat.Act{chat.Unsay{Ref: said}}
			}
			return nil
		})
		w, towns, at := hall(t, b)
		for i, m := range towns {
			m.traits.Persona = i != 2
		}
		asked := w.says(t, towns[1], "Bob", at[1], "help")
		reads(t, towns[0], at[0], "help", "how?")
		reads(t, towns[1], at[1], "help", "how?")
		reads(t, towns[2], at[2], "Bob: help", "helper: how?")
		own, _ := towns[1].reads(at[1], "how?")
		other, _ := towns[0].reads(at[0], "how?")
		if own.post.As != nil || other.post.As == nil || other.post.As.Name != "helper" {
			t.Errorf("it appears as %v and %v, want itself where it was asked, and helper elsewhere", own.post.As, other.post.As)
		}
		copied, _ := towns[0].reads(at[0], "help")
		if own.post.ReplyTo != asked || other.post.ReplyTo != copied.id {
			t.Errorf("it answers %q and %q, want the message and its copy", own.post.ReplyTo, other.post.ReplyTo)
		}
		if a, c := towns[1].marks(asked), towns[0].marks(copied.id); a != "👀" || c != "👀" {
			t.Errorf("the question is marked %q and %q, want 👀 everywhere", a, c)
		}
		w.says(t, towns[0], "Ann", at[0], "change")
		reads(t, towns[0], at[0], "help", "how then?", "change")
		reads(t, towns[1], at[1], "help", "how then?", "change")
		w.says(t, towns[2], "Cem", at[2], "forget it")
		for i, m := range towns {
			if got := strings.Join(m.in(at[i]), "\n"); strings.Contains(got, "how") {
				t.Errorf("%s still reads %q", m.account, got)
			}
		}
		hears(t, b, "help", "change", "forget it")
		if to := b.last(t).To; to.ID != "lounge" {
			t.Errorf("the talk is %q, want the mirror's name for all conversations of it", to.ID)
		}
	})
}

// Whoever presses a copy of the bot's question elsewhere is understood; and so is whoever answers it, or marks it.
func TestABotIsToldWhatACopyIsAbout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBot("poll", func(h chat.Hear) []chat.Act {
			if briefly(h) == "poll" {
				return []chat.Act{choosing(h, "Tea?", "Yes", "No")}
			}
			return nil
		})
		w, towns, at := hall(t, b)
		towns[2].traits.Cards = false
		w.says(t, towns[0], "Ann", at[0], "poll")
		own, _ := towns[0].reads(at[0], "Tea?")
		copied, _ := towns[1].reads(at[1], "Tea?")
		if copied.post.Card == nil || !slices.EqualFunc(copied.post.Card.Buttons, own.post.Card.Buttons, func(a, b chat.Button) bool { return a.Value == b.Value }) {
			t.Fatalf("the copy has %+v, want the same buttons", copied.post.Card)
		}
		lines, ok := towns[2].reads(at[2], "Tea?\n1. Yes\n2. No")
		if !ok {
			t.Fatalf("without cards it reads %q, want numbered lines", towns[2].in(at[2]))
		}
		w.happens(t, "Bob", where{towns[1], at[1]}, copied.id, chat.Pressed{Button: "choose", Value: "yes"})
		w.happens(t, "Bob", where{towns[1], at[1]}, copied.id, chat.Reacted{Emoji: "👍"})
		w.happens(t, "Ann", where{towns[0], at[0]}, own.id, chat.Pressed{Button: "choose", Value: "no"})
		said, err := towns[2].says(t.Context(), "Cem", at[2], chat.Posted{Text: text.Plain("2"), ReplyTo: lines.id})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		hears(t, b, "poll", "pressed choose yes", "reacted", "pressed choose no", "2")
		for _, h := range b.heard[1:] {
			if h.About.SaidBy() != b.account || !strings.HasSuffix(string(h.About.Message), "-0") {
				t.Errorf("%s is about %v, want the question", briefly(h), h.About)
			}
		}
		if got := towns[0].marks(own.id); got != "👍" {
			t.Errorf("the question is marked %q where it was asked, want 👍", got)
		}
		answer, _ := towns[1].reads(at[1], "2")
		if answer.post.ReplyTo != copied.id {
			t.Errorf("the copy of %s answers %q, want %s", said, answer.post.ReplyTo, copied.id)
		}
	})
}

// What is said in all conversations of a mirror comes to a bot one at a time, and in order.
func TestOneTalkComesOneAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBot("slow", nil)
		busy, most := 0, 0
		b.hear = func(context.Context, chat.Hear) (chat.Outcome, error) {
			b.mu.Lock()
			busy++
			most = max(most, busy)
			b.mu.Unlock()
			<-time.After(time.Second)
			b.mu.Lock()
			busy--
			b.mu.Unlock()
			return chat.Outcome{}, nil
		}
		w, towns, at := hall(t, b)
		var want []string
		for n := range 9 {
			words := fmt.Sprint("word ", n)
			w.says(t, towns[n%3], "Ann", at[n%3], words)
			want = append(want, words)
		}
		pass(10 * time.Second)
		hears(t, b, want...)
		if most != 1 {
			t.Errorf("%d were heard at once, want one", most)
		}
	})
}

// In a thread, a bot answers in the thread and in its twins.
func TestABotAnswersInAThreadAndItsTwins(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBot("echo", echoes)
		w, towns, at := hall(t, b)
		towns[2].traits.Threads = false
		root := w.says(t, towns[0], "Ann", at[0], "plan")
		in := towns[0].branches(at[0], root)
		w.says(t, towns[0], "Bob", in, "when?")
		reads(t, towns[0], in, "when?", "echo: when?")
		reads(t, towns[1], towns[1].thread(t), "when?", "echo: when?")
		flat, _ := towns[2].reads(at[2], "echo: when?")
		copied, _ := towns[2].reads(at[2], "plan")
		if flat.post.ReplyTo != copied.id {
			t.Errorf("without threads it answers %q, want what the thread hangs on, %s", flat.post.ReplyTo, copied.id)
		}
	})
}

// A platform without replies shows what the bot answers.
func TestABotsAnswerQuotesWhereItCanNotReply(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBot("b", func(h chat.Hear) []chat.Act {
			s := saying(h, 0, "yes")
			s.Post.ReplyTo = h.Event.Message
			return []chat.Act{s}
		})
		w, towns, at := hall(t, b)
		towns[1].traits.Reply = false
		w.says(t, towns[0], "Ann", at[0], "really?")
		got := towns[1].in(at[1])
		if len(got) != 2 || !strings.Contains(got[1], "really?") || !strings.HasSuffix(got[1], "yes") {
			t.Errorf("without replies it reads %q, want the question in the answer", got)
		}
	})
}

// Bots that hear each other, in one place or over a mirror, end after three routes.
func TestBotsDoNotTalkForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		one, two := newBot("one", echoes).machines(), newBot("two", echoes).machines()
		w, towns, at := hall(t, one, two)
		w.says(t, towns[0], "Ann", at[0], "hi")
		// Both answer; each answer is answered by the other one, and that is heard by nobody any more.
		hears(t, one, "hi", "echo: hi", "echo: echo: hi")
		hears(t, two, "hi", "echo: hi", "echo: echo: hi")
		for i, m := range towns {
			if got := m.in(at[i]); len(got) != 7 || m.n > 20 {
				t.Errorf("%s reads %q, want six answers", m.account, got)
			}
			for _, x := range m.list(at[i]) {
				if x.post.Hops > route.MaxHops {
					t.Errorf("%q has passed %d routes", x.post.Text.Body, x.post.Hops)
				}
			}
		}
	})
}

// What one account of ours posted another one may see as a bot's.
func TestOurOwnPostsAreNotHeardThroughAnotherAccount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBot("echo", echoes).machines()
		a, other, far := newTown("slack/team"), newTown("slack/other"), newTown("discord/fans")
		setup := router.Setup{
			Mirrors: []route.Mirror{mirror(a.place("C1"), far.place("1"))},
			Bots:    []router.Bot{b.in(router.Bot{Routes: []string{"lounge"}, Accounts: []chat.Account{other.account}})},
		}
		w := newBotWorld(t, setup, []*bot{b}, a, other, far)
		// The other account sees each post at once, before the first one's receipt is stored.
		seen := 0
		a.echo = func(ev chat.Event) chat.Event {
			ev.Conversation.Account, ev.Author = other.account, chat.Author{ID: "app", Bot: true}
			seen++
			other.echoes <- ev
			ev.Conversation.Account, ev.Author.Self = a.account, true
			return ev
		}
		w.says(t, far, "Ann", far.place("1"), "hi")
		pass(time.Second)
		reads(t, a, a.place("C1"), "hi", "echo: hi")
		hears(t, b, "hi")
		if seen != 2 {
			t.Errorf("the other account saw %d posts, want both", seen)
		}
	})
}

// Whatever a bot does about what it hears, every message of it stands once in every conversation, or in none.
func TestWhateverABotDoesNothingIsDoubled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		x := &wild{taken: map[chat.Ref]bool{}}
		w, towns, at := hall(t, newBot("wild", x.acts))
		rapid.Check(struct{ rapid.TB }{t}, func(rt *rapid.T) { // a bubble has no deadline to ask for
			x.refs, x.dice = nil, rapid.SliceOfN(rapid.IntRange(0, 1000), 80, 80).Draw(rt, "dice")
			for range rapid.IntRange(1, 5).Draw(rt, "messages") {
				i := rapid.IntRange(0, 2).Draw(rt, "where")
				w.says(t, towns[i], "Ann", at[i], "go on")
			}
			pass(time.Minute)
			for _, ref := range x.refs {
				once(rt, w.copies(t, ref), ref, at[:])
			}
			first := slices.Sorted(slices.Values(towns[0].in(at[0])))
			for i, m := range towns {
				if got := slices.Sorted(slices.Values(m.in(at[i]))); !slices.Equal(got, first) {
					rt.Fatalf("%s reads %q, %s %q", m.account, got, towns[0].account, first)
				}
			}
		})
	})
}

// wild is a bot that does anything.
type wild struct {
	dice  []int      // what it makes of it
	refs  []chat.Ref // what it said
	taken map[chat.Ref]bool
	n     int
}

// roll is a number below n.
func (x *wild) roll(n int) int {
	if len(x.dice) == 0 {
		return 0
	}
	rolled := x.dice[0] % n
	x.dice = x.dice[1:]
	return rolled
}

func (x *wild) acts(h chat.Hear) []chat.Act {
	var acts []chat.Act
	for i := range x.roll(6) {
		x.n++
		s := saying(h, i, fmt.Sprint("wild ", x.n))
		kind := x.roll(4)
		if kind == 0 || len(x.refs) == 0 {
			x.refs = append(x.refs, s.Ref)
			acts = append(acts, s)
			continue
		}
		switch ref := x.refs[x.roll(len(x.refs))]; kind {
		case 1:
			if !x.taken[ref] {
				acts = append(acts, chat.Reword{Ref: ref, Edit: chat.Edit{To: ref.Conversation, Text: s.Post.Text}})
			}
		case 2:
			x.taken[ref] = true
			acts = append(acts, chat.Unsay{Ref: ref})
		case 3:
			s.Post.ReplyTo = ref.Message
			x.refs = append(x.refs, s.Ref)
			acts = append(acts, s, chat.Sign{React: chat.React{To: s.Post.To, Message: h.Event.Message, Emoji: "👀"}})
		}
	}
	return acts
}

// once fails unless a message has one copy in each place.
func once(t *rapid.T, copies []chat.Copy, ref chat.Ref, at []chat.Conversation) {
	t.Helper()
	for _, place := range at {
		n := 0
		for _, c := range copies {
			if c.Dest.Conversation == place {
				n++
			}
		}
		if n != 1 {
			t.Fatalf("%v stands %d times in %v: %v", ref, n, place, copies)
		}
	}
}
