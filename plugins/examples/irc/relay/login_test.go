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
)

// everything is all that a server can have.
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
