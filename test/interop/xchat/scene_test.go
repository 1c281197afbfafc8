package interop_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/x"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/bridges/x/xsim/xspec"
	"github.com/roost-im/roost/router/chat"
)

const account = chat.Account("x/acme")

// scene is a simulated X, Alice's app made of X's own parts, and a connector that speaks for a brand.
type scene struct {
	*testing.T
	*xsim.Sim
	brand, alice, carol string
	app                 instance
	conn                *x.Connector
	sink                *bridgetest.Sink
}

// meet makes a scene in which the brand and Alice have registered their keys, and the connector receives in one of its ways.
func meet(t *testing.T, receive string) *scene {
	t.Helper()
	check, why := xspec.Check(t, xspec.AllowRefused())
	if check == nil {
		t.Log(why)
	}
	s := &scene{T: t, Sim: xsim.New(xsim.Config{Wrap: check}), sink: &bridgetest.Sink{}}
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	t.Cleanup(func() {
		if all := s.Requests(); t.Failed() {
			t.Logf("last calls: %+v", all[max(0, len(all)-10):])
		}
	})
	s.SetLimits(xsim.Limits{Unlimited: true})
	s.brand = s.AddUser(xsim.User{Name: "Acme Tea", Username: "acmetea"}).ID
	s.alice = s.AddUser(xsim.User{Name: "Alice", Username: "alice"}).ID
	s.carol = s.AddUser(xsim.User{Name: "Carol", Username: "carol"}).ID
	s.connect(receive)
	s.app = instance{t, start(t, "alice.mjs", "XSIM_URL="+s.URL(), "ACCESS_TOKEN="+s.Tokens(s.alice).Access), "Alice"}
	var me string
	if s.app.must("register", &me); me != s.alice {
		t.Fatalf("the app is for %s, want %s", me, s.alice)
	}
	return s
}

// connect makes the connector, with keys that X has registered, and runs it.
func (s *scene) connect(receive string) {
	s.Helper()
	tokens, keep := s.Tokens(s.brand), &bridgetest.Keeper{}
	token, err := json.Marshal(map[string]any{
		"access": tokens.Access, "refresh": tokens.Refresh, "expires": time.Now().Add(2 * time.Hour),
	})
	if err != nil {
		s.Fatal(err)
	}
	if err := keep.Keep(s.Context(), "token", token); err != nil {
		s.Fatal(err)
	}
	s.conn, err = x.New(x.Config{
		ClientID: "sim-client-id", ClientSecret: bridges.NewSecret("sim-client-secret"),
		BearerToken: bridges.NewSecret("sim-app-bearer"), APIURL: s.URL(), AuthURL: s.URL() + "/i/oauth2/authorize", Receive: receive, PollEvery: 50 * time.Millisecond,
	}, bridges.Deps{
		Account: account, Keep: keep, Client: &http.Client{}, Log: slog.New(slog.NewTextHandler(s.Output(), nil)),
		Skip: func(kind string, _ []byte) { s.Errorf("the connector skipped an event: %s", kind) },
	})
	if err != nil {
		s.Fatal(err)
	}
	if _, err := s.conn.LoginChat(s.Context(), x.ChatLoginOptions{}); err != nil {
		s.Fatal(err)
	}
	running := bridgetest.Begin(s.T, s.conn, s.sink)
	s.Cleanup(func() {
		if err := running.Stop(); err != nil {
			s.Errorf("the connector ended with %v", err)
		}
	})
}

// seen is an event as Alice's app sees it.
type seen struct {
	Type         string      `json:"type"`
	Sequence     string      `json:"sequenceId"`
	Sender       string      `json:"senderId"`
	Conversation string      `json:"conversationId"`
	KeyVersion   string      `json:"keyVersion"`
	Verified     bool        `json:"verified"`
	Preview      string      `json:"replyPreviewValidation"`
	Deleted      []string    `json:"messageIds"`
	Attachments  []seenFile  `json:"attachments"`
	Content      seenContent `json:"content"`
}

type seenContent struct {
	Type   string    `json:"content_type"`
	Text   string    `json:"text"`
	New    string    `json:"new_text"`
	Emoji  string    `json:"emoji"`
	Target string    `json:"target_message_id"`
	Reply  seenReply `json:"replying_to_preview"`
}

type seenReply struct {
	Sender   string `json:"senderId"`
	Text     string `json:"messageText"`
	Sequence string `json:"replyingToMessageSequenceId"`
}

type seenFile struct {
	Kind string `json:"attachment_type"`
	Hash string `json:"mediaHashKey"`
	Type string `json:"mediaType"`
	Name string `json:"filename"`
	Size int64  `json:"filesizeBytes"`
}

// reads is all that Alice's app sees in a conversation. Nothing in it may be unreadable or unverified.
func (s *scene) reads(place string, people ...string) []seen {
	s.Helper()
	var got struct {
		Events []seen            `json:"events"`
		Errors map[string]string `json:"errors"`
	}
	args := []any{place}
	for _, p := range append(people, s.brand) {
		args = append(args, p)
	}
	s.app.must("read", &got, args...)
	if len(got.Errors) > 0 {
		s.Fatalf("Alice's app refuses %v", got.Errors)
	}
	for _, ev := range got.Events {
		if !ev.Verified {
			s.Errorf("Alice's app has not verified %+v", ev)
		}
	}
	return got.Events
}

// last is the last event that Alice's app sees.
func (s *scene) last(place string, people ...string) seen {
	s.Helper()
	all := s.reads(place, people...)
	if len(all) == 0 {
		s.Fatal("Alice's app sees nothing")
	}
	return all[len(all)-1]
}

// writes has Alice's app write.
func (s *scene) writes(place, method string, params object) seen {
	s.Helper()
	var ev seen
	if s.app.must("write", &ev, place, method, params); !ev.Verified {
		s.Errorf("Alice's app does not verify what it wrote: %+v", ev)
	}
	return ev
}

// talk is Alice's conversation with the brand, as the router knows it.
func (s *scene) talk() chat.Conversation {
	return chat.Conversation{Account: account, ID: chat.ConversationID(s.alice)}
}

// happens waits for what the connector tells of a message of Alice's, or about it.
func (s *scene) happens(about seen, so func(chat.Happening) bool) chat.Event {
	s.Helper()
	is := func(ev chat.Event) bool { return ev.Message == message(about) && ev.What != nil && so(ev.What) }
	all := s.sink.Until(s.T, "an event about "+about.Sequence, func(all []chat.Event) bool { return slices.ContainsFunc(all, is) })
	return all[slices.IndexFunc(all, is)]
}

// posted waits for a message of Alice's.
func (s *scene) posted(about seen) (chat.Event, chat.Posted) {
	s.Helper()
	ev := s.happens(about, func(h chat.Happening) bool { _, is := h.(chat.Posted); return is })
	return ev, ev.What.(chat.Posted)
}

func message(ev seen) chat.MessageID { return chat.MessageID("e" + ev.Sequence) }

// posts has the connector post, and gives it as Alice's app sees it.
func (s *scene) posts(p chat.Post, place string, people ...string) seen {
	s.Helper()
	r, err := s.conn.Post(s.Context(), p)
	if err != nil {
		s.Fatal(err)
	}
	ev := s.last(place, people...)
	if len(r.Messages) != 1 || r.Messages[0] != message(ev) || ev.Sender != s.brand || ev.Type != "message" {
		s.Errorf("the receipt is %+v, and Alice's app sees %+v", r, ev)
	}
	return ev
}

// do has the connector do something else, and gives the last event that Alice's app sees then.
func (s *scene) do(a chat.Action) seen {
	s.Helper()
	if _, err := chat.Do(s.Context(), s.conn, a); err != nil {
		s.Fatal(err)
	}
	return s.last(s.brand)
}
