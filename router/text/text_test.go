package text_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/roost-im/roost/router/text"
)

func TestJSONKeepsItsShape(t *testing.T) {
	t.Parallel()
	in := text.Text{Body: "hi Bob", Spans: []text.Span{{Start: 3, End: 6, Kind: text.Mention, ID: "U1", Name: "Bob"}}}
	raw, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"body":"hi Bob","spans":[{"s":3,"e":6,"k":"mention","id":"U1","n":"Bob"}]}`; string(raw) != want {
		t.Errorf("JSON = %s, want %s", raw, want)
	}
	var back text.Text
	if err := json.Unmarshal(raw, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(in, back); diff != "" {
		t.Errorf("through JSON (-want +got):\n%s", diff)
	}
}

func TestCheckFindsEveryFault(t *testing.T) {
	t.Parallel()
	bold := func(start, end int) text.Span { return text.Span{Start: start, End: end, Kind: text.Bold} }
	for _, tc := range []struct {
		name  string
		body  string
		spans []text.Span
		want  string
	}{
		{"not UTF-8", "\xff", nil, "not UTF-8"},
		{"control", "a\x07", nil, "control character"},
		{"unknown kind", "abc", []text.Span{{Start: 0, End: 1, Kind: "loud"}}, `unknown kind "loud"`},
		{"before the body", "abc", []text.Span{bold(-1, 1)}, "outside"},
		{"after the body", "abc", []text.Span{bold(1, 4)}, "outside"},
		{"empty", "abc", []text.Span{bold(1, 1)}, "is empty"},
		{"inside a character", "äb", []text.Span{bold(1, 3)}, "cuts a character"},
		{"out of order", "abc", []text.Span{bold(1, 2), bold(0, 1)}, "span 1: out of order"},
		{"short before long", "abc", []text.Span{bold(0, 2), bold(0, 3)}, "span 1: out of order"},
		{"crossing", "abcd", []text.Span{bold(0, 2), {Start: 1, End: 3, Kind: text.Italic}}, "span 1: crosses the bold from 0 to 2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			err := text.Text{Body: tc.body, Spans: tc.spans}.Check()
			if !errors.Is(err, text.ErrBadText) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("Check = %v, want bad text with %q", err, tc.want)
			}
		})
	}
}

func TestNormalRepairs(t *testing.T) {
	t.Parallel()
	span := func(start, end int, k text.Kind) text.Span { return text.Span{Start: start, End: end, Kind: k} }
	link := text.Span{Start: 2, End: 6, Kind: text.Link, Attr: "https://a.example"}
	for _, tc := range []struct {
		name string
		in   text.Text
		want text.Text
	}{
		{
			"crossing styles: the later is cut",
			text.Text{Body: "abcdefgh", Spans: []text.Span{span(0, 5, text.Bold), span(3, 8, text.Italic)}},
			text.Text{Body: "abcdefgh", Spans: []text.Span{span(0, 5, text.Bold), span(3, 5, text.Italic), span(5, 8, text.Italic)}},
		},
		{
			"crossing a link: the link stays whole",
			text.Text{Body: "abcdefgh", Spans: []text.Span{span(0, 4, text.Bold), link}},
			text.Text{Body: "abcdefgh", Spans: []text.Span{span(0, 2, text.Bold), link, span(2, 4, text.Bold)}},
		},
		{
			"crossing a mention: its part has no style",
			text.Text{Body: "abcdefgh", Spans: []text.Span{span(0, 4, text.Bold), span(2, 6, text.Mention)}},
			text.Text{Body: "abcdefgh", Spans: []text.Span{span(0, 2, text.Bold), span(2, 6, text.Mention)}},
		},
		{
			"touching and equal: one",
			text.Text{Body: "abcd", Spans: []text.Span{span(2, 4, text.Bold), span(0, 2, text.Bold)}},
			text.Text{Body: "abcd", Spans: []text.Span{span(0, 4, text.Bold)}},
		},
		{
			"touching items and mentions: still two",
			text.Text{Body: "abcd", Spans: []text.Span{span(0, 1, text.ListItem), span(1, 2, text.ListItem), span(2, 3, text.Mention), span(3, 4, text.Mention)}},
			text.Text{Body: "abcd", Spans: []text.Span{span(0, 1, text.ListItem), span(1, 2, text.ListItem), span(2, 3, text.Mention), span(3, 4, text.Mention)}},
		},
		{
			"body cleaned: spans follow",
			text.Text{Body: "a\r\n\x00b\xffc", Spans: []text.Span{span(4, 7, text.Bold)}},
			text.Text{Body: "a\nb\ufffdc", Spans: []text.Span{span(2, 7, text.Bold)}},
		},
		{
			"cut grapheme: widened",
			text.Text{Body: "e\u0301x", Spans: []text.Span{span(1, 3, text.Bold)}},
			text.Text{Body: "e\u0301x", Spans: []text.Span{span(0, 3, text.Bold)}},
		},
		{
			"nowhere, nothing, unknown: gone",
			text.Text{Body: "abc", Spans: []text.Span{span(0, 3, text.Link), span(2, 1, text.Bold), span(0, 1, "loud"), span(9, 12, text.Bold)}},
			text.Text{Body: "abc"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, tc.in.Normal(), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("Normal (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNormalBoundsTheDepthOfLists(t *testing.T) {
	t.Parallel()
	in := text.Text{Body: strings.Repeat("x", 200)}
	for i := range 90 {
		in.Spans = append(in.Spans, text.Span{Start: i, End: 200 - i, Kind: text.ListItem})
	}
	if got := in.Normal(); len(got.Spans) != 8 || got.Spans[0].End != 200 {
		t.Errorf("Normal keeps %d items, want the 8 outer ones", len(got.Spans))
	}
}

func TestFromUTF16TakesBrokenOffsets(t *testing.T) {
	t.Parallel()
	got := text.FromUTF16("a👍b", []text.Span{{Start: 2, End: 3, Kind: text.Bold}, {Start: 3, End: 99, Kind: text.Italic}, {Start: -4, End: 1, Kind: text.Code}})
	want := text.Text{Body: "a👍b", Spans: []text.Span{
		{Start: 0, End: 1, Kind: text.Code},
		{Start: 1, End: 5, Kind: text.Bold},
		{Start: 5, End: 6, Kind: text.Italic},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("FromUTF16 (-want +got):\n%s", diff)
	}
}

func TestBuilderTrimAndEmpty(t *testing.T) {
	t.Parallel()
	var b text.Builder
	b.Write("  see ")
	b.Span(text.Link, text.Attrs{Attr: "https://a.example"}, func() {
		b.Span(text.Bold, text.Attrs{}, func() { b.Write("this") })
	})
	b.Span(text.Italic, text.Attrs{}, func() {})
	b.Add(text.Text{Body: " \n", Spans: []text.Span{{Start: 0, End: 2, Kind: text.Code}}})
	want := text.Text{Body: "see this", Spans: []text.Span{
		{Start: 4, End: 8, Kind: text.Link, Attr: "https://a.example"},
		{Start: 4, End: 8, Kind: text.Bold},
	}}
	if diff := cmp.Diff(want, b.Text().Trim()); diff != "" {
		t.Errorf("built and trimmed (-want +got):\n%s", diff)
	}
	if blank := text.Plain(" \n\t"); blank.IsZero() || !blank.Empty() || !blank.Trim().IsZero() {
		t.Errorf("%q: IsZero %v, Empty %v, trimmed %q", blank.Body, blank.IsZero(), blank.Empty(), blank.Trim())
	}
}

func TestUnitsCountWhatTheySay(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		in                                                 string
		runes, utf16, graphemes, bytes, weighted, cautious int
	}{
		{"", 0, 0, 0, 0, 0, 0},
		{"abc", 3, 3, 3, 3, 3, 3},
		{"äé", 2, 2, 2, 4, 2, 2},
		{"e\u0301", 2, 2, 1, 3, 1, 2},
		{"漢字", 2, 2, 2, 6, 4, 2},
		{"👨‍👩‍👧‍👦", 7, 11, 1, 25, 2, 11},
		{"see https://example.com/a/very/long/path?with=query", 51, 51, 51, 51, 27, 51},
		{"\xff", 1, 1, 1, 1, 2, 1},
	} {
		got := []int{text.Runes.Len(tc.in), text.UTF16.Len(tc.in), text.Graphemes.Len(tc.in), text.Bytes.Len(tc.in), text.Weighted.Len(tc.in), text.Cautious.Len(tc.in)}
		want := []int{tc.runes, tc.utf16, tc.graphemes, tc.bytes, tc.weighted, tc.cautious}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tc.in, diff)
		}
	}
}

func TestLimitFits(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		limit text.Limit
		in    string
		want  bool
	}{
		{text.Limit{}, strings.Repeat("x", 1000), true},
		{text.Limit{Max: 3}, "äöü", true},
		{text.Limit{Max: 3}, "äöüß", false},
		{text.Limit{Max: 3, Unit: text.UTF16}, "👍👍", false},
		{text.Limit{Max: 22, Unit: text.Weighted}, "https://t.co", false},
		{text.Limit{Max: 23, Unit: text.Weighted}, "https://t.co", true},
	} {
		if got := tc.limit.Fits(tc.in); got != tc.want {
			t.Errorf("%+v.Fits(%q) = %v, want %v", tc.limit, tc.in, got, tc.want)
		}
	}
}

func ExampleWalk() {
	t := text.Text{Body: "read the docs", Spans: []text.Span{{Start: 5, End: 13, Kind: text.Link, Attr: "https://a.example"}, {Start: 9, End: 13, Kind: text.Bold}}}
	text.Walk(t,
		func(s text.Span) { fmt.Printf("<%s>", s.Kind) },
		func(s string) { fmt.Print(s) },
		func(s text.Span) { fmt.Printf("</%s>", s.Kind) })
	// Output: read <link>the <bold>docs</bold></link>
}
