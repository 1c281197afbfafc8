package e2e_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/bridges/x/xsim"
)

// listing is what "roost deliveries --json" prints.
type listing struct {
	Count      map[string]int
	Deliveries []struct {
		ID               int64
		State, Action    string
		To, Reason, Text string
		Tries            int
	}
}

func (s *stage) deliveries(t *testing.T, args ...string) listing {
	t.Helper()
	got := s.roost(t, append([]string{"deliveries", "--json"}, args...)...)
	var l listing
	if err := json.Unmarshal([]byte(got.out), &l); err != nil || got.code != 0 {
		t.Fatalf("deliveries = %d %s%s: %v", got.code, got.out, got.err, err)
	}
	return l
}

// TestReplay lets Slack fail until deliveries are dead, lists them, and sends them again, once through a Roost that runs
// and once without one.
func TestReplay(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.configure(t, s.accounts(s.xAccount(""), s.slackAccount("")), s.desk(), "delivery: {tries: 2, longest: 1s}")
	d := s.start(t)
	thread := s.asks(t, "Hello?")
	s.x.Fail(xsim.SendToParticipant, xsim.Fault{Times: -1, Status: 503})
	s.x.Fail(xsim.SendToConversation, xsim.Fault{Times: -1, Status: 503})
	s.answers(thread, "Never mind.")
	d.sees(t, "that a delivery is dead", func(text string) bool { return strings.Count(text, "state=dead") == 1 })
	s.answers(thread, "Or do.")
	d.sees(t, "that two deliveries are dead", func(text string) bool { return strings.Count(text, "state=dead") == 2 })
	l := s.deliveries(t, "--dead", "--account", "x/acme")
	if len(l.Deliveries) != 2 || l.Deliveries[0].Text != "Or do." || l.Deliveries[1].Tries != 2 || l.Deliveries[1].Reason == "" || l.Count["dead"] != 2 {
		t.Fatalf("deliveries = %+v, want the two dead ones, the newest first, and why", l)
	}
	shown := s.roost(t, "deliveries")
	if !strings.Contains(shown.out, "Never mind.") || !strings.Contains(shown.out, "2 dead") {
		t.Errorf("deliveries shows %s, want the dead ones and their number", shown.out)
	}
	s.x.ClearFaults()
	if got := s.roost(t, "replay", fmt.Sprint(l.Deliveries[1].ID)); got.code != 0 || got.out != "1 delivery is on its way again\n" {
		t.Errorf("replay = %d %s%s", got.code, got.out, got.err)
	}
	s.arrived(t, "Never mind.")
	d.stop(t)

	if got := s.deliveries(t, "--state", "dead"); len(got.Deliveries) != 1 || got.Deliveries[0].ID != l.Deliveries[0].ID {
		t.Errorf("without a daemon, dead = %+v, want the other one", got)
	}
	if got := s.roost(t, "replay", "--all"); got.code != 0 || got.out != "1 delivery is on its way again\n" {
		t.Errorf("replay --all = %d %s%s", got.code, got.out, got.err)
	}
	if got := s.roost(t, "replay", "--all"); got.code != 3 || !strings.Contains(got.err, "no delivery is dead, rejected or held") {
		t.Errorf("replay --all again = %d %s%s, want 3", got.code, got.out, got.err)
	}
	d = s.start(t)
	s.arrived(t, "Or do.")
	d.stop(t)
}

// TestRejected writes to an archived channel, which no trying again helps until a person opens it.
func TestRejected(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	d := s.start(t)
	s.connected(t)
	if err := s.slack.Archive(s.dana, s.channel); err != nil {
		t.Fatal(err)
	}
	s.x.Say(s.alice, s.brand, xsim.Draft{Text: "Too late?"})
	d.sees(t, "that a delivery is rejected", func(text string) bool { return strings.Contains(text, "state=rejected") })
	l := s.deliveries(t, "--dead")
	if len(l.Deliveries) == 0 || l.Count["rejected"] == 0 || !strings.Contains(l.Deliveries[len(l.Deliveries)-1].Reason, "archived") {
		t.Fatalf("deliveries = %+v, want one that is rejected because the channel is archived", l)
	}
	s.slack.AddChannel(slacksim.Channel{ID: s.channel, Name: "support", Members: []string{s.dana}})
	if got := s.roost(t, "replay", "--all"); got.code != 0 {
		t.Errorf("replay = %d %s%s", got.code, got.out, got.err)
	}
	s.inSlack(t, "card", func(v *slacksim.View) bool { return len(v.Messages(s.channel)) > 0 })
	d.stop(t)
}

// TestWaiting lists what waits for a platform that asks for patience.
func TestWaiting(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	d := s.start(t)
	thread := s.asks(t, "Hello?")
	s.x.Fail(xsim.SendToParticipant, xsim.Fault{Times: -1, Throttle: true})
	s.x.Fail(xsim.SendToConversation, xsim.Fault{Times: -1, Throttle: true})
	s.answers(thread, "In a moment.")
	d.says(t, "kind=throttled")
	if l := s.deliveries(t, "--state", "waiting"); len(l.Deliveries) != 1 || l.Deliveries[0].Text != "In a moment." || l.Deliveries[0].Tries != 0 {
		t.Errorf("deliveries = %+v, want the one that waits, untried", l)
	}
	got := s.roost(t, "replay", "1", "999999")
	if got.code != 3 || !strings.Contains(got.err, "not dead, rejected or held: 1, 999999") {
		t.Errorf("replay = %d %s%s, want 3 and what is not to be replayed", got.code, got.out, got.err)
	}
	why := s.roost(t, "why", "--direct", "--as", s.alice, "x/acme#"+s.alice, "one more thing")
	if why.code != 0 || !strings.Contains(why.out, "→ post to slack/team#"+s.channel+": one more thing") {
		t.Errorf("why = %d %s%s, want what goes to the desk", why.code, why.out, why.err)
	}
	d.stop(t)
}
