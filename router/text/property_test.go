package text_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rivo/uniseg"
	"pgregory.net/rapid"

	"github.com/roost-im/roost/router/text"
)

func TestNormalIsValidAndStable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := wild().Draw(t, "text")
		got := in.Normal()
		if err := got.Check(); err != nil {
			t.Fatalf("Normal(%+v) = %+v: %v", in, got, err)
		}
		if diff := cmp.Diff(got, got.Normal(), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("Normal of %+v changes it (-once +twice):\n%s", got, diff)
		}
		if got.Body != text.Clean(in.Body) {
			t.Fatalf("Normal(%q).Body = %q, want %q as Clean gives", in.Body, got.Body, text.Clean(in.Body))
		}
	})
}

func TestNormalEndsSpansOnGraphemeBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		got := wild().Draw(t, "text").Normal()
		bound := graphemeBounds(got.Body)
		for _, s := range got.Spans {
			if !bound[s.Start] || !bound[s.End] {
				t.Fatalf("span %+v of %q cuts a grapheme", s, got.Body)
			}
		}
	})
}

// graphemeBounds is the plain, slow way to find the bounds.
func graphemeBounds(s string) map[int]bool {
	bound := map[int]bool{0: true, len(s): true}
	for g := uniseg.NewGraphemes(s); g.Next(); {
		_, to := g.Positions()
		bound[to] = true
	}
	return bound
}

func TestGraphemesCountsAsUnisegDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(bodies(), wildBodies(), rapid.String()).Draw(t, "s")
		if got, want := text.Graphemes.Len(s), uniseg.GraphemeClusterCount(s); got != want {
			t.Fatalf("Graphemes.Len(%q) = %d, want %d", s, got, want)
		}
	})
}

func TestNormalKeepsMeaningWhereNothingCrosses(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := text.Text{Body: strings.Repeat("x", 40)}
		start, end := 0, 40
		for _, k := range rapid.Permutation(kinds()[:5]).Draw(t, "kinds") {
			start = rapid.IntRange(start, end-1).Draw(t, "start")
			end = rapid.IntRange(start+1, end).Draw(t, "end")
			in.Spans = append(in.Spans, text.Span{Start: start, End: end, Kind: k})
		}
		got := in.Normal()
		for i := range in.Body {
			if a, b := set(cover(in, noAtoms)[i]), set(cover(got, noAtoms)[i]); !cmp.Equal(a, b) {
				t.Fatalf("byte %d of Normal(%+v) has %v, want %v", i, in, b, a)
			}
		}
	})
}

// set makes one mark of cover comparable whatever the order of nesting.
func set(marks string) map[string]bool {
	all := map[string]bool{}
	for m := range strings.SplitSeq(marks, ";") {
		all[m] = true
	}
	return all
}

func TestSliceAndJoinGiveTheTextBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := normal().Draw(t, "text")
		i := rapid.IntRange(0, len(in.Body)).Draw(t, "i")
		for !utf8.ValidString(in.Body[:i]) {
			i--
		}
		left, right := in.Slice(0, i), in.Slice(i, len(in.Body))
		for _, part := range []text.Text{left, right} {
			if err := part.Check(); err != nil {
				t.Fatalf("slice of %+v at %d: %v", in, i, err)
			}
		}
		got := text.Join(left, right)
		if err := got.Check(); err != nil {
			t.Fatalf("join of %+v and %+v: %v", left, right, err)
		}
		if got.Body != in.Body {
			t.Fatalf("joined body = %q, want %q", got.Body, in.Body)
		}
		if diff := cmp.Diff(cover(in, noAtoms), cover(got, noAtoms)); diff != "" {
			t.Fatalf("cut at %d, %+v covers other characters (-want +got):\n%s", i, in, diff)
		}
		if cutsSingles(in, i) {
			return
		}
		if diff := cmp.Diff(in, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("cut at %d and joined (-want +got):\n%s", i, diff)
		}
	})
}

// cutsSingles reports whether a span that never grows together again lies around i.
func cutsSingles(t text.Text, i int) bool {
	for _, s := range t.Spans {
		single := s.Kind == text.ListItem || s.Kind == text.Heading || !noAtoms(s)
		if single && s.Start < i && i < s.End {
			return true
		}
	}
	return false
}

func TestWalkReproducesTheBody(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.OneOf(normal(), wild()).Draw(t, "text")
		want := in
		if in.Check() != nil {
			want = in.Normal()
		}
		var b text.Builder
		var body strings.Builder
		var open, seen []text.Span
		text.Walk(in, func(s text.Span) {
			if s.Start != body.Len() && want.Body == in.Body {
				t.Fatalf("opened %+v at %d", s, body.Len())
			}
			open, seen = append(open, s), append(seen, s)
		}, func(s string) {
			if s == "" {
				t.Fatal("empty run")
			}
			body.WriteString(s)
			b.Write(s)
		}, func(s text.Span) {
			if len(open) == 0 || open[len(open)-1] != s {
				t.Fatalf("closed %+v, open are %+v", s, open)
			}
			open = open[:len(open)-1]
		})
		if len(open) > 0 {
			t.Fatalf("left open: %+v", open)
		}
		if in.Check() == nil && body.String() != in.Body {
			t.Fatalf("runs give %q, want %q", body.String(), in.Body)
		}
		if in.Check() == nil && !cmp.Equal(seen, in.Spans, cmpopts.EquateEmpty()) {
			t.Fatalf("opened %+v, want %+v", seen, in.Spans)
		}
	})
}

func TestOffsetsRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := normal().Draw(t, "text")
		if diff := cmp.Diff(in, text.FromUTF16(in.Body, in.ToUTF16()), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("through UTF-16 (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(in, text.FromRunes(in.Body, in.ToRunes()), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("through runes (-want +got):\n%s", diff)
		}
		for i, s := range in.ToUTF16() {
			if got, want := s.Start, text.UTF16.Len(in.Body[:in.Spans[i].Start]); got != want {
				t.Fatalf("span %d starts at UTF-16 unit %d, want %d", i, got, want)
			}
		}
		for i, s := range in.ToRunes() {
			if got, want := s.End, text.Runes.Len(in.Body[:in.Spans[i].End]); got != want {
				t.Fatalf("span %d ends at rune %d, want %d", i, got, want)
			}
		}
		wildText := wild().Draw(t, "wild")
		if err := text.FromUTF16(wildText.Body, wildText.Spans).Check(); err != nil {
			t.Fatalf("FromUTF16 of anything: %v", err)
		}
	})
}

func TestDegradeLeavesNothingThatIsRefused(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := normal().Draw(t, "text")
		kept := map[text.Kind]bool{}
		for _, k := range kinds() {
			kept[k] = rapid.Bool().Draw(t, string(k))
		}
		got := text.Degrade(in, func(k text.Kind) bool { return kept[k] })
		if err := got.Check(); err != nil {
			t.Fatalf("Degrade(%+v) = %+v: %v", in, got, err)
		}
		for _, s := range got.Spans {
			if !kept[s.Kind] {
				t.Fatalf("Degrade left %+v", s)
			}
		}
		plain := text.Degrade(text.Text{Body: in.Body}, func(text.Kind) bool { return false })
		if plain.Body != in.Body {
			t.Fatalf("Degrade of plain %q = %q", in.Body, plain.Body)
		}
		if all := text.Degrade(in, func(text.Kind) bool { return true }); !cmp.Equal(all, in) {
			t.Fatalf("Degrade with all kept = %+v, want %+v", all, in)
		}
	})
}

func TestSnippetIsOneShortLine(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.OneOf(normal(), wild()).Draw(t, "text")
		n := rapid.IntRange(-1, 40).Draw(t, "max")
		got := text.Snippet(in, n)
		if uniseg.GraphemeClusterCount(got) > max(n, 1) || strings.ContainsAny(got, "\n\r\t\u2028\u2029") {
			t.Fatalf("Snippet(%+v, %d) = %q", in, n, got)
		}
	})
}
