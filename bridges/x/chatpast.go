package x

import (
	"slices"

	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// mostBygone is how many messages of a conversation are remembered that are not to be taken in any more.
const mostBygone = 100

// bygone is a message that is not to be taken in any more, should it come after all: it was taken back, or edited, and the
// edit is here.
type bygone struct {
	Sequence wire.Sequence `json:"sequence"`
	Sender   string        `json:"sender,omitempty"` // who alone can have written it; empty: anybody
}

// over notes that a message is not to be taken in any more.
func (p *place) over(one bygone) {
	if !slices.Contains(p.Bygone, one) {
		p.Bygone = append(p.Bygone, one)
	}
	if n := len(p.Bygone) - mostBygone; n > 0 {
		p.Bygone = slices.Delete(p.Bygone, 0, n)
	}
}

// isOver says whether an event is a message that is not to be taken in any more.
func (p *place) isOver(ev wire.Event) bool {
	return slices.ContainsFunc(p.Bygone, func(one bygone) bool {
		return one.Sequence == ev.Sequence && (one.Sender == "" || one.Sender == ev.Sender)
	})
}

// awaits says whether a message waits for what it can be read with: what is about it waits behind it.
func (d *digest) awaits(s wire.Sequence) bool {
	return s != 0 && slices.ContainsFunc(d.next.Waiting, func(w waiting) bool { return w.is(s) })
}

// is says whether it is the message at a place that waits.
func (w waiting) is(s wire.Sequence) bool {
	ev, err := wire.ParseEvent(w.Event)
	_, message := ev.Detail.(wire.MessageCreate)
	return err == nil && message && ev.Sequence == s
}

// erase forgets a message that was taken back. unseen says that it waited, and that the team knows nothing of it.
func (d *digest) erase(s wire.Sequence) (unseen bool) {
	d.next.over(bygone{Sequence: s})
	d.next.Waiting = slices.DeleteFunc(d.next.Waiting, func(w waiting) bool {
		if !w.is(s) {
			return false
		}
		unseen = !w.Told
		return true
	})
	return unseen
}

// about is the message that a content changes; 0 when it is a message itself.
func about(c wire.Content) wire.Sequence {
	switch c := c.(type) {
	case wire.Edit:
		return c.Target
	case wire.Reaction:
		return c.Target
	case wire.Message, wire.Strange:
	}
	return 0
}
