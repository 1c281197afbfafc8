package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/bots/rules"
	"github.com/roost-im/roost/bots/script"
	"github.com/roost-im/roost/configs"
	"github.com/roost-im/roost/plugins"
)

// botKind makes a bot of what it is written in.
type botKind interface {
	// source is what it is made of now; nil when its dialogs are not bound to that.
	source() ([]byte, error)
	load(ctx context.Context, source []byte) (bots.Bot, error)
	state() fileState // of its files
	folder() string   // of the files that it can send
	// settle fills in what the kind says about how its bots are run.
	settle(cfg *bots.Config)
}

func botKindOf(name string, b configs.Bot, log *slog.Logger) (botKind, error) {
	f := botFile{path: b.Path}
	switch b.Kind {
	case configs.BotScript:
		opt := script.Options{Config: b.Values, Memory: b.Limits.Memory}
		return scriptKind{botFile: f, opt: opt, worker: b.Worker}, nil
	case configs.BotRules:
		return rulesKind{botFile: f, opt: rules.Options{Locale: b.Locale, Config: b.Values}}, nil
	case configs.BotPlugin:
		m, err := plugins.Open(b.Path)
		if err != nil {
			return nil, err
		}
		if m.Connector {
			return nil, fmt.Errorf("%s speaks for an account; name it there: accounts: {%s/NAME: {plugin: %s}}", m.File, m.Name, b.Path)
		}
		return &pluginKind{dir: b.Path, bot: b, name: name, manifest: m, log: log}, nil
	}
	return nil, fmt.Errorf("a bot can't be made of %q", b.Kind)
}

// botFile is a bot in one file.
type botFile struct{ path string }

func (f botFile) source() ([]byte, error) { return os.ReadFile(f.path) }
func (f botFile) state() fileState        { return filesOnDisk(f.path) }
func (f botFile) folder() string          { return filepath.Dir(f.path) }
func (f botFile) settle(*bots.Config)     {}

type scriptKind struct {
	botFile
	opt    script.Options
	worker bool
}

func (k scriptKind) load(_ context.Context, source []byte) (bots.Bot, error) {
	if !k.worker {
		return script.Load(k.path, source, k.opt)
	}
	line, err := workerLine()
	if err != nil {
		return nil, err
	}
	return script.NewWorker(line, k.path, source, k.opt) //nolint:contextcheck // its process lives on when it is loaded
}

type rulesKind struct {
	botFile
	opt rules.Options
}

func (k rulesKind) load(_ context.Context, source []byte) (bots.Bot, error) {
	return rules.Load(k.path, source, k.opt)
}

// pluginKind is a bot that is a program. Its dialogs are not bound to its text: what it wants to remember of them it says
// itself.
type pluginKind struct {
	dir      string
	name     string
	bot      configs.Bot
	manifest *plugins.Manifest
	log      *slog.Logger
}

func (k *pluginKind) source() ([]byte, error) { return nil, nil }

func (k *pluginKind) load(ctx context.Context, _ []byte) (bots.Bot, error) {
	m, err := plugins.Open(k.dir)
	if err != nil {
		return nil, err
	}
	k.manifest = m
	limits := k.bot.Limits
	if limits.Time > 0 {
		m.Limits.Time = limits.Time
	}
	if limits.Memory > 0 {
		m.Limits.Memory = uint64(limits.Memory)
	}
	var settings any // none at all where there are none
	if len(k.bot.Values) > 0 {
		settings = k.bot.Values
	}
	return plugins.New(ctx, plugins.Config{Manifest: m, Settings: settings, Name: k.name, Locale: k.bot.Locale, Log: k.log})
}

// state looks at the manifest, and at what it runs, as far as that is in its folder.
func (k *pluginKind) state() fileState {
	paths := []string{filepath.Join(k.dir, plugins.ManifestName)}
	for _, arg := range k.manifest.Exec {
		if inside := filepath.Join(k.dir, arg); filepath.IsLocal(arg) && !strings.HasPrefix(arg, "-") {
			paths = append(paths, inside)
		}
	}
	return filesOnDisk(slices.Compact(paths)...)
}

func (k *pluginKind) folder() string { return k.dir }

// settle takes what the manifest says where the configuration says nothing.
func (k *pluginKind) settle(cfg *bots.Config) {
	if len(k.bot.May) == 0 {
		cfg.Env.May = k.manifest.May
	}
	if p, ok := cfg.Bot.(*plugins.Program); ok {
		cfg.Time = p.Time()
	}
	if s := k.manifest.Limits.Sends; k.bot.Limits.Messages == 0 && s.N > 0 {
		cfg.Rate = s
	}
}

// startTime is how long a bot's program may take to say what it answers to.
const startTime = 15 * time.Second
