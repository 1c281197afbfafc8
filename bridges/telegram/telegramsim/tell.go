package telegramsim

import (
	"slices"
	"strings"
)

// tell sends the update of a message that people wrote or edited, when the bot may see it.
func (w *world) tell(m *message) {
	kind := "message"
	switch {
	case m.chat.link != nil:
		kind = "business_message"
	case m.chat.typ == Channel:
		kind = "channel_post"
	}
	if !m.edited.IsZero() {
		kind = "edited_" + kind
	}
	if w.visible(m) {
		w.emit(kind, m.chat, w.wireMessage(m))
	}
}

// visible says whether the bot gets a message: https://core.telegram.org/bots/features#privacy-mode
func (w *world) visible(m *message) bool {
	c := m.chat
	switch {
	case c.link != nil:
		return c.link.enabled
	case !c.has(w.cfg.Bot.ID) || c.blocked:
		return false
	case !c.isGroup():
		return true
	case m.service:
		return true
	case !w.cfg.SeeBots && w.users[m.by] != nil && w.users[m.by].Bot:
		return false
	case !*w.cfg.Privacy || c.admin(w.cfg.Bot.ID):
		return true
	default:
		return w.meant(m)
	}
}

// meant says whether a message is for the bot: a reply to it, a mention of it, or a command.
func (w *world) meant(m *message) bool {
	if target := m.chat.find(m.reply); target != nil && target.by == w.cfg.Bot.ID && !target.service {
		return true
	}
	return slices.ContainsFunc(m.entities, func(e Entity) bool { return w.addressed(m, e) })
}

// addressed says whether an entity calls the bot.
func (w *world) addressed(m *message, e Entity) bool {
	_, to, named := strings.Cut(cutUnits(m.text, e.Offset, e.Offset+e.Length), "@")
	switch e.Type {
	case "mention":
		return strings.EqualFold(to, w.cfg.Bot.Username)
	case "text_mention":
		return e.User == w.cfg.Bot.ID
	case "bot_command":
		return named && strings.EqualFold(to, w.cfg.Bot.Username) || !named && m.chat.botSpoke
	default:
		return false
	}
}

// announce stores a service message and tells the bot of it, of its own doings too.
func (w *world) announce(c *chat, by int64, kind string, media any) {
	m := w.newMessage(c)
	m.by, m.from, m.kind, m.media, m.service = by, by, kind, media, true
	if c.typ == Channel {
		m.from, m.as = 0, c.id
	}
	w.store(c, m)
	w.tell(m)
}
