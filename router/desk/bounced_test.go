package desk_test

import (
	"testing"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
)

const noTrust = "this person has not accepted messages from the account yet"

// bounces lets what a message became at the contact's bounce: a part of it, of so many.
func (w *world) bounces(original chat.Ref, part, parts int) {
	w.t.Helper()
	w.contact("r1", chat.Bounced{Reason: noTrust}, func(in *desk.FromContact) {
		in.Original, in.Part, in.Parts = original, part, parts
		in.Event.Author = chat.Author{ID: "acme", Name: "Acme", Self: true} // as some platforms tell it
	})
}

// taken is a world in which the platform has taken Ann's reply m1.
func taken(t *testing.T) (*world, chat.Ref) {
	t.Helper()
	w, reply := replied(t)
	w.ends(reply, chat.Sent, "")
	w.expect("slack -⏳ m1", "slack +✅ m1")
	return w, reply.Source
}

func TestABouncedReplyIsToldLikeAFailedOne(t *testing.T) {
	t.Parallel()
	w, m1 := taken(t)
	w.bounces(m1, 0, 1)
	w.expect("slack -✅ m1", "slack +❌ m1", "slack post: This reply did not reach Jane [resend]",
		"slack card open · Ann's · waiting since 12:00 UTC [claim close snooze block]",
		"telegram card open · Ann's · waiting since 12:00 UTC [claim close snooze reply block]")
	w.wrote("remark : This reply did not reach Jane: " + noTrust)
	d := w.made("slack post")
	if card := d.Action.(chat.Post).Card; card.Body != noTrust || card.Buttons[0].Label != "Retry" || d.Answers != m1 {
		t.Errorf("it answers %v with %+v", d.Answers, card)
	}
	if w.who.Name != "Jane" {
		t.Errorf("the contact is now %q, want Jane as before", w.who.Name)
	}
	again := w.offered("resend")
	w.bounces(m1, 0, 1)
	w.expect() // it is told once
	w.press("eve", again)
	w.expect("slack whisper to eve: you're not a member of this desk, so this changes nothing")
	w.press("bob", again)
	w.expect("x post: hello", "slack -❌ m1", "slack +⏳ m1",
		"slack card open · Ann's [claim close snooze block]", "telegram card open · Ann's [claim close snooze reply block]")
	reply := w.made("x post")
	if reply.Source != m1 || !desk.IsReply(reply) || len(w.res.Replay) != 0 {
		t.Errorf("it is sent again as %+v, replay %v; want a reply of its own", reply, w.res.Replay)
	}
	w.press("ann", again)
	w.expect()
	w.ends(reply, chat.Sent, "")
	w.expect("slack -⏳ m1", "slack +✅ m1")
	w.bounces(m1, 0, 1)
	if got := w.trace(); len(got) < 3 || got[2] != "slack post: This reply did not reach Jane [resend]" {
		t.Errorf("when it bounces again: %v", got)
	}
}

func TestAReplyThatBouncesInPartsIsSentAgainWhole(t *testing.T) {
	t.Parallel()
	w, m1 := taken(t)
	w.bounces(m1, 1, 2)
	w.expect("slack -⏳ m1", "slack -✅ m1", "slack +❌ m1", "slack post: Part 2 of 2 of this reply did not reach Jane [resend]",
		"slack card open · Ann's · waiting since 12:00 UTC [claim close snooze block]",
		"telegram card open · Ann's · waiting since 12:00 UTC [claim close snooze reply block]")
	if b := w.made("slack post").Action.(chat.Post).Card.Buttons[0]; b.Label != "Send all of it again" {
		t.Errorf("the button says %q", b.Label)
	}
	w.bounces(m1, 0, 2)
	again := w.offered("resend")
	w.member("ann", "m1", chat.Edited{Text: posted("hello, Jane!").Text})
	w.press("ann", again)
	w.expect("x post: hello, Jane!", "slack -❌ m1", "slack +⏳ m1",
		"slack card open · Ann's [claim close snooze block]", "telegram card open · Ann's [claim close snooze reply block]")
	if len(w.c.Trouble) != 0 {
		t.Errorf("Trouble = %+v, want none", w.c.Trouble)
	}
}

func TestABouncedReplyThatIsGoneOrBarredIsNotSentAgain(t *testing.T) {
	t.Parallel()
	w, m1 := taken(t)
	w.bounces(m1, 0, 1)
	again := w.offered("resend")
	w.press("ann", "retry:0")
	w.expect()
	lines := w.lines
	w.lines = nil
	w.press("ann", again)
	w.expect("slack whisper to ann: this can't be sent again: it was deleted, or isn't known any more")
	w.lines = lines
	w.press("ann", "block")
	w.press("ann", again)
	w.expect("slack whisper to ann: Jane is blocked, so this stays here; unblock them to answer")
	w.press("ann", "unblock")
	w.member("ann", "m1", chat.Deleted{})
	w.press("ann", again)
	w.expect("slack whisper to ann: this can't be sent again: it was deleted, or isn't known any more")
}

func TestWhatABotSaidIsToldWhenItBounces(t *testing.T) {
	t.Parallel()
	w := begun(twoSurfaces(t, desk.Send))
	w.bounces(chat.Key("k1").Said(chat.BotAccount("shop"), dm, 0), 0, 1)
	w.expect("slack post: what the bot said did not reach Jane: "+noTrust, "telegram post: what the bot said did not reach Jane: "+noTrust)
}

func TestABounceOfNothingKnownIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := begun(twoSurfaces(t, desk.Send))
	w.bounces(chat.Ref{}, 0, 0)
	w.expect()
	w.press("ann", "resend:abc")
	w.expect()
}

// Blocked people are told nothing, but the team is: it had been answered before.
func TestABounceIsToldHoweverTheCaseStands(t *testing.T) {
	t.Parallel()
	for _, button := range []string{"close", "block"} {
		w, m1 := taken(t)
		w.press("ann", button)
		state := w.c.State
		w.bounces(m1, 0, 1)
		w.expect("slack -✅ m1", "slack +❌ m1", "slack post: This reply did not reach Jane [resend]")
		if w.c.State != state || !w.c.Waiting.IsZero() {
			t.Errorf("%s: the case is %s, waiting since %v", button, w.c.State, w.c.Waiting)
		}
	}
}
