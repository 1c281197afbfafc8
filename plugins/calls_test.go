package plugins_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/plugins"
	"github.com/roost-im/roost/router/chat"
)

func TestCallsDuringAnEvent(t *testing.T) {
	t.Parallel()
	w := setup(t, plugins.Config{Manifest: own(t, "obey", "may: [\"send:slack/team#C2\", \"secret:TOKEN\"]")})
	for _, tc := range []struct{ say, want string }{
		{`send {"text": "**hi**"}`, "hi\n{\"message\":\"slack/team#C1|bot:bot:k1-0\"}"},
		{`send {"text": "hi", "to": "slack/team#C2", "choices": ["a"]}`, "slack/team#C2: hi [a]\n{\"message\":\"slack/team#C2|bot:bot:k2-0\"}"},
		{`edit {"message": "slack/team#C1|bot:bot:k1-0", "text": "new"}`, "edit: new"},
		{`delete {"message": "slack/team#C1|bot:bot:k1-0"}`, "delete"},
		{`react {"emoji": "👍"}`, "react: 👍"},
		{`typing {}`, ""},
		{`state.get {"key": "n"}`, `{"value":null}`},
		{`state.set {"key": "n", "value": {"a": [1]}}`, ""},
		{`state.get {"key": "n"}`, `{"value":{"a":[1]}}`},
		{`state.get {"key": "n", "of": "person"}`, `{"value":null}`},
		{`state.set {"key": "n", "value": null}`, ""},
		{`state.get {"key": "n"}`, `{"value":null}`},
		{`wake {"name": "tea", "in": 180}`, ""},
		{`unwake {"name": "tea"}`, ""},
		{`log {"text": "noted", "level": "warn"}`, ""},
	} {
		if got := w.say(tc.say); got != tc.want {
			t.Errorf("%s: it says %s, want %s", tc.say, got, tc.want)
		}
	}
	if got := w.Log.String(); !strings.Contains(got, `level=WARN msg="plugin says" line=noted`) {
		t.Errorf("the log lacks what it wanted to be logged: %s", got)
	}
}

func TestCallsThatAreDenied(t *testing.T) {
	t.Parallel()
	w := setup(t, plugins.Config{Manifest: own(t, "obey")})
	for _, tc := range []struct{ say, kind, want string }{
		{`send {"text": "hi", "to": "slack/team#C2"}`, "may_not", "grant it with send:slack/team#C2"},
		{`send {"txt": "hi"}`, "", `unknown key "txt"`},
		{`send {"text": 7}`, "", "that does not fit"},
		{`edit {"message": "m1", "text": "x"}`, "failed", "names no message"},
		{`edit {"message": "slack/team#C1|m1", "text": "x"}`, "may_not", "edit a message of somebody else"},
		{`remove {}`, "may_not", "grant it with moderate"},
		{`secret.use {"name": "TOKEN"}`, "may_not", "grant it with secret:TOKEN"},
		{`http.fetch {"url": "https://example.org/"}`, "may_not", "grant it with http:example.org"},
		{`hand_off {"reason": "x"}`, "no_desk", "nobody's desk"},
		{`state.get {"key": "n", "of": "moon"}`, "may_not", "is no scope"},
		{`wake {"name": "tea"}`, "", "say at, a time, or in"},
		{`dance {}`, "", "there is no call dance"},
		{`send {"event": "k0", "text": "x"}`, "over", "the event k0 is over"},
		{`send {"event": "", "text": "x"}`, "no_event", "say to which conversation"},
	} {
		got := w.say(tc.say)
		if !strings.Contains(got, tc.want) || tc.kind != "" && !strings.Contains(got, `"kind":"`+tc.kind+`"`) {
			t.Errorf("%s: it is told %s, want %s (%s)", tc.say, got, tc.want, tc.kind)
		}
	}
}

func TestSecretsAreHandles(t *testing.T) {
	t.Parallel()
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		if r.Header.Get("Authorization") != "Bearer hunter2" || string(b) != "hi" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_, _ = io.WriteString(w, "welcome")
	}))
	t.Cleanup(shop.Close)
	m := own(t, "obey", "may: [\"secret:TOKEN\", \"http:"+strings.TrimPrefix(shop.URL, "http://")+"\"]")
	p, err := plugins.New(t.Context(), plugins.Config{Manifest: m})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	w := &world{t: t, keep: map[string][]byte{}}
	w.Host, err = bots.New(bots.Config{Name: "bot", Bot: p, Time: p.Time(), Env: bots.Env{
		State: w.state, Now: time.Now, May: m.May, Client: shop.Client(),
		Secret: func(name string) (string, bool) { return "hunter2", name == "TOKEN" },
	}})
	if err != nil {
		t.Fatal(err)
	}
	got := w.say("shop " + shop.URL)
	if want := `{"status":200,"type":"text/plain; charset=utf-8","body":"welcome"}`; got != want {
		t.Errorf("it is told %s, want %s", got, want)
	}
}

func TestAQuestionIsAnsweredByAnEvent(t *testing.T) {
	t.Parallel()
	w := setup(t, plugins.Config{Manifest: own(t, "obey")})
	if got, want := w.say(`ask {"text": "Which size?", "choices": ["S", "M"], "data": {"step": 1}}`), "Which size? [S] [M]"; got != want {
		t.Fatalf("it says %q, want %q", got, want)
	}
	if got, want := w.say("XL"), "Please answer with one of: S, M"; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
	if got, want := w.say("2"), `answered  M{"step":1}`; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
	if got, want := w.say(`reply "over"`), "over"; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
}

func TestAWakeIsAnEvent(t *testing.T) {
	t.Parallel()
	w := setup(t, plugins.Config{Manifest: own(t, "obey")})
	out := w.hear(w.posted(place("C1"), `wake {"name": "tea", "in": 180, "data": [1]}`))
	for _, a := range out.Acts {
		if wake, ok := a.(chat.Wake); ok {
			wake.Hear.Key = "kw"
			if got, want := said(w.hear(wake.Hear)), "woken tea [1]"; got != want {
				t.Errorf("it says %q, want %q", got, want)
			}
			return
		}
	}
	t.Errorf("it did %v, want a wake", out.Acts)
}

func TestDeclaredEventsAreTold(t *testing.T) {
	t.Parallel()
	m := own(t, "declares")
	m.Env["DECLARES"] = `{"api": 1, "commands": [{"usage": "/order <size:S|M> [<n:number>] [<when:duration>] [<who:user>]", "help": "order"}],
		"patterns": [{"id": "thanks", "pattern": "(?i)thanks (\\w+)"}], "events": ["message", "mention", "joined", "reacted"], "buttons": ["size-*"],
		"schedules": [{"id": "standup", "spec": "0 9 * * *", "zone": "Europe/Berlin", "missed": "skip", "to": "slack/team#C1"}], "hooks": ["paid"]}`
	w := setup(t, plugins.Config{Manifest: m})
	for _, tc := range []struct{ say, want string }{
		{"/order m 2 90s @bob", `command/order m 2 90s @bob {"n":2,"size":"M","when":90,"who":{"account":"slack/team","handle":"bob","name":"bob"}}`},
		{"/order XL", `"XL" is none of S, M. Usage: /order <S|M> [n] [when] [who]`},
		{"many thanks bot", `pattern/thanks many thanks bot null`},
		{"bot, hello", `mention/ hello null`},
		{"hello", `message/ hello null`},
	} {
		if got := w.say(tc.say); got != tc.want {
			t.Errorf("%s: it says %q, want %q", tc.say, got, tc.want)
		}
	}
	for _, tc := range []struct {
		what chat.Happening
		want string
	}{
		{chat.Joined{}, "joined/  null"},
		{chat.Left{}, ""},
		{chat.Reacted{Emoji: "👍"}, "reacted/  null"},
		{chat.Pressed{Button: "size-m", Value: "m"}, "pressed/size-m  null"},
		{chat.Called{Name: "schedule:standup", Body: []byte("2026-01-01T08:00:00Z")}, "schedule/standup  null 2026-01-01T08:00:00Z"},
		{chat.Called{Name: "hook:paid", Body: []byte("order 7")}, "hook/paid  null order 7"},
	} {
		h := w.posted(place("C1"), "")
		h.Event.What = tc.what
		if got := said(w.hear(h)); got != tc.want {
			t.Errorf("%T: it says %q, want %q", tc.what, got, tc.want)
		}
	}
}

// unbiddenSink is where unbidden calls are stored.
type unbiddenSink struct{ events chan chat.Event }

func (s *unbiddenSink) Accept(_ context.Context, b chat.Batch) error {
	for _, e := range b.Events {
		s.events <- e
	}
	return nil
}

func (s *unbiddenSink) Cursor(context.Context) ([]byte, error) { return nil, nil }

func TestUnbiddenCallsAreStoredAndThenHeard(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ call, want string }{
		{`{"method": "send", "params": {"event": "", "to": "slack/team#C9", "text": "open", "once": "o1"}}`, "slack/team#C9: open"},
		{`{"method": "state.set", "params": {"event": "", "of": "bot", "key": "k", "value": 1}}`, ""},
		{`{"method": "send", "params": {"event": "", "to": "slack/team#C8", "text": "open"}}`, "may_not"},
		{`{"method": "react", "params": {"event": "", "emoji": "x"}}`, "no_event"},
		{`{"method": "dance", "params": {"event": ""}}`, "there is no call dance"},
	} {
		t.Run(tc.call, func(t *testing.T) {
			t.Parallel()
			m := own(t, "unbidden", `may: ["send:slack/team#C9"]`)
			m.Env["UNBIDDEN"] = tc.call
			w := setup(t, plugins.Config{Manifest: m})
			sink := &unbiddenSink{events: make(chan chat.Event, 1)}
			ctx, cancel := context.WithCancel(t.Context())
			ran := make(chan error, 1)
			go func() { ran <- w.Host.Run(ctx, sink) }()
			t.Cleanup(func() {
				cancel()
				<-ran
			})
			w.until(func() bool { return w.Host.Call(ctx, chat.Conversation{}, "ready", "", nil) == nil })
			<-sink.events
			w.say("go")
			w.until(func() bool { return strings.Contains(w.Log.String(), "answered ") })
			if got := w.Log.String(); !strings.Contains(got, "answered {}") {
				if !strings.Contains(got, tc.want) || tc.want == "" {
					t.Errorf("it is told %s, want %s", got, tc.want)
				}
				return
			}
			h := w.posted(place("C9"), "")
			h.Event = <-sink.events
			if got := said(w.hear(h)); got != tc.want {
				t.Errorf("it says %q, want %q", got, tc.want)
			}
		})
	}
}

// until waits for what happens beside the test.
func (w *world) until(f func() bool) {
	w.t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for !f() {
		select {
		case <-tick.C:
		case <-deadline:
			w.t.Fatal("it does not come to that")
		}
	}
}
