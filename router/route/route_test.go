package route_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/route"
	"github.com/roost-im/roost/router/text"
)

func place(n int) chat.Conversation {
	return chat.Conversation{Account: chat.Account(fmt.Sprintf("p%d/a", n%3)), ID: chat.ConversationID(fmt.Sprint("c", n))}
}

// mirrors draws up to three mirrors over six places, in which places may be shared.
func mirrors() *rapid.Generator[[]route.Mirror] {
	return rapid.Custom(func(t *rapid.T) []route.Mirror {
		var ms []route.Mirror
		for i := range rapid.IntRange(1, 3).Draw(t, "mirrors") {
			m := route.Mirror{Name: fmt.Sprint("m", i)}
			for _, n := range rapid.SliceOfNDistinct(rapid.IntRange(0, 5), 2, 4, rapid.ID[int]).Draw(t, "legs") {
				m.Legs = append(m.Legs, route.Leg{
					At: place(n), Silent: rapid.IntRange(0, 4).Draw(t, "silent") == 0, Deaf: rapid.IntRange(0, 4).Draw(t, "deaf") == 0,
					WithBots: rapid.Bool().Draw(t, "with bots"),
				})
			}
			ms = append(ms, m)
		}
		return ms
	})
}

// none is a family in which nothing is a copy.
func none(ref chat.Ref) (chat.Ref, int, error) { return ref, 0, nil }

func event(at chat.Conversation, what chat.Happening) chat.Event {
	return chat.Event{ID: "e", Conversation: at, Message: "m", Author: chat.Author{ID: "ada", Name: "Ada"}, What: what}
}

func happenings() *rapid.Generator[chat.Happening] {
	return rapid.SampledFrom([]chat.Happening{
		chat.Posted{Text: text.Plain("hi")},
		chat.Edited{Text: text.Plain("ho")},
		chat.Deleted{},
		chat.Reacted{Emoji: "👍"},
		chat.Pressed{Button: "b"},
		chat.Joined{},
		chat.Left{},
		chat.Typing{},
		chat.Read{},
	})
}

func leg(m route.Mirror, at chat.Conversation) (route.Leg, bool) {
	for _, l := range m.Legs {
		if l.At == at {
			return l, true
		}
	}
	return route.Leg{}, false
}

func TestAnEventGoesToTheOtherLegsAndNowhereElse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ms := mirrors().Draw(t, "mirrors")
		ev := event(place(rapid.IntRange(0, 5).Draw(t, "at")), happenings().Draw(t, "what"))
		ev.Author.Bot = rapid.Bool().Draw(t, "bot")
		ev.Hops = rapid.IntRange(0, 4).Draw(t, "hops")
		ds, why, err := route.NewTable(ms).Plan(ev, none)
		if err != nil {
			t.Fatal(err)
		}
		var want []chat.Conversation
		stopped := 0
		for _, m := range ms {
			from, in := leg(m, ev.Conversation)
			switch {
			case !in:
				continue
			case from.Silent, ev.Author.Bot && !from.WithBots, ev.Hops >= route.MaxHops:
				stopped++
				continue
			}
			for _, l := range m.Legs {
				if !l.Deaf && l.At != ev.Conversation && carried(ev.What) {
					want = append(want, l.At)
				}
			}
		}
		var got []chat.Conversation
		for _, d := range ds {
			got = append(got, d.Action.Target())
			if d.Lane != chat.LaneTo(d.Action.Target()) {
				t.Fatalf("lane %q is not that of %v", d.Lane, d.Action.Target())
			}
		}
		if !slices.Equal(got, want) || len(why) != stopped {
			t.Fatalf("goes to %v, want %v; %q stop it, want %d", got, want, why, stopped)
		}
	})
}

func carried(h chat.Happening) bool {
	switch h.(type) {
	case chat.Posted, chat.Edited, chat.Deleted, chat.Reacted:
		return true
	case chat.Pressed, chat.Joined, chat.Left, chat.Typing, chat.Read:
	}
	return false
}

// However mirrors cross, and even where platforms show our copies as anybody's, a message stops after MaxHops routes.
func TestCrossingMirrorsEnd(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ms := mirrors().Draw(t, "mirrors")
		for i := range ms {
			for j := range ms[i].Legs {
				ms[i].Legs[j].WithBots = true
			}
		}
		table := route.NewTable(ms)
		type copied struct {
			source chat.Ref
			hops   int
		}
		copies := map[chat.Ref]copied{}
		family := func(ref chat.Ref) (chat.Ref, int, error) {
			if c, ok := copies[ref]; ok {
				return c.source, c.hops, nil
			}
			return ref, 0, nil
		}
		todo := []chat.Event{event(place(0), chat.Posted{Text: text.Plain("hi")})}
		for n := 0; len(todo) > 0; n++ {
			if n > 1+9+81+729 {
				t.Fatal("it goes on for ever")
			}
			ev := todo[0]
			todo = todo[1:]
			ds, _, err := table.Plan(ev, family)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range ds {
				p, _ := d.Action.(chat.Post)
				if p.Hops < 1 || p.Hops > route.MaxHops {
					t.Fatalf("a post has passed %d routes", p.Hops)
				}
				next := event(p.To, chat.Posted{Text: p.Text})
				next.Message = chat.MessageID(fmt.Sprint("copy ", len(copies)))
				next.Author.Bot = true
				copies[next.Ref()] = copied{d.Source, p.Hops}
				todo = append(todo, next)
			}
		}
	})
}

// A copy that somebody edits, deletes, reacts to or answers stands for its original.
func TestWhatHappensToACopyHappensToItsOriginal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		table := route.NewTable([]route.Mirror{{Name: "m", Legs: []route.Leg{{At: place(0)}, {At: place(1)}, {At: place(2)}}}})
		original := chat.Ref{Conversation: place(0), Message: "original"}
		family := func(ref chat.Ref) (chat.Ref, int, error) {
			if ref.Message == "copy" {
				return original, 1, nil
			}
			return ref, 0, nil
		}
		ev := event(place(rapid.IntRange(1, 2).Draw(t, "at")), rapid.SampledFrom([]chat.Happening{
			chat.Edited{Text: text.Plain("ho")}, chat.Deleted{}, chat.Reacted{Emoji: "👍", Removed: true}, chat.Posted{ReplyTo: "copy"},
		}).Draw(t, "what"))
		ev.Message = "copy"
		if _, ok := ev.What.(chat.Posted); ok {
			ev.Message = "answer"
		}
		ds, _, err := table.Plan(ev, family)
		if err != nil || len(ds) != 2 {
			t.Fatalf("%d deliveries, %v; want two", len(ds), err)
		}
		for _, d := range ds {
			switch a := d.Action.(type) {
			case chat.Post:
				if d.Answers != original || d.Source != ev.Ref() || a.ReplyTo != "" {
					t.Fatalf("%+v, want an answer to the original", d)
				}
				continue
			case chat.React:
				if a.Emoji != "👍" || !a.Remove {
					t.Fatalf("%+v, want the emoji taken off", a)
				}
			case chat.Edit:
				if a.Else == nil || !strings.HasPrefix(a.Else.Text.Body, "(edited) ho") || a.Else.Hops != 2 {
					t.Fatalf("%+v, want what stands for it where nothing can be edited", a)
				}
			case chat.Delete, chat.Open:
			}
			if d.Of != original {
				t.Fatalf("%+v is about %v, want the original", d, d.Of)
			}
		}
	})
}

func TestAPostIsTheAuthors(t *testing.T) {
	t.Parallel()
	table := route.NewTable([]route.Mirror{{Name: "m", Legs: []route.Leg{{At: place(0)}, {At: place(1)}}}})
	for _, tc := range []struct {
		author chat.Author
		want   string
	}{
		{chat.Author{ID: "1", Name: "Ada", Handle: "ada"}, "Ada"},
		{chat.Author{ID: "1", Handle: "ada"}, "ada"},
		{chat.Author{ID: "1"}, "1"},
		{chat.Author{ID: "1", Name: "A\u202eda\n@everyone"}, text.Name("A\u202eda\n@everyone", 80)},
	} {
		ev := event(place(0), chat.Posted{Text: text.Plain("hi"), Files: []chat.File{{Name: "a.png"}}})
		ev.Author = tc.author
		ds, _, err := table.Plan(ev, none)
		if err != nil || len(ds) != 1 {
			t.Fatal(ds, err)
		}
		p, _ := ds[0].Action.(chat.Post)
		if p.As == nil || p.As.Name != tc.want || len(p.Files) != 1 || p.Hops != 1 || ds[0].Source != ev.Ref() {
			t.Errorf("%+v is posted as %+v of %v", tc.author, p, ds[0].Source)
		}
	}
}

func TestWhyNothingFollows(t *testing.T) {
	t.Parallel()
	table := route.NewTable([]route.Mirror{
		{Name: "quiet", Legs: []route.Leg{{At: place(0), Silent: true}, {At: place(1)}}},
		{Name: "open", Legs: []route.Leg{{At: place(0)}, {At: place(2)}}},
	})
	ev := event(place(0), chat.Posted{})
	ev.Author.Bot = true
	_, why, err := table.Plan(ev, none)
	want := []string{"quiet: nothing is taken from p0/a#c0", "open: bots are not carried"}
	if err != nil || !slices.Equal(why, want) {
		t.Errorf("why = %q, %v; want %q", why, err, want)
	}
	ev.Author.Bot, ev.Hops = false, 3
	if _, why, _ := table.Plan(ev, none); !slices.Contains(why, "open: it has passed 3 routes already") {
		t.Errorf("why = %q, want that it has passed 3 routes", why)
	}
	if got := table.Names(place(0)); !slices.Equal(got, []string{"quiet", "open"}) || table.Names(place(9)) != nil {
		t.Errorf("Names = %q, want both mirrors", got)
	}
	if ds, why, err := table.Plan(event(place(9), chat.Posted{}), none); ds != nil || why != nil || err != nil {
		t.Errorf("elsewhere: %v, %v, %v; want nothing", ds, why, err)
	}
}

func TestAFamilyThatFailsFailsThePlan(t *testing.T) {
	t.Parallel()
	table := route.NewTable([]route.Mirror{{Name: "m", Legs: []route.Leg{{At: place(0)}, {At: place(1)}}}})
	broken := errors.New("the disk is gone")
	for _, h := range []chat.Happening{chat.Deleted{}, chat.Posted{ReplyTo: "x"}} {
		_, _, err := table.Plan(event(place(0), h), func(ref chat.Ref) (chat.Ref, int, error) { return ref, 0, broken })
		if !errors.Is(err, broken) {
			t.Errorf("%T: %v, want the family's error", h, err)
		}
	}
}
