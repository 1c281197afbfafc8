package e2e_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/bridges/x/xsim"
)

// patience is how long a test waits for a signal before it fails.
const patience = 20 * time.Second

// stage is the two platforms, the people on them, and the folder of one Roost.
type stage struct {
	x       *xsim.Sim
	slack   *slacksim.Sim
	brand   string // the account's user on X
	alice   string // a contact on X
	dana    string // a member in Slack
	channel string
	tokens  xsim.Tokens
	dir     string
}

// newStage starts the platforms and writes a configuration that joins them with a desk.
func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{
		x:     xsim.New(xsim.Config{KeepAlive: time.Second}),
		slack: slacksim.New(slacksim.Config{}),
		dir:   t.TempDir(),
	}
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
	s.brand = s.x.AddUser(xsim.User{Name: "Acme Tea", Username: "acme"}).ID
	s.alice = s.x.AddUser(xsim.User{Name: "Alice Moreau", Username: "alice"}).ID
	s.tokens = s.x.Tokens(s.brand)
	s.dana = s.slack.AddUser(slacksim.User{Name: "dana", RealName: "Dana Weiss"})
	s.channel = s.slack.AddChannel(slacksim.Channel{Name: "support", Members: []string{s.dana}})
	s.configure(t, s.accounts(s.xAccount(""), s.slackAccount("")), s.desk())
	return s
}

// xAccount is the settings of the X account, with extra ones. The pace is raised because the simulators set no limit.
func (s *stage) xAccount(extra string) string {
	return fmt.Sprintf(`
    consumer_key: sim-consumer-key
    consumer_secret: sim-consumer-secret
    access_token: %s
    access_secret: %s
    bearer_token: sim-app-bearer
    api_url: %s
    pace: {account: {every: 1ms, burst: 1000}}
    %s
`, s.tokens.OAuth1Token, s.tokens.OAuth1Secret, s.x.URL(), or(extra, "receive: stream"))
}

// loggedIn is the settings of the X account where its tokens come from roost login.
func (s *stage) loggedIn() string {
	return fmt.Sprintf(`
    client_id: sim-client-id
    client_secret: sim-client-secret
    bearer_token: sim-app-bearer
    receive: stream
    api_url: %[1]s
    auth_url: %[1]s/i/oauth2/authorize
    pace: {account: {every: 1ms, burst: 1000}}
`, s.x.URL())
}

// slackAccount is the settings of the Slack account, with extra ones.
func (s *stage) slackAccount(extra string) string {
	return fmt.Sprintf(`
    bot_token: %s
    api_url: %s/api/
    pace: {conversation: {every: 1ms, burst: 1000}}
    %s
`, s.slack.BotToken(), s.slack.URL(), or(extra, "app_token: "+s.slack.AppToken()))
}

func (s *stage) accounts(x, slack string) string {
	return "accounts:\n  x/acme:" + x + "  slack/team:" + slack
}

func (s *stage) desk() string {
	return fmt.Sprintf("routes:\n  support: {desk: {from: [x/acme], on: [\"slack/team#%s\"], reply: send, hold: 0s}}\n", s.channel)
}

func or(word, otherwise string) string {
	if word == "" {
		return otherwise
	}
	return word
}

// configure writes the configuration.
func (s *stage) configure(t *testing.T, parts ...string) {
	t.Helper()
	text := strings.Join(parts, "\n") + "\n"
	if !strings.Contains(text, "\nweb:") {
		text += "web: {listen: \"127.0.0.1:0\"}\n"
	}
	if err := os.WriteFile(s.config(), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (s *stage) config() string { return filepath.Join(s.dir, "roost.yaml") }

// inSlack waits until the workspace is as ok wants it.
func (s *stage) inSlack(t *testing.T, what string, ok func(*slacksim.View) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.slack.Wait(ctx, ok); err != nil {
		for _, m := range s.slack.Messages(s.channel) {
			t.Logf("slack: %s in %q by %q: %q", m.TS, m.Thread, m.User+m.Username, m.Text)
		}
		t.Fatalf("in Slack: no %s within %v", what, patience)
	}
}

// onX waits until X is as ok wants it.
func (s *stage) onX(t *testing.T, what string, ok func(*xsim.View) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.x.Wait(ctx, ok); err != nil {
		for _, m := range s.x.Conversation(s.alice, s.brand) {
			t.Logf("x: %s by %s: %q", m.ID, m.Sender, m.Text)
		}
		t.Fatalf("on X: no %s within %v", what, patience)
	}
}

// connected waits until Roost listens to both platforms.
func (s *stage) connected(t *testing.T) {
	t.Helper()
	s.inSlack(t, "socket", func(v *slacksim.View) bool { return v.Sockets() > 0 })
	s.onX(t, "stream", func(v *xsim.View) bool { return v.Streams() > 0 })
}

// asks has Alice write to the brand, and waits until that stands in a thread; it gives the thread.
func (s *stage) asks(t *testing.T, text string) (thread string) {
	t.Helper()
	s.x.Say(s.alice, s.brand, xsim.Draft{Text: text})
	return s.thread(t, text).Thread
}

// thread waits for a reply in a thread that says text.
func (s *stage) thread(t *testing.T, text string) slacksim.Message {
	t.Helper()
	var found slacksim.Message
	s.inSlack(t, fmt.Sprintf("%.80q in a thread", text), func(v *slacksim.View) bool {
		for _, m := range v.Messages(s.channel) {
			if m.BotID != "" && m.Thread != "" && m.Thread != m.TS && !m.Deleted && strings.TrimSpace(m.Text) == text {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// answers has Dana answer in a thread.
func (s *stage) answers(thread, text string) (ts string) {
	return s.slack.Say(s.dana, s.channel, slacksim.Draft{Text: text, Thread: thread})
}

// arrived waits for an answer on X.
func (s *stage) arrived(t *testing.T, text string) {
	t.Helper()
	s.onX(t, fmt.Sprintf("answer %.80q", text), func(v *xsim.View) bool { return s.countOnX(v, text) > 0 })
}

func (s *stage) countOnX(v *xsim.View, text string) int {
	n := 0
	for _, m := range v.Conversation(s.alice, s.brand) {
		if m.API && m.Text == text {
			n++
		}
	}
	return n
}
