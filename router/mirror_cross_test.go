package router_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/roost-im/roost/router"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/route"
)

func TestReactionsAreCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, towns, at := lounge(t)
		towns[1].single = true
		towns[1].traits.Emoji = func(e string) (string, bool) {
			if e == "👍🏽" {
				return "👍", true
			}
			return e, e != ":parrot:"
		}
		towns[2].traits.React.Out = false
		said := w.says(t, towns[0], "Ann", at[0], "tea?")
		copied, _ := towns[1].reads(at[1], "tea?")
		react := func(who, emoji string, removed bool, want string) {
			t.Helper()
			w.happens(t, who, where{towns[0], at[0]}, said, chat.Reacted{Emoji: emoji, Removed: removed})
			if got := towns[1].marks(copied.id); got != want {
				t.Errorf("after %s's %s (off %v) it is marked %q, want %q", who, emoji, removed, got, want)
			}
		}
		react("Ann", "👍", false, "👍")
		react("Bob", "👍🏽", false, "👍")
		react("Bob", "🎉", false, "🎉")
		react("Ann", ":parrot:", false, "🎉")
		react("Ann", "👍", true, "🎉")
		react("Bob", "🎉", true, "👍")
		react("Bob", "👍🏽", true, "")
		if got := towns[1].in(at[1]); !slices.Equal(got, []string{"tea?", ":parrot: Ann"}) {
			t.Errorf("where an emoji is unknown it reads %q, want a line", got)
		}
		reads(t, towns[2], at[2], "tea?", "👍 Ann", "👍🏽 Bob", "🎉 Bob", ":parrot: Ann")
		other, _ := towns[2].reads(at[2], "tea?")
		if line, _ := towns[2].reads(at[2], "🎉 Bob"); line.post.ReplyTo != other.id {
			t.Errorf("the line answers %q, want %q", line.post.ReplyTo, other.id)
		}
	})
}

// Somebody who deletes a copy of what they may not delete where it was written is told, where they deleted it.
func TestADeletionThatIsRefusedIsToldWhereItWasMade(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, towns, at := lounge(t)
		w.says(t, towns[0], "Ann", at[0], "oops")
		towns[0].fail = func(a chat.Action) error {
			if _, ok := a.(chat.Delete); ok {
				return &chat.Error{Op: "t", Kind: chat.Refused, Reason: "only its author can delete it"}
			}
			return nil
		}
		copied, _ := towns[1].reads(at[1], "oops")
		if err := towns[1].Delete(t.Context(), chat.Delete{To: at[1], Messages: []chat.MessageID{copied.id}}); err != nil {
			t.Fatal(err)
		}
		w.happens(t, "", where{towns[1], at[1]}, copied.id, chat.Deleted{})
		reads(t, towns[0], at[0], "oops")
		reads(t, towns[1], at[1], "⚠️ slack/team#lounge still shows what was deleted: only its author can delete it.")
		reads(t, towns[2], at[2])
	})
}

func TestDeletingOnePartTakesAllOfItBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, towns, at := lounge(t)
		towns[1].traits.Text.Max = 40
		w.says(t, towns[0], "Ann", at[0], strings.Repeat("word ", 20))
		parts := towns[1].list(at[1])
		if len(parts) < 3 {
			t.Fatalf("%d parts, want three at least", len(parts))
		}
		w.happens(t, "Bob", where{towns[1], at[1]}, parts[1].id, chat.Deleted{})
		for i := range at {
			reads(t, towns[i], at[i])
		}
	})
}

// A place in two mirrors gets each message once, and hands nothing on that it got.
func TestTwoMirrorsThatCross(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var towns [3]*town
		var at [3]chat.Conversation
		for i, a := range []chat.Account{"slack/team", "discord/fans", "telegram/bot"} {
			m := newTown(a)
			m.echo = func(ev chat.Event) chat.Event { ev.Author = chat.Author{ID: "roost", Self: true}; return ev }
			towns[i], at[i] = m, m.place("lounge")
		}
		two, three, ends := mirror(at[0], at[1]), mirror(at[:]...), mirror(at[1], at[2])
		two.Name, three.Name, ends.Name = "two", "three", "ends"
		two.Bots, three.Bots, ends.Bots = []string{"all"}, []string{"all"}, []string{"all"}
		w := newWorld(t, router.Setup{Mirrors: []route.Mirror{two, three, ends}}, towns[:]...)
		for i, who := range []string{"Ann", "Bob", "Cem"} {
			w.says(t, towns[i], who, at[i], "from "+who)
		}
		for i := range at {
			reads(t, towns[i], at[i], "from Ann", "from Bob", "from Cem")
		}
		if n := w.count(t); n[chat.Sent] != 6 {
			t.Errorf("deliveries %v, want six", n)
		}
	})
}

// Where two accounts of ours sit in the same places, each shows the other's posts as a bot's. A message that goes round ends
// after three routes.
func TestARingEndsAfterThreeRoutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		towns := map[chat.Account]*town{}
		for _, a := range []chat.Account{"slack/one", "slack/two", "discord/one", "discord/two"} {
			towns[a] = newTown(a)
		}
		at := func(a chat.Account) chat.Conversation { return towns[a].place("l") }
		// What one account posts the other one hears.
		hops := map[string]int{}
		for from, to := range map[chat.Account]chat.Account{"slack/one": "slack/two", "discord/one": "discord/two"} {
			towns[from].fail = func(a chat.Action) error {
				if p, ok := a.(chat.Post); ok {
					hops[p.To.String()] = max(hops[p.To.String()], p.Hops)
					towns[to].echoes <- chat.Event{
						ID: chat.EventID("e" + p.Key), Conversation: at(to), Message: chat.MessageID("m" + p.Key), Hops: p.Hops,
						Author: chat.Author{ID: "app", Bot: true}, What: posted(p.Text.Body),
					}
				}
				return nil
			}
		}
		there, back := mirror(at("slack/two"), at("discord/one")), mirror(at("discord/two"), at("slack/one"))
		there.Name, back.Name = "there", "back"
		there.Bots, back.Bots = []string{"all"}, []string{"all"}
		w := newWorld(t, router.Setup{Mirrors: []route.Mirror{there, back}}, towns["slack/one"], towns["slack/two"], towns["discord/one"], towns["discord/two"])
		w.says(t, towns["slack/two"], "Ann", at("slack/two"), "hello")
		reads(t, towns["discord/one"], at("discord/one"), "hello", "hello")
		reads(t, towns["slack/one"], at("slack/one"), "hello")
		if hops["discord/one#l"] != route.MaxHops || hops["slack/one#l"] != 2 {
			t.Errorf("hops %v, want three routes at most", hops)
		}
	})
}

// An edit of ours that a platform shows as a bot's is no news.
func TestTheEchoOfAnEditGoesNoFurther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, from, to := pair(t, func(m *route.Mirror) { m.Bots = []string{"all"} })
		w.says(t, from.town, "Ann", from.Conversation, "hello")
		copied := to.last(t)
		err := to.happens(t.Context(), chat.Event{
			Conversation: to.Conversation, Message: copied.id, Author: chat.Author{ID: "webhook", Bot: true}, What: chat.Edited{Text: posted("hello!").Text},
		})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		reads(t, from.town, from.Conversation, "hello")
		if n := w.count(t); n[chat.Sent] != 1 {
			t.Errorf("deliveries %v, want the copy alone", n)
		}
	})
}

func TestExplainSaysWhatAMirrorSkips(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, from, _ := pair(t, func(m *route.Mirror) { m.Skip.Authors, m.Bots = []string{"ann"}, []string{"GitHub"} })
		in := from.branches(from.Conversation, "m1")
		for _, tc := range []struct {
			name string
			ev   chat.Event
			want []string
			n    int
		}{
			{"skipped", chat.Event{Conversation: from.Conversation, Author: person("Ann")}, []string{"lounge: the author is skipped", "mirror lounge"}, 0},
			{"a bot", chat.Event{Conversation: from.Conversation, Author: chat.Author{ID: "b", Bot: true}}, []string{"lounge: bots are not carried", "mirror lounge"}, 0},
			{"one that is named", chat.Event{Conversation: from.Conversation, Author: chat.Author{ID: "b", Name: "GitHub", Bot: true}}, []string{"mirror lounge"}, 1},
			{"in a thread", chat.Event{Conversation: in, Root: "m1", Author: person("Bob")}, []string{"mirror lounge"}, 2},
		} {
			tc.ev.ID, tc.ev.Message, tc.ev.What = "new", "new", posted("hello")
			got, err := w.router.Explain(t.Context(), tc.ev)
			if err != nil || !slices.Equal(got.Why, tc.want) || len(got.Deliveries) != tc.n {
				t.Errorf("%s: because %q, %d deliveries, %v; want %q and %d", tc.name, got.Why, len(got.Deliveries), err, tc.want, tc.n)
			}
		}
	})
}
