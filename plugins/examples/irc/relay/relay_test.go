package relay_test

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/plugins"
	"github.com/roost-im/roost/plugins/examples/irc/relay"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

func plain(words string) text.Text { return text.Plain(words) }

const everything = "message-tags server-time batch echo-message labeled-response account-tag sasl=PLAIN draft/chathistory away-notify"

// TestLogin shows what is asked for and how it logs in.
func TestLogin(t *testing.T) {
	t.Parallel()
	s := serve(t, everything, nil)
	password := strings.Repeat("pass word", 60) // more than one piece
	w := open(t, s, map[string]any{"password": "server pass", "sasl": map[string]any{"user": "me", "password": password}, "name": "Roost here", "user": "r"})
	w.runs()
	c := w.connects()
	var sent string
	for _, line := range c.seen {
		if piece, ok := strings.CutPrefix(line, "AUTHENTICATE "); ok && piece != "PLAIN" {
			sent += strings.TrimSuffix(piece, "+")
		}
	}
	raw, err := base64.StdEncoding.DecodeString(sent)
	if got, want := string(raw), "\x00me\x00"+password; got != want || err != nil {
		t.Errorf("logged in with %q, want %q: %v", got, want, err)
	}
	for _, want := range []string{
		"PASS :server pass", "NICK roost", "USER r 0 * :Roost here", "CAP END",
		"CAP REQ :message-tags server-time batch echo-message labeled-response account-tag draft/chathistory sasl",
	} {
		if !slices.Contains(c.seen, want) {
			t.Errorf("it did not write %q but %q", want, c.seen)
		}
	}
	c.writes("MODE roost +B")
}

// TestLoginRefused holds which refusals a person must act on, and that the errors show no password.
func TestLoginRefused(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, at, says, want string }{
		{"sasl", "AUTHENTICATE PLAIN", ":irc.test 904 * :SASL authentication failed", "SASL authentication failed"},
		{"password", "NICK roost", ":irc.test 464 * :Password incorrect", "Password incorrect"},
		{"banned", "NICK roost", ":irc.test 465 * :You are banned", "You are banned"},
		{"nick", "NICK roost", ":irc.test 432 * roost :Erroneous nickname", "Erroneous nickname"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, everything, func(line string) []string {
				if line == tc.at {
					return []string{tc.says}
				}
				return nil
			})
			w := open(t, s, map[string]any{"password": "geheim", "sasl": map[string]any{"user": "me", "password": "geheim"}})
			w.runs()
			select {
			case err := <-w.ended:
				if chat.KindOf(err) != chat.LoggedOut || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "geheim") {
					t.Errorf("it ended with %v, kind %v, want %v with %q", err, chat.KindOf(err), chat.LoggedOut, tc.want)
				}
			case <-time.After(patience):
				t.Fatal("it does not end")
			}
		})
	}
}

// TestNoSASL meets a server whose services are away: it is tried again, and never goes in without a login.
func TestNoSASL(t *testing.T) {
	t.Parallel()
	s := serve(t, "message-tags batch", nil)
	w := open(t, s, map[string]any{"sasl": map[string]any{"user": "me", "password": "geheim"}})
	w.runs()
	first, second := w.connects(), w.connects()
	for _, c := range []*client{first, second} {
		for line := range c.lines { // until it has gone
			t.Errorf("it wrote %q", line)
		}
	}
}

// TestNickInUse takes another nick, and the wanted one when it is free.
func TestNickInUse(t *testing.T) {
	t.Parallel()
	s := serve(t, "", func(line string) []string {
		if line == "NICK roost" || line == "NICK roost_" {
			return []string{":irc.test 433 * " + strings.TrimPrefix(line, "NICK ") + " :Nickname is already in use"}
		}
		return nil
	})
	w := open(t, s, nil)
	w.runs()
	c := w.connects()
	if want := "NICK roost__"; !slices.Contains(c.seen, want) {
		t.Errorf("it wrote %q, want %q", c.seen, want)
	}
	c.says(":irc.test 433 roost__ roost :Nickname is already in use")
	c.letsIn()
	c.says(":roost!x@y QUIT :bye")
	c.writes("NICK roost")
	c.says(":roost__!~r@host NICK roost", ":alice!a@h PRIVMSG roost :private now")
	if got, want := w.hears(2), []string{"left #room roost(x@y)", "posted alice alice(a@h) direct: private now"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

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

// TestNotLetIn holds what a post comes to where it is not let in, and that it tries again.
func TestNotLetIn(t *testing.T) {
	t.Parallel()
	s := serve(t, "", nil)
	w := open(t, s, map[string]any{"channels": []any{"#room", map[string]any{"name": "#Secret", "key": "sesame"}, "#full", "#gone"}})
	w.runs()
	c := w.connects()
	c.letsIn()
	c.writes("JOIN #Secret sesame")
	c.says(":irc.test 475 roost #secret :Cannot join channel (+k)", ":irc.test 471 roost #full :Cannot join channel (+l)", ":irc.test 403 roost #gone :No such channel",
		":roost!~r@host JOIN #unasked")
	c.writes("PART #unasked")
	for _, tc := range []struct {
		to, reason string
		want       chat.Kind
	}{
		{"#Secret", "not in #Secret: Cannot join channel (+k)", chat.Refused},
		{"#full", "not in #full: Cannot join channel (+l)", chat.Transient},
		{"#gone", "not in #gone: No such channel", chat.Gone},
		{"#elsewhere", "#elsewhere is not among the channels of the settings", chat.Refused},
		{"a,b", `"a,b" is the name of nothing on IRC`, chat.Refused},
		{"a b", `"a b" is the name of nothing on IRC`, chat.Refused},
		{"$$*", `"$$*" is nobody's nick`, chat.Refused},
		{"@#room", `"@#room" is nobody's nick`, chat.Refused},
	} {
		_, err := w.post(tc.to, "x")
		if e, ok := asError(err); !ok || e.Kind != tc.want || e.Reason != tc.reason {
			t.Errorf("%s: %v, want %v: %s", tc.to, err, tc.want, tc.reason)
		}
	}
	c.says(":alice!a@h KICK #room roost :go")
	w.waits("it is out", func() bool {
		_, err := w.post("#room", "x")
		e, ok := asError(err)
		return ok && e.Kind == chat.Transient && strings.HasSuffix(e.Reason, "we were kicked: go")
	})
	c.writes("JOIN #room")
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

// TestCheck looks at an account that does not run, and joins nothing.
func TestCheck(t *testing.T) {
	t.Parallel()
	s := serve(t, everything, nil)
	w := open(t, s, nil)
	all, err := w.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range all {
		got = append(got, string(f.Grade)+" "+f.Name)
	}
	if want := []string{"fine program", "fine server", "fine confirmed", "fine history"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	c := <-s.now
	if got := c.writes(""); !strings.HasPrefix(got, "QUIT") {
		t.Errorf("it wrote %q", got)
	}
	_ = s.l.Close()
	all, err = w.Check(t.Context())
	if err != nil || len(all) != 2 || all[1].Grade != chat.Broken || !strings.Contains(all[1].Text, "refused") {
		t.Errorf("without a server: %+v, %v", all, err)
	}
}

// TestSettings holds what is wrong with settings, in words.
func TestSettings(t *testing.T) {
	t.Parallel()
	m, err := plugins.Open("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, want string
		set        map[string]any
	}{
		{"no server", "missing property 'server'", map[string]any{"nick": "r", "channels": []any{}}},
		{"unknown key", "additional properties 'chanels' not allowed", map[string]any{"server": "h", "nick": "r", "channels": []any{}, "chanels": 1}},
		{"no channel", "does not match", map[string]any{"server": "h", "nick": "r", "channels": []any{"room"}}},
		{"nick of two words", "config.nick: it is one word", map[string]any{"server": "h", "nick": "a b", "channels": []any{}}},
		{"key with a comma", "config.channels: the key of #a has", map[string]any{"server": "h", "nick": "r", "channels": []any{map[string]any{"name": "#a", "key": "x,y"}}}},
		{"password in the open", "config.sasl: without tls", map[string]any{"server": "h", "nick": "r", "tls": false, "channels": []any{}, "sasl": map[string]any{"user": "u", "password": "geheim"}}},
		{"two lines", "one line each", map[string]any{"server": "h", "nick": "r", "name": "a\nQUIT", "channels": []any{}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, err := plugins.NewConnector(t.Context(), "irc/test", plugins.Config{Manifest: m, Settings: tc.set, Serve: relay.Serve})
			if err == nil {
				_ = c.Close()
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "geheim") {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

// TestEnds holds that Run ends at once, with a goodbye, and without an error.
func TestEnds(t *testing.T) {
	t.Parallel()
	s := serve(t, "", nil)
	w := open(t, s, nil)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { w.ended <- w.Run(ctx, w.sink) }()
	c := w.connects()
	c.letsIn()
	cancel()
	select {
	case err := <-w.ended:
		if err != nil {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(2 * time.Second):
		t.Error("it does not end within 2 s")
	}
	c.writes("QUIT")
}
