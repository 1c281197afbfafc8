package main

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/bots/script"
	"github.com/roost-im/roost/configs"
)

// botKind makes a bot of what it is written in.
type botKind interface {
	// source is what it is made of now; nil when its dialogs are not bound to that.
	source() ([]byte, error)
	load(source []byte) (bots.Bot, error)
	state() fileState // of its files
	folder() string   // of the files that it can send
	grants(bots.May) bots.May
}

func botKindOf(name string, b configs.Bot, log *slog.Logger) (botKind, error) {
	f := botFile{path: b.Path}
	switch b.Kind {
	case configs.BotScript:
		return scriptKind{f, script.Options{Config: b.Values}}, nil
	case configs.BotRules:
	case configs.BotPlugin:
	}
	_, _ = name, log
	return nil, fmt.Errorf("a bot can't be made of %s", b.Kind)
}

// botFile is a bot in one file.
type botFile struct{ path string }

func (f botFile) source() ([]byte, error)    { return os.ReadFile(f.path) }
func (f botFile) state() fileState           { return filesOnDisk(f.path) }
func (f botFile) folder() string             { return filepath.Dir(f.path) }
func (f botFile) grants(m bots.May) bots.May { return m }

type scriptKind struct {
	botFile
	opt script.Options
}

func (k scriptKind) load(source []byte) (bots.Bot, error) { return script.Load(k.path, source, k.opt) }
