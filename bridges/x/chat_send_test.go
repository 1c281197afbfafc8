package x_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// register of what was posted to encrypted conversations.
type register struct {
	mu     sync.Mutex
	bodies []xchat.Payload
}

// wrap reads the posts on their way.
func (r *register) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if strings.HasPrefix(q.URL.Path, "/2/chat/conversations/") && strings.HasSuffix(q.URL.Path, "/messages") {
			b, _ := io.ReadAll(q.Body)
			q.Body = io.NopCloser(bytes.NewReader(b))
			var p xchat.Payload
			_ = json.Unmarshal(b, &p)
			r.mu.Lock()
			r.bodies = append(r.bodies, p)
			r.mu.Unlock()
		}
		next.ServeHTTP(w, q)
	})
}

func (r *register) all() []xchat.Payload {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.bodies)
}

// written counts the messages with these words that the account wrote, as X and Ann have them.
func (s *sealedScene) written(t *testing.T, words string) int {
	t.Helper()
	n := 0
	ids := map[string]bool{}
	for _, h := range s.phone.Talk(s.brand) {
		if h.Sender == s.brand && h.Text == words {
			ids[h.MessageID] = true
		}
	}
	for _, ev := range s.sim.ChatEvents(s.room()) {
		if _, is := ev.Detail.(wire.MessageCreate); is && ids[ev.ID] {
			n++
		}
	}
	return n
}

// TestRepeatsAreTheSameBytes holds that a post whose answer was lost, in whichever way, is found, also by a new process, and that a
// repeat is the very same bytes.
func TestRepeatsAreTheSameBytes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		fault   xsim.Fault
		arrived bool
	}{
		{"taken, and not answered", xsim.Fault{AcceptThenDrop: true}, true},
		{"not taken, and not answered", xsim.Fault{Status: http.StatusBadGateway}, false},
		{"answered with something else", xsim.Fault{Body: "<html>"}, false},
		{"answered with nothing", xsim.Fault{Body: `{"data":{}}`}, false},
	} {
		for _, restart := range []bool{false, true} {
			for _, fold := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, restart %v, fold %v", tc.name, restart, fold), func(t *testing.T) {
					t.Parallel()
					r := &register{}
					s := setupSealedOn(t, xsim.Config{Wrap: r.wrap})
					s.sim.FoldRepeats(fold)
					s.begin(t)
					since := time.Now()
					p := s.post("k", "only once")
					s.sim.Fail(xsim.SendChatMessage, tc.fault)
					if _, err := s.conn.Post(t.Context(), p); chat.KindOf(err) != chat.Uncertain {
						t.Fatalf("post = %v, want Uncertain", err)
					}
					if restart {
						s.restart(t)
					}
					posts := 2
					if !fold { // X makes a second message of a repeat, so nobody repeats what may have arrived
						_, found, known, err := chat.Find(t.Context(), s.conn, p, since)
						if err != nil || !known || found != tc.arrived {
							t.Fatalf("find = %v, %v, %v; want %v", found, known, err, tc.arrived)
						}
						if found {
							posts = 1
						}
					}
					s.posts(t, p)
					s.posts(t, p) // what is known to have arrived is not sent again
					s.sees(t, "the message", func(h xsim.Heard) bool { return h.Text == "only once" })
					if n := s.written(t, "only once"); n != 1 {
						t.Errorf("there are %d messages", n)
					}
					all := r.all()
					for _, b := range all {
						if b != all[0] {
							t.Errorf("a repeat was %+v, want %+v", b, all[0])
						}
					}
					if len(all) != posts {
						t.Errorf("it was posted %d times, want %d", len(all), posts)
					}
				})
			}
		}
	}
}

// TestKeysOfConversationsAreMended holds that a message whose key is not the one that X wants goes with another one.
func TestKeysOfConversationsAreMended(t *testing.T) {
	t.Parallel()
	for _, withheld := range []bool{false, true} {
		s := setupSealed(t)
		s.begin(t)
		s.stop(t)
		s.open(t)
		s.posts(t, s.post("k-1", "one"))
		s.sim.WithholdKey(s.brand, s.ann, withheld)
		if err := s.phone.NewKey(s.brand); err != nil {
			t.Fatal(err)
		}
		keys := s.sim.Calls(xsim.ChangeChatKey)
		s.posts(t, s.post("k-2", "two"))
		s.sees(t, "the second", func(h xsim.Heard) bool { return h.Text == "two" && h.Unreadable == "" })
		if n := s.sim.Calls(xsim.ChangeChatKey) - keys; n != map[bool]int{true: 1}[withheld] {
			t.Errorf("with the key withheld %v, %d keys were made", withheld, n)
		}
		if n := s.written(t, "two"); n != 1 {
			t.Errorf("there are %d messages", n)
		}
	}
}

// TestFirstContact holds that a conversation that has not begun is given a key, one and no more, also when the answer is lost.
func TestFirstContact(t *testing.T) {
	t.Parallel()
	for _, fault := range []xsim.Fault{{Late: time.Millisecond}, {AcceptThenDrop: true}, {Status: http.StatusInternalServerError}} {
		s := setupSealed(t)
		s.begin(t)
		bob := s.sim.Phone(s.bob)
		to := chat.Conversation{Account: account, ID: chat.ConversationID(s.bob)}
		s.sim.Fail(xsim.ChangeChatKey, fault)
		p := chat.Post{Key: "k", To: to, Text: text.Plain("hello Bob")}
		_, err := s.conn.Post(t.Context(), p)
		if lost := fault.Late == 0; lost != (err != nil) || lost && chat.KindOf(err) != chat.Transient {
			t.Fatalf("post = %v; the key's answer was lost: %v", err, lost)
		}
		s.posts(t, p)
		all := bob.Talk(s.brand)
		if len(all) != 1 || all[0].Text != "hello Bob" || all[0].Sender != s.brand {
			t.Errorf("Bob sees %+v", all)
		}
		if n := len(s.keyChanges(xchat.ConversationID(s.bob, s.brand))); n != 1 {
			t.Errorf("the conversation has %d keys, want one", n)
		}
		must(t)(bob.Say(s.brand, "hello yourself"))
		s.event(t, "Bob", says("hello yourself"))
	}
}

// TestKeysOfTwoAtOnce holds that a key is written with that somebody else was quicker to give, and that one of ours is newer than
// theirs whatever our clock says.
func TestKeysOfTwoAtOnce(t *testing.T) {
	t.Parallel()
	v := &valve{}
	s := setupSealedOn(t, xsim.Config{Wrap: v.wrap})
	s.begin(t)
	bob := s.sim.Phone(s.bob)
	room := xchat.ConversationID(s.bob, s.brand)
	quicker := sync.OnceFunc(func() { must(t)(bob.Say(s.brand, "I was quicker")) })
	v.set(func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/keys") {
			quicker()
		}
		return false
	})
	s.timed().forward(-time.Hour)
	s.restart(t)
	to := chat.Conversation{Account: account, ID: chat.ConversationID(s.bob)}
	s.posts(t, chat.Post{Key: "k-1", To: to, Text: text.Plain("hello Bob")})
	s.sim.FailChat(wire.RecipientKeyChanged)
	s.posts(t, chat.Post{Key: "k-2", To: to, Text: text.Plain("still there?")})
	for i, words := range []string{"I was quicker", "hello Bob", "still there?"} {
		if all := bob.Talk(s.brand); len(all) != 3 || all[i].Text != words {
			t.Fatalf("Bob sees %+v, want %q as number %d", all, words, i)
		}
	}
	if n := len(s.keyChanges(room)); n != 2 {
		t.Errorf("the conversation had %d keys, want two", n)
	}
}

// TestSealedBudget holds that what X did not take is not counted, and that what may have arrived is.
func TestSealedBudget(t *testing.T) {
	t.Parallel()
	s := setupSealed(t)
	s.cfg.Budget.Sends = 3
	s.begin(t)
	post := func(key chat.Key) error {
		_, err := s.conn.Post(t.Context(), s.post(key, "words "+string(key)))
		return err
	}
	s.sim.FailChat(wire.FlaggedAsSpam)
	s.sim.Fail(xsim.SendChatMessage, xsim.Fault{Status: http.StatusForbidden})
	for _, key := range []chat.Key{"k-1", "k-2"} {
		if err := post(key); chat.KindOf(err) != chat.Refused {
			t.Errorf("post %s = %v, want Refused", key, err)
		}
	}
	s.sim.FailChat(wire.NonLatestKeyVersion) // mended, and one message
	for _, key := range []chat.Key{"k-3", "k-4"} {
		if err := post(key); err != nil {
			t.Errorf("post %s = %v", key, err)
		}
	}
	s.sim.Fail(xsim.SendChatMessage, xsim.Fault{AcceptThenDrop: true})
	if err := post("k-5"); chat.KindOf(err) != chat.Uncertain {
		t.Errorf("post = %v, want Uncertain", err)
	}
	if err := post("k-6"); chat.KindOf(err) != chat.Throttled || chat.Reason(err) != "the day's budget of 3 messages on X is used up" {
		t.Errorf("the fourth = %v", err)
	}
	if err := chat.Type(t.Context(), s.conn, s.talk()); err != nil {
		t.Errorf("typing costs nothing, and = %v", err)
	}
}

// TestWhatXWantsBack holds that a message lives as long as others of its conversation, and brings the conversation's token.
func TestWhatXWantsBack(t *testing.T) {
	t.Parallel()
	r := &register{}
	var plain atomic.Bool // the list does not tell how long messages live
	hour := func(next http.Handler) http.Handler {
		return r.wrap(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			if q.URL.Path != "/2/chat/conversations" || plain.Load() {
				next.ServeHTTP(w, q)
				return
			}
			rewrite(next, w, q, func(body string) string {
				return strings.ReplaceAll(body, `"type":"direct"`, `"type":"direct","message_ttl_ms":3600000`)
			})
		}))
	}
	s := setupSealedOn(t, xsim.Config{Wrap: hour})
	s.begin(t)
	s.restart(t) // both are on disk
	s.posts(t, s.post("k-1", "hi"))
	lives := func() time.Duration {
		all := r.all()
		m, err := wire.ParseMessageCreate(all[len(all)-1].Message)
		if err != nil {
			t.Fatal(err)
		}
		return m.TTL
	}
	if got, all := lives(), r.all(); got != time.Hour || all[0].Token == "" {
		t.Errorf("the message lives for %v and brings the token %q", got, all[0].Token)
	}
	s.stop(t) // X's list says an hour, and an event that nothing comes after says something else
	all := s.sim.ChatEvents(s.room())
	plain.Store(true)
	s.changesTTL(t, all[len(all)-1], 24*time.Hour)
	s.say(t, "and now?")
	s.run(t)
	s.event(t, "the message behind the change", says("and now?"))
	s.posts(t, s.post("k-2", "a day"))
	if got := lives(); got != 24*time.Hour {
		t.Errorf("after the change, a message lives for %v, want a day", got)
	}
}

// TestTokenThatCameLast holds that what is written brings the token that came with what was told last, and that nobody's telephone
// rings for a reaction alone.
func TestTokenThatCameLast(t *testing.T) {
	t.Parallel()
	r := &register{}
	s := setupSealedOn(t, xsim.Config{Wrap: r.wrap})
	s.streams(t)
	s.rarely()
	s.lives(t)
	last := s.say(t, "one")
	s.event(t, "the first", says("one"))
	s.posts(t, s.post("k-1", "first"))
	for _, words := range said("message", 20) {
		last = s.say(t, words)
		s.event(t, words, says(words))
	}
	s.posts(t, s.post("k-2", "second"))
	if _, err := chat.Do(t.Context(), s.conn, chat.React{To: s.talk(), Message: idOf(last), Emoji: "👍"}); err != nil {
		t.Fatal(err)
	}
	all := r.all()
	if all[0].Token == "" || all[1].Token == "" || all[0].Token == all[1].Token {
		t.Errorf("the tokens are %q and %q, want two", all[0].Token, all[1].Token)
	}
	for i, rings := range []bool{true, true, false} {
		if m, err := wire.ParseMessageCreate(all[i].Message); err != nil || m.Notify != rings {
			t.Errorf("number %d rings: %v, %v; want %v", i, m.Notify, err, rings)
		}
	}
}

// changesTTL has the account itself say, from another telephone, how long messages live.
func (s *sealedScene) changesTTL(t *testing.T, last wire.Event, ttl time.Duration) {
	t.Helper()
	ev := wire.Event{
		Sequence: last.Sequence + 1, Previous: last.Sequence, ID: "ttl", Sender: s.brand, Conversation: s.room(), At: time.Now(),
		Detail: wire.TTLChange{TTL: ttl},
	}
	ev.Signature = s.signs(t, fmt.Sprintf("ConversationMetadataChangeEvent.MessageDurationChange,ttl,%s,%s,%d", s.brand, s.room(), ttl.Milliseconds()))
	s.sim.Inject(s.room(), ev.Encode())
}

// signs is the account's signature of a text.
func (s *sealedScene) signs(t *testing.T, words string) wire.Signature {
	t.Helper()
	blob, err := base64.StdEncoding.DecodeString(s.blob)
	if err != nil {
		t.Fatal(err)
	}
	return wire.Signature{Value: signP256(t, blob[32:], words), KeyVersion: s.version, Version: "7"}
}

// TestGroupsTellHowLongMessagesLive holds that what is written to a group lives as long as the others' messages there, from the
// change by which somebody came in or the group was made, and not only once X's list is read again.
func TestGroupsTellHowLongMessagesLive(t *testing.T) {
	t.Parallel()
	for _, kind := range []wire.GroupKind{wire.GroupCreate, wire.GroupMemberAdd} {
		r := &register{}
		s := setupSealedOn(t, xsim.Config{Wrap: r.wrap})
		s.begin(t)
		id, err := s.phone.Group("tea", s.brand)
		if err == nil {
			err = s.phone.Add(id, s.sim.Phone(s.bob).User())
		}
		if err != nil {
			t.Fatal(err)
		}
		all := s.sim.ChatEvents(id)
		i := slices.IndexFunc(all, func(ev wire.Event) bool { g, is := ev.Detail.(wire.GroupChange); return is && g.Kind == kind })
		last := all[len(all)-1].Sequence
		s.sim.Inject(id, all[i].Encode(), func(ev *wire.Event) {
			g, _ := ev.Detail.(wire.GroupChange)
			g.TTL, g.Legacy = new(time.Hour.Milliseconds()), new(false)
			ev.Sequence, ev.Previous, ev.Sender, ev.Detail = last+1, last, s.brand, g
			ev.Signature = s.signs(t, groupText(*ev, g))
		})
		said := must(t)(s.phone.Say(id, "how long?"))
		s.event(t, "the message behind the change", func(ev chat.Event) bool { return ev.Message == idOf(said) })
		s.posts(t, chat.Post{Key: "k", To: chat.Conversation{Account: account, ID: chat.ConversationID(id)}, Text: text.Plain("an hour")})
		posted := r.all()
		if m, err := wire.ParseMessageCreate(posted[len(posted)-1].Message); err != nil || m.TTL != time.Hour {
			t.Errorf("after kind %d, a message lives for %v, %v; want an hour", kind, m.TTL, err)
		}
	}
}

// groupText is what is signed of a group that is made, or that people come into.
func groupText(ev wire.Event, g wire.GroupChange) string {
	if g.Kind == wire.GroupCreate {
		return fmt.Sprintf("GroupChangeEvent.GroupCreate,%s,%s,%s,%s,%t,%s,null", ev.ID, ev.Sender, g.KeyVersion, strings.Join(g.Members, ","), *g.Legacy, *g.Title)
	}
	return fmt.Sprintf("GroupChangeEvent.GroupMemberAddChange,%s,%s,%s,%s,null,null,%d,%s,null",
		ev.ID, ev.Sender, ev.Conversation, strings.Join(slices.Concat(g.Members, g.Current, g.Admins), ","), *g.TTL, g.KeyVersion)
}
