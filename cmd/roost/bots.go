package main

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/configs"
	"github.com/roost-im/roost/router"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
)

// cast is the bots of a running Roost.
type cast struct {
	h *house

	mu     sync.Mutex
	runs   map[string]*player
	broken map[string]*broken
}

// broken is a bot that can't be made, for as long as its files are what they are.
type broken struct {
	err  error
	seen fileState
}

// player is one bot that is there.
type player struct {
	name    string
	settled configs.Bot // with which it was made; its Line does not count
	version int
	host    *bots.Host
	kind    botKind
	unmount func()
	seen    fileState // of what it is made of, when it was looked at last
}

// openBots makes the bots of f that are not there yet, or whose settings have changed. It changes nothing but what it
// returns: commit does that. When one of them is not well it fails, if it is strict; otherwise that one is left out, because a
// bot's mistake must not keep messages from being relayed.
func (c *cast) openBots(ctx context.Context, f *configs.File, strict bool) (map[string]*player, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.broken = map[string]*broken{}
	next := map[string]*player{}
	for _, name := range slices.Sorted(maps.Keys(f.Bots)) {
		b := f.Bots[name]
		b.Line = 0
		old := c.runs[name]
		if old != nil && c.same(old, f, b) {
			next[name] = old
			continue
		}
		p, err := c.open(ctx, f, name, b)
		if err != nil && strict {
			return nil, errors.Join(fmt.Errorf("bots.%s: %w", name, plain(err)), c.dropLocked(next))
		}
		if err != nil {
			c.h.log.LogAttrs(ctx, slog.LevelError, "bot left out", slog.String("bot", name), slog.Any("error", plain(err)))
			c.broken[name] = &broken{err: plain(err), seen: filesOnDisk(b.Path)}
			continue
		}
		if old != nil {
			p.version = old.version + 1
		}
		next[name] = p
	}
	return next, nil
}

// same says whether a bot has all that f wants it to have.
func (c *cast) same(p *player, f *configs.File, b configs.Bot) bool {
	now := c.h.current()
	return reflect.DeepEqual(p.settled, b) && reflect.DeepEqual(now.Roles, f.Roles) && now.Operators == f.Operators &&
		home(now, b) == home(f, b)
}

func (c *cast) open(ctx context.Context, f *configs.File, name string, b configs.Bot) (*player, error) {
	kind, err := botKindOf(name, b, c.h.log.With(slog.String("bot", name)))
	if err != nil {
		return nil, err
	}
	seen := kind.state() // before it is read, so that nothing that is saved meanwhile is missed
	cfg, err := makeBot(ctx, name, b, kind)
	if err != nil {
		return nil, err
	}
	cfg.Operators, cfg.Home = f.Operators, home(f, b)
	cfg.Env = c.env(f, name, b, cfg.Env)
	host, err := bots.New(cfg)
	if err != nil {
		return nil, errors.Join(err, closeBot(cfg.Bot))
	}
	return &player{name: name, settled: b, host: host, kind: kind, seen: seen}, nil
}

// makeBot makes a bot of what the configuration says of it, and gives what there is to be told its host: all but who it
// speaks with.
func makeBot(ctx context.Context, name string, b configs.Bot, kind botKind) (bots.Config, error) {
	may, err := bots.ParseMay(b.May)
	if err != nil {
		return bots.Config{}, fmt.Errorf("may: %w", err)
	}
	source, err := kind.source()
	if err != nil {
		return bots.Config{}, err
	}
	bot, err := loadBot(ctx, kind, source)
	if err != nil {
		return bots.Config{}, err
	}
	cfg := bots.Config{
		Name: name, Bot: bot, Source: source, Time: b.Limits.Time, Drain: b.Limits.Drain, Locale: b.Locale,
		Load: func(source []byte) (bots.Bot, error) { return loadBot(context.WithoutCancel(ctx), kind, source) },
		Env:  bots.Env{May: may, Folder: kind.folder()},
	}
	if b.Limits.Messages > 0 {
		cfg.Rate = bots.Cooldown{N: b.Limits.Messages, Per: time.Minute}
	}
	kind.settle(&cfg)
	return cfg, nil
}

// loadBot makes a bot, in a bounded time.
func loadBot(ctx context.Context, kind botKind, source []byte) (bots.Bot, error) {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	return kind.load(ctx, source)
}

func closeBot(b bots.Bot) error {
	if c, ok := b.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// home is where a bot speaks that was called and not spoken to: the first place where it listens.
func home(f *configs.File, b configs.Bot) chat.Conversation {
	for _, name := range b.Routes {
		if m := f.Routes[name].Mirror; m != nil {
			return m.Legs[0].At
		}
	}
	if len(b.Places) > 0 {
		return b.Places[0]
	}
	return chat.Conversation{}
}

// env is what a bot is given: with is what it says itself.
func (c *cast) env(f *configs.File, name string, b configs.Bot, with bots.Env) bots.Env {
	h := c.h
	seed := fnv.New64a()
	_, _ = seed.Write(h.key[:])
	_, _ = seed.Write([]byte(name))
	return bots.Env{
		State: h.kept, Now: time.Now, May: with.May, Folder: with.Folder, Typing: h.typing, Seed: seed.Sum64(),
		Log:    h.log.With(slog.String("bot", name)),
		Client: &http.Client{Timeout: time.Minute, Transport: http.DefaultTransport},
		Secret: func(secret string) (string, bool) {
			s, ok := b.Secrets[secret]
			return s.Reveal(), ok
		},
		Roles: func(who bots.Person) []string {
			var has []string
			for role, people := range f.Roles {
				if slices.Contains(people, configs.Who{Account: who.Account, Person: who.ID}) {
					has = append(has, role)
				}
			}
			return has
		},
	}
}

// kept reads what a bot keeps.
func (h *house) kept(ctx context.Context, key string) (value []byte, err error) {
	err = h.store.Read(ctx, func(v store.Reader) error {
		kept, err := v.Kept(key)
		value = slices.Clone(kept)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		return err
	})
	return value, err
}

// typingTime is how long it may take to show people that a bot is at it.
const typingTime = 5 * time.Second

// typing shows people that a bot is at it. Nobody waits for that, and nothing is said when it fails.
func (h *house) typing(ctx context.Context, at chat.Conversation) {
	h.mu.RLock()
	conn := h.open[at.Account]
	h.mu.RUnlock()
	if conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), typingTime)
	go func() {
		defer cancel()
		_ = chat.Type(ctx, conn, at)
	}()
}

// drop closes those of next that are not there.
func (c *cast) drop(next map[string]*player) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dropLocked(next)
}

func (c *cast) dropLocked(next map[string]*player) error {
	var err error
	for name, p := range next {
		if p != c.runs[name] {
			err = errors.Join(err, p.host.Close())
		}
	}
	return err
}

// Close closes all bots, which nobody runs.
func (c *cast) Close() error { return c.drop(c.commit(nil)) }

// commit makes next the bots that are there, and gives those that were.
func (c *cast) commit(next map[string]*player) (before map[string]*player) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, p := range c.runs {
		if next[name] != p && p.unmount != nil {
			p.unmount()
		}
	}
	for _, p := range next {
		if p != c.runs[p.name] && !p.settled.Hook.IsZero() {
			p.mount(c.h)
		}
	}
	before, c.runs = c.runs, next
	return before
}

// listen are the bots as the router knows them.
func (c *cast) listen(next map[string]*player, s *router.Setup) {
	for _, name := range slices.Sorted(maps.Keys(next)) {
		p := next[name]
		a := chat.BotAccount(name)
		s.Accounts[a] = router.Account{
			Open: func() (chat.Connector, error) { return p.host, nil }, Version: fmt.Sprint(p.version),
		}
		b := p.settled
		s.Bots = append(s.Bots, router.Bot{
			Account: a, Routes: b.Routes, Places: b.Places, Accounts: b.Hears, Wants: p.host.Wants,
		})
		for i := range s.Desks {
			s.Desks[i].Bots = s.Desks[i].Bots || slices.Contains(b.Routes, s.Desks[i].Name)
		}
	}
}
