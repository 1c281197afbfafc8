package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/bridges/x/xsim"
)

// ran is how a command line ended.
type ran struct {
	code     int
	out, err string
}

// roost runs one command line in this process.
func roost(t *testing.T, args ...string) ran {
	t.Helper()
	return roostIn(t.Context(), nil, args...)
}

func roostIn(ctx context.Context, env map[string]string, args ...string) ran {
	var out, errs bytes.Buffer
	code := execute(ctx, world{in: strings.NewReader(""), out: &out, err: &errs, env: func(k string) (string, bool) {
		v, ok := env[k]
		return v, ok
	}}, args)
	return ran{code, out.String(), errs.String()}
}

// want checks a command's exit code, and words that it says on either side.
func (r ran) want(t *testing.T, code int, words ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit code %d, want %d:\n%s%s", r.code, code, r.out, r.err)
	}
	for _, w := range words {
		if !strings.Contains(r.out+r.err, w) {
			t.Errorf("%s%sdoes not say %q", r.out, r.err, w)
		}
	}
}

// write makes a configuration file.
func write(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "roost.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// offline is a configuration of accounts that nobody asks.
const offline = `
accounts:
  x/acme: {client_id: acme, client_secret: hidden-secret}
  x/hooked: {client_id: acme, client_secret: hidden-secret, bearer_token: hidden-bearer, receive: webhook}
  slack/team: {bot_token: xoxb-hidden-bot, app_token: xapp-hidden-app}
routes:
  support: {desk: {from: [x/acme], on: [slack/team#C0SUPPORT], reply: send}}
  lounge: {mirror: [slack/team#C0HERE, slack/team#C0THERE]}
web: {listen: "127.0.0.1:0"}
`

// simulated is a configuration of accounts on simulators.
func simulated(t *testing.T) (config string, x *xsim.Sim, slack *slacksim.Sim) {
	t.Helper()
	x, slack = xsim.New(xsim.Config{}), slacksim.New(slacksim.Config{})
	for _, sim := range []interface {
		Start(string) error
		Close()
	}{x, slack} {
		if err := sim.Start("127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(sim.Close)
	}
	slack.AddChannel(slacksim.Channel{ID: "C0SUPPORT", Name: "support"})
	brand := x.AddUser(xsim.User{Name: "Acme", Username: "acme"}).ID
	tokens := x.Tokens(brand)
	return write(t, fmt.Sprintf(`
accounts:
  x/acme:
    consumer_key: sim-consumer-key
    consumer_secret: sim-consumer-secret
    access_token: %s
    access_secret: %s
    api_url: %s
  slack/team:
    bot_token: %s
    app_token: %s
    api_url: %s/api/
routes:
  support: {desk: {from: [x/acme], on: [slack/team#C0SUPPORT]}}
`, tokens.OAuth1Token, tokens.OAuth1Secret, x.URL(), slack.BotToken(), slack.AppToken(), slack.URL())), x, slack
}
