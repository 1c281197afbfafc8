package text_test

import (
	"strings"
	"testing"

	"github.com/roost-im/roost/router/text"
)

func BenchmarkNormal200(b *testing.B) {
	in := text.Text{Body: strings.Repeat("plain text of a chat, ", 9)}
	b.ReportAllocs()
	for b.Loop() {
		in.Normal()
	}
}

func BenchmarkNormalSpans(b *testing.B) {
	in := text.Text{Body: strings.Repeat("plain text of a chat, ", 9)}
	for i := range 6 {
		in.Spans = append(in.Spans, text.Span{Start: 10 * i, End: 10*i + 14, Kind: kinds()[i]})
	}
	b.ReportAllocs()
	for b.Loop() {
		in.Normal()
	}
}

func BenchmarkSplit100000(b *testing.B) {
	for _, tc := range []struct {
		name, sentence string
		unit           text.Unit
	}{
		{"ascii/utf16", "Some words of a sentence that goes on. ", text.UTF16},
		{"ascii/graphemes", "Some words of a sentence that goes on. ", text.Graphemes},
		{"cjk/utf16", "漢字とかなの文がここにある。", text.UTF16},
		{"emoji/utf16", "so 👍🏽 much 👨‍👩‍👧‍👦 fun ", text.UTF16},
	} {
		in := text.Plain(strings.Repeat(tc.sentence, 100_000/text.Runes.Len(tc.sentence)))
		b.Run(tc.name, func(b *testing.B) {
			for b.Loop() {
				text.Split(in, sizeIn(tc.unit), 2000)
			}
		})
	}
}

func TestNormalOfPlainTextDoesNotAllocate(t *testing.T) { //nolint:paralleltest // AllocsPerRun wants to be alone
	in := text.Text{Body: strings.Repeat("plain text of a chat, ", 9)}
	if n := testing.AllocsPerRun(100, func() { in.Normal() }); n != 0 {
		t.Errorf("Normal allocates %v times, want 0", n)
	}
}

func BenchmarkWeightedHostile(b *testing.B) {
	for _, piece := range []string{"http://a.", "a.あ", "_a.", "-x.com.", "a.com中"} {
		s := strings.Repeat(piece, 10_000)
		b.Run(piece, func(b *testing.B) {
			for b.Loop() {
				text.Weighted.Len(s)
			}
		})
	}
}
