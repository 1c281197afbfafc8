package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/roost-im/roost/router"
	"github.com/roost-im/roost/web"
)

// grace is how long requests that are under way at a stop may take.
const grace = 5 * time.Second

func (c *common) runCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "run",
		Short: "Relay, until a signal ends it",
		Long: `Run relays what the configuration says until SIGTERM or an interrupt, then ends what is under way within ten seconds.
Nothing that was accepted is lost, however it ends.

SIGHUP reads the configuration again: accounts, routes and desks that changed are changed, the others run on; a file
with a fault changes nothing. Changes of store, web, files and log need a restart.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context()) },
	}
}

func (c *common) run(ctx context.Context) error {
	f, err := c.load()
	if err != nil {
		return err
	}
	log := logger(os.Stderr, f.Log)
	for _, w := range f.Warnings {
		log.LogAttrs(ctx, slog.LevelWarn, "configuration", slog.String("warning", w.Error()))
	}
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	var m *web.Metrics
	h, err := openHouse(ctx, f, log, func(s router.Step) { m.Watch(s) })
	if err != nil {
		return err
	}
	m = web.NewMetrics(reg, h.router.Status)
	h.hooks = web.New(h.health, reg)
	return errors.Join(c.serve(ctx, h), h.Close())
}

// serve runs the router, its web address and its control socket until ctx ends.
func (c *common) serve(ctx context.Context, h *house) error {
	var lc net.ListenConfig
	site, err := lc.Listen(ctx, "tcp", h.file.Web.Listen)
	if err != nil {
		return fmt.Errorf("web: %w", err)
	}
	office, err := listenControl(ctx, h.file)
	if err != nil {
		return errors.Join(err, site.Close())
	}
	if err := h.router.Apply(h.setup(h.file)); err != nil {
		return errors.Join(err, site.Close(), office.Close())
	}
	h.log.LogAttrs(ctx, slog.LevelInfo, "roost is running",
		slog.Int("accounts", len(h.file.Accounts)), slog.Int("routes", len(h.file.Routes)),
		slog.String("web", "http://"+site.Addr().String()))
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return h.router.Run(ctx) })
	g.Go(func() error { return web.Run(ctx, site, h.hooks, grace) })
	g.Go(func() error { return web.Run(ctx, office, control(h), grace) })
	g.Go(func() error { c.reloads(ctx, h); return nil })
	err = g.Wait()
	h.log.LogAttrs(context.WithoutCancel(ctx), slog.LevelInfo, "roost has stopped")
	return err
}

// reloads reads the configuration again at each SIGHUP, until ctx ends.
func (c *common) reloads(ctx context.Context, h *house) {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	for {
		select {
		case <-ctx.Done():
			return
		case <-hup:
			c.reload(ctx, h)
		}
	}
}

func (c *common) reload(ctx context.Context, h *house) {
	f, err := c.load()
	if err != nil {
		h.log.LogAttrs(ctx, slog.LevelError, "configuration not changed", slog.Any("error", err))
		return
	}
	diff, err := h.reload(f)
	if err != nil {
		h.log.LogAttrs(ctx, slog.LevelError, "configuration not changed", slog.Any("error", err))
		return
	}
	h.log.LogAttrs(ctx, slog.LevelInfo, "configuration changed",
		slog.Any("accounts", diff.Accounts), slog.Any("routes", diff.Routes))
	if len(diff.Sections) > 0 {
		h.log.LogAttrs(ctx, slog.LevelWarn, "a restart is needed for the rest", slog.Any("sections", diff.Sections))
	}
}

// health is what /healthz shows: well when every account is up.
func (h *house) health() (any, bool) {
	type report struct {
		OK       bool                   `json:"ok"`
		Accounts []router.AccountStatus `json:"accounts"`
	}
	r := report{OK: true, Accounts: h.router.Status()}
	for _, s := range r.Accounts {
		r.OK = r.OK && s.Up && s.Parked == ""
	}
	return r, r.OK
}

func (c *common) checkCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Check the configuration file without running anything",
		Long: `Check reads the configuration file as run would, and says everything that is wrong with it, each with its line. It
opens no database and asks no platform; "roost doctor" does that.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return c.check() },
	}
}

func (c *common) check() error {
	f, err := c.load()
	if err != nil {
		return err
	}
	for _, w := range f.Warnings {
		_, _ = fmt.Fprintln(c.err, "warning:", w)
	}
	if c.json {
		return c.print(checked{len(f.Accounts), len(f.Routes), len(f.Warnings)})
	}
	_, err = fmt.Fprintf(c.out, "%s is fine: %s, %s.\n", c.config, count(len(f.Accounts), "account"), count(len(f.Routes), "route"))
	return err
}

type checked struct {
	Accounts int `json:"accounts"`
	Routes   int `json:"routes"`
	Warnings int `json:"warnings"`
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
