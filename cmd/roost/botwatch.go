package main

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"os"
	"time"

	"github.com/roost-im/roost/bots"
)

// fileState tells whether files have changed.
type fileState map[string]struct {
	at   time.Time
	size int64
}

func filesOnDisk(paths ...string) fileState {
	s := fileState{}
	for _, p := range paths {
		one := s[p]
		if info, err := os.Stat(p); err == nil {
			one.at, one.size = info.ModTime(), info.Size()
		}
		s[p] = one
	}
	return s
}

// lookEvery is how often the files of bots are looked at.
const lookEvery = time.Second

// watch loads bots anew whose files were saved, until ctx ends. A bad version never replaces a good one.
func (c *cast) watch(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		changed, mended := c.changed()
		for _, p := range changed {
			c.refresh(ctx, p)
		}
		if mended {
			if err := c.h.again(ctx); err != nil {
				c.h.log.LogAttrs(ctx, slog.LevelError, "bots not opened", slog.Any("error", err))
			}
		}
	}
}

// changed lists the bots whose files are not what they were; mended says whether one is among them that was left out.
func (c *cast) changed() (list []*player, mended bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, b := range c.broken {
		for path := range b.seen {
			if now := filesOnDisk(path); !maps.Equal(now, b.seen) {
				b.seen, mended = now, true
			}
		}
	}
	for _, p := range c.runs {
		if now := p.kind.state(); !maps.Equal(now, p.seen) {
			p.seen = now
			list = append(list, p)
		}
	}
	return list, mended
}

func (c *cast) refresh(ctx context.Context, p *player) {
	source, err := p.kind.source()
	var bot bots.Bot
	if err == nil {
		bot, err = loadBot(ctx, p.kind, source)
	}
	if err == nil {
		err = c.replace(ctx, p, bot, source)
		c.h.menus.again(c.h)
	}
	log := c.h.log.With(slog.String("bot", p.name))
	if err != nil {
		log.LogAttrs(ctx, slog.LevelError, "bot not loaded anew; the one before goes on", slog.Any("error", err))
		return
	}
	log.LogAttrs(ctx, slog.LevelInfo, "bot loaded anew")
}

// replace makes a bot another one, which is not in the quarantine of the one before.
func (c *cast) replace(ctx context.Context, p *player, bot bots.Bot, source []byte) error {
	if err := p.host.Replace(bot, source); err != nil {
		return errors.Join(err, closeBot(bot))
	}
	was, err := c.h.quarantineOf(ctx, p.name)
	if err == nil && was != "" && p.host.Quarantined() == "" {
		err = c.h.forgetQuarantine(ctx, p.name)
	}
	return err
}
