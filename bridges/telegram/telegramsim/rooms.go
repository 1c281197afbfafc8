package telegramsim

import "fmt"

// setMember changes what a user is in a chat and tells the bot: of itself always, of others as an administrator that asked for
// chat_member, and by the service messages of groups.
func (w *world) setMember(c *chat, by, user int64, s status) {
	before := c.members[user]
	if before == s {
		return
	}
	was, bot := c.has(user), w.cfg.Bot.ID
	o := obj{
		"chat": w.wireChat(c), "from": w.wireUser(w.users[by]), "date": w.now().Unix(),
		"old_chat_member": w.memberAs(c, user, before), "new_chat_member": w.memberAs(c, user, s),
	}
	gone := was && (s == left || s == kicked)
	if gone && user != bot && c.isGroup() {
		w.announce(c, by, "left_chat_member", w.wireUser(w.users[user]))
	}
	c.set(user, s)
	switch {
	case user == bot:
		w.emit("my_chat_member", c, o)
	case c.admin(bot):
		w.emit("chat_member", c, o)
	}
	if !was && c.has(user) && c.isGroup() {
		w.announce(c, by, "new_chat_members", []obj{w.wireUser(w.users[user])})
	}
	w.bump()
}

// room changes a chat with mu held.
func (s *Sim) room(id int64, change func(*chat) error) error {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	c := s.w.chats[id]
	if c == nil {
		return fmt.Errorf("%w: %d", ErrNoChat, id)
	}
	defer s.w.bump()
	return change(c)
}

// Join lets a person into a group or channel; the bot hears new_chat_members, and chat_member as an administrator.
func (s *Sim) Join(user, chat int64) error { return s.move(user, user, chat, member) }

// Leave takes a person out of a group or channel; the bot hears left_chat_member, and chat_member as an administrator.
func (s *Sim) Leave(user, chat int64) error { return s.move(user, user, chat, left) }

// Promote makes a member an administrator, our bot too.
func (s *Sim) Promote(user, chat int64) error {
	return s.move(s.owner(chat), user, chat, administrator)
}

// Demote makes an administrator a plain member, our bot too.
func (s *Sim) Demote(user, chat int64) error { return s.move(s.owner(chat), user, chat, member) }

// AddBot lets the bot into a group or channel, where it always is an administrator.
func (s *Sim) AddBot(id int64, admin bool) error {
	as := member
	_ = s.room(id, func(c *chat) error {
		if admin || c.typ == Channel {
			as = administrator
		}
		return nil
	})
	return s.move(s.owner(id), s.w.cfg.Bot.ID, id, as)
}

// RemoveBot throws the bot out of a group or channel: it hears my_chat_member, and calls there answer 403.
func (s *Sim) RemoveBot(chat int64) error {
	return s.move(s.owner(chat), s.w.cfg.Bot.ID, chat, kicked)
}

// owner is who does what somebody must do in a chat: its creator, otherwise any person who is there, otherwise the bot.
func (s *Sim) owner(id int64) int64 {
	who := s.w.cfg.Bot.ID
	_ = s.room(id, func(c *chat) error {
		for _, user := range c.order {
			if c.members[user] == creator || who == s.w.cfg.Bot.ID && c.has(user) {
				who = user
			}
		}
		return nil
	})
	return who
}

func (s *Sim) move(by, user, id int64, as status) error {
	return s.room(id, func(c *chat) error {
		if s.w.users[user] == nil {
			return fmt.Errorf("%w: %d", ErrNoUser, user)
		}
		if c.typ == private || c.gone || c.upgraded != 0 {
			return fmt.Errorf("%w: nobody joins or leaves %d", ErrNoRight, id)
		}
		s.w.setMember(c, by, user, as)
		return nil
	})
}

// Block makes a person block the bot: it hears my_chat_member, and messages to them answer 403.
func (s *Sim) Block(user int64) error { return s.barring(user, true) }

// Unblock takes Block back.
func (s *Sim) Unblock(user int64) error { return s.barring(user, false) }

func (s *Sim) barring(user int64, on bool) error {
	return s.room(user, func(c *chat) error {
		if c.typ != private || c.blocked == on {
			return nil
		}
		w := s.w
		now, before := member, kicked
		if on {
			now, before = kicked, member
		}
		c.blocked = on
		w.emit("my_chat_member", c, obj{
			"chat": w.wireChat(c), "from": w.wireUser(w.users[user]), "date": w.now().Unix(),
			"old_chat_member": w.memberAs(c, w.cfg.Bot.ID, before), "new_chat_member": w.memberAs(c, w.cfg.Bot.ID, now),
		})
		return nil
	})
}

// Migrate makes a group a supergroup with another id, which it returns, 0 when the chat is no group. The bot hears
// migrate_to_chat_id in the group and migrate_from_chat_id in the supergroup; calls to the group answer with the new id.
func (s *Sim) Migrate(group int64) (super int64) {
	_ = s.room(group, func(c *chat) error {
		if c.typ != BasicGroup || c.upgraded != 0 || c.gone {
			return nil
		}
		w := s.w
		next := w.addGroup(Group{Title: c.Title, Type: Supergroup, NoBot: true})
		for _, id := range c.order {
			next.set(id, c.members[id])
		}
		next.botSpoke = c.botSpoke
		w.announce(c, next.creatorOr(w.cfg.Bot.ID), "migrate_to_chat_id", next.id)
		w.announce(next, next.creatorOr(w.cfg.Bot.ID), "migrate_from_chat_id", c.id)
		c.upgraded, super = next.id, next.id
		return nil
	})
	return super
}

// creatorOr is the owner of a chat.
func (c *chat) creatorOr(other int64) int64 {
	for _, id := range c.order {
		if c.members[id] == creator {
			return id
		}
	}
	return other
}

// DeleteChat removes a group, a channel or a private chat's history with all messages. The bot of a group hears that it is out.
func (s *Sim) DeleteChat(id int64) error {
	return s.room(id, func(c *chat) error {
		for _, m := range c.messages {
			s.w.erase(m)
		}
		if c.typ == private {
			return nil
		}
		s.w.setMember(c, c.creatorOr(s.w.cfg.Bot.ID), s.w.cfg.Bot.ID, left)
		c.gone = true
		return nil
	})
}
