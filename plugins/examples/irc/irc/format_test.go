package irc_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/roost-im/roost/plugins/examples/irc/irc"
)

func TestSaid(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, raw, want string }{
		{"plain", "hello", "hello"},
		{"bold", "\x02bold\x02 plain", "bold plain 0-4 bold"},
		{"open at the end", "a \x1ditalic", "a italic 2-8 italic"},
		{"all", "\x02a\x1db\x1fc\x1ed\x11e", "abcde 0-5 bold 1-5 italic 2-5 underline 3-5 strike 4-5 code"},
		{"crossing", "\x02a\x1db\x02c\x1d", "abc 0-2 bold 1-3 italic"},
		{"reset", "\x02a\x0fb", "ab 0-1 bold"},
		{"empty", "a\x02\x02b", "ab"},
		{"colours", "\x0304red\x03 \x034,12x\x03,5 \x03123", "red x,5 3"},
		{"hex colours", "\x04ff0000red\x04 \x04FF0000,00ff00x", "red x"},
		{"reverse and bell", "\x16a\x16\x07b\x7f", "ab"},
		{"action", "\x01ACTION waves \x02hard\x02\x01", "waves hard 0-10 italic 6-10 bold"},
		{"action without end", "\x01ACTION waves", "waves 0-5 italic"},
		{"action of nothing", "\x01ACTION\x01", ""},
		{"ctcp", "\x01VERSION\x01", "-"},
		{"ctcp like an action", "\x01ACTIONS x\x01", "-"},
		{"dcc", "\x01DCC SEND x 1 2 3\x01", "-"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := "-"
			if said, ok := irc.Said(tc.raw); ok {
				got = said.Body
				for _, s := range said.Spans {
					got += fmt.Sprintf(" %d-%d %s", s.Start, s.End, s.Kind)
				}
			}
			gotWords, wantWords := strings.Fields(got), strings.Fields(tc.want)
			slices.Sort(gotWords)
			slices.Sort(wantWords)
			if !slices.Equal(gotWords, wantWords) {
				t.Errorf("%q is %q, want %q", tc.raw, got, tc.want)
			}
		})
	}
}

func TestMessages(t *testing.T) {
	t.Parallel()
	bold := []irc.Span{{Start: 0, End: 400, Kind: "bold"}}
	nick := func(s string) bool { return strings.EqualFold(s, "alice") || s == "bob_" }
	for _, tc := range []struct {
		name string
		in   irc.Text
		form irc.Form
		want []string
	}{
		{"lines", irc.Text{Body: "a\n\n  \nb\r\nc"}, irc.Form{Max: 100}, []string{"a", "b", "c"}},
		{"spans", irc.Text{Body: "ab c", Spans: []irc.Span{{0, 1, "bold"}, {1, 2, "italic"}, {3, 4, "pre"}}}, irc.Form{Max: 100}, []string{"\x02a\x02\x1db\x1d \x11c"}},
		{"spans go on in the next line", irc.Text{Body: "a\nb", Spans: bold}, irc.Form{Max: 100}, []string{"\x02a", "\x02b"}},
		{
			"words stay whole",
			irc.Text{Body: strings.Repeat("twelve bytes ", 4)},
			irc.Form{Max: 40},
			[]string{"twelve bytes twelve bytes twelve bytes", "twelve bytes"},
		},
		{"no space", irc.Text{Body: strings.Repeat("x", 70)}, irc.Form{Max: 32}, []string{strings.Repeat("x", 32), strings.Repeat("x", 32), "xxxxxx"}},
		{"formatting counts", irc.Text{Body: strings.Repeat("x", 40), Spans: bold}, irc.Form{Max: 32}, []string{"\x02" + strings.Repeat("x", 31), "\x02xxxxxxxxx"}},
		{"families stay whole", irc.Text{Body: strings.Repeat("👩‍👩‍👧", 3)}, irc.Form{Max: 40}, []string{"👩‍👩‍👧👩‍👩‍👧", "👩‍👩‍👧"}},
		{"flags stay whole", irc.Text{Body: strings.Repeat("🇫🇷", 5)}, irc.Form{Max: 36}, []string{"🇫🇷🇫🇷🇫🇷🇫🇷", "🇫🇷"}},
		{"skin stays on", irc.Text{Body: strings.Repeat("👍🏽", 5)}, irc.Form{Max: 36}, []string{"👍🏽👍🏽👍🏽👍🏽", "👍🏽"}},
		{"control characters go", irc.Text{Body: "\x01ACTION is evil\x01\x02\x03\x00\u2028\u0085x\ty"}, irc.Form{Max: 100}, []string{"ACTION is evilx y"}},
		{"too many lines", irc.Text{Body: "a\nb\n\nc"}, irc.Form{Max: 100, Lines: 2}, []string{"a ⏎ b ⏎ c"}},
		{"nicks", irc.Text{Body: "Alice: ask bob_, not malice or https://x.org/alice"}, irc.Form{Max: 100, Nick: nick}, []string{"A\u2060lice: ask b\u2060ob_, not malice or https://x.org/alice"}},
		{"nicks with something on them", irc.Text{Body: "x\u200d alice\u200d ali\u0301ce"}, irc.Form{Max: 100, Nick: nick}, []string{"x\u200d a\u2060lice\u200d a\u2060li\u0301ce"}},
		{"nicks in bold", irc.Text{Body: "alice", Spans: bold}, irc.Form{Max: 100, Nick: nick}, []string{"\x02a\u2060lice"}},
		{"commands", irc.Text{Body: "!op me\n.op\n(fine)\n/quit"}, irc.Form{Max: 100}, []string{"\u2060!op me", "\u2060.op", "(fine)", "\u2060/quit"}},
		{"nothing", irc.Text{Body: " \n\x01\n"}, irc.Form{Max: 100}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := tc.in.Messages(tc.form); !slices.Equal(got, tc.want) {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
		})
	}
}

// texts are bodies with spans anywhere, also where there can be none.
func texts() *rapid.Generator[irc.Text] {
	return rapid.Custom(func(t *rapid.T) irc.Text {
		pieces := rapid.SliceOfN(rapid.SampledFrom([]string{
			"a", "word", " ", "\n", "é", "e\u0301", "👩‍👩‍👧", "🇫🇷", "日本", "\x01", "\x02", "\x03", "!", ":", "\r", "alice", "\u200d", "\t",
		}), 0, 60).Draw(t, "body")
		var spans []irc.Span
		for range rapid.IntRange(0, 4).Draw(t, "spans") {
			spans = append(spans, irc.Span{
				Start: rapid.IntRange(-3, 120).Draw(t, "start"), End: rapid.IntRange(-3, 120).Draw(t, "end"),
				Kind: rapid.SampledFrom(append(irc.Kinds(), "link")).Draw(t, "kind"),
			})
		}
		return irc.Text{Body: strings.Join(pieces, ""), Spans: spans}
	})
}

// TestMessagesKeepTheWords holds for all texts that their messages fit, are one line, command nothing, and read as the words
// that went in, in order.
func TestMessagesKeepTheWords(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := texts().Draw(t, "text")
		f := irc.Form{Max: rapid.IntRange(0, 120).Draw(t, "max"), Nick: func(s string) bool { return s == "alice" }}
		var out strings.Builder
		for _, m := range in.Messages(f) {
			if len(m) > max(f.Max, 32) || strings.ContainsAny(m, "\r\n\x00\x01\x03") || !utf8.ValidString(m) || strings.TrimSpace(m) == "" {
				t.Fatalf("%q is no message of %d bytes", m, f.Max)
			}
			if irc.CTCP(m) || strings.HasPrefix(m, "!") {
				t.Fatalf("%q commands", m)
			}
			out.WriteString(irc.Read(m).Body)
		}
		if got, want := solid(out.String()), solid(irc.Read(in.Body).Body); got != want {
			t.Fatalf("%q became %q", want, got)
		}
		f.Max = 4000 // so that nothing is cut in the middle of a word
		for _, m := range in.Messages(f) {
			if slices.Contains(strings.Fields(irc.Read(m).Body), "alice") {
				t.Fatalf("%q calls alice", m)
			}
		}
	})
}

// solid leaves out what may come and go.
func solid(s string) string {
	return strings.NewReplacer(" ", "", "\t", "", "\n", "", "\u2060", "").Replace(s)
}

// TestFormattingThereAndBack writes bold words and reads them.
func TestFormattingThereAndBack(t *testing.T) {
	t.Parallel()
	for _, kind := range irc.Kinds() {
		in := irc.Text{Body: "a word b", Spans: []irc.Span{{2, 6, kind}}}
		lines := in.Messages(irc.Form{Max: 100})
		if kind == "pre" {
			kind = "code"
		}
		want := irc.Text{Body: in.Body, Spans: []irc.Span{{2, 6, kind}}}
		if got := irc.Read(lines[0]); got.Body != want.Body || !slices.Equal(got.Spans, want.Spans) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

// FuzzRead reads whatever somebody writes: words without control characters, and spans within them.
func FuzzRead(f *testing.F) {
	for _, s := range []string{"\x02a\x02", "\x0304,05x\x03", "\x04ffffff,x", "\x01ACTION \x1d\x01", "\x01VERSION\x01", "\x0f\x16\x11\x1e\x1f"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		said, ok := irc.Said(raw)
		if !ok && !irc.CTCP(raw) {
			t.Fatalf("%q is nothing", raw)
		}
		if strings.ContainsFunc(said.Body, func(r rune) bool { return r < ' ' && r != '\t' }) {
			t.Fatalf("%q has control characters", said.Body)
		}
		for _, s := range said.Spans {
			if s.Start < 0 || s.End <= s.Start || s.End > len(said.Body) {
				t.Fatalf("%+v is not in %q", s, said.Body)
			}
		}
	})
}
