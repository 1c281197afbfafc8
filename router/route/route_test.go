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

// mirrors draws up to three mirrors over six places and a thread, which may be shared.
func mirrors() *rapid.Generator[[]route.Mirror] {
	return rapid.Custom(func(t *rapid.T) []route.Mirror {
		var ms []route.Mirror
		for i := range rapid.IntRange(1, 3).Draw(t, "mirrors") {
			m := route.Mirror{Name: fmt.Sprint("m", i), Joins: rapid.Bool().Draw(t, "joins")}
			m.Without.Threads = rapid.Bool().Draw(t, "without threads")
			for _, n := range rapid.SliceOfNDistinct(rapid.IntRange(0, 6), 2, 5, rapid.ID[int]).Draw(t, "legs") {
				leg := route.Leg{At: spot(n), Silent: rapid.IntRange(0, 4).Draw(t, "silent") == 0, Deaf: rapid.IntRange(0, 4).Draw(t, "deaf") == 0}
				if rapid.Bool().Draw(t, "bots") {
					leg.Bots = []string{route.AllBots}
				}
				m.Legs = append(m.Legs, leg)
			}
			ms = append(ms, m)
		}
		return ms
	})
}

// spot is one of the places that drawn mirrors have as legs.
func spot(n int) chat.Conversation {
	if n == 6 {
		return thread(6, "own")
	}
	return place(n)
}

func happenings() *rapid.Generator[chat.Happening] {
	return rapid.SampledFrom([]chat.Happening{
		posted("hi"),
		chat.Edited{Text: text.Plain("ho")},
		chat.Deleted{},
		chat.Reacted{Emoji: "👍"},
		chat.Pinned{},
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

func TestAnEventGoesToTheOtherLegsOnceAndNowhereElse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ms := mirrors().Draw(t, "mirrors")
		ev := event(spot(rapid.IntRange(0, 6).Draw(t, "at")), happenings().Draw(t, "what"))
		ev.Author.Bot = rapid.Bool().Draw(t, "bot")
		ev.Hops = rapid.IntRange(0, 4).Draw(t, "hops")
		res, err := route.NewTable(ms).Plan(ev, newPast())
		if err != nil {
			t.Fatal(err)
		}
		var want []chat.Conversation
		stopped := 0
		for _, m := range ms {
			from, in := leg(m, ev.Conversation)
			if !in {
				continue
			}
			far := ev.Hops >= route.MaxHops && chat.HappeningName(ev.What) != "deleted"
			if from.Silent || ev.Author.Bot && from.Bots == nil || far || !m.Joins && joins(ev.What) {
				stopped++
				continue
			}
			for _, l := range m.Legs {
				if !l.Deaf && l.At != ev.Conversation && carried(ev.What) && !slices.Contains(want, l.At) {
					want = append(want, l.At)
				}
			}
		}
		var got []chat.Conversation
		for _, d := range res.Deliveries {
			if _, opens := d.Action.(chat.Open); !opens {
				got = append(got, d.Action.Target())
			}
			if !stood(d.Action) {
				t.Fatalf("nothing stands for %+v where it can't be done", d.Action)
			}
			if d.Lane != chat.LaneTo(d.Action.Target()) {
				t.Fatalf("lane %q is not that of %v", d.Lane, d.Action.Target())
			}
		}
		if !slices.Equal(got, want) || len(res.Why) != stopped {
			t.Fatalf("goes to %v, want %v; %q stop it, want %d", got, want, res.Why, stopped)
		}
	})
}

// stood says whether people are told of a in another way where it can't be done. What is taken back, its author hears of.
func stood(a chat.Action) bool {
	switch a := a.(type) {
	case chat.Edit:
		return a.Else != nil
	case chat.React:
		return a.Else != nil || a.Remove
	case chat.Pin:
		return a.Else != nil || a.Remove
	case chat.Post, chat.Delete, chat.Open, chat.Hear:
	}
	return true
}

func joins(h chat.Happening) bool {
	name := chat.HappeningName(h)
	return name == "joined" || name == "left"
}

func carried(h chat.Happening) bool {
	switch h.(type) {
	case chat.Posted, chat.Edited, chat.Deleted, chat.Reacted, chat.Pinned, chat.Joined, chat.Left:
		return true
	case chat.Pressed, chat.Typing, chat.Read, chat.Bounced, chat.Called:
	}
	return false
}

// However mirrors cross, and even where platforms show our copies as anybody's, a message stops after MaxHops routes and is
// never brought back to where it was just written.
func TestCrossingMirrorsEnd(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ms := mirrors().Draw(t, "mirrors")
		for i := range ms {
			for j := range ms[i].Legs {
				ms[i].Legs[j].Bots = []string{route.AllBots}
			}
		}
		table, mem := route.NewTable(ms), newPast()
		first := event(place(0), posted("hi"))
		if rapid.Bool().Draw(t, "in a thread") {
			first.Conversation.Thread = "t1"
		}
		todo := []chat.Event{first}
		for n := 0; len(todo) > 0; n++ {
			if n > 1+12+144+1728 {
				t.Fatal("it goes on for ever")
			}
			ev := todo[0]
			todo = todo[1:]
			res, err := table.Plan(ev, mem)
			if err != nil {
				t.Fatal(err)
			}
			mem.keeps(res)
			for _, d := range res.Deliveries {
				p, ok := d.Action.(chat.Post)
				if !ok {
					continue
				}
				if p.Hops < 1 || p.Hops > route.MaxHops || p.To == ev.Conversation {
					t.Fatalf("%s goes on after %d routes", told(d), p.Hops)
				}
				made := mem.copied(d, p)
				mem.copies = append(mem.copies, made)
				next := event(made.Dest.Conversation, chat.Posted{Text: p.Text})
				next.Message, next.Author.Bot = made.Dest.Message, true
				todo = append(todo, next)
			}
		}
	})
}

// A copy that somebody edits, deletes, pins, reacts to or answers stands for its original.
func TestWhatHappensToACopyHappensToItsOriginal(t *testing.T) {
	t.Parallel()
	const original = "p0/a#c0|original"
	for _, tc := range []struct {
		what chat.Happening
		want []string
	}{
		{chat.Edited{Text: text.Plain("ho")}, []string{
			`p0/a#c0: edit as Ada "ho" or "(edited) ho", of ` + original, `p2/a#c2: edit as Ada "ho" or "(edited) ho", of ` + original,
		}},
		{chat.Deleted{}, []string{
			"p0/a#c0: delete, source p1/a#c1|copy, of " + original, "p2/a#c2: delete, source p1/a#c1|copy, of " + original,
		}},
		{chat.Pinned{}, []string{
			`p0/a#c0: pin or "📌 Ada pinned this", of ` + original, `p2/a#c2: pin or "📌 Ada pinned this", of ` + original,
		}},
		{chat.Pinned{Removed: true}, []string{"p0/a#c0: unpin, of " + original, "p2/a#c2: unpin, of " + original}},
		{chat.Reacted{Emoji: "👍"}, []string{
			`p0/a#c0: react 👍 or "👍 Ada", of ` + original, `p2/a#c2: react 👍 or "👍 Ada", of ` + original,
		}},
		{chat.Posted{Text: text.Plain("yes"), ReplyTo: "copy"}, []string{
			`p0/a#c0: post as Ada "yes", source p1/a#c1|answer, answers ` + original,
			`p2/a#c2: post as Ada "yes", source p1/a#c1|answer, answers ` + original,
		}},
	} {
		t.Run(chat.HappeningName(tc.what), func(t *testing.T) {
			t.Parallel()
			mem := newPast()
			mem.copies = []chat.Copy{{Source: ref(place(0), "original"), Dest: ref(place(1), "copy"), Hops: 1}}
			ev := event(place(1), tc.what)
			ev.Message = "copy"
			if _, ok := ev.What.(chat.Posted); ok {
				ev.Message = "answer"
			}
			res := plan(t, mem, ev, mirror(0, 1, 2))
			follows(t, res.Deliveries, tc.want...)
			for _, d := range res.Deliveries {
				if a, ok := d.Action.(chat.Edit); ok && (a.Else.Hops != 2 || !a.Number || !a.Else.Number) {
					t.Errorf("%+v, want that its parts are numbered and what stands for it has passed two routes", a)
				}
			}
		})
	}
}

// Whoever deletes one of the messages of a copy deletes the others too.
func TestDeletingAPartDeletesTheWhole(t *testing.T) {
	t.Parallel()
	mem := newPast()
	original := ref(place(0), "original")
	mem.copies = []chat.Copy{
		{Source: original, Dest: ref(place(1), "copy"), Hops: 1},
		{Source: original, Dest: ref(place(1), "more"), Part: 1, Hops: 1},
	}
	ev := event(place(1), chat.Deleted{})
	ev.Message, ev.Author = "more", chat.Author{}
	follows(t, plan(t, mem, ev, mirror(0, 1)).Deliveries,
		"p0/a#c0: delete, source p1/a#c1|more, of p0/a#c0|original", "p1/a#c1: delete, of p0/a#c0|original")
	ev = event(place(0), chat.Deleted{})
	ev.Message = "original"
	follows(t, plan(t, mem, ev, mirror(0, 1)).Deliveries, "p1/a#c1: delete, source p0/a#c0|original, of p0/a#c0|original")
}

func TestJoinsAreLines(t *testing.T) {
	t.Parallel()
	m := mirror(0, 1)
	if res := plan(t, newPast(), event(place(0), chat.Joined{}), m); res.Deliveries != nil || !slices.Equal(res.Why, []string{"m: joins are not carried"}) {
		t.Errorf("%+v, want that joins are not carried", res)
	}
	m.Joins = true
	res := plan(t, newPast(), event(place(0), chat.Joined{}), m)
	follows(t, res.Deliveries, `p1/a#c1: post "Ada joined"`)
	if p, _ := res.Deliveries[0].Action.(chat.Post); len(p.Text.Spans) != 1 || p.Text.Spans[0].Kind != text.Italic {
		t.Errorf("%+v, want it in italics", p.Text)
	}
	follows(t, plan(t, newPast(), event(place(0), chat.Left{}), m).Deliveries, `p1/a#c1: post "Ada left"`)
	follows(t, plan(t, newPast(), event(thread(0, "t"), chat.Left{}), m).Deliveries)
}

func TestAReplyIsQuoted(t *testing.T) {
	t.Parallel()
	quoted := &chat.Quote{Name: "Bo\u202eb", Text: text.Plain("Cem: when?")}
	for _, tc := range []struct {
		name    string
		replyTo chat.MessageID
		persona bool
		quote   *chat.Quote
		want    string
	}{
		{"to a message", "asked", false, quoted, ` quoting Bob "Cem: when?"`},
		{"to a copy that bears its author's name", "copy", true, quoted, ` quoting Bob "Cem: when?"`},
		{"to a copy that has it in its text", "copy", false, quoted, ` quoting  "Cem: when?"`},
		{"that is not told", "asked", false, nil, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			mem := newPast()
			mem.traits["p1/a"] = chat.Traits{Persona: tc.persona}
			mem.copies = []chat.Copy{{Source: ref(place(0), "asked"), Dest: ref(place(1), "copy")}}
			answers := "p1/a#c1|asked"
			if tc.replyTo == "copy" {
				answers = "p0/a#c0|asked"
			}
			ev := event(place(1), chat.Posted{Text: text.Plain("now"), ReplyTo: tc.replyTo, Quote: tc.quote})
			follows(t, plan(t, mem, ev, mirror(0, 1)).Deliveries, `p0/a#c0: post as Ada "now"`+tc.want+", source p1/a#c1|m, answers "+answers)
			ev.What = chat.Edited{Text: text.Plain("now"), ReplyTo: tc.replyTo, Quote: tc.quote}
			follows(t, plan(t, mem, ev, mirror(0, 1)).Deliveries,
				`p0/a#c0: edit as Ada "now"`+tc.want+` or "(edited) now", of p1/a#c1|m, answers `+answers)
		})
	}
}

func TestWhyNothingFollows(t *testing.T) {
	t.Parallel()
	quiet, open := mirror(0, 1), mirror(0, 2)
	quiet.Name, open.Name, quiet.Legs[0].Silent = "quiet", "open", true
	table := route.NewTable([]route.Mirror{quiet, open})
	ev := event(place(0), chat.Posted{})
	ev.Author.Bot = true
	res, err := table.Plan(ev, newPast())
	want := []string{"quiet: nothing is taken from p0/a#c0", "open: bots are not carried"}
	if err != nil || !slices.Equal(res.Why, want) {
		t.Errorf("why = %q, %v; want %q", res.Why, err, want)
	}
	ev.Author.Bot, ev.Hops = false, 3
	if res, _ := table.Plan(ev, newPast()); !slices.Contains(res.Why, "open: it has passed 3 routes already") {
		t.Errorf("why = %q, want that it has passed 3 routes", res.Why)
	}
	for _, at := range []chat.Conversation{place(0), thread(0, "t")} {
		if got := table.Names(at); !slices.Equal(got, []string{"quiet", "open"}) {
			t.Errorf("Names(%v) = %q, want both mirrors", at, got)
		}
	}
	res, err = table.Plan(event(place(9), chat.Posted{}), newPast())
	if res.Deliveries != nil || res.Why != nil || err != nil || table.Names(place(9)) != nil {
		t.Errorf("elsewhere: %+v, %v; want nothing", res, err)
	}
}

func TestWhatAMirrorLeavesOut(t *testing.T) {
	t.Parallel()
	m := mirror(0, 1)
	m.Without = route.Without{Edits: true, Deletes: true, Reactions: true, Pins: true}
	for what, h := range map[string]chat.Happening{
		"edits": chat.Edited{}, "deletions": chat.Deleted{}, "reactions": chat.Reacted{Emoji: "👍"}, "pins": chat.Pinned{},
	} {
		res := plan(t, newPast(), event(place(0), h), m)
		if want := "m: " + what + " are not carried"; res.Deliveries != nil || res.React != nil || !slices.Equal(res.Why, []string{want}) {
			t.Errorf("%T: %+v, want %q", h, res, want)
		}
	}
}

func TestAMemoryThatFailsFailsThePlan(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is gone")
	mem := newPast()
	mem.err = broken
	for _, at := range []chat.Conversation{place(0), thread(0, "t")} {
		for _, h := range []chat.Happening{chat.Deleted{}, chat.Posted{ReplyTo: "x"}, chat.Reacted{Emoji: "👍"}} {
			if _, err := route.NewTable([]route.Mirror{mirror(0, 1)}).Plan(event(at, h), mem); !errors.Is(err, broken) {
				t.Errorf("%T in %v: %v, want the memory's error", h, at, err)
			}
		}
	}
}

func TestAMessageOfAHundredMentionsIsCarriedWhole(t *testing.T) {
	t.Parallel()
	var b text.Builder
	for n := range 100 {
		b.Span(text.Mention, text.Attrs{ID: fmt.Sprint("U", n), Name: fmt.Sprint("person ", n)}, func() { b.Write(fmt.Sprint("@person", n)) })
		b.Write(" ")
	}
	res := plan(t, newPast(), event(place(0), chat.Posted{Text: b.Text()}), mirror(0, 1))
	if p, _ := res.Deliveries[0].Action.(chat.Post); len(p.Text.Spans) != 100 || !strings.Contains(p.Text.Body, "@person99") {
		t.Errorf("%d mentions are left, want 100", len(p.Text.Spans))
	}
}
