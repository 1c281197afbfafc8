package desk_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
)

// replied is a world in which Ann's reply m1 is on its way, and its delivery.
func replied(t *testing.T) (*world, chat.Delivery) {
	t.Helper()
	w := begun(twoSurfaces(t, desk.Send))
	w.member("ann", "m1", posted("hello"))
	return w, w.made("x post")
}

func TestSentReplyIsMarked(t *testing.T) {
	t.Parallel()
	w, reply := replied(t)
	w.ends(reply, chat.Sent, "")
	w.expect("slack -⏳ m1", "slack +✅ m1")
	w.ends(reply, chat.Cancelled, "")
	w.expect()
	w.step(desk.Ended{Delivery: chat.Delivery{
		Case: reply.Case, Source: reply.Source, Action: reply.Action, Purpose: reply.Purpose, State: chat.Sent,
	}, Lacking: []string{"a.png: it is too big"}})
	w.expect("slack post: this went without a file: a.png: it is too big", "slack -⏳ m1", "slack +✅ m1")
}

func TestOnlyTheLastPartMarks(t *testing.T) {
	t.Parallel()
	w, reply := replied(t)
	for part, want := range [][]string{nil, nil, {"slack -⏳ m1", "slack +✅ m1"}} {
		reply.Part, reply.Parts = part, 3
		w.ends(reply, chat.Sent, "")
		w.expect(want...)
	}
}

func TestLostPartIsNotCalledDelivered(t *testing.T) {
	t.Parallel()
	w, reply := replied(t)
	reply.Part, reply.Parts, reply.ID = 0, 2, 70
	w.ends(reply, chat.Dead, "the platform could not be reached")
	w.expect("slack -⏳ m1", "slack +❌ m1", "slack post: Part 1 of 2 of this reply did not reach Jane [retry]",
		"slack card open · Ann's · waiting since 12:00 UTC [claim close snooze block]",
		"telegram card open · Ann's · waiting since 12:00 UTC [claim close snooze reply block]")
	retry := w.offered("retry")
	last := reply
	last.Part, last.ID = 1, 71
	w.ends(last, chat.Sent, "")
	w.expect()
	w.press("ann", retry)
	w.ends(reply, chat.Sent, "")
	w.expect("slack -⏳ m1", "slack +✅ m1")
}

func TestFailedReplyIsToldWithARetry(t *testing.T) {
	t.Parallel()
	for _, st := range []chat.State{chat.Rejected, chat.Dead} {
		w, reply := replied(t)
		w.ends(reply, st, "this person doesn't accept messages")
		w.expect("slack -⏳ m1", "slack +❌ m1", "slack post: This reply did not reach Jane [retry]",
			"slack card open · Ann's · waiting since 12:00 UTC [claim close snooze block]",
			"telegram card open · Ann's · waiting since 12:00 UTC [claim close snooze reply block]")
		w.wrote("remark : This reply did not reach Jane: this person doesn't accept messages")
		if card := w.made("slack post").Action.(chat.Post).Card; card.Body != "this person doesn't accept messages" {
			t.Errorf("the card says %q", card.Body)
		}
		retry := w.offered("retry")
		if retry != "retry:7" {
			t.Errorf("button %s, want retry:7", retry)
		}
		w.press("bob", retry)
		w.expect("slack -❌ m1", "slack +⏳ m1",
			"slack card open · Ann's [claim close snooze block]", "telegram card open · Ann's [claim close snooze reply block]")
		if len(w.res.Replay) != 1 || w.res.Replay[0] != 7 {
			t.Errorf("Replay = %v, want 7", w.res.Replay)
		}
		w.press("ann", retry)
		if w.expect(); len(w.res.Replay) != 0 {
			t.Errorf("Replay = %v after the second press", w.res.Replay)
		}
		w.ends(reply, st, "still not")
		w.press("ann", w.offered("retry"))
		if len(w.res.Replay) != 1 {
			t.Errorf("Replay = %v, want a second one", w.res.Replay)
		}
		w.ends(reply, chat.Sent, "")
		w.expect("slack -⏳ m1", "slack +✅ m1")
	}
}

func TestUncertainReplyAsksAPerson(t *testing.T) {
	t.Parallel()
	w, reply := replied(t)
	w.ends(reply, chat.Held, "the platform did not answer")
	w.expect("slack -⏳ m1", "slack +❓ m1", "slack post: It isn't known whether this reply reached Jane [again arrived]")
	again, arrived := w.offered("again"), w.offered("arrived")
	w.press("ann", "retry:7")
	w.expect()
	w.press("ann", again)
	w.expect("slack -❓ m1", "slack +⏳ m1")
	if len(w.res.Replay) != 1 || len(w.res.Confirm) != 0 {
		t.Errorf("Replay, Confirm = %v, %v", w.res.Replay, w.res.Confirm)
	}
	w.press("ann", arrived)
	w.expect()
	w.ends(reply, chat.Held, "the platform did not answer")
	w.press("ann", arrived)
	w.expect("slack -❓ m1", "slack +✅ m1")
	if len(w.res.Replay) != 0 || len(w.res.Confirm) != 1 || w.res.Confirm[0] != 7 {
		t.Errorf("Replay, Confirm = %v, %v", w.res.Replay, w.res.Confirm)
	}
	w.press("ann", again)
	w.expect()
}

func TestFailureOfAReplyWhoseSurfaceIsGoneIsToldAnywhere(t *testing.T) {
	t.Parallel()
	w, reply := replied(t)
	w.desk.Surfaces = w.desk.Surfaces[1:]
	w.ends(reply, chat.Dead, "no")
	w.expect("telegram post: This reply did not reach Jane [retry]", "telegram card open · Ann's · waiting since 12:00 UTC [claim close snooze reply block]")
}

func TestWhatCouldNotBeShownIsTold(t *testing.T) {
	t.Parallel()
	w := begun(oneSurface(t, desk.Send))
	w.says("two")
	show := w.made("slack post")
	w.ends(show, chat.Rejected, "it is too long")
	w.expect("slack post: something could not be shown here: it is too long")
	told := w.made("slack post")
	w.ends(told, chat.Rejected, "it is too long")
	w.expect()
	w.contact("two", chat.Edited{Text: posted("zwei").Text})
	w.ends(w.made("slack edit"), chat.Rejected, "the message that this is about is not there")
	w.expect("slack post as Jane: zwei (edited)")
}

func TestOpenedThreadIsRemembered(t *testing.T) {
	t.Parallel()
	w := begun(oneSurface(t, desk.Send))
	if th := w.c.Threads[0]; th.At != w.thread(slack) || th.Card != "card" {
		t.Errorf("thread = %+v", th)
	}
}

func TestThreadThatCannotBeOpenedIsToldElsewhere(t *testing.T) {
	t.Parallel()
	w := twoSurfaces(t, desk.Send)
	w.says("hi")
	res := w.res
	w.ends(w.made("slack open"), chat.Rejected, "the channel is archived")
	w.expect("telegram post: this case can't be shown in slack/team#C1: the channel is archived")
	w.res = res
	w.vanishes(w.made("slack post"))
	w.expect()
	w.now = w.now.Add(2 * time.Hour)
	w.says("anybody?")
	w.vanishes(w.made("slack post"))
	if got := strings.Join(w.trace(), "\n"); !strings.HasPrefix(got, "slack open Jane") {
		t.Errorf("an hour later the thread is not tried again:\n%s", got)
	}
}

func TestLostThreadHeals(t *testing.T) {
	t.Parallel()
	w := begun(oneSurface(t, desk.Send))
	w.says("two")
	two := w.made("slack post")
	old := two
	old.Part, old.Parts, old.Purpose = 1, 2, "show"
	p := two.Action.(chat.Post)
	p.Key, p.To = "key", w.c.Threads[0].At
	two.Action = p
	w.vanishes(two)
	w.expect("slack open Jane [claim close snooze block]",
		"slack post: the thread was lost; this is what was said:\n→ Jane: hi", "slack post as Jane: two")
	again := w.made("slack post as Jane")
	if got := again.Action.(chat.Post); got.Key != "" || got.To != slack || again.Source != two.Source {
		t.Errorf("it is sent again as %+v", again)
	}
	if th := w.c.Threads[0]; th.Turn != 1 || !th.At.IsZero() || th.Card != "" {
		t.Errorf("thread = %+v", th)
	}
	w.vanishes(old)
	w.expect("slack post as Jane: two")
	if d := w.made("slack post"); d.Part != 1 || d.Parts != 2 {
		t.Errorf("part %d of %d, want 1 of 2", d.Part, d.Parts)
	}
}

func TestLostMessageIsNotALostThread(t *testing.T) {
	t.Parallel()
	w := begun(twoSurfaces(t, desk.Send))
	w.contact("hi", chat.Reacted{Emoji: "👍"})
	w.vanishes(w.made("slack +"))
	w.expect()
	w.contact("hi", chat.Edited{Text: posted("hello").Text})
	w.vanishes(w.made("slack edit"))
	w.expect("slack post as Jane: hello (edited)")
	w.press("ann", "claim")
	w.vanishes(w.made("slack card"))
	if got := w.trace(); len(got) < 1 || got[0] != "slack open Jane [claim close snooze block]" {
		t.Errorf("a lost card must be made anew, got %v", got)
	}
}

func TestEditsBehindALostThreadBecomePosts(t *testing.T) {
	t.Parallel()
	w := begun(oneSurface(t, desk.Send))
	w.contact("hi", chat.Edited{Text: posted("hello").Text})
	edit := w.made("slack edit")
	w.contact("hi", chat.Reacted{Emoji: "👍"})
	react := w.made("slack +")
	w.says("two")
	w.vanishes(w.made("slack post"))
	w.vanishes(edit)
	w.expect("slack post as Jane: hello (edited)")
	w.vanishes(react)
	w.expect()
}

func TestThreadThatKeepsVanishingRests(t *testing.T) {
	t.Parallel()
	w := begun(twoSurfaces(t, desk.Send))
	opened, told := 0, 0
	for i := range 20 {
		w.says(fmt.Sprint(i))
		w.vanishes(w.made("slack post"))
		for _, line := range w.trace() {
			if strings.HasPrefix(line, "slack open") {
				opened++
			}
			if line == "telegram post: this case can't be shown in slack/team#C1: it keeps getting lost" {
				told++
			}
		}
	}
	if opened != 3 || told != 1 {
		t.Errorf("opened %d times and told %d times, want 3 and 1", opened, told)
	}
	w.now = w.now.Add(time.Hour)
	w.says("later")
	w.vanishes(w.made("slack post"))
	if got := w.trace(); got[0] != "slack open Jane [claim close snooze block]" {
		t.Errorf("an hour later: %v", got)
	}
}

func TestEndOfAnothersDeliveryIsLeftAlone(t *testing.T) {
	t.Parallel()
	w, reply := replied(t)
	reply.Case = "another"
	w.ends(reply, chat.Dead, "no")
	w.expect()
	w.step(desk.Ended{Gone: true})
	w.expect()
}
