package router

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
	"github.com/roost-im/roost/router/lane"
	"github.com/roost-im/roost/router/store"
	"github.com/roost-im/roost/router/text"
)

const (
	unexplained = "the platform does not say why"
	reasonMost  = 300 // graphemes: some platforms let anybody's computer say why
)

// isBounced says whether a platform tells that it has not brought a message of ours to its readers after all.
func isBounced(ev chat.Event) bool {
	_, ok := ev.What.(chat.Bounced)
	return ok
}

// bounced is what follows from that: where the message was written it is told as if it had never been taken. Who is said to
// have done it does not matter: a reader, the account, a mailer.
func (r *Router) bounced(v store.View, rules *rules, ev chat.Event, w chat.Bounced) (store.Changes, []string, error) {
	w.Reason = cmp.Or(text.Snippet(text.Plain(w.Reason), reasonMost), unexplained)
	ev.What = w
	in := desk.FromContact{Event: ev}
	var err error
	if in.Original, in.Part, in.Parts, err = partOf(v, ev.Ref()); err != nil {
		return store.Changes{}, nil, err
	}
	if in.Original.IsZero() {
		return store.Changes{}, []string{"it is about no message of ours that is known"}, nil
	}
	name, ok := rules.surfaces[in.Original.Conversation.Place()]
	if in.Original.SaidBy() != "" {
		name, ok = rules.takes[ev.Conversation.Account]
	}
	if ok {
		return r.bouncedAtDesk(v, rules, rules.desks[name], in)
	}
	return r.told(lane.End{Delivery: chat.Delivery{
		Source: in.Original, Action: chat.Post{To: ev.Conversation}, State: chat.Rejected, Reason: w.Reason,
	}}), []string{"its author is told"}, nil
}

// partOf is the message that ref is a copy of, which part of it, and how many there are at that place; zero when it is none.
func partOf(v store.View, ref chat.Ref) (original chat.Ref, part, parts int, err error) {
	copies, err := v.Copies(ref)
	for _, c := range copies {
		if c.Dest.Same(ref) {
			original, part = c.Source, c.Part
		}
	}
	if err != nil || original.IsZero() {
		return chat.Ref{}, 0, 0, err
	}
	copies, err = v.Copies(original)
	for _, c := range copies {
		if c.Source.Same(original) && c.Dest.Conversation.Place() == ref.Conversation.Place() {
			parts = max(parts, c.Part+1)
		}
	}
	return original, part, parts, err
}

func (r *Router) bouncedAtDesk(v store.View, rules *rules, d Desk, in desk.FromContact) (store.Changes, []string, error) {
	why := []string{"desk " + d.Name}
	c, err := caseOfBounced(v, rules, d, in)
	if errors.Is(err, store.ErrNotFound) {
		return store.Changes{}, append(why, "it is about no case that is known"), nil
	}
	if err != nil {
		return store.Changes{}, nil, err
	}
	contact, err := v.Contact(c.Desk, c.Contact)
	if err != nil {
		return store.Changes{}, nil, fmt.Errorf("contact of case %s: %w", c.ID, err)
	}
	changes, err := r.changes(v, d, d.Step(c, contact, in, r.cfg.Now()))
	return changes, append(why, "case "+string(c.ID)), err
}

// caseOfBounced finds the case that a message which bounced was written in: by its thread. Where that is lost, or a form or a
// bot made the message, it is the last case of the contact.
func caseOfBounced(v store.View, rules *rules, d Desk, in desk.FromContact) (desk.Case, error) {
	c, err := v.CaseAt(in.Original.Conversation)
	if !errors.Is(err, store.ErrNotFound) {
		return c, err
	}
	if c, err = v.LastCase(d.Name, contactOf(in.Event)); !errors.Is(err, store.ErrNotFound) {
		return c, err
	}
	contact, _, err := contactAt(v, rules, in.Event.Conversation)
	if err != nil {
		return c, err
	}
	return v.LastCase(d.Name, contact.Identity)
}

// bouncedLines are the lines of the replies of a case that bounced, for whoever presses a button to send one again.
func bouncedLines(v store.View, c desk.Case, ev chat.Event) (lines []desk.Line, err error) {
	if !isPressed(ev) {
		return nil, nil
	}
	for _, x := range c.Trouble {
		if x.Delivery != 0 {
			continue
		}
		l, err := lineAt(v, c.Desk, c.Contact, x.Reply)
		if err != nil {
			return nil, err
		}
		if !l.Ref.IsZero() {
			lines = append(lines, l)
		}
	}
	return lines, nil
}
