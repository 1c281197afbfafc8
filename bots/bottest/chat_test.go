package bottest_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bots/bottest"
)

func newChat(t *testing.T, o bottest.ChatOptions) *bottest.Chat {
	t.Helper()
	o.Open = open
	c, _, err := bottest.NewChat(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// line lets a line happen, and checks the lines of the bot.
func line(t *testing.T, c *bottest.Chat, s string, want ...bottest.Did) {
	t.Helper()
	got, err := c.Line(t.Context(), s)
	if err != nil || !slices.EqualFunc(got, want, func(a, b bottest.Did) bool {
		return a.Line == b.Line && slices.Equal(a.Choices, b.Choices)
	}) {
		t.Errorf("%s: %+v, %v; want %+v", s, got, err, want)
	}
}

func TestChat(t *testing.T) {
	t.Parallel()
	c := newChat(t, bottest.ChatOptions{Platform: "x", At: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)})
	line(t, c, "alice: /order", bottest.Did{Line: "bot: Which size?", Choices: []string{"S", "M", "L"}})
	line(t, c, "alice: 2", bottest.Did{Line: "bot: How many?"})
	line(t, c, "")
	kept, err := c.Keep()
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"bot: hi", "nothing", "@on x", "hello", "alice presses No"} {
		if _, err := c.Line(t.Context(), bad); err == nil {
			t.Errorf("%q gives no error", bad)
		}
	}

	again := newChat(t, bottest.ChatOptions{Platform: "x", Kept: kept})
	line(t, again, "alice: 3", bottest.Did{Line: "bot: Ordered 3 × M for alice."})
	if got := again.Now(); !got.Equal(c.Now()) {
		t.Errorf("the clock says %v after it was kept, want %v", got, c.Now())
	}
	if _, _, err := bottest.NewChat(t.Context(), bottest.ChatOptions{Open: open, Kept: []byte("{")}); err == nil {
		t.Error("a damaged memory gives no error")
	}
}

// What is said in a chat can be played again.
func TestChatIsTranscript(t *testing.T) {
	t.Parallel()
	c := newChat(t, bottest.ChatOptions{Platform: "telegram", Set: []string{"@in #shop"}, At: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)})
	for _, l := range []string{"alice: /order", "alice presses L", "alice: many", "@ +1h", "alice: 2", "bob: /order", "@ +30d", "bob: /help"} {
		if _, err := c.Line(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(t.TempDir(), "a.chat")
	if err := os.WriteFile(file, []byte(c.Transcript()), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := bottest.Run(t.Context(), bottest.Options{Files: []string{file}, Open: open})
	if err != nil || r.Failed > 0 || !strings.Contains(c.Transcript(), "bot replies: Ordered") && !strings.Contains(c.Transcript(), "bot: Ordered 2 × L") {
		t.Errorf("%v, %v in\n%s", r.Results, err, c.Transcript())
	}
}
