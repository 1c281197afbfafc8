package router_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-im/roost/router"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/route"
	"github.com/roost-im/roost/router/text"
)

// lounge is a world with three places that show the same talk.
func lounge(t *testing.T) (w *world, towns [3]*town, at [3]chat.Conversation) {
	t.Helper()
	for i, a := range []chat.Account{"slack/team", "discord/fans", "telegram/bot"} {
		towns[i] = newTown(a)
		at[i] = towns[i].place("lounge")
	}
	w = newWorld(t, router.Setup{Mirrors: []route.Mirror{mirror(at[:]...)}}, towns[:]...)
	return w, towns, at
}

func TestAMirrorShowsTheSameTalkEverywhere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, towns, at := lounge(t)
		asked := w.says(t, towns[0], "Ann", at[0], "who is there?")
		copied, _ := towns[1].reads(at[1], "who is there?")
		if copied.post.As == nil || copied.post.As.Name != "Ann" || copied.post.Hops != 1 {
			t.Errorf("the copy is %+v, want Ann's, with one route passed", copied.post)
		}
		_, err := towns[1].says(t.Context(), "Bob", at[1], chat.Posted{Text: text.Plain("me"), ReplyTo: copied.id})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if m, _ := towns[0].reads(at[0], "me"); m.post.ReplyTo != asked {
			t.Errorf("the answer replies to %q where it was asked, want %q", m.post.ReplyTo, asked)
		}
		other, _ := towns[2].reads(at[2], "who is there?")
		if m, _ := towns[2].reads(at[2], "me"); m.post.ReplyTo != other.id {
			t.Errorf("the answer replies to %q in the third place, want %q", m.post.ReplyTo, other.id)
		}
		w.happens(t, "Cem", where{towns[2], at[2]}, other.id, chat.Reacted{Emoji: "👋"})
		for i, m := range towns[:2] {
			if x, _ := m.reads(at[i], "who is there?"); !slices.Equal(x.reactions, []string{"👋"}) {
				t.Errorf("in place %d the reactions are %q, want 👋", i, x.reactions)
			}
		}
		w.happens(t, "Ann", where{towns[0], at[0]}, asked, chat.Edited{Text: text.Plain("who else?")})
		reads(t, towns[1], at[1], "who else?", "me")
		reads(t, towns[2], at[2], "who else?", "me")
		w.happens(t, "Ann", where{towns[0], at[0]}, asked, chat.Deleted{})
		reads(t, towns[1], at[1], "me")
		reads(t, towns[2], at[2], "me")
	})
}

func TestOurOwnPostsGoNoFurther(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		as   chat.Author
	}{
		{"known by the platform's flag", chat.Author{ID: "roost", Self: true}},
		{"known by our receipts", chat.Author{ID: "webhook", Bot: true}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a, b := newTown("slack/team"), newTown("discord/fans")
				echo := func(ev chat.Event) chat.Event { ev.Author = tc.as; return ev }
				m := mirror(a.place("l"), b.place("l"))
				m.Bots = []string{route.AllBots}
				w := newWorld(t, router.Setup{Mirrors: []route.Mirror{m}}, a, b)
				var shown []chat.Event
				b.echo = func(ev chat.Event) chat.Event { shown = append(shown, echo(ev)); return echo(ev) }
				if !tc.as.Self {
					b.echo = nil // it is told after the receipt is stored, as platforms mostly do
				}
				w.says(t, a, "Ann", a.place("l"), "hello")
				if !tc.as.Self {
					copied, _ := b.reads(b.place("l"), "hello")
					if err := b.happens(t.Context(), chat.Event{Conversation: b.place("l"), Message: copied.id, Author: tc.as, What: chat.Posted{Text: text.Plain("hello")}}); err != nil {
						t.Fatal(err)
					}
					synctest.Wait()
				} else if len(shown) != 1 {
					t.Errorf("%d echoes, want one", len(shown))
				}
				reads(t, a, a.place("l"), "hello")
				reads(t, b, b.place("l"), "hello")
			})
		})
	}
}

func TestAnEditBecomesAMessageWhereNothingCanBeEdited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, towns, at := lounge(t)
		towns[1].traits.Edit.Out = false
		towns[1].traits.Text.Max = 40
		said := w.says(t, towns[0], "Ann", at[0], "one")
		w.happens(t, "Ann", where{towns[0], at[0]}, said, chat.Edited{Text: text.Plain(strings.Repeat("word ", 12) + "end")})
		got := towns[1].in(at[1])
		if len(got) < 3 || got[0] != "one" || !strings.HasPrefix(got[1], "(edited) word") || !strings.HasSuffix(got[len(got)-1], "end") {
			t.Errorf("it reads %q, want the old text and the new one behind it, in parts", got)
		}
		for _, s := range got {
			if len(s) > 40 {
				t.Errorf("%q is longer than 40", s)
			}
		}
	})
}

func TestWhatDoesNotArriveIsToldItsAuthorOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, towns, at := lounge(t)
		refuse := func(chat.Action) error {
			return &chat.Error{Op: "t", Kind: chat.Refused, Reason: "the channel is read-only"}
		}
		towns[1].fail = refuse
		said := w.says(t, towns[0], "Ann", at[0], "hello")
		reads(t, towns[0], at[0], "hello", "⚠️ This did not reach discord/fans#lounge: the channel is read-only.")
		if m := towns[0].list(at[0])[1]; m.post.ReplyTo != said {
			t.Errorf("the telling replies to %q, want %q", m.post.ReplyTo, said)
		}
		reads(t, towns[2], at[2], "hello")
		// Nothing is told of a telling, or two broken places would talk for ever.
		towns[0].fail = refuse
		w.says(t, towns[0], "Ann", at[0], "again")
		pass(time.Hour)
		if n := w.count(t); n[chat.Rejected] != 3 || n[chat.Waiting] != 0 {
			t.Errorf("deliveries %v, want two refused copies, one refused telling and none waiting", n)
		}
	})
}

func TestAcceptFailsWhenNothingIsStoredAndNothingFollows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, towns, at := lounge(t)
		if err := w.store.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := towns[0].says(t.Context(), "Ann", at[0], chat.Posted{Text: text.Plain("hello")}); err == nil {
			t.Error("Accept = nil though the store is closed")
		}
		if err := <-w.ended; err == nil {
			t.Error("Run = nil though the store is closed")
		}
		w.cancel()
		w.cancel = nil
		reads(t, towns[1], at[1])
	})
}

func TestTheSameEventTwiceIsCarriedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, towns, at := lounge(t)
		ev := chat.Event{ID: "same", Conversation: at[0], Message: "x1", Author: person("Ann"), What: chat.Posted{Text: text.Plain("hello")}}
		var errs []error
		for range 3 {
			errs = append(errs, towns[0].happens(t.Context(), ev))
		}
		synctest.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		w.stop(t)
		w.run(t)
		if err := towns[0].happens(t.Context(), ev); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		reads(t, towns[1], at[1], "hello")
	})
}

func TestATalkKeepsItsOrderThroughFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, towns, at := lounge(t)
		tries := 0
		towns[1].fail = func(chat.Action) error {
			if tries++; tries%3 != 0 {
				return errors.New("no luck")
			}
			return nil
		}
		var want []string
		for n := range 20 {
			want = append(want, fmt.Sprint("message ", n))
			w.says(t, towns[0], "Ann", at[0], want[n])
		}
		pass(time.Hour)
		reads(t, towns[1], at[1], want...)
		reads(t, towns[2], at[2], want...)
	})
}

func TestExplainSaysWhatHappensAndChangesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := newTown("slack/team"), newTown("discord/fans")
		x := newTown("x/acme")
		w := newWorld(t, router.Setup{
			Mirrors: []route.Mirror{mirror(a.place("l"), b.place("l"))},
			Desks:   []router.Desk{support(x.account, 0, a.place("C1"))},
		}, a, b, x)
		for _, tc := range []struct {
			name  string
			ev    chat.Event
			why   string
			n     int
			opens bool
		}{
			{"mirrored", chat.Event{Conversation: a.place("l"), Author: person("Ann")}, "mirror lounge", 1, false},
			{"a bot's", chat.Event{Conversation: a.place("l"), Author: chat.Author{ID: "b", Bot: true}}, "bots are not carried", 0, false},
			{"our own", chat.Event{Conversation: a.place("l"), Author: chat.Author{ID: "r", Self: true}}, "own", 0, false},
			{"nowhere", chat.Event{Conversation: a.place("z"), Author: person("Ann")}, "no route takes it", 0, false},
			{"to the desk", chat.Event{Conversation: x.place("dm-jane"), Author: person("Jane"), Direct: true}, "a new case", 2, true},
			{"on the surface", chat.Event{Conversation: a.place("C1"), Author: person("Ann")}, "no case's thread", 0, false},
		} {
			tc.ev.ID, tc.ev.Message, tc.ev.What = "new", "new", chat.Posted{Text: text.Plain("hello")}
			got, err := w.router.Explain(t.Context(), tc.ev)
			if err != nil {
				t.Fatalf("%s: %v", tc.name, err)
			}
			if !strings.Contains(strings.Join(got.Why, "; "), tc.why) || len(got.Deliveries) != tc.n || got.Opens != tc.opens {
				t.Errorf("%s: because %q, %d deliveries, opens %v; want %q, %d, %v", tc.name, got.Why, len(got.Deliveries), got.Opens, tc.why, tc.n, tc.opens)
			}
		}
		pass(time.Minute)
		if n := w.count(t); len(n) != 0 && n[chat.Sent]+n[chat.Waiting] != 0 {
			t.Errorf("deliveries %v, want none: explaining changes nothing", n)
		}
	})
}

// An author who believes that something is taken back must hear that it is not. What was never carried is no matter.
func TestAChangeThatDoesNotArriveIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, towns, at := lounge(t)
		said := w.says(t, towns[0], "Ann", at[0], "one")
		towns[1].fail = func(chat.Action) error {
			return &chat.Error{Op: "t", Kind: chat.Refused, Reason: "the message is too old"}
		}
		w.happens(t, "Ann", where{towns[0], at[0]}, said, chat.Edited{Text: text.Plain("two")})
		w.happens(t, "Ann", where{towns[0], at[0]}, said, chat.Deleted{})
		w.happens(t, "Ann", where{towns[0], at[0]}, said, chat.Reacted{Emoji: "👍"})
		w.happens(t, "Ann", where{towns[0], at[0]}, "before the mirror was", chat.Deleted{})
		reads(t, towns[0], at[0], "one",
			"⚠️ discord/fans#lounge still shows the old text: the message is too old.",
			"⚠️ discord/fans#lounge still shows what was deleted: the message is too old.")
		reads(t, towns[2], at[2])
	})
}
