package x

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x/internal/api"
	"github.com/roost-im/roost/bridges/x/internal/encrypted"
)

// How messages come in.
const (
	Poll    = "poll"    // by asking for them; needs nothing else
	Stream  = "stream"  // over the activity stream, too; needs bearer_token
	Webhook = "webhook" // by calls from X, too; needs bearer_token and a public web address
)

// Whether encrypted messages are read and written.
const (
	ChatAuto = "auto" // when the account has keys for them
	ChatOff  = "off"
)

// The limits and defaults that X's documents give. https://docs.x.com/x-api/fundamentals/rate-limits
const (
	windowCalls  = 15                       // reads, and sends, of one user in a window
	dayCalls     = 1440                     // sends of one user in 24 hours
	fastestPoll  = api.Window / windowCalls // below it, a poll is refused sooner or later
	defaultPoll  = 90 * time.Second         // leaves room for polls of several pages
	defaultCheck = 15 * time.Minute         // polls behind a stream or webhook
	defaultPage  = 10
	largestPage  = 100
	reach        = 30 * 24 * time.Hour // how far back X shows events
	defaultAPI   = "https://api.x.com"
	defaultAuth  = "https://x.com/i/oauth2/authorize"
)

// Config is the settings block of an X account. It needs either client_id, with tokens from roost login, or all four of
// the OAuth 1.0a keys.
type Config struct {
	ClientID       string         `yaml:"client_id"`
	ClientSecret   bridges.Secret `yaml:"client_secret"`   // of a confidential app; empty for a public one
	ConsumerKey    bridges.Secret `yaml:"consumer_key"`    // OAuth 1.0a
	ConsumerSecret bridges.Secret `yaml:"consumer_secret"` // OAuth 1.0a; also signs webhooks of apps without a client_secret
	AccessToken    bridges.Secret `yaml:"access_token"`    // OAuth 1.0a
	AccessSecret   bridges.Secret `yaml:"access_secret"`   // OAuth 1.0a
	BearerToken    bridges.Secret `yaml:"bearer_token"`    // of the app; for stream, webhook and the doctor's look at usage

	Receive     string        `yaml:"receive"`      // poll (default), stream or webhook
	WebhookPath string        `yaml:"webhook_path"` // default /x/NAME
	WebhookURL  string        `yaml:"webhook_url"`  // https address of webhook_path, to register it; default below web.public; with neither it is registered by hand
	PollEvery   time.Duration `yaml:"poll_every"`   // default 90s; 15m behind a stream or webhook; at least 1m, but for another api_url
	Page        int           `yaml:"page"`         // events asked for in a poll, 1 to 100; default 10
	Backfill    int           `yaml:"backfill"`     // days before the first start, up to 30; default 0

	Chat     string         `yaml:"chat"`      // encrypted messages: auto (default), when the account has keys for them; or off
	ChatKeys bridges.Secret `yaml:"chat_keys"` // the account's key blob for them, base64; empty: those of roost login NAME --chat

	Budget Budget `yaml:"budget"`
	Prices Prices `yaml:"prices"`

	APIURL  string `yaml:"api_url"`  // default https://api.x.com
	AuthURL string `yaml:"auth_url"` // default https://x.com/i/oauth2/authorize
}

// Budget is what the account may use in one UTC day. Zero is no limit.
type Budget struct {
	Reads int     `yaml:"reads_per_day"` // calls that read
	Sends int     `yaml:"sends_per_day"` // messages
	USD   float64 `yaml:"usd_per_day"`   // estimated by Prices
}

// Prices are what X charges in US dollars. Zero is X's list price.
type Prices struct {
	Send    float64 `yaml:"send"`    // of a message; 0.015
	Event   float64 `yaml:"event"`   // of an event shown, once a day; 0.010
	Profile float64 `yaml:"profile"` // of a profile shown, once a day; 0.010
}

// Validate returns every fault of the settings, joined, or nil.
func (c Config) Validate() error {
	var f faults
	c.checkLogin(&f)
	c.checkReceive(&f)
	f.add(c.Chat != "" && c.Chat != ChatAuto && c.Chat != ChatOff, "chat: %q is neither auto nor off", c.Chat)
	if _, err := encrypted.TextKeys(c.ChatKeys.Reveal()); !c.ChatKeys.IsZero() {
		f.add(err != nil, "chat_keys: this is no key blob: %w; it must be base64 of 64 bytes, the identity key and the signing key", err)
	}
	f.add(c.PollEvery != 0 && c.PollEvery < fastestPoll && c.APIURL == "", "poll_every: %v is less than %v, which X's limit allows", c.PollEvery, fastestPoll)
	f.add(c.Page < 0 || c.Page > largestPage, "page: %d is not within 1 and %d", c.Page, largestPage)
	f.add(c.Backfill < 0 || c.Backfill > int(reach/(24*time.Hour)), "backfill: %d is not within 0 and 30 days", c.Backfill)
	f.add(min(float64(c.Budget.Reads), float64(c.Budget.Sends), c.Budget.USD) < 0, "budget: less than nothing")
	f.add(min(c.Prices.Send, c.Prices.Event, c.Prices.Profile) < 0, "prices: less than nothing")
	f.add(!address(c.APIURL), "api_url: %q is no http address", c.APIURL)
	f.add(!address(c.AuthURL), "auth_url: %q is no http address", c.AuthURL)
	return errors.Join(f...)
}

// faults is what is wrong with settings.
type faults []error

// add adds a fault when there is one.
func (f *faults) add(bad bool, format string, args ...any) {
	if bad {
		*f = append(*f, fmt.Errorf(format, args...))
	}
}

// checkLogin finds the faults of the credentials.
func (c Config) checkLogin(f *faults) {
	switch n := c.signing(); {
	case n == 0:
		f.add(c.ClientID == "", "client_id is missing (or consumer_key, consumer_secret, access_token and access_secret)")
	case n < 4 && !c.consumerOnly():
		f.add(true, "OAuth 1.0a needs all of consumer_key, consumer_secret, access_token and access_secret")
	case n < 4:
		f.add(c.ClientID == "", "client_id is missing (or access_token and access_secret)")
	}
	f.add(!c.ClientSecret.IsZero() && c.ClientID == "", "client_secret needs client_id")
}

// checkReceive finds the faults of the ways in.
func (c Config) checkReceive(f *faults) {
	switch c.Receive {
	case "", Poll:
	case Stream, Webhook:
		f.add(c.BearerToken.IsZero(), "receive: %s needs bearer_token", c.Receive)
		f.add(c.Receive == Webhook && c.ConsumerSecret.IsZero() && c.ClientSecret.IsZero(),
			"receive: webhook needs client_secret or consumer_secret, with which X signs its calls")
	default:
		f.add(true, "receive: %q is none of poll, stream and webhook", c.Receive)
	}
	f.add(c.WebhookPath != "" && !strings.HasPrefix(c.WebhookPath, "/"), "webhook_path: %q does not start with /", c.WebhookPath)
	f.add(!webhookAddress(c.WebhookURL), "webhook_url: %q must be https, without a port and query", c.WebhookURL)
}

// consumerOnly says whether the OAuth 1.0a keys are those of the app alone: they then only check webhooks.
func (c Config) consumerOnly() bool { return c.AccessToken.IsZero() && c.AccessSecret.IsZero() }

// signing counts the OAuth 1.0a keys.
func (c Config) signing() int {
	n := 0
	for _, s := range []bridges.Secret{c.ConsumerKey, c.ConsumerSecret, c.AccessToken, c.AccessSecret} {
		if !s.IsZero() {
			n++
		}
	}
	return n
}

// withDefaults fills what was left out, for an account of this name.
func (c Config) withDefaults(name string) Config {
	set := func(s *string, to string) {
		if *s == "" {
			*s = to
		}
	}
	price := func(p *float64, to float64) {
		if *p == 0 {
			*p = to
		}
	}
	set(&c.Receive, Poll)
	set(&c.Chat, ChatAuto)
	set(&c.WebhookPath, "/x/"+name)
	set(&c.APIURL, defaultAPI)
	set(&c.AuthURL, defaultAuth)
	c.APIURL = strings.TrimSuffix(c.APIURL, "/")
	if c.PollEvery == 0 {
		c.PollEvery = defaultPoll
		if c.Receive != Poll {
			c.PollEvery = defaultCheck
		}
	}
	if c.Page == 0 {
		c.Page = defaultPage
	}
	price(&c.Prices.Send, 0.015)
	price(&c.Prices.Event, 0.010)
	price(&c.Prices.Profile, 0.010)
	return c
}

// secrets is every text of the settings that must not be seen.
func (c Config) secrets() []bridges.Secret {
	return []bridges.Secret{c.ClientSecret, c.ConsumerKey, c.ConsumerSecret, c.AccessToken, c.AccessSecret, c.BearerToken, c.ChatKeys}
}

// credentials are those of the settings.
func (c Config) credentials() api.Credentials {
	return api.Credentials{
		ClientID: c.ClientID, ClientSecret: c.ClientSecret, ConsumerKey: c.ConsumerKey, ConsumerSecret: c.ConsumerSecret,
		AccessToken: c.AccessToken, AccessSecret: c.AccessSecret, BearerToken: c.BearerToken, Hidden: c.secrets(),
		APIURL: c.APIURL, AuthURL: c.AuthURL,
	}
}

// address says whether s is empty or an address that can be called.
func address(s string) bool {
	if s == "" {
		return true
	}
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

// webhookAddress says whether s is empty or an address that X takes for a webhook.
// https://docs.x.com/x-api/webhooks/introduction
func webhookAddress(s string) bool {
	if s == "" {
		return true
	}
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.Port() == "" && u.RawQuery == ""
}
