package xsim_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/x/xsim"
)

func TestWindowsCountDownAndStartAnew(t *testing.T) {
	t.Parallel()
	w := setup(t)
	reset := strconv.FormatInt(w.clock.Now().Add(15*time.Minute+time.Second-1).Unix(), 10)
	for left := 14; left >= 0; left-- {
		g := w.get("/2/dm_events")
		w.want(g, http.StatusOK)
		if g.header.Get("x-rate-limit-limit") != "15" || g.header.Get("x-rate-limit-remaining") != strconv.Itoa(left) || g.header.Get("x-rate-limit-reset") != reset {
			t.Fatalf("headers %v, want %d of 15 left until %s", g.header, left, reset)
		}
		if n := w.sim.Remaining(bot, xsim.DMEvents); n != left {
			t.Fatalf("Remaining = %d, want %d", n, left)
		}
	}
	g := w.get("/2/dm_events")
	if g.status != 429 || g.header.Get("x-rate-limit-remaining") != "0" || g.header.Get("x-rate-limit-reset") != reset || g.text("title") != "Too Many Requests" {
		t.Errorf("the sixteenth: %d %v %s", g.status, g.header, g.raw)
	}
	w.want(w.get("/2/dm_conversations/with/"+alice+"/dm_events"), http.StatusOK) // another route
	w.want(w.with(w.sim.Tokens(alice).Access, "GET", "/2/dm_events", nil), http.StatusOK)
	w.clock.Add(15 * time.Minute)
	w.want(w.get("/2/dm_events"), http.StatusOK)
}

func TestTheDayHasALimitToo(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.sim.SetLimits(xsim.Limits{Routes: map[xsim.Route]xsim.Limit{xsim.SendToParticipant: {Window: 2, Day: 3}}})
	w.say("1")
	w.say("2")
	to := "/2/dm_conversations/with/" + alice + "/messages"
	w.want(w.post(to, obj{"text": "3"}), http.StatusTooManyRequests)
	w.clock.Add(15 * time.Minute)
	w.say("3")
	g := w.post(to, obj{"text": "4"})
	if g.status != 429 || g.header.Get("x-rate-limit-remaining") != "1" || g.header.Get("x-user-limit-24hour-remaining") != "0" {
		t.Errorf("the fourth: %d %v", g.status, g.header)
	}
	if n := w.sim.Remaining(bot, xsim.SendToParticipant); n != 0 {
		t.Errorf("Remaining = %d", n)
	}
	if n := len(w.sim.Inbox(alice)); n != 3 {
		t.Errorf("%d messages arrived", n)
	}
	w.clock.Add(24 * time.Hour)
	w.tokens = w.sim.Tokens(bot)
	w.say("4")
	w.sim.SetLimits(xsim.Limits{Unlimited: true})
	if g := w.get("/2/dm_events"); g.header.Get("x-rate-limit-limit") != "" || w.sim.Remaining(bot, xsim.DMEvents) != -1 {
		t.Error("limits without a limit")
	}
}

func TestCreditIsSpent(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.sim.SetCredit(60)
	w.sim.Say(alice, bot, xsim.Draft{Text: "a"})
	w.sim.Say(alice, bot, xsim.Draft{Text: "b"})
	w.get("/2/dm_events") // two events
	w.get("/2/dm_events") // the same on the same day
	if s := w.sim.Spent(); s != 20 {
		t.Errorf("spent %v, want $0.020", s)
	}
	w.clock.Add(24 * time.Hour)
	w.tokens = w.sim.Tokens(bot)
	w.get("/2/dm_events")
	w.say("c") // 15
	w.get("/2/users/" + alice)
	if s := w.sim.Spent(); s != 65 {
		t.Errorf("spent %v, want $0.065", s)
	}
	g := w.post("/2/dm_conversations/with/"+alice+"/messages", obj{"text": "d"})
	if g.status != 402 || g.text("type") != "https://api.x.com/2/problems/credits-depleted" {
		t.Errorf("without credit: %d %s", g.status, g.raw)
	}
	w.want(w.app("GET", "/2/activity/stream", nil), http.StatusPaymentRequired)
	w.sim.SetCredit(1)
	w.want(w.get("/2/users/me"), http.StatusOK)
	if m := xsim.Money(-1015); m.String() != "-$1.015" {
		t.Errorf("money as %s", m)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	w := setup(t)
	to := "/2/dm_conversations/with/" + alice + "/messages"
	w.sim.Fail(xsim.SendToParticipant, xsim.Fault{Times: 2, Status: 503})
	w.sim.Fail(xsim.SendToParticipant, xsim.Fault{Throttle: true, Reset: 90 * time.Second})
	w.sim.Fail(xsim.AnyRoute, xsim.Fault{Body: "<html>"})
	w.want(w.post(to, obj{"text": "x"}), 503)
	w.want(w.post(to, obj{"text": "x"}), 503)
	g := w.post(to, obj{"text": "x"})
	want := strconv.FormatInt(w.clock.Now().Add(90*time.Second+time.Second-1).Unix(), 10)
	if g.status != 429 || g.header.Get("x-rate-limit-reset") != want || g.header.Get("x-rate-limit-limit") != "15" {
		t.Errorf("throttled: %d %v, want a reset at %s", g.status, g.header, want)
	}
	r := w.request("GET", "/2/users/me", "", nil)
	r.Header.Set("Authorization", "Bearer "+w.tokens.Access)
	answer, err := w.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := io.ReadAll(answer.Body)
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK || string(raw) != "<html>" {
		t.Errorf("a planned body: %d %s", answer.StatusCode, raw)
	}
	if len(w.sim.Inbox(alice)) != 0 || w.sim.Remaining(bot, xsim.SendToParticipant) != 15 {
		t.Error("a fault did something")
	}
	w.say("now")
	w.sim.Fail(xsim.SendToParticipant, xsim.Fault{Times: -1, Status: 500})
	for range 5 {
		w.want(w.post(to, obj{"text": "x"}), 500)
	}
	w.sim.ClearFaults()
	w.say("again")
}

func TestAnAnswerCanGetLost(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.sim.Fail(xsim.SendToParticipant, xsim.Fault{AcceptThenDrop: true})
	r := w.request("POST", "/2/dm_conversations/with/"+alice+"/messages", "application/json", []byte(`{"text":"did it arrive?"}`))
	r.Header.Set("Authorization", "Bearer "+w.tokens.Access)
	if answer, err := w.client.Do(r); err == nil {
		answer.Body.Close()
		t.Errorf("answered %d", answer.StatusCode)
	}
	if in := w.sim.Inbox(alice); len(in) != 1 {
		t.Errorf("%d messages arrived, want 1", len(in))
	}
	w.wait(func(v *xsim.View) bool { return v.Calls(xsim.SendToParticipant) == 1 })
	if log := w.sim.Requests(); log[0].Status != 0 || log[0].Why == "" {
		t.Errorf("log %+v", log)
	}
}

func TestACallCanHangOrComeLate(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.sim.Fail(xsim.UsersMe, xsim.Fault{Hang: true})
	ctx, cancel := context.WithCancelCause(t.Context())
	r := w.request("GET", "/2/users/me", "", nil).WithContext(ctx)
	r.Header.Set("Authorization", "Bearer "+w.tokens.Access)
	enough := errors.New("enough")
	done := make(chan error, 1)
	go func() {
		answer, err := w.client.Do(r)
		if err == nil {
			answer.Body.Close()
		}
		done <- err
	}()
	w.wait(func(v *xsim.View) bool { return v.Calls(xsim.UsersMe) == 1 })
	cancel(enough)
	if err := <-done; !errors.Is(err, enough) && !errors.Is(err, context.Canceled) {
		t.Errorf("a hanging call ended with %v", err)
	}
	w.sim.Fail(xsim.SendToParticipant, xsim.Fault{Late: 30 * time.Millisecond})
	begin := time.Now()
	w.say("late")
	if d := time.Since(begin); d < 30*time.Millisecond {
		t.Errorf("answered after %v", d)
	}
}

func TestCloseEndsWhatHangs(t *testing.T) {
	t.Parallel()
	sim := xsim.New(xsim.Config{})
	sim.AddUser(xsim.User{ID: bot})
	server := httptest.NewServer(sim.Handler())
	defer server.Close()
	sim.Fail(xsim.AnyRoute, xsim.Fault{Hang: true})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/2/users/me", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+sim.Tokens(bot).Access)
	done := make(chan error, 1)
	go func() {
		answer, err := server.Client().Do(r)
		if err == nil {
			answer.Body.Close()
		}
		done <- err
	}()
	if err := sim.Wait(t.Context(), func(v *xsim.View) bool { return v.Calls(xsim.UsersMe) == 1 }); err != nil {
		t.Fatal(err)
	}
	sim.Close()
	sim.Close()
	if err := <-done; err == nil {
		t.Error("a hanging call was answered")
	}
}

func TestListensOnLoopbackOnly(t *testing.T) {
	t.Parallel()
	sim := xsim.New(xsim.Config{})
	defer sim.Close()
	for _, addr := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "x.example:0", "nonsense"} {
		if err := sim.Start(addr); err == nil {
			t.Errorf("listens on %s", addr)
		}
	}
}
