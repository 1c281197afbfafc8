package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/roost-im/roost/configs"
	"github.com/roost-im/roost/router"
	"github.com/roost-im/roost/router/store"
	"github.com/roost-im/roost/web"
)

// grace is how long requests that are under way at a stop may take.
const grace = 5 * time.Second

func (c *common) runCmd() *cobra.Command {
	var watched bool
	cmd := &cobra.Command{
		Use:        "run",
		SuggestFor: []string{"start", "serve", "server", "daemon", "up"},
		Short:      "Relay, until a signal ends it",
		Long: `Run relays what the configuration says until SIGTERM or an interrupt, then ends what is under way within ten seconds.
Nothing that was accepted is lost, however it ends; a second signal ends it at once.

SIGHUP reads the configuration again: accounts, routes and desks that changed are changed, the others run on; a file
with a fault changes nothing. Changes of delivery, store, web, files and log need a restart.

At web.listen it answers /healthz (200 when all is well; 503 and which account does not work, or that the disk is
full), /metrics for Prometheus, the webhooks of the accounts below /hooks/, and below /files/ the attachments that a
platform did not take. The log goes to the standard error.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context(), watched) },
	}
	cmd.Flags().BoolVar(&watched, "watched", false, "relay only while somebody watches at the control socket, and end when they leave")
	_ = cmd.Flags().MarkHidden("watched") // it is there
	return cmd
}

func (c *common) run(ctx context.Context, watched bool) error {
	// Before anything else, because a SIGHUP that nobody waits for ends the process.
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	f, err := c.load()
	if err != nil {
		return err
	}
	log := logger(os.Stderr, f.Log)
	if watched {
		f.Warnings = nil // whoever starts Roost so has read them
	}
	for _, w := range f.Warnings {
		log.LogAttrs(ctx, slog.LevelWarn, "configuration", slog.String("warning", w.Error()))
	}
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	var m *web.Metrics
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	w := newWatchers()
	if watched {
		w.must = stop
	}
	h, err := moveIn(ctx, f, log, func(s router.Step) { m.Watch(s); w.Watch(s) })
	if err != nil {
		return err
	}
	m = web.NewMetrics(reg, h.router.Status)
	h.hooks = h.site(reg)
	return errors.Join(c.serve(ctx, h, w, hup), h.Close())
}

// moveIn opens the house, and waits a while for whoever has it: "roost deliveries" and its sisters look into the database
// for a moment when no Roost runs, and one that starts in that moment should not fail.
func moveIn(ctx context.Context, f *configs.File, log *slog.Logger, watch func(router.Step)) (*house, error) {
	const patience, pause = 3 * time.Second, 100 * time.Millisecond
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		h, err := openHouse(ctx, f, log, watch)
		if err == nil || !errors.Is(err, store.ErrLocked) {
			return h, err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-waiting.Done():
			timer.Stop()
			return nil, err
		}
	}
}

// serve runs the router, its web address and its control socket until ctx ends.
func (c *common) serve(ctx context.Context, h *house, w *watchers, hup <-chan os.Signal) error {
	f := h.current()
	site, err := listenWeb(ctx, f)
	if err != nil {
		return err
	}
	office, err := listenControl(ctx, f)
	if err != nil {
		return errors.Join(err, site.Close())
	}
	if err := h.apply(ctx, f, false); err != nil {
		return errors.Join(err, site.Close(), office.Close())
	}
	h.log.LogAttrs(ctx, slog.LevelInfo, "roost is running",
		slog.Int("accounts", len(f.Accounts)), slog.Int("routes", len(f.Routes)),
		slog.String("web", "http://"+site.Addr().String()))
	g, ctx := errgroup.WithContext(ctx)
	defer context.AfterFunc(ctx, w.end)()
	g.Go(func() error { return w.relay(ctx, h.router.Run) })
	g.Go(func() error { return web.Run(ctx, site, h.hooks, grace) })
	g.Go(func() error { return web.Run(ctx, office, control(h, w), grace) })
	g.Go(func() error { c.reloads(ctx, h, hup); return nil })
	g.Go(func() error { return h.cast.watch(ctx) })
	err = g.Wait()
	h.log.LogAttrs(context.WithoutCancel(ctx), slog.LevelInfo, "roost has stopped")
	return err
}

// site is what is served at web.listen.
func (h *house) site(reg prometheus.Gatherer) *web.Server {
	s := web.New(h.health, reg)
	if h.links != nil {
		s.Link(h.links)
	}
	return s
}

// listenWeb listens where the file says.
func listenWeb(ctx context.Context, f *configs.File) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", f.Web.Listen)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("web.listen: %s is in use by another program; end it or choose another port", f.Web.Listen)
	case err != nil:
		return nil, fmt.Errorf("web.listen: %w", err)
	}
	return l, nil
}

// reloads reads the configuration again at each SIGHUP, until ctx ends.
func (c *common) reloads(ctx context.Context, h *house, hup <-chan os.Signal) {
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
	var diff configs.Changes
	if err == nil {
		diff, err = h.reload(ctx, f)
	}
	if err != nil {
		for _, e := range faultsOf(err) {
			h.log.LogAttrs(ctx, slog.LevelError, "configuration not changed", slog.Any("error", e))
		}
		return
	}
	for _, w := range f.Warnings {
		h.log.LogAttrs(ctx, slog.LevelWarn, "configuration", slog.String("warning", w.Error()))
	}
	h.log.LogAttrs(ctx, slog.LevelInfo, "configuration read again",
		append(deltaAttrs("accounts", diff.Accounts), slices.Concat(deltaAttrs("routes", diff.Routes), deltaAttrs("bots", diff.Bots))...)...)
	if len(diff.Sections) > 0 {
		h.log.LogAttrs(ctx, slog.LevelWarn, "a restart is needed for the rest", slog.Any("sections", diff.Sections))
	}
}

// faultsOf takes an error of several faults apart, so that each is a record of its own.
func faultsOf(err error) []error {
	var all []error
	for _, f := range configs.Faults(err) {
		all = append(all, f)
	}
	if len(all) == 0 {
		all = append(all, err)
	}
	return all
}

// deltaAttrs names what was added, changed and removed, where something was.
func deltaAttrs[T cmp.Ordered](what string, d configs.Delta[T]) []slog.Attr {
	var attrs []slog.Attr
	for _, part := range []struct {
		name  string
		names []T
	}{{"added", d.Added}, {"changed", d.Changed}, {"removed", d.Removed}} {
		if len(part.names) > 0 {
			attrs = append(attrs, slog.Any(what+"_"+part.name, part.names))
		}
	}
	return attrs
}

// health is what /healthz shows: well when every account is up and there is room on the disk.
func (h *house) health() (any, bool) {
	type report struct {
		OK       bool                   `json:"ok"`
		Store    string                 `json:"store,omitempty"` // why nothing can be stored
		Accounts []router.AccountStatus `json:"accounts"`
	}
	r := report{Store: h.store.trouble(), Accounts: h.router.Status()}
	r.OK = r.Store == ""
	for _, s := range r.Accounts {
		r.OK = r.OK && s.Up && s.Parked == ""
	}
	return r, r.OK
}
