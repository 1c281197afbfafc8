package route_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/route"
	"github.com/roost-im/roost/router/text"
)

func TestFilters(t *testing.T) {
	t.Parallel()
	authors := route.Filter{Authors: []string{"ada", "@Bob"}}
	words := route.Filter{Text: []*regexp.Regexp{regexp.MustCompile(`^!`), regexp.MustCompile(`(?i)secret`)}}
	pictures := route.Filter{Kinds: []route.Kind{route.KindImage, route.KindFile}}
	replies := route.Filter{Kinds: []route.Kind{route.KindReply}}
	image := chat.Posted{Text: text.Plain("look"), Files: []chat.File{{Name: "a.png", Type: "image/png"}}}
	file := chat.Posted{Files: []chat.File{{Name: "a.zip"}}}
	const skipped, only = " is skipped", " is not among what alone is carried"
	for _, tc := range []struct {
		name       string
		filter     route.Filter
		by         chat.Author
		what       chat.Happening
		skip, only string // why it is not carried; empty: it is
	}{
		{"by ID", authors, chat.Author{ID: "ada"}, posted("hi"), "the author", ""},
		{"by handle", authors, chat.Author{ID: "7", Handle: "bob"}, posted("hi"), "the author", ""},
		{"by a name that anybody can take", authors, chat.Author{ID: "8", Name: "ada"}, posted("hi"), "", "the author"},
		{"what they react with", authors, chat.Author{ID: "ada"}, chat.Reacted{Emoji: "👍"}, "the author", ""},
		{"what somebody deletes", authors, chat.Author{}, chat.Deleted{}, "", ""},
		{"by text", words, chat.Author{ID: "x"}, posted("!do"), "the text", ""},
		{"by text in an edit", words, chat.Author{ID: "x"}, chat.Edited{Text: text.Plain("no SECRET")}, "the text", ""},
		{"other text", words, chat.Author{ID: "x"}, posted("do!"), "", "the text"},
		{"what has no text", words, chat.Author{ID: "x"}, chat.Reacted{Emoji: "👍"}, "", ""},
		{"a picture", pictures, chat.Author{ID: "x"}, image, "the kind of message", ""},
		{"a file", pictures, chat.Author{ID: "x"}, file, "the kind of message", ""},
		{"words", pictures, chat.Author{ID: "x"}, posted("hi"), "", "the kind of message"},
		{"a reply", replies, chat.Author{ID: "x"}, chat.Posted{ReplyTo: "a"}, "the kind of message", ""},
		{"everything", route.Filter{}, chat.Author{ID: "x"}, image, "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			ev := event(place(0), tc.what)
			ev.Author = tc.by
			for _, way := range []struct {
				skip, only  route.Filter
				why, behind string
			}{{tc.filter, route.Filter{}, tc.skip, skipped}, {route.Filter{}, tc.filter, tc.only, only}} {
				m := mirror(0, 1)
				m.Skip, m.Only = way.skip, way.only
				res := plan(t, newPast(), ev, m)
				var want []string
				if way.why != "" {
					want = []string{"m: " + way.why + way.behind}
				}
				if !slices.Equal(res.Why, want) || (len(res.Deliveries) == 0) != (way.why != "") {
					t.Errorf("%d deliveries because of %q, want %q", len(res.Deliveries), res.Why, want)
				}
			}
		})
	}
}

func TestBotsAreCarriedWhenTheyAreNamed(t *testing.T) {
	t.Parallel()
	bot := chat.Author{ID: "B1", Name: "GitHub", Handle: "github_app", Bot: true}
	for _, tc := range []struct {
		name        string
		mirror, leg []string
		carried     bool
	}{
		{"not named", nil, nil, false},
		{"all", []string{"all"}, nil, true},
		{"by name", []string{"other", "github"}, nil, true},
		{"by ID", []string{"B1"}, nil, true},
		{"by handle", []string{"@GitHub_App"}, nil, true},
		{"another one", []string{"B2"}, nil, false},
		{"named at the leg", nil, []string{"B1"}, true},
		{"not at this leg", []string{"all"}, []string{}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			m := mirror(0, 1)
			m.Bots, m.Legs[0].Bots = tc.mirror, tc.leg
			ev := event(place(0), posted("hi"))
			ev.Author = bot
			if res := plan(t, newPast(), ev, m); (len(res.Deliveries) > 0) != tc.carried {
				t.Errorf("%+v, want carried %v", res, tc.carried)
			}
		})
	}
}
