package x_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/x"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// byWhich is how a person was answered last: in the clear, encrypted, or not at all.
func (s *sealedScene) byWhich(t *testing.T, who, words string) string {
	t.Helper()
	open := slices.ContainsFunc(s.sim.Conversation(s.brand, who), func(d xsim.DM) bool { return d.Sender == s.brand && d.Text == words })
	sealed := s.sim.Calls(xsim.SendChatMessage) > 0 && slices.ContainsFunc(s.sim.Phone(who).Talk(s.brand), func(h xsim.Heard) bool {
		return h.Sender == s.brand && h.Text == words && h.Unreadable == ""
	})
	switch {
	case open && sealed:
		return "both"
	case open:
		return "clear"
	case sealed:
		return "sealed"
	}
	return ""
}

// TestPeopleAreAnsweredTheWayTheyWrote holds that somebody who writes now in the clear, now encrypted, is in one conversation, and is
// answered the way they wrote last, also by a new process.
func TestPeopleAreAnsweredTheWayTheyWrote(t *testing.T) {
	t.Parallel()
	for _, way := range []string{x.Poll, x.Stream} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			s, _ := sealedBy(t, way)
			s.lives(t)
			var want []string
			for i, sealed := range []bool{false, true, true, false, false, true, false} {
				words := "question " + string(rune('a'+i))
				if sealed {
					s.say(t, words)
				} else {
					s.sim.Say(s.ann, s.brand, xsim.Draft{Text: words})
				}
				ev := s.event(t, words, says(words))
				if ev.Conversation != s.talk() || !ev.Direct || ev.Author.Name != "Ann" {
					t.Errorf("%q is %+v", words, ev)
				}
				want = append(want, words)
				if i%3 == 2 {
					s.restart(t)
				}
				s.posts(t, s.post(chat.Key(words), "answer to "+words))
				if got := s.byWhich(t, s.ann, "answer to "+words); got != map[bool]string{true: "sealed", false: "clear"}[sealed] {
					t.Errorf("the answer to %q, sealed %v, went %q", words, sealed, got)
				}
			}
			s.hears(t, want...)
		})
	}
}

// TestLateMessagesChangeNoWay holds that somebody is answered the way that they wrote last, although X shows what they wrote before
// it only afterwards.
func TestLateMessagesChangeNoWay(t *testing.T) {
	t.Parallel()
	for _, sealed := range []bool{false, true} {
		s, v := valved(t)
		s.begin(t)
		v.refuse(map[bool]string{true: "/2/dm_events", false: s.eventsPath()}[sealed], http.StatusServiceUnavailable)
		write := func(words string, sealed bool) {
			t.Helper()
			if sealed {
				s.say(t, words)
			} else {
				s.sim.Say(s.ann, s.brand, xsim.Draft{Text: words})
			}
		}
		write("before", !sealed)
		polls := s.sim.Calls(xsim.ChatConversations)
		s.awaits(t, "a poll in vain", func() bool { return s.sim.Calls(xsim.ChatConversations) > polls+2 })
		write("last", sealed)
		s.event(t, "the last message", says("last"))
		v.set(nil)
		s.event(t, "the one before it", says("before"))
		s.posts(t, s.post("k", "answer"))
		if got := s.byWhich(t, s.ann, "answer"); got != map[bool]string{true: "sealed", false: "clear"}[sealed] {
			t.Errorf("the last message was sealed: %v; the answer went %q", sealed, got)
		}
		s.hears(t, "last", "before")
	}
}

// TestWaysChangeBetweenTries holds that a post whose end is not known goes on the way that it began, whichever way the other one
// writes meanwhile.
func TestWaysChangeBetweenTries(t *testing.T) {
	t.Parallel()
	for _, sealed := range []bool{false, true} {
		for _, arrived := range []bool{false, true} {
			s := setupSealed(t)
			s.sim.FoldRepeats(false)
			s.begin(t)
			ask := func(words string, sealed bool) {
				t.Helper()
				if sealed {
					s.say(t, words)
				} else {
					s.sim.Say(s.ann, s.brand, xsim.Draft{Text: words})
				}
				s.event(t, words, says(words))
			}
			ask("first", sealed)
			since := time.Now()
			fault := xsim.Fault{AcceptThenDrop: true}
			if !arrived {
				fault = xsim.Fault{Status: http.StatusBadGateway}
			}
			s.sim.Fail(map[bool]xsim.Route{true: xsim.SendChatMessage, false: xsim.SendToParticipant}[sealed], fault)
			p := s.post("k", "once")
			if _, err := s.conn.Post(t.Context(), p); chat.KindOf(err) != chat.Uncertain {
				t.Fatalf("post = %v, want Uncertain", err)
			}
			ask("second", !sealed)
			_, found, _, err := chat.Find(t.Context(), s.conn, p, since)
			if err != nil || found != arrived {
				t.Fatalf("find = %v, %v; want %v", found, err, arrived)
			}
			if !found {
				s.posts(t, p)
			}
			if got := s.byWhich(t, s.ann, "once"); got == "" || got == "both" || sealed && got != "sealed" {
				t.Errorf("sealed %v, arrived %v: the answer went %q, want one way, and the one that was sealed as it was", sealed, arrived, got)
			}
		}
	}
}

// TestFirstWordsGoSomeWay holds which way somebody is written to who has not written yet.
func TestFirstWordsGoSomeWay(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		set  func(s *sealedScene)
		want string
		why  string // why it went nowhere
	}{
		{"with keys", func(s *sealedScene) { s.sim.Phone(s.bob) }, "sealed", ""},
		{"without keys", func(*sealedScene) {}, "clear", ""},
		{"with keys, and no trust", func(s *sealedScene) { s.sim.Phone(s.bob); s.sim.Distrust(s.bob, s.brand) }, "clear", ""},
		{"with keys, and encrypted messages only", func(s *sealedScene) { s.sim.Phone(s.bob); s.sim.Encrypted(s.bob, true) }, "sealed", ""},
		{"encrypted messages only, and no keys", func(s *sealedScene) { s.sim.Encrypted(s.bob, true) }, "", "this person can't be written to in an encrypted way"},
		{"chat is off", func(s *sealedScene) { s.cfg.Chat = x.ChatOff; s.sim.Phone(s.bob) }, "clear", ""},
		{"chat is off, and encrypted messages only", func(s *sealedScene) {
			s.cfg.Chat = x.ChatOff
			s.sim.Encrypted(s.bob, true)
		}, "", "this person only takes encrypted messages"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := setupSealed(t)
			tc.set(s)
			s.open(t)
			to := chat.Conversation{Account: account, ID: chat.ConversationID(s.bob)}
			_, err := s.conn.Post(t.Context(), chat.Post{Key: "k", To: to, Text: text.Plain("hello Bob")})
			if got := s.byWhich(t, s.bob, "hello Bob"); got != tc.want || (err != nil) != (tc.why != "") {
				t.Errorf("it went %q, %v; want %q", got, err, tc.want)
			}
			if tc.why != "" && !strings.Contains(chat.Reason(err), tc.why) {
				t.Errorf("the reason is %q, want %q", chat.Reason(err), tc.why)
			}
		})
	}
}

// TestGuessIsNoKnowledge holds that a first message that was sealed on a guess, and whose end was not known, goes in the clear when
// X says at last that its reader does not take it.
func TestGuessIsNoKnowledge(t *testing.T) {
	t.Parallel()
	s := setupSealed(t)
	s.open(t)
	s.sim.Phone(s.bob)
	p := chat.Post{Key: "k", To: chat.Conversation{Account: account, ID: chat.ConversationID(s.bob)}, Text: text.Plain("hello Bob")}
	since := time.Now()
	s.sim.Fail(xsim.SendChatMessage, xsim.Fault{Status: http.StatusBadGateway})
	if _, err := s.conn.Post(t.Context(), p); chat.KindOf(err) != chat.Uncertain {
		t.Fatalf("post = %v, want Uncertain", err)
	}
	if _, found, _, err := chat.Find(t.Context(), s.conn, p, since); found || err != nil {
		t.Fatalf("find = %v, %v", found, err)
	}
	s.sim.FailChat(wire.RecipientNotTrusted)
	s.posts(t, p)
	if got := s.byWhich(t, s.bob, "hello Bob"); got != "clear" {
		t.Errorf("it went %q, want in the clear", got)
	}
}

// TestChatOff holds that an account that should not take encrypted messages does not.
func TestChatOff(t *testing.T) {
	t.Parallel()
	s := setupSealed(t)
	s.cfg.Chat = x.ChatOff
	s.run(t)
	s.say(t, "sealed")
	s.ready(t)
	s.silent(t, "an encrypted message", says("sealed"))
	if n := s.sim.Calls(xsim.ChatConversations); n > 0 {
		t.Errorf("X was asked %d times for encrypted conversations", n)
	}
	if traits := s.conn.Traits(); traits.Edit.Out || traits.Edit.In || traits.Reply || traits.Types {
		t.Errorf("traits are %+v", traits)
	}
}

// TestAnswersAtOnce holds that an answer that is given in the moment in which a message is stored goes the way of that message.
func TestAnswersAtOnce(t *testing.T) {
	t.Parallel()
	s := setupSealed(t)
	s.begin(t)
	s.sim.Say(s.ann, s.brand, xsim.Draft{Text: "in the clear"})
	s.event(t, "the classic message", says("in the clear"))
	answered := make(chan error, 10)
	s.sink.Refuse(func(b chat.Batch) error {
		if slices.ContainsFunc(b.Events, says("sealed")) {
			_, err := s.conn.Post(t.Context(), s.post("k", "at once"))
			answered <- err
		}
		return nil
	})
	s.say(t, "sealed")
	s.event(t, "the encrypted message", says("sealed"))
	if err := <-answered; err != nil {
		t.Fatal(err)
	}
	if got := s.byWhich(t, s.ann, "at once"); got != "sealed" {
		t.Errorf("the answer went %q", got)
	}
}
