package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/bots/bottest"
	"github.com/roost-im/roost/configs"
	"github.com/roost-im/roost/plugins"
)

// botAt is the bot at a path: a script (.star), rules (.yaml), or the folder of a plugin.
func botAt(path string) (configs.Bot, error) {
	b := configs.Bot{Path: path}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return b, fmt.Errorf("there is no bot at %s: a bot is a .star, a .yaml, or a folder with a %s", path, plugins.ManifestName)
	case err != nil:
		return b, err
	case info.IsDir():
		b.Kind = configs.BotPlugin
	case strings.HasSuffix(path, ".star"):
		b.Kind = configs.BotScript
	case strings.HasSuffix(path, ".yaml"), strings.HasSuffix(path, ".yml"):
		b.Kind = configs.BotRules
	default:
		return b, fmt.Errorf("%s is no bot: a bot is a .star, a .yaml, or a folder with a %s", path, plugins.ManifestName)
	}
	return b, nil
}

var notInNames = regexp.MustCompile(`[^a-z0-9_-]+`)

// nameOf is what a bot is called that nobody has named: as its file is.
func nameOf(path string) string {
	base := filepath.Base(filepath.Clean(path))
	name := notInNames.ReplaceAllString(strings.ToLower(strings.TrimSuffix(base, filepath.Ext(base))), "-")
	name = strings.TrimLeft(name, "0123456789_-")
	if name == "" {
		return "bot"
	}
	return name[:min(len(name), 32)]
}

// openBotAt opens the bots of transcripts, by their paths.
func openBotAt(ctx context.Context, want bottest.Bot) (bots.Config, error) {
	b, err := botAt(want.Path)
	if err != nil {
		return bots.Config{}, err
	}
	return openBot(ctx, nameOf(want.Path), b, want)
}

// openBot makes a bot with the settings that a transcript or a chat wants.
func openBot(ctx context.Context, name string, b configs.Bot, want bottest.Bot) (bots.Config, error) {
	values, err := botValues(b.Values, want.Config)
	if err != nil {
		return bots.Config{}, err
	}
	b.Values = values
	if want.Locale != "" {
		b.Locale = want.Locale
	}
	kind, err := botKindOf(name, b, slog.New(slog.DiscardHandler))
	if err != nil {
		return bots.Config{}, err
	}
	return makeBot(ctx, name, b, kind)
}

// botValues are a bot's settings, with those that are written name=value in the place of its own.
func botValues(own map[string]any, written map[string]string) (map[string]any, error) {
	if len(written) == 0 {
		return own, nil
	}
	values := maps.Clone(own)
	if values == nil {
		values = map[string]any{}
	}
	for _, name := range slices.Sorted(maps.Keys(written)) {
		var v any
		if err := yaml.Unmarshal([]byte(written[name]), &v); err != nil {
			return nil, fmt.Errorf("the setting %s=%s is no YAML: %w", name, written[name], err)
		}
		values[name] = v
	}
	return values, nil
}
