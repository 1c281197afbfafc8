// Package interop_test runs Slack's own JavaScript clients against the simulator.
package interop_test

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/test/interop/clienttest"
)

const (
	ada     = "U0ADA000001"
	general = "C0GENERAL01"
)

// setup starts a workspace.
func setup(t *testing.T) *slacksim.Sim {
	t.Helper()
	sim := slacksim.New(slacksim.Config{Timing: slacksim.Timing{Trigger: time.Minute}})
	sim.AddUser(slacksim.User{ID: ada, Name: "ada", RealName: "Ada Lovelace"})
	for _, name := range []string{"bob", "cleo", "dan"} {
		sim.AddUser(slacksim.User{Name: name})
	}
	sim.AddChannel(slacksim.Channel{ID: general, Name: "general"})
	if err := sim.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	return sim
}

// run starts a script of this folder.
func run(t *testing.T, sim *slacksim.Sim, script string, env ...string) *clienttest.Child {
	t.Helper()
	env = append(env, "SLACK_API_URL="+sim.URL()+"/api/", "SLACK_BOT_TOKEN="+sim.BotToken(), "SLACK_APP_TOKEN="+sim.AppToken(),
		"SLACK_SIGNING_SECRET="+sim.SigningSecret(), "CHANNEL="+general, "USER="+ada)
	return clienttest.Start(t, env, clienttest.Node(t, "@slack/bolt"), script)
}

func until(t *testing.T, sim *slacksim.Sim, what string, ok func(*slacksim.View) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), clienttest.Patient)
	defer cancel()
	if err := sim.Wait(ctx, ok); err != nil {
		t.Fatalf("%s did not happen: %v\nmessages: %+v", what, err, sim.Messages(general))
	}
}

// said finds a message of the app by its text.
func said(v *slacksim.View, text string) (slacksim.Message, bool) {
	all := v.Messages(general)
	i := slices.IndexFunc(all, func(m slacksim.Message) bool { return m.BotID != "" && m.Text == text })
	if i < 0 {
		return slacksim.Message{}, false
	}
	return all[i], true
}

func hears(t *testing.T, sim *slacksim.Sim, text string) slacksim.Message {
	t.Helper()
	until(t, sim, text, func(v *slacksim.View) bool { _, ok := said(v, text); return ok })
	m, _ := said(&sim.View, text)
	return m
}

func TestWebAPI(t *testing.T) {
	t.Parallel()
	sim := setup(t)
	trigger := sim.NewTrigger(ada)
	sim.Fail("users.info", slacksim.Fault{Times: 1, Throttle: time.Second})
	sim.Fail("bots.info", slacksim.Fault{Times: 1, Throttle: 7 * time.Second})
	c := run(t, sim, "web-api.mjs", "TRIGGER="+trigger, "LIMITED=users.info")
	parent := c.Finish(t)[1]
	until(t, sim, "the share of the files", func(v *slacksim.View) bool { return len(v.Thread(general, parent)) == 3 })
	thread := sim.Thread(general, parent)
	if got := thread[0]; got.Text != "changed" || !got.Edited || len(got.Reactions) != 1 || got.Metadata == nil {
		t.Errorf("the post is %+v", got)
	}
	if got := thread[2]; got.Subtype != "file_share" || len(got.Files) != 2 || got.Text != "here" {
		t.Errorf("the file message is %+v", got)
	}
	if data, ok := sim.FileBytes(thread[2].Files[1].ID); !ok || string(data) != "beta" {
		t.Errorf("second file holds %q, %v", data, ok)
	}
	if views := sim.Views(); len(views) != 1 || views[0].Title != "Updated" {
		t.Errorf("open views are %+v", views)
	}
	if calls := sim.Calls("users.info"); len(calls) != 2 || calls[0].Status != http.StatusTooManyRequests || calls[1].Status != http.StatusOK {
		t.Errorf("calls of the throttled method are %+v", calls)
	}
}

func TestSocketMode(t *testing.T) {
	t.Parallel()
	sim := setup(t)
	c := run(t, sim, "socket-mode.mjs")
	c.Line(t, "CONNECTED")
	sim.Say(ada, general, slacksim.Draft{Text: "one"})
	if got := c.Line(t, "EVENT"); got[2] != "message" || got[3] != "0" || got[4] != "one" {
		t.Errorf("event is %v", got)
	}
	sim.Say(ada, general, slacksim.Draft{Text: "leave unconfirmed"})
	ignored := c.Line(t, "IGNORED")
	sim.DropSockets()
	c.Line(t, "CONNECTED")
	if got := c.Line(t, "EVENT"); got[1] != ignored[1] || got[3] != "1" {
		t.Errorf("after the drop came %v, want %s again", got, ignored[1])
	}
	sim.Disconnect("refresh_requested")
	c.Line(t, "CONNECTED")
	sim.Say(ada, general, slacksim.Draft{Text: "stop"})
	c.Line(t, "EVENT")
	c.Finish(t)
	until(t, sim, "the confirmations", func(v *slacksim.View) bool { return v.Mail() == slacksim.Mail{Acked: 3, Repeated: 1} })
}

// converse plays a person against the app of bolt-app.mjs.
func converse(t *testing.T, sim *slacksim.Sim) {
	t.Helper()
	ts := sim.Say(ada, general, slacksim.Draft{Text: "ping"})
	if m := hears(t, sim, "pong <@"+ada+">"); m.Thread != ts {
		t.Errorf("the answer is in thread %q, want %q", m.Thread, ts)
	}
	sim.Say(ada, general, slacksim.Draft{Text: "hey <@" + sim.BotUser() + ">"})
	hears(t, sim, "mentioned by "+ada)
	if err := sim.React(ada, general, ts, "tada"); err != nil {
		t.Fatal(err)
	}
	hears(t, sim, "reaction tada")
	sim.Say(ada, general, slacksim.Draft{Text: "button"})
	press := hears(t, sim, "press")
	if err := sim.Press(ada, general, press.TS, "go", ""); err != nil {
		t.Fatal(err)
	}
	if m := hears(t, sim, "pressed v1"); m.TS != press.TS || !m.Edited {
		t.Errorf("pressed message is %+v", m)
	}
	until(t, sim, "the response", func(v *slacksim.View) bool {
		return slices.ContainsFunc(v.Ephemerals(ada), func(m slacksim.Message) bool { return m.Text == "only for you" })
	})
	if err := sim.Press(ada, general, press.TS, "ask", ""); err != nil {
		t.Fatal(err)
	}
	fill(t, sim)
	if err := sim.Slash(ada, general, "/echo", "hi"); err != nil {
		t.Fatal(err)
	}
	until(t, sim, "the echo", func(v *slacksim.View) bool {
		return slices.ContainsFunc(v.Ephemerals(ada), func(m slacksim.Message) bool { return m.Text == "echo hi" })
	})
	for _, in := range sim.Interactions() {
		if !in.Acked || in.Failed != "" {
			t.Errorf("interaction %+v was not confirmed", in)
		}
	}
}

// fill submits the form once wrongly and once well.
func fill(t *testing.T, sim *slacksim.Sim) {
	t.Helper()
	until(t, sim, "the form", func(v *slacksim.View) bool { return len(v.Views()) == 1 })
	form := sim.Views()[0]
	if err := sim.SubmitView(ada, form.ID, map[string]string{"value": "x"}); err != nil {
		t.Fatal(err)
	}
	until(t, sim, "the complaint", func(v *slacksim.View) bool {
		views := v.Views()
		return len(views) == 1 && views[0].Errors["name"] == "too short"
	})
	if err := sim.SubmitView(ada, form.ID, map[string]string{"value": "Ada"}); err != nil {
		t.Fatal(err)
	}
	hears(t, sim, "form Ada")
	until(t, sim, "the close of the form", func(v *slacksim.View) bool { return len(v.Views()) == 0 })
}

func TestBoltSocketMode(t *testing.T) {
	t.Parallel()
	sim := setup(t)
	c := run(t, sim, "bolt-socket.mjs")
	c.Line(t, "READY")
	converse(t, sim)
	c.Finish(t)
}

func TestBoltHTTP(t *testing.T) {
	t.Parallel()
	sim := setup(t)
	c := run(t, sim, "bolt-http.mjs")
	address := c.Line(t, "READY")[1]
	if err := sim.SetEventsURL(address); err != nil {
		t.Fatal(err)
	}
	converse(t, sim)
	if mail := sim.Mail(); mail.Repeated != 0 || mail.Lost != 0 {
		t.Errorf("mail is %+v", mail)
	}
	body := []byte(`{"type":"url_verification","challenge":"c"}`)
	for _, tc := range []struct {
		name   string
		change func(*http.Request)
		want   int
	}{
		{"as signed", func(*http.Request) {}, http.StatusOK},
		{"another signature", func(r *http.Request) {
			r.Header.Set("X-Slack-Signature", slacksim.Sign("wrong", r.Header.Get("X-Slack-Request-Timestamp"), body))
		}, http.StatusUnauthorized},
		{"another time", func(r *http.Request) { r.Header.Set("X-Slack-Request-Timestamp", "1700000000") }, http.StatusUnauthorized},
	} {
		req, err := sim.SignedRequest(t.Context(), address, "application/json", body)
		if err != nil {
			t.Fatal(err)
		}
		tc.change(req)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != tc.want {
			t.Errorf("%s: status %d, want %d", tc.name, resp.StatusCode, tc.want)
		}
	}
	c.Finish(t)
}
