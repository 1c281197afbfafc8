package bots

import (
	"fmt"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// HandOff gives the contact to the people of the desk: they are told why, and the bot does not hear the contact any more
// until a member gives the case back. It returns ErrNoDesk where there is no desk.
func (t *Turn) HandOff(reason string) error {
	if t.hear.Desk == "" {
		return ErrNoDesk
	}
	t.handed = true
	t.act(chat.HandOff{At: t.Here(), Reason: text.Snippet(text.Plain(reason), 200)})
	return nil
}

// wakesMost is how far ahead a bot may be woken.
const wakesMost = longestDuration

// Wake has the bot hear an event of Kind Woken at a time, with data as it is given here, once and also after a restart. One of
// the same name that still waits in this talk is replaced.
func (t *Turn) Wake(name string, at time.Time, data []byte) error {
	switch {
	case name == "" || len(name) > stateKeyMax:
		return fmt.Errorf("%w: the name of a wake has 1 to %d bytes", ErrMayNot, stateKeyMax)
	case len(data) > stateValueMax:
		return fmt.Errorf("%w: the data of a wake has %d bytes at most", ErrMayNot, stateValueMax)
	case at.Sub(t.hear.Event.At) > wakesMost:
		return fmt.Errorf("%w: wake in more than ten years", ErrMayNot)
	}
	t.act(t.wake(wakeCall+name, at, data))
	return nil
}

// wake is a Wake of the bot where it is, for the person who did what it heard.
func (t *Turn) wake(call string, at time.Time, data []byte) chat.Wake {
	h := t.hear
	h.Key, h.About = "", chat.Ref{}
	h.Event.Message = ""
	h.Event.ID, h.Event.At = chat.EventID(call), at
	h.Event.What = chat.Called{Name: call, Body: data}
	return chat.Wake{Name: call, Due: at, Hear: h}
}

// Unwake takes a Wake back that still waits.
func (t *Turn) Unwake(name string) error {
	t.act(chat.Unwake{Talk: t.hear.To, Name: wakeCall + name})
	return nil
}
