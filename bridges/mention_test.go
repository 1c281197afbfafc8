package bridges_test

import (
	"testing"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

func TestMentions(t *testing.T) {
	t.Parallel()
	mention := func(id string) text.Text {
		var b text.Builder
		b.Write("hey ")
		b.Span(text.Mention, text.Attrs{ID: id, Name: "roost"}, func() { b.Write("@roost") })
		return b.Text()
	}
	var quote text.Builder
	quote.Span(text.Quote, text.Attrs{}, func() { quote.Add(mention("B1")) })
	quote.Write("\nwhat did they mean?")
	for _, tc := range []struct {
		name string
		what chat.Happening
		id   string
		want bool
	}{
		{"posted", chat.Posted{Text: mention("B1")}, "B1", true},
		{"edited", chat.Edited{Text: mention("B1")}, "B1", true},
		{"of somebody else", chat.Posted{Text: mention("U2")}, "B1", false},
		{"of nobody known", chat.Posted{Text: mention("")}, "", false},
		{"by name alone", chat.Posted{Text: text.Plain("@roost")}, "B1", false},
		{"within a quote", chat.Posted{Text: quote.Text()}, "B1", false},
		{"no message", chat.Typing{}, "B1", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := bridges.Mentions(tc.what, tc.id); got != tc.want {
				t.Errorf("Mentions(%+v, %q) = %v, want %v", tc.what, tc.id, got, tc.want)
			}
		})
	}
}
