package text_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/roost-im/roost/router/text"
)

// sizeIn counts a text's body.
func sizeIn(u text.Unit) func(text.Text) int {
	return func(t text.Text) int { return u.Len(t.Body) }
}

// checkSplit holds the promises of Split for one text.
func checkSplit(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, in text.Text, size func(text.Text) int, limit int,
) {
	t.Helper()
	parts := text.Split(in, size, limit)
	var body strings.Builder
	var marks []string
	for i, p := range parts {
		if err := p.Check(); err != nil {
			t.Fatalf("part %d %+v: %v", i, p, err)
		}
		if p.Body == "" {
			t.Fatalf("part %d is empty", i)
		}
		if got := size(p); got > limit && text.Graphemes.Len(p.Body) > 1 {
			t.Fatalf("part %d %q has size %d, limit %d", i, p.Body, got, limit)
		}
		body.WriteString(p.Body)
		marks = append(marks, cover(p, noAtoms)...)
		if bound := graphemeBounds(in.Body); !bound[body.Len()] {
			t.Fatalf("cut inside a grapheme at %d of %q", body.Len(), in.Body)
		}
		for _, s := range in.Spans {
			whole := s.Kind == text.Link || !noAtoms(s)
			if at := body.Len(); whole && s.Start < at && at < s.End && size(in.Slice(s.Start, s.End)) <= limit {
				t.Fatalf("cut at %d tears %+v of %q, limit %d", at, s, in.Body, limit)
			}
		}
	}
	if body.String() != in.Body {
		t.Fatalf("parts give %q, want %q", body.String(), in.Body)
	}
	if diff := cmp.Diff(cover(in, noAtoms), marks); diff != "" && in.Body != "" {
		t.Fatalf("spans of the parts of %+v cover other characters (-want +got):\n%s", in, diff)
	}
}

func TestSplitKeepsEverything(t *testing.T) {
	t.Parallel()
	units := []text.Unit{text.Runes, text.UTF16, text.Graphemes, text.Bytes, text.Cautious}
	rapid.Check(t, func(t *rapid.T) {
		in := normal().Draw(t, "text")
		unit := rapid.SampledFrom(units).Draw(t, "unit")
		checkSplit(t, in, sizeIn(unit), rapid.IntRange(0, 60).Draw(t, "max"))
	})
}

func TestSplitFitsWeighted(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := normal().Draw(t, "text")
		for _, p := range text.Split(in, sizeIn(text.Weighted), 60) {
			if got := text.Weighted.Len(p.Body); got > 60 && text.Graphemes.Len(p.Body) > 1 {
				t.Fatalf("part %q weighs %d", p.Body, got)
			}
		}
	})
}

func TestSplitCutsWhereAReaderWould(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		in   string
		max  int
		want []string
	}{
		{"empty", "", 5, nil},
		{"fits", "hello", 5, []string{"hello"}},
		{"words", "one two three four", 10, []string{"one two ", "three four"}},
		{"paragraph before line", "first one\n\nsecond\nthird", 20, []string{"first one\n\n", "second\nthird"}},
		{"line before word", "alpha beta\ngamma delta", 18, []string{"alpha beta\n", "gamma delta"}},
		{"sentence before word", "It is so. And then it was", 20, []string{"It is so. ", "And then it was"}},
		{"early line does not count", "a\nbbbb cccc dddd eeee", 16, []string{"a\nbbbb cccc ", "dddd eeee"}},
		{"white space stays before the cut", "one   two", 6, []string{"one   ", "two"}},
		{"a long word is cut", "aaaaaaaaaa", 4, []string{"aaaa", "aaaa", "aa"}},
		{"no spaces", "漢字漢字。漢字漢字漢", 6, []string{"漢字漢字。", "漢字漢字漢"}},
		{"flags stay whole", "🇩🇪🇫🇷🇮🇹", 3, []string{"🇩🇪", "🇫🇷", "🇮🇹"}},
		{"one grapheme too large", "a👨‍👩‍👧‍👦b", 3, []string{"a", "👨‍👩‍👧‍👦", "b"}},
		{"nothing fits", "ab", 0, []string{"a", "b"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, p := range text.Split(text.Plain(tc.in), sizeIn(text.Runes), tc.max) {
				got = append(got, p.Body)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("Split(%q, %d) (-want +got):\n%s", tc.in, tc.max, diff)
			}
		})
	}
}

func TestSplitReopensBlocks(t *testing.T) {
	t.Parallel()
	in := text.Text{Body: "one\ntwo\nthree\n", Spans: []text.Span{{Start: 0, End: 14, Kind: text.Pre, Attr: "go"}}}
	got := text.Split(in, sizeIn(text.Runes), 8)
	want := []text.Text{
		{Body: "one\ntwo\n", Spans: []text.Span{{Start: 0, End: 8, Kind: text.Pre, Attr: "go"}}},
		{Body: "three\n", Spans: []text.Span{{Start: 0, End: 6, Kind: text.Pre, Attr: "go"}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Split of a code block (-want +got):\n%s", diff)
	}
}

func TestSplitKeepsAMentionWhole(t *testing.T) {
	t.Parallel()
	var b text.Builder
	b.Write("hi ")
	b.Span(text.Mention, text.Attrs{ID: "U1"}, func() { b.Write("Ann Lee") })
	got := text.Split(b.Text(), sizeIn(text.Runes), 7)
	want := []text.Text{{Body: "hi "}, {Body: "Ann Lee", Spans: []text.Span{{Start: 0, End: 7, Kind: text.Mention, ID: "U1"}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Split around a mention (-want +got):\n%s", diff)
	}
}

func TestSplitAsksForSizeSeldom(t *testing.T) {
	t.Parallel()
	calls := 0
	in := text.Plain(strings.Repeat("Some words of a sentence. ", 4000))
	parts := text.Split(in, func(t text.Text) int { calls++; return len(t.Body) }, 2000)
	if limit := 15 * len(parts); calls > limit {
		t.Errorf("%d size calls for %d parts, want at most %d", calls, len(parts), limit)
	}
}
