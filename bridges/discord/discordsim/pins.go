package discordsim

import (
	"slices"
	"time"
)

const maxPins = 250

// pinnedOf lists the pinned messages of a channel, the one pinned last first.
func (ch *channel) pinnedOf() []*message {
	var out []*message
	for _, m := range ch.latest() {
		if !m.pinned.IsZero() {
			out = append(out, m)
		}
	}
	slices.SortStableFunc(out, func(a, b *message) int { return b.pinned.Compare(a.pinned) })
	return out
}

func listPinsOld(w *world, c *call) (any, error) {
	ch, err := w.reach(c, PermReadHistory)
	if err != nil {
		return nil, err
	}
	out := []obj{}
	for _, m := range ch.pinnedOf() {
		if len(out) < 50 {
			out = append(out, w.seen(m))
		}
	}
	return out, nil
}

func listPins(w *world, c *call) (any, error) {
	ch, err := w.reach(c, PermReadHistory)
	if err != nil {
		return nil, err
	}
	limit, err := c.limit(50, 50)
	if err != nil {
		return nil, err
	}
	items, more := []obj{}, false
	before, err := time.Parse(time.RFC3339, c.query.Get("before"))
	for _, m := range ch.pinnedOf() {
		switch {
		case err == nil && !m.pinned.Before(before):
		case len(items) == limit:
			more = true
		default:
			items = append(items, obj{"pinned_at": stamp(m.pinned), "message": w.seen(m)})
		}
	}
	return obj{"items": items, "has_more": more}, nil
}

func pin(w *world, c *call) (any, error)   { return w.restPin(c, true) }
func unpin(w *world, c *call) (any, error) { return w.restPin(c, false) }

func (w *world) restPin(c *call, on bool) (any, error) {
	ch, m, err := w.message(c, PermPin)
	if err != nil {
		return nil, err
	}
	return nil, w.pin(ch, m, w.bot(), on)
}

// pin pins a message or takes the pin away; a new pin is announced in the channel.
func (w *world) pin(ch *channel, m *message, user string, on bool) error {
	if on == !m.pinned.IsZero() {
		return nil
	}
	if on && len(ch.pinnedOf()) >= maxPins {
		return errMaxPins
	}
	if !m.plain() {
		return errSystem
	}
	m.pinned = time.Time{}
	if on {
		m.pinned = w.now()
	}
	ch.lastPin = time.Time{}
	for _, p := range ch.pinnedOf() {
		ch.lastPin = p.pinned
		break
	}
	w.messageEvent("MESSAGE_UPDATE", ch, m)
	w.pinsEvent(ch)
	if on {
		notice := w.newMessage(ch, user)
		notice.kind = kindPinned
		notice.ref = &reference{guild: ch.Guild, channel: ch.ID, message: m.id}
		w.post(ch, notice)
	}
	w.bump()
	return nil
}

// pinsEvent goes to who has the guilds intent, in a DM to who has that of direct messages.
func (w *world) pinsEvent(ch *channel) {
	need := IntentGuilds
	if ch.Guild == "" {
		need = IntentDirectMessages
	}
	w.dispatch(event{name: "CHANNEL_PINS_UPDATE", need: need, guild: ch.Guild, channel: ch, build: func(*session) any {
		return ch.place(obj{"last_pin_timestamp": maybe(ch.lastPin)})
	}})
}
