package desk_test

import (
	"testing"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
	"github.com/roost-im/roost/router/text"
)

func TestClaimIsQuietTheSecondTimeAndTakesOver(t *testing.T) {
	t.Parallel()
	w := begun(twoSurfaces(t, desk.Send))
	w.press("ann", "claim")
	w.expect("slack post: Ann has claimed this", "telegram post: Ann has claimed this",
		"slack card open · Ann's · waiting since 12:00 UTC [claim close snooze block]",
		"telegram card open · Ann's · waiting since 12:00 UTC [claim close snooze reply block]")
	w.wrote("remark Ann: Ann has claimed this")
	w.press("ann", "claim")
	w.expect()
	w.press("bob", "claim")
	w.expect("slack post: Bob has taken this over from Ann", "telegram post: Bob has taken this over from Ann",
		"slack card open · Bob's · waiting since 12:00 UTC [claim close snooze block]",
		"telegram card open · Bob's · waiting since 12:00 UTC [claim close snooze reply block]")
}

func TestButtonsAreQuietWhenNothingChanges(t *testing.T) {
	t.Parallel()
	for _, twice := range []string{"close", "block", "snooze", "claim"} {
		w := begun(oneSurface(t, desk.Send))
		w.press("ann", twice, "for", "1h")
		w.now = w.now.Add(2 * time.Second)
		w.press("ann", twice, "for", "1h")
		w.expect()
		w.wrote()
	}
	w := begun(oneSurface(t, desk.Send))
	for _, nothing := range []string{"reopen", "unblock", "send:abc", "keep:", "retry:1", "again:x", "arrived:", "dance", ""} {
		w.press("ann", nothing)
		w.expect()
		w.wrote()
	}
}

func TestSnoozeTakesItsTimeFromTheForm(t *testing.T) {
	t.Parallel()
	w := begun(oneSurface(t, desk.Send))
	open := w.res.Deliveries[0].Action.(chat.Open)
	var form *chat.Form
	for _, b := range open.Card.Buttons {
		if b.ID == "snooze" {
			form = b.Form
		}
	}
	if form == nil || len(form.Fields) != 1 || len(form.Fields[0].Choices) != 5 {
		t.Fatalf("form = %+v", form)
	}
	for _, c := range form.Fields[0].Choices {
		d, err := time.ParseDuration(c.Value)
		if err != nil {
			t.Fatalf("choice %q: %v", c.Value, err)
		}
		w.press("ann", "snooze", form.Fields[0].ID, c.Value)
		if w.c.State != desk.Snoozed || !w.c.Until.Equal(w.now.Add(d)) {
			t.Errorf("%s: %s until %v", c.Value, w.c.State, w.c.Until)
		}
	}
	until := w.c.Until
	for _, bad := range []string{"", "soon", "-1h", "1s", "100000h"} {
		w.press("ann", "snooze", "for", bad)
		w.expect("slack whisper to ann: that is no time to snooze for: between a minute and a year, please")
	}
	if !w.c.Until.Equal(until) {
		t.Errorf("Until = %v, want %v", w.c.Until, until)
	}
	w.press("ann", "reopen")
	w.expect("slack post: Ann has opened this again", "slack card open · nobody's yet · waiting since 12:00 UTC [claim close snooze block]")
	w.press("ann", "close")
	w.press("ann", "snooze", "for", "1h")
	w.expect("slack whisper to ann: this is closed; reopen it first")
	w.press("ann", "reopen")
	w.expect("slack post: Ann has opened this again", "slack card open · nobody's yet [claim close snooze block]")
}

func TestReplyFormSendsInModeNote(t *testing.T) {
	t.Parallel()
	w := begun(twoSurfaces(t, desk.Note))
	w.press("ann", "reply", "text", " hello ")
	w.expect("slack post: Ann has claimed this", "telegram post: Ann has claimed this", "x post: hello at +5s",
		"slack post as Ann (team): hello", "telegram post as Ann (team): hello", "slack +⏳  of form:e2",
		"slack card open · Ann's [claim close snooze reply block]", "telegram card open · Ann's [claim close snooze reply block]")
	w.press("ann", "reply", "text", "// only us")
	w.expect("slack post: 📝 Ann: only us", "telegram post: 📝 Ann: only us")
	w.press("ann", "reply", "text", " ")
	w.expect()
	w.press("bob", "reply", "text", "me too")
	w.expect("slack whisper to bob: This case is Ann's. Send it to Jane anyway? [send keep]")
	if a := w.made("slack whisper").Answers; !a.IsZero() {
		t.Errorf("Answers = %v, but nobody wrote a message", a)
	}
	w.press("bob", w.offered("send"))
	w.expect("x post: me too at +5s", "slack post as Bob (team): me too", "telegram post as Bob (team): me too", "slack +⏳  of form:e5")
	w = begun(oneSurface(t, desk.Alerts))
	w.press("ann", "reply", "text", "hello")
	w.expect("slack post: 📝 Ann: hello")
}

func TestEmojiOnTheCardAreCommands(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		emoji string
		want  []string
	}{
		{"👀", []string{"slack post: Ann has claimed this", "slack card open · Ann's · waiting since 12:00 UTC [claim close snooze block]"}},
		{"✅", []string{"slack post: Ann has closed this", "slack card closed · nobody's yet [reopen block]"}},
		{"💤", []string{
			"slack post: Ann has snoozed this for 1d",
			"slack card snoozed until 2026-03-02 12:00 UTC · nobody's yet · waiting since 12:00 UTC [claim close reopen block]",
		}},
		{"🎉", nil},
	} {
		w := begun(oneSurface(t, desk.Send))
		w.member("ann", "card", chat.Reacted{Emoji: tc.emoji, Removed: true})
		w.expect()
		w.member("ann", "other", chat.Reacted{Emoji: tc.emoji})
		w.expect()
		w.member("ann", "card", chat.Reacted{Emoji: tc.emoji})
		w.expect(tc.want...)
	}
}

func TestClosedCasesAreRememberedNewestFirst(t *testing.T) {
	t.Parallel()
	w := oneSurface(t, desk.Send)
	for _, words := range []string{"one", "two", "three", "four"} {
		w.says(words)
		w.openAll()
		w.press("ann", "close")
		w.now = w.now.Add(48 * time.Hour)
	}
	var got []string
	for _, p := range w.who.Last {
		got = append(got, p.Gist)
	}
	if len(got) != 3 || got[0] != "four" || got[2] != "two" {
		t.Errorf("Last = %v, want four three two", got)
	}
}

func TestBlockAsksFirst(t *testing.T) {
	t.Parallel()
	w := begun(oneSurface(t, desk.Send))
	for _, b := range w.res.Deliveries[0].Action.(chat.Open).Card.Buttons {
		if (b.Ask != "") != (b.ID == "block") {
			t.Errorf("button %s asks %q", b.ID, b.Ask)
		}
	}
}

func TestBlockedContactIsNotAnsweredByLateDecisions(t *testing.T) {
	t.Parallel()
	w := begun(oneSurface(t, desk.Ask))
	w.writes("ann", "hello")
	send := w.offered("send")
	w.press("bob", "block")
	w.press("ann", send)
	w.expect("slack whisper to ann: Jane is blocked, so this stays here; unblock them to answer")
	w.wrote("note Ann: hello")
	w = begun(oneSurface(t, desk.Send))
	w.member("ann", "m1", posted("hello"))
	w.press("bob", "block")
	w.member("ann", "m1", chat.Edited{Text: text.Plain("hello!")}, undoable)
	w.expect("slack -⏳ m1", "slack whisper to ann: Jane is blocked, so this stays here; unblock them to answer")
	w.wrote("note Ann: hello!")
}
