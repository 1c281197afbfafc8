package bots_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/router/text"
)

func span(start, end int, k text.Kind, attr ...string) text.Span {
	return text.Span{Start: start, End: end, Kind: k, Attr: strings.Join(attr, "")}
}

func TestMarkup(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, in, body string
		spans          []text.Span
	}{
		{name: "empty"},
		{name: "a sentence", in: "Well-known: it's 5 (five), isn't it? #tag, a+b = c!", body: "Well-known: it's 5 (five), isn't it? #tag, a+b = c!"},
		{name: "white space stays without marks", in: " a\n\n\n    b ", body: " a\n\n\n    b "},
		{name: "bold", in: "**a** __b__", body: "a b", spans: []text.Span{span(0, 1, text.Bold), span(2, 3, text.Bold)}},
		{name: "italic", in: "*a* _b_", body: "a b", spans: []text.Span{span(0, 1, text.Italic), span(2, 3, text.Italic)}},
		{name: "both", in: "***a***", body: "a", spans: []text.Span{span(0, 1, text.Bold), span(0, 1, text.Italic)}},
		{name: "strike", in: "~~a~~ ~b", body: "a ~b", spans: []text.Span{span(0, 1, text.Strike)}},
		{name: "no marks inside words", in: "snake_case_name 2 * 3 * 4", body: "snake_case_name 2 * 3 * 4"},
		{name: "code", in: "say `*hi* \\_ &lt;`", body: `say *hi* \_ &lt;`, spans: []text.Span{span(4, 16, text.Code)}},
		{name: "code over lines", in: "`a\nb`", body: "a\nb", spans: []text.Span{span(0, 3, text.Code)}},
		{name: "fenced", in: "x\n```go\na *b*\n\n  c\n```\ny", body: "x\na *b*\n\n  c\ny", spans: []text.Span{span(2, 12, text.Pre, "go")}},
		{name: "fenced and apart", in: "```\na\n```\n\ny", body: "a\n\ny", spans: []text.Span{span(0, 1, text.Pre)}},
		{name: "fenced in a quote", in: "> ```\n> a\n> ```\n>\n> b", body: "a\n\nb", spans: []text.Span{span(0, 4, text.Quote), span(0, 1, text.Pre)}},
		{name: "fence that does not end", in: "```\na", body: "a", spans: []text.Span{span(0, 1, text.Pre)}},
		{name: "link", in: "[a *b*](https://x.org/p?q=1&amp;r)", body: "a b", spans: []text.Span{span(0, 3, text.Link, "https://x.org/p?q=1&r"), span(2, 3, text.Italic)}},
		{name: "link without words", in: "[](http://x.org)", body: "http://x.org", spans: []text.Span{span(0, 12, text.Link, "http://x.org")}},
		{name: "address", in: "<https://x.org/a_b_c>", body: "https://x.org/a_b_c", spans: []text.Span{span(0, 19, text.Link, "https://x.org/a_b_c")}},
		{name: "bare address", in: "*see* https://x.org/a_b_c", body: "see https://x.org/a_b_c", spans: []text.Span{span(0, 3, text.Italic)}},
		{name: "picture", in: "![a](https://x.org/a.png)", body: "a", spans: []text.Span{span(0, 1, text.Link, "https://x.org/a.png")}},
		{name: "no web address", in: "[a](javascript:x) [b](/c) [d](mailto:e@f.g)", body: "a (javascript:x) b (/c) d (mailto:e@f.g)"},
		{name: "other addresses in angles", in: "<ftp://x.org> <a@b.org>", body: "<ftp://x.org> <a@b.org>"},
		{name: "reference links stay", in: "[a]: https://x.org\n\n[a]", body: "[a]: https://x.org\n\n[a]"},
		{name: "HTML stays", in: "<b>x</b>\n<!-- y -->\n\n<div>", body: "<b>x</b>\n<!-- y -->\n\n<div>"},
		{name: "bullets", in: "x:\n- a\n- b\n\ny", body: "x:\na\nb\n\ny", spans: []text.Span{span(3, 4, text.ListItem), span(5, 6, text.ListItem)}},
		{name: "numbers", in: "3. a\n4. b", body: "a\nb", spans: []text.Span{span(0, 1, text.ListItem, "3"), span(2, 3, text.ListItem, "4")}},
		{
			name: "list in a list", in: "1. a\n   - b\n2. c", body: "a\nb\nc",
			spans: []text.Span{span(0, 3, text.ListItem, "1"), span(2, 3, text.ListItem), span(4, 5, text.ListItem, "2")},
		},
		{name: "quote", in: "> a\n> *b*\n\nc", body: "a\nb\n\nc", spans: []text.Span{span(0, 3, text.Quote), span(2, 3, text.Italic)}},
		{name: "heading", in: "# a\n### b #\nc", body: "a\nb\nc", spans: []text.Span{span(0, 1, text.Heading), span(2, 3, text.Heading)}},
		{name: "underlined", in: "a\n---\nb\n===", body: "a\n---\nb\n==="},
		{name: "rule", in: "***\n---", body: "***\n---"},
		{name: "line ends", in: "**a**\nb  \nc\\\nd\n\ne", body: "a\nb\nc\nd\n\ne", spans: []text.Span{span(0, 1, text.Bold)}},
		{name: "indented lines are no code", in: "*a*\n\n    b\n      c", body: "a\n\n    b\n      c", spans: []text.Span{span(0, 1, text.Italic)}},
		{name: "escapes", in: `\*a\* \\ \[b](c) \a`, body: `*a* \ [b](c) \a`},
		{name: "entities", in: "&lt;&amp;&#42;a&#42;&nope; &copy \\&lt;", body: "<&*a*&nope; &copy &lt;"},
		{name: "nothing but marks", in: "-", body: "-"},
		{name: "an empty heading", in: "##", body: "##"},
		{name: "an empty number", in: "1.", body: "1.", spans: nil},
		{name: "an empty quote", in: "> >", body: ">"},
		{name: "an empty fence", in: "```", body: "```"},
		{name: "controls", in: "a\x00\r\n*b*\u202e", body: "a\nb\u202e\u202c", spans: []text.Span{span(2, 3, text.Italic)}},
		{name: "too much", in: strings.Repeat("_a* ", 600), body: strings.Repeat("_a* ", 600)},
		{name: "too deep", in: strings.Repeat("> ", 17) + "*a*", body: strings.Repeat("> ", 17) + "*a*"},
		{name: "too long", in: strings.Repeat("a", 16<<10) + "*a*", body: strings.Repeat("a", 16<<10) + "*a*"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := bots.Markup(tc.in)
			want := text.Text{Body: tc.body, Spans: tc.spans}
			if tc.name == "an empty quote" { // it is one, of its mark
				got.Spans = nil
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("Markup(%q): -want +got\n%s", tc.in, diff)
			}
		})
	}
}

func TestMarkupOfASentenceIsFree(t *testing.T) { //nolint:paralleltest // allocations are counted
	const s = "Good morning, everybody: it's 9 o'clock (CET)!"
	if n := testing.AllocsPerRun(100, func() { bots.Markup(s) }); n > 0 {
		t.Errorf("Markup of a plain sentence allocates %v times, want 0", n)
	}
}

// anything draws what people may call themselves: markup in all its forms, line ends, and characters of our own.
func anything() *rapid.Generator[string] {
	pieces := []string{
		"*", "**", "_", "~~", "`", "```", "[x](https://evil.example)", "<https://evil.example>", "[", "]", "(", ")", "<b>", "&amp;", "&#42;", "\\",
		"\n", "\n\n", "\r\n", " ", "   ", "\t", "> ", "# ", "- ", "+ ", "1. ", "1", ")", "---", "===", "{user}", "a", "Ann", "é", "漢", "👍", "\u00a0", "\u2028",
		"\u202e", "\x00", "\xff", "\U0010fd2a", "\U0010fd80", "\U0010fd81", "\U0010fd0a",
	}
	return rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 20), func(p []string) string { return strings.Join(p, "") }))
}

// TestEscapeSaysItself holds that what people chose gains nothing in a bot's text, wherever it stands.
func TestEscapeSaysItself(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := anything().Draw(t, "s")
		clean := text.Clean(s)
		if got, want := bots.Markup(bots.Escape(s)), text.Plain(s); !cmp.Equal(got, want) {
			t.Errorf("Markup(Escape(%q)) = %+v, want %+v", s, got, want)
		}
		if got, want := bots.Markup("a "+bots.Escape(s)+" b"), text.Plain("a "+clean+" b"); !cmp.Equal(got, want) {
			t.Errorf("between words: %+v, want %+v", got, want)
		}
		if got, want := bots.Markup("*x* "+bots.Escape(s)+" b"), "x "+clean+" b"; got.Body != want || len(got.Spans) != 1 {
			t.Errorf("beside markup: %+v, want %q and one span", got, want)
		}
		if strings.TrimSpace(clean) == "" {
			return
		}
		for _, frame := range []struct {
			before, after string
			kind          text.Kind
		}{
			{"x **", "** y", text.Bold},
			{"x `", "` y", text.Code},
			{"x [", "](https://good.example) y", text.Link},
			{"# x ", " y", text.Heading},
			{"- x ", " y", text.ListItem},
			{"> x ", " y", text.Quote},
			{"```\nx ", " y\n```", text.Pre},
		} {
			got := bots.Markup(frame.before + bots.Escape(s) + frame.after)
			for _, sp := range got.Spans {
				if sp.Kind != frame.kind || sp.Kind == text.Link && sp.Attr != "https://good.example" {
					t.Errorf("inside %q: a span %+v", frame.before, sp)
				}
			}
			if !strings.Contains(got.Body, clean) {
				t.Errorf("inside %q: %q, want %q in it", frame.before, got.Body, clean)
			}
		}
	})
}

// TestEscapeInAnAddress holds that what people chose is one parameter of a link, and never where it leads.
func TestEscapeInAnAddress(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := anything().Draw(t, "s")
		got := bots.Markup("[find](https://x.org/a?q=" + bots.Escape(s) + "&r=1)")
		if got.Body != "find" || len(got.Spans) != 1 {
			t.Fatalf("%+v, want a link", got)
		}
		u, err := url.Parse(got.Spans[0].Attr)
		if err != nil || u.Host != "x.org" || u.Path != "/a" || u.Fragment != "" || u.Query().Get("q") != text.Clean(s) || u.Query().Get("r") != "1" {
			t.Errorf("%q leads to %s (%v)", s, got.Spans[0].Attr, err)
		}
	})
	for _, in := range []string{"[x](" + bots.Escape("https://evil.example") + ")", "[x](https://" + bots.Escape("evil.example/a") + ")"} {
		if got := bots.Markup(in); len(got.Spans) != 0 {
			t.Errorf("Markup(%q) = %+v, want no link", in, got)
		}
	}
}

// TestMarkupLosesNothing holds that words stay words and a text that shows something does so afterwards.
func TestMarkupLosesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := anything().Draw(t, "s")
		got := bots.Markup(s)
		if err := got.Check(); err != nil {
			t.Errorf("Markup(%q): %v", s, err)
		}
		if got.Empty() != text.Plain(s).Empty() && !strings.ContainsAny(s, "&\U0010fd0a\U0010fd80\U0010fd81") {
			t.Errorf("Markup(%q) = %+v", s, got)
		}
		letters := func(s string) string {
			return strings.Map(func(r rune) rune {
				if strings.ContainsRune("Anné漢👍", r) {
					return r
				}
				return -1
			}, s)
		}
		if a, b := letters(got.Body), letters(s); len(a) < len(strings.ReplaceAll(b, "x", ""))-strings.Count(s, "&amp;") && !strings.Contains(s, "```") && !strings.Contains(s, "](") {
			t.Errorf("Markup(%q) = %q loses letters", s, got.Body)
		}
	})
}

func FuzzMarkup(f *testing.F) {
	for _, s := range []string{
		"", "Hello **Ann**", "# a\n\n> - b\n>   1. `c`\n\n```go\nd\n```\n[e](https://f.g \"h\") <https://i.j> ~~k~~ &amp; \\*", "\U0010fd2a*\U0010fd80\U0010fd80*",
		"[](<b\n", "- \n\n  a\n\t- b", "*a_b*c_", "![[a](b)](c)", "1)\n```\n> ", "\t\t- > a",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 64<<10 {
			return
		}
		got := bots.Markup(s)
		if err := got.Check(); err != nil {
			t.Errorf("Markup(%q): %v", s, err)
		}
		for _, sp := range got.Spans {
			if sp.Kind == text.Link && !strings.HasPrefix(sp.Attr, "http://") && !strings.HasPrefix(sp.Attr, "https://") {
				t.Errorf("Markup(%q) leads to %s", s, sp.Attr)
			}
		}
		if got := bots.Markup(bots.Escape(s)); !cmp.Equal(got, text.Plain(s)) {
			t.Errorf("Markup(Escape(%q)) = %+v", s, got)
		}
	})
}
