package x_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/x"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// fast is a simulator without limits.
func fast(t *testing.T, sc xsim.Config) *scene {
	t.Helper()
	s := setup(t, sc)
	s.sim.SetLimits(xsim.Limits{Unlimited: true})
	return s
}

func said(prefix string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("%s %d", prefix, i)
	}
	return all
}

func (s *scene) say(texts ...string) {
	for _, one := range texts {
		s.sim.Say(s.ann, s.brand, xsim.Draft{Text: one})
	}
}

func TestPollTellsAllOfAMessage(t *testing.T) {
	t.Parallel()
	s := fast(t, xsim.Config{})
	s.open(t)
	id := s.sim.Say(s.ann, s.brand, xsim.Draft{Text: "see https://example.com/tea?kind=green", Post: "1580559079470145536"})
	s.run(t)
	// The message was written after New of the first connector, and before New of the one that runs.
	s.ready(t)
	s.stop(t)
	s.sink, s.hurry = &bridgetest.Sink{}, 20*time.Millisecond
	s.cfg.Backfill = 1
	s.run(t)
	ev := s.event(t, "the message", func(ev chat.Event) bool { return ev.Message == chat.MessageID(id) })
	want := "see https://example.com/tea?kind=green https://x.com/i/status/1580559079470145536"
	if p := ev.What.(chat.Posted); p.Text.Body != want {
		t.Errorf("the text is %q, want %q", p.Text.Body, want)
	}
	if ev.Conversation != s.talk() || !ev.Direct || ev.ID != chat.EventID(id) {
		t.Errorf("the message came as %s in %v, direct %v", ev.ID, ev.Conversation, ev.Direct)
	}
	if a := ev.Author; a.Name != "Ann" || a.Handle != "ann" || a.Avatar == "" || a.Since.IsZero() || a.Self {
		t.Errorf("the author came as %+v", a)
	}
}

func TestFirstStartBeginsNow(t *testing.T) {
	t.Parallel()
	s := fast(t, xsim.Config{})
	old := s.sim.Say(s.ann, s.brand, xsim.Draft{Text: "long ago"})
	s.deps.Now = func() time.Time { return time.Now().Add(2 * time.Millisecond) } // IDs tell milliseconds
	s.listen(t)
	if slices.ContainsFunc(s.sink.Accepted(), func(ev chat.Event) bool { return ev.ID == chat.EventID(old) }) {
		t.Error("a message from before the first start came in")
	}
}

func TestWhatComesWhileDownIsKeptApart(t *testing.T) {
	t.Parallel()
	s := fast(t, xsim.Config{})
	s.run(t)
	s.sink.Within(patient, func([]chat.Event) bool { b, _ := s.sink.Cursor(t.Context()); return b != nil })
	s.stop(t) // nothing ever came, and still the first start is known
	s.say(said("while down", 3)...)
	s.run(t)
	s.hears(t, said("while down", 3)...)
}

func TestManyPagesComeInOrder(t *testing.T) {
	t.Parallel()
	s := fast(t, xsim.Config{})
	s.listen(t)
	s.stop(t)
	want := said("page", 137)
	s.say(want...)
	s.cfg.Page = 5
	s.run(t)
	s.hears(t, want...)
}

func TestPagingWhileOthersWrite(t *testing.T) {
	t.Parallel()
	var s *scene
	var calls atomic.Int32
	wrap := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			// Between any two pages somebody writes.
			if r.URL.Path == "/2/dm_events" && calls.Load() > 0 && calls.Load() <= 30 {
				s.say(fmt.Sprintf("meanwhile %d", calls.Add(1)-2))
			}
			next.ServeHTTP(w, r)
		})
	}
	s = fast(t, xsim.Config{Wrap: wrap})
	s.listen(t)
	s.stop(t)
	before := said("before", 40)
	s.say(before...)
	s.cfg.Page = 3
	calls.Store(1)
	s.run(t)
	s.hears(t, append(before, said("meanwhile", 30)...)...)
}

func TestNotAcceptedComesAgain(t *testing.T) {
	t.Parallel()
	s := fast(t, xsim.Config{})
	s.listen(t)
	s.sink.Full(3)
	s.say(said("again", 4)...)
	s.hears(t, said("again", 4)...)
}

func TestOlderNames(t *testing.T) {
	t.Parallel()
	var refused, asked atomic.Int32
	wrap := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			q := r.URL.Query()
			if r.URL.Path == "/2/dm_events" && strings.Contains(q.Get("expansions"), "referenced_posts") {
				refused.Add(1)
				w.Header().Set("X-Sim-Fault", "planned")
				w.WriteHeader(http.StatusBadRequest)
				fmt.Fprint(w, `{"title":"Invalid Request","errors":[{"parameters":{"expansions":["referenced_posts"]},"message":"The expansions query parameter value [referenced_posts] is not one of [sender_id]"}]}`)
				return
			}
			if strings.Contains(q.Get("expansions"), "referenced_tweets.id") {
				asked.Add(1)
			}
			next.ServeHTTP(w, r)
		})
	}
	// The newest description does not know the older names, so the calls are not held against it.
	sim := xsim.New(xsim.Config{Wrap: wrap})
	s := fast(t, xsim.Config{})
	if err := sim.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	sim.OldNames(true)
	sim.SetLimits(xsim.Limits{Unlimited: true})
	s.brand, s.ann = sim.AddUser(xsim.User{Username: "brand"}).ID, sim.AddUser(xsim.User{Username: "ann"}).ID
	s.sim, s.tokens = sim, sim.Tokens(s.brand)
	s.cfg.APIURL = sim.URL()
	s.signing()
	s.listen(t)
	sim.Say(s.ann, s.brand, xsim.Draft{Text: "this", Post: "158055"})
	s.hears(t, "this https://x.com/i/status/158055")
	if refused.Load() != 1 || asked.Load() < 2 {
		t.Errorf("the newer names were tried %d times and the older ones %d times, want once and often", refused.Load(), asked.Load())
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	s := fast(t, xsim.Config{})
	s.listen(t)
	group := s.sim.NewGroup(s.ann, s.brand)
	there := chat.Conversation{Account: account, ID: chat.ConversationID(group)}
	joined := s.sim.Join(group, s.ann, s.bob)
	s.sim.SayGroup(group, s.bob, xsim.Draft{Text: "hi all"})
	left := s.sim.Leave(group, s.bob)
	for _, want := range []struct {
		id   string
		what chat.Happening
	}{{joined, chat.Joined{}}, {left, chat.Left{}}} {
		ev := s.event(t, "the move", func(ev chat.Event) bool { return strings.HasPrefix(string(ev.ID), want.id) })
		if ev.What != want.what || ev.Author.ID != chat.PersonID(s.bob) || ev.Author.Name != "Bob" || ev.Conversation != there || ev.Direct {
			t.Errorf("the move came as %+v, want %T of Bob in %v", ev, want.what, there)
		}
	}
	s.hears(t, "hi all")
	// The group is known, also by the next connector, so an answer goes there and not to a person of that number.
	s.stop(t)
	c := s.open(t)
	r, err := c.Post(t.Context(), chat.Post{Key: "k", To: there, Text: text.Plain("hi Bob")})
	if err != nil {
		t.Fatal(err)
	}
	all := s.sim.Group(group)
	if last := all[len(all)-1]; last.Text != "hi Bob" || chat.MessageID(last.ID) != r.Messages[0] {
		t.Errorf("the group has %+v, want hi Bob as %v", last, r.Messages)
	}
	if n := s.sim.Calls(xsim.SendToParticipant); n != 0 {
		t.Errorf("%d messages went to a person", n)
	}
	got, ok, err := c.Find(t.Context(), chat.Post{Key: "k", To: there, Text: text.Plain("hi Bob")}, time.Now().Add(-time.Minute))
	if err != nil || !ok || got.Messages[0] != r.Messages[0] {
		t.Errorf("find = %v, %v, %v, want %v", got, ok, err, r.Messages)
	}
}

func TestGroupThatWasNeverMet(t *testing.T) {
	t.Parallel()
	s := fast(t, xsim.Config{})
	group := s.sim.NewGroup(s.ann, s.brand)
	c := s.open(t)
	there := chat.Conversation{Account: account, ID: chat.ConversationID(group)}
	for range 2 {
		if _, err := c.Post(t.Context(), chat.Post{To: there, Text: text.Plain("hi")}); err != nil {
			t.Fatal(err)
		}
	}
	if n, all := s.sim.Calls(xsim.SendToParticipant), len(s.sim.Group(group)); n != 1 || all != 2 {
		t.Errorf("%d tries at a person and %d messages in the group, want 1 and 2", n, all)
	}
	nobody := chat.Conversation{Account: account, ID: "1999999999999999999"}
	if _, err := c.Post(t.Context(), chat.Post{To: nobody, Text: text.Plain("hi")}); chat.KindOf(err) != chat.Refused {
		t.Errorf("a post to nobody = %v, want Refused", err)
	}
}

func TestRunEndsWhenGoingOnIsPointless(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		do   func(s *scene)
		want chat.Kind
	}{
		{"revoked", func(s *scene) { s.sim.Revoke(s.brand) }, chat.LoggedOut},
		{"no credit", func(s *scene) { s.sim.SetCredit(0) }, chat.Unfunded},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := fast(t, xsim.Config{})
			s.listen(t)
			tc.do(s)
			if err := s.fails(t); chat.KindOf(err) != tc.want {
				t.Errorf("Run = %v, want %v", err, tc.want)
			}
		})
	}
}

// bubble is a scene without a network in a bubble of fake time, which begins in the year 2027.
func bubble(t *testing.T, change func(*scene)) *scene {
	t.Helper()
	s := &scene{keep: &bridgetest.Keeper{}, sink: &bridgetest.Sink{}, skipped: &counter{}}
	late := func() time.Time { return time.Now().AddDate(27, 0, 0) }
	s.sim = xsim.New(xsim.Config{Now: late})
	s.brand = s.sim.AddUser(xsim.User{Username: "brand"}).ID
	s.ann = s.sim.AddUser(xsim.User{Username: "ann"}).ID
	s.tokens = s.sim.Tokens(s.brand)
	s.cfg = x.Config{ClientID: "sim-client-id", ClientSecret: bridges.NewSecret("sim-client-secret"), APIURL: "http://x.test"}
	s.deps.Account, s.deps.Keep, s.deps.Now, s.deps.Skip = account, s.keep, late, s.skipped.skip
	s.deps.Client = &http.Client{Transport: local{s.sim.Handler()}}
	keepTokens(t, s.keep, s.tokens, late().Add(2*time.Hour))
	if change != nil {
		change(s)
	}
	c, err := x.New(s.cfg, s.deps)
	if err != nil {
		t.Fatal(err)
	}
	s.conn = c
	return s
}

func TestPollsStayWithinXsLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := bubble(t, nil)
		defer s.sim.Close()
		ctx, cancel := contextWithCancel(t)
		ended := make(chan error, 1)
		go func() { ended <- s.conn.Run(ctx, s.sink) }()
		time.Sleep(2 * time.Hour) //nolint:forbidigo // a bubble's time costs nothing
		s.say("still here")
		time.Sleep(2 * time.Minute) //nolint:forbidigo // a bubble's time costs nothing
		s.hears(t, "still here")
		for _, r := range s.sim.Requests() {
			if r.Status == http.StatusTooManyRequests {
				t.Errorf("at %v X said slow down", r.At)
			}
		}
		if n := s.sim.Calls(xsim.DMEvents); n < 75 || n > 90 {
			t.Errorf("%d polls in two hours, want about 80", n)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestThrottledPollWaitsAndGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := bubble(t, func(s *scene) { s.cfg.Page, s.cfg.Backfill = 2, 1 })
		defer s.sim.Close()
		// A walk of some 30 pages needs more calls than a window has; it waits in the middle and loses nothing.
		want := said("old", 290)
		s.say(want...)
		ctx, cancel := contextWithCancel(t)
		ended := make(chan error, 1)
		started := time.Now()
		go func() { ended <- s.conn.Run(ctx, s.sink) }()
		s.sink.Within(3*time.Hour, func(all []chat.Event) bool { return len(all) >= len(want) })
		s.hears(t, want...)
		if took := time.Since(started); took < 15*time.Minute || took > 40*time.Minute {
			t.Errorf("the walk took %v, want a window or two", took)
		}
		throttled := slices.ContainsFunc(s.sim.Requests(), func(r xsim.Request) bool { return r.Status == http.StatusTooManyRequests })
		if !throttled {
			t.Error("X never said slow down, so nothing was tested")
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestFailingPollsBackOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := bubble(t, nil)
		defer s.sim.Close()
		s.sim.Fail(xsim.DMEvents, xsim.Fault{Status: 503, Times: 5})
		ctx, cancel := contextWithCancel(t)
		ended := make(chan error, 1)
		go func() { ended <- s.conn.Run(ctx, s.sink) }()
		time.Sleep(40 * time.Second) //nolint:forbidigo // a bubble's time costs nothing
		synctest.Wait()
		var at []time.Time
		for _, r := range s.sim.Requests() {
			if r.Route == xsim.DMEvents {
				at = append(at, r.At)
			}
		}
		if len(at) != 6 {
			t.Fatalf("%d polls in 40 s, want 5 that failed and one that worked", len(at))
		}
		for i, want := 1, time.Second; i < len(at); i, want = i+1, want*2 {
			if d := at[i].Sub(at[i-1]); d < want*3/4 || d > want*5/4+time.Millisecond {
				t.Errorf("try %d came after %v, want %v give or take a quarter", i, d, want)
			}
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
