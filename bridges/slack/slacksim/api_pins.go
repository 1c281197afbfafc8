package slacksim

import (
	"fmt"
	"slices"
)

// Pin pins a message as a person does; the app hears pin_added.
func (s *Sim) Pin(user, channel, ts string) error {
	return s.pinning(user, channel, ts, s.w.pin, ErrPinned)
}

// Unpin takes the pin off a message as a person does; the app hears pin_removed.
func (s *Sim) Unpin(user, channel, ts string) error {
	return s.pinning(user, channel, ts, s.w.unpin, ErrNotPinned)
}

// pinning has a person do something about a pin, which says false when there is nothing to do.
func (s *Sim) pinning(user, channel, ts string, do func(*channelOf) bool, idle error) error {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	ch, m, err := s.w.at(channel, ts)
	if err != nil {
		return err
	}
	if s.w.users[user] == nil {
		return fmt.Errorf("%w: %s", ErrNoUser, user)
	}
	if !do(&channelOf{channel: ch, m: m, user: user}) {
		return idle
	}
	return nil
}

// channelOf is a message in its channel, and who does something to it.
type channelOf struct {
	*channel
	m    *message
	user string
}

// pin says false when the message is pinned already.
func (w *world) pin(at *channelOf) bool {
	if at.m.PinnedInfo != nil {
		return false
	}
	at.m.PinnedTo = []string{at.ID}
	at.m.PinnedInfo = &pinnedInfo{Channel: at.ID, PinnedBy: at.user, PinnedTS: w.now().Unix()}
	at.pins = append(at.pins, at.m.TS)
	w.pinEvent("pin_added", at, at.m.PinnedInfo)
	return true
}

// unpin says false when the message is not pinned.
func (w *world) unpin(at *channelOf) bool {
	info := at.m.PinnedInfo
	if info == nil {
		return false
	}
	at.m.PinnedTo, at.m.PinnedInfo = nil, nil
	at.unpinned(at.m.TS)
	w.pinEvent("pin_removed", at, info)
	return true
}

// unpinned takes a message off the channel's list.
func (ch *channel) unpinned(ts string) {
	ch.pins = slices.DeleteFunc(ch.pins, func(p string) bool { return p == ts })
}

// pinEvent tells the app. https://docs.slack.dev/reference/events/pin_added
func (w *world) pinEvent(kind string, at *channelOf, info *pinnedInfo) {
	defer w.bump()
	if !at.has(w.cfg.BotUser.ID) {
		return
	}
	event := obj{
		"type": kind, "user": at.user, "channel_id": at.ID, "item": w.pinned(at.m, info), "item_user": at.m.User,
		"pin_count": len(at.pins), "pinned_info": info, "event_ts": w.stamp(),
	}
	if kind == "pin_removed" {
		event["has_pins"] = len(at.pins) > 0
	}
	w.emit(at.ID, event)
}

// pinned is an entry of pins.list, and the item of an event.
func (w *world) pinned(m *message, info *pinnedInfo) obj {
	shown := obj{"type": m.Type, "text": m.Text, "user": m.User, "ts": m.TS, "permalink": w.permalink(m)}
	if m.PinnedTo != nil {
		shown["pinned_to"] = m.PinnedTo
	}
	if m.BotID != "" {
		shown["bot_id"] = m.BotID
	}
	return obj{"type": "message", "created": info.PinnedTS, "created_by": info.PinnedBy, "channel": info.Channel, "message": shown}
}

// pinTarget finds the message that a method of pins names.
func (w *world) pinTarget(c *call) (*channelOf, error) {
	ts := c.str("timestamp")
	if ts == "" {
		return nil, fail("no_item_specified")
	}
	if !validTS(ts) {
		return nil, fail("bad_timestamp")
	}
	ch, err := w.known(c)
	switch {
	case err != nil:
		return nil, err
	case ch.Archived:
		return nil, fail("is_archived")
	case !ch.has(w.cfg.BotUser.ID):
		return nil, fail("not_in_channel")
	}
	m := ch.find(ts)
	if m == nil || m.Subtype == subTombstone {
		return nil, fail("message_not_found")
	}
	return &channelOf{channel: ch, m: m, user: w.cfg.BotUser.ID}, nil
}

func pinsAdd(w *world, c *call) (obj, error) {
	at, err := w.pinTarget(c)
	if err != nil {
		return nil, err
	}
	if !w.pin(at) {
		return nil, fail("already_pinned")
	}
	return obj{}, nil
}

func pinsRemove(w *world, c *call) (obj, error) {
	at, err := w.pinTarget(c)
	if err != nil {
		return nil, err
	}
	if !w.unpin(at) {
		return nil, fail("no_pin")
	}
	return obj{}, nil
}

// pinsList lists the newest pin first.
func pinsList(w *world, c *call) (obj, error) {
	ch, err := w.inside(c)
	if err != nil {
		return nil, err
	}
	items := []obj{}
	for _, ts := range slices.Backward(ch.pins) {
		if m := ch.find(ts); m != nil && m.PinnedInfo != nil {
			items = append(items, w.pinned(m, m.PinnedInfo))
		}
	}
	return obj{"items": items}, nil
}
