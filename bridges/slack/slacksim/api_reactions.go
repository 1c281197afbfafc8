package slacksim

import (
	"regexp"
	"slices"
)

var reactionPattern = regexp.MustCompile(`^[a-z0-9_+'-]+(::skin-tone-[2-6])?$`)

// target finds the message that a reaction method names.
func (w *world) target(c *call) (*channel, *message, error) {
	if c.str("timestamp") == "" {
		return nil, nil, fail("no_item_specified")
	}
	ch := w.channels[c.str("channel")]
	if ch == nil {
		return nil, nil, fail("channel_not_found")
	}
	if ch.Private && !ch.has(w.cfg.BotUser.ID) {
		return nil, nil, fail("channel_not_found")
	}
	m := ch.find(c.str("timestamp"))
	if m == nil {
		return nil, nil, fail("message_not_found")
	}
	return ch, m, nil
}

func reactionsAdd(w *world, c *call) (obj, error) {
	name := c.str("name")
	if !reactionPattern.MatchString(name) {
		return nil, fail("invalid_name")
	}
	ch, m, err := w.target(c)
	switch {
	case err != nil:
		return nil, err
	case ch.Archived:
		return nil, fail("is_archived")
	case !ch.has(w.cfg.BotUser.ID):
		return nil, fail("not_in_channel")
	case !w.react(ch, m, w.cfg.BotUser.ID, name):
		return nil, fail("already_reacted")
	}
	return obj{}, nil
}

func reactionsRemove(w *world, c *call) (obj, error) {
	name := c.str("name")
	if !reactionPattern.MatchString(name) {
		return nil, fail("invalid_name")
	}
	ch, m, err := w.target(c)
	switch {
	case err != nil:
		return nil, err
	case !w.unreact(ch, m, w.cfg.BotUser.ID, name):
		return nil, fail("no_reaction")
	}
	return obj{}, nil
}

func reactionsGet(w *world, c *call) (obj, error) {
	ch, m, err := w.target(c)
	if err != nil {
		return nil, err
	}
	return obj{"type": "message", "channel": ch.ID, "message": m.copy()}, nil
}

func reactionsList(w *world, c *call) (obj, error) {
	user := c.str("user")
	if user == "" {
		user = w.cfg.BotUser.ID
	}
	if w.users[user] == nil {
		return nil, fail("user_not_found")
	}
	items := []any{}
	for _, id := range w.chanOrder {
		ch := w.channels[id]
		if !ch.has(w.cfg.BotUser.ID) {
			continue
		}
		for _, m := range ch.messages {
			reacted := slices.ContainsFunc(m.Reactions, func(r *wireReaction) bool { return slices.Contains(r.Users, user) })
			if reacted && !m.deleted {
				items = append(items, obj{"type": "message", "channel": ch.ID, "message": m.copy()})
			}
		}
	}
	page, meta := paged(c, items, 100)
	return obj{"items": page, "response_metadata": meta}, nil
}
