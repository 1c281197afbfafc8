package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckOfAFineFile(t *testing.T) {
	t.Parallel()
	config := write(t, offline)
	roost(t, "check", "-c", config).want(t, 0, config+" is fine: 3 accounts, 2 routes.\n")
	got := roost(t, "check", "-c", config, "--json")
	var c checked
	if err := json.Unmarshal([]byte(got.out), &c); err != nil || got.code != 0 || c.Accounts != 3 || c.Routes != 2 || c.Faults == nil || c.Warnings == nil {
		t.Errorf("check --json = %d %s (%v)", got.code, got.out, err)
	}
	names, err := os.ReadDir(filepath.Dir(config))
	if err != nil || len(names) != 1 {
		t.Errorf("check left %v beside the file (%v), want nothing", names, err)
	}
}

func TestCheckOfTheExamples(t *testing.T) {
	t.Parallel()
	env := map[string]string{"X_CLIENT_ID": "acme", "SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}
	roostIn(t.Context(), env, "check", "-c", "../../configs/roost.example.yaml").want(t, 0, "is fine: 2 accounts, 1 route.")
}

func TestCheckSaysEverythingThatIsWrong(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, text string
		want       []string // one line each, in order
	}{
		{"unknown key", "accounts:\n  x/acme: {client_id: a, client_secrt: s3cr3t}\n", []string{":2:26; did you mean client_secret?"}},
		{"unknown section", "acounts: {}\n", []string{"acounts: unknown key at ", "did you mean accounts?"}},
		{"no variable", "accounts:\n  slack/team: {bot_token: \"${BOT}\", app_token: xapp-s3cr3t}\n", []string{"BOT"}},
		{"account of a route", "accounts:\n  x/acme: {client_id: a}\nroutes:\n  r: {desk: {from: [x/acne], on: [slack/team#C]}}\n", []string{"from[0]: there is no such account at ", "did you mean x/acme?", "on[0]: there is no such account at "}},
		{"account twice", "accounts:\n  x/acme: {client_id: a}\n  x/acme: {client_id: b}\n", []string{":3:"}},
		{"type", "accounts:\n  x/acme: {client_id: a, page: many}\ndelivery: {tries: often}\n", []string{"page", "wants a whole number from 1 to 1000"}},
		{"platform", "accounts:\n  slak/team: {bot_token: s3cr3t}\n", []string{"unknown platform slak at ", "did you mean slack?"}},
		{"settings", "accounts:\n  slack/team: {bot_token: s3cr3t, app_token: s3cr3t}\n", []string{"bot_token: does not begin with xoxb-", "app_token: does not begin with xapp-"}},
		{"secret's file", "accounts:\n  slack/team: {bot_token: file:/no/such, app_token: xapp-s3cr3t}\n", []string{"bot_token: the file of the secret: there is no such file at "}},
		{"empty", "", []string{"is empty"}},
		{"no YAML", "accounts: [\n", []string{"is no YAML"}},
		{"binary", "\x7fELF\x00\xff\x01", []string{"is no text"}},
		{"several", "webb: {}\nlog: {levle: info}\nfiles: {max: huge}\n", []string{"did you mean web?", "did you mean level?", "wants a size"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			config := write(t, tc.text)
			got := roost(t, "check", "-c", config)
			got.want(t, exitUsage, tc.want...)
			if got.out != "" || strings.Contains(got.err, "s3cr3t") {
				t.Errorf("check shows %q and %q, want faults on the standard error alone, without a secret", got.out, got.err)
			}
			lines := strings.Split(strings.TrimSuffix(got.err, "\n"), "\n")
			for _, line := range lines {
				if !strings.Contains(line, config) {
					t.Errorf("%q does not say where", line)
				}
			}
			var c checked
			asJSON := roost(t, "check", "-c", config, "--json")
			if err := json.Unmarshal([]byte(asJSON.out), &c); err != nil || asJSON.code != exitUsage || len(c.Faults) != len(lines) || strings.Contains(asJSON.out, "s3cr3t") {
				t.Errorf("check --json = %d %s (%v), want %d faults", asJSON.code, asJSON.out, err, len(lines))
			}
			// What check refuses, every other command refuses in the same words.
			for _, command := range []string{"run", "doctor", "deliveries"} {
				if other := roost(t, command, "-c", config); other.code != exitUsage || other.err != got.err {
					t.Errorf("%s = %d %s, want as check", command, other.code, other.err)
				}
			}
		})
	}
}

func TestMissingFile(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"check", "run", "doctor", "deliveries"} {
		roost(t, command, "-c", "no/such.yaml").want(t, exitUsage, "no/such.yaml: there is no such file; -c FILE names another")
	}
	roost(t, "check", "-c", t.TempDir()).want(t, exitUsage, "is no regular file")
}
