package router

import (
	"errors"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/lane"
	"github.com/roost-im/roost/router/route"
	"github.com/roost-im/roost/router/store"
)

// mirrored is what follows from an event in the mirrors that it is in.
func (r *Router) mirrored(v store.View, mirrors *route.Table, ev chat.Event) (store.Changes, []string, error) {
	res, err := mirrors.Plan(ev, memory{v, r})
	if err != nil {
		return store.Changes{}, nil, err
	}
	why := res.Why
	for _, name := range mirrors.Names(ev.Conversation) {
		why = append(why, "mirror "+name)
	}
	if len(why) == 0 {
		why = append(why, "no route takes it")
	}
	return r.planned(res), why, nil
}

// mirrorEnded is what follows from the end of a mirror's delivery.
func (r *Router) mirrorEnded(v store.View, e lane.End) (store.Changes, error) {
	res, mine, err := route.Ended(e.Delivery, len(e.Copies) > 0, e.Gone, memory{v, r})
	if err != nil || !mine {
		return r.told(e), err
	}
	c := r.planned(res)
	// It goes on, and nobody is bothered with how; what could not be carried with it is still missing.
	e.Delivery.State = chat.Sent
	c.Deliveries = append(c.Deliveries, r.told(e).Deliveries...)
	return c, nil
}

// planned is what a mirror's result asks to be stored.
func (r *Router) planned(res route.Result) store.Changes {
	return store.Changes{Deliveries: r.cut(res.Deliveries), Keep: res.Keep, React: res.React, Unreact: res.Unreact}
}

// memory answers what a mirror's plan asks.
type memory struct {
	v store.View
	r *Router
}

// Family finds the message or thread that ref is a copy of.
func (m memory) Family(ref chat.Ref) (route.Kin, error) {
	original, hops, err := family(m.v, ref)
	return route.Kin{Original: original, Hops: hops}, err
}

// Twin says how it stands with the twin of a thread.
func (m memory) Twin(thread chat.Ref, at chat.Conversation) (route.Twin, error) {
	kept, err := m.v.Kept(route.TwinKey(thread, at))
	switch {
	case err == nil && string(kept) == route.TwinRefused:
		return route.Refused, nil
	case err == nil:
		return route.Asked, nil
	case !errors.Is(err, store.ErrNotFound):
		return route.Missing, err
	}
	if n, err := m.Parts(thread, at); err != nil || n == 0 {
		return route.Missing, err
	}
	return route.Opened, nil
}

// Parts counts the messages of a copy.
func (m memory) Parts(original chat.Ref, at chat.Conversation) (int, error) {
	copies, err := m.v.Copies(original)
	n := 0
	for _, c := range copies {
		if c.Source.Same(original) && c.Dest.Conversation.Place() == at.Place() {
			n++
		}
	}
	return n, err
}

// Reactions lists the reactions to a message.
func (m memory) Reactions(original chat.Ref) ([]chat.Reaction, error) { return m.v.Reactions(original) }

// Traits are those of an account.
func (m memory) Traits(a chat.Account) (chat.Traits, bool) { return m.r.traits(a) }

// family finds the message that ref is a copy of; ref itself when it is none.
func family(v store.View, ref chat.Ref) (chat.Ref, int, error) {
	copies, err := v.Copies(ref)
	if err != nil {
		return ref, 0, err
	}
	for _, c := range copies {
		if c.Dest.Same(ref) {
			return c.Source, c.Hops, nil
		}
	}
	return ref, 0, nil
}
