package route_test

import (
	"testing"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/route"
)

// reaction is what somebody does to a message of the first place or its copies.
type reaction struct {
	who   chat.PersonID
	at    chat.Conversation
	emoji string
	off   bool
}

// reacts has somebody put an emoji on the message, or take it off.
func reacts(t *testing.T, mem *past, m route.Mirror, r reaction) []chat.Delivery {
	t.Helper()
	at := r.at
	ev := event(at, chat.Reacted{Emoji: r.emoji, Removed: r.off})
	ev.Author = chat.Author{ID: r.who, Name: string(r.who)}
	for _, c := range mem.copies {
		if c.Dest.Conversation.Place() == at.Place() {
			ev.Message = c.Dest.Message
		}
	}
	return plan(t, mem, ev, m).Deliveries
}

// shared is a message of the first place with copies in the second and third.
func shared() *past {
	mem := newPast()
	mem.copies = []chat.Copy{
		{Source: ref(place(0), "m"), Dest: ref(place(1), "m1")}, {Source: ref(place(0), "m"), Dest: ref(place(2), "m2")},
	}
	return mem
}

func TestOneEmojiStandsForAllElsewhere(t *testing.T) {
	t.Parallel()
	mem, m := shared(), mirror(0, 1, 2)
	steps := []struct {
		who     chat.PersonID
		at      int
		emoji   string
		removed bool
		want    []string
	}{
		{"ada", 0, "👍", false, []string{`p1/a#c1: react 👍 or "👍 ada", of p0/a#c0|m`, `p2/a#c2: react 👍 or "👍 ada", of p0/a#c0|m`}},
		{"bob", 0, "👍", false, nil},
		{"bob", 0, "👍", false, nil}, // told twice
		{"cem", 1, "👍", false, []string{`p0/a#c0: react 👍 or "👍 cem", of p0/a#c0|m`}},
		{"cem", 1, "🎉", false, []string{`p0/a#c0: react 🎉 or "🎉 cem", of p0/a#c0|m`, `p2/a#c2: react 🎉 or "🎉 cem", of p0/a#c0|m`}},
		{"ada", 0, "👍", true, nil},
		{"dan", 2, "👍", true, nil}, // nobody ever told of it
		{"bob", 0, "👍", true, []string{"p1/a#c1: unreact 👍, of p0/a#c0|m"}},
		{"cem", 1, "🎉", true, []string{
			"p0/a#c0: unreact 🎉, of p0/a#c0|m", "p0/a#c0: react 👍, of p0/a#c0|m",
			"p2/a#c2: unreact 🎉, of p0/a#c0|m", "p2/a#c2: react 👍, of p0/a#c0|m",
		}},
		{"cem", 1, "👍", true, []string{"p0/a#c0: unreact 👍, of p0/a#c0|m", "p2/a#c2: unreact 👍, of p0/a#c0|m"}},
	}
	for _, s := range steps {
		follows(t, reacts(t, mem, m, reaction{s.who, place(s.at), s.emoji, s.removed}), s.want...)
	}
	if len(mem.reactions) > 0 {
		t.Errorf("%v are left, want none", mem.reactions)
	}
}

func TestThePlatformsNearestEmojiIsCounted(t *testing.T) {
	t.Parallel()
	mem, m := shared(), mirror(0, 1)
	thumb := func(emoji string) (string, bool) { return "👍", emoji != "🦀" }
	mem.traits["p1/a"] = chat.Traits{React: chat.Ability{Out: true}, Emoji: thumb}
	follows(t, reacts(t, mem, m, reaction{"ada", place(0), "👍", false}), `p1/a#c1: react 👍 or "👍 ada", of p0/a#c0|m`)
	follows(t, reacts(t, mem, m, reaction{"bob", place(0), "👍🏽", false}))
	follows(t, reacts(t, mem, m, reaction{"ada", place(0), "👍", true}))
	follows(t, reacts(t, mem, m, reaction{"bob", place(0), "👍🏽", true}), "p1/a#c1: unreact 👍, of p0/a#c0|m")
	follows(t, reacts(t, mem, m, reaction{"bob", place(0), "🦀", false}), `p1/a#c1: post "🦀 bob", answers p0/a#c0|m`)
}

func TestWhereThereAreNoReactionsALineSaysItOnce(t *testing.T) {
	t.Parallel()
	mem, m := shared(), mirror(0, 1)
	mem.traits["p1/a"] = chat.Traits{}
	follows(t, reacts(t, mem, m, reaction{"ada", place(0), ":party_parrot:", false}), `p1/a#c1: post ":party_parrot: ada", answers p0/a#c0|m`)
	follows(t, reacts(t, mem, m, reaction{"bob", place(0), ":party_parrot:", false}))
	for _, who := range []chat.PersonID{"ada", "bob"} {
		follows(t, reacts(t, mem, m, reaction{who, place(0), ":party_parrot:", true}))
	}
	follows(t, reacts(t, mem, m, reaction{"ada", place(0), ":party_parrot:", false}))
	follows(t, reacts(t, mem, m, reaction{"ada", place(0), "🎉", false}), `p1/a#c1: post "🎉 ada", answers p0/a#c0|m`)
}

func TestASilentLegIsNotCounted(t *testing.T) {
	t.Parallel()
	mem := shared()
	both, quiet := mirror(0, 1, 2), mirror(0, 1, 2)
	quiet.Legs[2].Silent = true
	reacts(t, mem, both, reaction{"ada", place(2), "👍", false}) // before the mirror was changed
	follows(t, reacts(t, mem, quiet, reaction{"bob", place(1), "👍", false}),
		`p0/a#c0: react 👍 or "👍 bob", of p0/a#c0|m`, `p2/a#c2: react 👍 or "👍 bob", of p0/a#c0|m`)
}

func TestAReactionInAThreadIsItsPlaces(t *testing.T) {
	t.Parallel()
	mem, m := newPast(), mirror(0, 1)
	mem.copies = []chat.Copy{{Source: ref(place(0), "m"), Dest: ref(thread(1, "twin"), "m1")}}
	follows(t, reacts(t, mem, m, reaction{"ada", thread(0, "t"), "👍", false}), `p1/a#c1: react 👍 or "👍 ada", of p0/a#c0/t|m`)
	follows(t, reacts(t, mem, m, reaction{"ada", place(0), "👍", true}), "p1/a#c1: unreact 👍, of p0/a#c0|m")
}
