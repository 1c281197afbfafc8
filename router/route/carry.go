package route

import (
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// Purpose is the purpose of a mirror's deliveries.
const Purpose = "mirror"

// bring plans what brings the event to another leg.
func (p *planner) bring(m *Mirror, leg Leg) error {
	p.carried = true
	d := chat.Delivery{Lane: chat.LaneTo(leg.At), Purpose: Purpose, Of: p.kin.Original}
	switch w := p.ev.What.(type) {
	case chat.Posted:
		return p.post(m, leg, w)
	case chat.Edited:
		d.Action = p.edit(m, leg, w)
	case chat.Deleted:
		// Source says where it was deleted, so that a refusal can be told there.
		d.Source, d.Action = p.ev.Ref(), chat.Delete{To: leg.At}
	case chat.Reacted:
		return p.react(m, leg, w)
	case chat.Pinned:
		d.Action = p.pin(leg, w)
	case chat.Joined:
		return p.line(leg, "joined")
	case chat.Left:
		return p.line(leg, "left")
	case chat.Pressed, chat.Typing, chat.Read, chat.Bounced, chat.Called:
		return nil
	}
	return p.add(m, leg, d)
}

// add plans a delivery about a message. Where its platform has no means for it, a post stands for it, and that belongs
// into the thread that the message is in.
func (p *planner) add(m *Mirror, leg Leg, d chat.Delivery) error {
	twin, err := p.twin(m, leg)
	if err != nil {
		return err
	}
	if _, ok := d.Action.(chat.Edit); ok {
		d.Answers = p.answering()
	}
	if twin == Asked || twin == Opened {
		d.Within, d.Loose = p.thread, !p.thread.IsZero()
	}
	p.res.Deliveries = append(p.res.Deliveries, d)
	return nil
}

// post plans a message's copy, and before it the twin of its thread where there is none yet.
func (p *planner) post(m *Mirror, leg Leg, w chat.Posted) error {
	twin, err := p.twin(m, leg)
	if err != nil {
		return err
	}
	d := chat.Delivery{
		Lane: chat.LaneTo(leg.At), Purpose: Purpose, Source: p.ev.Ref(), Answers: p.answering(),
		Action: chat.Post{
			To: leg.At, Text: w.Text, Files: w.Files, Quote: p.quote, As: p.as(m), Number: true, Hops: p.ev.Hops + 1,
		},
	}
	if twin == Missing {
		p.open(leg, title(p.ev.Topic, w.Text))
	}
	if twin != Refused {
		d.Within, d.Loose = p.thread, !p.thread.IsZero()
	}
	p.res.Deliveries = append(p.res.Deliveries, d)
	return nil
}

// answering is what the message answers: what is said in a thread answers what that hangs on. In a twin that would be a
// reply to a message outside, which is no reply (chat.Delivery.Loose).
func (p *planner) answering() chat.Ref {
	if p.answers.IsZero() {
		return p.root
	}
	return p.answers
}

func (p *planner) edit(m *Mirror, leg Leg, w chat.Edited) chat.Edit {
	as := p.as(m)
	return chat.Edit{
		To: leg.At, Text: w.Text, Files: len(w.Files), Quote: p.quote, As: as, Number: true,
		Else: &chat.Post{
			To: leg.At, Text: text.Join(text.Plain("(edited) "), w.Text), Quote: p.quote, As: as, Number: true, Hops: p.ev.Hops + 1,
		},
	}
}

func (p *planner) pin(leg Leg, w chat.Pinned) chat.Pin {
	a := chat.Pin{To: leg.At, Remove: w.Removed}
	if !w.Removed {
		a.Else = &chat.Post{To: leg.At, Text: text.Plain("📌 " + p.who() + " pinned this"), Hops: p.ev.Hops + 1}
	}
	return a
}

// line plans a line that says what the author did. What they did in a thread is of no interest elsewhere.
func (p *planner) line(leg Leg, did string) error {
	if !p.thread.IsZero() {
		return nil
	}
	var b text.Builder
	b.Span(text.Italic, text.Attrs{}, func() { b.Write(p.who() + " " + did) })
	p.res.Deliveries = append(p.res.Deliveries, chat.Delivery{
		Lane: chat.LaneTo(leg.At), Purpose: Purpose, Action: chat.Post{To: leg.At, Text: b.Text(), Hops: p.ev.Hops + 1},
	})
	return nil
}

// finish plans what follows once, however many legs the event was brought to.
func (p *planner) finish() error {
	if !p.carried {
		return nil
	}
	switch w := p.ev.What.(type) {
	case chat.Deleted:
		// Whoever deletes one message of a copy that takes several means all of it.
		if p.kin.Original.Same(p.ev.Ref()) {
			return nil
		}
		n, err := p.mem.Parts(p.kin.Original, p.from)
		if err != nil || n < 2 {
			return err
		}
		p.res.Deliveries = append(p.res.Deliveries, chat.Delivery{
			Lane: chat.LaneTo(p.from), Purpose: Purpose, Of: p.kin.Original, Action: chat.Delete{To: p.from},
		})
	case chat.Reacted:
		p.remember(w)
	case chat.Posted, chat.Edited, chat.Pinned, chat.Pressed, chat.Joined, chat.Left, chat.Typing, chat.Read, chat.Bounced, chat.Called:
	}
	return nil
}
