package encrypted

import (
	"cmp"
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

// isGone says whether a message was taken back: what is about it is of no interest any more.
func (p *place) isGone(s wire.Sequence) bool {
	return s != 0 && slices.Contains(p.Bygone, bygone{Sequence: s})
}

// mostWrote is how many messages of a conversation it is remembered of who wrote them. X lets a message be edited for a
// quarter of an hour.
const mostWrote = 100

// wrote is who wrote the message at a place.
type wrote struct {
	Sequence wire.Sequence `json:"s"`
	Sender   string        `json:"by"`
}

// find is the place of a message among those of whom it is remembered who wrote them, or where it belongs.
func (p *place) find(s wire.Sequence) (int, bool) {
	return slices.BinarySearchFunc(p.Wrote, s, func(one wrote, s wire.Sequence) int { return cmp.Compare(one.Sequence, s) })
}

// note remembers who wrote a message, unless that is known, and forgets the one that is furthest back.
func (p *place) note(one wrote) {
	i, have := p.find(one.Sequence)
	if have {
		return
	}
	p.Wrote = slices.Insert(p.Wrote, i, one)
	if n := len(p.Wrote) - mostWrote; n > 0 {
		p.Wrote = slices.Delete(p.Wrote, 0, n)
	}
}

// mayEdit says whether what somebody wrote is no edit, or is by who wrote its target: X can't see what an encrypted edit is of. An
// edit of a message that was never taken in changes nobody's words: X lists edits in place of what they edit. Of what is further
// back than anybody remembers that can't be told, so it is refused.
func (d *digest) mayEdit(ev wire.Event, c wire.Content) bool {
	edit, is := c.(wire.Edit)
	if !is {
		return true
	}
	if i, known := d.next.find(edit.Target); known {
		return d.next.Wrote[i].Sender == ev.Sender
	}
	return len(d.next.Wrote) < mostWrote || edit.Target > d.next.Wrote[0].Sequence
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
