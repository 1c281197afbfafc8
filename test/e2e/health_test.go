package e2e_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func TestHealthAndMetrics(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	d := s.start(t)
	s.answers(s.asks(t, "Hello?"), "Good day!")
	s.arrived(t, "Good day!")
	if code, body := d.get(t, "/healthz"); code != http.StatusOK || !strings.Contains(body, `"ok":true`) {
		t.Errorf("healthz = %d %s, want 200", code, body)
	}
	code, body := d.get(t, "/metrics")
	for _, want := range []string{
		`roost_connector_up{account="x/acme"} 1`, `roost_connector_up{account="slack/team"} 1`,
		`roost_events_total{account="x/acme",kind="posted"} `,
		`roost_deliveries_total{account="slack/team",action="open",outcome="sent"} 1`,
		"roost_lane_wait_seconds_count", "go_goroutines",
	} {
		if code != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("metrics = %d without %s", code, want)
		}
	}
	if strings.Contains(body, s.alice) || strings.Contains(body, s.channel) {
		t.Error("metrics name a person or a conversation")
	}
	s.slack.Revoke()
	d.says(t, "account down")
	var report struct {
		OK       bool
		Accounts []struct {
			Account, Reason string
			Up              bool
		}
	}
	code, body = d.get(t, "/healthz")
	if err := json.Unmarshal([]byte(body), &report); err != nil {
		t.Fatal(err)
	}
	if code != http.StatusServiceUnavailable || report.OK || len(report.Accounts) != 2 ||
		report.Accounts[0].Account != "slack/team" || report.Accounts[0].Up || report.Accounts[0].Reason == "" || !report.Accounts[1].Up {
		t.Errorf("healthz = %d %+v, want 503, slack/team down and why, x/acme up", code, report)
	}
	d.stop(t)
}

func TestDoctorOfARunningRoost(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	d := s.start(t)
	s.connected(t)
	got := s.roost(t, "doctor")
	if got.code != 0 || !strings.Contains(got.out, "slack/team\n  running since ") || !strings.Contains(got.out, "✓ account: @acme is logged in") {
		t.Errorf("doctor = %d %s%s, want 0 and two accounts that run", got.code, got.out, got.err)
	}
	s.slack.SetScopes("chat:write", "channels:history", "channels:read", "users:read")
	if got := s.roost(t, "doctor", "slack/team"); !strings.Contains(got.out, "! scope reactions:write: is missing") || !strings.Contains(got.out, "      → add it under OAuth & Permissions") {
		t.Errorf("doctor = %d %s%s, want the missing scope and what to do", got.code, got.out, got.err)
	}
	s.slack.SetScopes()
	s.slack.Revoke()
	d.says(t, "account down")
	got = s.roost(t, "doctor", "--json")
	var all []struct {
		Account  string
		Status   struct{ Up bool }
		Findings []struct{ Grade, Name, Text, Mend string }
	}
	if err := json.Unmarshal([]byte(got.out), &all); err != nil {
		t.Fatalf("doctor --json: %v in %s%s", err, got.out, got.err)
	}
	if got.code != 3 || len(all) != 2 || all[0].Account != "slack/team" || all[0].Status.Up || all[0].Findings[0].Grade != "broken" || !all[1].Status.Up {
		t.Errorf("doctor = %d %+v, want 3, slack/team broken and x/acme running", got.code, all)
	}
	s.slack.Restore()
	d.stop(t)
}
