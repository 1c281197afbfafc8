package router

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
	"github.com/roost-im/roost/router/lane"
	"github.com/roost-im/roost/router/route"
	"github.com/roost-im/roost/router/store"
	"github.com/roost-im/roost/router/text"
)

// rules are the routes and desks of one Setup, indexed. They never change.
type rules struct {
	mirrors  *route.Table
	desks    map[string]Desk
	takes    map[chat.Account]string      // which desk takes an account's direct messages
	surfaces map[chat.Conversation]string // which desk a place is a surface of
	bots     []Bot
}

func newRules(s Setup) *rules {
	r := &rules{
		mirrors: route.NewTable(s.Mirrors), desks: map[string]Desk{},
		takes: map[chat.Account]string{}, surfaces: map[chat.Conversation]string{}, bots: s.Bots,
	}
	for _, d := range s.Desks {
		d.Bots = d.Bots || slices.ContainsFunc(s.Bots, func(b Bot) bool { return b.answers(d) })
		r.desks[d.Name] = d
		for _, a := range d.From {
			r.takes[a] = d.Name
		}
		for _, at := range d.Surfaces {
			r.surfaces[at.At] = d.Name
		}
	}
	return r
}

// plan says what follows from an event. It reads only v, so the same event in the same state has the same consequences.
func (r *Router) plan(v store.View, ev chat.Event) (store.Changes, error) {
	c, _, err := r.consider(v, ev)
	return c, err
}

// consider is plan, and says in words which rules had a part in it and which had not.
func (r *Router) consider(v store.View, ev chat.Event) (store.Changes, []string, error) {
	rules := r.ruling()
	if w, ok := ev.What.(chat.Bounced); ok {
		return r.bounced(v, rules, ev, w)
	}
	if reason, err := echo(v, ev); reason != "" || err != nil {
		return store.Changes{}, []string{reason}, err
	}
	if ev.Conversation.Account.IsBot() {
		return r.called(v, rules, ev)
	}
	if name, ok := rules.surfaces[ev.Conversation.Place()]; ok {
		return r.fromMember(v, rules.desks[name], ev)
	}
	name, ok := rules.takes[ev.Conversation.Account]
	var c store.Changes
	var why []string
	var err error
	if ok = ok && ev.Direct; ok {
		ev, c, why, err = r.fromContact(v, rules.desks[name], ev)
		if _, posted := ev.What.(chat.Posted); err == nil && posted && rules.desks[name].Bots {
			err = keepWhose(v, ev.Conversation, ev.Author.ID, &c)
		}
	} else {
		name = ""
		c, why, err = r.mirrored(v, rules.mirrors, ev)
	}
	if err != nil {
		return c, why, err
	}
	told, err := r.heard(v, rules, ev, name, &c)
	return c, append(why, told...), err
}

// echo says why an event is one of our own making: by the platform's flag, and by our own receipts.
func echo(v store.View, ev chat.Event) (string, error) {
	if ev.Author.Self {
		return "it is the account's own", nil
	}
	switch ev.What.(type) {
	case chat.Posted, chat.Edited:
	default:
		return "", nil
	}
	if ev.Message == "" || !ev.Author.Bot {
		return "", nil
	}
	// Platforms flag our own posts and edits, but not always: a webhook's, or those that another account of ours sees. They
	// are flagged as a bot's at least, so people's messages need no look.
	original, _, err := family(v, ev.Ref())
	if err != nil || original == ev.Ref() {
		return "", err
	}
	return "it is a copy that Roost posted", nil
}

// fromContact is what follows from something that a person outside did, and the event as the desk has taken it.
func (r *Router) fromContact(v store.View, d Desk, ev chat.Event) (chat.Event, store.Changes, []string, error) {
	in := desk.FromContact{Event: ev}
	var err error
	if in.Event, in.Edited, err = r.asMessage(v, d, ev); err != nil {
		return ev, store.Changes{}, nil, err
	}
	c, why, err := r.stepOfContact(v, d, in)
	if in.Edited {
		why = append(why, "only its edit came")
	}
	return in.Event, c, why, err
}

// stepOfContact is what in does to the case of its contact, or to a new one.
func (r *Router) stepOfContact(v store.View, d Desk, in desk.FromContact) (store.Changes, []string, error) {
	ev, now, why := in.Event, r.cfg.Now(), []string{"desk " + d.Name}
	who := contactOf(ev)
	contact, err := v.Contact(d.Name, who)
	if errors.Is(err, store.ErrNotFound) {
		contact, err = stranger(who, ev), nil
	}
	if err != nil {
		return store.Changes{}, nil, err
	}
	if in.Original, in.Answers, err = relatives(v, ev); err != nil {
		return store.Changes{}, nil, err
	}
	if in.Answered, in.Was, err = linesOf(v, d, who, ev, in.Answers); err != nil {
		return store.Changes{}, nil, err
	}
	last, err := v.LastCase(d.Name, who)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return store.Changes{}, nil, err
	}
	if err == nil && d.Takes(last, in, now) {
		c, err := r.changes(v, d, d.Step(last, contact, in, now))
		return c, append(why, "case "+string(last.ID)), err
	}
	if _, ok := ev.What.(chat.Posted); !ok {
		return store.Changes{}, append(why, "nothing is open that it could be about"), nil
	}
	id := desk.NewCaseID(ev.Conversation.Account, ev.ID)
	c, err := r.changes(v, d, d.Begin(id, contact, in, now))
	return c, append(why, "a new case"), err
}

// contactOf is the contact whose conversation an event of theirs happened in.
func contactOf(ev chat.Event) desk.Identity {
	return desk.Identity{Account: ev.Conversation.Account, Person: ev.Author.ID}
}

// stranger is somebody who never wrote before.
func stranger(who desk.Identity, ev chat.Event) desk.Contact {
	a := ev.Author
	return desk.Contact{
		Identity: who, Name: a.Name, Handle: a.Handle, Avatar: a.Avatar, Since: a.Since, At: ev.Conversation, First: ev.At,
	}
}

// relatives are the message that the event's message is a copy of, and the original of the one that it replies to; zero
// where there is none.
func relatives(v store.View, ev chat.Event) (original, answers chat.Ref, err error) {
	if p, ok := ev.What.(chat.Posted); ok {
		if p.ReplyTo != "" {
			answers, _, err = family(v, chat.Ref{Conversation: ev.Conversation, Message: p.ReplyTo})
		}
		return chat.Ref{}, answers, err
	}
	original, err = originalOf(v, ev)
	return original, chat.Ref{}, err
}

// linesOf are the line of the message that the event's message answers, and that of the message itself if it was changed, in
// whichever of the contact's cases; zero when they are not known.
func linesOf(v store.View, d Desk, who desk.Identity, ev chat.Event, answers chat.Ref) (answered, was desk.Line, err error) {
	switch ev.What.(type) {
	case chat.Posted:
		answered, err = lineAt(v, d.Name, who, answers)
	case chat.Edited, chat.Deleted:
		was, err = lineAt(v, d.Name, who, ev.Ref())
	default:
	}
	return answered, was, err
}

// lineAt is the line of a message in a contact's cases; zero when it is not known, or when there is no message.
func lineAt(v store.View, deskName string, who desk.Identity, ref chat.Ref) (desk.Line, error) {
	if ref.IsZero() {
		return desk.Line{}, nil
	}
	l, err := v.Line(deskName, who, ref)
	if errors.Is(err, store.ErrNotFound) {
		return desk.Line{}, nil
	}
	return l, err
}

// originalOf is the message that the event's message is a copy of; zero when it is none.
func originalOf(v store.View, ev chat.Event) (chat.Ref, error) {
	if ev.Message == "" {
		return chat.Ref{}, nil
	}
	original, _, err := family(v, ev.Ref())
	if err != nil || original == ev.Ref() {
		return chat.Ref{}, err
	}
	return original, nil
}

// fromMember is what follows from something that somebody did on a surface.
func (r *Router) fromMember(v store.View, d Desk, ev chat.Event) (store.Changes, []string, error) {
	why := []string{"desk " + d.Name}
	c, err := caseOf(v, d, ev)
	if errors.Is(err, store.ErrNotFound) {
		return store.Changes{}, append(why, "it is in no case's thread"), nil
	}
	if err != nil {
		return store.Changes{}, nil, err
	}
	why = append(why, "case "+string(c.ID))
	contact, err := v.Contact(d.Name, c.Contact)
	if err != nil {
		return store.Changes{}, nil, fmt.Errorf("contact of case %s: %w", c.ID, err)
	}
	in := desk.FromMember{Event: ev, Surface: ev.Conversation.Place()}
	if in.Original, in.Answers, err = relatives(v, ev); err != nil {
		return store.Changes{}, nil, err
	}
	if in.Answered, in.Was, err = linesOf(v, d, c.Contact, ev, in.Answers); err != nil {
		return store.Changes{}, nil, err
	}
	if in.Undoable, in.Due, err = undoable(v, ev.Ref()); err != nil {
		return store.Changes{}, nil, err
	}
	if in.Newer, err = newer(v, c); err != nil {
		return store.Changes{}, nil, err
	}
	if in.Bounced, err = bouncedLines(v, c, ev); err != nil {
		return store.Changes{}, nil, err
	}
	for _, l := range c.Later {
		waits, _, err := undoable(v, l.Ref)
		if err != nil {
			return store.Changes{}, nil, err
		}
		if waits {
			in.Pending = append(in.Pending, l.Ref)
		}
	}
	changes, err := r.changes(v, d, d.Step(c, contact, in, r.cfg.Now()))
	return changes, why, err
}

// newer says whether the contact of a closed case has another one, which is not closed.
func newer(v store.View, c desk.Case) (bool, error) {
	if c.State != desk.Closed {
		return false, nil
	}
	last, err := v.LastCase(c.Desk, c.Contact)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return last.ID != c.ID && last.State != desk.Closed, err
}

// undoable says whether all of the reply that was made from a message still waits, and when it would leave.
func undoable(v store.View, source chat.Ref) (bool, time.Time, error) {
	waiting, err := v.Waiting(source)
	if err != nil {
		return false, time.Time{}, err
	}
	var due time.Time
	n, parts := 0, 1
	for _, w := range waiting {
		if !desk.IsReply(w) {
			continue
		}
		n, parts = n+1, max(w.Parts, 1)
		if w.Due.After(due) {
			due = w.Due
		}
	}
	return n == parts, due, nil
}

// caseOf finds the case that an event on a surface is about: by its thread, by the case that a button names, or by the
// copy that it is about, because some platforms tell of a message in a thread without naming the thread.
func caseOf(v store.View, d Desk, ev chat.Event) (desk.Case, error) {
	if ev.Conversation.Thread != "" {
		return v.CaseAt(ev.Conversation)
	}
	if p, ok := ev.What.(chat.Pressed); ok && p.Value != "" {
		c, err := v.Case(chat.CaseID(p.Value))
		if err == nil && c.Desk != d.Name {
			return c, store.ErrNotFound
		}
		return c, err
	}
	copies, err := v.Copies(ev.Ref())
	if err != nil {
		return desk.Case{}, err
	}
	for _, c := range copies {
		for _, end := range []chat.Ref{c.Dest, c.Source} {
			if end.Same(ev.Ref()) && end.Conversation.Thread != "" {
				return v.CaseAt(end.Conversation)
			}
		}
	}
	return desk.Case{}, store.ErrNotFound
}

// ended is what follows from the end of a delivery.
func (r *Router) ended(v store.View, e lane.End) (store.Changes, error) {
	if h, ok := e.Delivery.Action.(chat.Hear); ok {
		return r.botHeard(v, e, h)
	}
	if e.Delivery.Case == "" {
		return r.mirrorEnded(v, e)
	}
	c, err := v.Case(e.Delivery.Case)
	if err != nil {
		return store.Changes{}, fmt.Errorf("case of delivery %d: %w", e.Delivery.ID, err)
	}
	d, ok := r.ruling().desks[c.Desk]
	if !ok {
		return store.Changes{}, nil
	}
	contact, err := v.Contact(c.Desk, c.Contact)
	if err != nil {
		return store.Changes{}, fmt.Errorf("contact of case %s: %w", c.ID, err)
	}
	in := desk.Ended{Delivery: e.Delivery, Gone: e.Gone, Copies: e.Copies}
	for _, l := range e.Lacking {
		in.Lacking = append(in.Lacking, text.Name(l.File.Name, 80)+": "+l.Reason)
	}
	if e.Gone {
		if in.History, err = v.Lines(c.ID, recap); err != nil {
			return store.Changes{}, err
		}
	}
	changes, err := r.changes(v, d, d.Step(c, contact, in, r.cfg.Now()))
	if err != nil {
		return store.Changes{}, err
	}
	// The desk tells its members; a contact is told once, however many surfaces lack their file.
	if !desk.IsReply(e.Delivery) && e.Delivery.Action.Target().Place() == d.Surfaces[0].At {
		changes.Deliveries = append(changes.Deliveries, r.told(e).Deliveries...)
	}
	return changes, nil
}

// recap is how many lines of a case a thread that was lost begins with.
const recap = 20

// changes are what a desk's result asks to be stored.
func (r *Router) changes(v store.View, d Desk, res desk.Result) (store.Changes, error) {
	if res.Case.ID == "" {
		return store.Changes{}, nil
	}
	c := store.Changes{
		Deliveries: r.cut(res.Deliveries), Replay: res.Replay, Confirm: res.Confirm, Lines: res.Lines,
		Cases: []desk.Case{res.Case}, Contacts: []store.KnownContact{{Desk: d.Name, Contact: res.Contact}},
	}
	for _, ref := range res.Cancel {
		waiting, err := v.Waiting(ref)
		if err != nil {
			return store.Changes{}, err
		}
		for _, w := range waiting {
			if desk.IsReply(w) {
				c.Cancel = append(c.Cancel, w.ID)
			}
		}
	}
	return c, nil
}
