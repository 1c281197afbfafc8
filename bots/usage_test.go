package bots_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/router/text"
)

func TestParseUsage(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		line, usage string
		want        []bots.Param
	}{
		{line: "hi", usage: "hi"},
		{line: "  talk-to_me2  ", usage: "talk-to_me2"},
		{
			line: "remind <when:duration> <text...>", usage: "remind <when> <text…>",
			want: []bots.Param{{Name: "when", Kind: bots.DurationParam}, {Name: "text", Kind: bots.RestParam}},
		},
		{
			line: "order <size:S|M|L> [<count:number>] [<note...>]", usage: "order <S|M|L> [count] [note…]",
			want: []bots.Param{
				{Name: "size", Kind: bots.ChoiceParam, Choices: []string{"S", "M", "L"}},
				{Name: "count", Kind: bots.NumberParam, Optional: true},
				{Name: "note", Kind: bots.RestParam, Optional: true},
			},
		},
		{
			line: "thank <who:user> <word:text>", usage: "thank <who> <word>",
			want: []bots.Param{{Name: "who", Kind: bots.UserParam}, {Name: "word", Kind: bots.TextParam}},
		},
	} {
		t.Run(tc.line, func(t *testing.T) {
			t.Parallel()
			c, err := bots.ParseUsage(tc.line)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, c.Params); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if got := c.Usage(); got != tc.usage {
				t.Errorf("Usage() = %q, want %q", got, tc.usage)
			}
		})
	}
}

func TestParseUsageFaults(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"":                                  "is empty",
		" \n ":                              "is empty",
		"Order":                             `"Order" is no name`,
		"/order":                            `"/order" is no name`,
		"9lives":                            "no name for a command",
		strings.Repeat("a", 33):             "no name for a command",
		"order size":                        `"size" is no parameter`,
		"order <size":                       "is no parameter",
		"order <Size>":                      "is no parameter",
		"order <size:>":                     "is no parameter",
		"order <si-ze>":                     "is no parameter",
		"order <a...:number>":               "is no parameter",
		"order [<size>":                     "lacks its ]",
		"order [size]":                      `"size" is no parameter`,
		"order [[<size>]]":                  "is no parameter",
		"order <size:shirt>":                `"shirt" is no kind of parameter`,
		"order <size:rest>":                 `"rest" is no kind of parameter`,
		"order <size:S||L>":                 "has an empty choice",
		"order <size:S|>":                   "has an empty choice",
		"order <size:S|m|M>":                "has the choice M twice",
		"order <a> <a>":                     "<a> is there twice",
		"order <a...> <b>":                  "<a...> takes all that is left",
		"order [<a>] <b>":                   "<b> must be there, so it comes before [<a>]",
		"order " + strings.Repeat("x", 500): "longer than 500 bytes",
		"order" + numbered(21):              "more than 20 parameters",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			if _, err := bots.ParseUsage(line); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("ParseUsage(%q) = %v, want %q", line, err, want)
			}
		})
	}
}

func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, " <p%d>", i)
	}
	return b.String()
}

const here = "slack/team"

// mention is text with a mention of Ann Lee in it.
func mention(before, name, after string) text.Text {
	t := text.Plain(before + name + after)
	t.Spans = []text.Span{{Start: len(before), End: len(before) + len(name), Kind: text.Mention, ID: "U1", Name: "Ann Lee"}}
	return t
}

func TestParseArguments(t *testing.T) {
	t.Parallel()
	word := func(s string) bots.Value { return bots.Value{Kind: bots.TextParam, Text: s} }
	rest := func(s string) bots.Value { return bots.Value{Kind: bots.RestParam, Text: s} }
	ann := bots.Person{Account: here, ID: "U1", Name: "Ann Lee"}
	for _, tc := range []struct {
		name, usage string
		said        text.Text
		want        bots.Args
		fault       string
	}{
		{name: "nothing", usage: "x", want: bots.Args{}},
		{name: "words", usage: "x <a> <b>", said: text.Plain(" one \n two "), want: bots.Args{"a": word("one"), "b": word("two")}},
		{name: "quotes", usage: "x <a> <b>", said: text.Plain(`"big one" “two of them”`), want: bots.Args{"a": word("big one"), "b": word("two of them")}},
		{name: "other quotes", usage: "x <a> <b>", said: text.Plain(`„eins zwei“ «drei»`), want: bots.Args{"a": word("eins zwei"), "b": word("drei")}},
		{name: "a quote that stays open", usage: "x <a> <b>", said: text.Plain(`"big one`), want: bots.Args{"a": word(`"big`), "b": word("one")}},
		{name: "missing", usage: "x <a> <b>", said: text.Plain("one"), fault: "b is missing"},
		{name: "empty quotes", usage: "x <a>", said: text.Plain(`""`), fault: "a is missing"},
		{name: "too much", usage: "x <a>", said: text.Plain("one two three"), fault: `"two three" is too much`},
		{name: "nothing taken", usage: "x", said: text.Plain("one"), fault: `"one" is too much`},
		{name: "left out", usage: "x <a> [<b>]", said: text.Plain("one"), want: bots.Args{"a": word("one")}},
		{name: "left out between", usage: "x [<a>] [<b>]", said: text.Plain(`"" two`), want: bots.Args{"b": word("two")}},
		{name: "left out before the rest", usage: "x [<a:number>] [<r...>]", said: text.Plain(`"" two three`), want: bots.Args{"r": rest("two three")}},
		{name: "left out and too much", usage: "x [<a>]", said: text.Plain(`"" two`), fault: `"two" is too much`},
		{name: "rest", usage: "x <a> <r...>", said: text.Plain("one two\n  \"three\"\n"), want: bots.Args{"a": word("one"), "r": rest("two\n  \"three\"")}},
		{name: "no rest", usage: "x [<r...>]", said: text.Plain("  "), want: bots.Args{}},
		{name: "rest missing", usage: "x <r...>", fault: "r is missing"},
		{name: "choice in any case", usage: "x <s:Small|Großes>", said: text.Plain("sMALL"), want: bots.Args{"s": {Kind: bots.ChoiceParam, Text: "Small"}}},
		{name: "no choice", usage: "x <s:S|M>", said: text.Plain("XL"), fault: `"XL" is none of S, M`},
		{name: "mention", usage: "x <who:user> <r...>", said: mention(" ", "@Ann Lee", " for all"), want: bots.Args{"who": {Kind: bots.UserParam, Text: "@Ann Lee", Person: ann}, "r": rest("for all")}},
		{name: "mention as text", usage: "x <who>", said: mention("", "@Ann Lee", ""), want: bots.Args{"who": word("@Ann Lee")}},
		{name: "handle", usage: "x <who:user>", said: text.Plain("@ann"), want: bots.Args{"who": {Kind: bots.UserParam, Text: "@ann", Person: bots.Person{Account: here, Handle: "ann", Name: "ann"}}}},
		{name: "nobody", usage: "x <who:user>", said: text.Plain("Ann"), fault: `"Ann" is nobody that I know; mention them with @`},
		{name: "nobody at all", usage: "x <who:user>", said: text.Plain("@"), fault: `"@" is nobody`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, err := bots.ParseUsage(tc.usage)
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.Parse(tc.said, here)
			if tc.fault != "" {
				if _, ok := errors.AsType[*bots.UsageError](err); !ok || !strings.HasPrefix(err.Error(), tc.fault) {
					t.Fatalf("Parse = %v, want %q", err, tc.fault)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]float64{"3": 3, "-0.5": -0.5, "+7": 7, "2,5": 2.5, ".5": 0.5, "0,125": 0.125, "1000": 1000, "1.000": 1, "12345,678": 12345.678, "1000000000000000": 1e15} {
		v, err := bots.Param{Name: "n", Kind: bots.NumberParam}.Value(text.Plain(in), here)
		if err != nil || v.Number != want {
			t.Errorf("%q = %v, %v; want %v", in, v.Number, err, want)
		}
	}
	for _, in := range []string{"three", "", "NaN", "inf", "0x1p4", "1_000", "1e3", "1,000", "12,500", "1,000.5", "1.2.3", "-", "1.", "10000000000000000", strings.Repeat("9", 400)} {
		if v, err := (bots.Param{Name: "n", Kind: bots.NumberParam}).Value(text.Plain(in), here); err == nil {
			t.Errorf("%q = %v, want a fault", in, v.Number)
		}
	}
}

func TestDurations(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for in, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "2h30m": 150 * time.Minute, "3d": 3 * day, "1w2d": 9 * day, "1D12H": 36 * time.Hour, "1.5h": 90 * time.Minute, "1w2d3h": 9*day + 3*time.Hour, "3660d": 3660 * day,
	} {
		v, err := bots.Param{Name: "n", Kind: bots.DurationParam}.Value(text.Plain(in), here)
		if err != nil || v.Duration != want {
			t.Errorf("%q = %v, %v; want %v", in, v.Duration, err, want)
		}
	}
	for _, in := range []string{"", "5", "0s", "-1h", "1d-1h", "1d+1h", "d", "w", "1.5d", "2d1w", "1h3d", "1d1d", "soon", "3661d", "4096w", "999999999999h", "3d ago"} {
		if v, err := (bots.Param{Name: "n", Kind: bots.DurationParam}).Value(text.Plain(in), here); err == nil {
			t.Errorf("%q = %v, want a fault", in, v.Duration)
		}
	}
}

// TestUsageIsParsed holds that what a usage line declares is what comes out, and that arguments written for it fit.
func TestUsageIsParsed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := commands().Draw(t, "command")
		line := c.Name
		for _, p := range c.Params {
			line += rapid.SampledFrom([]string{" ", "  ", "\t"}).Draw(t, "space") + declared(p)
		}
		got, err := bots.ParseUsage(line)
		if err != nil {
			t.Fatalf("ParseUsage(%q): %v", line, err)
		}
		if diff := cmp.Diff(c, got); diff != "" {
			t.Fatalf("ParseUsage(%q): -want +got\n%s", line, diff)
		}
		said, want := spoken(t, c)
		args, err := got.Parse(text.Plain(said), here)
		if err != nil {
			t.Fatalf("Parse(%q) for %q: %v", said, line, err)
		}
		texts := map[string]string{}
		for name, v := range args {
			texts[name] = v.Text
		}
		if diff := cmp.Diff(want, texts); diff != "" {
			t.Errorf("Parse(%q) for %q: -want +got\n%s", said, line, diff)
		}
	})
}

func commands() *rapid.Generator[*bots.Command] {
	return rapid.Custom(func(t *rapid.T) *bots.Command {
		c := &bots.Command{Name: rapid.StringMatching(`[a-z][a-z0-9_-]{0,10}`).Draw(t, "name")}
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z][a-z0-9_]{0,5}`), 0, 6, rapid.ID).Draw(t, "names")
		optional := rapid.IntRange(0, len(names)).Draw(t, "optional")
		for i, name := range names {
			p := bots.Param{Name: name, Optional: i >= optional}
			p.Kind = rapid.SampledFrom([]bots.ParamKind{bots.TextParam, bots.NumberParam, bots.DurationParam, bots.UserParam, bots.ChoiceParam}).Draw(t, "kind")
			if p.Kind == bots.ChoiceParam {
				p.Choices = rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z]{1,4}`), 2, 4, rapid.ID).Draw(t, "choices")
			}
			if i == len(names)-1 && rapid.Bool().Draw(t, "rest") {
				p.Kind, p.Choices = bots.RestParam, nil
			}
			c.Params = append(c.Params, p)
		}
		return c
	})
}

func declared(p bots.Param) string {
	s := "<" + p.Name
	switch p.Kind {
	case bots.RestParam:
		s += "..."
	case bots.ChoiceParam:
		s += ":" + strings.Join(p.Choices, "|")
	case bots.TextParam, bots.NumberParam, bots.DurationParam, bots.UserParam:
		s += ":" + string(p.Kind)
	}
	if s += ">"; p.Optional {
		s = "[" + s + "]"
	}
	return s
}

// spoken draws what a person says for c, and how its arguments read.
func spoken(t *rapid.T, c *bots.Command) (said string, want map[string]string) {
	want = map[string]string{}
	for _, p := range c.Params {
		if p.Optional && rapid.Bool().Draw(t, "stop") {
			break
		}
		arg := map[bots.ParamKind]*rapid.Generator[string]{
			bots.TextParam:     rapid.StringMatching(`[a-z*_.]{1,5}( [a-z]{1,5}){0,2}`),
			bots.NumberParam:   rapid.StringMatching(`-?[0-9]{1,5}(\.[0-9]{1,3})?`),
			bots.DurationParam: rapid.StringMatching(`[1-9][0-9]{0,2}[smhd]`),
			bots.UserParam:     rapid.StringMatching(`@[a-z]{1,8}`),
			bots.RestParam:     rapid.StringMatching(`[a-z]{1,5}([ \n"]{1,2}[a-z]{1,5}){0,3}`),
		}[p.Kind]
		if p.Kind == bots.ChoiceParam {
			arg = rapid.SampledFrom(p.Choices)
		}
		a := arg.Draw(t, "argument")
		want[p.Name] = a
		switch {
		case p.Kind == bots.ChoiceParam:
			a = strings.ToUpper(a)
		case p.Kind == bots.TextParam && strings.Contains(a, " "):
			a = `"` + a + `"`
		}
		said += " " + a
	}
	return said, want
}

func FuzzParseUsage(f *testing.F) {
	f.Add("remind <when:duration> <text...>", "2h walk the dog")
	f.Add("order <size:S|M|L> [<count:number>] [<note...>]", "m 1,5 \"x\"")
	f.Add("thank <who:user>", "@ann")
	f.Add("x <a> <b> [<c>]", "„a b“ «c")
	f.Fuzz(func(t *testing.T, line, said string) {
		c, err := bots.ParseUsage(line)
		if err != nil {
			return
		}
		args, err := c.Parse(text.Plain(said), here)
		if _, ok := errors.AsType[*bots.UsageError](err); err != nil && !ok {
			t.Fatalf("Parse(%q): %v, want a usage error", said, err)
		}
		for i, p := range c.Params {
			if v, ok := args[p.Name]; err == nil && !ok && !p.Optional {
				t.Errorf("%q for %q lacks argument %d", said, line, i)
			} else if ok && (strings.TrimSpace(v.Text) == "" || !strings.Contains(strings.ToLower(text.Clean(said)), strings.ToLower(v.Text)) && p.Kind != bots.ChoiceParam) {
				t.Errorf("%q for %q gives %q", said, line, v.Text)
			}
		}
	})
}
