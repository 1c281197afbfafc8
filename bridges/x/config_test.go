package x_test

import (
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	secret := bridges.NewSecret("s")
	signing := x.Config{ConsumerKey: secret, ConsumerSecret: secret, AccessToken: secret, AccessSecret: secret}
	with := func(c x.Config, change func(*x.Config)) x.Config {
		change(&c)
		return c
	}
	public := x.Config{ClientID: "id"}
	for _, tc := range []struct {
		name   string
		cfg    x.Config
		faults []string // parts of the error, all of them; none: it is fine
	}{
		{"public app", public, nil},
		{"keys", signing, nil},
		{"nothing", x.Config{}, []string{"client_id is missing"}},
		{"some keys", x.Config{ConsumerKey: secret, AccessToken: secret}, []string{"needs all of"}},
		{"a consumer secret for webhooks", with(public, func(c *x.Config) { c.ConsumerSecret = secret }), nil},
		{"a consumer secret alone", x.Config{ConsumerSecret: secret}, []string{"client_id is missing"}},
		{"a client secret without its app", with(signing, func(c *x.Config) { c.ClientSecret = secret }), []string{"client_secret needs client_id"}},
		{"stream", with(public, func(c *x.Config) { c.Receive, c.BearerToken = x.Stream, secret }), nil},
		{"stream without a bearer token", with(public, func(c *x.Config) { c.Receive = x.Stream }), []string{"needs bearer_token"}},
		{"webhook without secrets", with(public, func(c *x.Config) { c.Receive = x.Webhook }), []string{"needs bearer_token", "signs its calls"}},
		{"odd receive", with(public, func(c *x.Config) { c.Receive = "pigeon" }), []string{`"pigeon"`}},
		{"too fast", with(public, func(c *x.Config) { c.PollEvery = 30 * time.Second }), []string{"poll_every", "1m0s"}},
		{"as fast as may be", with(public, func(c *x.Config) { c.PollEvery = time.Minute }), nil},
		{"a simulator, as fast as one likes", with(public, func(c *x.Config) { c.PollEvery, c.APIURL = time.Second, "http://127.0.0.1:1" }), nil},
		{"webhook address", with(public, func(c *x.Config) { c.WebhookURL = "https://roost.example/x/acme" }), nil},
		{"webhook address with a port", with(public, func(c *x.Config) { c.WebhookURL = "https://roost.example:8443/x" }), []string{"webhook_url"}},
		{"webhook address in the clear", with(public, func(c *x.Config) { c.WebhookURL = "http://roost.example/x" }), []string{"webhook_url"}},
		{"many faults", x.Config{
			Receive: "pigeon", WebhookPath: "x", PollEvery: 1, Page: 101, Backfill: 31, APIURL: "api", AuthURL: "ftp://x",
			Budget: x.Budget{Sends: -1}, Prices: x.Prices{Send: -1},
		}, []string{"client_id", "pigeon", "webhook_path", "page", "backfill", "api_url", "auth_url", "budget", "prices"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			err := tc.cfg.Validate()
			if (err == nil) != (tc.faults == nil) {
				t.Fatalf("Validate = %v, want faults %q", err, tc.faults)
			}
			for _, f := range tc.faults {
				if !strings.Contains(err.Error(), f) {
					t.Errorf("Validate = %v, want it to name %q", err, f)
				}
			}
			if _, err := x.New(tc.cfg, bridges.Deps{Account: "x/acme"}); tc.faults != nil && err == nil {
				t.Error("New takes settings with faults")
			}
		})
	}
}

func TestSettingsAsYAML(t *testing.T) {
	t.Parallel()
	var c x.Config
	err := yaml.UnmarshalWithOptions([]byte(`
client_id: abc
client_secret: shh
receive: stream
bearer_token: AAAA
poll_every: 2m
page: 5
backfill: 3
budget: {reads_per_day: 500, sends_per_day: 200, usd_per_day: 3.5}
prices: {send: 0.02}
`), &c, yaml.Strict())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	if c.PollEvery != 2*time.Minute || c.Budget.USD != 3.5 || c.Prices.Send != 0.02 || c.ClientSecret.Reveal() != "shh" {
		t.Errorf("read %+v", c)
	}
}

func TestTraits(t *testing.T) {
	t.Parallel()
	c, err := x.New(x.Config{ClientID: "id", Chat: x.ChatOff}, bridges.Deps{Account: "x/acme"})
	if err != nil {
		t.Fatal(err)
	}
	traits := c.Traits()
	if traits.Repeat != chat.ReadBack || traits.Reply || traits.Threads || traits.Edit.Out || traits.React.In || traits.Persona || traits.Typing {
		t.Errorf("traits %+v promise too much", traits)
	}
	if traits.Text.Max != 10_000 || traits.Text.Unit != text.Cautious || traits.Files.Count != 1 || traits.Files.Limit("application/pdf") != 0 || traits.Files.Limit("image/gif") != 15<<20 {
		t.Errorf("traits %+v have other limits than X", traits)
	}
	if p := traits.Pace.Account; p.Burst != 15 || p.Every != time.Minute {
		t.Errorf("pace %+v, want 15 in 15 minutes", p)
	}
	var b text.Builder
	b.Span(text.Link, text.Attrs{Attr: "https://example.com"}, func() { b.Write("here") })
	if n := traits.SizeOf(b.Text()); n != len("here (https://example.com)") {
		t.Errorf("a link takes %d, want what is written for it", n)
	}
}
