package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/bridges/x/xsim"
)

// TestOddText carries what people seldom write.
func TestOddText(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	d := s.start(t)
	s.connected(t)
	thread := s.asks(t, "Hello?")
	long := numbered(100_000)
	s.slack.Say(s.dana, s.channel, slacksim.Draft{Text: long, Thread: thread})
	s.onX(t, "end of the long text", func(v *xsim.View) bool {
		said := v.Conversation(s.alice, s.brand)
		return strings.HasSuffix(strings.TrimSpace(said[len(said)-1].Text), long[strings.LastIndex(strings.TrimSpace(long), " ")+1:len(long)-1])
	})
	s.slack.Say(s.dana, s.channel, slacksim.Draft{Text: "nul\x00 in \u202eright to left\u202c שלום مرحبا 👩‍👩‍👧‍👦 e\u0301", Thread: thread})
	s.slack.Say(s.dana, s.channel, slacksim.Draft{Text: "the end", Thread: thread})
	s.arrived(t, "the end")
	var got []string
	for _, m := range s.x.Conversation(s.alice, s.brand) {
		if m.API {
			got = append(got, m.Text)
		}
	}
	if whole := strings.Join(got[:len(got)-2], ""); squeezed(whole) != squeezed(long) {
		t.Errorf("%d parts with %d bytes are on X, want the %d bytes that were said", len(got)-2, len(squeezed(whole)), len(squeezed(long)))
	}
	if t.Failed() {
		for i, g := range got {
			t.Logf("message %d begins %.40q and ends %q", i, g, g[max(0, len(g)-40):])
		}
	}
	odd := got[len(got)-2]
	for _, want := range []string{"nul", "right to left", "שלום مرحبا", "👩‍👩‍👧‍👦"} {
		if !strings.Contains(odd, want) {
			t.Errorf("%q is on X, want %q in it", odd, want)
		}
	}
	if strings.ContainsRune(odd, 0) {
		t.Errorf("%q is on X, want no NUL", odd)
	}

	s.x.Say(s.alice, s.brand, xsim.Draft{Text: numbered(9_000)})
	s.x.Say(s.alice, s.brand, xsim.Draft{Text: "nul\x00 \u202eright to left\u202c شكرا"})
	s.thread(t, strings.TrimSpace(numbered(9_000)))
	s.inSlack(t, "the odd text", func(v *slacksim.View) bool {
		for _, m := range v.Thread(s.channel, thread) {
			if m.BotID != "" && strings.Contains(m.Text, "right to left") && strings.Contains(m.Text, "شكرا") {
				return !strings.ContainsRune(m.Text, 0)
			}
		}
		return false
	})
	if code, _ := d.get(t, "/healthz"); code != http.StatusOK {
		t.Errorf("healthz = %d, want 200", code)
	}
	d.stop(t)
}

// numbered is a text of about n bytes in which every word is another.
func numbered(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "word%d ", i)
	}
	return b.String()
}

func squeezed(s string) string { return strings.Join(strings.Fields(s), "") }
