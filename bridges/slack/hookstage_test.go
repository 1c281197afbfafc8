package slack_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/router/chat"
)

// hookStage is a workspace whose events come over HTTP.
type hookStage struct {
	*stage
	web  *web
	once sync.Once
}

// newHookStage starts a workspace that soon tries again what was not taken.
func newHookStage(t *testing.T) *hookStage {
	t.Helper()
	retries := []time.Duration{0, 50 * time.Millisecond, 300 * time.Millisecond}
	s := &hookStage{stage: newStage(t, slacksim.Config{Timing: slacksim.Timing{Retries: retries}}), web: newWeb(t)}
	s.SetInteractivityURL(s.web.URL + "/slack/team/interactivity")
	return s
}

// Open makes a connector that Slack calls.
func (s *hookStage) Open(t *testing.T, deps bridges.Deps) chat.Connector {
	t.Helper()
	deps.Mount = s.mount
	cfg := s.config()
	cfg.AppToken, cfg.SigningSecret = bridges.Secret{}, bridges.NewSecret(s.SigningSecret())
	return s.connect(t, cfg, deps)
}

// mount serves a path; the first time Slack is told the address, which it checks at once.
func (s *hookStage) mount(path string, h http.Handler) (func(), error) {
	unmount, err := s.web.mount(path, h)
	<-s.web.mounted
	if path == "/slack/team/events" {
		s.once.Do(func() { err = s.SetEventsURL(s.web.URL + path) })
	}
	return unmount, err
}

// Drop cuts the connections over which Slack calls.
func (s *hookStage) Drop(*testing.T) { s.web.CloseClientConnections() }

// Down answers Slack that nobody is here.
func (s *hookStage) Down(_ *testing.T, down bool) { s.web.serve(down) }

// Odd calls with an event of a kind that nobody knows.
func (s *hookStage) Odd(t *testing.T) {
	t.Helper()
	body := `{"type":"event_callback","event":{"type":"brand_new"}}`
	req, err := s.SignedRequest(t.Context(), s.web.URL+"/slack/team/events", "application/json", []byte(body))
	must(t, err)
	if status, said := ask(t, req); status != http.StatusOK {
		t.Errorf("an event of an unknown kind = %d %s, want 200", status, said)
	}
}
