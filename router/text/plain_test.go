package text_test

import (
	"strings"
	"testing"

	"github.com/roost-im/roost/router/text"
)

func TestClean(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, in, want string }{
		{"plain", "hello\n\tworld", "hello\n\tworld"},
		{"line ends", "a\r\nb\rc\n\r", "a\nb\nc\n\n"},
		{"controls", "a\x00b\x1b[31mc\x7f\u009bd", "ab[31mcd"},
		{"not UTF-8", "a\xff\xfeb\xc3", "a\ufffdb\ufffd"},
		{"override is closed", "a\u202eb", "a\u202eb\u202c"},
		{"at the end of its line", "\u202ea\nb", "\u202ea\u202c\nb"},
		{"innermost first", "\u2067\u202aa", "\u2067\u202aa\u202c\u2069"},
		{"an isolate closes what is in it", "\u2067\u202aa\u2069b", "\u2067\u202aa\u2069b"},
		{"closers of nothing go", "a\u2069\u202cb", "ab"},
		{"an embedding is not closed from inside an isolate", "\u202a\u2067\u202cx\u2069\u202c", "\u202a\u2067x\u2069\u202c"},
		{"marks that open nothing stay", "a\u200f\u200eb", "a\u200f\u200eb"},
	} {
		if got := text.Clean(tc.in); got != tc.want {
			t.Errorf("%s: Clean(%q) = %q, want %q", tc.name, tc.in, got, tc.want)
		}
	}
}

func TestNameIsHarmless(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		in   string
		max  int
		want string
	}{
		{"Ann Lee", 80, "Ann Lee"},
		{"", 80, "someone"},
		{" \u200b\u3164\u202e\n", 80, "someone"},
		{"@everyone", 80, "everyone"},
		{"＠here", 80, "here"},
		{"@@@", 80, "someone"},
		{"bob@mastodon.social", 80, "bob at mastodon.social"},
		{"<!channel>", 80, "‹!channel›"},
		{"*_~`|bold|`~_*", 80, "∗ ∼’¦bold¦’∼ ∗"},
		{"john_doe", 80, "john_doe"},
		{"a__b_", 80, "a b"},
		{"Tom & Jerry", 80, "Tom & Jerry"},
		{"&lt;!here&gt;", 80, "+lt;!here+gt;"},
		{"evil\u202etxt", 80, "eviltxt"},
		{"two\nlines\there", 80, "two lines here"},
		{"漢字かな", 80, "漢字かな"},
		{"مرحبا", 80, "مرحبا"},
		{"👩‍🚀 Ada", 80, "👩‍🚀 Ada"},
		{"a\u200db", 80, "ab"},
		{"Z" + strings.Repeat("\u0300", 20), 80, "Z" + strings.Repeat("\u0300", 4)},
		{"Hello World", 7, "Hello…"},
		{"👨‍👩‍👧‍👦👍🏽🇩🇪", 2, "👨‍👩‍👧‍👦…"},
		{"abc", 0, "a"},
		{"[x](y)", 80, "(x)(y)"},
		{"a\\b", 80, "a∖b"},
	} {
		if got := text.Name(tc.in, tc.max); got != tc.want {
			t.Errorf("Name(%q, %d) = %q, want %q", tc.in, tc.max, got, tc.want)
		}
	}
}

func TestSnippet(t *testing.T) {
	t.Parallel()
	var b text.Builder
	b.Write("Dear ")
	b.Span(text.Mention, text.Attrs{ID: "U1", Name: "Ann"}, func() { b.Write("<@U1>") })
	b.Write(",\n\nthe end is ")
	b.Span(text.Spoiler, text.Attrs{}, func() {
		b.Write("that ")
		b.Span(text.Bold, text.Attrs{}, func() { b.Write("he lives") })
	})
	b.Write(". Read on!")
	for _, tc := range []struct {
		max  int
		want string
	}{
		{100, "Dear Ann, the end is [spoiler]. Read on!"},
		{20, "Dear Ann, the end…"},
		{18, "Dear Ann, the end…"},
		{4, "Dea…"},
		{1, "D"},
	} {
		if got := text.Snippet(b.Text(), tc.max); got != tc.want {
			t.Errorf("Snippet(%d) = %q, want %q", tc.max, got, tc.want)
		}
	}
}

func TestDegrade(t *testing.T) {
	t.Parallel()
	none := func(text.Kind) bool { return false }
	in := func(k text.Kind, a text.Attrs, before, inside, after string) text.Text {
		var b text.Builder
		b.Write(before)
		b.Span(k, a, func() { b.Write(inside) })
		b.Write(after)
		return b.Text()
	}
	for _, tc := range []struct {
		name string
		in   text.Text
		want string
	}{
		{"link", in(text.Link, text.Attrs{Attr: "https://a.example/x"}, "see ", "this", "!"), "see this (https://a.example/x)!"},
		{"link that says its URL", in(text.Link, text.Attrs{Attr: "https://a.example/"}, "", "a.example", ""), "a.example"},
		{"link that says another URL", in(text.Link, text.Attrs{Attr: "https://evil.example"}, "", "https://bank.example", ""), "https://bank.example (https://evil.example)"},
		{"spoiler", in(text.Spoiler, text.Attrs{}, "he ", "dies", "."), "he [spoiler] dies."},
		{"quote", in(text.Quote, text.Attrs{}, "", "one\n\ntwo", "\nyes"), "> one\n>\n> two\nyes"},
		{"quote with its line end", in(text.Quote, text.Attrs{}, "", "one\n", "yes"), "> one\nyes"},
		{"quote inside a line", in(text.Quote, text.Attrs{}, "he said ", "one", " and left"), "he said \n> one\n and left"},
		{"bullet", in(text.ListItem, text.Attrs{}, "list:\n", "one", "\nend"), "list:\n• one\nend"},
		{"number", in(text.ListItem, text.Attrs{Attr: "2"}, "", "two", ""), "2. two"},
		{"heading", in(text.Heading, text.Attrs{}, "", "Title", "Text"), "Title\nText"},
		{"mention", in(text.Mention, text.Attrs{ID: "U1", Name: "Ann"}, "hi ", "<@U1>", "!"), "hi Ann!"},
		{"mention without a name", in(text.Mention, text.Attrs{ID: "U1"}, "hi ", "@ann", "!"), "hi @ann!"},
		{"emoji", in(text.Emoji, text.Attrs{Name: "party"}, "yay ", "?", "!"), "yay :party:!"},
		{"bold", in(text.Bold, text.Attrs{}, "so ", "loud", "!"), "so loud!"},
		{"code", in(text.Pre, text.Attrs{Attr: "go"}, "", "a := 1\nb", ""), "a := 1\nb"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := text.Degrade(tc.in, none); got.Body != tc.want || got.Spans != nil {
				t.Errorf("Degrade = %q with %v, want %q", got.Body, got.Spans, tc.want)
			}
		})
	}
}

func TestDegradeNestsBlocksAndKeepsTheRest(t *testing.T) {
	t.Parallel()
	var b text.Builder
	b.Span(text.ListItem, text.Attrs{}, func() {
		b.Write("fruit\n")
		b.Span(text.ListItem, text.Attrs{Attr: "1"}, func() {
			b.Span(text.Bold, text.Attrs{}, func() { b.Write("apple") })
		})
		b.Span(text.ListItem, text.Attrs{Attr: "2"}, func() { b.Write("pear") })
	})
	b.Span(text.Quote, text.Attrs{}, func() {
		b.Span(text.ListItem, text.Attrs{}, func() { b.Write("quoted") })
	})
	got := text.Degrade(b.Text(), func(k text.Kind) bool { return k == text.Bold })
	want := "• fruit\n  1. apple\n  2. pear\n> • quoted"
	if got.Body != want {
		t.Errorf("Degrade = %q, want %q", got.Body, want)
	}
	if len(got.Spans) != 1 || got.Body[got.Spans[0].Start:got.Spans[0].End] != "apple" {
		t.Errorf("Degrade left %+v, want apple in bold", got.Spans)
	}
}
