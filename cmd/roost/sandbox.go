package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/configs"
	"github.com/roost-im/roost/web"
	"github.com/roost-im/roost/web/sandbox"
)

func (c *common) sandboxCmd() *cobra.Command {
	var listen, dir string
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Try Roost without any account: the platforms are simulated, you play everybody",
		Long: `Sandbox starts simulated platforms on this machine, a Roost with its real connectors against them, and a page on which
you play the people on each platform and watch every message's trip. Nothing leaves this machine. What you did is gone
when it ends, unless --dir names a folder to keep Roost's own files in.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.sandbox(cmd.Context(), listen, dir) },
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8080", "`HOST:PORT` of the page; another port is taken when this one is in use")
	cmd.Flags().StringVar(&dir, "dir", "", "`FOLDER` for the database, key and attachments; default a temporary one")
	return cmd
}

// sandbox runs simulators, a Roost and the page until ctx ends.
func (c *common) sandbox(ctx context.Context, listen, dir string) (err error) {
	if dir == "" {
		if dir, err = os.MkdirTemp("", "roost-sandbox-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	st, err := newSandboxStage()
	if err != nil {
		return err
	}
	defer st.close()
	f, err := st.file(dir)
	if err != nil {
		return fmt.Errorf("the sandbox's own configuration: %w", err)
	}
	page := sandbox.New(sandbox.Config{X: st.x, Brand: st.brand, Slack: st.slack, Channel: st.channel})
	log := slog.New(slog.NewTextHandler(c.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	h, err := openHouse(ctx, f, log, page.Watch)
	if err != nil {
		return err
	}
	return errors.Join(c.play(ctx, h, page, listen), h.Close())
}

// play runs the router and the page.
func (c *common) play(ctx context.Context, h *house, page *sandbox.Page, listen string) error {
	if err := h.apply(h.current()); err != nil {
		return err
	}
	l, err := listenNear(ctx, listen)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(c.out, "The sandbox is at http://%s/ — Ctrl-C ends it.\n", l.Addr())
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return h.router.Run(ctx) })
	g.Go(func() error { return web.Run(ctx, l, page, grace) })
	return g.Wait()
}

// listenNear listens at addr, or at another port of the same host when that one is in use.
func listenNear(ctx context.Context, addr string) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err == nil {
		return l, nil
	}
	host, _, splitErr := net.SplitHostPort(addr)
	if splitErr != nil {
		return nil, usage(err)
	}
	return lc.Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
}

// sandboxStage is the simulated platforms and who is on them.
type sandboxStage struct {
	x       *xsim.Sim
	slack   *slacksim.Sim
	brand   string
	channel string
}

func newSandboxStage() (*sandboxStage, error) {
	st := &sandboxStage{x: xsim.New(xsim.Config{}), slack: slacksim.New(slacksim.Config{})}
	if err := errors.Join(st.x.Start("127.0.0.1:0"), st.slack.Start("127.0.0.1:0")); err != nil {
		st.close()
		return nil, err
	}
	st.x.SetLimits(xsim.Limits{Unlimited: true})
	st.brand = st.x.AddUser(xsim.User{Name: "Acme Tea", Username: "acmetea"}).ID
	st.x.AddUser(xsim.User{Name: "Alice Moreau", Username: "alice"})
	st.x.AddUser(xsim.User{Name: "Bruno Silva", Username: "bruno"})
	dana := st.slack.AddUser(slacksim.User{Name: "dana", RealName: "Dana Weiss"})
	eli := st.slack.AddUser(slacksim.User{Name: "eli", RealName: "Eli Novak"})
	st.channel = st.slack.AddChannel(slacksim.Channel{Name: "support", Members: []string{dana, eli}})
	return st, nil
}

func (st *sandboxStage) close() {
	st.x.Close()
	st.slack.Close()
}

// file is the sandbox's configuration, read as any other.
func (st *sandboxStage) file(dir string) (*configs.File, error) {
	tokens := st.x.Tokens(st.brand)
	const form = `
accounts:
  x/acmetea:
    consumer_key: sim-consumer-key
    consumer_secret: sim-consumer-secret
    access_token: %s
    access_secret: %s
    bearer_token: sim-app-bearer
    receive: stream
    api_url: %s
    pace: {account: {every: 100ms, burst: 100}}
  slack/team:
    bot_token: %s
    app_token: %s
    api_url: %s/api/
    pace: {conversation: {every: 100ms, burst: 100}}
routes:
  support: {desk: {from: [x/acmetea], on: ["slack/team#%s"], reply: send, hold: 3s}}
`
	text := fmt.Sprintf(form, tokens.OAuth1Token, tokens.OAuth1Secret, st.x.URL(),
		st.slack.BotToken(), st.slack.AppToken(), st.slack.URL(), st.channel)
	return configs.Parse(filepath.Join(dir, "sandbox.yaml"), []byte(text), os.LookupEnv, knownPlatforms())
}
