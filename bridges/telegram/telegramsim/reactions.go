package telegramsim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// botReactions are the emoji with which bots may react, from https://core.telegram.org/bots/api#reactiontypeemoji
const botReactions = "❤ 👍 👎 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤\u200d🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 🍾 💋 🖕 😈 😴 😭 🤓 👻 " +
	"👨\u200d💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷\u200d♂ 🤷 🤷\u200d♀ 😡"

// wireReaction is https://core.telegram.org/bots/api#reactiontype
type wireReaction struct {
	Type  string `json:"type"`
	Emoji string `json:"emoji,omitempty"`
	ID    string `json:"custom_emoji_id,omitempty"`
}

// asReaction is an emoji or, when it is a number, a custom emoji.
func asReaction(emoji string) wireReaction {
	if emoji != "" && strings.Trim(emoji, "0123456789") == "" {
		return wireReaction{Type: "custom_emoji", ID: emoji}
	}
	return wireReaction{Type: "emoji", Emoji: emoji}
}

// setMessageReaction is https://core.telegram.org/bots/api#setmessagereaction
func (w *world) setMessageReaction(c *call) (any, error) {
	m, err := w.meantBy(c, "react")
	if err != nil {
		return nil, err
	}
	var list []wireReaction
	if raw := c.str("reaction"); raw != "" && json.Unmarshal([]byte(raw), &list) != nil {
		return nil, bad("can't parse reaction types JSON object")
	}
	if len(list) > 1 {
		return nil, bad("REACTIONS_TOO_MANY")
	}
	for _, r := range list {
		switch {
		case r.Type == "custom_emoji":
			return nil, bad("REACTION_INVALID") // a message would have to have it already, and a bot may not pay
		case r.Type != "emoji":
			return nil, bad("can't parse ReactionType: invalid reaction type specified")
		case !slices.Contains(strings.Fields(botReactions), strings.TrimSuffix(r.Emoji, "\ufe0f")):
			return nil, bad("REACTION_INVALID")
		}
	}
	if m.service {
		return nil, bad("MESSAGE_ID_INVALID")
	}
	bot := w.cfg.Bot.ID
	for _, e := range m.reactionsOf(bot) {
		m.unreact(bot, e)
	}
	for _, r := range list {
		m.react(bot, strings.TrimSuffix(r.Emoji, "\ufe0f"))
	}
	return true, nil
}

// reactionsOf are the emoji with which someone reacted.
func (m *message) reactionsOf(user int64) []string {
	var out []string
	for _, r := range m.reacts {
		if slices.Contains(r.users, user) {
			out = append(out, r.emoji)
		}
	}
	return out
}

func (m *message) react(user int64, emoji string) {
	i := slices.IndexFunc(m.reacts, func(r *reaction) bool { return r.emoji == emoji })
	if i < 0 {
		m.reacts = append(m.reacts, &reaction{emoji: emoji})
		i = len(m.reacts) - 1
	}
	if !slices.Contains(m.reacts[i].users, user) {
		m.reacts[i].users = append(m.reacts[i].users, user)
	}
}

func (m *message) unreact(user int64, emoji string) bool {
	i := slices.IndexFunc(m.reacts, func(r *reaction) bool { return r.emoji == emoji && slices.Contains(r.users, user) })
	if i < 0 {
		return false
	}
	r := m.reacts[i]
	r.users = slices.DeleteFunc(r.users, func(id int64) bool { return id == user })
	if len(r.users) == 0 {
		m.reacts = slices.Delete(m.reacts, i, i+1)
	}
	return true
}

// React puts a person's reaction on a message: an emoji, or the number of a custom one. Without Premium a person has one reaction
// on a message, so the one before is taken away; with Premium up to three. In groups the bot hears of it as an administrator only.
func (s *Sim) React(user, chat int64, id int, emoji string) error {
	return s.reacting(user, chat, id, func(m *message) error {
		most := 1
		if s.w.users[user].Premium {
			most = 3
		}
		for _, old := range m.reactionsOf(user) {
			if len(m.reactionsOf(user)) >= most && old != emoji {
				m.unreact(user, old)
			}
		}
		m.react(user, emoji)
		return nil
	})
}

// Unreact takes a person's reaction away.
func (s *Sim) Unreact(user, chat int64, id int, emoji string) error {
	return s.reacting(user, chat, id, func(m *message) error {
		if !m.unreact(user, emoji) {
			return fmt.Errorf("%w: %s on %d", ErrNothingToUndo, emoji, id)
		}
		return nil
	})
}

// reacting changes a person's reactions on a message and tells the bot what they were and are.
func (s *Sim) reacting(user, chat int64, id int, change func(*message) error) error {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	m, err := w.at(chat, id)
	if err != nil {
		return err
	}
	if w.users[user] == nil {
		return fmt.Errorf("%w: %d", ErrNoUser, user)
	}
	if !m.chat.has(user) {
		return fmt.Errorf("%w: %d is not in %d", ErrNoRight, user, chat)
	}
	before := m.reactionsOf(user)
	if err := change(m); err != nil {
		return err
	}
	w.tellReaction(m, user, before)
	w.bump()
	return nil
}

// tellReaction sends message_reaction, or message_reaction_count where reactions are anonymous.
func (w *world) tellReaction(m *message, user int64, before []string) {
	c, after := m.chat, m.reactionsOf(user)
	hears := c.typ == private && c.link == nil || c.admin(w.cfg.Bot.ID)
	if !hears || slices.Equal(before, after) || c.blocked {
		return
	}
	o := obj{"chat": w.wireChat(c), "message_id": m.id, "date": w.now().Unix()}
	if c.typ == Channel {
		counts := []obj{}
		for _, r := range m.reacts {
			counts = append(counts, obj{"type": asReaction(r.emoji), "total_count": len(r.users)})
		}
		o["reactions"] = counts
		w.emit("message_reaction_count", c, o)
		return
	}
	o["user"], o["old_reaction"], o["new_reaction"] = w.wireUser(w.users[user]), asReactions(before), asReactions(after)
	w.emit("message_reaction", c, o)
}

func asReactions(list []string) []wireReaction {
	out := []wireReaction{}
	for _, e := range list {
		out = append(out, asReaction(e))
	}
	return out
}
