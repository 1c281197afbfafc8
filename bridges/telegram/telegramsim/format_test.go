package telegramsim

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestParseModes(t *testing.T) {
	t.Parallel()
	e := func(kind string, offset, length int) Entity {
		return Entity{Type: kind, Offset: offset, Length: length}
	}
	link := func(offset, length int, url string) Entity {
		return Entity{Type: "text_link", Offset: offset, Length: length, URL: url}
	}
	for _, tc := range []struct {
		name, mode, in, out string
		want                []Entity
	}{
		{"nested", "HTML", "<b>a<i>🙂</i></b>&lt;&#x41;&unknown;", "a🙂<A&unknown;", []Entity{e("bold", 0, 3), e("italic", 1, 2)}},
		{"tags", "HTML", `<u>u</u><del>s</del><tg-spoiler>p</tg-spoiler><span class="tg-spoiler">q</span>`, "uspq", []Entity{e("underline", 0, 1), e("strikethrough", 1, 1), e("spoiler", 2, 1), e("spoiler", 3, 1)}},
		{"link", "HTML", `<a href="https://example.org/?a=1&amp;b=2">x</a>`, "x", []Entity{link(0, 1, "https://example.org/?a=1&b=2")}},
		{"pre", "HTML", `<pre><code class="language-go">x</code></pre> <code>y</code>`, "x y", []Entity{{Type: "pre", Length: 1, Language: "go"}, e("code", 2, 1)}},
		{"quote", "HTML", "<blockquote expandable>q</blockquote>", "q", []Entity{e("expandable_blockquote", 0, 1)}},
		{"emoji", "HTML", `<tg-emoji emoji-id="53">🙂</tg-emoji>`, "🙂", []Entity{{Type: "custom_emoji", Length: 2, Emoji: "53"}}},
		{"time", "HTML", `<tg-time unix="1647531900" format="wDT">now</tg-time>`, "now", []Entity{{Type: "date_time", Length: 3, Unix: 1647531900, Format: "wDT"}}},
		{"time", "MarkdownV2", `![now](tg://time?unix=1647531900&format=r)`, "now", []Entity{{Type: "date_time", Length: 3, Unix: 1647531900, Format: "r"}}},
		{"trimmed", "HTML", "  <b> a </b>  ", "a", []Entity{e("bold", 0, 1)}},
		{"signs", "MarkdownV2", `*b* _i_ __u__ ~s~ ||p|| \*\!`, "b i u s p *!", []Entity{e("bold", 0, 1), e("italic", 2, 1), e("underline", 4, 1), e("strikethrough", 6, 1), e("spoiler", 8, 1)}},
		{"inside", "MarkdownV2", "*a _b ~c~_*", "a b c", []Entity{e("bold", 0, 5), e("italic", 2, 3), e("strikethrough", 4, 1)}},
		{"code", "MarkdownV2", "`a*\\``\n```go\nx_y```", "a*`\nx_y", []Entity{e("code", 0, 3), {Type: "pre", Offset: 4, Length: 3, Language: "go"}}},
		{"mention", "MarkdownV2", `[a](https://example.org/\)) ![🙂](tg://emoji?id=53)`, "a 🙂", []Entity{link(0, 1, "https://example.org/)"), {Type: "custom_emoji", Offset: 2, Length: 2, Emoji: "53"}}},
		{"quotes", "MarkdownV2", ">a\n>b\nc\n>d||", "a\nb\nc\nd", []Entity{e("blockquote", 0, 3), e("expandable_blockquote", 6, 1)}},
		{"old", "Markdown", "*b* _i_ `c` [l](https://example.org) \\_ ~", "b i c l _ ~", []Entity{e("bold", 0, 1), e("italic", 2, 1), e("code", 4, 1), link(6, 1, "https://example.org")}},
		{"found", "", "see https://example.org.", "see https://example.org.", []Entity{e("url", 4, 19)}},
	} {
		w := newWorld(Config{})
		text, list, err := w.parsed(tc.in, tc.mode, "")
		if err != nil || text != tc.out {
			t.Errorf("%s: %q, %v, want %q", tc.name, text, err, tc.out)
		}
		if diff := cmp.Diff(tc.want, list); diff != "" {
			t.Errorf("%s: %s", tc.name, diff)
		}
		w.shut()
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ mode, in, want string }{
		{"HTML", "<b>x", `can't find end tag corresponding to start tag "b"`},
		{"HTML", "<b>x</i>", `unmatched end tag at byte offset 4, expected "</b>", found "</i>"`},
		{"HTML", "x</b>", "unexpected end tag at byte offset 1"},
		{"HTML", "<blink>x</blink>", `unsupported start tag "blink" at byte offset 0`},
		{"HTML", "1 < 2", "unclosed start tag at byte offset 2"},
		{"MarkdownV2", "a.b", `character '.' is reserved and must be escaped with the preceding '\'`},
		{"MarkdownV2", "x *b", "can't find end of Bold entity at byte offset 2"},
		{"MarkdownV2", "```x", "can't find end of Pre entity at byte offset 0"},
		{"MarkdownV2", "*a _b* c_", "can't find end of Italic entity at byte offset 3"},
		{"Markdown", "x _i", "can't find end of the entity starting at byte offset 2"},
	} {
		w := newWorld(Config{})
		_, _, err := w.parsed(tc.in, tc.mode, "")
		if err == nil || err.Error() != "Bad Request: can't parse entities: "+tc.want {
			t.Errorf("%s %q: %v, want %q", tc.mode, tc.in, err, tc.want)
		}
		w.shut()
	}
}

func TestGivenEntitiesMustFit(t *testing.T) {
	t.Parallel()
	for raw, good := range map[string]bool{
		`[{"type":"bold","offset":0,"length":2}]`:                                            true,
		`[{"type":"bold","offset":2,"length":1}]`:                                            true,
		`[{"type":"url","offset":99,"length":1}]`:                                            true, // not the bot's to set, so it is ignored
		`[{"type":"bold","offset":1,"length":1}]`:                                            false,
		`[{"type":"bold","offset":0,"length":1}]`:                                            false,
		`[{"type":"bold","offset":0,"length":4}]`:                                            false,
		`[{"type":"bold","offset":-1,"length":1}]`:                                           false,
		`[{"type":"sparkle","offset":0,"length":2}]`:                                         false,
		`[{"type":"date_time","offset":0,"length":2,"unix_time":1,"date_time_format":"x"}]`:  false,
		`[{"type":"date_time","offset":0,"length":2,"unix_time":1,"date_time_format":"tD"}]`: true,
		`{"type":"bold"}`: false,
		`[{"type":"bold","offset":"0","length":"1"}]`: false,
	} {
		if _, err := givenEntities(raw, "🙂x"); (err == nil) != good {
			t.Errorf("%s: %v, want good %v", raw, err, good)
		}
	}
}

// FuzzParse: whatever is parsed, the text is whole and each entity lies within it; an error is a 400 that says so.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"<b>a<i>🙂</i></b>", "*b* _i_ __u__ ||p||\n>q||", "`c` [l](u.de) \\", "![🙂](tg://emoji?id=5)", "<a href='x'", "&#1114112;", "\\\x80*"} {
		for _, mode := range []string{"HTML", "MarkdownV2", "Markdown"} {
			f.Add(mode, s)
		}
	}
	f.Fuzz(func(t *testing.T, mode, s string) {
		w := newWorld(Config{})
		defer w.shut()
		text, list, err := w.parsed(s, mode, "")
		if err != nil {
			if ae := (*apiError)(nil); !errors.As(err, &ae) || ae.code != http.StatusBadRequest {
				t.Errorf("%s %q: %v is no 400", mode, s, err)
			}
			return
		}
		if !utf8.ValidString(text) {
			t.Errorf("%s %q: text %q", mode, s, text)
		}
		for _, e := range list {
			if e.Length <= 0 || inside(text, e.Offset, e.Length) != nil {
				t.Errorf("%s %q: %+v does not lie in %q", mode, s, e, text)
			}
		}
	})
}

// FuzzGivenEntities: entities that are taken lie within the text.
func FuzzGivenEntities(f *testing.F) {
	f.Add("🙂x", `[{"type":"bold","offset":0,"length":2}]`)
	f.Add("x", `[{"type":"text_mention","offset":0,"length":1,"user":{"id":1}}]`)
	f.Add("x", `[{"type":"bold","offset":9223372036854775807,"length":1}]`)
	f.Fuzz(func(t *testing.T, text, raw string) {
		list, err := givenEntities(raw, text)
		end := units(text)
		if err == nil && slices.ContainsFunc(list, func(e Entity) bool { return e.Offset < 0 || e.Length <= 0 || e.Offset > end-e.Length }) {
			t.Errorf("%q with %s gave %+v", text, raw, list)
		}
	})
}
