package router_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/router"
	"github.com/roost-im/roost/router/blob"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/route"
	"github.com/roost-im/roost/router/text"
)

// pair is a world with two places that a mirror shows, as change makes it.
func pair(t *testing.T, change func(*route.Mirror)) (w *world, from, to where) {
	t.Helper()
	a, b := newTown("slack/team"), newTown("x/acme")
	m := mirror(a.place("l"), b.place("l"))
	change(&m)
	w = newWorld(t, router.Setup{Mirrors: []route.Mirror{m}}, a, b)
	return w, where{a, a.place("l")}, where{b, b.place("l")}
}

func asItIs(*route.Mirror) {}

// last is the newest message of a place.
func (at where) last(t *testing.T) message {
	t.Helper()
	all := at.list(at.Conversation)
	if len(all) == 0 {
		t.Fatalf("%v is empty", at.Conversation)
	}
	return all[len(all)-1]
}

// marked is x with its bold characters between asterisks.
func marked(x text.Text) string {
	var b strings.Builder
	bold := func(s text.Span) {
		if s.Kind == text.Bold {
			b.WriteString("*")
		}
	}
	text.Walk(x, bold, func(s string) { b.WriteString(s) }, bold)
	return b.String()
}

func TestANameThatCannotBeBornIsInFrontOfTheText(t *testing.T) {
	t.Parallel()
	quote := text.Text{Body: "so\nyes", Spans: []text.Span{{Start: 0, End: 2, Kind: text.Quote}}}
	for _, tc := range []struct {
		name, who string
		names     route.Names
		said      text.Text
		want      string
	}{
		{"by itself", "Ann", route.Names{}, text.Plain("hello"), "*Ann*: hello"},
		{"in front of a block", "Ann", route.Names{}, quote, "*Ann*:\nso\nyes"},
		{"without words", "Ann", route.Names{}, text.Text{}, "*Ann*"},
		{"with where it is from", "Ann", route.Names{Name: "{name} ({platform})"}, text.Plain("hello"), "*Ann (Town)*: hello"},
		{"with a prefix of its own", "Ann", route.Names{Prefix: "<{name}> "}, text.Plain("hello"), "*<Ann>* hello"},
		{"with a prefix that is no name", "Ann", route.Names{Prefix: "» "}, text.Plain("hello"), "» hello"},
		{"that would be a trick", "@all\n*x*", route.Names{}, text.Plain("hello"), "*" + text.Name("@all\n*x*", 80) + "*: hello"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, from, to := pair(t, func(m *route.Mirror) { m.Names = tc.names })
				to.traits.Persona = false
				id, err := from.says(t.Context(), tc.who, from.Conversation, chat.Posted{Text: tc.said})
				if err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				got := to.last(t)
				if marked(got.post.Text) != tc.want || got.post.As != nil {
					t.Errorf("it reads %q as %+v, want %q", marked(got.post.Text), got.post.As, tc.want)
				}
				w.happens(t, tc.who, from, id, chat.Edited{Text: tc.said})
				if got := to.last(t); marked(got.post.Text) != tc.want {
					t.Errorf("edited it reads %q, want %q", marked(got.post.Text), tc.want)
				}
			})
		})
	}
}

func TestANameIsBornWhereItCanBe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, from, to := pair(t, func(m *route.Mirror) { m.Names = route.Names{Name: "{name} of {account}", Prefix: "{name}> "} })
		w.says(t, from.town, "Ann", from.Conversation, "hello")
		got := to.last(t)
		if want := (chat.Persona{Name: "Ann of team", Prefix: "Ann> "}); got.post.As == nil || *got.post.As != want || got.post.Text.Body != "hello" {
			t.Errorf("it is %q as %+v, want %+v", got.post.Text.Body, got.post.As, want)
		}
	})
}

func TestALongTextIsNumberedAndItsEditEditsItsParts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, from, to := pair(t, asItIs)
		to.traits.Text.Max, to.traits.Persona = 60, false
		words := func(word string, n int) string { return strings.TrimSpace(strings.Repeat(word+" ", n)) }
		said := w.says(t, from.town, "Ann", from.Conversation, words("tea", 35))
		check := func(word string, parts int) {
			t.Helper()
			got := to.in(to.Conversation)
			if len(got) != parts {
				t.Fatalf("%d parts %q, want %d", len(got), got, parts)
			}
			for i, s := range got {
				if number := fmt.Sprintf(" (%d/%d)", i+1, parts); parts > 1 && !strings.HasSuffix(s, number) || len(s) > 60 || !strings.Contains(s, word) {
					t.Errorf("part %q, want %s, its number and 60 at most", s, word)
				}
			}
			if !strings.HasPrefix(got[0], "Ann: "+word) {
				t.Errorf("it begins %q, want the name", got[0])
			}
		}
		check("tea", 3)
		first := to.list(to.Conversation)[0].id
		w.happens(t, "Ann", from, said, chat.Edited{Text: text.Plain(words("rum", 20))})
		check("rum", 2)
		w.happens(t, "Ann", from, said, chat.Edited{Text: text.Plain(words("gin", 35))})
		check("gin", 3)
		if got := to.list(to.Conversation)[0].id; got != first {
			t.Errorf("the first part is %q, want it still %q", got, first)
		}
		w.happens(t, "Ann", from, said, chat.Deleted{})
		reads(t, to.town, to.Conversation)
	})
}

func TestOnlyTheFirstPartOfALongReplyIsOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, from, to := pair(t, asItIs)
		to.traits.Text.Max = 60
		asked := w.says(t, from.town, "Ann", from.Conversation, "tea?")
		_, err := from.says(t.Context(), "Bob", from.Conversation, chat.Posted{Text: text.Plain(strings.Repeat("yes ", 30)), ReplyTo: asked})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		all := to.list(to.Conversation)
		if len(all) != 4 || all[1].post.ReplyTo != all[0].id || all[2].post.ReplyTo != "" || all[3].post.ReplyTo != "" {
			t.Errorf("it is %+v, want a reply of which the first part is one", all)
		}
	})
}

func TestAReplyThatCannotBeOneQuotes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, from, to := pair(t, asItIs)
		to.traits.Reply, to.traits.Persona = false, false
		asked := w.says(t, from.town, "Ann", from.Conversation, "tea or coffee?")
		_, err := from.says(t.Context(), "Bob", from.Conversation, chat.Posted{
			Text: text.Plain("tea"), ReplyTo: asked, Quote: &chat.Quote{Name: "Ann", Text: text.Plain("tea or coffee?")},
		})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got, want := marked(to.last(t).post.Text), "*Ann*: tea or coffee?\n*Bob*: tea"; got != want {
			t.Errorf("it reads %q, want %q", got, want)
		}
		to.traits.Reply = true
		// Bob answers the copy in the other place: its text bears the name already.
		copied, _ := to.reads(to.Conversation, "Ann: tea or coffee?")
		_, err = to.says(t.Context(), "Cem", to.Conversation, chat.Posted{
			Text: text.Plain("rum"), ReplyTo: copied.id, Quote: &chat.Quote{Name: "Roost", Text: text.Plain("Ann: tea or coffee?")},
		})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := from.last(t).post; got.ReplyTo != asked || cmp.Diff(got.Quote, &chat.Quote{Text: text.Plain("Ann: tea or coffee?")}) != "" {
			t.Errorf("it is %+v, want an answer to %q that quotes no Roost", got, asked)
		}
	})
}

func TestPinsAreCarried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, towns, at := lounge(t)
		towns[2].traits.Pin.Out = false
		w.says(t, towns[0], "Ann", at[0], "the rules")
		copied, _ := towns[1].reads(at[1], "the rules")
		for _, removed := range []bool{false, true} {
			w.happens(t, "Bob", where{towns[1], at[1]}, copied.id, chat.Pinned{Removed: removed})
			if m, _ := towns[0].reads(at[0], "the rules"); m.pinned == removed {
				t.Errorf("taken off %v: pinned is %v", removed, m.pinned)
			}
		}
		other, _ := towns[2].reads(at[2], "the rules")
		line, ok := towns[2].reads(at[2], "📌 Bob pinned this")
		if !ok || line.post.ReplyTo != other.id || len(towns[2].in(at[2])) != 2 {
			t.Errorf("where nothing can be pinned it reads %q, want one line", towns[2].in(at[2]))
		}
	})
}

func TestJoinsAreSaidWhenTheyAreWanted(t *testing.T) {
	t.Parallel()
	for _, wanted := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			w, from, to := pair(t, func(m *route.Mirror) { m.Joins = wanted })
			w.happens(t, "Ann", from, "", chat.Joined{})
			w.happens(t, "Ann", from, "", chat.Left{})
			if wanted {
				reads(t, to.town, to.Conversation, "Ann joined", "Ann left")
			} else {
				reads(t, to.town, to.Conversation)
			}
		})
	}
}

func TestAFileThatIsTooBigIsLinkedTo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, from, to := pair(t, asItIs)
		w.stop(t)
		var linked blob.Sum
		w.config = router.Config{MaxFile: 5000, Link: func(sum blob.Sum, name string) string { linked = sum; return "https://roost.example.org/files/" + name }}
		w.run(t)
		to.traits.Persona = false
		w.shows(t, from, "look", "big.mp4", strings.Repeat("x", 2000))
		if got, want := marked(to.last(t).post.Text), "*Ann*: look\n📎 big.mp4: https://roost.example.org/files/big.mp4"; got != want {
			t.Errorf("it reads %q, want %q", got, want)
		}
		if linked == "" || len(from.in(from.Conversation)) != 1 {
			t.Errorf("%q is linked and it reads %q, want that nobody is told of a loss", linked, from.in(from.Conversation))
		}
		w.shows(t, from, "more", "huge.mp4", strings.Repeat("x", 6000))
		if got := to.last(t).post.Text.Body; !strings.Contains(got, "[huge.mp4 could not be carried over: ") {
			t.Errorf("it reads %q, want that it could not be carried", got)
		}
	})
}

func TestAHundredMentionsAreCarried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, from, to := pair(t, asItIs)
		to.traits.Text.Max = 500
		var b text.Builder
		for n := range 100 {
			b.Span(text.Mention, text.Attrs{ID: fmt.Sprint("U", n), Name: fmt.Sprint("Person ", n)}, func() { b.Write(fmt.Sprint("@person", n)) })
			b.Write(" ")
		}
		if _, err := from.says(t.Context(), "Ann", from.Conversation, chat.Posted{Text: b.Text()}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		mentions := 0
		for _, m := range to.list(to.Conversation) {
			mentions += len(m.post.Text.Spans)
		}
		if parts := len(to.list(to.Conversation)); mentions != 100 || parts < 2 {
			t.Errorf("%d mentions in %d messages, want 100 in several", mentions, parts)
		}
	})
}
