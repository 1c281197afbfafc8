package text_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rivo/uniseg"

	"github.com/roost-im/roost/router/text"
)

// spansOf makes spans of fuzzed bytes: start, length and kind of each.
func spansOf(raw []byte) []text.Span {
	var spans []text.Span
	for ; len(raw) >= 3 && len(spans) < 50; raw = raw[3:] {
		start := int(int8(raw[0]))
		k := kinds()[int(raw[2])%len(kinds())]
		spans = append(spans, text.Span{Start: start, End: start + int(int8(raw[1])), Kind: k, Attr: string(raw[2:3])})
	}
	return spans
}

// seeds adds bodies that once were or may be hard.
func seeds(add func(body string)) {
	for _, s := range []string{
		"", "plain words", "a\r\nb\rc\x00", "\xff\xc3", "👨‍👩‍👧‍👦👍🏽🇩🇪🇫🇷", "e\u0301\u0323", "\u202eabc\n\u2067x", "漢字。かな", "https://example.com/a(b)?c=d&e",
		"@everyone <!channel> *x* _y_ `z`", "\u2069\u202c", strings.Repeat("\u0300", 40), "a.com.中国/x", "xn--.com", " \n\n ", "\u0600a", "क्\u200dष",
	} {
		add(s)
	}
}

func FuzzNormal(f *testing.F) {
	seeds(func(s string) { f.Add(s, []byte{0, 5, 1, 3, 9, 9, 250, 20, 10, 2, 2, 8}) })
	f.Fuzz(func(t *testing.T, body string, raw []byte) {
		in := text.Text{Body: body, Spans: spansOf(raw)}
		got := in.Normal()
		if err := got.Check(); err != nil {
			t.Fatalf("Normal(%+v) = %+v: %v", in, got, err)
		}
		if diff := cmp.Diff(got, got.Normal(), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("Normal changes %+v (-once +twice):\n%s", got, diff)
		}
		if back := text.FromUTF16(got.Body, got.ToUTF16()); !cmp.Equal(got, back, cmpopts.EquateEmpty()) {
			t.Fatalf("through UTF-16: %+v, want %+v", back, got)
		}
		if err := text.Degrade(got, func(k text.Kind) bool { return k == text.Bold }).Check(); err != nil {
			t.Fatalf("Degrade(%+v): %v", got, err)
		}
	})
}

func FuzzSplit(f *testing.F) {
	seeds(func(s string) { f.Add(s+s, []byte{0, 5, 1, 3, 9, 9, 4, 20, 10, 2, 12, 8}, 7) })
	f.Fuzz(func(t *testing.T, body string, raw []byte, limit int) {
		in := text.Text{Body: body, Spans: spansOf(raw)}.Normal()
		checkSplit(t, in, sizeIn(text.UTF16), limit)
	})
}

func FuzzClean(f *testing.F) {
	seeds(func(s string) { f.Add(s) })
	f.Fuzz(func(t *testing.T, s string) {
		got := text.Clean(s)
		if !utf8.ValidString(got) || text.Clean(got) != got {
			t.Fatalf("Clean(%q) = %q, again %q", s, got, text.Clean(got))
		}
		if strings.ContainsFunc(got, func(r rune) bool { return unicode.Is(unicode.Cc, r) && r != '\n' && r != '\t' }) {
			t.Fatalf("Clean(%q) = %q has control characters", s, got)
		}
		for line := range strings.FieldsFuncSeq(got, func(r rune) bool { return r == '\n' || r == '\u2029' }) {
			count := func(set string) (n int) {
				for _, r := range line {
					if strings.ContainsRune(set, r) {
						n++
					}
				}
				return n
			}
			if opened, closed := count("\u2066\u2067\u2068"), count("\u2069"); opened != closed {
				t.Fatalf("Clean(%q): line %q opens %d isolates and closes %d", s, line, opened, closed)
			}
			if opened, closed := count("\u202a\u202b\u202d\u202e"), count("\u202c"); opened < closed {
				t.Fatalf("Clean(%q): line %q opens %d embeddings and closes %d", s, line, opened, closed)
			}
		}
		if n := text.Weighted.Len(got); n < 0 {
			t.Fatalf("Weighted.Len(%q) = %d", got, n)
		}
	})
}

func FuzzName(f *testing.F) {
	seeds(func(s string) { f.Add(s, 10) })
	f.Fuzz(func(t *testing.T, s string, n int) {
		got := text.Name(s, n)
		if got == "" || !utf8.ValidString(got) || uniseg.GraphemeClusterCount(got) > max(n, 1) {
			t.Fatalf("Name(%q, %d) = %q", s, n, got)
		}
		if strings.ContainsAny(got, "@#<>`*~|[]\\＠＃\n\r\u200b\u2060\ufeff\u00ad") || strings.Contains(got, "__") {
			t.Fatalf("Name(%q, %d) = %q has power", s, n, got)
		}
		for _, r := range got {
			if unicode.In(r, unicode.Cc, unicode.Bidi_Control, unicode.Zl, unicode.Zp) {
				t.Fatalf("Name(%q, %d) = %q has %U", s, n, got, r)
			}
		}
		if again := text.Name(got, n); again != got {
			t.Fatalf("Name(%q, %d) = %q, again %q", s, n, got, again)
		}
	})
}
