package relay_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// TestKinds holds what each refusal of the server means for a post.
func TestKinds(t *testing.T) {
	t.Parallel()
	s := serve(t, "", nil)
	w := open(t, s, nil)
	c := w.settles()
	for _, tc := range []struct {
		name, to, says string
		want           chat.Kind
		reason         string
	}{
		{"fine", "#room", ":irc.test 372 roost :something else", 0, ""},
		{"no nick", "carol", ":irc.test 401 roost carol :No such nick/channel", chat.Refused, "carol is not on IRC now"},
		{"no channel", "#room", ":irc.test 403 roost #room :No such channel", chat.Gone, "there is no channel #room"},
		{"muted", "#room", ":irc.test 404 roost #ROOM :Cannot send to channel (+m)", chat.Refused, "the server says: Cannot send to channel (+m)"},
		{"too fast", "carol", ":irc.test 439 roost carol :Target change too fast", chat.Throttled, "the server says: Target change too fast"},
		{"put out", "#room", ":irc.test 442 roost #room :You're not on that channel", chat.Transient, "the server says: You're not on that channel"},
		{"registered only", "carol", ":irc.test 477 roost carol :You need a registered nick", chat.Refused, "the server says: You need a registered nick"},
		{"no text", "carol", ":irc.test 412 roost :No text to send", chat.Refused, "the server says: No text to send"},
		{"another's", "#room", ":irc.test 401 roost dave :No such nick", 0, ""},
	} {
		c.holds()
		result := w.posts(tc.to, tc.name)
		c.writes("PRIVMSG " + tc.to)
		c.says(tc.says)
		c.says(":irc.test PONG irc.test " + c.pinged())
		got := <-result
		if tc.reason != "" {
			if e, ok := asError(got.err); !ok || e.Kind != tc.want || e.Reason != tc.reason {
				t.Errorf("%s: %v, want %v: %s", tc.name, got.err, tc.want, tc.reason)
			}
			continue
		}
		if got.err != nil || len(got.Messages) != 1 {
			t.Errorf("%s: %+v, %v", tc.name, got.Receipt, got.err)
		}
	}
}

// TestUncertain holds that a post is uncertain when the connection breaks behind it, and only then.
func TestUncertain(t *testing.T) {
	t.Parallel()
	s := serve(t, "", nil)
	w := open(t, s, nil)
	if _, err := w.post("#room", "before run"); chat.KindOf(err) != chat.Transient {
		t.Errorf("before run: %v, want %v", err, chat.Transient)
	}
	c := w.settles()
	c.holds()
	result := w.posts("#room", "in doubt")
	c.writes("PRIVMSG #room :in doubt")
	_ = c.nc.Close()
	if got := <-result; chat.KindOf(got.err) != chat.Uncertain {
		t.Errorf("when the connection breaks: %v, want %v", got.err, chat.Uncertain)
	}
	if _, err := w.post("#room", "while away"); chat.KindOf(err) != chat.Transient {
		t.Errorf("without a connection: %v, want %v", err, chat.Transient)
	}
	again := w.connects()
	if _, err := w.post("#room", "not in it yet"); chat.KindOf(err) != chat.Transient {
		t.Errorf("before it is in the room: %v, want %v", err, chat.Transient)
	}
	again.letsIn()
	w.waits("it is in again", func() bool {
		_, err := w.post("#room", "again")
		return err == nil
	})
}

// TestInPart has the second of three lines refused: the first has arrived, so it must not be tried again.
func TestInPart(t *testing.T) {
	t.Parallel()
	s := serve(t, everything, nil)
	w := open(t, s, nil)
	c := w.settlesWithLabels()
	for _, tc := range []struct {
		says string
		want chat.Kind
	}{
		{":irc.test 404 roost #room :Cannot send", chat.Refused},
		{":irc.test 439 roost #room :Too fast", chat.Uncertain},
	} {
		result := w.posts("#room", "one\ntwo\nthree")
		c.says("@label=" + label(c.writes("@label=")) + " :irc.test ACK")
		c.says("@label=" + label(c.writes("@label=")) + " " + tc.says)
		got := <-result
		e, ok := asError(got.err)
		if !ok || e.Kind != tc.want || !strings.HasPrefix(e.Reason, "only the first 1 of 3 lines have arrived: ") {
			t.Errorf("after %q: %v, want %v", tc.says, got.err, tc.want)
		}
	}
}

// TestLabels has a server that confirms by labels.
func TestLabels(t *testing.T) {
	t.Parallel()
	s := serve(t, everything, nil)
	w := open(t, s, nil)
	c := w.settlesWithLabels()
	for _, tc := range []struct {
		name string
		says []string // L is the label
		want chat.MessageID
		kind chat.Kind
	}{
		{"echo", []string{"@label=L;msgid=m1;time=2026-01-02T03:04:05.000Z :roost!~r@host PRIVMSG #room hello"}, "m1", 0},
		{"batch", []string{
			"@label=L :irc.test BATCH +b1 labeled-response", "@batch=b1;msgid=m2 :roost!~r@host PRIVMSG #room hello",
			"@batch=b1 :irc.test 301 roost alice :I am away", ":irc.test BATCH -b1",
		}, "m2", 0},
		{"refusal", []string{"@label=L :irc.test 404 roost #room :Cannot send"}, "", chat.Refused},
		{"fail", []string{"@label=L :irc.test FAIL PRIVMSG INVALID_UTF8 :Not UTF-8"}, "", chat.Refused},
		{"refusal in a batch", []string{
			"@label=L :irc.test BATCH +b2 labeled-response", "@batch=b2 :irc.test 404 roost #room :Cannot send", ":irc.test BATCH -b2",
		}, "", chat.Refused},
	} {
		result := w.posts("#room", "hello")
		id := label(c.writes("@label="))
		c.says(":alice!a@h PRIVMSG #room :meanwhile", "@label=other :irc.test ACK")
		for _, line := range tc.says {
			c.says(strings.Replace(line, "label=L", "label="+id, 1))
		}
		got := <-result
		if tc.want == "" {
			if chat.KindOf(got.err) != tc.kind || got.err == nil {
				t.Errorf("%s: %v, want %v", tc.name, got.err, tc.kind)
			}
			continue
		}
		if got.err != nil || !slices.Equal(got.Messages, []chat.MessageID{tc.want}) {
			t.Errorf("%s: %+v, %v, want %s", tc.name, got.Receipt, got.err, tc.want)
		}
	}
	for _, line := range w.hears(5) {
		if line != "posted #room alice(a@h): meanwhile" {
			t.Errorf("it told %q", line)
		}
	}
}

// TestPost writes formatting and several lines, and nothing that could be a command.
func TestPost(t *testing.T) {
	t.Parallel()
	s := serve(t, "", nil)
	w := open(t, s, nil)
	c := w.settles()
	words := text.Text{Body: "bold\nask alice.\rQUIT :x\x00\x01", Spans: []text.Span{{Start: 0, End: 4, Kind: text.Bold}}}
	r, err := w.Post(t.Context(), chat.Post{To: chat.Conversation{Account: "irc/test", ID: "#room"}, Text: words})
	if err != nil || len(r.Messages) != 2 {
		t.Errorf("got %+v, %v, want two messages", r, err)
	}
	for _, want := range []string{"PRIVMSG #room \x02bold", "PRIVMSG #room :ask a\u2060lice.QUIT :x"} {
		if got := <-c.lines; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if _, err := w.post("#room", " \n "); chat.KindOf(err) != chat.Refused {
		t.Errorf("nothing: %v, want %v", err, chat.Refused)
	}
}
