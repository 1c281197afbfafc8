package x_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/x"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/router/chat"
)

const locked = "🔒 an encrypted message that can't be read yet: X has not given its key"

// withhold has X keep back the keys of the conversation, and gives it a new one, so that what Ann writes comes without its key.
func (s *sealedScene) withhold(t *testing.T) {
	t.Helper()
	s.sim.WithholdKey(s.brand, s.ann, true)
	if err := s.phone.NewKey(s.brand); err != nil {
		t.Fatal(err)
	}
}

// waits waits until something waits for a key, and is on disk.
func (s *sealedScene) waits(t *testing.T, n int) {
	t.Helper()
	s.awaits(t, "messages that wait", func() bool {
		b, err := s.keep.Kept(t.Context(), "chat/talk/"+s.room())
		return err == nil && strings.Count(string(b), `"since"`) >= n
	})
}

// TestMessagesWaitForTheirKeys holds that a message whose key has not come waits, also through a restart, and comes with the key
// by whichever way that comes.
func TestMessagesWaitForTheirKeys(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, way string
		restart   bool
		set       func(*sealedScene)
	}{
		{"by stream", x.Stream, false, func(*sealedScene) {}},
		{"by stream, after a restart", x.Stream, true, func(*sealedScene) {}},
		{"by webhook", x.Webhook, false, func(*sealedScene) {}},
		{"beside the events", x.Poll, false, func(*sealedScene) {}},
		{"beside the events, after a restart", x.Poll, true, func(*sealedScene) {}},
		{"among the events", x.Poll, true, func(s *sealedScene) { s.sim.KeysInline(true) }},
		{"with the next message", x.Stream, false, func(s *sealedScene) { s.sim.TellKeysAlways(true) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s, _ := sealedBy(t, tc.way)
			tc.set(s)
			s.lives(t)
			s.withhold(t)
			s.say(t, "one")
			s.say(t, "two")
			s.waits(t, 2)
			if tc.restart {
				s.restart(t)
			}
			s.silent(t, "a message without its key", func(ev chat.Event) bool { return posted(ev) != "" })
			s.sim.LoseEvents(map[bool]int{true: 1}[tc.name == "with the next message"]) // the key itself
			s.sim.WithholdKey(s.brand, s.ann, false)
			s.sim.LoseEvents(0)
			s.say(t, "three")
			s.hears(t, "one", "two", "three")
		})
	}
}

// TestWhatWaitsWaitsOnce holds that a message that X tells of twice waits once.
func TestWhatWaitsWaitsOnce(t *testing.T) {
	t.Parallel()
	s, _ := sealedBy(t, x.Stream)
	s.lives(t)
	s.sim.DeliverTwice(true)
	s.withhold(t)
	s.say(t, "one")
	s.say(t, "two")
	s.waits(t, 2)
	s.stop(t) // when all of it was told
	b, err := s.keep.Kept(t.Context(), "chat/talk/"+s.room())
	if n := strings.Count(string(b), `"since"`); err != nil || n != 2 {
		t.Errorf("%d messages wait, %v; want two", n, err)
	}
}

// TestTeamIsToldOfWhatWaits holds that the team is told of a message, once, when it has waited for ten minutes, and that the same
// message then becomes what it says; and that what turns out to be no message of its own goes.
func TestTeamIsToldOfWhatWaits(t *testing.T) {
	t.Parallel()
	s := setupSealed(t)
	c := s.timed()
	s.begin(t)
	first := s.say(t, "frist")
	s.event(t, "the first", says("frist"))
	s.withhold(t)
	second := s.say(t, "secret words")
	s.waits(t, 1)
	third := must(t)(s.phone.Edit(s.brand, first.Sequence, "first"))
	s.waits(t, 2)
	c.forward(9 * time.Minute)
	s.silent(t, "word of it", says(locked))
	c.forward(2 * time.Minute)
	for _, said := range []xsim.Said{second, third} {
		ev := s.event(t, "word of it", func(ev chat.Event) bool { return ev.Message == idOf(said) })
		if posted(ev) != locked || ev.Author.Name != "Ann" || !ev.Direct || ev.Conversation != s.talk() {
			t.Errorf("the team is told %+v", ev)
		}
	}
	s.restart(t)
	c.forward(time.Hour)
	s.say(t, "more")
	s.waits(t, 3)
	s.sim.WithholdKey(s.brand, s.ann, false)
	s.event(t, "the words", func(ev chat.Event) bool {
		e, is := ev.What.(chat.Edited)
		return is && ev.Message == idOf(second) && e.Text.Body == "secret words"
	})
	s.event(t, "the edit", func(ev chat.Event) bool {
		e, is := ev.What.(chat.Edited)
		return is && ev.Message == idOf(first) && e.Text.Body == "first"
	})
	s.event(t, "the end of its word", func(ev chat.Event) bool { return ev.What == chat.Deleted{} && ev.Message == idOf(third) })
	s.event(t, "more", says("more"))
	n := 0
	for _, ev := range s.sink.Events() {
		if posted(ev) == locked {
			n++
		}
	}
	if n != 2 {
		t.Errorf("the team was told %d times of two messages", n)
	}
	s.silent(t, "the words as a message", says("secret words"))
}

// TestManyMessagesWait holds that more messages wait than are held here, and that they keep nothing waiting that can be read.
func TestManyMessagesWait(t *testing.T) {
	t.Parallel()
	for name, inline := range map[string]bool{"keys beside the events": false, "keys among the events": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			manyWait(t, inline)
		})
	}
}

func manyWait(t *testing.T, inline bool) {
	t.Helper()
	s := setupSealed(t)
	s.sim.KeysInline(inline)
	c := s.timed()
	s.begin(t)
	s.withhold(t)
	want := said("secret", 215)
	for _, words := range want {
		s.say(t, words)
	}
	s.waits(t, 200)
	s.posts(t, s.post("k", "what did you say?")) // with a key of our own making, as X keeps back the other one
	s.say(t, "can you read this?")
	s.event(t, "what can be read", says("can you read this?"))
	c.forward(11 * time.Minute)
	s.event(t, "word of it", says(locked))
	s.restart(t)
	told := 0
	for _, ev := range s.sink.Events() {
		if posted(ev) == locked {
			told++
		}
	}
	if told != 20 {
		t.Errorf("the team is told of %d messages at once, want 20", told)
	}
	s.sim.WithholdKey(s.brand, s.ann, false)
	c.forward(10 * time.Minute) // until then, nobody looks again
	s.awaits(t, "all of them", func() bool { return len(s.spoken()) >= len(want) })
	if got := s.spoken(); !slices.Equal(got, want) {
		t.Errorf("received %d messages %q, want %d", len(got), got, len(want))
	}
}

// spoken is what Ann's secrets read, as they were told or as they turned out.
func (s *sealedScene) spoken() []string {
	var all []string
	for _, ev := range s.sink.Events() {
		words := posted(ev)
		if e, is := ev.What.(chat.Edited); is {
			words = e.Text.Body
		}
		if strings.HasPrefix(words, "secret") {
			all = append(all, words)
		}
	}
	return all
}

// TestWhatWaitsIsTakenBack holds that a message that is taken back before its key comes is not shown when it does.
func TestWhatWaitsIsTakenBack(t *testing.T) {
	t.Parallel()
	s := setupSealed(t)
	s.begin(t)
	s.withhold(t)
	said := s.say(t, "never mind")
	s.waits(t, 1)
	if err := s.phone.Delete(s.brand, true, said.Sequence); err != nil {
		t.Fatal(err)
	}
	s.awaits(t, "the deletion", func() bool {
		b, err := s.keep.Kept(t.Context(), "chat/talk/"+s.room())
		return err == nil && strings.Contains(string(b), `"bygone"`)
	})
	s.say(t, "anyway")
	s.waits(t, 1)
	s.sim.WithholdKey(s.brand, s.ann, false)
	s.hears(t, "anyway")
	s.silent(t, "a deletion of what nobody knew", func(ev chat.Event) bool { return ev.What == chat.Deleted{} })
}

// TestSeekingKeysIsBounded holds that messages with keys that never come cost no more and more calls.
func TestSeekingKeysIsBounded(t *testing.T) {
	t.Parallel()
	s := setupSealed(t)
	c := s.timed()
	s.begin(t)
	for range 3 {
		s.withhold(t)
		s.say(t, "secret")
	}
	s.waits(t, 3)
	asked := func(polls, most int) {
		t.Helper()
		before, events := s.sim.Calls(xsim.ChatConversations), s.sim.Calls(xsim.ChatEvents)
		s.awaits(t, "some polls", func() bool { return s.sim.Calls(xsim.ChatConversations) >= before+polls })
		if n := s.sim.Calls(xsim.ChatEvents) - events; n > most {
			t.Errorf("in %d polls, X was asked %d times for events, want %d at most", polls, n, most)
		}
	}
	asked(20, 25) // what changed just now is read again for a while, and nothing else
	c.forward(24 * time.Hour)
	s.awaits(t, "a day later", func() bool { return len(s.sink.Events()) >= 3 })
	asked(20, 3)
}

// TestPeopleChangeTheirKeys holds that somebody who has new keys of their own is read and written to as before, also when X alone
// has said so yet.
func TestPeopleChangeTheirKeys(t *testing.T) {
	t.Parallel()
	for _, silent := range []bool{false, true} {
		s := setupSealed(t)
		s.begin(t)
		s.posts(t, s.post("k-1", "one"))
		if err := s.phone.Register(); err != nil {
			t.Fatal(err)
		}
		if !silent {
			s.say(t, "new telephone")
			s.event(t, "what was signed with new keys", says("new telephone"))
		}
		s.sim.FailChat(wire.RecipientKeyChanged)
		calls := s.sim.Calls(xsim.ChangeChatKey)
		s.posts(t, s.post("k-2", "two"))
		if n := s.sim.Calls(xsim.ChangeChatKey) - calls; n != 1 {
			t.Errorf("the conversation was given %d new keys, want one", n)
		}
		all := s.keyChanges(s.room())
		made, _ := all[len(all)-1].Detail.(wire.KeyChange)
		for _, w := range made.Keys {
			if newest := s.phone.Public(); w.User == s.ann && w.PublicKeyVersion != newest.Version {
				t.Errorf("the new key is sealed for Ann's keys of version %s, want %s", w.PublicKeyVersion, newest.Version)
			}
		}
		if h := s.sees(t, "the answer", func(h xsim.Heard) bool { return h.Text == "two" }); h.Unreadable != "" {
			t.Errorf("Ann sees %+v", h)
		}
		s.say(t, "got it")
		s.event(t, "what was sealed with the new key", says("got it"))
	}
}

// TestSignersThatXNeverLists holds that a message waits for its writer's keys as long as X can take to list them, and no longer; and
// that the team hears of it.
func TestSignersThatXNeverLists(t *testing.T) {
	t.Parallel()
	s := setupSealed(t)
	c := s.timed()
	s.begin(t)
	s.say(t, "good")
	s.event(t, "a good message", says("good"))
	all := s.sim.ChatEvents(s.room())
	s.sim.Inject(s.room(), all[len(all)-1].Encode(), s.next(), func(ev *wire.Event) { ev.ID, ev.Signature.KeyVersion = "forged", "5" })
	s.waits(t, 1)
	c.forward(11 * time.Minute)
	told := s.event(t, "word of it", says(locked))
	c.forward(time.Hour)
	s.skips(t, "chat: the sender's public keys are not listed")
	s.event(t, "that it can't be read", func(ev chat.Event) bool {
		e, is := ev.What.(chat.Edited)
		return is && ev.Message == told.Message && e.Text.Body == "🔒 an encrypted message that can't be read"
	})
}

// TestTeamIsToldOfNewerKeys holds that whoever waits for what is written for keys that were made elsewhere is told so.
func TestTeamIsToldOfNewerKeys(t *testing.T) {
	t.Parallel()
	s := setupSealed(t)
	c := s.timed()
	s.begin(t)
	s.sim.Phone(s.brand) // registers keys of its own
	if err := s.phone.NewKey(s.brand); err != nil {
		t.Fatal(err)
	}
	said := s.say(t, "for the other keys")
	s.waits(t, 1)
	c.forward(11 * time.Minute)
	ev := s.event(t, "word of it", func(ev chat.Event) bool { return ev.Message == idOf(said) })
	if want := "🔒 an encrypted message that can't be read yet: it may be for newer keys of the account than those here"; posted(ev) != want {
		t.Errorf("the team is told %q, want %q", posted(ev), want)
	}
}
