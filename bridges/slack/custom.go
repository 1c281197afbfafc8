package slack

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net/url"
	"strings"
	"sync"

	"github.com/roost-im/roost/router/chat"
)

// custom is the workspace's own emoji, each with the address of its image.
type custom struct {
	mu     sync.Mutex
	images map[string]string // nil: not known
}

const (
	aliasMark = "alias:"
	maxAlias  = 5 // an alias of an alias, and so on
)

// image is the address of an emoji's image; ok is false when the workspace has no such emoji, as far as is known.
func (e *custom) image(name string) (at string, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for range maxAlias {
		if at, ok = e.images[name]; !ok {
			return "", false
		}
		alias, is := strings.CutPrefix(at, aliasMark)
		if !is {
			return at, true
		}
		name = alias
	}
	return "", true // it stands for one of Slack's, or for itself
}

// replace is told all emoji of the workspace.
func (e *custom) replace(images map[string]string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.images = images
}

// change adds some emoji and removes others, once they are known at all.
func (e *custom) change(add map[string]string, remove []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.images == nil {
		return
	}
	for _, name := range remove {
		delete(e.images, name)
	}
	maps.Copy(e.images, add)
}

func (e *custom) known() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.images != nil
}

// learnEmoji asks for the workspace's emoji, unless they are known. Without them nothing is lost but their pictures, so a
// failure is only noted: the next look asks again, and roost doctor tells of a missing scope.
func (c *Connector) learnEmoji(ctx context.Context) {
	if c.custom.known() {
		return
	}
	var got struct {
		Emoji map[string]string `json:"emoji"`
	}
	if err := c.get(ctx, "emoji.list", url.Values{}, &got); err != nil {
		c.log.LogAttrs(ctx, slog.LevelDebug, "emoji not known", slog.String("kind", chat.KindOf(err).String()), slog.Any("error", err))
		return
	}
	if got.Emoji == nil {
		got.Emoji = map[string]string{}
	}
	c.custom.replace(got.Emoji)
}

// emojiEvent is https://docs.slack.dev/reference/events/emoji_changed
type emojiEvent struct {
	SubType string   `json:"subtype"`
	Name    string   `json:"name"`
	Names   []string `json:"names"`
	OldName string   `json:"old_name"`
	NewName string   `json:"new_name"`
	Value   string   `json:"value"`
}

// emojiChanged keeps what is known of the workspace's emoji up to date.
func (c *Connector) emojiChanged(raw json.RawMessage) error {
	var e emojiEvent
	if err := json.Unmarshal(raw, &e); err != nil {
		return err
	}
	switch e.SubType {
	case "add":
		c.custom.change(map[string]string{e.Name: e.Value}, nil)
	case "remove":
		c.custom.change(nil, e.Names)
	case "rename":
		c.custom.change(map[string]string{e.NewName: e.Value}, []string{e.OldName})
	}
	return nil
}

// nearest is what a reaction with emoji shows here: Slack's own emoji, with the skin tones that Slack has, and the
// workspace's. ok is false for what is neither.
func (c *Connector) nearest(emoji string) (shown string, ok bool) {
	for _, try := range []string{emoji, toneless(emoji)} {
		name, named := c.emoji.name(try)
		if !named {
			continue
		}
		if s, standard := c.emoji.unicode(name); standard {
			return s, true
		}
		if _, own := c.custom.image(name); own {
			return ":" + name + ":", true
		}
	}
	return "", false
}

// toneless is an emoji without skin tones.
func toneless(emoji string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0x1F3FB && r <= 0x1F3FF {
			return -1
		}
		return r
	}, emoji)
}
