package crash_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/bridges/x/xsim"
)

// stage is the two platforms, the people on them, and the files of one Roost.
type stage struct {
	x        *xsim.Sim
	slack    *slacksim.Sim
	brand    string // the account's user on X
	contacts []string
	member   string
	channel  string
	dir      string
	binary   string
}

func newStage(t *testing.T, contacts int) *stage {
	t.Helper()
	s := &stage{dir: folder(t)}
	s.binary = build(t)
	s.x = xsim.New(xsim.Config{KeepAlive: time.Second})
	s.slack = slacksim.New(slacksim.Config{})
	for _, sim := range []interface {
		Start(string) error
		Close()
	}{s.x, s.slack} {
		if err := sim.Start("127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(sim.Close)
	}
	s.x.SetLimits(xsim.Limits{Unlimited: true})
	s.brand = s.x.AddUser(xsim.User{Name: "Acme", Username: "acme"}).ID
	for i := range contacts {
		u := s.x.AddUser(xsim.User{Name: fmt.Sprintf("Contact %d", i), Username: fmt.Sprintf("contact%d", i)})
		s.contacts = append(s.contacts, u.ID)
	}
	s.member = s.slack.AddUser(slacksim.User{Name: "dana", RealName: "Dana"})
	s.channel = s.slack.AddChannel(slacksim.Channel{Name: "support", Members: []string{s.member}})
	s.configure(t)
	return s
}

// folder is where Roost's files are. It stays when the test fails, to be looked at.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "roost-crash-") //nolint:usetesting // it has to outlive a failed test
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the files are in %s", dir)
			return
		}
		_ = os.RemoveAll(dir)
	})
	return dir
}

// configure writes the configuration. The pace is raised because the simulators set no limit: what is tested here is
// not how slow the platforms are.
func (s *stage) configure(t *testing.T) {
	t.Helper()
	tokens := s.x.Tokens(s.brand)
	const form = `
accounts:
  x/acme:
    consumer_key: sim-consumer-key
    consumer_secret: sim-consumer-secret
    access_token: %s
    access_secret: %s
    bearer_token: sim-app-bearer
    receive: stream
    api_url: %s
    pace: {account: {every: 1ms, burst: 1000}}
  slack/team:
    bot_token: %s
    app_token: %s
    api_url: %s/api/
    pace: {conversation: {every: 1ms, burst: 1000}}
routes:
  support: {desk: {from: [x/acme], on: ["slack/team#%s"], reply: send, hold: 0s}}
web: {listen: "127.0.0.1:0"}
log: {level: warn}
`
	text := fmt.Sprintf(form, tokens.OAuth1Token, tokens.OAuth1Secret, s.x.URL(),
		s.slack.BotToken(), s.slack.AppToken(), s.slack.URL(), s.channel)
	if err := os.WriteFile(s.config(), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (s *stage) config() string { return filepath.Join(s.dir, "roost.yaml") }

// build makes the binary once for the test.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "roost")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "github.com/roost-im/roost/cmd/roost")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return binary
}

// roost is one life of the process.
type roost struct {
	cmd  *exec.Cmd
	done chan error
}

// start begins a life.
func (s *stage) start(t *testing.T, log *os.File) *roost {
	t.Helper()
	cmd := exec.Command(s.binary, "run", "-c", s.config()) //nolint:noctx // it is killed by hand: that is the test
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := &roost{cmd: cmd, done: make(chan error, 1)}
	go func() { r.done <- cmd.Wait() }()
	return r
}

// kill ends a life without warning.
func (r *roost) kill(t *testing.T) {
	t.Helper()
	if err := r.cmd.Process.Kill(); err != nil {
		t.Fatalf("kill: %v", err)
	}
	<-r.done
}
