package desk_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
	"github.com/roost-im/roost/router/text"
)

func TestReplyGoesAfterItsHoldClaimsAndShowsElsewhere(t *testing.T) {
	t.Parallel()
	w := begun(twoSurfaces(t, desk.Send))
	w.member("ann", "m1", chat.Posted{Text: text.Plain("hello"), Files: []chat.File{{Name: "a.png"}}},
		func(in *desk.FromMember) { in.Answers = chat.Ref{Conversation: dm, Message: "hi"} })
	w.expect(
		"slack post: Ann has claimed this",
		"telegram post: Ann has claimed this",
		"x post: hello [a.png] at +5s",
		"slack +⏳ m1",
		"telegram post as Ann (team): hello [a.png]",
		"slack card open · Ann's [claim close snooze block]",
		"telegram card open · Ann's [claim close snooze reply block]",
	)
	w.wrote("remark Ann: Ann has claimed this", "out Ann: hello")
	d := w.made("x post")
	if !desk.IsReply(d) || d.Lane != chat.LaneTo(dm) || d.Source.Message != "m1" || d.Answers.Message != "hi" {
		t.Errorf("the reply is %+v", d)
	}
	if mark := w.made("slack +"); mark.Lane != chat.LaneWithin(slack, w.c.ID) || mark.Action.Target() != w.thread(slack) {
		t.Errorf("the mark is %+v", mark)
	}
	if !w.c.Waiting.IsZero() {
		t.Errorf("Waiting = %v, want nobody to wait", w.c.Waiting)
	}
	w.writes("ann", "anything else?")
	w.expect("x post: anything else? at +5s", "slack +⏳ anything else?", "telegram post as Ann (team): anything else?")
	w.desk.Hold = 0
	w.writes("ann", "bye")
	w.expect("x post: bye", "slack +⏳ bye", "telegram post as Ann (team): bye")
}

func TestNoteStaysInsideInEveryMode(t *testing.T) {
	t.Parallel()
	for _, m := range []desk.Mode{desk.Send, desk.Ask, desk.Note, desk.Alerts} {
		w := begun(twoSurfaces(t, m))
		for _, words := range []string{"// rude", "//rude", "  // rude", "\u200b// rude"} {
			w.writes("ann", words)
			w.expect("telegram post: 📝 Ann: rude")
			w.wrote("note Ann: rude")
		}
		w.member("ann", "f", chat.Posted{Text: text.Plain("//"), Files: []chat.File{{Name: "secret.pdf"}}})
		w.expect("telegram post: 📝 Ann:  [secret.pdf]")
		w.writes("ann", "//")
		w.expect()
	}
}

func TestModesDecideWhatAMessageBecomes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		mode  desk.Mode
		words string
		want  []string
		line  string
	}{
		{desk.Ask, "hello", []string{"slack whisper to ann: Send this to Jane? [send keep]"}, "pending Ann: hello"},
		{desk.Note, "hello", nil, "note Ann: hello"},
		{desk.Note, "! // hello", []string{
			"slack post: Ann has claimed this", "x post: // hello at +5s", "slack +⏳ ! // hello",
			"slack card open · Ann's [claim close snooze reply block]",
		}, "out Ann: // hello"},
		{desk.Alerts, "hello", nil, "note Ann: hello"},
		{desk.Alerts, "!hello", nil, "note Ann: !hello"},
		{desk.Send, "   ", nil, ""},
	} {
		w := begun(oneSurface(t, tc.mode))
		w.writes("ann", tc.words)
		w.expect(tc.want...)
		lines := []string{}
		for _, l := range w.res.Lines {
			if l.Way != desk.Remark {
				lines = append(lines, string(l.Way)+" "+l.By+": "+l.Text.Body)
			}
		}
		if tc.line == "" && len(lines) > 0 || tc.line != "" && (len(lines) != 1 || lines[0] != tc.line) {
			t.Errorf("%s %q: lines = %q, want %q", tc.mode, tc.words, lines, tc.line)
		}
	}
}

func TestFormattingSurvivesTheMark(t *testing.T) {
	t.Parallel()
	w := begun(oneSurface(t, desk.Note))
	bold := text.Text{Body: "! very bold", Spans: []text.Span{{Start: 7, End: 11, Kind: text.Bold}}}
	w.member("ann", "m1", chat.Posted{Text: bold})
	p, ok := w.made("x post").Action.(chat.Post)
	if want := (text.Span{Start: 5, End: 9, Kind: text.Bold}); !ok || len(p.Text.Spans) != 1 || p.Text.Spans[0] != want {
		t.Errorf("Spans = %v, want %v", p.Text.Spans, want)
	}
}

func TestWhoIsNoMemberIsRelayedNowhereAndTold(t *testing.T) {
	t.Parallel()
	w := begun(twoSurfaces(t, desk.Send))
	w.writes("eve", "I know better")
	w.expect("slack whisper to eve: you're not a member of this desk, so this stays here")
	w.wrote("note Eve: I know better")
	w.member("eve", "I know better", chat.Edited{Text: text.Plain("I know it all")})
	w.expect()
	w.wrote("note Eve: I know it all")
	w.member("eve", "I know better", chat.Deleted{})
	w.expect()
	w.press("eve", "close")
	w.expect("slack whisper to eve: you're not a member of this desk, so this changes nothing")
	w.member("eve", "card", chat.Reacted{Emoji: "✅"})
	w.expect("slack whisper to eve: you're not a member of this desk, so this changes nothing")
	w.member("eve", "c", chat.Reacted{Emoji: "👎"}, func(in *desk.FromMember) { in.Original = chat.Ref{Conversation: dm, Message: "hi"} })
	w.expect()
	if w.c.State != desk.Open {
		t.Errorf("state = %s", w.c.State)
	}
}

func TestMachinesAtASurfaceReachNobody(t *testing.T) {
	t.Parallel()
	for _, author := range []chat.Author{{ID: "ann", Self: true}, {ID: "ann", Bot: true}} {
		w := begun(oneSurface(t, desk.Send))
		for _, what := range []chat.Happening{
			posted("hello"), chat.Edited{Text: text.Plain("x")}, chat.Deleted{}, chat.Reacted{Emoji: "✅"}, chat.Pressed{Button: "close"},
		} {
			ev := w.event(w.thread(slack), "ann", "m1", what)
			ev.Author = author
			w.step(desk.FromMember{Event: ev, Surface: slack, Undoable: true, Was: desk.Line{Way: desk.Out}})
			w.expect()
			w.wrote()
		}
	}
}

func TestAnothersCaseAsksFirst(t *testing.T) {
	t.Parallel()
	w := begun(twoSurfaces(t, desk.Send))
	w.press("ann", "claim")
	w.writes("bob", "hello")
	w.expect("slack whisper to bob: This case is Ann's. Send it to Jane anyway? [send keep]")
	w.wrote("pending Bob: hello")
	send := w.offered("send")
	w.press("bob", send)
	w.expect("x post: hello at +5s", "slack +⏳ hello", "telegram post as Bob (team): hello",
		"slack card open · Ann's [claim close snooze block]", "telegram card open · Ann's [claim close snooze reply block]")
	w.wrote("out Bob: hello")
	if w.c.Owner.ID != "ann" {
		t.Errorf("Owner = %v, want ann still", w.c.Owner)
	}
	w.press("bob", send)
	w.expect()
	w.writes("bob", "hmm")
	w.press("bob", w.offered("keep"))
	w.expect("telegram post: 📝 Bob: hmm")
	w.wrote("note Bob: hmm")
}

func TestHeldMessageFollowsItsEditsAndDeletion(t *testing.T) {
	t.Parallel()
	w := begun(twoSurfaces(t, desk.Ask))
	w.writes("ann", "helo")
	send := w.offered("send")
	w.member("ann", "helo", chat.Edited{Text: text.Plain("hello")})
	w.expect()
	w.wrote("pending Ann: hello")
	w.press("ann", send)
	w.expect("slack post: Ann has claimed this", "telegram post: Ann has claimed this",
		"x post: hello at +5s", "slack +⏳ helo", "telegram post as Ann (team): hello",
		"slack card open · Ann's [claim close snooze block]", "telegram card open · Ann's [claim close snooze reply block]")
	w.writes("ann", "no")
	send = w.offered("send")
	w.member("ann", "no", chat.Deleted{})
	w.expect()
	w.wrote("pending Ann: no (gone)")
	w.press("ann", send)
	w.expect()
	w.writes("ann", "psst")
	w.member("ann", "psst", chat.Edited{Text: text.Plain("// psst")})
	w.expect("telegram post: 📝 Ann: psst")
	if len(w.c.Held) != 0 {
		t.Errorf("Held = %v", w.c.Held)
	}
}

func TestTooManyHeldMessagesStayNotes(t *testing.T) {
	t.Parallel()
	w := begun(oneSurface(t, desk.Ask))
	for i := range 50 {
		w.writes("ann", fmt.Sprint(i))
	}
	w.writes("ann", "one more")
	w.expect("slack whisper to ann: too many messages wait for a decision here, so this stays a note")
	w.wrote("note Ann: one more")
}

func TestReplyReopensAClosedCase(t *testing.T) {
	t.Parallel()
	w := begun(oneSurface(t, desk.Send))
	w.press("ann", "claim")
	w.press("ann", "close")
	w.writes("ann", "one more thing")
	w.expect("slack post: Ann answered, so this is open again", "x post: one more thing at +5s", "slack +⏳ one more thing",
		"slack card open · Ann's [claim close snooze block]")
}

func TestEditOnHoldSendsTheNewTextWithTheRestOfTheHold(t *testing.T) {
	t.Parallel()
	w := begun(twoSurfaces(t, desk.Send))
	w.member("ann", "m1", posted("helo"))
	w.now = w.now.Add(2 * time.Second)
	w.member("ann", "m1", chat.Edited{Text: text.Plain("hello")}, undoable)
	w.expect("x post: hello at +3s", "telegram edit as Ann (team): hello (edited) of m1")
	w.wrote("out Ann: hello")
	if len(w.res.Cancel) != 1 || w.res.Cancel[0].Message != "m1" {
		t.Errorf("Cancel = %v", w.res.Cancel)
	}
	w.member("ann", "m1", chat.Edited{Text: text.Plain("hello")}, undoable)
	if w.expect(); len(w.res.Cancel) != 0 {
		t.Errorf("Cancel = %v after an edit that changes nothing", w.res.Cancel)
	}
}

func TestEditOnHoldCanMakeANote(t *testing.T) {
	t.Parallel()
	w := begun(twoSurfaces(t, desk.Send))
	w.member("ann", "m1", posted("what a fool"))
	w.member("ann", "m1", chat.Edited{Text: text.Plain("// what a fool")}, undoable)
	w.expect("slack -⏳ m1", "telegram edit: 📝 Ann: what a fool (edited) of m1",
		"slack whisper to ann: this became a note before it left",
		"slack card open · Ann's · waiting since 12:00 UTC [claim close snooze block]",
		"telegram card open · Ann's · waiting since 12:00 UTC [claim close snooze reply block]")
	w.wrote("note Ann: what a fool")
	if len(w.res.Cancel) != 1 {
		t.Errorf("Cancel = %v", w.res.Cancel)
	}
	w.member("ann", "m1", chat.Edited{Text: text.Plain("a fool")})
	w.expect("telegram edit: 📝 Ann: a fool (edited) of m1")
	w.wrote("note Ann: a fool")
}

func TestEditAfterwardsIsCarriedOrTheMemberTold(t *testing.T) {
	t.Parallel()
	w := begun(twoSurfaces(t, desk.Send))
	w.member("ann", "m1", posted("helo"))
	w.member("ann", "m1", chat.Edited{Text: text.Plain("hello")})
	w.expect("x edit: hello of m1", "telegram edit as Ann (team): hello (edited) of m1")
	edit := w.made("x edit")
	if edit.Action.(chat.Edit).Else != nil {
		t.Error("an edit that can't be made must not become a second message")
	}
	w.ends(edit, chat.Rejected, "messages can't be edited here")
	w.expect("slack post: Jane still sees the old text: messages can't be edited here")
	w.ends(edit, chat.Sent, "")
	w.expect()
	w.member("ann", "m1", chat.Edited{Text: text.Plain("// psst")})
	w.expect("slack whisper to ann: this has left already, so it can't become a note; delete it to take it back")
}

func TestEditOfAnUnknownMessageReachesOnlyWhatIsThere(t *testing.T) {
	t.Parallel()
	w := begun(oneSurface(t, desk.Send))
	w.member("ann", "old", chat.Edited{Text: text.Plain("hello")})
	w.expect("x edit: hello of old")
	w = begun(oneSurface(t, desk.Note))
	w.member("ann", "old", chat.Edited{Text: text.Plain("hello")})
	w.expect()
}

func TestDeletionOnHoldTakesTheReplyBack(t *testing.T) {
	t.Parallel()
	w := begun(twoSurfaces(t, desk.Send))
	w.member("ann", "m1", posted("oops"))
	w.member("ann", "m1", chat.Deleted{}, undoable)
	w.expect("slack whisper to ann: taken back before it left", "telegram delete of m1",
		"slack card open · Ann's · waiting since 12:00 UTC [claim close snooze block]",
		"telegram card open · Ann's · waiting since 12:00 UTC [claim close snooze reply block]")
	w.wrote("out Ann: oops (gone)")
	if len(w.res.Cancel) != 1 || !w.c.Waiting.Equal(noon) {
		t.Errorf("Cancel = %v, Waiting = %v; want the contact to wait since noon", w.res.Cancel, w.c.Waiting)
	}
}

func TestDeletionAfterwardsIsCarriedOrTheMemberTold(t *testing.T) {
	t.Parallel()
	w := begun(twoSurfaces(t, desk.Send))
	w.member("ann", "m1", posted("oops"))
	w.member("", "m1", chat.Deleted{})
	w.expect("x delete of m1", "telegram delete of m1")
	w.wrote("out Ann: oops (gone)")
	w.ends(w.made("x delete"), chat.Rejected, "messages can't be deleted here")
	w.expect("slack post: Jane still sees what you deleted: messages can't be deleted here")
	w.member("ann", "unknown", chat.Deleted{})
	w.expect("x delete of unknown", "telegram delete of unknown")
	w.ends(w.made("x delete"), chat.Rejected, "it is not there")
	w.expect()
}

func TestNotesFollowTheirEditsAndDeletionElsewhere(t *testing.T) {
	t.Parallel()
	w := begun(twoSurfaces(t, desk.Send))
	w.member("ann", "m1", posted("// careful"))
	w.member("ann", "m1", chat.Edited{Text: text.Plain("// be careful")})
	w.expect("telegram edit: 📝 Ann: be careful (edited) of m1")
	w.wrote("note Ann: be careful")
	w.member("ann", "m1", chat.Edited{Text: text.Plain("no mark any more")})
	w.expect("telegram edit: 📝 Ann: no mark any more (edited) of m1")
	w.member("ann", "m1", chat.Edited{Text: text.Plain("still none")}, undoable)
	if w.expect("telegram edit: 📝 Ann: still none (edited) of m1"); len(w.res.Cancel) != 0 {
		t.Errorf("Cancel = %v", w.res.Cancel)
	}
	w.member("ann", "m1", chat.Deleted{}, undoable)
	w.expect("telegram delete of m1")
	w.wrote("note Ann: still none (gone)")
}

func TestReactionOnTheContactsMessageGoesThere(t *testing.T) {
	t.Parallel()
	theirs := func(in *desk.FromMember) { in.Original = chat.Ref{Conversation: dm, Message: "hi"} }
	w := begun(oneSurface(t, desk.Send))
	w.member("ann", "copy", chat.Reacted{Emoji: "❤️"}, theirs)
	w.expect("x +❤️ hi")
	react := w.made("x +")
	w.ends(react, chat.Rejected, "there are no reactions here")
	w.expect("slack whisper to ann: Jane does not see your ❤️: there are no reactions here")
	w.member("ann", "copy", chat.Reacted{Emoji: "❤️", Removed: true}, theirs)
	w.expect("x -❤️ hi")
	w.ends(w.made("x -"), chat.Rejected, "there are no reactions here")
	w.expect()
	w.member("ann", "mine", chat.Reacted{Emoji: "❤️"})
	w.expect()
	for _, m := range []desk.Mode{desk.Ask, desk.Note, desk.Alerts} {
		w = begun(oneSurface(t, m))
		w.member("ann", "copy", chat.Reacted{Emoji: "❤️"}, theirs)
		w.expect()
	}
}

func TestSurfaceWithoutACaseOrAThreadIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := begun(oneSurface(t, desk.Send))
	w.member("ann", "m1", posted("hello"), onTelegram)
	w.expect()
	w.wrote()
}
