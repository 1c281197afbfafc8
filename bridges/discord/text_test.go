package discord_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/roost-im/roost/bridges/discord"
	"github.com/roost-im/roost/router/text"
)

func TestMarkdownIsRead(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		in   string
		body string
		span []text.Span
	}{
		{"plain", "plain", nil},
		{"**b** *i* __u__ ~~s~~ ||x||", "b i u s x", []text.Span{
			{Start: 0, End: 1, Kind: text.Bold},
			{Start: 2, End: 3, Kind: text.Italic},
			{Start: 4, End: 5, Kind: text.Underline},
			{Start: 6, End: 7, Kind: text.Strike},
			{Start: 8, End: 9, Kind: text.Spoiler},
		}},
		{"***both***", "both", []text.Span{{Start: 0, End: 4, Kind: text.Bold}, {Start: 0, End: 4, Kind: text.Italic}}},
		{"snake_case_name and _word_", "snake_case_name and word", []text.Span{{Start: 20, End: 24, Kind: text.Italic}}},
		{"2 * 3 * 4", "2 * 3 * 4", nil},
		{`\*no\* \_no\_`, "*no* _no_", nil},
		{"`a*b*` ``x`y``", "a*b* x`y", []text.Span{{Start: 0, End: 4, Kind: text.Code}, {Start: 5, End: 8, Kind: text.Code}}},
		{"```go\nfunc *x*\n```after", "func *x*after", []text.Span{{Start: 0, End: 8, Kind: text.Pre, Attr: "go"}}},
		{"> one\n> two\nthree", "one\ntwo\nthree", []text.Span{{Start: 0, End: 7, Kind: text.Quote}}},
		{">>> all\nof it", "all\nof it", []text.Span{{Start: 0, End: 9, Kind: text.Quote}}},
		{"# Head\n-# small\ntext # no", "Head\nsmall\ntext # no", []text.Span{{Start: 0, End: 4, Kind: text.Heading}}},
		{"- a\n  - b\n2. c", "a\nb\nc", []text.Span{
			{Start: 0, End: 1, Kind: text.ListItem},
			{Start: 2, End: 3, Kind: text.ListItem},
			{Start: 4, End: 5, Kind: text.ListItem, Attr: "2"},
		}},
		{"[text](https://e.x/a_(b)) <https://e.x/_y_> https://e.x/*z*", "text) https://e.x/_y_ https://e.x/*z*", []text.Span{
			{Start: 0, End: 4, Kind: text.Link, Attr: "https://e.x/a_(b"},
		}},
		{"[https://good.x](https://evil.x)", "[https://good.x](https://evil.x)", nil},
		{"<@42> <@!42> <@&7> <#9> </ping:1> <id:guide>", "@someone @someone @role #channel /ping #guide", []text.Span{
			{Start: 0, End: 8, Kind: text.Mention, ID: "42", Name: "someone"},
			{Start: 9, End: 17, Kind: text.Mention, ID: "42", Name: "someone"},
			{Start: 18, End: 23, Kind: text.Mention, ID: "&7", Name: "role"},
		}},
		{"<t:1700000000:R> @everyone", "2023-11-14 22:13 UTC @everyone", nil},
		{"<:parrot:12><a:wave:13>", ":parrot::wave:", []text.Span{
			{Start: 0, End: 8, Kind: text.Emoji, ID: "12", Name: "parrot", Attr: "https://cdn.discordapp.com/emojis/12.png"},
			{Start: 8, End: 14, Kind: text.Emoji, ID: "13", Name: "wave", Attr: "https://cdn.discordapp.com/emojis/13.gif"},
		}},
		{`¯\_(ツ)_/¯`, `¯\_(ツ)_/¯`, nil},
		{"**unclosed *also", "**unclosed *also", nil},
		{"👩‍👩‍👧 **é** مرحبا ~~你好~~", "👩‍👩‍👧 é مرحبا 你好", []text.Span{
			{Start: 19, End: 21, Kind: text.Bold}, {Start: 33, End: 39, Kind: text.Strike},
		}},
	} {
		got := discord.ReadMarkdown(tc.in)
		if got.Body != tc.body {
			t.Errorf("%q reads %q, want %q", tc.in, got.Body, tc.body)
		}
		if diff := cmp.Diff(tc.span, got.Spans); diff != "" {
			t.Errorf("%q has other spans (-want +got):\n%s", tc.in, diff)
		}
	}
}

func TestMarkdownIsWritten(t *testing.T) {
	t.Parallel()
	span := func(k text.Kind, a text.Attrs, s string) text.Text {
		var b text.Builder
		b.Span(k, a, func() { b.Write(s) })
		return b.Text()
	}
	for _, tc := range []struct {
		in   text.Text
		want string
	}{
		{text.Plain("a*b_c~d|e`f[g"), `a\*b\_c\~d\|e\` + "`" + `f\[g`},
		{text.Plain("# no\n> no\n- no\n1. no\n-# no"), "\\# no\n\\> no\n\\- no\n1\\. no\n\\-# no"},
		{text.Plain("<@42> <#1> </x:1>"), `\<@42> \<#1> \</x:1>`},
		{text.Plain("see https://e.x/a_b*c"), "see https://e.x/a_b*c"},
		{text.Plain("https://e.x/?b=<2>"), `<https://e.x/?b=>\<2>`},
		{span(text.Bold, text.Attrs{}, " spaced "), " **spaced** "},
		{text.Join(text.Plain("un"), span(text.Italic, text.Attrs{}, "believ"), text.Plain("able")), "un*believ*able"},
		{span(text.Bold, text.Attrs{}, "two\nlines"), "**two**\n**lines**"},
		{span(text.Quote, text.Attrs{}, "q\n> r"), "> q\n> \\> r"},
		{span(text.Code, text.Attrs{}, "a`b"), "``a`b``"},
		{span(text.Code, text.Attrs{}, "`edge"), `\` + "`edge"},
		{span(text.Pre, text.Attrs{Attr: "go"}, "x := 1"), "```go\nx := 1\n```"},
		{span(text.Pre, text.Attrs{}, "a ``` b"), "a \\`\\`\\` b"},
		{span(text.Link, text.Attrs{Attr: "https://e.x/(1) 2>"}, "here"), "[here](<https://e.x/(1)%202%3E>)"},
		{span(text.Link, text.Attrs{Attr: "https://e.x"}, "https://e.x"), "https://e.x"},
		{span(text.Link, text.Attrs{Attr: "https://e.x"}, "https://b.ank"), "https://b.ank (https://e.x)"},
		{span(text.Link, text.Attrs{Attr: "javascript:x"}, "here"), "here (javascript:x)"},
		{span(text.Mention, text.Attrs{ID: "42", Name: "Ada *x*"}, "@ada"), `Ada \*x\*`},
		{span(text.Emoji, text.Attrs{Name: "parrot"}, ":parrot:"), "<:parrot:123456>"},
		{span(text.Emoji, text.Attrs{Name: "no_one"}, ":no_one:"), `:no\_one:`},
		{span(text.ListItem, text.Attrs{}, "item"), "- item"},
		{span(text.Heading, text.Attrs{}, "Head"), "### Head"},
		{span(text.Spoiler, text.Attrs{}, "a || b"), `||a \|\| b||`},
	} {
		if got := discord.WriteMarkdown(tc.in, "parrot"); got != tc.want {
			t.Errorf("%q goes out as %q, want %q", tc.in.Body, got, tc.want)
		}
	}
}

// texts draws texts of words and line ends with any spans.
func texts(rt *rapid.T) text.Text {
	words := rapid.SliceOfN(rapid.SampledFrom([]string{
		"word", " ", "\n", "\n\n", "&", "<@42>", "<#1>", "*", "**", "_x_", "`", "```", "https://example.com/a_b?c=1.", "é", "👨‍👩‍👧", "> ", ">>> ", "1. ", "- ", "# ", "-# ",
		"@here", "|", "||", ":wave:", "<:wave:12>", "\\", "~~", "[a](https://b.c)", "](", "<", ">", "مرحبا", "你好", "¯\\_(ツ)_/¯", "h", "http://a>b<",
	}), 1, 20).Draw(rt, "words")
	t := text.Text{Body: strings.Join(words, "")}
	for range rapid.IntRange(0, 5).Draw(rt, "spans") {
		from := rapid.IntRange(0, len(t.Body)).Draw(rt, "from")
		to := rapid.IntRange(from, len(t.Body)).Draw(rt, "to")
		kind := rapid.SampledFrom([]text.Kind{
			text.Bold, text.Italic, text.Strike, text.Underline, text.Code, text.Pre, text.Quote, text.ListItem, text.Link, text.Mention, text.Heading,
			text.Spoiler, text.Emoji,
		}).Draw(rt, "kind")
		s := text.Span{Start: from, End: to, Kind: kind, ID: "1", Name: "someone"}
		if kind == text.Link {
			s.Attr = rapid.SampledFrom([]string{"https://x.y/<>|", "tg://user", "javascript:x"}).Draw(rt, "url")
		}
		t.Spans = append(t.Spans, s)
	}
	return t.Normal()
}

// within says whether all characters of s are in whole, in their order: what has no means is written out beside.
func within(s, whole string) bool {
	for _, r := range s {
		i := strings.IndexRune(whole, r)
		if i < 0 {
			return false
		}
		whole = whole[i+utf8.RuneLen(r):]
	}
	return true
}

func named(t text.Text) bool {
	for _, s := range t.Spans {
		if s.Kind == text.Mention || s.Kind == text.Emoji {
			return true
		}
	}
	return false
}

func TestWhatGoesOutCallsNobodyAndLosesNoCharacter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		in := texts(rt)
		out := discord.WriteMarkdown(in)
		back := discord.ReadMarkdown(out)
		for _, s := range back.Spans {
			if s.Kind == text.Mention || s.Kind == text.Emoji {
				rt.Fatalf("%q goes out as %q, which names somebody", in.Body, out)
			}
		}
		if !named(in) && !within(in.Body, back.Body) {
			rt.Fatalf("%q went out as %q and came back as %q", in.Body, out, back.Body)
		}
	})
}

func TestPlainTextComesBackAsItWas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		in := text.Plain(rapid.OneOf(rapid.String(), rapid.Custom(func(rt *rapid.T) string { return texts(rt).Body })).Draw(rt, "s"))
		out := discord.WriteMarkdown(in)
		if back := discord.ReadMarkdown(out); back.Body != in.Body {
			rt.Fatalf("%q went out as %q and came back as %q", in.Body, out, back.Body)
		}
	})
}

func TestATextTakesNoMoreThanItsSize(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		in := texts(rt)
		out := discord.WriteMarkdown(in, "someone")
		if got, want := text.Cautious.Len(out), discord.Size(in); got > want {
			rt.Fatalf("%q takes %d, its size is %d: %q", in.Body, got, want, out)
		}
	})
}

func TestASliceTakesNoMoreThanTheWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		in := texts(rt)
		i := rapid.IntRange(0, len(in.Body)).Draw(rt, "i")
		j := rapid.IntRange(i, len(in.Body)).Draw(rt, "j")
		if part, whole := discord.Size(in.Slice(i, j)), discord.Size(in); part > whole {
			rt.Fatalf("the slice %d to %d of %q takes %d, the whole %d", i, j, in.Body, part, whole)
		}
	})
}

func TestNamesOfWebhooks(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Ada":                    "Ada",
		"Clyde the Discord fan":  "CIyde the Disc0rd fan",
		"everyone":               "someone",
		"@here":                  "someone",
		"":                       "someone",
		"a\nb\u202ec":            "a bc",
		strings.Repeat("👍", 100): strings.Repeat("👍", 40),
	} {
		if got := discord.HookUser(in); got != want {
			t.Errorf("%q bears the name %q, want %q", in, got, want)
		}
	}
}

func TestNoMessageTakesLongToRead(t *testing.T) {
	t.Parallel()
	for _, piece := range []string{"*", "**", "_", "[", "[a](", "`", "``` ", "*_", "> ", "<", "||a", "\\", "- ", "**a", "*a **b "} {
		began := time.Now()
		got := discord.ReadMarkdown(strings.Repeat(piece, 4000/len(piece)))
		discord.WriteMarkdown(got)
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("4,000 characters of %q take %v", piece, took)
		}
	}
}

func FuzzMarkdown(f *testing.F) {
	for _, s := range []string{"**a** _b_", "> q\n- i", "```x\ny\n```", "<@1><:a:2>", "[a](<https://b.c>)", "||a||\\*", "*a **b** c*"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 4000 {
			return
		}
		got := discord.ReadMarkdown(s)
		if err := got.Check(); err != nil {
			t.Fatalf("%q reads as a text that is none: %v", s, err)
		}
		out := discord.WriteMarkdown(text.Plain(got.Body))
		if back := discord.ReadMarkdown(out); back.Body != got.Body {
			t.Fatalf("%q went out as %q and came back as %q", got.Body, out, back.Body)
		}
	})
}
