package emulate_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

func TestRefusals(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l, unscoped := connect(t, w, botToken, signing), connect(t, w, deaf, signing)
	theirs := []chat.MessageID{chat.MessageID(w.ada.say(t, w.general, "", "mine"))}
	lost := []chat.MessageID{"1700000000.000001"}
	closed := w.bot.open(t, form{"name": "closed"})
	w.bot.call(t, "conversations.archive", form{"channel": closed})
	hi := text.Plain("hi")
	file := []chat.File{{Name: "a.txt", Content: content("a")}}

	for _, tc := range []struct {
		name string
		by   *link
		do   chat.Action
		want chat.Kind
		says string
	}{
		{"no such channel", l, chat.Post{To: at("C0NOWHERE1", ""), Text: hi}, chat.Gone, "does not exist"},
		{"no such channel for a file", l, chat.Post{To: at("C0NOWHERE1", ""), Text: hi, Files: file}, chat.Gone, "does not exist"},
		{"no such channel for a thread", l, chat.Open{To: at("C0NOWHERE1", ""), Card: chat.Card{Body: "hi"}}, chat.Gone, "does not exist"},
		{"archived", l, chat.Post{To: at(closed, ""), Text: hi}, chat.Refused, "archived"},
		{"not in the channel", l, chat.Post{To: at(w.secret, ""), Text: hi}, chat.Refused, "invite"},
		{"a file into a channel it is not in", l, chat.Post{To: at(w.secret, ""), Files: file}, chat.Refused, "invite"},
		{"no such person", l, chat.Post{To: l.to, Text: hi, Only: "U0NOBODY01"}, chat.Refused, "user not found"},
		{"edit of what is gone", l, chat.Edit{To: l.to, Messages: lost, Text: hi}, chat.Gone, "message does not exist"},
		{"edit of another's", l, chat.Edit{To: l.to, Messages: theirs, Text: hi}, chat.Refused, "own messages"},
		{"deletion of another's", l, chat.Delete{To: l.to, Messages: theirs}, chat.Refused, "own messages"},
		{"reaction on what is gone", l, chat.React{To: l.to, Message: lost[0], Emoji: "👍"}, chat.Gone, "message does not exist"},
		{"no scope to post", unscoped, chat.Post{To: l.to, Text: hi}, chat.Refused, "chat:write"},
		{"no scope to react", unscoped, chat.React{To: l.to, Message: theirs[0], Emoji: "👍"}, chat.Refused, "reactions:write"},
		{"no scope to upload", unscoped, chat.Post{To: l.to, Files: file}, chat.Refused, "files:write"},
	} {
		_, err := chat.Do(t.Context(), tc.by, tc.do)
		if err == nil || chat.KindOf(err) != tc.want || !strings.Contains(chat.Reason(err), tc.says) {
			t.Errorf("%s: %v (%v), want %v and a reason with %q", tc.name, chat.KindOf(err), err, tc.want, tc.says)
		}
	}
	if all := w.ada.history(t, w.general); !slices.ContainsFunc(all, func(m message) bool { return m.TS == string(theirs[0]) && m.Text == "mine" }) {
		t.Errorf("the channel shows %+v, want Ada's message as it was", all)
	}
}

func TestLoggedOut(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := connect(t, w, nobody, signing) // invalid_auth
	if err := l.Run(t.Context(), &bridgetest.Sink{}); chat.KindOf(err) != chat.LoggedOut {
		t.Errorf("Run ends with %v (%v), want logged out", chat.KindOf(err), err)
	}
	found, err := chat.Check(t.Context(), l)
	if err != nil || len(found) != 1 || found[0].Grade != chat.Broken || found[0].Name != "bot_token" || found[0].Mend == "" {
		t.Errorf("Check finds %+v, %v; want that the token is broken", found, err)
	}

	l = connect(t, w, botToken, signing)
	l.wire.mute = true // not_authed
	_, err = chat.Do(t.Context(), l, chat.Post{To: l.to, Text: text.Plain("hi")})
	if chat.KindOf(err) != chat.LoggedOut || strings.Contains(err.Error(), botToken) {
		t.Errorf("Post ends with %v (%v), want logged out", chat.KindOf(err), err)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := connect(t, w, botToken, signing)
	l.do(t, chat.Post{To: at(w.ada.id(t), ""), Text: text.Plain("hi Ada")})
	checks(t, l, map[string]chat.Grade{
		"bot_token":                 chat.Fine,
		"scopes":                    chat.Warning, // emulate does not tell them
		"signing_secret":            chat.Fine,
		"history of im":             chat.Fine,
		"history of public channel": chat.Fine,
	})
	checks(t, connect(t, w, deaf, signing), map[string]chat.Grade{
		"bot_token":                 chat.Fine,
		"scopes":                    chat.Warning,
		"signing_secret":            chat.Fine,
		"history of im":             chat.Warning,
		"history of public channel": chat.Warning,
	})
}

// checks compares what Check finds by name.
func checks(t *testing.T, l *link, want map[string]chat.Grade) {
	t.Helper()
	found, err := chat.Check(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != len(want) {
		t.Errorf("Check has %d findings, want %d: %+v", len(found), len(want), found)
	}
	for _, f := range found {
		if grade, known := want[f.Name]; !known || f.Grade != grade || f.Text == "" {
			t.Errorf("Check finds %+v, want %q", f, grade)
		}
		if f.Grade == chat.Warning && strings.HasPrefix(f.Name, "history") && !strings.Contains(f.Text, ":history") {
			t.Errorf("finding %+v does not name the scope that is missing", f)
		}
	}
}
