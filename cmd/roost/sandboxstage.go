package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/roost-im/roost/bridges/discord/discordsim"
	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/bridges/telegram/telegramsim"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/configs"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/web/sandbox"
)

// sandboxX is the account of the simulated X.
const sandboxX chat.Account = "x/acmetea"

// sandboxStage is the simulated platforms and who is on them: on each some people who talk in a lounge that is mirrored
// everywhere; customers, who write to the brand directly; and a team with a desk on three of them.
type sandboxStage struct {
	x        *xsim.Sim
	brand    string
	group    string // the lounge on X
	sealed   string // who writes to the brand encrypted to begin with
	slack    *slacksim.Sim
	discord  *discordsim.Sim
	telegram *telegramsim.Sim

	slackDesk, slackLounge, discordDesk, discordLounge string
	telegramDesk, telegramLounge                       int64
}

func newSandboxStage() (*sandboxStage, error) {
	st := &sandboxStage{
		x: xsim.New(xsim.Config{}), slack: slacksim.New(slacksim.Config{}), discord: discordsim.New(discordsim.Config{BotName: "Acme Tea"}),
		telegram: telegramsim.New(telegramsim.Config{Bot: telegramsim.User{First: "Acme Tea", Username: "acmetea_bot"}, Privacy: new(bool)}),
	}
	const addr = "127.0.0.1:0"
	if err := errors.Join(st.x.Start(addr), st.slack.Start(addr), st.discord.Start(addr), st.telegram.Start(addr)); err != nil {
		st.close()
		return nil, err
	}
	st.peopleOnX()
	st.peopleInSlack()
	st.peopleOnDiscord()
	st.peopleOnTelegram()
	return st, nil
}

func (st *sandboxStage) peopleOnX() {
	st.x.SetLimits(xsim.Limits{Unlimited: true})
	st.brand = st.x.AddUser(xsim.User{Name: "Acme Tea", Username: "acmetea"}).ID
	alice := st.x.AddUser(xsim.User{Name: "Alice Moreau", Username: "alice"}).ID
	st.sealed = alice
	bruno := st.x.AddUser(xsim.User{Name: "Bruno Silva", Username: "bruno"}).ID
	st.group = st.x.NewGroup(alice, st.brand, bruno)
}

func (st *sandboxStage) peopleInSlack() {
	dana := st.slack.AddUser(slacksim.User{Name: "dana", RealName: "Dana Weiss"})
	eli := st.slack.AddUser(slacksim.User{Name: "eli", RealName: "Eli Novak"})
	st.slackDesk = st.slack.AddChannel(slacksim.Channel{Name: "support", Members: []string{dana, eli}})
	st.slackLounge = st.slack.AddChannel(slacksim.Channel{Name: "lounge", Members: []string{dana, eli}})
}

func (st *sandboxStage) peopleOnDiscord() {
	guild := st.discord.AddGuild(discordsim.Guild{Name: "Acme Tea"})
	st.discord.AddUser(discordsim.User{Name: "carol", GlobalName: "Carol Jensen"})
	st.discord.AddUser(discordsim.User{Name: "femi", GlobalName: "Femi Adeyemi"})
	st.discordDesk = st.discord.AddChannel(discordsim.Channel{
		Guild: guild, Name: "support", Type: discordsim.ChannelForum, Tags: []string{"open", "claimed", "snoozed", "closed"},
	})
	st.discordLounge = st.discord.AddChannel(discordsim.Channel{Guild: guild, Name: "lounge"})
}

func (st *sandboxStage) peopleOnTelegram() {
	grace := st.telegram.AddUser(telegramsim.User{First: "Grace", Last: "Okafor", Username: "grace"})
	hugo := st.telegram.AddUser(telegramsim.User{First: "Hugo", Last: "Brandt", Username: "hugo"})
	st.telegram.Private(grace)
	st.telegram.Private(hugo)
	everybody := []int64{grace, hugo}
	st.telegramDesk = st.telegram.AddGroup(telegramsim.Group{Title: "Support", Forum: true, Members: everybody, Admins: everybody, BotAdmin: true})
	st.telegramLounge = st.telegram.AddGroup(telegramsim.Group{
		Title: "Lounge", Type: telegramsim.Supergroup, Members: everybody, Admins: everybody, BotAdmin: true,
	})
}

// heard waits until Roost hears what is said on Discord, but not forever: an account that is new there is not told what was
// said before.
func (st *sandboxStage) heard(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	_ = st.discord.Wait(ctx, func(v *discordsim.View) bool { return v.Sessions() > 0 }) // whoever looks sees what is missing
}

// panes are what the page shows, in the order of reading.
func (st *sandboxStage) panes() []sandbox.Pane {
	return []sandbox.Pane{
		sandbox.X(st.x, st.brand, st.group, st.sealed), sandbox.Slack(st.slack, st.slackDesk), sandbox.Discord(st.discord), sandbox.Telegram(st.telegram),
	}
}

func (st *sandboxStage) close() {
	st.x.Close()
	st.slack.Close()
	st.discord.Close()
	st.telegram.Close()
}

// sandboxFile is the sandbox's configuration.
const sandboxFile = `# Written by "roost sandbox" whenever it begins.
accounts:
  %[1]s:
    client_id: sim-client-id
    client_secret: sim-client-secret
    bearer_token: sim-app-bearer
    receive: stream
    poll_every: 1s
    api_url: %[2]s
    auth_url: %[2]s/i/oauth2/authorize
    pace: {account: {every: 100ms, burst: 100}}
  slack/team:
    bot_token: %[3]s
    app_token: %[4]s
    api_url: %[5]s/api/
    pace: {conversation: {every: 100ms, burst: 100}}
  discord/club:
    token: %[6]s
    api_url: %[7]s/api
    pace: {conversation: {every: 100ms, burst: 100}}
  telegram/bot:
    token: %[8]q
    api_url: %[9]s
    group_minute: 1000
    pace: {conversation: {every: 100ms, burst: 100}}
routes:
  support:
    desk:
      from: [%[1]s, discord/club, telegram/bot]
      on: ["slack/team#%[10]s", "discord/club#%[11]s", "telegram/bot#%[12]d"]
      reply: send
      hold: %[17]v
  lounge:
    mirror: ["%[1]s#%[13]s", "slack/team#%[14]s", "discord/club#%[15]s", "telegram/bot#%[16]d"]
bots:
  order: {script: bots/order.star, in: [support]}
  faq: {rules: bots/faq.yaml, in: [support], config: {quiet: true}}
  remind: {script: bots/remind.star, in: [support, lounge]}
  poll: {script: bots/poll.star, in: [lounge]}
web: {listen: "127.0.0.1:0"}
log: {level: warn}
`

// write puts the sandbox's configuration and its bots into a folder, and gives the path of the configuration. A bot that is
// there already stays as it is.
func (st *sandboxStage) write(dir string, hold time.Duration) (path string, err error) {
	text := fmt.Sprintf(sandboxFile, sandboxX, st.x.URL(), st.slack.BotToken(), st.slack.AppToken(), st.slack.URL(),
		st.discord.Token(), st.discord.URL(), st.telegram.Token(), st.telegram.URL(),
		st.slackDesk, st.discordDesk, st.telegramDesk, st.group, st.slackLounge, st.discordLounge, st.telegramLounge, hold)
	path = filepath.Join(dir, "sandbox.yaml")
	return path, errors.Join(writeBots(filepath.Join(dir, "bots")), os.WriteFile(path, []byte(text), 0o600))
}

// writeBots puts the bots that come with Roost into a folder. One that is there already stays as it is.
func writeBots(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, name := range []string{"order.star", "faq.yaml", "remind.star", "poll.star"} {
		path := filepath.Join(dir, name)
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		text, err := fs.ReadFile(configs.Bots(), name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// logIn logs the brand in at X as a person would, by X's page: only such a login is given the files of messages.
func (st *sandboxStage) logIn(ctx context.Context, h *house) error {
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	st.x.AutoAuthorize(st.brand)
	defer st.x.AutoAuthorize("")
	_, err := loginX(ctx, h.current().Accounts[sandboxX].Settings, h.deps(sandboxX), loginOptions{
		listen: "127.0.0.1:0", show: func(page string) error { return follow(ctx, page) },
	})
	return err
}

// getKeys gets the brand its keys for encrypted messages, as roost login --chat does, and keeps them in the store. They are
// new each time: X is too, and a folder of the player's may have those of another one.
//
// We chose this and not chat_keys in the configuration, because it is what an operator does: the connector makes, keeps and
// registers the keys, and they stand in no file. It costs one call more at the start.
func (st *sandboxStage) getKeys(ctx context.Context, h *house) error {
	p, _ := platformOf(sandboxX)
	conn, err := p.open(h.current().Accounts[sandboxX].Settings, h.deps(sandboxX))
	if err != nil {
		return err
	}
	defer chat.Close(conn)
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	_, err = p.loginKeys(ctx, conn, keyQuestion{Account: sandboxX, Replace: true})
	return err
}

// follow goes to an address and where it leads, as a browser would.
func follow(ctx context.Context, page string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, page, http.NoBody)
	if err != nil {
		return err
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", resp.Request.URL.Path, resp.Status)
	}
	return nil
}
