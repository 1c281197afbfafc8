package desk_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
	"github.com/roost-im/roost/router/text"
)

// staffed is a world in which bots answer first, and the contact has said hi.
func staffed(t *testing.T) *world {
	t.Helper()
	w := twoSurfaces(t, desk.Send)
	w.desk.Bots = true
	return begun(w)
}

// bot lets a bot do something.
func (w *world) bot(acts ...chat.Act) {
	w.t.Helper()
	w.n++
	w.step(desk.FromBot{Bot: "helper", Key: chat.Key("k-" + string(rune('a'+w.n))), Acts: acts})
}

func said(words string) chat.Say {
	ref := chat.Key(words).Said("bot/helper", dm, 0)
	return chat.Say{Ref: ref, Post: chat.Post{To: dm, Text: text.Plain(words)}}
}

func TestABotsAnswerIsShownAndClaimsNothing(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	w.bot(said("hello"))
	w.expect("x post: hello", "slack post as helper (bot): hello", "telegram post as helper (bot): hello")
	w.wrote("out helper (bot): hello")
	if !w.c.Owner.IsZero() || !w.c.Waiting.IsZero() || w.c.State != desk.Open {
		t.Errorf("the case is %+v, want nobody's and nobody waiting", w.c)
	}
}

// The card says who answers, and has the button that makes bots answer where there is room for it.
func TestTheCardSaysThatABotAnswers(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	w.press("ann", "claim")
	w.expect(
		"slack post: Ann has claimed this", "telegram post: Ann has claimed this",
		"slack card open · Ann's · waiting since 12:00 UTC [claim close snooze bot block]",
		"telegram card open · Ann's · waiting since 12:00 UTC [claim close snooze reply block]",
	)
	w.press("bob", "bot")
	w.expect(
		"slack post: Bob has given this back to the bots", "telegram post: Bob has given this back to the bots",
		"slack card open · a bot answers [claim close snooze block]",
		"telegram card open · a bot answers [claim close snooze reply block]",
	)
	w.member("bob", "card", chat.Reacted{Emoji: "🤖"})
	w.expect("slack whisper to bob: the bots answer already")
}

func TestGivingACaseToBots(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, before, want string }{
		{"where they answer", "", "the bots answer already"},
		{"of a closed case", "close", "this is closed; reopen it first"},
	} {
		w := staffed(t)
		w.press("ann", tc.before)
		w.commands("ann", "bot")
		if diff := cmp.Diff([]string{"slack whisper to ann: " + tc.want}, w.trace()); diff != "" {
			t.Errorf("%s:\n%s", tc.name, diff)
		}
	}
	w := begun(oneSurface(t, desk.Send))
	w.press("ann", "claim")
	w.commands("ann", "bot")
	w.expect("slack whisper to ann: no bot answers at this desk")
	if w.c.Owner.Name != "Ann" {
		t.Errorf("the case is %v's, want Ann's still", w.c.Owner)
	}
}

func TestHandOffAndBack(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	w.bot(said("one moment"), chat.HandOff{At: dm, Reason: "they\nwant  a person"}, said("here they come"), chat.HandOff{At: dm})
	w.wrote("out helper (bot): one moment", "remark helper (bot): 🙋 helper hands this over to you: they want a person", "out helper (bot): here they come")
	if !w.c.WithPeople() || !w.c.Waiting.Equal(noon) {
		t.Errorf("the case is %+v, want it handed off and waiting since noon", w.c)
	}
	w.bot(said("not heard"), chat.Unsay{Ref: said("one moment").Ref}, chat.HandOff{At: dm})
	w.expect()
	w.bot(chat.HandBack{At: dm}, said("it's me"))
	w.wrote("remark helper (bot): helper (bot) has given this back to the bots", "out helper (bot): it's me")
	w.press("ann", "claim")
	w.bot(chat.HandBack{At: dm}, said("not heard either"))
	w.expect()
	if w.c.Owner.Name != "Ann" {
		t.Errorf("the case is %+v, want Ann's: a bot takes nothing from a person", w.c)
	}
}

// A closed case is nobody's any more: a bot may speak, and a hand-off opens it again.
func TestABotAtAClosedCase(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	w.press("ann", "claim")
	w.press("ann", "close")
	w.bot(said("parcel sent"))
	w.wrote("out helper (bot): parcel sent")
	if w.c.State != desk.Closed {
		t.Errorf("it is %s, want closed", w.c.State)
	}
	w.bot(chat.HandOff{At: dm, Reason: "parcel lost"})
	if w.c.State != desk.Open || !w.c.WithPeople() || w.c.Waiting.IsZero() || len(w.who.Last) != 0 {
		t.Errorf("the case is %+v of %+v, want it open, with people and waiting", w.c, w.who)
	}
}

func TestABotsEditsAreInTheTranscript(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	s := said("one")
	s.Post.Files = []chat.File{{Name: "plan.pdf"}}
	w.bot(s)
	w.now = noon.Add(time.Minute)
	was := []desk.Line{w.lines[s.Ref]}
	w.step(desk.FromBot{Bot: "helper", Key: "k", Was: was, Acts: []chat.Act{
		chat.Reword{Ref: s.Ref, Edit: chat.Edit{To: dm, Text: text.Plain("two")}},
		chat.Reword{Ref: s.Ref, Edit: chat.Edit{To: dm, Text: text.Plain("three")}},
		chat.Unsay{Ref: s.Ref},
	}})
	w.wrote("out helper (bot): three (gone)")
	if l := w.lines[s.Ref]; len(l.Files) != 1 || !l.At.Equal(noon) {
		t.Errorf("its line is %+v, want the file and the time of the message", l)
	}
	w.expect(
		"x edit: two of "+string(s.Ref.Message), "slack edit as helper (bot): two of "+string(s.Ref.Message),
		"telegram edit as helper (bot): two of "+string(s.Ref.Message),
		"x edit: three of "+string(s.Ref.Message), "slack edit as helper (bot): three of "+string(s.Ref.Message),
		"telegram edit as helper (bot): three of "+string(s.Ref.Message),
		"x delete of "+string(s.Ref.Message),
	)
}

func TestABotsAnswerThatIsNotSent(t *testing.T) {
	t.Parallel()
	for st, want := range map[chat.State]string{
		chat.Rejected: "what the bot said did not reach Jane: a reason",
		chat.Dead:     "what the bot said did not reach Jane: a reason",
		chat.Held:     "it isn't known whether what the bot said reached Jane",
	} {
		w := staffed(t)
		w.bot(said("hello"))
		w.ends(w.made("x post"), st, "a reason")
		w.wrote("remark : " + want)
		if waits := !w.c.Waiting.IsZero(); waits != (st != chat.Held) {
			t.Errorf("%s: the contact waits: %v", st, waits)
		}
	}
}
