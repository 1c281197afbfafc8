package text_test

import (
	"strings"

	"pgregory.net/rapid"

	"github.com/roost-im/roost/router/text"
)

// kinds lists every kind of span.
func kinds() []text.Kind {
	return []text.Kind{
		text.Bold, text.Italic, text.Underline, text.Strike, text.Code, text.Pre, text.Quote, text.ListItem,
		text.Link, text.Mention, text.Emoji, text.Spoiler, text.Heading,
	}
}

// bodies draws text of many scripts: emoji with joiners and tones, flags, CJK, right-to-left, combining marks, line ends.
func bodies() *rapid.Generator[string] {
	pieces := []string{
		"a", "Z", "7", " ", "  ", "\n", "\n\n", "\t", ".", "! ", "? ", ", ", "word", "longer words here ", "👍", "👍🏽", "👨‍👩‍👧‍👦", "🇩🇪", "🇫🇷",
		"1⃣", "☺️", "é", "e\u0301", "o\u0323\u0302", "漢字", "かな", "が", "。", "한국", "שלום", "مرحبا", "हिन्दी", "ไทย", "@bob", "#tag",
		"https://example.com/a?b=c", "*", "_", "`", "<", "&amp;", "ﬁ", "\u00a0", "\u2028",
	}
	return rapid.Map(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 40), func(p []string) string { return strings.Join(p, "") })
}

// wildBodies draws bodies that also hold what no body may.
func wildBodies() *rapid.Generator[string] {
	bad := rapid.SampledFrom([]string{"\x00", "\r\n", "\r", "\x07", "\x1b[31m", "\xff", "\xc3", "\xe2\x80", "\u202e", "\u202a", "\u2067", "\u2069", "\u202c", "\u2029", "\u0085", "\x7f", "\n"})
	return rapid.Custom(func(t *rapid.T) string {
		return rapid.String().Draw(t, "any") + bodies().Draw(t, "a") + bad.Draw(t, "x") + bodies().Draw(t, "b") + bad.Draw(t, "y") + bad.Draw(t, "z") + bodies().Draw(t, "c")
	})
}

// wildSpans draws spans of any kind anywhere, crossing and outside.
func wildSpans(n int) *rapid.Generator[[]text.Span] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) text.Span {
		start := rapid.IntRange(-2, n+2).Draw(t, "start")
		return text.Span{
			Start: start, End: start + rapid.IntRange(-1, 30).Draw(t, "length"),
			Kind: rapid.SampledFrom(append(kinds(), "", "unknown")).Draw(t, "kind"),
			Attr: rapid.SampledFrom([]string{"", "1", "https://a.example/", "x\ny\x00"}).Draw(t, "attr"),
			ID:   rapid.SampledFrom([]string{"", "U1", "U2"}).Draw(t, "id"),
			Name: rapid.SampledFrom([]string{"", "Bob", "party"}).Draw(t, "name"),
		}
	}), 0, 14)
}

// wild draws texts that no one made normal.
func wild() *rapid.Generator[text.Text] {
	return rapid.Custom(func(t *rapid.T) text.Text {
		body := wildBodies().Draw(t, "body")
		return text.Text{Body: body, Spans: wildSpans(len(body)).Draw(t, "spans")}
	})
}

// normal draws normal texts.
func normal() *rapid.Generator[text.Text] {
	return rapid.Custom(func(t *rapid.T) text.Text {
		body := bodies().Draw(t, "body")
		return text.Text{Body: body, Spans: wildSpans(len(body)).Draw(t, "spans")}.Normal()
	})
}

// cover says for each byte which kinds and meanings lie on it, outermost first; atoms only if they are in wanted.
func cover(t text.Text, wanted func(text.Span) bool) []string {
	marks := make([]string, len(t.Body))
	for _, s := range t.Spans {
		if !wanted(s) {
			continue
		}
		for i := s.Start; i < s.End; i++ {
			marks[i] += string(s.Kind) + "=" + s.Attr + s.ID + s.Name + ";"
		}
	}
	return marks
}

// noAtoms is for what cuts may not keep.
func noAtoms(s text.Span) bool { return s.Kind != text.Mention && s.Kind != text.Emoji }
