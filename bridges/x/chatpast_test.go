package x_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/x"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// setupLive makes a scene in which messages come by stream, and where nothing is polled while the test runs.
func setupLive(t *testing.T) *sealedScene {
	t.Helper()
	s := setupSealed(t)
	s.streams(t)
	s.cfg.PollEvery = time.Hour
	return s
}

// again runs the connector anew, and returns when it listens.
func (s *sealedScene) again(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patient)
	defer cancel()
	gone := s.sim.Wait(ctx, func(v *xsim.View) bool { return v.Streams() == 0 })
	s.run(t)
	if err := errors.Join(gone, s.sim.Wait(ctx, func(v *xsim.View) bool { return v.Streams() > 0 })); err != nil {
		t.Fatal(err)
	}
}

// says is what Ann is heard to say and to change, in order.
func (s *sealedScene) says() []string {
	var all []string
	for _, ev := range s.sink.Events() {
		if ev.Author.Self || posted(ev) == "hello" {
			continue
		}
		switch what := ev.What.(type) {
		case chat.Posted:
			all = append(all, what.Text.Body)
		case chat.Edited:
			all = append(all, "now "+what.Text.Body)
		case chat.Deleted:
			all = append(all, "gone")
		default:
		}
	}
	return all
}

// hearsAll has Ann say a last word, and checks everything that was heard of her. That she types is told live alone, behind
// everything else.
func (s *sealedScene) hearsAll(t *testing.T, want ...string) {
	t.Helper()
	last := s.say(t, "the last word")
	if err := s.phone.Typing(s.brand); err != nil {
		t.Fatal(err)
	}
	s.event(t, "the last word", func(ev chat.Event) bool { return ev.Message == idOf(last) })
	s.event(t, "that she types", func(ev chat.Event) bool { return ev.What == chat.Typing{} })
	if got := s.says(); !slices.Equal(got, append(want, "the last word")) {
		t.Errorf("heard %q, want %q and the last word", got, want)
	}
}

// puzzles has Ann write with a key that is not there, and returns when that waits for it.
func (s *sealedScene) puzzles(t *testing.T, words string) xsim.Said {
	t.Helper()
	waits := make(chan struct{})
	noted := sync.OnceFunc(func() { close(waits) })
	s.keep.Refuse(func(key string, write bool) error {
		if write && key == "chat/waiting" {
			noted()
		}
		return nil
	})
	s.sim.WithholdKey(s.brand, s.ann, true)
	if err := s.phone.NewKey(s.brand); err != nil {
		t.Fatal(err)
	}
	said := s.say(t, words)
	ctx, cancel := context.WithTimeout(t.Context(), patient)
	defer cancel()
	select {
	case <-waits:
	case <-ctx.Done():
		t.Fatalf("%q does not wait", words)
	}
	return said
}

// TestReadMarkHidesNoMessage loses the live event of a message, and tells of a read mark after it, which is in no list and
// names no event before it.
func TestReadMarkHidesNoMessage(t *testing.T) {
	t.Parallel()
	s := setupLive(t)
	s.begin(t)
	first := s.say(t, "one")
	s.event(t, "one", func(ev chat.Event) bool { return ev.Message == idOf(first) })
	s.sim.LoseEvents(1)
	s.say(t, "two")
	if err := s.phone.Read(s.brand, first.Sequence); err != nil {
		t.Fatal(err)
	}
	s.event(t, "the read mark", func(ev chat.Event) bool { return ev.What == chat.Read{} })
	s.stop(t)
	s.again(t) // it reads what it missed
	s.hearsAll(t, "one", "two")
}

// TestDeletedMessageThatComesLate takes a message back before it is told of.
func TestDeletedMessageThatComesLate(t *testing.T) {
	t.Parallel()
	s := setupLive(t)
	s.begin(t)
	s.stop(t)
	s.sim.HoldEvents(true)
	said := s.say(t, "better not")
	if err := s.phone.Delete(s.brand, true, said.Sequence); err != nil {
		t.Fatal(err)
	}
	s.again(t)
	s.event(t, "the deletion", func(ev chat.Event) bool { return ev.What == chat.Deleted{} })
	s.sim.HoldEvents(false)
	s.hearsAll(t, "gone")
}

// TestMessageThatComesAfterItsEdit tells of a message when its edit, which X lists in place of it, was taken in.
func TestMessageThatComesAfterItsEdit(t *testing.T) {
	t.Parallel()
	s, p := sealedBy(t, x.Webhook)
	s.lives(t)
	s.sim.LoseEvents(1000)
	said := s.say(t, "frist")
	message := s.told(1)
	must(t)(s.phone.Edit(s.brand, said.Sequence, "first"))
	for _, one := range []map[string]string{s.told(1), message} {
		if status := s.tells(t, p, "chat.received", one); status != http.StatusOK {
			t.Errorf("an event was answered with %d", status)
		}
	}
	s.sim.LoseEvents(0)
	s.hearsAll(t, "now first")
}

// TestEditThatComesAfterTheDeletion tells of a message's edit, and of what was thought of it, once it was taken back.
func TestEditThatComesAfterTheDeletion(t *testing.T) {
	t.Parallel()
	s, p := sealedBy(t, x.Webhook)
	s.lives(t)
	said := s.say(t, "frist")
	s.event(t, "the message", says("frist"))
	s.sim.LoseEvents(1000)
	must(t)(s.phone.React(s.brand, said.Sequence, "🎉"))
	thought := s.told(1)
	must(t)(s.phone.Edit(s.brand, said.Sequence, "first"))
	edit := s.told(1)
	if err := s.phone.Delete(s.brand, true, said.Sequence); err != nil {
		t.Fatal(err)
	}
	s.sim.Fail(xsim.ChatEvents, xsim.Fault{Status: http.StatusServiceUnavailable, Times: -1}) // X lists them in order
	for _, one := range []map[string]string{s.told(1), edit, thought} {
		if status := s.tells(t, p, "chat.received", one); status != http.StatusOK {
			t.Errorf("an event was answered with %d", status)
		}
	}
	s.sim.ClearFaults()
	s.sim.LoseEvents(0)
	s.hearsAll(t, "frist", "gone")
	for _, ev := range s.sink.Events() {
		if _, is := ev.What.(chat.Reacted); is {
			t.Errorf("what is gone has %+v", ev.What)
		}
	}
}

// TestDeletedFromOneTelephone takes a message off the account's own telephone, and off no other one.
func TestDeletedFromOneTelephone(t *testing.T) {
	t.Parallel()
	s := setupSealed(t)
	s.streams(t)
	s.begin(t)
	said := s.say(t, "keep this")
	s.event(t, "the message", says("keep this"))
	all := s.sim.ChatEvents(s.room())
	s.sim.Inject(s.room(), all[len(all)-1].Encode(), s.next(), func(ev *wire.Event) {
		ev.ID, ev.Sender, ev.Detail = "own", s.brand, wire.MessageDelete{Sequences: []wire.Sequence{said.Sequence}}
		ev.Signature = s.signs(t, fmt.Sprintf("MessageDeleteEvent,own,%s,%s,1,%d", s.brand, s.room(), said.Sequence))
	})
	s.hearsAll(t, "keep this")
	for _, ev := range s.sink.Events() {
		if ev.What == (chat.Deleted{}) {
			t.Errorf("it is gone for everybody: %+v", ev)
		}
	}
}

// TestDeletedMessageWhoseKeyComesLate takes a message back that nobody here could read yet.
func TestDeletedMessageWhoseKeyComesLate(t *testing.T) {
	t.Parallel()
	s := setupLive(t)
	s.begin(t)
	said := s.puzzles(t, "better not")
	if err := s.phone.Delete(s.brand, true, said.Sequence); err != nil {
		t.Fatal(err)
	}
	s.sim.WithholdKey(s.brand, s.ann, false)
	s.hearsAll(t)
}

// TestEditOfWhatWasNotSeen edits a message before it is read: X lists the edit alone, which then stands for it, and only once.
func TestEditOfWhatWasNotSeen(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		both bool // X lists the message, too
		want []string
	}{
		"the edit alone": {false, []string{"now first", "now second", "gone"}},
		"both":           {true, []string{"frist", "now first", "now second", "gone"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setupLive(t)
			s.sim.KeepEdited(tc.both)
			s.begin(t)
			s.stop(t)
			s.sim.HoldEvents(true)
			said := s.say(t, "frist")
			edit := func(words string) {
				t.Helper()
				if _, err := s.phone.Edit(s.brand, said.Sequence, words); err != nil {
					t.Fatal(err)
				}
			}
			edit("first")
			s.again(t)
			s.event(t, "the message", func(ev chat.Event) bool { return ev.Message == idOf(said) })
			s.sim.HoldEvents(false) // now the message comes after its edit
			edit("second")
			if err := s.phone.Delete(s.brand, true, said.Sequence); err != nil {
				t.Fatal(err)
			}
			s.hearsAll(t, tc.want...)
			for _, ev := range s.sink.Events() {
				if what, edited := ev.What.(chat.Edited); edited && ev.Message != idOf(said) {
					t.Errorf("the edit %q is of %s, want of %s", what.Text.Body, ev.Message, idOf(said))
				}
			}
		})
	}
}

// TestEditWaitsForItsMessage edits a message that nobody here could read yet, with a key that is there.
func TestEditWaitsForItsMessage(t *testing.T) {
	t.Parallel()
	s := setupLive(t)
	s.sim.KeysInline(true)
	s.begin(t)
	said := s.puzzles(t, "frist")
	s.sim.LoseEvents(1) // the key
	s.sim.WithholdKey(s.brand, s.ann, false)
	if err := s.phone.NewKey(s.brand); err != nil {
		t.Fatal(err)
	}
	if _, err := s.phone.Edit(s.brand, said.Sequence, "first"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.phone.React(s.brand, said.Sequence, "🎉"); err != nil {
		t.Fatal(err)
	}
	s.stop(t)
	s.again(t) // at the latest, it looks for the key now
	s.event(t, "the reaction", func(ev chat.Event) bool { return ev.What == chat.Reacted{Emoji: "🎉"} && ev.Message == idOf(said) })
	s.hearsAll(t, "frist", "now first")
}

// TestRepeatAfterANewKey repeats what X has already, without having said so, when the conversation has another key by then.
func TestRepeatAfterANewKey(t *testing.T) {
	t.Parallel()
	s := setupSealed(t)
	s.sim.FoldRepeats(false)
	s.begin(t)
	mine := s.posts(t, s.post("k-1", "frist"))
	e := chat.Edit{Key: "k-2", To: s.talk(), Messages: []chat.MessageID{mine}, Text: text.Plain("first")}
	s.sim.Fail(xsim.SendChatMessage, xsim.Fault{AcceptThenDrop: true})
	if _, err := chat.Do(t.Context(), s.conn, e); chat.KindOf(err) != chat.Uncertain {
		t.Fatalf("the edit = %v, want that nobody knows", err)
	}
	s.sees(t, "the edit", func(h xsim.Heard) bool { return h.Text == "first" })
	if err := s.phone.NewKey(s.brand); err != nil {
		t.Fatal(err)
	}
	before := len(s.sim.ChatEvents(s.brand + ":" + s.ann))
	if _, err := chat.Do(t.Context(), s.conn, e); err != nil {
		t.Errorf("again: %v", err)
	}
	if n := len(s.sim.ChatEvents(s.brand + ":" + s.ann)); n == 0 || n != before {
		t.Errorf("X has %d events, want still %d", n, before)
	}
}

// TestEditBeforeTheStart edits with a connector that has not looked for its keys yet, as the first one after a start may be.
func TestEditBeforeTheStart(t *testing.T) {
	t.Parallel()
	s := setupSealed(t)
	s.begin(t)
	mine := s.posts(t, s.post("k-1", "frist"))
	s.stop(t)
	instead := s.post("", "(edited) first")
	e := chat.Edit{Key: "k-2", To: s.talk(), Messages: []chat.MessageID{mine}, Text: text.Plain("first"), Else: &instead}
	if _, err := chat.Do(t.Context(), s.open(t), e); err != nil {
		t.Fatal(err)
	}
	h := s.sees(t, "the edit", func(h xsim.Heard) bool { return h.Sender == s.brand && h.Text != "frist" })
	if h.Text != "first" || !h.Edited {
		t.Errorf("Ann sees %+v, want the message itself edited", h)
	}
}

// TestWithoutKeysNothingIsEdited holds that an account that has no keys is known not to edit once somebody has looked.
func TestWithoutKeysNothingIsEdited(t *testing.T) {
	t.Parallel()
	s := setup(t, xsim.Config{})
	c := s.open(t)
	r, err := c.Post(t.Context(), s.post("k-1", "frist"))
	if err != nil {
		t.Fatal(err)
	}
	if traits := c.Traits(); traits.Edit.Out || traits.Delete.Out || traits.React.Out {
		t.Errorf("traits are %+v, want none of what X lacks", traits)
	}
	e := chat.Edit{Key: "k-2", To: s.talk(), Messages: r.Messages, Text: text.Plain("first")}
	if _, err := chat.Do(t.Context(), s.open(t), e); !chat.IsUnsupported(err) {
		t.Errorf("an edit = %v, want that it is unsupported", err)
	}
}

// TestEditInAGroupOfWhatWasNotSeen edits a message of a group before it is read. What somebody else then makes of it is no edit.
func TestEditInAGroupOfWhatWasNotSeen(t *testing.T) {
	t.Parallel()
	s := setupLive(t)
	bob := s.sim.Phone(s.bob)
	group, err := s.phone.Group("tea", s.brand, s.bob)
	if err != nil {
		t.Fatal(err)
	}
	s.begin(t)
	s.stop(t)
	said, err := s.phone.Say(group, "frist")
	if err != nil {
		t.Fatal(err)
	}
	for _, edit := range []struct {
		phone *xsim.Phone
		words string
	}{{s.phone, "first"}, {bob, "worst"}, {s.phone, "second"}} {
		if _, err := edit.phone.Edit(group, said.Sequence, edit.words); err != nil {
			t.Fatal(err)
		}
		if s.running == nil {
			s.again(t)
			s.event(t, "the edit", func(ev chat.Event) bool { return ev.Message == idOf(said) })
		}
	}
	s.event(t, "the second edit", func(ev chat.Event) bool {
		e, ok := ev.What.(chat.Edited)
		return ok && e.Text.Body == "second"
	})
	s.hearsAll(t, "now first", "now second")
}
