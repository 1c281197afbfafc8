// Package town is the four simulated platforms and the accounts on them, for the tests that need all four. Who lives there
// and which routes join them is up to the test.
package town

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/roost-im/roost/bridges/discord/discordsim"
	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/bridges/telegram/telegramsim"
	"github.com/roost-im/roost/bridges/x/xsim"
)

// The accounts of a town.
const (
	X        = "x/acme"
	Slack    = "slack/team"
	Discord  = "discord/club"
	Telegram = "telegram/bot"
)

// Town is the four platforms. Limits are off, so that what is tested is not how slow the platforms are.
type Town struct {
	X        *xsim.Sim
	Slack    *slacksim.Sim
	Discord  *discordsim.Sim
	Telegram *telegramsim.Sim

	Brand  string // the account's user on X
	Guild  string // the server on Discord
	tokens xsim.Tokens
}

// retries is how often Slack sends an event that was not confirmed. The real one gives up after three times, and the tests
// end a Roost more often than that.
const retries = 50

// New starts the platforms on loopback. Close ends them.
func New() (*Town, error) { return Behind(nil) }

// Behind is New with something put round X's API, if wrap is not nil.
func Behind(wrap func(http.Handler) http.Handler) (*Town, error) {
	t := &Town{
		X:        xsim.New(xsim.Config{KeepAlive: time.Second, Wrap: wrap}),
		Slack:    slacksim.New(slacksim.Config{Timing: slacksim.Timing{Retries: make([]time.Duration, retries)}}),
		Discord:  discordsim.New(discordsim.Config{}),
		Telegram: telegramsim.New(telegramsim.Config{Privacy: new(bool)}),
	}
	const addr = "127.0.0.1:0"
	if err := errors.Join(t.X.Start(addr), t.Slack.Start(addr), t.Discord.Start(addr), t.Telegram.Start(addr)); err != nil {
		t.Close()
		return nil, err
	}
	t.X.SetLimits(xsim.Limits{Unlimited: true})
	t.Brand = t.X.AddUser(xsim.User{Name: "Acme Tea", Username: "acme"}).ID
	t.tokens = t.X.Tokens(t.Brand)
	t.Guild = t.Discord.AddGuild(discordsim.Guild{Name: "Acme Tea"})
	return t, nil
}

// Close ends the platforms. What was said stays readable.
func (t *Town) Close() {
	t.X.Close()
	t.Slack.Close()
	t.Discord.Close()
	t.Telegram.Close()
}

// Accounts is the accounts block of a configuration, with the lines in extra added to the accounts that they are for. The
// pace is raised because the simulators set no limit.
func (t *Town) Accounts(extra map[string]string) string {
	const form = `accounts:
  %[1]s:
    consumer_key: sim-consumer-key
    consumer_secret: sim-consumer-secret
    access_token: %[2]s
    access_secret: %[3]s
    bearer_token: sim-app-bearer
    receive: stream
    api_url: %[4]s
%[5]s  %[6]s:
    bot_token: %[7]s
    app_token: %[8]s
    api_url: %[9]s/api/
%[10]s  %[11]s:
    token: %[12]s
    api_url: %[13]s/api
%[14]s  %[15]s:
    token: %[16]q
    api_url: %[17]s
%[18]s`
	return fmt.Sprintf(form,
		X, t.tokens.OAuth1Token, t.tokens.OAuth1Secret, t.X.URL(), lines(extra[X]),
		Slack, t.Slack.BotToken(), t.Slack.AppToken(), t.Slack.URL(), lines(extra[Slack]),
		Discord, t.Discord.Token(), t.Discord.URL(), lines(extra[Discord]),
		Telegram, t.Telegram.Token(), t.Telegram.URL(), lines(extra[Telegram]))
}

// lines puts settings where those of an account stand, with a pace that holds nobody back before them.
func lines(extra string) string {
	const pace = "pace: {account: {every: 1ms, burst: 1000}, conversation: {every: 1ms, burst: 1000}}"
	var b strings.Builder
	for line := range strings.Lines(pace + "\n" + extra) {
		if line = strings.TrimSpace(line); line != "" {
			b.WriteString("    " + line + "\n")
		}
	}
	return b.String()
}

// Listening returns when a Roost listens to all four platforms.
func (t *Town) Listening(ctx context.Context) error {
	return errors.Join(
		t.X.Wait(ctx, func(v *xsim.View) bool { return v.Streams() > 0 }),
		t.Slack.Wait(ctx, func(v *slacksim.View) bool { return v.Sockets() > 0 }),
		t.Discord.Wait(ctx, func(v *discordsim.View) bool { return v.Sessions() > 0 }),
		t.Telegram.Wait(ctx, func(v *telegramsim.View) bool { return v.Polling() }),
	)
}
