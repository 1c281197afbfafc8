package x_test

import (
	"bytes"
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/x"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/router/chat"
)

// TestOneConversationKeepsNoOtherWaiting holds that what X does not show of one conversation keeps no other one from being read, does
// not end the account, and comes when X shows it.
func TestOneConversationKeepsNoOtherWaiting(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 403, 404, 500, 503} {
		for _, way := range []string{x.Poll, x.Stream} {
			s, v := valved(t)
			if way == x.Stream {
				s.streams(t)
			}
			s.begin(t)
			bob := s.sim.Phone(s.bob)
			v.refuse(s.eventsPath(), status)
			s.sim.LoseEvents(1)
			s.say(t, "lost")
			s.say(t, "from Ann")
			polls := s.sim.Calls(xsim.ChatConversations)
			s.awaits(t, "more polls", func() bool { return s.sim.Calls(xsim.ChatConversations) > polls+1 })
			must(t)(bob.Say(s.brand, "from Bob"))
			s.event(t, "Bob", says("from Bob"))
			s.stop(t)
			must(t)(bob.Say(s.brand, "from Bob, later"))
			s.say(t, "still from Ann") // hers is the first in X's list
			s.run(t)
			s.event(t, "Bob", says("from Bob, later"))
			v.set(nil)
			s.say(t, "again")
			for _, words := range []string{"lost", "from Ann", "still from Ann", "again"} {
				s.event(t, words, says(words))
			}
			s.stop(t)
		}
	}
}

// TestXThatFailsIsLeftAlone holds that when X fails, not each of many conversations is asked for.
func TestXThatFailsIsLeftAlone(t *testing.T) {
	t.Parallel()
	s, v := valved(t)
	s.begin(t)
	s.stop(t)
	for range 20 {
		who := s.sim.AddUser(xsim.User{Name: "Somebody"}).ID
		must(t)(s.sim.Phone(who).Say(s.brand, "hello there"))
	}
	asked := make(chan struct{}, 1000)
	v.set(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || len(r.URL.Path) < 8 || r.URL.Path[len(r.URL.Path)-7:] != "/events" || r.URL.Path == "/2/dm_events" {
			return false
		}
		asked <- struct{}{}
		return refused(w, http.StatusServiceUnavailable)
	})
	before := s.sim.Calls(xsim.ChatConversations)
	s.run(t)
	s.awaits(t, "three polls", func() bool { return s.sim.Calls(xsim.ChatConversations) >= before+3 })
	s.stop(t)
	if polls := s.sim.Calls(xsim.ChatConversations) - before; len(asked) > 3*polls {
		t.Errorf("in %d polls, %d conversations were asked for", polls, len(asked))
	}
	v.set(nil)
	s.run(t)
	s.awaits(t, "all of them", func() bool {
		n := 0
		for _, ev := range s.sink.Events() {
			if posted(ev) == "hello there" {
				n++
			}
		}
		return n == 20
	})
}

// TestKeysThatXDoesNotShow holds that somebody whose public keys X does not let us see is read when it does, and stops nothing.
func TestKeysThatXDoesNotShow(t *testing.T) {
	t.Parallel()
	for _, status := range []int{403, 404, 500} {
		for _, way := range []string{x.Poll, x.Stream} {
			s, v := valved(t)
			if way == x.Stream {
				s.streams(t)
			}
			c := s.timed()
			s.begin(t)
			bob := s.sim.Phone(s.bob)
			v.refuse("/2/users/"+s.bob+"/public_keys", status)
			must(t)(bob.Say(s.brand, "who am I?"))
			s.say(t, "from Ann")
			s.event(t, "Ann", says("from Ann"))
			s.silent(t, "a message of nobody", says("who am I?"))
			v.set(nil)
			c.forward(6 * time.Minute) // until then, nobody asks again
			s.event(t, "Bob", says("who am I?"))
			s.stop(t)
		}
	}
}

// TestGroupThatXDoesNotShow holds that word of a group that can't be read stops nothing.
func TestGroupThatXDoesNotShow(t *testing.T) {
	t.Parallel()
	s, v := valved(t)
	s.streams(t)
	s.rarely()
	s.lives(t)
	v.set(func(w http.ResponseWriter, r *http.Request) bool {
		if len(r.URL.Path) < 25 || r.URL.Path[:23] != "/2/chat/conversations/g" {
			return false
		}
		return refused(w, http.StatusForbidden)
	})
	if _, err := s.phone.Group("tea", s.brand); err != nil {
		t.Fatal(err)
	}
	s.say(t, "did you see?")
	s.event(t, "the next message", says("did you see?"))
}

// TestChatIsThrottled holds that X is not asked again before it wants to be.
func TestChatIsThrottled(t *testing.T) {
	t.Parallel()
	for _, route := range []xsim.Route{xsim.ChatConversations, xsim.ChatEvents} {
		s := setupSealed(t)
		s.begin(t)
		s.stop(t)
		s.say(t, "slowly")
		s.sim.Fail(route, xsim.Fault{Throttle: true, Reset: 2 * time.Second})
		before, began := s.sim.Calls(route), time.Now()
		s.run(t)
		s.event(t, "the message", says("slowly"))
		if d := time.Since(began); d < time.Second {
			t.Errorf("%s: X was asked again after %v", route, d)
		}
		if n := s.sim.Calls(route) - before; n > 10 {
			t.Errorf("%s: X was asked %d times", route, n)
		}
	}
}

// TestChatEndsTheAccount holds that an account that is logged out, or has no credit, says so, whichever call it was.
func TestChatEndsTheAccount(t *testing.T) {
	t.Parallel()
	for _, way := range []string{x.Poll, x.Stream} {
		for _, tc := range []struct {
			status int
			want   chat.Kind
		}{{http.StatusPaymentRequired, chat.Unfunded}, {http.StatusUnauthorized, chat.LoggedOut}} {
			s, v := valved(t)
			if way == x.Stream {
				s.streams(t)
			}
			s.begin(t)
			v.refuse(s.eventsPath(), tc.status)
			s.sim.LoseEvents(1)
			s.say(t, "one")
			s.say(t, "two")
			if err := s.fails(t); chat.KindOf(err) != tc.want {
				t.Errorf("%s: with status %d, Run = %v, want %v", way, tc.status, err, tc.want)
			}
			v.set(nil)
			s.run(t)
			s.event(t, "one", says("one"))
			s.event(t, "two", says("two"))
			s.stop(t)
		}
	}
}

// TestPostsDontWaitForCatchingUp holds that an answer goes out while X does not say what is new.
func TestPostsDontWaitForCatchingUp(t *testing.T) {
	t.Parallel()
	s, _ := sealedBy(t, x.Stream)
	s.lives(t)
	before := s.sim.Calls(xsim.ChatEvents)
	s.sim.Fail(xsim.ChatEvents, xsim.Fault{Hang: true})
	s.sim.LoseEvents(1)
	s.say(t, "one")
	s.say(t, "two")
	s.awaits(t, "a call that hangs", func() bool { return s.sim.Calls(xsim.ChatEvents) > before })
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := s.conn.Post(ctx, s.post("k", "answer")); err != nil {
		t.Errorf("post = %v", err)
	}
	if err := chat.Type(ctx, s.conn, s.talk()); err != nil {
		t.Errorf("type = %v", err)
	}
}

// TestReadMarksGoOutOnce holds that what was answered is marked as read, once, and that Close waits for it.
func TestReadMarksGoOutOnce(t *testing.T) {
	t.Parallel()
	s := setupSealed(t)
	s.begin(t)
	said := s.say(t, "read this")
	s.event(t, "the message", says("read this"))
	s.awaits(t, "its place", func() bool {
		b, err := s.keep.Kept(t.Context(), "chat/talk/"+s.room())
		return err == nil && wireHas(b, said.Sequence)
	})
	s.stop(t)
	s.sim.Fail(xsim.ReadChat, xsim.Fault{Late: 100 * time.Millisecond})
	began := time.Now()
	for _, key := range []chat.Key{"k-1", "k-2", "k-3"} {
		s.posts(t, s.post(key, "answer "+string(key)))
	}
	took := time.Since(began)
	if err := s.conn.Close(); err != nil {
		t.Error(err)
	}
	if n := s.sim.Calls(xsim.ReadChat); n != 1 {
		t.Errorf("X was told %d times, want once", n)
	}
	if until := s.phone.Signals(s.brand).Read[s.brand]; until != said.Sequence {
		t.Errorf("it is read up to %d, want %d; three posts took %v", until, said.Sequence, took)
	}
}

func wireHas(b []byte, n wire.Sequence) bool { return bytes.Contains(b, []byte(n.String())) }
