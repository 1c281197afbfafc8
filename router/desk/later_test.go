package desk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
	"github.com/roost-im/roost/router/text"
)

// pending says that everything scheduled waits still.
func (w *world) pending(in *desk.FromMember) {
	for _, l := range w.c.Later {
		in.Pending = append(in.Pending, l.Ref)
	}
}

// presses has Bob press a button while everything scheduled waits still.
func (w *world) presses(button string) {
	w.t.Helper()
	w.member("bob", "card", chat.Pressed{Button: button, Value: string(w.c.ID)}, w.pending)
}

// scheduled is a world in which Ann has written "later 2h: hello".
func scheduled(t *testing.T) (w *world, now, unsend string) {
	t.Helper()
	w = begun(twoSurfaces(t, desk.Send))
	w.press("ann", "claim")
	w.writes("ann", "later 2h: hello")
	return w, w.offered("now"), w.offered("unsend")
}

func TestAReplyIsSentLater(t *testing.T) {
	t.Parallel()
	w, _, _ := scheduled(t)
	w.expect(
		"x post: hello at +2h0m0s", "slack +⏰ later 2h: hello",
		"slack post: ⏰ To be sent to Jane at 14:00 UTC [now unsend]", "telegram post: ⏰ To be sent to Jane at 14:00 UTC [now unsend]",
	)
	w.wrote("pending Ann: hello")
	reply := w.made("x post")
	if reply.Lane == chat.LaneTo(dm) || !strings.HasPrefix(string(reply.Lane), string(chat.LaneTo(dm))) || !desk.IsReply(reply) {
		t.Errorf("it waits in lane %s as %s, want a reply in a lane of its own", reply.Lane, reply.Purpose)
	}
	if w.c.Waiting.IsZero() {
		t.Error("the contact waits no more, though nothing was sent")
	}
	w.writes("ann", "meanwhile")
	if d := w.made("x post: meanwhile"); d.Lane != chat.LaneTo(dm) {
		t.Errorf("another reply waits in lane %s, want the contact's", d.Lane)
	}
	w.says("a question")
	if got := w.trace(); len(got) != 5 || got[2] != "slack post: ⏰ Ann's message is still to be sent at 14:00 UTC" {
		t.Errorf("what follows from a message meanwhile is\n%s", strings.Join(got, "\n"))
	}
	w.says("another")
	w.expect("slack post as Jane: another", "telegram post as Jane: another")
	w.now = noon.Add(2 * time.Hour)
	w.ends(reply, chat.Sent, "")
	w.expect(
		"slack -⏰ later 2h: hello", "slack card ⏰ Sent to Jane at 14:00 UTC: []", "telegram card ⏰ Sent to Jane at 14:00 UTC: []",
		"telegram post as Ann (team): hello", "slack -⏳ later 2h: hello", "slack +✅ later 2h: hello",
		"slack card open · Ann's [claim close snooze block]", "telegram card open · Ann's [claim close snooze reply block]",
	)
	w.wrote("out Ann: hello")
	if len(w.c.Later) != 0 || !w.c.Waiting.IsZero() {
		t.Errorf("the case is %+v, want nothing scheduled and nobody waiting", w.c)
	}
}

func TestAScheduledReplyThatIsNotSentIsTold(t *testing.T) {
	t.Parallel()
	w, _, _ := scheduled(t)
	w.ends(w.made("x post"), chat.Rejected, "they are gone")
	got := w.trace()
	if last := got[len(got)-1]; last != "slack post: This reply did not reach Jane [retry]" {
		t.Errorf("what follows is\n%s\nwant it told with a retry", strings.Join(got, "\n"))
	}
	if w.c.Waiting.IsZero() || len(w.c.Later) != 0 || len(w.c.Trouble) != 1 {
		t.Errorf("the case is %+v, want a reply in trouble and Jane waiting", w.c)
	}
}

func TestAScheduledReplyIsSentNowOrCancelled(t *testing.T) {
	t.Parallel()
	w, now, unsend := scheduled(t)
	ref := w.c.Later[0].Ref
	w.presses(now)
	w.expect(
		"slack -⏰ later 2h: hello", "slack card Sent by Bob: []", "telegram card Sent by Bob: []",
		"x post: hello at +5s", "slack +⏳ later 2h: hello", "telegram post as Ann (team): hello",
		"slack card open · Ann's [claim close snooze block]", "telegram card open · Ann's [claim close snooze reply block]",
	)
	if diff := cmp.Diff([]chat.Ref{ref}, w.res.Cancel); diff != "" {
		t.Errorf("cancelled (-want +got):\n%s", diff)
	}
	if d := w.made("x post"); d.Lane != chat.LaneTo(dm) {
		t.Errorf("it goes in lane %s, want the contact's", d.Lane)
	}
	w.presses(unsend)
	w.expect()

	w, now, unsend = scheduled(t)
	w.presses(unsend)
	w.expect("slack -⏰ later 2h: hello", "slack card Cancelled by Bob: []", "telegram card Cancelled by Bob: []")
	w.wrote("note Ann: hello")
	w.presses(now)
	w.expect()

	w, now, _ = scheduled(t)
	w.member("bob", "card", chat.Pressed{Button: now})
	w.expect("slack whisper to bob: it is being sent right now")
	w.member("eve", "card", chat.Pressed{Button: now}, w.pending)
	w.expect("slack whisper to eve: you're not a member of this desk, so this changes nothing")
}

func TestAScheduledReplyIsEditedAndDeleted(t *testing.T) {
	t.Parallel()
	due := func(in *desk.FromMember) { in.Undoable, in.Due = true, noon.Add(2*time.Hour) }
	edited := func(words string) chat.Edited { return chat.Edited{Text: text.Plain(words)} }
	id := chat.MessageID("later 2h: hello")
	w, _, _ := scheduled(t)
	w.member("ann", id, edited("later 2h: hello"), due)
	w.expect()
	w.now = noon.Add(time.Hour)
	w.member("ann", id, edited("later 2h: hello Jane"), due)
	w.expect("x post: hello Jane at +2h0m0s", "slack card ⏰ To be sent to Jane at 14:00 UTC: [now unsend]",
		"telegram card ⏰ To be sent to Jane at 14:00 UTC: [now unsend]")
	w.wrote("pending Ann: hello Jane")
	w.member("ann", id, edited("later 3h: hello Jane"), due)
	w.expect("x post: hello Jane at +4h0m0s", "slack card ⏰ To be sent to Jane at 16:00 UTC: [now unsend]",
		"telegram card ⏰ To be sent to Jane at 16:00 UTC: [now unsend]")
	w.member("ann", id, edited("later 3y: hello"), due)
	w.expect("slack whisper to ann: that is no time to send it in: between a minute and 31 days, please, like 30m, 2h or 3d",
		"x post: hello at +4h0m0s", "slack card ⏰ To be sent to Jane at 16:00 UTC: [now unsend]",
		"telegram card ⏰ To be sent to Jane at 16:00 UTC: [now unsend]")
	w.member("ann", id, edited("// later 2h: hello"), due)
	w.expect("slack -⏰ later 2h: hello", "slack card Not sent: it is a note now: []",
		"telegram card Not sent: it is a note now: []", "telegram post: 📝 Ann: hello")

	w, _, _ = scheduled(t)
	w.member("ann", id, chat.Deleted{}, due)
	w.expect("slack -⏰ later 2h: hello", "slack card Taken back: []", "telegram card Taken back: []", "slack whisper to ann: taken back before it left")
	w.wrote("pending Ann: hello (gone)")
	if len(w.c.Later) != 0 || len(w.res.Cancel) != 1 {
		t.Errorf("scheduled are %v, cancelled %v; want none, and the one", w.c.Later, w.res.Cancel)
	}
}

// What is on its way when its author edits or deletes it is changed behind it, in the same lane.
func TestAScheduledReplyIsChangedOnItsWay(t *testing.T) {
	t.Parallel()
	id := chat.MessageID("later 2h: hello")
	w, _, _ := scheduled(t)
	lane := w.made("x post").Lane
	w.member("ann", id, chat.Edited{Text: text.Plain("later 2h: hello Jane")})
	if d := w.made("x edit: hello Jane"); d.Lane != lane {
		t.Errorf("its edit is in lane %s, want %s", d.Lane, lane)
	}
	w.member("ann", id, chat.Deleted{})
	if d := w.made("x delete"); d.Lane != lane {
		t.Errorf("its deletion is in lane %s, want %s", d.Lane, lane)
	}
}

// A member who closes a case, or blocks its contact, is asked what shall become of what is scheduled.
func TestAScheduledReplyIsHeldWhenTheCaseIsClosed(t *testing.T) {
	t.Parallel()
	w, _, _ := scheduled(t)
	w.presses("close")
	w.expect(
		"slack post: Bob has closed this", "telegram post: Bob has closed this",
		"slack -⏰ later 2h: hello", "slack card Not sent: this is closed: []", "telegram card Not sent: this is closed: []",
		"slack post: This was to be sent to Jane at 14:00 UTC, but this is closed. Send it all the same? [send keep]",
		"slack card closed · Ann's [reopen block]", "telegram card closed · Ann's [reopen block]",
	)
	send := w.offered("send")
	if len(w.res.Cancel) != 1 || len(w.c.Later) != 0 || len(w.c.Held) != 1 {
		t.Fatalf("cancelled %v, the case is %+v; want it held", w.res.Cancel, w.c)
	}
	w.presses(send)
	if d := w.made("x post: hello at +2h0m0s"); d.Lane == chat.LaneTo(dm) || w.c.State != desk.Open || len(w.c.Later) != 1 {
		t.Errorf("it goes in lane %s of a case that is %+v, want it scheduled again", d.Lane, w.c)
	}
	w.presses("block")
	held := w.offered("send")
	w.presses(held)
	w.expect("telegram post: 📝 Ann: hello", "slack whisper to bob: Jane is blocked, so this stays here; unblock them to answer")
}

func TestSendLaterByCommand(t *testing.T) {
	t.Parallel()
	w := begun(oneSurface(t, desk.Note))
	w.commands("ann", "later", "for", "1d 12h", "text", " hello ")
	w.expect("slack post: Ann has claimed this", "x post: hello at +36h0m0s",
		"slack post: ⏰ To be sent to Jane at 2026-03-03 00:00 UTC [now unsend]", "slack card open · Ann's · waiting since 12:00 UTC [claim close snooze reply block]")
	reply := w.made("x post")
	w.commands("bob", "later", "for", "2h", "text", "mine")
	w.expect("slack whisper to bob: This case is Ann's. Send it to Jane at 14:00 UTC anyway? [send keep]")
	w.press("bob", w.offered("send"))
	w.expect("x post: mine at +2h0m0s", "slack post: ⏰ To be sent to Jane at 14:00 UTC [now unsend]")
	w.now = noon.Add(36 * time.Hour)
	w.ends(reply, chat.Sent, "")
	w.expect("slack card ⏰ Sent to Jane at 00:00 UTC: []", "slack post as Ann (team): hello",
		"slack -⏳  of "+string(reply.Source.Message), "slack +✅  of "+string(reply.Source.Message),
		"slack card open · Ann's [claim close snooze reply block]")
}

func TestWhatIsMeantForLater(t *testing.T) {
	t.Parallel()
	const no = "slack whisper to ann: that is no time to send it in: between a minute and 31 days, please, like 30m, 2h or 3d"
	for _, tc := range []struct {
		mode  desk.Mode
		words string
		want  string // among what follows
	}{
		{desk.Send, "later 90m: hi", "x post: hi at +1h30m0s"},
		{desk.Send, "Later 3d: hi", "x post: hi at +72h0m0s"},
		{desk.Send, "later 1w : hi", "x post: hi at +168h0m0s"},
		{desk.Send, "/later 2h hi", "x post: hi at +2h0m0s"},
		{desk.Send, "/later@acme_bot 31d: hi", "x post: hi at +744h0m0s"},
		{desk.Send, "later 32d: hi", no},
		{desk.Send, "later 30s: hi", no},
		{desk.Send, "later 2x: hi", no},
		{desk.Send, "later 99999999999h: hi", no},
		{desk.Send, "later 9999w9999d: hi", no},
		{desk.Send, "later 2h:", "slack whisper to ann: there is nothing to send; write it behind the time"},
		{desk.Send, "later 2 of them: hi", "x post: later 2 of them: hi at +5s"},
		{desk.Send, "later: hi", "x post: later: hi at +5s"},
		{desk.Send, "see you later 2h: hi", "x post: see you later 2h: hi at +5s"},
		{desk.Send, "// later 2h: hi", ""},
		{desk.Ask, "later 2h: hi", "slack whisper to ann: Send this to Jane at 14:00 UTC? [send keep]"},
		{desk.Note, "later 2h: hi", ""},
		{desk.Note, "!later 2h: hi", "x post: hi at +2h0m0s"},
		{desk.Alerts, "later 2h: hi", ""},
	} {
		w := begun(oneSurface(t, tc.mode))
		w.writes("ann", tc.words)
		found := tc.want == "" && !strings.Contains(strings.Join(w.trace(), "\n"), "x post")
		for _, s := range w.trace() {
			found = found || s == tc.want
		}
		if !found {
			t.Errorf("%s of %q:\n%s\nwant %s", tc.mode, tc.words, strings.Join(w.trace(), "\n"), tc.want)
		}
	}
}

func TestNoMoreThanTwentyAreScheduled(t *testing.T) {
	t.Parallel()
	w := begun(oneSurface(t, desk.Send))
	for range 20 {
		w.n++
		w.writes("ann", "later 2h: hello "+strings.Repeat("x", w.n))
	}
	w.writes("ann", "later 2h: one more")
	w.expect("slack whisper to ann: too many messages are scheduled here, so this stays a note")
	w.wrote("note Ann: one more")
}

// Whatever a member writes behind "later", nothing leaves at once that was meant for later, and no time is out of bounds.
func FuzzLater(f *testing.F) {
	for _, seed := range []string{"2h: hi", "2h30m: hi", "1w2d3h: hi", "0m: hi", "-2h: hi", "1e9h: hi", "9999999999999999999d: x", ": hi", "2h:", "１h: hi", "2h:\x00"} {
		f.Add(seed)
	}
	d := desk.Desk{Name: "support", Surfaces: []desk.Surface{{At: slack, Reply: desk.Send}}}
	c := desk.Case{ID: "c", Desk: "support", State: desk.Open, Threads: []desk.Thread{{Surface: slack}}}
	who := desk.Contact{Identity: desk.Identity{Account: dm.Account, Person: "jane"}, At: dm}
	f.Fuzz(func(t *testing.T, rest string) {
		ev := chat.Event{ID: "e", Conversation: slack, Message: "m", Author: chat.Author{ID: "ann"}, At: noon, What: posted("/later " + rest)}
		res := d.Step(c, who, desk.FromMember{Event: ev, Surface: slack}, noon)
		valid(t, res)
		for _, l := range res.Case.Later {
			if wait := l.Due.Sub(noon); wait < time.Minute || wait > 31*24*time.Hour {
				t.Errorf("%q is due in %v", rest, wait)
			}
		}
		for _, d := range res.Deliveries {
			if p, ok := d.Action.(chat.Post); ok && desk.IsReply(d) && d.Due.IsZero() && p.Text.Body != "/later "+rest {
				t.Errorf("of %q there leaves at once: %q", rest, p.Text.Body)
			}
		}
	})
}
