package router

import (
	"errors"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
)

// asMessage is a contact's event as their desk takes it: the edit of a message that never was here is that message, as it reads
// now. edited says that it is one. X, for one, serves of a message that was edited while nobody looked nothing but the edit.
func (r *Router) asMessage(v store.View, d Desk, ev chat.Event) (_ chat.Event, edited bool, err error) {
	w, ok := ev.What.(chat.Edited)
	if !ok || ev.Message == "" {
		return ev, false, nil
	}
	was, err := r.wasHere(v, d, ev)
	if was || err != nil {
		return ev, false, err
	}
	ev.What = chat.Posted(w)
	return ev, true, nil
}

// wasHere says whether the message of a contact's event was here before, or may have been: in a case that is no longer kept.
func (r *Router) wasHere(v store.View, d Desk, ev chat.Event) (bool, error) {
	original, err := originalOf(v, ev)
	if err != nil || !original.IsZero() {
		return true, err
	}
	who := contactOf(ev)
	if l, err := lineAt(v, d.Name, who, ev.Ref()); err != nil || !l.Ref.IsZero() {
		return true, err
	}
	contact, err := v.Contact(d.Name, who)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	keep := r.cfg.Keep.Cases
	if err != nil || keep <= 0 || r.cfg.Now().Sub(contact.First) <= keep {
		return false, err
	}
	_, err = v.LastCase(d.Name, who)
	if errors.Is(err, store.ErrNotFound) {
		return true, nil
	}
	return contact.Cases > 1, err // the only one is here, with all its lines
}
