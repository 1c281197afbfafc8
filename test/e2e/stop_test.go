package e2e_test

import (
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/bridges/x/xsim"
)

// TestStopWhileAPlatformHangs ends Roost in the middle of a post that is never answered; the next one brings the rest.
func TestStopWhileAPlatformHangs(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	d := s.start(t)
	thread := s.asks(t, "Hello?")
	s.x.Fail(xsim.AnyRoute, xsim.Fault{Times: -1, Hang: true})
	s.answers(thread, "This hangs.")
	s.onX(t, "post under way", func(v *xsim.View) bool { return v.Calls(xsim.SendToParticipant)+v.Calls(xsim.SendToConversation) > 0 })
	d.stop(t)
	s.x.ClearFaults()
	s.answers(thread, "Said while nobody listened.")
	d = s.start(t)
	s.arrived(t, "This hangs.")
	s.arrived(t, "Said while nobody listened.")
	d.stop(t)
	for _, text := range []string{"This hangs.", "Said while nobody listened."} {
		if n := s.countOnX(&s.x.View, text); n != 1 {
			t.Errorf("%q is %d times on X, want once", text, n)
		}
	}
}

// TestStopEndsWhatIsUnderWay ends Roost while X takes its time to answer a post that it has taken: Roost waits for the
// answer.
func TestStopEndsWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	d := s.start(t)
	thread := s.asks(t, "Hello?")
	s.x.Fail(xsim.SendToParticipant, xsim.Fault{Late: time.Second})
	s.x.Fail(xsim.SendToConversation, xsim.Fault{Late: time.Second})
	s.answers(thread, "Slowly.")
	s.arrived(t, "Slowly.")
	d.stop(t)
	l := s.deliveries(t, "--state", "sent", "--account", "x/acme")
	if len(l.Deliveries) != 1 || l.Deliveries[0].Text != "Slowly." || l.Deliveries[0].Tries != 1 {
		t.Errorf("sent = %+v, want the answer that was under way", l)
	}
}

// TestSecondSignalKills ends a Roost at once that still waits for what is under way.
func TestSecondSignalKills(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	d := s.start(t)
	thread := s.asks(t, "Hello?")
	s.x.Fail(xsim.AnyRoute, xsim.Fault{Times: -1, Hang: true})
	s.answers(thread, "This hangs.")
	s.onX(t, "post under way", func(v *xsim.View) bool { return v.Calls(xsim.SendToParticipant)+v.Calls(xsim.SendToConversation) > 0 })
	d.signal(t, syscall.SIGTERM)
	d.says(t, "account stopped") // it has heard the first
	d.signal(t, syscall.SIGTERM)
	if code := d.ends(t, 3*time.Second); code == 0 {
		t.Error("exit code 0 after two signals, want that it was killed")
	}
}

// TestNothingIsLostOverKill kills Roost without warning between accepting and delivering.
func TestNothingIsLostOverKill(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	d := s.start(t)
	s.slack.Fail("", slacksim.Fault{Times: -1, Hang: true})
	s.x.Say(s.alice, s.brand, xsim.Draft{Text: "Remember me"})
	s.inSlack(t, "post under way", func(v *slacksim.View) bool { return len(v.Calls("chat.postMessage")) > 0 })
	d.signal(t, syscall.SIGKILL)
	d.ends(t, patience)
	s.slack.Mend()
	if _, err := os.Stat(s.dir + "/roost.db.sock"); err != nil {
		t.Fatalf("the killed Roost left no socket behind: %v", err)
	}
	d = s.start(t)
	s.thread(t, "Remember me")
	d.stop(t)
}

func TestSecondRoostIsRefused(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	d := s.start(t)
	got := s.roost(t, "run")
	if want := "roost.db is in use by another Roost"; got.code != 1 || !strings.Contains(got.err, want) {
		t.Errorf("run = %d %q, want 1 and %q", got.code, got.err, want)
	}
	s.answers(s.asks(t, "Still there?"), "Yes.")
	s.arrived(t, "Yes.")
	d.stop(t)
}

func TestWebAddressInUse(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	s.configure(t, s.accounts(s.xAccount(""), s.slackAccount("")), s.desk(), "web: {listen: \""+l.Addr().String()+"\"}")
	got := s.roost(t, "run")
	if want := "roost: web.listen: " + l.Addr().String() + " is in use by another program"; got.code != 1 || !strings.Contains(got.err, want) {
		t.Errorf("run = %d %q, want 1 and %q", got.code, got.err, want)
	}
}

// TestLongPath runs in a folder whose path is longer than a socket's address may be.
func TestLongPath(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	text, err := os.ReadFile(s.config())
	if err != nil {
		t.Fatal(err)
	}
	s.dir += "/" + strings.Repeat("long", 30)
	if err := os.Mkdir(s.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.config(), text, 0o600); err != nil {
		t.Fatal(err)
	}
	const want = "too long for a socket beside it; use roost in the folder of the database"
	if got := s.roost(t, "run"); got.code != 1 || !strings.Contains(got.err, want) {
		t.Errorf("run elsewhere = %d %q, want 1 and %q", got.code, got.err, want)
	}
	d := s.start(t) // in the folder
	if got := s.roost(t, "deliveries"); got.code != 1 || !strings.Contains(got.err, want) {
		t.Errorf("deliveries elsewhere = %d %q, want 1 and %q", got.code, got.err, want)
	}
	d.stop(t)
}
