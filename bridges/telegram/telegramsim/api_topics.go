package telegramsim

import "strings"

func topicMethods() map[string]method {
	return map[string]method{
		"createforumtopic":                  (*world).createForumTopic,
		"editforumtopic":                    (*world).editForumTopic,
		"closeforumtopic":                   func(w *world, c *call) (any, error) { return w.closing(c, c.number("message_thread_id"), true) },
		"reopenforumtopic":                  func(w *world, c *call) (any, error) { return w.closing(c, c.number("message_thread_id"), false) },
		"closegeneralforumtopic":            func(w *world, c *call) (any, error) { return w.closing(c, generalTopic, true) },
		"reopengeneralforumtopic":           func(w *world, c *call) (any, error) { return w.closing(c, generalTopic, false) },
		"deleteforumtopic":                  (*world).deleteForumTopic,
		"unpinallforumtopicmessages":        func(w *world, c *call) (any, error) { return w.unpinTopic(c, c.number("message_thread_id")) },
		"unpinallgeneralforumtopicmessages": func(w *world, c *call) (any, error) { return w.unpinTopic(c, generalTopic) },
		"editgeneralforumtopic":             (*world).editGeneralForumTopic,
		"hidegeneralforumtopic":             func(w *world, c *call) (any, error) { return w.hiding(c, true) },
		"unhidegeneralforumtopic":           func(w *world, c *call) (any, error) { return w.hiding(c, false) },
		"getforumtopiciconstickers":         (*world).getForumTopicIconStickers,
	}
}

// forum finds a forum whose topics the bot may manage. A topic of the bot's own may be managed without that right.
func (w *world) forum(c *call, id int) (*chat, error) {
	ch, err := w.writable(c.str("chat_id"))
	if err != nil {
		return nil, err
	}
	if ch.typ != Supergroup || !ch.Forum {
		return nil, bad("the chat is not a forum")
	}
	own := ch.byID[id] != nil && ch.byID[id].by == w.cfg.Bot.ID
	if !ch.admin(w.cfg.Bot.ID) && !own {
		return nil, bad("not enough rights to manage topics in the chat")
	}
	return ch, nil
}

// forumTopic finds a topic for a call.
func (w *world) forumTopic(c *call, id int) (*chat, *topic, error) {
	ch, err := w.forum(c, id)
	if err != nil {
		return nil, nil, err
	}
	for _, t := range ch.topics {
		if t.id == id && t.deleted {
			return nil, nil, bad("TOPIC_DELETED")
		}
	}
	t := ch.topic(id)
	if t == nil {
		return nil, nil, bad("TOPIC_ID_INVALID")
	}
	return ch, t, nil
}

func (w *world) createForumTopic(c *call) (any, error) {
	ch, err := w.forum(c, 0)
	if err != nil {
		return nil, err
	}
	name := strings.TrimSpace(c.str("name"))
	if err := topicName(name); err != nil {
		return nil, err
	}
	color := topicBlue
	if c.has("icon_color") {
		color = c.number("icon_color")
		switch color {
		case 0x6FB9F0, 0xFFD67E, 0xCB86DB, 0x8EEE98, 0xFF93B2, 0xFB6F5F:
		default:
			return nil, bad("wrong icon_color specified")
		}
	}
	t := w.newTopic(ch, w.cfg.Bot.ID, name, c.str("icon_custom_emoji_id"), color)
	out := obj{"message_thread_id": t.id, "name": t.name, "icon_color": t.color}
	if t.icon != "" {
		out["icon_custom_emoji_id"] = t.icon
	}
	return out, nil
}

func topicName(name string) error {
	switch {
	case name == "":
		return bad("TOPIC_TITLE_EMPTY")
	case units(name) > 128:
		return bad("TOPIC_TITLE_INVALID")
	}
	return nil
}

func (w *world) editForumTopic(c *call) (any, error) {
	ch, t, err := w.forumTopic(c, c.number("message_thread_id"))
	if err != nil {
		return nil, err
	}
	var name, icon *string
	if v := strings.TrimSpace(c.str("name")); v != "" {
		name = &v
	}
	if v, given := c.args["icon_custom_emoji_id"]; given {
		icon = &v
	}
	if name != nil {
		if err := topicName(*name); err != nil {
			return nil, err
		}
	}
	if !w.renameTopic(ch, w.cfg.Bot.ID, t, name, icon) {
		return nil, bad("TOPIC_NOT_MODIFIED")
	}
	return true, nil
}

func (w *world) editGeneralForumTopic(c *call) (any, error) {
	ch, t, err := w.forumTopic(c, generalTopic)
	if err != nil {
		return nil, err
	}
	name := strings.TrimSpace(c.str("name"))
	if err := topicName(name); err != nil {
		return nil, err
	}
	if !w.renameTopic(ch, w.cfg.Bot.ID, t, &name, nil) {
		return nil, bad("TOPIC_NOT_MODIFIED")
	}
	return true, nil
}

func (w *world) closing(c *call, id int, closed bool) (any, error) {
	ch, t, err := w.forumTopic(c, id)
	if err != nil {
		return nil, err
	}
	if !w.shutTopic(ch, w.cfg.Bot.ID, t, closed) {
		return nil, bad("TOPIC_NOT_MODIFIED")
	}
	return true, nil
}

func (w *world) hiding(c *call, hidden bool) (any, error) {
	ch, t, err := w.forumTopic(c, generalTopic)
	if err != nil {
		return nil, err
	}
	if t.hidden == hidden {
		return nil, bad("TOPIC_NOT_MODIFIED")
	}
	t.hidden = hidden
	kind := "general_forum_topic_unhidden"
	if hidden {
		kind, t.closed = "general_forum_topic_hidden", true
	}
	w.announceIn(ch, w.cfg.Bot.ID, generalTopic, kind, obj{})
	return true, nil
}

func (w *world) deleteForumTopic(c *call) (any, error) {
	ch, t, err := w.forumTopic(c, c.number("message_thread_id"))
	if err != nil {
		return nil, err
	}
	if t.id == generalTopic {
		return nil, bad("TOPIC_ID_INVALID")
	}
	w.deleteTopic(ch, t)
	return true, nil
}

func (w *world) unpinTopic(c *call, id int) (any, error) {
	ch, t, err := w.forumTopic(c, id)
	if err != nil {
		return nil, err
	}
	if err := w.mayPin(ch); err != nil {
		return nil, err
	}
	ch.unpin(func(p int) bool {
		m := ch.byID[p]
		return m.thread == t.id || t.id == generalTopic && m.thread == 0
	})
	return true, nil
}

// getForumTopicIconStickers gives the icons that everyone may use; here there are two.
func (w *world) getForumTopicIconStickers(*call) (any, error) {
	return []any{w.customEmoji("5312536423851630001", "💡"), w.customEmoji("5309832892262654231", "🤖")}, nil
}
