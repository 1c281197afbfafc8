package x_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/x"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/router/chat"
)

// streaming makes the account listen to the stream; polls are as rare as in life.
func streaming(t *testing.T, sc xsim.Config) *scene {
	t.Helper()
	s := fast(t, sc)
	s.cfg.Receive, s.cfg.BearerToken = x.Stream, bridges.NewSecret("sim-app-bearer")
	s.hurry = time.Hour
	return s
}

// connected waits for n streams.
func (s *scene) connected(t *testing.T, n int) {
	t.Helper()
	err := s.sim.Wait(t.Context(), func(v *xsim.View) bool { return v.Streams() == n })
	if err != nil {
		t.Fatal(err)
	}
}

// fresh runs and returns when events come by stream: no poll tells that somebody is typing.
func (s *scene) fresh(t *testing.T) {
	t.Helper()
	s.listen(t)
	s.connected(t, 1)
	for range 100 {
		s.sim.Typing(s.ann, s.brand)
		if s.sink.Within(100*time.Millisecond, func(all []chat.Event) bool {
			return slices.ContainsFunc(all, func(ev chat.Event) bool { return ev.What == chat.Typing{} })
		}) {
			s.sink.Forget()
			return
		}
	}
	t.Fatal("nothing comes by stream")
}

func TestStreamTellsAll(t *testing.T) {
	t.Parallel()
	s := streaming(t, xsim.Config{})
	s.fresh(t)
	s.sim.Typing(s.bob, s.brand)
	typing := s.event(t, "typing", func(ev chat.Event) bool { return ev.What == chat.Typing{} })
	if typing.Author.ID != chat.PersonID(s.bob) || typing.Conversation.ID != chat.ConversationID(s.bob) || typing.ID == "" {
		t.Errorf("typing came as %+v", typing)
	}
	id := s.sim.Say(s.brand, s.ann, xsim.Draft{Text: "by hand"})
	own := s.event(t, "the own message", func(ev chat.Event) bool { return ev.ID == chat.EventID(id) })
	if !own.Author.Self || own.Conversation != s.talk() {
		t.Errorf("the own message came as %+v", own)
	}
	s.sim.Read(s.ann, s.brand)
	seen := s.event(t, "read", func(ev chat.Event) bool { return ev.What == chat.Read{} })
	if seen.Message != chat.MessageID(id) || seen.Conversation != s.talk() || seen.Author.ID != chat.PersonID(s.ann) {
		t.Errorf("read came as %+v, want of %s", seen, id)
	}
	s.sim.Say(s.ann, s.brand, xsim.Draft{Text: "see https://example.com/x", Media: []xsim.File{{Name: "a.png", Type: "image/png", Data: []byte("png")}}})
	ev := s.event(t, "the picture", func(ev chat.Event) bool { p, ok := ev.What.(chat.Posted); return ok && len(p.Files) == 1 })
	if p := ev.What.(chat.Posted); p.Text.Body != "see https://example.com/x" || p.Files[0].Source == "" || p.Files[0].Type != "image/png" {
		t.Errorf("the picture came as %+v", p)
	}
}

func TestStreamAndPollAgree(t *testing.T) {
	t.Parallel()
	s := streaming(t, xsim.Config{})
	s.fresh(t)
	file := []xsim.File{{Name: "a.png", Type: "image/png", Data: []byte("png")}}
	id := s.sim.Say(s.ann, s.brand, xsim.Draft{Text: "see https://example.com/x", Media: file})
	live := s.event(t, "the message", func(ev chat.Event) bool { return ev.ID == chat.EventID(id) })
	s.stop(t)
	s.cfg.Receive, s.cfg.Backfill, s.hurry, s.sink = x.Poll, 1, 20*time.Millisecond, &bridgetest.Sink{}
	s.run(t)
	polled := s.event(t, "the message", func(ev chat.Event) bool { return ev.ID == chat.EventID(id) })
	a, b := live.What.(chat.Posted), polled.What.(chat.Posted)
	if a.Text.Body != b.Text.Body || a.Files[0].Name != b.Files[0].Name || a.Files[0].Source != b.Files[0].Source {
		t.Errorf("the stream told %+v, the poll %+v", a, b)
	}
	if live.Conversation != polled.Conversation || live.Message != polled.Message || live.Direct != polled.Direct || live.Author.ID != polled.Author.ID {
		t.Errorf("the stream told %+v, the poll %+v", live, polled)
	}
}

func TestStreamComesBack(t *testing.T) {
	t.Parallel()
	var backfills atomic.Int32
	wrap := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/2/activity/stream" && r.URL.Query().Get("backfill_minutes") == "1" {
				backfills.Add(1)
			}
			next.ServeHTTP(w, r)
		})
	}
	s := streaming(t, xsim.Config{Wrap: wrap})
	s.fresh(t)
	want := said("message", 8)
	for _, one := range want {
		s.sim.DropStreams()
		s.say(one)
	}
	s.hears(t, want...)
	if backfills.Load() == 0 {
		t.Error("nothing was asked to be told again")
	}
}

func TestStreamWithoutBackfill(t *testing.T) {
	t.Parallel()
	wrap := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Has("backfill_minutes") {
				w.Header().Set("X-Sim-Fault", "planned")
				http.Error(w, `{"title":"Forbidden"}`, http.StatusForbidden)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	s := streaming(t, xsim.Config{Wrap: wrap})
	s.fresh(t)
	s.sim.DropStreams()
	s.say("meanwhile")
	s.hears(t, "meanwhile")
	s.connected(t, 1)
}

func TestStreamThatIsRefusedIsPolled(t *testing.T) {
	t.Parallel()
	s := streaming(t, xsim.Config{})
	s.fresh(t)
	s.sim.RefuseStreams(true)
	s.sim.DropStreams()
	s.say("without a stream")
	s.hears(t, "without a stream")
	s.sim.RefuseStreams(false)
	s.connected(t, 1)
}

func TestSilentStreamIsLeft(t *testing.T) {
	t.Parallel()
	s := streaming(t, xsim.Config{KeepAlive: time.Hour})
	c := s.open(t)
	c.Quiet(50 * time.Millisecond)
	ctx, cancel := contextWithCancel(t)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx, s.sink) }()
	if err := s.sim.Wait(t.Context(), func(v *xsim.View) bool { return v.Calls(xsim.ActivityStream) >= 3 }); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// lines tells when a stream has written many lines.
type lines struct {
	http.ResponseWriter
	left atomic.Int32
	many chan struct{}
}

// Write counts one line.
func (l *lines) Write(b []byte) (int, error) {
	if l.left.Add(-1) == 0 {
		close(l.many)
	}
	return l.ResponseWriter.Write(b)
}

// Unwrap lets the stream flush.
func (l *lines) Unwrap() http.ResponseWriter { return l.ResponseWriter }

func TestKeepAlivesHoldTheStream(t *testing.T) {
	t.Parallel()
	many := make(chan struct{})
	var opened atomic.Int32
	wrap := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/2/activity/stream" && opened.Add(1) == 1 {
				l := &lines{ResponseWriter: w, many: many}
				l.left.Store(60)
				w = l
			}
			next.ServeHTTP(w, r)
		})
	}
	s := streaming(t, xsim.Config{KeepAlive: 20 * time.Millisecond, Wrap: wrap})
	c := s.open(t)
	c.Quiet(400 * time.Millisecond)
	ctx, cancel := contextWithCancel(t)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx, s.sink) }()
	<-many // blank lines for three times as long as silence may last
	if n := opened.Load(); n != 1 {
		t.Errorf("the stream was opened %d times, want once", n)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestStreamKeepsOrderWhenTheStoreFails(t *testing.T) {
	t.Parallel()
	s := streaming(t, xsim.Config{})
	s.fresh(t)
	want := said("message", 12)
	for i, one := range want {
		if i%4 == 1 {
			s.sink.Full(1)
		}
		s.say(one)
	}
	s.hears(t, want...)
}

func TestSubscriptionsAreMadeOnce(t *testing.T) {
	t.Parallel()
	s := streaming(t, xsim.Config{})
	s.fresh(t)
	s.stop(t)
	s.connected(t, 0)
	s.fresh(t)
	if n := s.sim.Subscriptions(); n != 4 {
		t.Errorf("%d subscriptions, want 4", n)
	}
	if n := s.sim.Calls(xsim.Subscribe); n != 4 {
		t.Errorf("%d calls to subscribe, want 4", n)
	}
}

func TestSubscribesAsTheAppWhereXWantsThat(t *testing.T) {
	t.Parallel()
	wrap := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost && r.URL.Path == "/2/activity/subscriptions" && r.Header.Get("Authorization") != "Bearer sim-app-bearer" {
				w.Header().Set("X-Sim-Fault", "planned")
				http.Error(w, `{"title":"Forbidden"}`, http.StatusForbidden)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	s := streaming(t, xsim.Config{Wrap: wrap})
	s.fresh(t)
	if n := s.sim.Subscriptions(); n != 4 {
		t.Errorf("%d subscriptions, want 4", n)
	}
}

func TestAnotherAccountOfTheAppIsNotHeard(t *testing.T) {
	t.Parallel()
	s := streaming(t, xsim.Config{})
	s.fresh(t)
	s.sim.Tokens(s.bob)
	body := fmt.Sprintf(`{"event_type":"dm.received","filter":{"user_id":%q}}`, s.bob)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.sim.URL()+"/2/activity/subscriptions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer sim-app-bearer")
	r.Header.Set("Content-Type", "application/json")
	resp, err := client(t).Do(r)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatal(resp, err)
	}
	_ = resp.Body.Close()
	s.sim.Say(s.ann, s.bob, xsim.Draft{Text: "for Bob alone"})
	s.say("for the brand")
	s.hears(t, "for the brand")
}

func TestBadBearerToken(t *testing.T) {
	t.Parallel()
	s := streaming(t, xsim.Config{})
	s.cfg.BearerToken = bridges.NewSecret("wrong-bearer")
	s.run(t)
	err := s.fails(t)
	if chat.KindOf(err) != chat.LoggedOut || !strings.Contains(chat.Reason(err), "bearer_token") || strings.Contains(err.Error(), "wrong-bearer") {
		t.Errorf("Run = %v", err)
	}
	if slices.Contains(s.skipped.all(), "activity") {
		t.Error("an answer was taken for an event")
	}
}
