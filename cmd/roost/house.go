package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"strconv"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/configs"
	"github.com/roost-im/roost/router"
	"github.com/roost-im/roost/router/blob"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/route"
	"github.com/roost-im/roost/router/store"
	"github.com/roost-im/roost/router/store/sealed"
	"github.com/roost-im/roost/router/store/sqlite"
	"github.com/roost-im/roost/web"
)

// house is everything that a running Roost is made of.
type house struct {
	file    *configs.File
	log     *slog.Logger
	store   store.Store
	key     sealed.Key
	blobs   *blob.Store
	router  *router.Router
	hooks   *web.Server // nil: webhooks can't be mounted
	skipped *skipped
	version map[chat.Account]int // grows when an account's settings change
}

// openHouse opens what lies on disk and makes a router that knows the file's accounts and routes. Close it.
func openHouse(ctx context.Context, f *configs.File, log *slog.Logger, watch func(router.Step)) (*house, error) {
	h := &house{file: f, log: log, skipped: newSkipped(), version: map[chat.Account]int{}}
	var err error
	if h.store, err = sqlite.Open(ctx, f.Store.Path, sqlite.Options{}); err != nil {
		return nil, fmt.Errorf("open the database %s: %w", f.Store.Path, err)
	}
	if h.key, err = sealed.LoadKey(f.Store.KeyFile); err != nil {
		return nil, errors.Join(fmt.Errorf("read the key file: %w", err), h.Close())
	}
	if h.blobs, err = blob.Open(f.Files.Path); err != nil {
		return nil, errors.Join(fmt.Errorf("open the attachments %s: %w", f.Files.Path, err), h.Close())
	}
	h.router = router.New(router.Config{
		Store: h.store, Blobs: h.blobs, MaxFile: f.Files.Max, Log: log, Watch: watch,
		Keep: store.Retention{
			Deliveries: f.Store.Keep.Deliveries, Events: f.Store.Keep.Events,
			Copies: f.Store.Keep.Copies, Cases: f.Store.Keep.Cases,
		},
	})
	return h, nil
}

// Close closes what openHouse opened.
func (h *house) Close() error { return h.store.Close() }

// setup is what the file tells the router to do.
func (h *house) setup(f *configs.File) router.Setup {
	s := router.Setup{Accounts: map[chat.Account]router.Account{}}
	for name, a := range f.Accounts {
		s.Accounts[name] = router.Account{
			Open:    func() (chat.Connector, error) { return h.connect(name, a) },
			Version: strconv.Itoa(h.version[name]),
			Repeat:  a.Uncertain == configs.Repeat,
			Pace:    a.Pace,
		}
	}
	for name, r := range f.Routes {
		switch {
		case r.Desk != nil:
			d := router.Desk{Desk: r.Desk.Desk, From: r.Desk.From}
			d.Name = name
			s.Desks = append(s.Desks, d)
		case r.Mirror != nil:
			s.Mirrors = append(s.Mirrors, mirror(name, r.Mirror))
		}
	}
	return s
}

func mirror(name string, m *configs.Mirror) route.Mirror {
	out := route.Mirror{Name: name}
	for _, l := range m.Legs {
		out.Legs = append(out.Legs, route.Leg{
			At: l.At, Silent: l.Direction == configs.Out, Deaf: l.Direction == configs.In,
		})
	}
	return out
}

// reload makes the router do what a new file says. Accounts whose settings changed are opened again; the others run on.
// When anything is wrong nothing changes.
func (h *house) reload(f *configs.File) (configs.Changes, error) {
	diff := configs.Diff(h.file, f)
	before := maps.Clone(h.version)
	for _, name := range diff.Accounts.Changed {
		h.version[name]++
	}
	if err := h.router.Apply(h.setup(f)); err != nil {
		h.version = before
		return diff, err
	}
	h.file = f
	return diff, nil
}

// connect makes the connector of an account.
func (h *house) connect(name chat.Account, a configs.Account) (chat.Connector, error) {
	p, ok := platformOf(name)
	if !ok {
		return nil, fmt.Errorf("%s: unknown platform", name)
	}
	conn, err := p.open(a.Settings, h.deps(name))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return conn, nil
}

// keeper keeps what an account must not forget.
func (h *house) keeper(name chat.Account) bridges.Keeper {
	return sealed.NewKeeper(h.store, h.key, "account/"+string(name)+"/")
}

func (h *house) deps(name chat.Account) bridges.Deps {
	d := bridges.Deps{
		Account: name,
		Log:     h.log.With(slog.String("account", string(name))),
		Keep:    h.keeper(name),
		Skip:    func(kind string, raw []byte) { h.skipped.add(name, kind, raw) },
	}
	if h.hooks != nil {
		d.Mount = h.hooks.Mount
	}
	return d
}

// logger writes to w as the file says.
func logger(w *os.File, l configs.Log) *slog.Logger {
	levels := map[configs.Level]slog.Level{
		configs.Debug: slog.LevelDebug, configs.Info: slog.LevelInfo, configs.Warn: slog.LevelWarn, configs.Error: slog.LevelError,
	}
	o := &slog.HandlerOptions{Level: levels[l.Level]}
	if l.Format == configs.JSON {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}
