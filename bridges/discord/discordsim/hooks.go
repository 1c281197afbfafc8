package discordsim

import (
	"regexp"
	"slices"
	"strings"
)

// hook is a webhook of a channel.
type hook struct {
	id, channel, guild string
	name, token        string
	avatar             string
	user               string
	own                bool // the application made it
}

const maxHooks = 15

func hookRoutes() []route {
	const hooked = "/webhooks/{hook}/{token}"
	return []route{
		{method: "POST", path: "/channels/{channel}/webhooks", serve: createHook},
		{method: "GET", path: "/channels/{channel}/webhooks", serve: listChannelHooks},
		{method: "GET", path: "/webhooks/{hook}", serve: readHook},
		{method: "PATCH", path: "/webhooks/{hook}", serve: editHook},
		{method: "DELETE", path: "/webhooks/{hook}", serve: deleteHook},
		{method: "GET", path: hooked, serve: readHook, open: true},
		{method: "PATCH", path: hooked, serve: editHook, open: true},
		{method: "DELETE", path: hooked, serve: deleteHook, open: true},
		{method: "POST", path: hooked, serve: executeHook, open: true},
		{method: "GET", path: hooked + "/messages/{message}", serve: readHookMessage, open: true},
		{method: "PATCH", path: hooked + "/messages/{message}", serve: editHookMessage, open: true},
		{method: "DELETE", path: hooked + "/messages/{message}", serve: deleteHookMessage, open: true},
	}
}

func (w *world) wireHook(h *hook) obj {
	out := obj{
		"id": h.id, "type": 1, "name": h.name, "avatar": orNull(h.avatar), "channel_id": h.channel, "guild_id": orNull(h.guild), "application_id": nil,
	}
	if h.own {
		out["application_id"] = w.cfg.ApplicationID
	}
	out["token"], out["url"] = h.token, w.base+"/api/webhooks/"+h.id+"/"+h.token
	if h.user != "" {
		out["user"] = w.wireUser(h.user)
	}
	return out
}

var badHookName = regexp.MustCompile(`(?i)clyde|discord`)

// checkHookName holds a name against https://docs.discord.com/developers/resources/webhook#create-webhook
func checkHookName(t *tree, path, name string) {
	t.size(path, strings.TrimSpace(name), 1, 80)
	if bad := badHookName.FindString(name); bad != "" {
		t.add(path, "USERNAME_INVALID_CONTAINS", `Username cannot contain "`+strings.ToLower(bad)+`"`)
	}
}

type hookForm struct {
	Name    *string    `json:"name"`
	Avatar  *string    `json:"avatar"`
	Channel *snowflake `json:"channel_id"`
}

func createHook(w *world, c *call) (any, error) {
	ch, err := w.reach(c, PermManageWebhooks)
	if err != nil {
		return nil, err
	}
	var in hookForm
	if err := c.into(&in); err != nil {
		return nil, err
	}
	name, t := "", &tree{}
	set(&name, in.Name)
	checkHookName(t, "name", name)
	if err := t.fault(); err != nil {
		return nil, err
	}
	switch {
	case ch.Guild == "":
		return nil, errInDM
	case ch.Type.thread() || ch.Type == ChannelCategory:
		return nil, errChannelType
	case len(w.hooksOf(func(h *hook) bool { return h.channel == ch.ID })) >= maxHooks:
		return nil, errMaxHooks
	}
	h := w.addHook(ch, strings.TrimSpace(name), w.bot(), true)
	if in.Avatar != nil && *in.Avatar != "" {
		h.avatar = hash(*in.Avatar)
	}
	return w.wireHook(h), nil
}

func (w *world) addHook(ch *channel, name, user string, own bool) *hook {
	id := w.newID()
	h := &hook{id: id, channel: ch.ID, guild: ch.Guild, name: name, token: hash("a"+id+w.cfg.Token) + hash("b"+id+w.cfg.Token) + "wh", user: user, own: own}
	w.hooks[id] = h
	w.hookOrder = append(w.hookOrder, id)
	w.hookEvent(h)
	return h
}

// dropHook deletes a webhook. What it wrote stays.
func (w *world) dropHook(h *hook) {
	delete(w.hooks, h.id)
	w.hookOrder = slices.DeleteFunc(w.hookOrder, func(id string) bool { return id == h.id })
	w.hookEvent(h)
}

func (w *world) hookEvent(h *hook) {
	if ch := w.channels[h.channel]; ch != nil {
		w.dispatch(event{name: "WEBHOOKS_UPDATE", need: IntentWebhooks, guild: h.guild, channel: ch, build: func(*session) any {
			return obj{"guild_id": h.guild, "channel_id": h.channel}
		}})
	}
	w.bump()
}

func (w *world) hooksOf(want func(*hook) bool) []*hook {
	var out []*hook
	for _, id := range w.hookOrder {
		if h := w.hooks[id]; want(h) {
			out = append(out, h)
		}
	}
	return out
}

func (w *world) wireHooks(found []*hook) []obj {
	out := []obj{}
	for _, h := range found {
		out = append(out, w.wireHook(h))
	}
	return out
}

func listChannelHooks(w *world, c *call) (any, error) {
	ch, err := w.reach(c, PermManageWebhooks)
	if err != nil {
		return nil, err
	}
	return w.wireHooks(w.hooksOf(func(h *hook) bool { return h.channel == ch.ID })), nil
}

func listGuildHooks(w *world, c *call) (any, error) {
	g, err := w.guildOf(c)
	if err != nil {
		return nil, err
	}
	return w.wireHooks(w.hooksOf(func(h *hook) bool { return h.guild == g.ID })), nil
}

// hookOf finds the webhook of a call, by its token or with the bot's permission.
func (w *world) hookOf(c *call) (*hook, error) {
	h := w.hooks[c.args["hook"]]
	if h == nil {
		return nil, errUnknownHook
	}
	if token, byToken := c.args["token"]; byToken {
		if !same(token, h.token) {
			return nil, errHookToken
		}
		return h, nil
	}
	return h, w.permit(w.channels[h.channel], PermManageWebhooks)
}

func readHook(w *world, c *call) (any, error) {
	h, err := w.hookOf(c)
	if err != nil {
		return nil, err
	}
	out := w.wireHook(h)
	if c.args["token"] != "" {
		delete(out, "user")
	}
	return out, nil
}

func editHook(w *world, c *call) (any, error) {
	h, err := w.hookOf(c)
	if err != nil {
		return nil, err
	}
	var in hookForm
	if err := c.into(&in); err != nil {
		return nil, err
	}
	if in.Name != nil {
		t := &tree{}
		checkHookName(t, "name", *in.Name)
		if err := t.fault(); err != nil {
			return nil, err
		}
		h.name = strings.TrimSpace(*in.Name)
	}
	if c.has("avatar") {
		h.avatar = ""
		if in.Avatar != nil && *in.Avatar != "" {
			h.avatar = hash(*in.Avatar)
		}
	}
	if in.Channel != nil && c.args["token"] == "" {
		to := w.channels[string(*in.Channel)]
		if to == nil || to.Guild != h.guild {
			return nil, errUnknownChannel
		}
		h.channel = to.ID
	}
	w.hookEvent(h)
	return readHook(w, c)
}

func deleteHook(w *world, c *call) (any, error) {
	h, err := w.hookOf(c)
	if err != nil {
		return nil, err
	}
	w.dropHook(h)
	return nil, nil //nolint:nilnil // no body
}

// AddWebhook makes a webhook as a person does in a channel's settings and returns its id and token; both are "" when the channel is
// unknown.
func (s *Sim) AddWebhook(channel, name string) (id, token string) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	ch := s.w.channels[channel]
	if ch == nil {
		return "", ""
	}
	h := s.w.addHook(ch, name, s.w.guilds[ch.Guild].Owner, false)
	return h.id, h.token
}

// DeleteWebhook deletes a webhook as a person does: what calls it next gets Unknown Webhook.
func (s *Sim) DeleteWebhook(id string) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	if h := s.w.hooks[id]; h != nil {
		s.w.dropHook(h)
	}
}

// Webhooks are those that were not deleted, oldest first.
func (v View) Webhooks() []Webhook {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	var out []Webhook
	for _, id := range v.w.hookOrder {
		h := v.w.hooks[id]
		out = append(out, Webhook{ID: h.id, Channel: h.channel, Name: h.name, Token: h.token, Own: h.own})
	}
	return out
}
