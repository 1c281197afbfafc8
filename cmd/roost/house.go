package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/configs"
	"github.com/roost-im/roost/plugins"
	"github.com/roost-im/roost/router"
	"github.com/roost-im/roost/router/blob"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/lane"
	"github.com/roost-im/roost/router/store"
	"github.com/roost-im/roost/router/store/sealed"
	"github.com/roost-im/roost/web"
)

// house is everything that a running Roost is made of.
type house struct {
	log     *slog.Logger
	store   *guarded
	key     sealed.Key
	blobs   *blob.Store
	router  *router.Router
	hooks   *web.Server // nil: the accounts don't run, and need no webhooks
	links   *web.Links  // nil: attachments can't be linked to
	skipped *skipped
	cast    *cast
	menus   menus

	turn    sync.Mutex           // one change of what the router does at a time
	version map[chat.Account]int // grows when an account is to be opened again
	keying  sync.Mutex           // one account at a time gets keys for encrypted messages

	mu       sync.RWMutex
	file     *configs.File
	open     map[chat.Account]chat.Connector // those that the router has
	mounts   map[string]*mount               // the webhooks, by path
	journals map[chat.Account]*journal
}

// openHouse opens what lies on disk and makes a router that knows the file's accounts and routes. Close it.
func openHouse(ctx context.Context, f *configs.File, log *slog.Logger, watch func(router.Step)) (*house, error) {
	h := &house{
		file: f, log: log, skipped: newSkipped(), version: map[chat.Account]int{},
		open: map[chat.Account]chat.Connector{}, mounts: map[string]*mount{}, journals: map[chat.Account]*journal{},
	}
	h.cast = &cast{h: h, runs: map[string]*player{}}
	opened, err := openStore(ctx, f.Store.Path)
	if err != nil {
		return nil, err
	}
	h.store = &guarded{Store: opened, log: log}
	if h.key, err = openKey(ctx, h.store, f.Store); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	if h.blobs, err = blob.Open(f.Files.Path); err != nil {
		return nil, errors.Join(fmt.Errorf("files.path: %w", err), h.Close())
	}
	link, err := h.linking(f)
	if err != nil {
		return nil, errors.Join(err, h.Close())
	}
	h.router = router.New(router.Config{
		Link: link, Store: h.store, Blobs: h.blobs, MaxFile: f.Files.Max, Log: log, Watch: watch,
		Lane: lane.Config{Tries: f.Delivery.Tries, Longest: f.Delivery.Longest},
		Keep: store.Retention{
			Deliveries: f.Store.Keep.Deliveries, Events: f.Store.Keep.Events,
			Copies: f.Store.Keep.Copies, Cases: f.Store.Keep.Cases,
		},
	})
	return h, nil
}

// linking makes the links to attachments, where the world reaches us and the file wants them; otherwise it gives nil.
func (h *house) linking(f *configs.File) (link func(blob.Sum, string) string, err error) {
	if f.Web.Public == "" || f.Files.Link == 0 {
		return nil, nil //nolint:nilnil // no links are no fault
	}
	if h.links, err = web.NewLinks(f.Web.Public, f.Files.Link, h.key[:], h.blobs.Open, nil); err != nil {
		return nil, err
	}
	return h.links.URL, nil
}

// Close closes what openHouse opened.
func (h *house) Close() error { return h.store.Close() }

// current is the configuration that holds.
func (h *house) current() *configs.File {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.file
}

// again makes the router do once more what the configuration says: something that it names has changed.
func (h *house) again(ctx context.Context) error {
	h.turn.Lock()
	defer h.turn.Unlock()
	return h.apply(ctx, h.current(), false)
}

// apply makes the router do what f says, or changes nothing. Bots that can't be made are a reason for that if it is strict,
// and are left out otherwise.
func (h *house) apply(ctx context.Context, f *configs.File, strict bool) error {
	opened := map[chat.Account]chat.Connector{}
	players, err := h.cast.openBots(ctx, f, strict)
	if err != nil {
		return err
	}
	setup := h.setup(ctx, f, opened)
	h.cast.listen(players, &setup)
	h.menus.set(f, players) // before accounts run that show them
	if err := h.router.Apply(setup); err != nil {
		h.menus.set(h.current(), h.cast.playing())
		return errors.Join(err, h.cast.drop(players))
	}
	h.cast.commit(players)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.file = f
	maps.Copy(h.open, opened)
	maps.DeleteFunc(h.open, func(name chat.Account, _ chat.Connector) bool {
		_, stays := f.Accounts[name]
		return !stays
	})
	return nil
}

// setup is what f tells the router to do. Connectors that it opens are put into opened.
func (h *house) setup(ctx context.Context, f *configs.File, opened map[chat.Account]chat.Connector) router.Setup {
	s := router.Setup{Accounts: map[chat.Account]router.Account{}}
	for name, a := range f.Accounts {
		s.Accounts[name] = router.Account{
			Open: func() (chat.Connector, error) {
				conn, err := h.connect(ctx, f, name, a)
				if err == nil {
					opened[name] = conn
				}
				return conn, err
			},
			Version: strconv.Itoa(h.version[name]),
			Repeat:  a.Uncertain == configs.Repeat,
			Pace:    a.Pace,
		}
	}
	for _, name := range inOrder(f.Routes) {
		switch r := f.Routes[name]; {
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

// inOrder lists routes as they stand in the file: where two mirrors take a message to one place, the first one does.
func inOrder(routes map[string]configs.Route) []string {
	return slices.SortedFunc(maps.Keys(routes), func(a, b string) int {
		return cmp.Or(cmp.Compare(routes[a].Line, routes[b].Line), cmp.Compare(a, b))
	})
}

// reload makes the router do what a new file says. Accounts whose settings or commands changed are opened again; the
// others run on.
// When anything is wrong nothing changes.
func (h *house) reload(ctx context.Context, f *configs.File) (configs.Changes, error) {
	h.turn.Lock()
	defer h.turn.Unlock()
	diff := configs.Diff(h.current(), f)
	before := maps.Clone(h.version)
	for _, name := range changed(h.current(), f, diff) {
		h.version[name]++
	}
	if err := h.apply(ctx, f, true); err != nil {
		h.version = before
		return diff, err
	}
	return diff, nil
}

// reopen opens an account again, because somebody logged in: one that nobody was logged in for waits long before it
// looks again by itself.
func (h *house) reopen(ctx context.Context, name chat.Account) (bool, error) {
	h.turn.Lock()
	defer h.turn.Unlock()
	h.version[name]++
	return true, h.apply(ctx, h.current(), false)
}

// connect makes the connector of an account of f.
func (h *house) connect(ctx context.Context, f *configs.File, name chat.Account, a configs.Account) (chat.Connector, error) {
	if plugin, ok := a.Settings.(configs.PluginAccount); ok {
		return h.connectPlugin(ctx, name, plugin)
	}
	p, ok := platformOf(name)
	if !ok {
		return nil, fmt.Errorf("%s: unknown platform", name)
	}
	conn, err := p.open(a.Settings, deskDeps(f, p, h.deps(name)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return conn, nil
}

// connectPlugin makes the connector of an account whose connector is a plugin.
func (h *house) connectPlugin(ctx context.Context, name chat.Account, a configs.PluginAccount) (chat.Connector, error) {
	m, err := plugins.Open(a.Folder)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	log := h.log.With(slog.String("account", string(name)))
	conn, err := plugins.NewConnector(ctx, name, plugins.Config{Manifest: m, Settings: a.Config, Name: name.Name(), Log: log})
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
	return bridges.Deps{
		Account: name,
		Log:     h.log.With(slog.String("account", string(name))),
		Keep:    h.keeper(name),
		Journal: h.journal(name),
		Skip:    func(kind string, raw []byte) { h.skipped.add(name, kind, raw) },
		Menu:    h.menus.of(name),
		Public:  h.public(),
		Mount:   func(path string, hook http.Handler) (func(), error) { return h.mount(name, path, hook) },
	}
}

// public is where the world reaches the accounts' webhooks, as far as the file says.
func (h *house) public() string {
	return h.current().Web.Public + strings.TrimSuffix(web.HooksAt, "/")
}

// mount is a webhook of an account.
type mount struct {
	account chat.Account
	unmount func()
}

// mount serves an account's webhook. An account that is opened again takes its path over from what it was before, which
// may still be ending.
func (h *house) mount(name chat.Account, path string, hook http.Handler) (unmount func(), err error) {
	if h.hooks == nil {
		return nil, fmt.Errorf("%s does not run, so nothing is served at %s", name, path)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if old := h.mounts[path]; old != nil && old.account == name {
		old.unmount()
		delete(h.mounts, path)
	}
	m := &mount{account: name}
	if m.unmount, err = h.hooks.Mount(path, hook); err != nil {
		return nil, err
	}
	h.mounts[path] = m
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.mounts[path] == m {
			m.unmount()
			delete(h.mounts, path)
		}
	}, nil
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
