package telegramsim

import (
	"fmt"
	"slices"
)

const (
	generalTopic = 1        // id of the topic that every forum has
	topicBlue    = 0x6FB9F0 // the default icon_color
)

// topic is a thread of a forum.
type topic struct {
	id      int // of the message that made it
	name    string
	color   int
	icon    string // custom_emoji_id
	closed  bool
	hidden  bool // of General
	deleted bool
}

// topic finds a topic that was not deleted, General too; nil when there is none.
func (c *chat) topic(id int) *topic {
	if id == generalTopic && c.Forum {
		return &c.general
	}
	i := slices.IndexFunc(c.topics, func(t *topic) bool { return t.id == id && !t.deleted })
	if i < 0 {
		return nil
	}
	return c.topics[i]
}

// newTopic makes a topic with the message that stands at its head.
func (w *world) newTopic(c *chat, by int64, name, icon string, color int) *topic {
	t := &topic{name: name, icon: icon, color: color}
	media := obj{"name": name, "icon_color": color}
	if icon != "" {
		media["icon_custom_emoji_id"] = icon
	}
	m := w.newMessage(c)
	m.by, m.from, m.kind, m.media, m.service, m.topic = by, by, "forum_topic_created", media, true, true
	m.thread = c.lastID + 1
	w.store(c, m)
	t.id = m.id
	c.topics = append(c.topics, t)
	w.tell(m)
	return t
}

// announceIn is announce inside a topic.
func (w *world) announceIn(c *chat, by int64, thread int, kind string, media any) {
	m := w.newMessage(c)
	m.by, m.from, m.kind, m.media, m.service = by, by, kind, media, true
	w.intoTopic(m, thread)
	w.store(c, m)
	w.tell(m)
}

// shutTopic closes or opens a topic, and says whether that changed anything.
func (w *world) shutTopic(c *chat, by int64, t *topic, closed bool) bool {
	if t.closed == closed {
		return false
	}
	t.closed = closed
	kind := "forum_topic_reopened"
	if closed {
		kind = "forum_topic_closed"
	}
	w.announceIn(c, by, t.id, kind, obj{})
	w.bump()
	return true
}

// renameTopic gives a topic another name or icon; nil leaves them as they are. It says whether that changed anything.
func (w *world) renameTopic(c *chat, by int64, t *topic, name, icon *string) bool {
	media := obj{}
	if name != nil && *name != t.name {
		t.name, media["name"] = *name, *name
	}
	if icon != nil && *icon != t.icon {
		t.icon, media["icon_custom_emoji_id"] = *icon, *icon
	}
	if len(media) == 0 {
		return false
	}
	w.announceIn(c, by, t.id, "forum_topic_edited", media)
	w.bump()
	return true
}

// deleteTopic removes a topic with all its messages, of which no update tells.
func (w *world) deleteTopic(c *chat, t *topic) {
	t.deleted = true
	for _, m := range c.messages {
		if m.thread == t.id {
			w.erase(m)
		}
	}
	w.bump()
}

// CreateTopic makes a topic as a person and returns its id, 0 where that cannot be.
func (s *Sim) CreateTopic(user, chat int64, name string) int {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.chats[chat]
	if c == nil || !c.Forum || !c.has(user) || name == "" {
		return 0
	}
	defer w.bump()
	return w.newTopic(c, user, name, "", topicBlue).id
}

// CloseTopic closes a topic as a person: only administrators may write in it then. General is topic 1.
func (s *Sim) CloseTopic(user, chat int64, topic int) error {
	return s.inTopic(user, chat, topic, func(c *chatAt) { c.w.shutTopic(c.chat, user, c.topic, true) })
}

// ReopenTopic opens a closed topic as a person.
func (s *Sim) ReopenTopic(user, chat int64, topic int) error {
	return s.inTopic(user, chat, topic, func(c *chatAt) { c.w.shutTopic(c.chat, user, c.topic, false) })
}

// DeleteTopic removes a topic with its messages as a person; the bot hears nothing of it.
func (s *Sim) DeleteTopic(user, chat int64, topic int) error {
	return s.inTopic(user, chat, topic, func(c *chatAt) { c.w.deleteTopic(c.chat, c.topic) })
}

// RenameTopic gives a topic another name as a person.
func (s *Sim) RenameTopic(user, chat int64, topic int, name string) error {
	return s.inTopic(user, chat, topic, func(c *chatAt) { c.w.renameTopic(c.chat, user, c.topic, &name, nil) })
}

// chatAt is a topic with its chat, while mu is held.
type chatAt struct {
	w     *world
	chat  *chat
	topic *topic
}

// inTopic changes a topic with mu held.
func (s *Sim) inTopic(user, chat int64, id int, change func(*chatAt)) error {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.chats[chat]
	if c == nil {
		return fmt.Errorf("%w: %d", ErrNoChat, chat)
	}
	if !c.has(user) {
		return fmt.Errorf("%w: %d is not in %d", ErrNoRight, user, chat)
	}
	t := c.topic(id)
	if t == nil {
		return fmt.Errorf("%w: %d in %d", ErrNoTopic, id, chat)
	}
	change(&chatAt{w: w, chat: c, topic: t})
	return nil
}
