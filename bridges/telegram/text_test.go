package telegram_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/roost-im/roost/bridges/telegram"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

func TestEntitiesAreRead(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, body, entities string
		want                 []text.Span
	}{
		{"after an emoji", "👩‍👩‍👧 bold", `[{"type":"bold","offset":9,"length":4}]`, []text.Span{{Start: 19, End: 23, Kind: text.Bold}}},
		{"right to left", "שלום עולם", `[{"type":"italic","offset":5,"length":4}]`, []text.Span{{Start: 9, End: 17, Kind: text.Italic}}},
		{"nested", "abc", `[{"type":"bold","offset":0,"length":3},{"type":"spoiler","offset":1,"length":1}]`, []text.Span{{Start: 0, End: 3, Kind: text.Bold}, {Start: 1, End: 2, Kind: text.Spoiler}}},
		{"code block", "x := 1", `[{"type":"pre","offset":0,"length":6,"language":"go"}]`, []text.Span{{Start: 0, End: 6, Kind: text.Pre, Attr: "go"}}},
		{"expandable quote", "long", `[{"type":"expandable_blockquote","offset":0,"length":4}]`, []text.Span{{Start: 0, End: 4, Kind: text.Quote}}},
		{"person without a name of their own", "Ada", `[{"type":"text_mention","offset":0,"length":3,"user":{"id":5,"first_name":"Ada","last_name":"L"}}]`, []text.Span{{Start: 0, End: 3, Kind: text.Mention, ID: "5", Name: "Ada L"}}},
		{"custom emoji", "👍", `[{"type":"custom_emoji","offset":0,"length":2,"custom_emoji_id":"77"}]`, []text.Span{{Start: 0, End: 4, Kind: text.Emoji, ID: "77"}}},
		{"link", "here", `[{"type":"text_link","offset":0,"length":4,"url":"https://example.com/"}]`, []text.Span{{Start: 0, End: 4, Kind: text.Link, Attr: "https://example.com/"}}},
		{"plain to everybody", "@ada #tag /cmd", `[{"type":"mention","offset":0,"length":4},{"type":"hashtag","offset":5,"length":4},{"type":"bot_command","offset":10,"length":4}]`, nil},
		{"nonsense", "abc", `[{"type":"bold","offset":-4,"length":2},{"type":"bold","offset":1,"length":0},{"type":"novelty","offset":0,"length":1},{"type":"text_mention","offset":0,"length":1},{"type":"bold","offset":9007199254740991,"length":9007199254740991}]`, nil},
	} {
		got, err := telegram.ReadText(tc.body, []byte(tc.entities))
		must(t, err)
		if diff := cmp.Diff(text.Text{Body: tc.body, Spans: tc.want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
}

func TestWhatTelegramCantShowIsWritten(t *testing.T) {
	t.Parallel()
	var b text.Builder
	b.Span(text.Heading, text.Attrs{}, func() { b.Write("Title") })
	b.Write("\n")
	b.Span(text.ListItem, text.Attrs{Attr: "1"}, func() { b.Write("one") })
	b.Write("\n")
	b.Span(text.Mention, text.Attrs{ID: "5", Name: "Ada"}, func() { b.Write("@ada") })
	b.Write(" ")
	b.Span(text.Emoji, text.Attrs{Name: "party"}, func() { b.Write("?") })
	b.Write(" ")
	b.Span(text.Link, text.Attrs{Attr: "tg://user?id=5"}, func() { b.Write("me") })
	b.Write("  \n")
	body, entities, err := telegram.WriteText(b.Text())
	must(t, err)
	if want := "Title\n1. one\nAda :party: me (tg://user?id=5)"; body != want || string(entities) != "null" {
		t.Errorf("it goes out as %q with %s, want %q", body, entities, want)
	}
}

// texts are normal texts of the kinds that Telegram shows.
func texts() *rapid.Generator[text.Text] {
	return rapid.Custom(func(t *rapid.T) text.Text {
		pieces := rapid.SliceOfN(rapid.SampledFrom([]string{
			"a", "word", " ", "\n", "👩‍👩‍👧", "🏳️‍🌈", "é", "e\u0301", "你好", "שלום", "@ada", "/start", "/usr/bin", "@", "/", "https://example.com/@a/b", "a@b.c", "```", "*", "]", "\u2060", "1",
		}), 0, 12).Draw(t, "pieces")
		x := text.Text{Body: strings.Join(pieces, "")}
		n := rapid.IntRange(0, 4).Draw(t, "spans")
		for range n {
			s := text.Span{
				Start: rapid.IntRange(0, len(x.Body)).Draw(t, "start"), End: rapid.IntRange(0, len(x.Body)).Draw(t, "end"),
				Kind: rapid.SampledFrom([]text.Kind{text.Bold, text.Italic, text.Underline, text.Strike, text.Code, text.Pre, text.Quote, text.Spoiler, text.Link}).Draw(t, "kind"),
			}
			if s.Kind == text.Link {
				s.Attr = "https://example.com/"
			}
			x.Spans = append(x.Spans, s)
		}
		return x.Normal()
	})
}

func TestCharactersSurviveTheWayOutAndBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x := texts().Draw(t, "text")
		body, entities, err := telegram.WriteText(x)
		if err != nil {
			t.Fatal(err)
		}
		if text.UTF16.Len(body) != telegram.SizeOf(x) {
			t.Fatalf("%q takes %d units, and Size says %d", body, text.UTF16.Len(body), telegram.SizeOf(x))
		}
		var all []struct{ Offset, Length int }
		if err := json.Unmarshal(entities, &all); err != nil {
			t.Fatal(err)
		}
		for _, e := range all {
			if e.Offset < 0 || e.Length <= 0 || e.Offset+e.Length > text.UTF16.Len(body) {
				t.Fatalf("entity %+v is outside of %q", e, body)
			}
		}
		back, err := telegram.ReadText(body, entities)
		if err != nil {
			t.Fatal(err)
		}
		// A joiner that somebody wrote behind @ or / is lost: it can't be seen.
		unseen := strings.NewReplacer("\u2060", "")
		if got, want := unseen.Replace(back.Body), unseen.Replace(x.Trim().Body); got != want {
			t.Fatalf("%q came back as %q", want, got)
		}
	})
}

func TestTheMarksOfADeskHaveReactions(t *testing.T) {
	t.Parallel()
	allowed := map[string]bool{}
	for one := range strings.FieldsSeq(telegram.Reactions()) {
		if got, ok := telegram.Nearest(one); !ok || got != one {
			t.Errorf("nearest(%s) = %s, %v", one, got, ok)
		}
		allowed[one] = true
	}
	if len(allowed) != 73 {
		t.Errorf("%d reactions are known, want 73", len(allowed))
	}
	seen := map[string]string{}
	for _, mark := range []string{"⏳", "✅", "👁", "❌", "❓"} {
		got, ok := telegram.Nearest(mark)
		if !ok || !allowed[got] || seen[got] != "" {
			t.Errorf("nearest(%s) = %s, which is also that of %q", mark, got, seen[got])
		}
		seen[got] = mark
	}
	for emoji, want := range map[string]string{"❤️": "❤", "👍🏽": "👍", "😂": "🤣", "🧡": "❤", "✔️": "👌"} {
		if got, ok := telegram.Nearest(emoji); !ok || got != want {
			t.Errorf("nearest(%s) = %s, want %s", emoji, got, want)
		}
	}
	for _, emoji := range []string{"", ":party:", "🦖", "\uFE0F", "x", ":"} {
		if got, ok := telegram.Nearest(emoji); ok {
			t.Errorf("nearest(%q) = %s, want none", emoji, got)
		}
	}
}

func TestMessageIDsAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	for _, id := range []chat.MessageID{"7", "7,8,9", "7,8+9", "-1001:7", "-1001:7,8+9"} {
		if again, ok := telegram.ReadMessages(-5, id); !ok || again != id {
			t.Errorf("%q reads as %q, %v", id, again, ok)
		}
	}
	for _, id := range []chat.MessageID{"", "x", "0", "-7", "7,", "a:7", "7+8+9", "7+", "1,2,3,4,5,6,7,8,9,10,11,12"} {
		if again, ok := telegram.ReadMessages(-5, id); ok {
			t.Errorf("%q reads as %q, want nothing", id, again)
		}
	}
}
