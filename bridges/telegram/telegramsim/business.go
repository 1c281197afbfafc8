package telegramsim

import (
	"slices"
	"time"
)

// connection is a business account that the bot answers for. https://core.telegram.org/bots/api#businessconnection
type connection struct {
	id      string
	owner   int64
	since   time.Time
	enabled bool
	chats   map[int64]*chat // by the person who writes to the account
}

func (w *world) wireConnection(l *connection) obj {
	return obj{
		"id": l.id, "user": w.wireUser(w.users[l.owner]), "user_chat_id": l.owner, "date": l.since.Unix(), "is_enabled": l.enabled,
		"rights": obj{"can_reply": true, "can_read_messages": true, "can_delete_sent_messages": true, "can_delete_all_messages": true},
	}
}

// linkOf finds the business connection of a person, nil when they have none.
func (w *world) linkOf(owner int64) *connection {
	for _, key := range w.linkOrder {
		if w.links[key].owner == owner {
			return w.links[key]
		}
	}
	return nil
}

// Connect lets the bot answer for a person's business account and returns the id of the connection, "" when the person is unknown.
// The bot hears business_connection.
func (s *Sim) Connect(user int64) string {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.users[user] == nil || user == w.cfg.Bot.ID {
		return ""
	}
	w.private(user)
	l := w.linkOf(user)
	if l == nil {
		l = &connection{id: w.newKey("BC_"), owner: user, since: w.now(), chats: map[int64]*chat{}}
		w.links[l.id] = l
		w.linkOrder = append(w.linkOrder, l.id)
	}
	l.enabled = true
	w.emit("business_connection", nil, w.wireConnection(l))
	w.bump()
	return l.id
}

// Disconnect ends a business connection; the bot hears business_connection.
func (s *Sim) Disconnect(user int64) error {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	l := w.linkOf(user)
	if l == nil {
		return ErrNoUser
	}
	l.enabled = false
	w.emit("business_connection", nil, w.wireConnection(l))
	w.bump()
	return nil
}

// BusinessSay sends as peer to the owner of a business account; the bot hears business_message. It returns the message's id, 0 when
// it is refused.
func (s *Sim) BusinessSay(peer, owner int64, d Draft) int { return s.businessSay(peer, peer, owner, d) }

// BusinessReply sends as the owner of a business account to peer; the bot hears business_message.
func (s *Sim) BusinessReply(owner, peer int64, d Draft) int {
	return s.businessSay(owner, peer, owner, d)
}

func (s *Sim) businessSay(by, peer, owner int64, d Draft) int {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	l := w.linkOf(owner)
	if l == nil || w.users[peer] == nil || peer == owner {
		return 0
	}
	c := l.chats[peer]
	if c == nil {
		c = w.addChat(&chat{id: peer, typ: private, user: peer, link: l})
		c.set(peer, member)
		c.set(owner, member)
		l.chats[peer] = c
	}
	list, err := w.drafted(c, by, d)
	if err != nil {
		return 0
	}
	for _, m := range list {
		w.store(c, m)
		w.tell(m)
	}
	w.bump()
	return list[0].id
}

// linked finds the business connection of a call.
func (w *world) linked(c *call) (*connection, error) {
	l := w.links[c.str("business_connection_id")]
	if l == nil {
		return nil, bad("business connection not found")
	}
	return l, nil
}

// onBehalf is target in a chat of a business account.
func (w *world) onBehalf(c *call) (*message, error) {
	l, err := w.linked(c)
	if err != nil {
		return nil, err
	}
	ch := l.chats[c.long("chat_id")]
	switch {
	case !l.enabled:
		return nil, bad("BUSINESS_CONNECTION_INVALID")
	case ch == nil:
		return nil, bad("BUSINESS_PEER_INVALID")
	}
	heard := slices.ContainsFunc(ch.messages, func(m *message) bool {
		return m.by == ch.user && w.now().Sub(m.date) <= w.cfg.Timing.BusinessIn
	})
	if !heard {
		return nil, bad("BUSINESS_PEER_USAGE_MISSING")
	}
	m := w.newMessage(ch)
	m.by, m.from, m.via = w.cfg.Bot.ID, l.owner, true
	return m, nil
}

func (w *world) getBusinessConnection(c *call) (any, error) {
	l, err := w.linked(c)
	if err != nil {
		return nil, err
	}
	return w.wireConnection(l), nil
}

func (w *world) readBusinessMessage(c *call) (any, error) {
	l, err := w.linked(c)
	if err != nil {
		return nil, err
	}
	ch := l.chats[c.long("chat_id")]
	if ch == nil || ch.find(c.number("message_id")) == nil {
		return nil, bad("message to read not found")
	}
	return true, nil
}

func (w *world) deleteBusinessMessages(c *call) (any, error) {
	l, err := w.linked(c)
	if err != nil {
		return nil, err
	}
	ids, err := c.messageIDs()
	if err != nil {
		return nil, err
	}
	for _, ch := range l.chats {
		for _, id := range ids {
			if m := ch.find(id); m != nil {
				w.erase(m)
			}
		}
	}
	return true, nil
}
