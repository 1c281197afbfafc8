package e2e_test

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/roost-im/roost/test/lifetest"
)

// page is the address that roost login prints.
var page = regexp.MustCompile(`http://\S+/i/oauth2/authorize\S+`)

// login runs "roost login x/acme" and plays the browser: it opens the printed address and follows it back.
func (s *stage) login(t *testing.T) {
	t.Helper()
	s.x.AutoAuthorize(s.brand)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "login", "x/acme", "--no-browser", "--listen", "127.0.0.1:0", "-c", s.config())
	var out bytes.Buffer
	shown := &daemon{log: lifetest.NewLogbook(), done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &out, shown.log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = cmd.Wait() // the exit code tells
		close(shown.done)
	}()
	shown.cmd = cmd
	shown.sees(t, "the page's address", page.MatchString)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, page.FindString(shown.log.String()), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if code, body := do(t, req); code != http.StatusOK || !strings.Contains(body, "@acme is logged in") {
		t.Errorf("the browser ends at %d %q, want that @acme is logged in", code, body)
	}
	if code := shown.ends(t, patience); code != 0 || out.String() != "x/acme is logged in as @acme.\n" {
		t.Fatalf("login = %d %q %q, want 0 and who is logged in", code, out.String(), shown.log)
	}
}

// TestLoginKeepsTokensEncrypted logs in without a daemon and looks for the tokens in every file.
func TestLoginKeepsTokensEncrypted(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.configure(t, s.accounts(s.loggedIn(), s.slackAccount("")), s.desk())
	s.login(t)
	d := s.start(t)
	s.answers(s.asks(t, "Hello?"), "Good day!")
	s.arrived(t, "Good day!")
	d.stop(t)
	used := 0
	for _, r := range s.x.Requests() {
		if r.Auth.String() == "OAuth 2.0 User Context" {
			used++
		}
	}
	if used == 0 {
		t.Error("no call was made with the login")
	}
	// The names stand in the sealed text; were it open, they would be found.
	for _, word := range []string{`"access":`, `"refresh":`, "dm.read"} {
		if name := found(t, s.dir, word); name != "" {
			t.Errorf("%s holds %q in the clear", name, word)
		}
	}
	if name := found(t, s.dir, "Hello?"); name == "" {
		t.Error("the search finds nothing, not even what was said")
	}
	info, err := os.Stat(filepath.Join(s.dir, "roost.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("roost.key: %v %v, want mode 0600", info, err)
	}
}

// TestLoginWhileRunning logs in through the control socket; the account that waited for it works at once.
func TestLoginWhileRunning(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.configure(t, s.accounts(s.loggedIn(), s.slackAccount("")), s.desk())
	d := s.start(t)
	d.says(t, "nobody is logged in; run roost login x/acme")
	s.login(t)
	s.answers(s.asks(t, "Anybody here?"), "We are!")
	s.arrived(t, "We are!")
	d.stop(t)
}

func TestLoginRefused(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for _, tc := range []struct{ account, want string }{
		{"slack/team", "slack/team needs no login: its tokens stand in"},
		{"x/acme", "x/acme needs no login: its tokens stand in"},
		{"x/acne", "the configuration has no account x/acne; it has slack/team, x/acme"},
		{"acme", `"acme" is no account; one is written like x/acme`},
	} {
		if got := s.roost(t, "login", tc.account); got.code != 2 || !strings.Contains(got.err, tc.want) {
			t.Errorf("login %s = %d %q, want 2 and %q", tc.account, got.code, got.err, tc.want)
		}
	}
	if _, err := os.Stat(filepath.Join(s.dir, "roost.db")); err == nil {
		t.Error("a refused login made a database")
	}
}

// found names a file of a folder that has word in it.
func found(t *testing.T, dir, word string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if b, err := os.ReadFile(name); err == nil && !strings.HasSuffix(name, ".yaml") && bytes.Contains(b, []byte(word)) {
			return filepath.Base(name)
		}
	}
	return ""
}
