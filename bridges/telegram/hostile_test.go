package telegram_test

import (
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/telegram"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

func TestHostileTextIsCutInTime(t *testing.T) {
	t.Parallel()
	traits := alone(t).Traits()
	for _, s := range []string{"@ada ", "/start ", "https://a.bc/@ada ", "@", "/", "👍", "http://", "@\u2060", "a"} {
		x := text.Text{Body: strings.Repeat(s, 100_000/len(s))}
		for i := range 500 {
			x.Spans = append(x.Spans, text.Span{Start: i * 100, End: i*100 + 50, Kind: text.Code})
		}
		began := time.Now()
		parts := chat.Parts(chat.Post{Text: x.Normal()}, traits)
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("100,000 bytes of %q took %v to cut, want less than 10 s", s, took)
		}
		for _, p := range parts {
			if n := telegram.SizeOf(p.Text); n > traits.Text.Max {
				t.Errorf("a part of %q takes %d units, want %d at most", s, n, traits.Text.Max)
			}
		}
	}
}
