package discordsim

import (
	"regexp"
	"slices"
	"unicode/utf8"
)

const maxReactions = 20

func reactionRoutes() []route {
	const all = "/channels/{channel}/messages/{message}/reactions"
	return []route{
		{method: "PUT", path: all + "/{emoji}/@me", serve: addReaction},
		{method: "DELETE", path: all + "/{emoji}/@me", serve: removeReaction},
		{method: "DELETE", path: all + "/{emoji}/{user}", serve: removeReaction},
		{method: "GET", path: all + "/{emoji}", serve: listReactions},
		{method: "DELETE", path: all + "/{emoji}", serve: clearEmoji},
		{method: "DELETE", path: all, serve: clearReactions},
	}
}

var emojiArg = regexp.MustCompile(`^(a:)?[A-Za-z0-9_]{1,32}:\d{1,20}$`)

// emojiOf reads an emoji of a path: characters, or name:id of a custom one that exists.
func (w *world) emojiOf(text string) (emojiRef, error) {
	if emojiArg.MatchString(text) {
		e := parseEmoji(text)
		for _, g := range w.guilds {
			for _, known := range g.emojis {
				if known.id == e.id {
					return emojiRef{id: e.id, name: known.name, animated: known.animated}, nil
				}
			}
		}
		return emojiRef{}, errUnknownEmoji
	}
	r, _ := utf8.DecodeRuneInString(text)
	if text == "" || len(text) > 64 || !utf8.ValidString(text) || r < 0x80 && !keycap(text) {
		return emojiRef{}, errUnknownEmoji
	}
	return emojiRef{name: text}, nil
}

// keycap says whether a text that begins with an ASCII character is an emoji: a digit, # or * on a key.
func keycap(text string) bool {
	last, _ := utf8.DecodeLastRuneInString(text)
	return last == 0x20e3
}

func addReaction(w *world, c *call) (any, error) {
	ch, m, err := w.message(c, PermReadHistory)
	if err != nil {
		return nil, err
	}
	e, err := w.emojiOf(c.args["emoji"])
	if err != nil {
		return nil, err
	}
	if m.reaction(e) == nil {
		if err := w.permit(ch, PermAddReactions); err != nil {
			return nil, err
		}
		if len(m.reactions) >= maxReactions {
			return nil, errMaxReactions
		}
	}
	if ch.Type.thread() && ch.Archived {
		return nil, errArchived
	}
	w.react(ch, m, w.bot(), e)
	return nil, nil //nolint:nilnil // no body
}

func removeReaction(w *world, c *call) (any, error) {
	ch, m, err := w.message(c, PermView)
	if err != nil {
		return nil, err
	}
	user := w.bot()
	if other, named := c.args["user"]; named && other != user {
		if ch.Guild == "" {
			return nil, errInDM
		}
		if err := w.permit(ch, PermManageMessages); err != nil {
			return nil, err
		}
		user = other
	}
	e, err := w.emojiOf(c.args["emoji"])
	if err != nil {
		return nil, err
	}
	w.unreact(ch, m, user, e)
	return nil, nil //nolint:nilnil // no body
}

func listReactions(w *world, c *call) (any, error) {
	_, m, err := w.message(c, PermReadHistory)
	if err != nil {
		return nil, err
	}
	e, err := w.emojiOf(c.args["emoji"])
	if err != nil {
		return nil, err
	}
	limit, err := c.limit(25, 100)
	if err != nil {
		return nil, err
	}
	out := []obj{}
	if r := m.reaction(e); r != nil {
		users := slices.Clone(r.users)
		slices.SortFunc(users, func(a, b string) int { return int(min(max(int64(number(a)-number(b)), -1), 1)) }) //nolint:gosec // only the sign
		for _, id := range users {
			if number(id) > number(c.query.Get("after")) && len(out) < limit {
				out = append(out, w.wireUser(id))
			}
		}
	}
	return out, nil
}

func clearReactions(w *world, c *call) (any, error) {
	ch, m, err := w.message(c, PermManageMessages)
	if err != nil {
		return nil, err
	}
	if ch.Guild == "" {
		return nil, errInDM
	}
	w.clearReactions(ch, m)
	return nil, nil //nolint:nilnil // no body
}

func clearEmoji(w *world, c *call) (any, error) {
	ch, m, err := w.message(c, PermManageMessages)
	if err != nil {
		return nil, err
	}
	if ch.Guild == "" {
		return nil, errInDM
	}
	e, err := w.emojiOf(c.args["emoji"])
	if err != nil {
		return nil, err
	}
	m.reactions = slices.DeleteFunc(m.reactions, func(r *reaction) bool { return r.emoji.same(e) })
	w.reactionEvent("MESSAGE_REACTION_REMOVE_EMOJI", ch, m, func() obj { return obj{"emoji": e.wire()} })
	return nil, nil //nolint:nilnil // no body
}

// same says whether two emoji are one: custom ones by id, for they can be renamed.
func (e emojiRef) same(other emojiRef) bool {
	return e.id == other.id && (e.id != "" || e.name == other.name)
}

func (m *message) reaction(e emojiRef) *reaction {
	for _, r := range m.reactions {
		if r.emoji.same(e) {
			return r
		}
	}
	return nil
}

// react adds a reaction; false says that it was there.
func (w *world) react(ch *channel, m *message, user string, e emojiRef) bool {
	r := m.reaction(e)
	if r == nil {
		r = &reaction{emoji: e}
		m.reactions = append(m.reactions, r)
	}
	if slices.Contains(r.users, user) {
		return false
	}
	r.users = append(r.users, user)
	w.reactionEvent("MESSAGE_REACTION_ADD", ch, m, func() obj {
		out := obj{"user_id": user, "emoji": e.wire(), "burst": false, "burst_colors": []string{}, "type": 0}
		if m.author != "" {
			out["message_author_id"] = m.author
		}
		if g := w.guilds[ch.Guild]; g != nil {
			out["member"] = w.wireMember(g, user)
		}
		return out
	})
	return true
}

// unreact takes a reaction away; false says that there was none.
func (w *world) unreact(ch *channel, m *message, user string, e emojiRef) bool {
	r := m.reaction(e)
	if r == nil || !slices.Contains(r.users, user) {
		return false
	}
	r.users = slices.DeleteFunc(r.users, func(u string) bool { return u == user })
	if len(r.users) == 0 {
		m.reactions = slices.DeleteFunc(m.reactions, func(other *reaction) bool { return other == r })
	}
	w.reactionEvent("MESSAGE_REACTION_REMOVE", ch, m, func() obj {
		return obj{"user_id": user, "emoji": r.emoji.wire(), "burst": false, "type": 0}
	})
	return true
}

func (w *world) clearReactions(ch *channel, m *message) {
	m.reactions = nil
	w.reactionEvent("MESSAGE_REACTION_REMOVE_ALL", ch, m, func() obj { return obj{} })
}

func (w *world) reactionEvent(name string, ch *channel, m *message, build func() obj) {
	w.dispatch(event{name: name, need: ch.heardBy(IntentReactions), guild: ch.Guild, channel: ch, build: func(*session) any {
		out := ch.place(build())
		out["message_id"] = m.id
		return out
	}})
	w.bump()
}
