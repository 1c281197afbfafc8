package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/roost-im/roost/configs"
	"github.com/roost-im/roost/web"
	"github.com/roost-im/roost/web/sandbox"
)

func (c *common) sandboxCmd() *cobra.Command {
	var listen, dir string
	var hold time.Duration
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Try Roost without any account: the platforms are simulated, you play everybody",
		Long: `Sandbox starts simulated platforms on this machine, a Roost with its real connectors against them, and a page on which
you play the people on each platform and watch every message's trip. Nothing leaves this machine. Roost is a process of
its own, which the page can kill: what people write meanwhile waits for it.

What you did is gone when it ends, unless --dir names a folder to keep Roost's own files in. The bots are in that
folder, below bots: change one and save it, and the next message is answered by what you wrote.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.sandbox(cmd.Context(), listen, dir, hold) },
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8080", "`HOST:PORT` of the page; another port when it is in use")
	cmd.Flags().StringVar(&dir, "dir", "", "`FOLDER` for the database, key, attachments and bots; default a temporary one")
	cmd.Flags().DurationVar(&hold, "hold", 3*time.Second, "how long a reply waits before it leaves, so that it can be taken back")
	return cmd
}

// sandbox runs simulators, a Roost and the page until ctx ends.
func (c *common) sandbox(ctx context.Context, listen, dir string, hold time.Duration) (err error) {
	if dir == "" {
		if dir, err = os.MkdirTemp("", "roost-sandbox-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	st, err := newSandboxStage() //nolint:contextcheck // the simulators live until they are closed
	if err != nil {
		return err
	}
	defer st.close()
	path, err := st.write(dir, hold)
	if err != nil {
		return err
	}
	f, err := configs.Load(path, os.LookupEnv, knownPlatforms())
	if err != nil {
		return fmt.Errorf("the sandbox's own configuration: %w", err)
	}
	if err := c.sandboxLogin(ctx, st, f); err != nil {
		return fmt.Errorf("the sandbox's own login: %w", err)
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	page := sandbox.New(st.panes()...)
	e := newEngine(program, path, f, page, c.err)
	page.Control(e.kill, e.start)
	return c.play(ctx, e, page, listen, st.heard)
}

// sandboxLogin logs the brand in, also to encrypted messages, before anything runs, because a Roost has its database to itself.
func (c *common) sandboxLogin(ctx context.Context, st *sandboxStage, f *configs.File) error {
	log := slog.New(slog.NewTextHandler(c.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	h, err := openHouse(ctx, f, log, nil)
	if err != nil {
		return err
	}
	err = st.logIn(ctx, h)
	if err == nil {
		err = st.getKeys(ctx, h)
	}
	return errors.Join(err, h.Close())
}

// play runs Roost and, once everything that is said is heard, the page.
func (c *common) play(ctx context.Context, e *engine, page *sandbox.Page, listen string, heard func(context.Context)) error {
	l, err := listenNear(ctx, listen)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return e.run(ctx) })
	g.Go(func() error {
		select {
		case <-e.up:
		case <-ctx.Done():
			return l.Close()
		}
		heard(ctx)
		_, _ = fmt.Fprintf(c.out, "The sandbox is at http://%s/ — Ctrl-C ends it.\n", l.Addr())
		return web.Run(ctx, l, page, grace)
	})
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
