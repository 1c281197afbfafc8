package interop_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges/slack/slacksim"
)

// numbered is the number of a part.
var numbered = regexp.MustCompile(` \(\d+/\d+\)$`)

// TestRelay talks both ways, over TLS: names, formatting, lines, emoji, long texts, /me, and nothing that gains power.
func TestRelay(t *testing.T) {
	t.Parallel()
	s := ngircd(t, true)
	alice := s.visits(t, "alice")
	w := setup(t, s)
	w.start(t, alice)

	alice.says(t, lounge, "\x02bold\x02 \x1ditalic\x1d \x1estrike\x1e \x11code\x11 \x0304,01red\x03 👍🏽 ünï")
	if m := w.arrives(t, "*bold* _italic_ ~strike~ `code` red 👍🏽 ünï"); m.Username != "alice" {
		t.Errorf("it was written by %q, want alice", m.Username)
	}
	alice.says(t, lounge, "\x01ACTION waves\x01")
	w.arrives(t, "_waves_")
	alice.says(t, lounge, "\x01VERSION\x01")
	alice.says(t, lounge, "<!channel> @here & <b>")
	w.inSlack(t, "harmless words", func(v *slacksim.View) bool {
		return slices.ContainsFunc(v.Messages(w.channel), func(m slacksim.Message) bool {
			return m.BotID != "" && strings.Contains(m.Text, "&lt;!channel&gt;")
		})
	})

	const name = "\x02Dana Weiss\x02: "
	w.says("*bold* _italic_ ~strike~ `code` :+1: 日本語 👩‍👩‍👧")
	alice.reads(t, lounge, name+"\x02bold\x02 \x1ditalic\x1d \x1estrike\x1e \x11code\x11 👍 日本語 👩‍👩‍👧")
	w.says("first\nsecond\n\n!kick alice")
	alice.reads(t, lounge, name+"first")
	alice.reads(t, lounge, "second")
	alice.reads(t, lounge, "\u2060!kick a\u2060lice")

	long := strings.Repeat("日本語のとても長い文。", 80) + "end"
	w.says(long)
	alice.sees(t, "the end", func(line string) bool { return strings.Contains(line, "end (") && strings.HasPrefix(line, ":roost!") })
	var whole strings.Builder
	for _, m := range alice.messages() {
		if n := len(":" + m.from + " PRIVMSG " + m.to + " :" + m.words + "\r\n"); n > 512 {
			t.Errorf("a line of %d bytes: %q", n, m.words)
		}
		if numbered.MatchString(m.words) {
			whole.WriteString(numbered.ReplaceAllString(m.words, ""))
		}
	}
	if got := whole.String(); got != name+long {
		t.Errorf("the long text arrived as\n%q\nwant\n%q", got, name+long)
	}
	for _, m := range w.copies() {
		if strings.Contains(m.Text, "VERSION") || strings.Contains(m.Text, "from slack") {
			t.Errorf("%q was relayed", m.Text)
		}
	}
	w.stop(t)
	alice.sees(t, "Roost leave", func(line string) bool { return strings.HasPrefix(line, ":roost!") && strings.Contains(line, " QUIT ") })
}

// TestOrder has a hundred messages each way at once.
func TestOrder(t *testing.T) {
	t.Parallel()
	s := ngircd(t, false)
	alice := s.visits(t, "alice")
	w := setup(t, s)
	w.start(t, alice)
	const many = 100
	var want []string
	for i := range many {
		token := fmt.Sprintf("n%03d", i)
		want = append(want, token)
		alice.says(t, lounge, "hello "+token)
		w.says("hello " + token)
	}
	alice.sees(t, "the last one", func(line string) bool { return strings.HasSuffix(line, want[many-1]) })
	w.arrives(t, "hello "+want[many-1])
	if got := tokens(w.copies(), func(m slacksim.Message) string { return m.Text }); !slices.Equal(got, want) {
		t.Errorf("Slack has %v", got)
	}
	if got := tokens(alice.messages(), func(m message) string { return m.words }); !slices.Equal(got, want) {
		t.Errorf("IRC has %v", got)
	}
	w.stop(t)
}

// TestDirect has somebody write in private to a desk, and the desk answer.
func TestDirect(t *testing.T) {
	t.Parallel()
	s := ngircd(t, false)
	alice := s.visits(t, "alice")
	w := setup(t, s)
	w.start(t, alice)
	alice.says(t, "roost", "where is my \x02order\x02?")
	var thread, support string
	w.inSlack(t, "case", func(v *slacksim.View) bool {
		for _, c := range v.Channels() {
			for _, m := range v.Messages(c.ID) {
				if c.Name == "support" && m.BotID != "" && m.Thread != "" && m.Thread != m.TS && strings.Contains(m.Text, "where is my *order*?") {
					thread, support = m.Thread, c.ID
					return true
				}
			}
		}
		return false
	})
	w.slack.Say(w.dana, support, slacksim.Draft{Text: "it ships\ntomorrow", Thread: thread})
	alice.reads(t, "alice", "it ships")
	alice.reads(t, "alice", "tomorrow")
	w.stop(t)
}
