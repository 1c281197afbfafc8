package dm

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

func TestWriteText(t *testing.T) {
	t.Parallel()
	var b text.Builder
	b.Span(text.Bold, text.Attrs{}, func() { b.Write("bold") })
	b.Write(" and ")
	b.Span(text.Link, text.Attrs{Attr: "https://example.com"}, func() { b.Write("a link") })
	b.Write(" for @everyone")
	card := &chat.Card{Title: "Case 7", Body: "from Ann"}
	choices := &chat.Card{Numbered: true, Buttons: []chat.Button{{ID: "1", Label: "Tea"}, {ID: "2", Label: "Coffee"}}}
	for _, tc := range []struct {
		name string
		post chat.Post
		want string
	}{
		{"spans", chat.Post{Text: b.Text()}, "bold and a link (https://example.com) for @everyone"},
		{"persona is not shown", chat.Post{Text: text.Plain("hi"), As: &chat.Persona{Name: "Dana"}}, "hi"},
		{"card", chat.Post{Card: card}, "Case 7\nfrom Ann"},
		{"card and text", chat.Post{Text: text.Plain("look"), Card: card}, "look\nCase 7\nfrom Ann"},
		{"choices", chat.Post{Text: text.Plain("which?"), Card: choices}, "which?\n1. Tea\n2. Coffee"},
		{"choices alone", chat.Post{Card: choices}, "1. Tea\n2. Coffee"},
		{"buttons that no number presses", chat.Post{Text: text.Plain("which?"), Card: &chat.Card{Buttons: choices.Buttons}}, "which?"},
		{"card with choices", chat.Post{Card: &chat.Card{Title: "Case 7", Buttons: choices.Buttons, Numbered: true}}, "Case 7\n1. Tea\n2. Coffee"},
		{"card that is the text", chat.Post{Text: card.Plain(), Card: card}, "Case 7\nfrom Ann"},
		{"white space alone", chat.Post{Text: text.Plain(" \n ")}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := Write(tc.post); got != tc.want {
				t.Errorf("Write = %q, want %q", got, tc.want)
			}
		})
	}
}

func TestMentioning(t *testing.T) {
	t.Parallel()
	for said, want := range map[string][]string{
		"@acmetea what is on?":                {"@acmetea"},
		"👋 hey @AcmeTea, and (@acmetea)!":     {"@AcmeTea", "@acmetea"},
		"@acmetea@acmetea":                    {"@acmetea"},
		"@acmeteas @acme_tea a@acmetea":       nil,
		"https://x.com/@acmetea @@acmetea @a": nil,
		"@acmete":                             nil,
		"":                                    nil,
	} {
		got := Mentioning(text.Plain(said), "acmetea", "7")
		var words []string
		for _, s := range got.Spans {
			words = append(words, said[s.Start:s.End])
			if s.Kind != text.Mention || s.ID != "7" {
				t.Errorf("%q has %+v, want a mention of 7", said, s)
			}
		}
		if diff := cmp.Diff(want, words); diff != "" || got.Body != said || got.Check() != nil {
			t.Errorf("%q reads %+v, %v (-want +got):\n%s", said, got, got.Check(), diff)
		}
	}
	if got := Mentioning(text.Plain("@ who am I"), "", "7"); len(got.Spans) > 0 {
		t.Errorf("nobody's handle gave %+v", got)
	}
}
