package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/roost-im/roost/router/chat"
)

func TestDoctor(t *testing.T) {
	t.Parallel()
	config, x, slack := simulated(t)
	doctor := func(args ...string) ran { return roost(t, append([]string{"doctor", "-c", config}, args...)...) }
	fine := doctor()
	fine.want(t, 0, "slack/team\n  ✓ bot_token: speaks as ", "x/acme\n  ✓ account: @acme is logged in\n", "asking the platforms…\n")
	if strings.Index(fine.out, "slack/team\n") > strings.Index(fine.out, "x/acme\n") || strings.Contains(fine.out, "running since") {
		t.Errorf("doctor = %s, want the accounts by name, and none that runs", fine.out)
	}
	doctor("x/nobody").want(t, exitUsage, "the configuration has no account x/nobody; it has slack/team, x/acme")

	slack.SetScopes("channels:history", "channels:read", "users:read")
	doctor("slack/team").want(t, exitFindings, "✗ scope chat:write: is missing: nothing can be said\n      → add it under OAuth & Permissions", "! scope files:read: is missing")
	slack.SetScopes()

	slack.Revoke()
	got := doctor("--json")
	var all []diagnosis
	if err := json.Unmarshal([]byte(got.out), &all); err != nil || got.code != exitFindings || got.err != "" {
		t.Fatalf("doctor --json = %d %s%s (%v)", got.code, got.out, got.err, err)
	}
	if len(all) != 2 || all[0].Account != "slack/team" || !all[0].broken() || all[0].Findings[0].Mend == "" || all[1].broken() {
		t.Errorf("doctor = %+v, want that slack/team is broken and what to do, and x/acme fine", all)
	}
	slack.Restore()
	x.Revoke(x.Users()[0].ID)
	doctor("x/acme").want(t, exitFindings, "x/acme\n  ✗ account: ")
	doctor("slack/team").want(t, 0)
}

func TestDoctorOfAPlatformThatIsAway(t *testing.T) {
	t.Parallel()
	config, x, slack := simulated(t)
	x.Close()
	slack.Close()
	got := roost(t, "doctor", "-c", config)
	got.want(t, exitFindings, "slack/team\n  ✗ check: ", "      → see that this machine reaches the platform", "x/acme\n  ✗ account: ")
}

func TestDoctorShowsWhatWasNotUnderstood(t *testing.T) {
	t.Parallel()
	s := newSkipped()
	for range 3 {
		s.add("slack/team", "pin_added", []byte(`{}`))
	}
	for i := range 100 {
		s.add("x/acme", strings.Repeat("k", i+1), make([]byte, 100_000))
	}
	if got := s.of("slack/team")["pin_added"]; got.Count != 3 || got.Last != "{}" {
		t.Errorf("pin_added = %+v, want 3 of them", got)
	}
	many := s.of("x/acme")
	if len(many) > mostKinds+1 || many["others"].Count != 100-mostKinds || len(many["k"].Last) != mostRaw {
		t.Errorf("%d kinds with %d others and %d bytes, want bounds", len(many), many["others"].Count, len(many["k"].Last))
	}
	var out strings.Builder
	c := &common{world: world{out: &out}}
	c.showDiagnosis(diagnosis{Account: "slack/team", Skipped: s.of("slack/team"), Findings: []chat.Finding{{Grade: chat.Fine, Name: "a", Text: "b"}}})
	if want := "slack/team\n  ✓ a: b\n  ! 3 events of kind \"pin_added\" not understood\n"; out.String() != want {
		t.Errorf("shown is %q, want %q", out.String(), want)
	}
}
