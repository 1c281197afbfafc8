package slack_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/roost-im/roost/bridges/slack"
	"github.com/roost-im/roost/router/text"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden is what a message from Slack becomes here, and how that would go out again.
type golden struct {
	Text     text.Text       `json:"text"`
	Block    json.RawMessage `json:"block"`
	Fallback string          `json:"fallback"`
}

func TestMessagesFromSlackAndBack(t *testing.T) {
	t.Parallel()
	inputs, err := filepath.Glob("testdata/*.in.json")
	must(t, err)
	if len(inputs) < 5 {
		t.Fatalf("there are %d inputs in testdata, want some", len(inputs))
	}
	for _, in := range inputs {
		t.Run(filepath.Base(in), func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(in)
			must(t, err)
			got, err := slack.ReadMessage(raw)
			must(t, err)
			must(t, got.Check())
			block, plain, err := slack.WriteMessage(got)
			must(t, err)
			out, err := json.MarshalIndent(golden{got, block, plain}, "", "  ")
			must(t, err)
			file := strings.TrimSuffix(in, ".in.json") + ".golden"
			if *update {
				must(t, os.WriteFile(file, append(out, '\n'), 0o600))
			}
			want, err := os.ReadFile(file)
			must(t, err)
			if diff := cmp.Diff(string(want), string(out)+"\n"); diff != "" {
				t.Errorf("(-golden +got):\n%s", diff)
			}
			again, err := slack.ReadMessage([]byte(`{"blocks":[` + string(block) + `]}`))
			must(t, err)
			if again.Body != got.Body && !strings.Contains(string(raw), "changes_on_the_way") {
				t.Errorf("out and in again it reads %q, want %q", again.Body, got.Body)
			}
		})
	}
}

func TestMarkupIsReadAsSlackShowsIt(t *testing.T) {
	t.Parallel()
	bold := func(from, to int) text.Span { return text.Span{Start: from, End: to, Kind: text.Bold} }
	for _, tc := range []struct {
		in, body string
		spans    []text.Span
	}{
		{"plain", "plain", nil},
		{"a &lt;b&gt; &amp;amp; c", "a <b> &amp; c", nil},
		{"&amp;lt;", "&lt;", nil},
		{"*bold*", "bold", []text.Span{bold(0, 4)}},
		{"*bold _both_*", "bold both", []text.Span{bold(0, 9), {Start: 5, End: 9, Kind: text.Italic}}},
		{"2*3*4 and a_b_c", "2*3*4 and a_b_c", nil},
		{"* no * bold", "* no * bold", nil},
		{"*open\nline*", "*open\nline*", nil},
		{"~gone~, `a*b*c &lt;`", "gone, a*b*c <", []text.Span{{Start: 0, End: 4, Kind: text.Strike}, {Start: 6, End: 13, Kind: text.Code}}},
		{"see <https://x.y/?a=1&amp;b=2>", "see https://x.y/?a=1&b=2", nil},
		{"<https://x.y|the &amp; site>", "the & site", []text.Span{{Start: 0, End: 10, Kind: text.Link, Attr: "https://x.y"}}},
		{"<mailto:a@b.c|a@b.c>", "a@b.c", []text.Span{{Start: 0, End: 5, Kind: text.Link, Attr: "mailto:a@b.c"}}},
		{"hi <@U1|ada>", "hi @ada", []text.Span{{Start: 3, End: 7, Kind: text.Mention, ID: "U1", Name: "ada"}}},
		{"<#C1|lounge> <#C2> <#C3|>", "#lounge #C2 #C3", nil},
		{"<!here> <!channel|x> <!subteam^S1|@crew> <!subteam^S2>", "@here @channel @crew @S2", nil},
		{"<!date^1392734382^{date}|yesterday>", "yesterday", nil},
		{":wave::skin-tone-3: :partyparrot: 10:30:15 :x", "👋🏼 :partyparrot: 10:30:15 :x", []text.Span{{Start: 9, End: 22, Kind: text.Emoji, ID: "partyparrot", Name: "partyparrot"}}},
		{"&gt; quoted\n&gt;more\nnot", "quoted\nmore\nnot", []text.Span{{Start: 0, End: 11, Kind: text.Quote}}},
		{"code:\n```\na *b* <https://x.y|x.y>\n```\nend", "code:\na *b* x.y\nend", []text.Span{{Start: 6, End: 15, Kind: text.Pre}, {Start: 12, End: 15, Kind: text.Link, Attr: "https://x.y"}}},
		{"```never shut", "```never shut", nil},
		{"a < b <", "a < b <", nil},
		{"<>", "<>", nil},
	} {
		got := slack.ReadMrkdwn(tc.in)
		if diff := cmp.Diff(text.Text{Body: tc.body, Spans: tc.spans}, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tc.in, diff)
		}
	}
}

func TestEmojiHaveNames(t *testing.T) {
	t.Parallel()
	unicode, name := slack.Emoji()
	for _, tc := range []struct{ name, emoji string }{
		{"+1", "👍"},
		{"heart", "❤️"},
		{"white_check_mark", "✅"},
		{"hourglass_flowing_sand", "⏳"},
		{"eye", "👁️"},
		{"x", "❌"},
		{"wave::skin-tone-6", "👋🏿"},
		{"male-technologist", "👨‍💻"},
		{"one", "1️⃣"},
		{"flag-at", "🇦🇹"},
		{"+1::skin-tone-2", "👍🏻"},
	} {
		if got, ok := unicode(tc.name); !ok || got != tc.emoji {
			t.Errorf("unicode(%q) = %+q, %v; want %+q", tc.name, got, ok, tc.emoji)
		}
		if got, ok := name(tc.emoji); !ok || got != tc.name {
			t.Errorf("name(%+q) = %q, %v; want %q", tc.emoji, got, ok, tc.name)
		}
	}
	for _, bare := range []string{"❤", "👁"} {
		if got, ok := name(bare); !ok {
			t.Errorf("name(%+q) = %q, %v; want a name without the variation selector too", bare, got, ok)
		}
	}
	if got, ok := name(":partyparrot:"); !ok || got != "partyparrot" {
		t.Errorf("name of a custom emoji = %q, %v", got, ok)
	}
	for _, no := range []string{"", "x", "::", ":", "hello", "1"} {
		if got, ok := name(no); ok {
			t.Errorf("name(%q) = %q, want none", no, got)
		}
	}
	for _, no := range []string{"partyparrot", "wave::skin-tone-9", "wave::skin-tone-", ""} {
		if got, ok := unicode(no); ok {
			t.Errorf("unicode(%q) = %q, want none", no, got)
		}
	}
}

func TestNeighbouringEmojiStayAsMany(t *testing.T) {
	t.Parallel()
	in := slack.ReadMrkdwn(":partyparrot::partyparrot: :partyparrot:")
	block, plain, err := slack.WriteMessage(in)
	must(t, err)
	back, err := slack.ReadMessage([]byte(`{"blocks":[` + string(block) + `]}`))
	must(t, err)
	if back.Body != in.Body || plain != in.Body {
		t.Errorf("%q went out as %q and came back as %q", in.Body, plain, back.Body)
	}
}

// texts draws texts of words and line ends with any spans that go out natively.
func texts(rt *rapid.T) text.Text {
	words := rapid.SliceOfN(rapid.SampledFrom([]string{
		"word", " ", "\n", "\n\n", "&", "<!channel>", "*", "_x_", "`", "https://example.com/a?b=1.", "é", "👨‍👩‍👧", "> ", "1. ", "@here", "|", ":wave:",
	}), 1, 20).Draw(rt, "words")
	t := text.Text{Body: strings.Join(words, "")}
	for range rapid.IntRange(0, 5).Draw(rt, "spans") {
		from := rapid.IntRange(0, len(t.Body)).Draw(rt, "from")
		to := rapid.IntRange(from, len(t.Body)).Draw(rt, "to")
		kind := rapid.SampledFrom([]text.Kind{
			text.Bold, text.Italic, text.Strike, text.Underline, text.Code, text.Pre, text.Quote, text.ListItem, text.Link, text.Mention, text.Heading,
		}).Draw(rt, "kind")
		s := text.Span{Start: from, End: to, Kind: kind, ID: "U1", Name: "someone"}
		if kind == text.Link {
			s.Attr = rapid.SampledFrom([]string{"https://x.y/<>|", "tg://user", "javascript:x"}).Draw(rt, "url")
		}
		t.Spans = append(t.Spans, s)
	}
	return t.Normal()
}

func TestWhatGoesOutCallsNobodyAndLosesNoWord(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		in := texts(rt)
		block, plain, err := slack.WriteMessage(in)
		if err != nil {
			rt.Fatal(err)
		}
		if found := calls.FindAllString(plain+string(block), -1); strings.Contains(plain, "<!") || strings.Contains(plain, "<@") {
			rt.Fatalf("%q goes out as %q, which calls %q", in.Body, plain, found)
		}
		back, err := slack.ReadMessage([]byte(`{"blocks":[` + string(block) + `]}`))
		if err != nil {
			rt.Fatal(err)
		}
		if !mentions(in) && !within(in.Body, back.Body) {
			rt.Fatalf("%q came back as %q, which lacks some of it", in.Body, back.Body)
		}
	})
}

// within says whether all characters of s but line ends are in whole, in their order: a block that begins or ends within a
// line takes a line of its own, and what has no means is written out beside.
func within(s, whole string) bool {
	for _, r := range strings.ReplaceAll(s, "\n", "") {
		i := strings.IndexRune(whole, r)
		if i < 0 {
			return false
		}
		whole = whole[i+utf8.RuneLen(r):]
	}
	return true
}

// mentions says whether a mention stands in t: what it covers goes out as its name.
func mentions(t text.Text) bool {
	for _, s := range t.Spans {
		if s.Kind == text.Mention {
			return true
		}
	}
	return false
}

func TestPlainTextComesBackAsItWas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		in := text.Plain(rapid.String().Draw(rt, "s"))
		block, _, err := slack.WriteMessage(in)
		if err != nil {
			rt.Fatal(err)
		}
		back, err := slack.ReadMessage([]byte(`{"blocks":[` + string(block) + `]}`))
		if err != nil {
			rt.Fatal(err)
		}
		if back.Body != in.Body {
			rt.Fatalf("%q came back as %q", in.Body, back.Body)
		}
	})
}

func TestATextTakesNoMoreThanItsSize(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		in := texts(rt)
		block, plain, err := slack.WriteMessage(in)
		if err != nil {
			rt.Fatal(err)
		}
		var wire bytes.Buffer
		if err := json.Compact(&wire, block); err != nil {
			rt.Fatal(err)
		}
		said := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(wire.String())
		if got, want := max(text.Cautious.Len(said), text.Cautious.Len(plain)), slack.Size(in); got > want {
			rt.Fatalf("%q takes %d, its size is %d: %s", in.Body, got, want, said)
		}
	})
}

func TestASliceTakesNoMoreThanTheWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		in := texts(rt)
		i := rapid.IntRange(0, len(in.Body)).Draw(rt, "i")
		j := rapid.IntRange(i, len(in.Body)).Draw(rt, "j")
		if part, whole := slack.Size(in.Slice(i, j)), slack.Size(in); part > whole {
			rt.Fatalf("the slice %d to %d of %q takes %d, the whole %d", i, j, in.Body, part, whole)
		}
	})
}
