package telegramsim

import (
	"fmt"
	"slices"
)

// mayPin checks the bot's right to pin.
func (w *world) mayPin(c *chat) error {
	if c.typ != private && !c.admin(w.cfg.Bot.ID) {
		return bad("not enough rights to manage pinned messages in the chat")
	}
	return nil
}

func (w *world) pinChatMessage(c *call) (any, error) {
	m, err := w.meantBy(c, "pin")
	if err != nil {
		return nil, err
	}
	if err := w.mayPin(m.chat); err != nil {
		return nil, err
	}
	w.pin(m, w.cfg.Bot.ID)
	return true, nil
}

// pin puts a message on top, with a service message that the bot hears of.
func (w *world) pin(m *message, by int64) {
	c := m.chat
	if slices.Contains(c.pinned, m.id) {
		return
	}
	c.pinned = append(c.pinned, m.id)
	w.announceIn(c, by, m.thread, "pinned_message", w.wireBare(m))
	w.bump()
}

func (w *world) unpinChatMessage(c *call) (any, error) {
	ch, err := w.chatOf(c)
	if err != nil {
		return nil, err
	}
	if err := w.mayPin(ch); err != nil {
		return nil, err
	}
	id := c.number("message_id")
	if id == 0 && len(ch.pinned) > 0 {
		id = ch.pinned[len(ch.pinned)-1]
	}
	if !slices.Contains(ch.pinned, id) {
		return nil, bad("message to unpin not found")
	}
	ch.unpin(func(p int) bool { return p == id })
	return true, nil
}

func (w *world) unpinAllChatMessages(c *call) (any, error) {
	ch, err := w.writable(c.str("chat_id"))
	if err != nil {
		return nil, err
	}
	if err := w.mayPin(ch); err != nil {
		return nil, err
	}
	ch.pinned = nil
	return true, nil
}

func (c *chat) unpin(which func(id int) bool) { c.pinned = slices.DeleteFunc(c.pinned, which) }

// Pin puts a message on top as a person; the bot hears pinned_message. In a group only administrators may.
func (s *Sim) Pin(user, chat int64, id int) error {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	m, err := w.pinnable(user, chat, id)
	if err == nil {
		w.pin(m, user)
	}
	return err
}

// Unpin takes a message from the top as a person, of which no update tells.
func (s *Sim) Unpin(user, chat int64, id int) error {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	m, err := w.pinnable(user, chat, id)
	if err == nil {
		m.chat.unpin(func(p int) bool { return p == id })
		w.bump()
	}
	return err
}

func (w *world) pinnable(user, chat int64, id int) (*message, error) {
	m, err := w.at(chat, id)
	if err == nil && m.chat.typ != private && !m.chat.admin(user) {
		err = fmt.Errorf("%w: %d is no administrator of %d", ErrNoRight, user, chat)
	}
	return m, err
}
