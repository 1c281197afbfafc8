package desk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
	"github.com/roost-im/roost/router/text"
)

func TestFirstMessageOpensACaseOnEverySurface(t *testing.T) {
	t.Parallel()
	w := twoSurfaces(t, desk.Send)
	w.says("hi")
	w.expect(
		"slack open Jane [claim close snooze block]",
		"telegram open Jane [claim close snooze reply block]",
		"slack post as Jane: hi",
		"telegram post as Jane: hi",
	)
	w.wrote("in Jane: hi")
	if w.who.Cases != 1 || !w.who.First.Equal(noon) || w.who.At != dm || w.who.Name != "Jane" {
		t.Errorf("contact = %+v", w.who)
	}
	for _, d := range w.res.Deliveries {
		if o, ok := d.Action.(chat.Open); ok && d.Source != w.c.CardRef(desk.Thread{Surface: o.To}) {
			t.Errorf("Source = %v", d.Source)
		}
	}
}

func TestCardTellsWhoAndHow(t *testing.T) {
	t.Parallel()
	w := oneSurface(t, desk.Send)
	w.who.Cases = 2
	w.who.Last = []desk.Past{{Case: "old", Closed: noon.AddDate(0, -1, 0), By: "Ann", Gist: "a late parcel"}}
	ev := w.event(dm, "jane", "1", posted("where is\nmy parcel?"))
	ev.At = noon.Add(-4 * time.Minute)
	ev.Author.Handle, ev.Author.Avatar, ev.Author.Since = "jane", "https://img.example/j.png", noon.AddDate(-7, 0, 0)
	w.keep(w.desk.Begin("c1", w.who, desk.FromContact{Event: ev}, w.now))
	card := w.made("slack open").Action.(chat.Open).Card
	got := card.Plain().Body
	want := strings.Join([]string{
		"Jane", "where is my parcel?", "Handle: @jane", "Platform: x/acme", "Since: 2019-03-01", "Earlier cases: 2",
		"Closed 2026-02-01: a late parcel (Ann)",
		"open · nobody's yet · waiting since 11:56 UTC · what you write here goes to the contact · // makes a note",
	}, "\n")
	if got != want {
		t.Errorf("card reads\n%s\nwant\n%s", got, want)
	}
	if card.Image != "https://img.example/j.png" {
		t.Errorf("Image = %q", card.Image)
	}
	for _, b := range card.Buttons {
		if b.Value != "c1" {
			t.Errorf("button %s is about %q, want the case", b.ID, b.Value)
		}
	}
}

func TestFurtherMessagesGoIntoTheThread(t *testing.T) {
	t.Parallel()
	w := begun(oneSurface(t, desk.Send))
	w.contact("2", chat.Posted{Text: text.Plain("look"), Files: []chat.File{{Name: "a.png"}}, ReplyTo: "hi"})
	w.expect("slack post as Jane: look [a.png]")
	d := w.made("slack post")
	if d.Source != (chat.Ref{Conversation: dm, Message: "2"}) || d.Answers != (chat.Ref{Conversation: dm, Message: "hi"}) {
		t.Errorf("Source, Answers = %v, %v", d.Source, d.Answers)
	}
	w.contact("3", chat.Posted{})
	w.expect("slack post as Jane: (a message without text)")
}

func TestContactsEditIsShownAndReplacesTheLine(t *testing.T) {
	t.Parallel()
	w := begun(oneSurface(t, desk.Send))
	w.contact("hi", chat.Edited{Text: text.Plain("hello")})
	w.expect("slack edit as Jane: hello (edited) of hi")
	w.wrote("in Jane: hello")
	e := w.made("slack edit").Action.(chat.Edit)
	if e.Else == nil || e.Else.Text.Body != "hello (edited)" {
		t.Errorf("Else = %+v", e.Else)
	}
	w.contact("hi", chat.Edited{Text: text.Plain("hello")})
	w.expect()
}

// A platform may serve of a message that was edited while nobody looked nothing but the edit.
func TestAMessageOfWhichOnlyTheEditCameIsOne(t *testing.T) {
	t.Parallel()
	edited := func(in *desk.FromContact) { in.Edited, in.Answers = true, chat.Ref{Conversation: slack, Message: "m1"} }
	w := oneSurface(t, desk.Send)
	w.contact("1", posted("where is my parcel?"), edited)
	w.openAll()
	w.expect("slack open Jane [claim close snooze block]", "slack post as Jane: where is my parcel? (edited)")
	w.wrote("in Jane: where is my parcel?")
	if d := w.made("slack post"); d.Source.Message != "1" || d.Answers.Message != "m1" || w.c.Gist != "where is my parcel?" || !w.c.Waiting.Equal(noon) {
		t.Errorf("it is %+v of %+v, want a message that waits", d, w.c)
	}
	w.contact("1", chat.Edited{Text: text.Plain("where is my parcel?")})
	w.expect()
	w.press("ann", "close")
	w.contact("2", chat.Posted{}, edited)
	w.expect("slack post: Jane wrote, so this is open again", "slack post as Jane: (a message without text) (edited)",
		"slack card open · nobody's yet · waiting since 12:00 UTC [claim close snooze block]")
}

// What may have been here before and is forgotten changes nothing but what is shown.
func TestAnEditOfWhatIsForgottenOpensNothing(t *testing.T) {
	t.Parallel()
	w := begun(oneSurface(t, desk.Send))
	w.press("ann", "close")
	w.contact("old", chat.Edited{Text: text.Plain("so long ago")})
	w.expect("slack edit as Jane: so long ago (edited) of old")
	w.wrote("in Jane: so long ago")
	if w.c.State != desk.Closed || !w.c.Waiting.IsZero() {
		t.Errorf("the case is %s, waiting since %v", w.c.State, w.c.Waiting)
	}
}

func TestContactsDeletionKeepsWhatWasSaid(t *testing.T) {
	t.Parallel()
	w := begun(oneSurface(t, desk.Send))
	w.contact("hi", chat.Deleted{})
	w.expect("slack post: 🗑 deleted by the contact: “hi”")
	w.wrote("in Jane: hi (gone)")
	if a := w.made("slack post").Answers; a.Message != "hi" {
		t.Errorf("Answers = %v, want the deleted message", a)
	}
	w.contact("unknown", chat.Deleted{})
	w.expect("slack post: 🗑 deleted by the contact")
	w.wrote("remark Jane: 🗑 deleted by the contact")
}

func TestContactsReactionIsShown(t *testing.T) {
	t.Parallel()
	w := begun(twoSurfaces(t, desk.Send))
	w.contact("hi", chat.Reacted{Emoji: "👍"})
	w.expect("slack +👍  of hi", "telegram +👍  of hi")
	if e := w.made("slack").Action.(chat.React).Else; e == nil || e.Text.Body != "Jane reacted with 👍" {
		t.Errorf("Else = %+v", e)
	}
	mine := chat.Ref{Conversation: w.thread(slack), Message: "m1"}
	w.contact("r1", chat.Reacted{Emoji: "👍", Removed: true}, func(in *desk.FromContact) { in.Original = mine })
	w.expect("slack -👍 m1", "telegram -👍  of m1")
}

func TestContactsReadingMarksTheReply(t *testing.T) {
	t.Parallel()
	w := begun(twoSurfaces(t, desk.Send))
	mine := chat.Ref{Conversation: w.thread(slack), Message: "m1"}
	w.contact("r1", chat.Read{}, func(in *desk.FromContact) { in.Original = mine })
	w.expect("slack +👁 m1")
	w.contact("r2", chat.Read{})
	w.expect()
}

func TestTypingIsIgnoredAndLeavingRemarked(t *testing.T) {
	t.Parallel()
	w := begun(oneSurface(t, desk.Send))
	w.contact("", chat.Typing{})
	w.expect()
	w.contact("", chat.Left{})
	w.expect("slack post: Jane has left the conversation")
	w.wrote("remark : Jane has left the conversation")
	w.contact("", chat.Joined{})
	w.expect("slack post: Jane is there again")
}

func TestRenamedContactChangesTheCard(t *testing.T) {
	t.Parallel()
	w := begun(oneSurface(t, desk.Send))
	ev := w.event(dm, "jane", "2", posted("me again"))
	ev.Author.Name = "@everyone Jane"
	w.step(desk.FromContact{Event: ev})
	w.expect("slack post as everyone Jane: me again", "slack card open · nobody's yet · waiting since 12:00 UTC [claim close snooze block]")
}

func TestBlockedContactIsShownNowhereAndKept(t *testing.T) {
	t.Parallel()
	w := begun(oneSurface(t, desk.Send))
	w.press("ann", "block")
	w.expect("slack post: Ann has blocked Jane", "slack card open · blocked · nobody's yet [claim close snooze unblock]")
	w.says("why?")
	w.expect()
	w.wrote("in Jane: why?")
	w.contact("why?", chat.Edited{Text: text.Plain("WHY?")})
	w.expect()
	w.contact("why?", chat.Deleted{})
	w.expect()
	w.wrote("in Jane: WHY? (gone)")
	w.writes("ann", "no")
	w.expect("slack whisper to ann: Jane is blocked, so this stays here; unblock them to answer")
	w.press("ann", "unblock")
	w.says("hello?")
	w.expect("slack post as Jane: hello?", "slack card open · nobody's yet · waiting since 12:00 UTC [claim close snooze block]")
}

func TestBlockedContactWithoutACaseGetsOneThatIsShownNowhere(t *testing.T) {
	t.Parallel()
	w := oneSurface(t, desk.Send)
	w.who.Blocked = true
	w.says("let me in")
	w.expect()
	w.wrote("in Jane: let me in")
	first := w.c.ID
	w.now = w.now.AddDate(0, 1, 0)
	w.says("please")
	if w.expect(); w.c.ID != first || w.c.State != desk.Closed {
		t.Errorf("case %s is %s, want %s to stay closed", w.c.ID, w.c.State, first)
	}
	w.who.Blocked = false
	w.says("thanks")
	w.expect(
		"slack open Jane [claim close snooze block]",
		"slack post as Jane: thanks",
	)
}

func TestClosedCaseIsRevivedInItsThread(t *testing.T) {
	t.Parallel()
	w := begun(oneSurface(t, desk.Send))
	id := w.c.ID
	w.press("ann", "close")
	w.expect("slack post: Ann has closed this", "slack card closed · nobody's yet [reopen block]")
	if len(w.who.Last) != 1 || w.who.Last[0].By != "Ann" || w.who.Last[0].Gist != "hi" {
		t.Errorf("Last = %+v", w.who.Last)
	}
	w.now = w.now.Add(time.Hour)
	w.says("one more thing")
	w.expect(
		"slack post: Jane wrote, so this is open again",
		"slack post as Jane: one more thing",
		"slack card open · nobody's yet · waiting since 13:00 UTC [claim close snooze block]",
	)
	if w.c.ID != id || len(w.who.Last) != 0 {
		t.Errorf("case %s, Last = %v; want %s and none", w.c.ID, w.who.Last, id)
	}
	w.press("ann", "close")
	w.now = w.now.Add(25 * time.Hour)
	w.says("another matter")
	if w.c.ID == id || w.who.Cases != 2 || len(w.who.Last) != 1 {
		t.Errorf("case %s of %d, Last = %v; want a second one", w.c.ID, w.who.Cases, w.who.Last)
	}
	w.expect("slack open Jane [claim close snooze block]", "slack post as Jane: another matter")
}

func TestOnlyAMessageAsksForANewCase(t *testing.T) {
	t.Parallel()
	w := begun(oneSurface(t, desk.Send))
	w.press("ann", "close")
	w.now = w.now.Add(48 * time.Hour)
	w.contact("hi", chat.Edited{Text: text.Plain("hello")})
	w.expect("slack edit as Jane: hello (edited) of hi")
	fresh := oneSurface(t, desk.Send)
	in := desk.FromContact{Event: fresh.event(dm, "jane", "1", chat.Read{})}
	if fresh.desk.Takes(desk.Case{}, in, noon) {
		t.Error("no case takes an event")
	}
	if res := fresh.desk.Begin("c1", fresh.who, in, noon); res.Case.ID != "" || len(res.Deliveries)+len(res.Lines) > 0 {
		t.Errorf("Begin(Read) = %+v, want nothing", res)
	}
}

func TestSnoozedCaseWakes(t *testing.T) {
	t.Parallel()
	w := begun(oneSurface(t, desk.Send))
	w.press("ann", "snooze", "for", "4h")
	w.expect("slack post: Ann has snoozed this for 4h",
		"slack card snoozed until 2026-03-01 16:00 UTC · nobody's yet · waiting since 12:00 UTC [claim close reopen block]")
	w.step(desk.Woke{})
	w.expect()
	w.now = w.now.Add(4 * time.Hour)
	w.step(desk.Woke{})
	w.expect("slack post: the snooze is over: open again",
		"slack card open · nobody's yet · waiting since 12:00 UTC [claim close snooze block]")
	w.press("ann", "snooze", "for", "72h")
	w.says("hello?")
	w.expect("slack post: Jane wrote, so this is open again", "slack post as Jane: hello?",
		"slack card open · nobody's yet · waiting since 12:00 UTC [claim close snooze block]")
}

func TestSurfaceAddedLaterIsOpenedWithTheNextMessage(t *testing.T) {
	t.Parallel()
	w := begun(oneSurface(t, desk.Send))
	w.desk.Surfaces = append(w.desk.Surfaces, desk.Surface{At: telegram, Reply: desk.Alerts})
	w.says("two")
	w.expect("telegram open Jane [claim close snooze block]", "slack post as Jane: two", "telegram post as Jane: two")
	w.desk.Surfaces = w.desk.Surfaces[1:]
	w.says("three")
	w.expect("telegram post as Jane: three")
}
