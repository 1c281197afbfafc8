package x_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/roost-im/roost/bridges/x"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/router/chat"
)

// keyChanges is the conversation's, oldest first.
func (s *sealedScene) keyChanges(room string) []wire.Event {
	return slices.DeleteFunc(s.sim.ChatEvents(room), func(ev wire.Event) bool { _, is := ev.Detail.(wire.KeyChange); return !is })
}

// writtenWith is the version of the key that the newest message of the account was sealed with.
func (s *sealedScene) writtenWith() string {
	version := ""
	for _, ev := range s.sim.ChatEvents(s.room()) {
		if m, is := ev.Detail.(wire.MessageCreate); is && ev.Sender == s.brand {
			version = m.KeyVersion
		}
	}
	return version
}

// TestKeysThatAreNotWrittenWith holds that a message of the account is sealed with the newest key that somebody in the
// conversation made for it, whatever X puts into the conversation besides.
func TestKeysThatAreNotWrittenWith(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		inject func(t *testing.T, s *sealedScene)
		reason string // why it is skipped; empty: it is not
		listed bool   // what is told of it by stream names its own conversation
	}{
		{"an older key, again", func(_ *testing.T, s *sealedScene) {
			s.sim.Inject(s.room(), s.keyChanges(s.room())[0].Encode(), s.next())
		}, "", false},
		{"another conversation's key", func(t *testing.T, s *sealedScene) {
			t.Helper()
			bob := s.sim.Phone(s.bob)
			must(t)(bob.Say(s.brand, "hello"))
			if err := bob.NewKey(s.brand); err != nil {
				t.Fatal(err)
			}
			of := s.keyChanges(xchat.ConversationID(s.bob, s.brand))
			s.sim.Inject(s.room(), of[len(of)-1].Encode(), s.next())
		}, "chat: of another conversation", true},
		{"a stranger's key", func(t *testing.T, s *sealedScene) { t.Helper(); s.plants(t, s.bob) }, "chat: the signature does not hold", false},
		{"a key by Ann's name", func(t *testing.T, s *sealedScene) { t.Helper(); s.plants(t, s.ann) }, "chat: the signature does not hold", false},
		{"a key for others", func(_ *testing.T, s *sealedScene) {
			all := s.keyChanges(s.room())
			s.sim.Inject(s.room(), all[len(all)-1].Encode(), s.next(), func(ev *wire.Event) {
				k, _ := ev.Detail.(wire.KeyChange)
				k.Version = "99" + k.Version
				k.Keys = slices.DeleteFunc(slices.Clone(k.Keys), func(w wire.WrappedKey) bool { return w.User == s.brand })
				ev.Detail = k
			})
		}, "", false},
		{"an unsigned key", func(_ *testing.T, s *sealedScene) {
			all := s.keyChanges(s.room())
			s.sim.Inject(s.room(), all[len(all)-1].Encode(), s.next(), func(ev *wire.Event) {
				k, _ := ev.Detail.(wire.KeyChange)
				k.Version = "99" + k.Version
				ev.Detail, ev.Signature = k, wire.Signature{}
			})
		}, "chat: it is not signed", false},
	} {
		for _, way := range []string{x.Poll, x.Stream} {
			if tc.listed && way == x.Stream {
				continue
			}
			t.Run(tc.name+" by "+way, func(t *testing.T) {
				t.Parallel()
				s, _ := sealedBy(t, way)
				s.sim.KeysInline(true)
				s.lives(t)
				if err := s.phone.NewKey(s.brand); err != nil {
					t.Fatal(err)
				}
				s.say(t, "with a new key")
				s.event(t, "the message", says("with a new key"))
				all := s.keyChanges(s.room())
				newest, _ := all[len(all)-1].Detail.(wire.KeyChange)
				tc.inject(t, s)
				if tc.reason != "" {
					s.skips(t, tc.reason)
				}
				s.say(t, "afterwards")
				s.event(t, "the next message", says("afterwards"))
				s.posts(t, s.post("k", "answer"))
				if got := s.writtenWith(); got != newest.Version {
					t.Errorf("the answer is sealed with key %s, want %s", got, newest.Version)
				}
				if h := s.sees(t, "the answer", func(h xsim.Heard) bool { return h.Sender == s.brand }); h.Text != "answer" {
					t.Errorf("Ann sees %+v", h)
				}
			})
		}
	}
}

// TestKeysAreLearnedFromTheirConversation holds that a key of another conversation is not taken when X says that there is a newer
// one either.
func TestKeysAreLearnedFromTheirConversation(t *testing.T) {
	t.Parallel()
	posted := &register{}
	s := setupSealedOn(t, xsim.Config{Wrap: posted.wrap})
	s.sim.KeysInline(true)
	s.begin(t)
	s.stop(t)
	must(t)(s.sim.Phone(s.bob).Say(s.brand, "hello"))
	of := s.keyChanges(xchat.ConversationID(s.bob, s.brand))
	s.sim.Inject(s.room(), of[len(of)-1].Encode(), s.next())
	s.open(t)
	forBob := s.post("k-1", "for Bob alone") // so that it is known what he signs with
	forBob.To.ID = chat.ConversationID(s.bob)
	s.posts(t, forBob)
	before := len(posted.all())
	s.sim.FailChat(wire.NonLatestKeyVersion)
	s.posts(t, s.post("k-2", "for Ann alone"))
	if h := s.sees(t, "the post", func(h xsim.Heard) bool { return h.Sender == s.brand }); h.Text != "for Ann alone" || h.Unreadable != "" {
		t.Errorf("Ann sees %+v", h)
	}
	k, _ := of[len(of)-1].Detail.(wire.KeyChange)
	for i, p := range posted.all()[before:] {
		if m, err := wire.ParseMessageCreate(p.Message); err != nil || m.KeyVersion == k.Version {
			t.Errorf("try %d is sealed with Bob's key, %v", i, err)
		}
	}
}

// plants puts a key into the conversation, for its people, that somebody has made who has not the keys of whom it names.
func (s *sealedScene) plants(t *testing.T, by string) {
	t.Helper()
	keys, err := xchat.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	var people []xchat.PublicKeys
	all := s.keyChanges(s.room())
	k, _ := all[0].Detail.(wire.KeyChange)
	for _, w := range k.Keys {
		p := keys.Public()
		p.User, p.Version = w.User, w.PublicKeyVersion
		if w.User == s.brand { // the key is really for us
			if p, err = s.public(t); err != nil {
				t.Fatal(err)
			}
		}
		people = append(people, p)
	}
	s.sim.Phone(s.bob) // who has keys, too
	made, err := xchat.Author{Keys: keys, User: s.ann, Version: all[0].Signature.KeyVersion}.Rotate("planted", s.room(), "99"+k.Version, people)
	if err != nil {
		t.Fatal(err)
	}
	detail, err := wire.ParseDetail(made.Actions[0].Detail)
	if err != nil {
		t.Fatal(err)
	}
	s.sim.Inject(s.room(), all[0].Encode(), s.next(), func(ev *wire.Event) {
		ev.ID, ev.Sender, ev.Detail = "planted", by, detail
		ev.Signature.Value = unbase64(t, made.Actions[0].Signature.Value)
	})
}

// TestGroupsAreJoinedAndWritten holds that the account that came into a group hears and is heard, once its key is there, whichever
// way X spells that it came; and that who comes and goes is told.
func TestGroupsAreJoinedAndWritten(t *testing.T) {
	t.Parallel()
	for _, old := range []bool{false, true} {
		s, _ := sealedBy(t, x.Stream)
		s.sim.OldNames(old)
		s.lives(t)
		bob := s.sim.Phone(s.bob)
		id, err := s.phone.Group("tea", s.ann)
		if err != nil {
			t.Fatal(err)
		}
		room := chat.Conversation{Account: account, ID: chat.ConversationID(id)}
		s.sim.WithholdKey(s.brand, id, true)
		if err := s.phone.Add(id, s.brand); err != nil {
			t.Fatal(err)
		}
		early := must(t)(s.phone.Say(id, "welcome"))
		_, err = s.conn.Post(t.Context(), chat.Post{Key: "k-0", To: room, Text: s.post("", "hi all").Text})
		if chat.KindOf(err) != chat.Refused || chat.Reason(err) != "the group's key has not reached this account" {
			t.Errorf("writing without a key = %v, %q", err, chat.Reason(err))
		}
		s.sim.WithholdKey(s.brand, id, false)
		ev := s.event(t, "the welcome", func(ev chat.Event) bool { return ev.Message == idOf(early) })
		if posted(ev) != "welcome" || ev.Direct || ev.Conversation != room {
			t.Errorf("the welcome is %+v", ev)
		}
		s.posts(t, chat.Post{Key: "k-1", To: room, Text: s.post("", "hi all").Text})
		if err := s.phone.Add(id, s.bob); err != nil {
			t.Fatal(err)
		}
		s.moves(t, room, s.bob, chat.Joined{})
		must(t)(bob.Say(id, "me too"))
		s.event(t, "Bob", says("me too"))
		called := must(t)(s.phone.Say(id, "@AcmeTea is it late?"))
		ev = s.event(t, "the call", func(ev chat.Event) bool { return ev.Message == idOf(called) })
		if !ev.Addressed {
			t.Errorf("the call is %+v, want that it is addressed to the account", ev)
		}
		if err := bob.Leave(id); err != nil {
			t.Fatal(err)
		}
		s.moves(t, room, s.bob, chat.Left{})
	}
}

// TestComingIntoAGroupIsTold holds that a group is read when X tells that the account came into it, by whichever name it can be
// subscribed to, although nothing that happened there is told.
func TestComingIntoAGroupIsTold(t *testing.T) {
	t.Parallel()
	for _, old := range []bool{false, true} {
		s, _ := sealedBy(t, x.Stream)
		s.sim.OldNames(old)
		s.lives(t)
		s.checks(t, map[string]string{"subscriptions": "fine: all that is needed"})
		id, err := s.phone.Group("tea", s.ann)
		if err != nil {
			t.Fatal(err)
		}
		s.sim.LoseEvents(2) // the key, and the change of the group
		if err := s.phone.Add(id, s.brand); err != nil {
			t.Fatal(err)
		}
		s.moves(t, chat.Conversation{Account: account, ID: chat.ConversationID(id)}, s.brand, chat.Joined{})
	}
}

// TestNamesOfComingIntoAGroup holds that X can name it in each of the ways in which it has.
func TestNamesOfComingIntoAGroup(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"chat.conversation.join", "chat.conversation_join", "ChatConversationJoin"} {
		s, p := sealedBy(t, x.Webhook)
		s.lives(t)
		s.sim.LoseEvents(1000)
		id, err := s.phone.Group("tea", s.brand)
		if err != nil {
			t.Fatal(err)
		}
		must(t)(s.phone.Say(id, "welcome"))
		if status := s.tells(t, p, name, map[string]string{"conversation_id": id, "sender_id": s.ann}); status != http.StatusOK {
			t.Errorf("%s was answered with %d", name, status)
		}
		s.hears(t, "welcome")
	}
}

// moves waits until somebody has come or gone.
func (s *sealedScene) moves(t *testing.T, in chat.Conversation, who string, what chat.Happening) {
	t.Helper()
	s.event(t, chat.HappeningName(what), func(ev chat.Event) bool {
		return ev.What == what && ev.Author.ID == chat.PersonID(who) && ev.Conversation == in
	})
}

// TestKeysOfThoseWhoLeft holds that a key is read with whose maker X does not list any more, and not written with.
func TestKeysOfThoseWhoLeft(t *testing.T) {
	t.Parallel()
	s, v := valved(t)
	s.sim.KeysInline(true)
	s.begin(t)
	bob := s.sim.Phone(s.bob)
	id, err := s.phone.Group("tea", s.brand, s.bob)
	if err != nil {
		t.Fatal(err)
	}
	must(t)(s.phone.Say(id, "first"))
	s.event(t, "the first", says("first"))
	s.restart(t) // nobody is known any more
	v.refuse("/2/users/"+s.bob+"/public_keys", http.StatusNotFound)
	if err := bob.NewKey(id); err != nil {
		t.Fatal(err)
	}
	if err := bob.Leave(id); err != nil {
		t.Fatal(err)
	}
	must(t)(s.phone.Say(id, "second"))
	s.event(t, "what is sealed with the key of somebody who left", says("second"))
	_, err = s.conn.Post(t.Context(), chat.Post{Key: "k", To: chat.Conversation{Account: account, ID: chat.ConversationID(id)}, Text: s.post("", "hi").Text})
	if chat.KindOf(err) != chat.Transient {
		t.Errorf("a post while the newest key is nobody's = %v, want Transient", err)
	}
}
