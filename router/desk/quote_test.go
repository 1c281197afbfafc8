package desk_test

import (
	"testing"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
	"github.com/roost-im/roost/router/text"
)

func TestWhatTheContactAnswersIsQuoted(t *testing.T) {
	t.Parallel()
	w := begun(twoSurfaces(t, desk.Send))
	w.writes("ann", "we open\nat nine")
	ours := w.lines[chat.Ref{Conversation: w.thread(slack), Message: "we open\nat nine"}]
	theirs := &chat.Quote{Name: "Acme Tea", Text: text.Plain("as the platform has it")}
	w.contact("2", chat.Posted{Text: text.Plain("on Sundays, too?"), ReplyTo: "x7", Quote: theirs}, func(in *desk.FromContact) {
		in.Answers, in.Answered = ours.Ref, ours
	})
	w.expect("slack post as Jane: «Ann: we open at nine» on Sundays, too?", "telegram post as Jane: «Ann: we open at nine» on Sundays, too?",
		"slack card open · Ann's · waiting since 12:00 UTC [claim close snooze block]", "telegram card open · Ann's · waiting since 12:00 UTC [claim close snooze reply block]")
	w.contact("2", chat.Edited{Text: text.Plain("and on Sundays?")})
	w.expect("slack edit as Jane: «Ann: we open at nine» and on Sundays? (edited) of 2", "telegram edit as Jane: «Ann: we open at nine» and on Sundays? (edited) of 2")
	if d := w.made("slack edit"); d.Answers != ours.Ref || d.Action.(chat.Edit).Else.Quote == nil {
		t.Errorf("the edit is %+v, want that it answers the same", d)
	}
	w.contact("3", chat.Posted{Text: text.Plain("and this?"), ReplyTo: "old", Quote: theirs})
	w.expect("slack post as Jane: «Acme Tea: as the platform has it» and this?", "telegram post as Jane: «Acme Tea: as the platform has it» and this?")
}

func TestWhatAMemberAnswersIsQuoted(t *testing.T) {
	t.Parallel()
	place := func(id chat.MessageID) chat.Ref { return chat.Ref{Conversation: dm, Message: id} }
	said := func(way desk.Way, by, words string) desk.Line {
		return desk.Line{Ref: place("q"), Way: way, By: by, Text: text.Plain(words)}
	}
	gone := said(desk.In, "Jane", "my card is 4711")
	gone.Gone = true
	for name, tc := range map[string]struct {
		answered desk.Line
		want     string
	}{
		"the contact":       {said(desk.In, "Jane", "where is it?"), "«Jane: where is it?» "},
		"a picture":         {desk.Line{Ref: place("q"), Way: desk.In, Files: []chat.File{{Name: "a.png"}}}, "«Jane: a.png» "},
		"the team":          {said(desk.Out, "Ann", "on its way"), "«on its way» "},
		"a note":            {said(desk.Aside, "Ann", "so rude"), ""},
		"what waits":        {said(desk.Pending, "Ann", "so rude"), ""},
		"what the desk did": {said(desk.Remark, "Ann", "Ann has claimed this"), ""},
		"what was deleted":  {gone, ""},
		"what nobody knows": {desk.Line{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := begun(twoSurfaces(t, desk.Send))
			w.writes("bob", "hello")
			w.member("bob", "m", chat.Posted{Text: text.Plain("here"), ReplyTo: "c", Quote: &chat.Quote{Name: "Ann", Text: text.Plain("so rude")}},
				func(in *desk.FromMember) { in.Answers, in.Answered = place("q"), tc.answered })
			w.expect("x post: "+tc.want+"here at +5s", "slack +⏳ m", "telegram post as Bob (team): "+tc.want+"here")
			w.member("bob", "m", chat.Edited{Text: text.Plain("there")}, undoable)
			w.expect("x post: "+tc.want+"there at +3s", "telegram edit as Bob (team): "+tc.want+"there (edited) of m")
			w.member("bob", "m", chat.Edited{Text: text.Plain("over there")})
			w.expect("x edit: "+tc.want+"over there of m", "telegram edit as Bob (team): "+tc.want+"over there (edited) of m")
			if d := w.made("x edit"); d.Answers != place("q") {
				t.Errorf("the edit answers %v", d.Answers)
			}
		})
	}
}

// What waits for a decision, or for its time, quotes what it did when it was written.
func TestAnAnswerThatWaitsStillQuotes(t *testing.T) {
	t.Parallel()
	hi := func(in *desk.FromMember) {
		in.Answers = chat.Ref{Conversation: dm, Message: "hi"}
		in.Answered = desk.Line{Ref: in.Answers, Way: desk.In, By: "Jane", Text: text.Plain("hi")}
	}
	w := begun(oneSurface(t, desk.Ask))
	w.member("ann", "m", posted("hello"), hi)
	w.press("ann", w.offered("send"))
	if p := w.made("x post").Action.(chat.Post); quoting(p.Quote) != "«Jane: hi» " {
		t.Errorf("sent is %+v, want the quote", p)
	}
	w = begun(oneSurface(t, desk.Send))
	w.member("ann", "m", posted("later 2h: hello"), hi)
	if p := w.made("x post").Action.(chat.Post); quoting(p.Quote) != "«Jane: hi» " {
		t.Errorf("scheduled is %+v, want the quote", p)
	}
	w.member("ann", "m", chat.Edited{Text: text.Plain("later 2h: hello there")}, undoable)
	if p := w.made("x post").Action.(chat.Post); p.Text.Body != "hello there" || quoting(p.Quote) != "«Jane: hi» " {
		t.Errorf("scheduled is %+v, want the quote", p)
	}
}
