package router_test

import (
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// twin is the thread of a town in which something is said.
func (m *town) twin(t *testing.T, at chat.Conversation, said string) chat.Conversation {
	t.Helper()
	x, ok := m.reads(at, said)
	if !ok || x.at.Thread == "" {
		t.Fatalf("%q is said in %v, want it in a thread of %v, which reads %q", said, x.at, at, m.in(at))
	}
	return x.at
}

func (m *town) branchesOpen() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.threads)
}

func TestAThreadHasTwins(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, towns, at := lounge(t)
		towns[2].traits.Threads = false
		root := w.says(t, towns[0], "Ann", at[0], "plans?")
		in := towns[0].branches(at[0], root)
		w.says(t, towns[0], "Bob", in, "tea")
		w.says(t, towns[0], "Ann", in, "coffee")
		// It hangs on the copy of the message that it hangs on.
		copied, _ := towns[1].reads(at[1], "plans?")
		twin := towns[1].twin(t, at[1], "tea")
		if want := towns[1].hung(copied.id); twin != want || towns[1].branchesOpen() != 1 {
			t.Errorf("the twin is %v of %d threads, want %v alone", twin, towns[1].branchesOpen(), want)
		}
		reads(t, towns[1], twin, "tea", "coffee")
		// Where there are no threads, the talk answers that message.
		reads(t, towns[2], at[2], "plans?", "tea", "coffee")
		asked, _ := towns[2].reads(at[2], "plans?")
		for _, said := range []string{"tea", "coffee"} {
			if x, _ := towns[2].reads(at[2], said); x.post.ReplyTo != asked.id {
				t.Errorf("%q answers %q, want %q", said, x.post.ReplyTo, asked.id)
			}
		}
		// What is said in the twin is said in the thread.
		back := w.says(t, towns[1], "Cem", twin, "both")
		reads(t, towns[0], in, "tea", "coffee", "both")
		reads(t, towns[2], at[2], "plans?", "tea", "coffee", "both")
		w.happens(t, "Cem", where{towns[1], twin}, back, chat.Edited{Text: text.Plain("neither")})
		reads(t, towns[0], in, "tea", "coffee", "neither")
		// Whoever takes a copy back takes the message back everywhere.
		x, _ := towns[0].reads(in, "neither")
		w.happens(t, "Ann", where{towns[0], in}, x.id, chat.Deleted{})
		reads(t, towns[1], twin, "tea", "coffee")
		reads(t, towns[2], at[2], "plans?", "tea", "coffee")
		if n := w.count(t); n[chat.Rejected]+n[chat.Dead]+n[chat.Waiting] != 0 {
			t.Errorf("deliveries %v, want all sent", n)
		}
	})
}

// hung is the thread on a message.
func (m *town) hung(root chat.MessageID) chat.Conversation {
	at := m.place("lounge")
	at.Thread = chat.ThreadID("t" + string(root))
	return at
}

func TestAnEditThatCanOnlyBePostedStaysInItsThread(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, towns, at := lounge(t)
		towns[1].traits.Edit.Out = false
		in := towns[0].branches(at[0], w.says(t, towns[0], "Ann", at[0], "plans?"))
		said := w.says(t, towns[0], "Bob", in, "tea")
		w.happens(t, "Bob", where{towns[0], in}, said, chat.Edited{Text: text.Plain("coffee")})
		reads(t, towns[1], towns[1].twin(t, at[1], "tea"), "tea", "(edited) coffee")
	})
}

func TestATwinThatIsRefusedLeavesAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, towns, at := lounge(t)
		tries := 0
		towns[1].fail = func(a chat.Action) error {
			if _, ok := a.(chat.Open); !ok {
				return nil
			}
			tries++
			return &chat.Error{Op: "t", Kind: chat.Refused, Reason: "threads are not allowed here"}
		}
		root := w.says(t, towns[0], "Ann", at[0], "plans?")
		in := towns[0].branches(at[0], root)
		w.says(t, towns[0], "Bob", in, "tea")
		w.says(t, towns[0], "Bob", in, "coffee")
		reads(t, towns[1], at[1], "plans?", "tea", "coffee")
		asked, _ := towns[1].reads(at[1], "plans?")
		if x, _ := towns[1].reads(at[1], "coffee"); x.at.Thread != "" || x.post.ReplyTo != asked.id {
			t.Errorf("it is %+v, want an answer in the place", x)
		}
		reads(t, towns[0], in, "tea", "coffee") // nobody is bothered with it
		if tries != 1 {
			t.Errorf("it was tried %d times, want once", tries)
		}
	})
}

// What was said before there was a twin is edited where it is.
func TestACopyBesideItsTwinIsEditedWhereItIs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, towns, at := lounge(t)
		var broken atomic.Bool
		broken.Store(true)
		towns[1].fail = func(a chat.Action) error {
			if _, ok := a.(chat.Open); ok && broken.Load() {
				return errors.New("no luck")
			}
			return nil
		}
		in := towns[0].branches(at[0], w.says(t, towns[0], "Ann", at[0], "plans?"))
		said := w.says(t, towns[0], "Bob", in, "tea")
		pass(24 * time.Hour)
		broken.Store(false)
		w.says(t, towns[0], "Bob", in, "coffee")
		twin := towns[1].twin(t, at[1], "coffee")
		w.happens(t, "Bob", where{towns[0], in}, said, chat.Edited{Text: text.Plain("rum")})
		reads(t, towns[1], at[1], "plans?", "rum", "coffee")
		reads(t, towns[1], twin, "coffee")
	})
}

func TestATwinThatIsDeletedInTheMiddleIsOpenedAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, towns, at := lounge(t)
		in := towns[0].branches(at[0], w.says(t, towns[0], "Ann", at[0], "plans?"))
		w.says(t, towns[0], "Bob", in, "tea")
		old := towns[1].twin(t, at[1], "tea")
		var stalled atomic.Bool
		stalled.Store(true)
		towns[1].fail = func(chat.Action) error {
			if stalled.Load() {
				return &chat.Error{Op: "t", Kind: chat.Throttled, Wait: time.Minute}
			}
			return nil
		}
		for _, said := range []string{"one", "two", "three"} {
			w.says(t, towns[0], "Bob", in, said)
		}
		towns[1].closes(old)
		stalled.Store(false)
		pass(time.Hour)
		w.says(t, towns[0], "Bob", in, "four")
		next := towns[1].twin(t, at[1], "one")
		reads(t, towns[1], next, "one", "two", "three", "four")
		reads(t, towns[1], at[1], "plans?", "🧵 one", "one", "two", "three", "four")
		reads(t, towns[0], in, "tea", "one", "two", "three", "four")
		reads(t, towns[2], towns[2].twin(t, at[2], "tea"), "tea", "one", "two", "three", "four")
		// The new one is the thread's twin now.
		w.says(t, towns[1], "Cem", next, "here I am")
		reads(t, towns[0], in, "tea", "one", "two", "three", "four", "here I am")
	})
}

// The thread that the twins stand for may be gone itself; its talk goes on in its place.
func TestAThreadThatIsGoneGoesOnInItsPlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, towns, at := lounge(t)
		in := towns[0].branches(at[0], w.says(t, towns[0], "Ann", at[0], "plans?"))
		w.says(t, towns[0], "Bob", in, "tea")
		twin := towns[1].twin(t, at[1], "tea")
		towns[0].closes(in)
		for _, said := range []string{"one", "two"} {
			w.says(t, towns[1], "Cem", twin, said)
		}
		reads(t, towns[0], at[0], "plans?", "one", "two")
		reads(t, towns[1], twin, "tea", "one", "two")
		if n := w.count(t); n[chat.Rejected] != 1 {
			t.Errorf("deliveries %v, want one refused: afterwards it is known", n)
		}
	})
}

func TestAPlaceThatIsGoneIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, towns, at := lounge(t)
		in := towns[0].branches(at[0], w.says(t, towns[0], "Ann", at[0], "plans?"))
		w.says(t, towns[0], "Bob", in, "tea")
		towns[1].fail = func(chat.Action) error { return gone() }
		w.says(t, towns[0], "Bob", in, "coffee")
		pass(time.Hour)
		reads(t, towns[0], in, "tea", "coffee", "⚠️ This did not reach discord/fans#lounge: the conversation or message is no longer there.")
	})
}

func TestAReactionInATwinReachesTheThread(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, towns, at := lounge(t)
		in := towns[0].branches(at[0], w.says(t, towns[0], "Ann", at[0], "plans?"))
		said := w.says(t, towns[0], "Bob", in, "tea")
		twin := towns[1].twin(t, at[1], "tea")
		x, _ := towns[1].reads(twin, "tea")
		w.happens(t, "Cem", where{towns[1], twin}, x.id, chat.Reacted{Emoji: "👍"})
		if got := towns[0].marks(said); got != "👍" {
			t.Errorf("it is marked %q, want 👍", got)
		}
		other, _ := towns[2].reads(at[2], "tea")
		if !slices.Equal(other.reactions, []string{"👍"}) {
			t.Errorf("elsewhere it is marked %q, want 👍", other.reactions)
		}
	})
}
