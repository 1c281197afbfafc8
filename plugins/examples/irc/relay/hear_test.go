package relay_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// TestEvents holds what is told of what happens.
func TestEvents(t *testing.T) {
	t.Parallel()
	s := serve(t, "message-tags account-tag server-time", nil)
	w := open(t, s, nil)
	c := w.settles()
	c.says(
		"@msgid=m1;account=Alice1;time=2026-01-02T03:04:05.678Z :alice!~a@h PRIVMSG #ROOM :\x02hi\x02",
		":bob!~b@h PRIVMSG roost :psst", ":bob!~b@h PRIVMSG roost :\x01VERSION\x01", ":NickServ!s@services NOTICE roost :identify",
		":irc.test NOTICE roost :*** hello", ":irc.test PRIVMSG roost :from a server", ":bot!b@h NOTICE #room :beep",
		"@bot :helper!b@h PRIVMSG #room :I help", ":alice!~a@h PRIVMSG @#room :operators only", ":alice!~a@h PRIVMSG #other :elsewhere",
		":alice!~a@h PRIVMSG $$* :everybody", ":roost!~r@host PRIVMSG #room :my other client", ":roost!~r@host PRIVMSG Bob :my other client",
		":carol!~c@h JOIN :#room", ":carol!~c@h NICK dave", ":dave!~c@h PART #room :bye", ":erin!~e@h JOIN #room", ":alice!~a@h KICK #room erin :out",
		":alice!~a@h KICK #room bob :out", ":frank!~f@h JOIN #room", ":frank!~f@h QUIT :gone", ":nobody!~n@h QUIT :gone", ":frank!~f@h JOIN #other",
		":alice!~a@h PRIVMSG #room :gr\xfcn", ":alice!~a@h TOPIC #room :new", "garbage", ":x", "@;= :a b", ":alice!~a@h PRIVMSG", ":alice!~a@h PRIVMSG #room",
		":alice!~a@h PRIVMSG #room :\x01ACTION ends\x01",
	)
	want := []string{
		"posted #room alice(Alice1): hi", "posted bob bob(~b@h) direct: psst", "posted #room bot(b@h) bot: beep",
		"posted #room helper(b@h) bot: I help", "posted #room roost(~r@host) self: my other client",
		"posted bob roost(~r@host) direct self: my other client",
		"joined #room carol(~c@h)", "left #room dave(~c@h)", "joined #room erin(~e@h)", "left #room erin(~e@h)", "left #room bob(/bob)",
		"joined #room frank(~f@h)", "left #room frank(~f@h)", "posted #room alice(~a@h): grün", "posted #room alice(~a@h): ends",
	}
	got := w.hears(len(want))
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	first := w.sink.events[0]
	if said := first.What.(chat.Posted); first.ID != "m1" || first.Message != "m1" || !first.At.Equal(time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)) ||
		len(said.Text.Spans) != 1 || said.Text.Spans[0].Kind != text.Bold {
		t.Errorf("the first is %+v", first)
	}
	seen := map[chat.EventID]bool{}
	for _, ev := range w.sink.events {
		if seen[ev.ID] {
			t.Errorf("%s is there twice", ev.ID)
		}
		seen[ev.ID] = true
	}
}

// TestNotStored lets the store fail: the same is told again until it is stored, and nothing before it.
func TestNotStored(t *testing.T) {
	t.Parallel()
	s := serve(t, "", nil)
	w := open(t, s, nil)
	c := w.settles()
	w.sink.mu.Lock()
	w.sink.fails = 2
	w.sink.mu.Unlock()
	c.says(":alice!a@h PRIVMSG #room :one")
	w.waits("it is told", func() bool {
		w.sink.mu.Lock()
		defer w.sink.mu.Unlock()
		return len(w.sink.tries) > 0
	})
	c.says(":alice!a@h PRIVMSG #room :two", ":alice!a@h PRIVMSG #room :three")
	want := []string{"posted #room alice(a@h): one", "posted #room alice(a@h): two", "posted #room alice(a@h): three"}
	if got := w.hears(3); !slices.Equal(got, want) {
		t.Errorf("stored %q, want %q", got, want)
	}
	if len(w.sink.tries) < 3 || w.sink.tries[0][0].ID != w.sink.tries[1][0].ID || w.sink.tries[1][0].ID != w.sink.tries[2][0].ID {
		t.Errorf("told %v, want the first one again", w.sink.tries)
	}
}

// TestHistory reads back what was missed, page by page, before what is said meanwhile; private messages too.
func TestHistory(t *testing.T) {
	t.Parallel()
	s := serve(t, everything, nil)
	w := open(t, s, nil)
	w.sink.cursor = []byte("2026-01-01T00:00:00Z")
	w.runs()
	c := w.connects()
	if got, want := c.writes("CHATHISTORY TARGETS"), "CHATHISTORY TARGETS timestamp=2025-12-31T23:59:59.000Z timestamp=2026-01-01T00:01:00.000Z 100"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	c.letsIn()
	if got, want := c.writes("CHATHISTORY AFTER"), "CHATHISTORY AFTER #room timestamp=2025-12-31T23:59:59.000Z 100"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	c.says("@msgid=live;time=2026-01-03T00:00:00.000Z :alice!a@h PRIVMSG #room :live", "@msgid=d2;time=2026-01-03T00:00:00.000Z :bob!b@h PRIVMSG roost :direct live")
	c.says(":irc.test BATCH +1 chathistory #room")
	for range 100 {
		c.says("@batch=1;msgid=old;time=2026-01-02T00:00:00.000Z :alice!a@h PRIVMSG #room :old")
	}
	c.says(":irc.test BATCH -1")
	if got, want := c.writes("CHATHISTORY AFTER"), "CHATHISTORY AFTER #room msgid=old 100"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	c.says(":irc.test BATCH +2 chathistory #room", "@batch=2;msgid=newer;time=2026-01-02T00:00:01.000Z :alice!a@h PRIVMSG #room :newer", "@batch=2 :bob!b@h JOIN #room", ":irc.test BATCH -2")
	got := w.hears(102)
	if want := []string{"posted #room alice(a@h): newer", "posted #room alice(a@h): live"}; !slices.Equal(got[100:], want) {
		t.Errorf("got %q, want %q", got[100:], want)
	}
	if string(w.sink.cursor) != "2026-01-01T00:00:00Z" {
		t.Errorf("the cursor is %s while something is missing", w.sink.cursor)
	}
	c.says(":irc.test BATCH +3 draft/chathistory-targets", "@batch=3 CHATHISTORY TARGETS bob 2026-01-02T00:00:00.000Z", ":irc.test BATCH -3")
	c.writes("CHATHISTORY AFTER bob ")
	c.says(":irc.test BATCH +4 chathistory bob", "@batch=4;msgid=d1;time=2026-01-02T00:00:00.000Z :bob!b@h PRIVMSG roost :direct old", ":irc.test BATCH -4")
	if got, want := w.hears(104)[102:], []string{"posted bob bob(b@h) direct: direct old", "posted bob bob(b@h) direct: direct live"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	w.waits("the cursor goes on", func() bool {
		cursor, _ := w.sink.Cursor(t.Context())
		return string(cursor) == "2026-01-03T00:00:00Z"
	})
}

// TestHistoryBegins holds that the first start notes the server's time, and that a failure to read back holds up nobody.
func TestHistoryBegins(t *testing.T) {
	t.Parallel()
	s := serve(t, everything, nil)
	w := open(t, s, map[string]any{"direct": false})
	w.runs()
	c := w.connects()
	w.waits("the server's time is the cursor", func() bool {
		cursor, _ := w.sink.Cursor(t.Context())
		return string(cursor) == "2026-01-01T00:00:00Z"
	})
	_ = c.nc.Close()
	c = w.connects()
	c.letsIn()
	c.writes("CHATHISTORY AFTER #room ")
	c.says("@time=2026-01-05T00:00:00.000Z :alice!a@h PRIVMSG #room :live", ":alice!a@h PRIVMSG roost :nobody takes that",
		":irc.test FAIL CHATHISTORY MESSAGE_ERROR AFTER #room :Messages could not be retrieved")
	if got, want := w.hears(1), []string{"posted #room alice(a@h): live"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
