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
	const byToken = "/webhooks/{hook}/{token}"
	return []route{
		{method: "POST", path: "/channels/{channel}/webhooks", serve: createHook},
		{method: "GET", path: "/channels/{channel}/webhooks", serve: listChannelHooks},
		{method: "GET", path: "/webhooks/{hook}", serve: readHook},
		{method: "PATCH", path: "/webhooks/{hook}", serve: editHook},
		{method: "DELETE", path: "/webhooks/{hook}", serve: deleteHook},
		{method: "GET", path: byToken, serve: readHook, open: true},
		{method: "PATCH", path: byToken, serve: editHook, open: true},
		{method: "DELETE", path: byToken, serve: deleteHook, open: true},
		{method: "POST", path: byToken, serve: executeHook, open: true},
		{method: "GET", path: byToken + "/messages/{message}", serve: readHookMessage, open: true},
		{method: "PATCH", path: byToken + "/messages/{message}", serve: editHookMessage, open: true},
		{method: "DELETE", path: byToken + "/messages/{message}", serve: deleteHookMessage, open: true},
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

// executeHook posts as a webhook; below an application's id it is the follow-up of an interaction.
// https://docs.discord.com/developers/resources/webhook#execute-webhook
func executeHook(w *world, c *call) (any, error) {
	if c.args["hook"] == w.cfg.ApplicationID {
		return followUp(w, c)
	}
	h, err := w.hookOf(c)
	if err != nil {
		return nil, err
	}
	p, err := w.readPost(c)
	if err != nil {
		return nil, err
	}
	if err := checkPersona(p); err != nil {
		return nil, err
	}
	ch, err := w.hookTarget(c, h, p)
	if err != nil {
		return nil, err
	}
	m := h.message(w, p)
	m.channel = ch.ID
	if p.ThreadName != "" {
		m.channel = h.channel // until the thread is there
	}
	if err := w.fill(ch, m, p); err != nil {
		return nil, err
	}
	if p.ThreadName != "" {
		ch = w.hookPost(ch, m, p)
	}
	w.post(ch, m)
	if !c.yes("wait") {
		return nil, nil //nolint:nilnil // no body
	}
	return w.wireMessage(m, true), nil
}

// checkPersona checks the name and the picture under which a webhook speaks.
func checkPersona(p *posted) error {
	t := &tree{}
	if p.Username != nil {
		checkHookName(t, "username", *p.Username)
	}
	if p.AvatarURL != nil && *p.AvatarURL != "" && !wellFormed(*p.AvatarURL) {
		t.add("avatar_url", "URL_TYPE_INVALID_URL", "Not a well formed URL.")
	}
	t.size("thread_name", p.ThreadName, 0, 100)
	return t.fault()
}

// message starts a webhook's message.
func (h *hook) message(w *world, p *posted) *message {
	m := &message{id: w.newID(), at: w.now(), hook: h.id, hookName: h.name}
	if p.Username != nil {
		m.hookName = strings.TrimSpace(*p.Username)
	}
	if p.AvatarURL != nil {
		m.hookAvatar = *p.AvatarURL
	}
	return m
}

// hookTarget finds where a webhook's message goes: its channel, a thread of it, or a new post of its forum.
func (w *world) hookTarget(c *call, h *hook, p *posted) (*channel, error) {
	ch := w.channels[h.channel]
	thread := c.query.Get("thread_id")
	switch {
	case ch == nil:
		return nil, errUnknownChannel
	case thread != "" && p.ThreadName != "":
		return nil, errHookBoth
	case thread != "":
		t := w.channels[thread]
		if t == nil || t.Parent != ch.ID {
			return nil, errUnknownChannel
		}
		if t.Locked && t.Archived {
			return nil, errLocked
		}
		return t, nil
	case ch.Type.forum() && p.ThreadName == "":
		return nil, errHookNoThread
	case !ch.Type.forum() && p.ThreadName != "":
		return nil, errHookNoForum
	}
	if !ch.Type.forum() {
		return ch, nil
	}
	_, err := w.applyTags(ch, p.Tags)
	return ch, err
}

// hookPost starts the post of a forum that a webhook writes.
func (w *world) hookPost(forum *channel, m *message, p *posted) *channel {
	applied, _ := w.applyTags(forum, p.Tags) // checked before
	t := w.newPost(forum, "", p.ThreadName, applied)
	t.Owner = m.hook
	m.id, m.channel = t.ID, t.ID
	for _, f := range m.files {
		f.channel = t.ID
	}
	return t
}

// hookMessage finds a message of a webhook, in its channel or in the thread that thread_id names.
func (w *world) hookMessage(c *call) (*channel, *message, error) {
	h, err := w.hookOf(c)
	if err != nil {
		return nil, nil, err
	}
	ch := w.channels[h.channel]
	if thread := c.query.Get("thread_id"); thread != "" {
		if ch = w.channels[thread]; ch == nil || ch.Parent != h.channel {
			return nil, nil, errUnknownChannel
		}
	}
	if ch == nil {
		return nil, nil, errUnknownChannel
	}
	m := ch.find(c.args["message"])
	if m == nil || m.hook != h.id {
		return nil, nil, errUnknownMessage
	}
	return ch, m, nil
}

func readHookMessage(w *world, c *call) (any, error) {
	if c.args["hook"] == w.cfg.ApplicationID {
		return readFollowUp(w, c)
	}
	_, m, err := w.hookMessage(c)
	if err != nil {
		return nil, err
	}
	return w.wireMessage(m, true), nil
}

func editHookMessage(w *world, c *call) (any, error) {
	if c.args["hook"] == w.cfg.ApplicationID {
		return editFollowUp(w, c)
	}
	ch, m, err := w.hookMessage(c)
	if err != nil {
		return nil, err
	}
	p, err := w.readPost(c)
	if err != nil {
		return nil, err
	}
	if err := w.change(ch, m, p); err != nil {
		return nil, err
	}
	return w.wireMessage(m, true), nil
}

func deleteHookMessage(w *world, c *call) (any, error) {
	if c.args["hook"] == w.cfg.ApplicationID {
		return deleteFollowUp(w, c)
	}
	ch, m, err := w.hookMessage(c)
	if err != nil {
		return nil, err
	}
	w.erase(ch, m)
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
