package discord

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

const (
	hooksKey  = "webhooks"
	hookName  = "Roost"
	maxOld    = 1000
	barredFor = 10 * time.Minute // after Discord refused a webhook it is not asked for another
	maxName   = 80
)

// hook is a webhook of ours.
type hook struct {
	ID      string `json:"id"`
	Token   string `json:"token"` // kept encrypted, and shown nowhere
	Channel string `json:"channel"`
}

// hooks are our webhooks, one a channel. Those that are gone are remembered by id, because what they wrote is still ours.
type hooks struct {
	c      *Connector
	asking singleflight.Group
	barred *bridges.Cache[bool] // channels in which we may have none

	mu    sync.Mutex
	known bool
	held  kept
}

type kept struct {
	Hooks []hook   `json:"hooks"`
	Old   []string `json:"old,omitempty"`
}

func newHooks(c *Connector) *hooks {
	return &hooks{c: c, barred: bridges.NewCache[bool](maxKnown, barredFor, c.now)}
}

// load recalls what is kept.
func (h *hooks) load(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.known {
		return nil
	}
	raw, err := h.c.deps.Keep.Kept(ctx, hooksKey)
	if err != nil {
		return fmt.Errorf("discord: recall the webhooks: %w", err)
	}
	h.held = kept{}
	if raw != nil && json.Unmarshal(raw, &h.held) != nil {
		h.held = kept{} // of a version that is no more; they are found again
	}
	h.known = true
	return nil
}

// own says whether a webhook is ours, or was.
func (h *hooks) own(id string) bool {
	if id == "" {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Contains(h.held.Old, id) || slices.ContainsFunc(h.held.Hooks, func(x hook) bool { return x.ID == id })
}

// byID finds a webhook of ours.
func (h *hooks) byID(id string) (hook, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if i := slices.IndexFunc(h.held.Hooks, func(x hook) bool { return x.ID == id }); i >= 0 {
		return h.held.Hooks[i], true
	}
	return hook{}, false
}

// in gives the webhook of a channel: the one that is known, else one of ours that is there, else a new one. ok is false where
// the bot may have none.
func (h *hooks) in(ctx context.Context, channel string) (found hook, ok bool, err error) {
	if err := h.load(ctx); err != nil {
		return hook{}, false, err
	}
	h.mu.Lock()
	i := slices.IndexFunc(h.held.Hooks, func(x hook) bool { return x.Channel == channel })
	if i >= 0 {
		found = h.held.Hooks[i]
	}
	h.mu.Unlock()
	if i >= 0 {
		return found, true, nil
	}
	if _, barred := h.barred.Get(channel); barred {
		return hook{}, false, nil
	}
	got, err, _ := h.asking.Do(channel, func() (any, error) { return h.obtain(ctx, channel) })
	switch {
	case chat.KindOf(err) == chat.Refused && err != nil:
		h.barred.Put(channel, true)
		return hook{}, false, nil
	case err != nil:
		return hook{}, false, err
	}
	found, ok = got.(hook)
	return found, ok, nil
}

// obtain finds a webhook of ours in a channel, or makes one.
func (h *hooks) obtain(ctx context.Context, channel string) (hook, error) {
	self, err := h.c.whoami(ctx)
	if err != nil {
		return hook{}, err
	}
	type webhook struct {
		ID          string `json:"id"`
		Token       string `json:"token"`
		Application string `json:"application_id"`
	}
	var there []webhook
	path := route("channels", channel, "webhooks")
	if _, err := h.c.call(ctx, request{op: "discord: webhooks", method: http.MethodGet, path: path}, &there); err != nil {
		return hook{}, err
	}
	i := slices.IndexFunc(there, func(w webhook) bool { return w.Token != "" && w.Application == self.app })
	var found webhook
	if i >= 0 {
		found = there[i]
	} else {
		ask := request{op: "discord: make a webhook", method: http.MethodPost, path: path, body: map[string]string{"name": hookName}}
		if _, err := h.c.call(ctx, ask, &found); err != nil {
			return hook{}, err
		}
	}
	if found.ID == "" || found.Token == "" {
		return hook{}, refused("discord: make a webhook", "Discord gave a webhook without its token")
	}
	made := hook{ID: found.ID, Token: found.Token, Channel: channel}
	return made, h.change(ctx, func(k *kept) { k.Hooks = append(k.Hooks, made) })
}

// gone forgets a webhook that somebody deleted. What it wrote stays ours.
func (h *hooks) gone(ctx context.Context, id string) error {
	return h.change(ctx, func(k *kept) {
		k.Hooks = slices.DeleteFunc(k.Hooks, func(x hook) bool { return x.ID == id })
		if k.Old = append(k.Old, id); len(k.Old) > maxOld {
			k.Old = k.Old[len(k.Old)-maxOld:]
		}
	})
}

func (h *hooks) change(ctx context.Context, f func(*kept)) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	next := kept{Hooks: slices.Clone(h.held.Hooks), Old: slices.Clone(h.held.Old)}
	f(&next)
	raw, err := json.Marshal(next)
	if err != nil {
		return err
	}
	if err := h.c.deps.Keep.Keep(ctx, hooksKey, raw); err != nil {
		return fmt.Errorf("discord: keep the webhooks: %w", err)
	}
	h.held = next
	return nil
}

// Words that Discord lets no webhook bear; one letter of them becomes a look-alike.
var (
	clydeWord   = regexp.MustCompile(`(?i)(c)lyde`)
	discordWord = regexp.MustCompile(`(?i)(disc)ord`)
)

// hookUser is a name as a webhook may bear it: 1 to 80 characters, without the words that Discord keeps for itself.
// https://docs.discord.com/developers/resources/webhook#create-webhook
func hookUser(name string) string {
	name = text.Name(name, maxName)
	name = clydeWord.ReplaceAllString(name, "${1}Iyde")
	name = discordWord.ReplaceAllString(name, "${1}0rd")
	for text.Cautious.Len(name) > maxName {
		r := []rune(name)
		name = string(r[:len(r)-1])
	}
	if low := strings.ToLower(name); strings.TrimSpace(name) == "" || low == "everyone" || low == "here" {
		return "someone"
	}
	return name
}

// avatarOf is a picture as a webhook may bear it.
func avatarOf(as *chat.Persona) string {
	if strings.HasPrefix(as.Avatar, "https://") {
		return as.Avatar
	}
	return ""
}
