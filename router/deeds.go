package router

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
	"github.com/roost-im/roost/router/lane"
	"github.com/roost-im/roost/router/route"
	"github.com/roost-im/roost/router/store"
)

// botHeard is what follows from what a bot made of an event.
func (r *Router) botHeard(v store.View, e lane.End, h chat.Hear) (store.Changes, error) {
	p := &deeds{r: r, v: v, rules: r.ruling(), hear: h, bot: h.To.Account}
	if e.Delivery.State != chat.Sent {
		return p.unheard(e.Delivery)
	}
	if e.Outcome == nil {
		return store.Changes{}, nil
	}
	// A wake that another one replaced while it was on its way comes to nothing.
	if waiting, err := v.Waiting(e.Delivery.Source); len(waiting) > 0 || err != nil {
		return store.Changes{}, err
	}
	if err := p.keep(e.Outcome.Keep); err != nil {
		return store.Changes{}, err
	}
	for _, a := range e.Outcome.Acts {
		if err := p.act(a); err != nil {
			return store.Changes{}, err
		}
	}
	return p.done()
}

// deeds are what a bot does about one event.
type deeds struct {
	r       *Router
	v       store.View
	rules   *rules
	hear    chat.Hear
	bot     chat.Account
	changes store.Changes
	begun   bool
	contact *desk.Contact // whose case it is; nil: nobody's
	desk    Desk
	was     desk.Case
	acts    []chat.Act // that concern the case, in order
}

// unheard gives a contact to people whom the bot could not be told of.
func (p *deeds) unheard(d chat.Delivery) (store.Changes, error) {
	if err := p.act(chat.HandOff{At: p.hear.Event.Conversation, Reason: d.Reason}); err != nil {
		return store.Changes{}, err
	}
	return p.done()
}

// keep remembers what the bot wants, if everything that it read is as it was.
func (p *deeds) keep(ks []chat.Kept) error {
	for _, k := range ks {
		is, err := p.v.Kept(k.Key)
		there := err == nil
		switch {
		case !there && !errors.Is(err, store.ErrNotFound):
			return err
		case !k.Any && ((k.Was != nil) != there || !bytes.Equal(is, k.Was)):
			return fmt.Errorf("%s: %w", k.Key, lane.ErrAgain)
		case (k.Now != nil) != there || !bytes.Equal(is, k.Now):
			p.remember(k.Key, k.Now)
		default:
			delete(p.changes.Keep, k.Key) // as it was, whatever was to become of it before
		}
	}
	return nil
}

func (p *deeds) remember(key string, value []byte) {
	if p.changes.Keep == nil {
		p.changes.Keep = map[string][]byte{}
	}
	p.changes.Keep[key] = value
}

// act does one thing: at a desk, if it concerns the case of a contact there, and otherwise where it says.
func (p *deeds) act(a chat.Act) error {
	if ok, err := p.atDesk(a); ok || err != nil {
		return err
	}
	switch a := a.(type) {
	case chat.Say:
		return p.say(a)
	case chat.Reword:
		return p.around(a.Ref, chat.Edited{Text: a.Edit.Text}, chat.Delivery{
			Of: a.Ref, Action: chat.Edit{To: a.Ref.Conversation, Text: a.Edit.Text, Card: a.Edit.Card},
		}, a.Edit.Card)
	case chat.Unsay:
		d := chat.Delivery{Of: a.Ref, Action: chat.Delete{To: a.Ref.Conversation}}
		return p.around(a.Ref, chat.Deleted{}, d, nil)
	case chat.Sign:
		return p.sign(a.React)
	case chat.HandOff, chat.HandBack: // nobody's desk is there
	case chat.Wake:
		return p.wake(a)
	case chat.Unwake:
		return p.unwake(a.Talk, a.Name)
	}
	return nil
}

func (p *deeds) plan(d chat.Delivery) {
	d.Purpose = botSays
	p.changes.Deliveries = append(p.changes.Deliveries, p.r.cut([]chat.Delivery{d})...)
}

// say posts a message, and brings it to the other conversations of the mirrors that it is said in.
func (p *deeds) say(a chat.Say) error {
	post := a.Post
	post.Hops = p.hear.Event.Hops + 1
	said := chat.Posted{Text: post.Text, Files: post.Files, ReplyTo: post.ReplyTo, Quote: p.quote(post)}
	d := chat.Delivery{Source: a.Ref, Action: post}
	if own := (chat.Ref{Conversation: post.To, Message: post.ReplyTo}); own.SaidBy() != "" {
		post.ReplyTo = ""
		d.Answers, d.Action = own, post
	}
	if post.Only != "" || post.To.Account.IsBot() {
		d.Lane = chat.LaneTo(post.To)
		p.plan(d)
		return nil
	}
	return p.around(a.Ref, said, d, post.Card)
}

// quote is how the message reads that a post answers, if that is the one which the bot heard.
func (p *deeds) quote(post chat.Post) *chat.Quote {
	ev := p.hear.Event
	w, ok := ev.What.(chat.Posted)
	if !ok || post.ReplyTo == "" || post.ReplyTo != ev.Message || post.To != ev.Conversation {
		return nil
	}
	return &chat.Quote{Name: ev.Author.Name, Text: w.Text}
}

// sign puts an emoji on a message, which may be one of the bot's own.
func (p *deeds) sign(a chat.React) error {
	ref := chat.Ref{Conversation: a.To, Message: a.Message}
	d := chat.Delivery{Action: a}
	if ref.SaidBy() != "" {
		a.Message = ""
		d.Of, d.Action = ref, a
	}
	return p.around(ref, chat.Reacted{Emoji: a.Emoji, Removed: a.Remove}, d, nil)
}

// around plans d where the bot does something about a message, and the same in the other conversations of the mirrors that
// it is in there. Where the means are lacking nothing happens.
func (p *deeds) around(ref chat.Ref, what chat.Happening, d chat.Delivery, card *chat.Card) error {
	at := ref.Conversation
	d.Lane = chat.LaneTo(p.rules.mirrors.Leg(at))
	if p.possible(d.Action) {
		p.plan(d)
	}
	ev := chat.Event{
		ID: chat.EventID(ref.Message), Conversation: at, Message: ref.Message, At: p.r.cfg.Now(), Hops: p.hear.Event.Hops,
		Author: chat.Author{ID: chat.PersonID(p.bot), Name: p.bot.Name()}, What: what,
	}
	if heard := p.hear.Event; heard.Conversation == at {
		ev.Topic, ev.Root = heard.Topic, heard.Root
	}
	res, err := p.rules.mirrors.Plan(ev, memory{p.v, p.r})
	if err != nil {
		return err
	}
	res.Deliveries = p.carried(res.Deliveries, what, card)
	brought := p.r.planned(res)
	p.changes.Deliveries = append(p.changes.Deliveries, brought.Deliveries...)
	p.changes.React = append(p.changes.React, brought.React...)
	p.changes.Unreact = append(p.changes.Unreact, brought.Unreact...)
	for _, k := range slices.Sorted(maps.Keys(brought.Keep)) {
		p.remember(k, brought.Keep[k])
	}
	return p.overheard(ev)
}

// carried are those of a mirror's deliveries that are possible, with the card of what the bot said. No line stands for what
// is not possible, or for an emoji of a bot's.
func (p *deeds) carried(ds []chat.Delivery, what chat.Happening, card *chat.Card) []chat.Delivery {
	_, signs := what.(chat.Reacted)
	var carried []chat.Delivery
	for _, d := range ds {
		switch a := d.Action.(type) {
		case chat.Post:
			if signs {
				continue
			}
			a.Card = card
			d.Action = a
		case chat.Edit:
			a.Card, a.Else = card, nil
			d.Action = a
		case chat.React:
			a.Else = nil
			d.Action = a
		case chat.Delete, chat.Pin, chat.Open, chat.Hear:
		}
		if p.possible(d.Action) {
			carried = append(carried, d)
		}
	}
	return carried
}

// possible says whether the platform has the means for a.
func (p *deeds) possible(a chat.Action) bool {
	can := p.r.can(a.Target().Account)
	switch a.(type) {
	case chat.Edit:
		return can.Edit
	case chat.Delete:
		return can.Delete
	case chat.React:
		return can.React
	case chat.Post, chat.Pin, chat.Open, chat.Hear:
	}
	return true
}

// overheard tells other bots what this one said, if they want to hear what machines say.
func (p *deeds) overheard(ev chat.Event) error {
	if _, said := ev.What.(chat.Posted); !said {
		return nil
	}
	ev.Hops++
	ev.Author.Bot = true
	if ev.Hops >= route.MaxHops {
		return nil
	}
	hears, _, err := p.r.hearers(p.v, p.rules, ev, "", p.bot)
	for _, h := range hears {
		p.changes.Deliveries = append(p.changes.Deliveries, tellBot(h))
	}
	return err
}

// wake plans that the bot is told of something later, in a lane of its own because it must not hold up its talk.
func (p *deeds) wake(a chat.Wake) error {
	if err := p.unwake(a.Hear.To, a.Name); err != nil {
		return err
	}
	ref := chat.WakeRef(a.Hear.To, a.Name)
	p.changes.Deliveries = append(p.changes.Deliveries, chat.Delivery{
		Lane: chat.Lane(ref.String()), Purpose: hearing, Source: ref, Due: a.Due, Action: a.Hear,
	})
	return nil
}

func (p *deeds) unwake(talk chat.Conversation, name string) error {
	ref := chat.WakeRef(talk, name)
	waiting, err := p.v.Waiting(ref)
	if err != nil {
		return err
	}
	for _, w := range waiting {
		p.changes.Cancel = append(p.changes.Cancel, w.ID)
	}
	p.changes.Deliveries = slices.DeleteFunc(p.changes.Deliveries, func(d chat.Delivery) bool {
		return d.Purpose == hearing && d.Source == ref
	})
	return nil
}

// atDesk says whether what a bot does at a conversation concerns the case of the contact there, and then takes care of it.
// What a bot says to a contact whom people have taken over meanwhile, the desk does not say.
func (p *deeds) atDesk(a chat.Act) (bool, error) {
	if p.hear.Desk == "" || whereOf(a) != p.hear.Event.Conversation {
		return false, nil
	}
	if !p.begun {
		p.begun = true
		if err := p.beginCase(); err != nil {
			return true, err
		}
	}
	if p.contact != nil {
		p.acts = append(p.acts, a)
	}
	return true, nil
}

// whereOf is the conversation in which a desk may have a part in what a bot does; zero: in none.
func whereOf(a chat.Act) chat.Conversation {
	switch a := a.(type) {
	case chat.Say:
		return a.Post.To
	case chat.Reword:
		return a.Ref.Conversation
	case chat.Unsay:
		return a.Ref.Conversation
	case chat.HandOff:
		return a.At
	case chat.HandBack:
		return a.At
	case chat.Sign, chat.Wake, chat.Unwake:
	}
	return chat.Conversation{}
}

func (p *deeds) beginCase() error {
	d, ok := p.rules.desks[p.hear.Desk]
	if !ok {
		return nil
	}
	who := desk.Identity{Account: p.hear.Event.Conversation.Account, Person: p.hear.Event.Author.ID}
	c, err := p.v.LastCase(d.Name, who)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	contact, err := p.v.Contact(d.Name, who)
	if err != nil {
		return fmt.Errorf("contact of case %s: %w", c.ID, err)
	}
	p.desk, p.was, p.contact = d, c, &contact
	return nil
}

// done is everything that follows.
func (p *deeds) done() (store.Changes, error) {
	if len(p.acts) == 0 {
		return p.changes, nil
	}
	in := desk.FromBot{Bot: p.bot.Name(), Key: p.hear.Key, Hops: p.hear.Event.Hops, Acts: p.acts}
	for _, a := range p.acts {
		ref := chat.Ref{}
		switch a := a.(type) {
		case chat.Reword:
			ref = a.Ref
		case chat.Unsay:
			ref = a.Ref
		case chat.Say, chat.Sign, chat.HandOff, chat.HandBack, chat.Wake, chat.Unwake:
			continue
		}
		l, err := lineAt(p.v, p.was.Desk, p.was.Contact, ref)
		if err != nil {
			return store.Changes{}, err
		}
		if !l.Ref.IsZero() {
			in.Was = append(in.Was, l)
		}
	}
	c, err := p.r.changes(p.v, p.desk, p.desk.Step(p.was, *p.contact, in, p.r.cfg.Now()))
	if err != nil {
		return c, err
	}
	c.Deliveries = append(c.Deliveries, p.changes.Deliveries...)
	c.Keep, c.React, c.Unreact = p.changes.Keep, p.changes.React, p.changes.Unreact
	c.Cancel = append(c.Cancel, p.changes.Cancel...)
	return c, nil
}
