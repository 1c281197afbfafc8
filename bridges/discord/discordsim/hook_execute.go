package discordsim

import (
	"strings"
)

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
		return w.hookThread(ch, thread)
	case p.ThreadName == "" && ch.Type.forum():
		return nil, errHookNoThread
	case p.ThreadName == "":
		return ch, nil
	case !ch.Type.forum():
		return nil, errHookNoForum
	}
	_, err := w.applyTags(ch, p.Tags)
	return ch, err
}

// hookThread finds the thread that a webhook of its channel writes into.
func (w *world) hookThread(parent *channel, id string) (*channel, error) {
	t := w.channels[id]
	switch {
	case t == nil || t.Parent != parent.ID:
		return nil, errUnknownChannel
	case t.Locked && t.Archived:
		return nil, errLocked
	default:
		return t, nil
	}
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
