package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestUsageErrors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		args string
		want string
	}{
		{"rn", `roost: there is no command "rn"; did you mean run?`},
		{"delivery", `did you mean deliveries?`},
		{"frobnicate", `there is no command "frobnicate"; roost help lists them`},
		{"help frobnicate", `there is no command "frobnicate"`},
		{"run --foo", "unknown flag: --foo; see roost run --help"},
		{"run now", `unknown command "now"`},
		{"deliveries --limit many", "--limit"},
		{"deliveries --limit 0", "--limit 0: 1 at least"},
		{"deliveries --state lost", "--state is waiting, held, rejected, dead, sent, cancelled or all"},
		{"deliveries --account acme", "one is written like x/acme"},
		{"deliveries --dead --state held", "--dead and --state exclude each other"},
		{"replay", "name deliveries by their IDs, or say --all"},
		{"replay --all 1", "name deliveries by their IDs, or say --all"},
		{"replay one", `"one" is no delivery's ID`},
		{"replay -- -1", `"-1" is no delivery's ID`},
		{"why", "roost why: CONVERSATION and TEXT are missing\n\nUsage:\n  roost why CONVERSATION TEXT"},
		{"why slack/team#C0", "roost why: TEXT is missing"},
		{"why slack/team#C0 a b", `"b" is too much`},
		{"why here hello", `"here" is no conversation; one is written like slack/team#C024BE91L`},
		{"login", "roost login: ACCOUNT is missing\n\nUsage:\n  roost login ACCOUNT"},
		{"login acme", "one is written like x/acme"},
		{"login x/acme --listen 8737", "--listen 8737: wants host:port"},
		{"login x/acme --keys acme.key", "say --chat, too"},
		{"login x/acme --replace", "say --chat, too"},
		{"login x/acme --export acme.key", "say --chat, too"},
		{"login x/acme --chat --keys acme.key --replace", "--keys and --replace exclude each other"},
		{"login x/acme --chat --export - --json", "--json and --export - exclude each other"},
		{"login x/acme --chat --no-browser", "--chat opens no page"},
		{"login x/acme --chat --listen 127.0.0.1:8737", "--chat opens no page"},
		{"doctor acme", "one is written like x/acme"},
		{"completion", "SHELL is missing"},
		{"completion tcsh", "SHELL is bash, zsh, fish or powershell"},
		{"version now", `unknown command "now"`},
	} {
		t.Run(tc.args, func(t *testing.T) {
			t.Parallel()
			got := roost(t, strings.Fields(tc.args)...)
			got.want(t, exitUsage, tc.want)
			if got.out != "" {
				t.Errorf("%q on the standard output, want it on the standard error", got.out)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	root := newRoot(world{})
	bare := roost(t)
	bare.want(t, 0, "Exit codes: 0 all is well", "roost check && roost run")
	for _, cmd := range root.Commands() {
		if cmd.Hidden {
			continue
		}
		bare.want(t, 0, "\n  "+cmd.Name()+" ")
		if cmd.Short == "" || strings.HasSuffix(cmd.Short, ".") || utf8.RuneCountInString(cmd.Short) > 80 {
			t.Errorf("%s: %q is no short line", cmd.Name(), cmd.Short)
		}
		flag, word := roost(t, cmd.Name(), "--help"), roost(t, "help", cmd.Name())
		flag.want(t, 0, "Usage:\n  roost "+cmd.Name(), "--config FILE")
		if flag != word {
			t.Errorf("roost help %s differs from roost %s --help", cmd.Name(), cmd.Name())
		}
		for line := range strings.Lines(flag.out) {
			if n := utf8.RuneCountInString(line); n > 120 {
				t.Errorf("%s: a line of %d characters: %s", cmd.Name(), n, line)
			}
		}
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	roost(t, "version").want(t, 0, "roost ", "(go1.")
	var v versionInfo
	if err := json.Unmarshal([]byte(roost(t, "version", "--json").out), &v); err != nil || v.Version == "" || v.OS == "" {
		t.Errorf("version --json = %+v (%v)", v, err)
	}
}

func TestCompletionParses(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			got := roost(t, "completion", shell)
			got.want(t, 0, "roost")
			name := filepath.Join(t.TempDir(), "roost."+shell)
			if err := os.WriteFile(name, []byte(got.out), 0o600); err != nil {
				t.Fatal(err)
			}
			program, err := exec.LookPath(shell)
			if err != nil && shell != "bash" {
				return // it was made; only bash is everywhere, to parse it with
			}
			if out, err := exec.CommandContext(t.Context(), program, "-n", name).CombinedOutput(); err != nil {
				t.Errorf("%s -n: %v\n%s", shell, err, out)
			}
		})
	}
}

func TestCompletionKnowsTheConfiguration(t *testing.T) {
	t.Parallel()
	config := write(t, offline)
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{"login", "-c", config, ""}, "x/acme"},
		{[]string{"doctor", "-c", config, "s"}, "slack/team"},
		{[]string{"deliveries", "--state", ""}, "rejected"},
		{[]string{"deliveries", "-c", config, "--account", ""}, "slack/team"},
		{[]string{"completion", ""}, "fish"},
		{[]string{"he"}, "help"},
	} {
		got := roost(t, append([]string{"__complete"}, tc.args...)...)
		if !slices.ContainsFunc(strings.Split(got.out, "\n"), func(l string) bool { return strings.HasPrefix(l, tc.want) }) {
			t.Errorf("completing %q gives %q, want %s", tc.args, got.out, tc.want)
		}
	}
}
