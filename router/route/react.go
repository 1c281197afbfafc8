package route

import (
	"slices"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// A leg shows one emoji of the account's for all the people elsewhere who have put it on a message or one of its copies:
// it appears with the first of them and goes with the last. Where it can't be shown, a line says so once; that is
// remembered as a reaction of its own.

// lines is whose reactions the lines are.
const lines chat.PersonID = "(line)"

// recount finds out what the reactions to the message are before and after the event.
func (p *planner) recount(w chat.Reacted) (err error) {
	p.before, err = p.mem.Reactions(p.kin.Original)
	if err != nil {
		return err
	}
	one := p.reaction(w)
	p.after = slices.DeleteFunc(slices.Clone(p.before), func(r chat.Reaction) bool { return same(r, one) })
	if !w.Removed {
		p.after = append(p.after, one)
	}
	return nil
}

func (p *planner) reaction(w chat.Reacted) chat.Reaction {
	return chat.Reaction{Of: p.kin.Original, At: p.ev.Conversation, By: p.ev.Author.ID, Emoji: w.Emoji}
}

// same says whether two reactions to one message are one.
func same(a, b chat.Reaction) bool {
	return a.By == b.By && a.Emoji == b.Emoji && a.At.Place() == b.At.Place()
}

// remember keeps the reaction, or forgets it.
func (p *planner) remember(w chat.Reacted) {
	if w.Removed {
		p.res.Unreact = append(p.res.Unreact, p.reaction(w))
		return
	}
	p.res.React = append(p.res.React, p.reaction(w))
}

// react plans what a leg shows of the reaction.
func (p *planner) react(m *Mirror, leg Leg, w chat.Reacted) error {
	t, known := p.mem.Traits(leg.At.Account)
	emoji, ok := shown(t, known, w.Emoji)
	if !ok {
		return p.mention(m, leg, w)
	}
	before, after := m.elsewhere(leg, t, known, p.before), m.elsewhere(leg, t, known, p.after)
	was, is := slices.Contains(before, emoji), slices.Contains(after, emoji)
	switch {
	case !was && is:
		return p.put(m, leg, chat.React{To: leg.At, Emoji: emoji, Else: p.mentioned(leg, w)})
	case was && !is:
		if err := p.put(m, leg, chat.React{To: leg.At, Emoji: emoji, Remove: true}); err != nil || len(after) == 0 {
			return err
		}
		// Some platforms show one emoji of an account's on a message, so the one that was just taken off may have hidden this.
		return p.put(m, leg, chat.React{To: leg.At, Emoji: after[len(after)-1]})
	}
	return nil
}

func (p *planner) put(m *Mirror, leg Leg, a chat.React) error {
	return p.add(m, leg, chat.Delivery{Lane: chat.LaneTo(leg.At), Purpose: Purpose, Of: p.kin.Original, Action: a})
}

// mention plans a line about a reaction that can't be shown, once for each emoji.
func (p *planner) mention(m *Mirror, leg Leg, w chat.Reacted) error {
	said := chat.Reaction{Of: p.kin.Original, At: leg.At, By: lines, Emoji: w.Emoji}
	if w.Removed || slices.ContainsFunc(p.before, func(r chat.Reaction) bool { return same(r, said) }) {
		return nil
	}
	p.res.React = append(p.res.React, said)
	return p.add(m, leg, chat.Delivery{
		Lane: chat.LaneTo(leg.At), Purpose: Purpose, Answers: p.kin.Original, Action: *p.mentioned(leg, w),
	})
}

func (p *planner) mentioned(leg Leg, w chat.Reacted) *chat.Post {
	return &chat.Post{To: leg.At, Text: text.Plain(text.Name(w.Emoji, nameMax) + " " + p.who()), Hops: p.ev.Hops + 1}
}

// shown is the emoji that an account shows for another one; ok is false when it shows none.
func shown(t chat.Traits, known bool, emoji string) (nearest string, ok bool) {
	switch {
	case known && !t.React.Out:
		return "", false
	case t.Emoji == nil:
		return emoji, true
	}
	return t.Emoji(emoji)
}

// elsewhere lists the emoji that people in the other legs have put on a message, as a leg shows them.
func (m *Mirror) elsewhere(leg Leg, t chat.Traits, known bool, rs []chat.Reaction) []string {
	var emojis []string
	for _, r := range rs {
		if r.By == lines || leg.holds(r.At) || !slices.ContainsFunc(m.Legs, func(l Leg) bool { return !l.Silent && l.holds(r.At) }) {
			continue
		}
		if e, ok := shown(t, known, r.Emoji); ok {
			emojis = append(emojis, e)
		}
	}
	return emojis
}

// holds says whether conv is the leg or a thread in it.
func (l Leg) holds(conv chat.Conversation) bool { return l.At == conv || l.At == conv.Place() }
