package route_test

import (
	"testing"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/route"
	"github.com/roost-im/roost/router/text"
)

func TestAPostIsTheAuthors(t *testing.T) {
	t.Parallel()
	both := route.Names{Name: "{name} ({platform})", Prefix: "[{account}/{place}] {handle} {name}: "}
	ada := chat.Author{ID: "1", Name: "Ada", Handle: "ada_l", Avatar: "https://a/p.png"}
	for _, tc := range []struct {
		author       chat.Author
		names        route.Names
		name, prefix string
	}{
		{ada, route.Names{}, "Ada", ""},
		{chat.Author{ID: "1", Handle: "ada"}, route.Names{}, "ada", ""},
		{chat.Author{ID: "1"}, route.Names{}, "1", ""},
		{chat.Author{ID: "1", Name: "A\u202eda\n@everyone"}, route.Names{}, text.Name("A\u202eda\n@everyone", 80), ""},
		{ada, both, "Ada (Zero)", "[a/c0] ada_l Ada: "},
		{chat.Author{ID: "1", Name: "{handle}"}, both, "{handle} (Zero)", "[a/c0] {handle} {handle}: "},
		{ada, route.Names{Prefix: "{name} says "}, "Ada", "Ada says "},
	} {
		mem := newPast()
		mem.traits["p0/a"] = chat.Traits{Platform: "Zero"}
		m := mirror(0, 1)
		m.Names = tc.names
		ev := event(place(0), chat.Posted{Text: text.Plain("hi"), Files: []chat.File{{Name: "a.png"}}})
		ev.Author = tc.author
		d := plan(t, mem, ev, m).Deliveries[0]
		p, _ := d.Action.(chat.Post)
		if want := (chat.Persona{Name: tc.name, Avatar: tc.author.Avatar, Prefix: tc.prefix}); p.As == nil || *p.As != want {
			t.Errorf("%+v is shown as %+v, want %+v", tc.author, p.As, want)
		}
		if len(p.Files) != 1 || p.Hops != 1 || !p.Number || d.Source != ev.Ref() || d.Purpose != route.Purpose {
			t.Errorf("%+v of %v", p, d.Source)
		}
	}
}
