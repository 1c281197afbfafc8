package router

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
	"github.com/roost-im/roost/router/lane"
	"github.com/roost-im/roost/router/route"
	"github.com/roost-im/roost/router/store"
)

// Bot is a bot, and where it listens. Its connector is among Setup.Accounts.
type Bot struct {
	Account  chat.Account
	Routes   []string            // the contacts of desks, and mirrors, by their names
	Places   []chat.Conversation // with their threads
	Accounts []chat.Account      // everywhere on them
	// Wants says whether the bot wants to hear of an event; where it does not, and names a key, it wants it all the same if
	// something is kept under that. It does no I/O.
	Wants func(ev chat.Event) (now bool, kept string)
}

// Why a bot's deliveries are made.
const (
	hearing = "hear" // to tell a bot
	botSays = "bot"  // what it does about it
)

// listens says in which talk a bot hears what happens at a place that is in these mirrors, or of the contacts of that desk.
// A talk is the name of a mirror, or the text form of a place.
func (b Bot) listens(place chat.Conversation, mirrors []string, deskName string) (talk chat.ConversationID, ok bool) {
	for _, m := range mirrors {
		if slices.Contains(b.Routes, m) {
			return chat.ConversationID(m), true
		}
	}
	talk = chat.ConversationID(place.String())
	if deskName != "" && slices.Contains(b.Routes, deskName) {
		return talk, true
	}
	return talk, slices.Contains(b.Places, place) || slices.Contains(b.Accounts, place.Account)
}

// heard plans that bots are told of an event. c is what follows from it otherwise.
func (r *Router) heard(v store.View, rules *rules, ev chat.Event, deskName string, c *store.Changes) (why []string, err error) {
	if len(rules.bots) == 0 {
		return nil, nil
	}
	if deskName != "" && withPeople(c.Cases) {
		return []string{"bots are not told: people have the case"}, nil
	}
	if ev.Hops >= route.MaxHops {
		return nil, nil
	}
	hears, err := r.hearers(v, rules, ev, deskName, "")
	if len(hears) == 0 || err != nil {
		return nil, err
	}
	about, err := aboutBots(v, ev)
	if err != nil {
		return nil, err
	}
	for _, h := range hears {
		switch by := about.SaidBy(); {
		case by == h.To.Account:
			h.About = about
		case by != "" && isPressed(ev):
			continue // the button is another bot's
		}
		h.Desk = deskName
		c.Deliveries = append(c.Deliveries, tellBot(h))
		why = append(why, "bot "+h.To.Account.Name()+" is told")
	}
	return why, nil
}

// hearers are the bots but for one that want to hear of an event, each with what it is told.
func (r *Router) hearers(v store.View, rules *rules, ev chat.Event, deskName string, but chat.Account) ([]chat.Hear, error) {
	var hears []chat.Hear
	place, mirrors := ev.Conversation.Place(), rules.mirrors.Names(ev.Conversation)
	for _, b := range rules.bots {
		talk, ok := b.listens(place, mirrors, deskName)
		if !ok || b.Account == but || !r.runsBot(b.Account) {
			continue
		}
		wants, err := wanted(v, b, ev)
		if err != nil {
			return nil, err
		}
		if wants {
			to := chat.Conversation{Account: b.Account, ID: talk}
			hears = append(hears, chat.Hear{To: to, Event: ev, Can: r.can(ev.Conversation.Account)})
		}
	}
	return hears, nil
}

// tellBot is the delivery that tells a bot.
func tellBot(h chat.Hear) chat.Delivery {
	return chat.Delivery{Lane: chat.LaneTo(h.To), Purpose: hearing, Action: h}
}

func isPressed(ev chat.Event) bool {
	_, ok := ev.What.(chat.Pressed)
	return ok
}

// withPeople says whether people have the case that an event is about, which is among those that it changed.
func withPeople(cases []desk.Case) bool {
	return slices.ContainsFunc(cases, func(c desk.Case) bool { return c.WithPeople() })
}

// runsBot says whether a bot is there to be told.
func (r *Router) runsBot(a chat.Account) bool {
	_, ok := r.traits(a)
	return ok
}

func (r *Router) can(a chat.Account) chat.Can {
	t, _ := r.traits(a)
	return chat.CanOf(t)
}

// wanted says whether a bot wants to hear of an event.
func wanted(v store.View, b Bot, ev chat.Event) (bool, error) {
	now, key := b.Wants(ev)
	if now || key == "" {
		return now, nil
	}
	_, err := v.Kept(key)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// aboutBots is the message of a bot that an event is about, or that it answers; zero when there is none.
func aboutBots(v store.View, ev chat.Event) (chat.Ref, error) {
	of, answers, err := relatives(v, ev)
	if of.IsZero() {
		of = answers
	}
	if of.SaidBy() == "" {
		of = chat.Ref{}
	}
	return of, err
}

// called is what follows from something that calls a bot: it is told, in the conversation that it is called about.
func (r *Router) called(rules *rules, ev chat.Event) (store.Changes, []string, error) {
	h := chat.Hear{To: ev.Conversation, Event: ev}
	if at, ok := rules.about(ev.Conversation.ID); ok {
		h.Event.Conversation = at
		h.Can = r.can(at.Account)
	} else {
		h.Event.Conversation = chat.Conversation{}
	}
	return store.Changes{Deliveries: []chat.Delivery{tellBot(h)}}, []string{"bot " + ev.Conversation.Account.Name() + " is called"}, nil
}

// about is the conversation that a talk means: of a mirror, its first one.
func (r *rules) about(talk chat.ConversationID) (chat.Conversation, bool) {
	if at, ok := r.mirrors.First(string(talk)); ok {
		return at, true
	}
	at, err := chat.ParseConversation(string(talk))
	return at, err == nil
}

// botHeard is what follows from what a bot made of an event.
func (r *Router) botHeard(v store.View, e lane.End, h chat.Hear) (store.Changes, error) {
	if e.Outcome == nil || e.Delivery.State != chat.Sent {
		return store.Changes{}, nil
	}
	p := &deeds{r: r, v: v, rules: r.ruling(), hear: h, bot: h.To.Account}
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
	contact *desk.Contact // whose case it is; nil: nobody's, or people have it
	desk    Desk
	was     desk.Case
	acts    []chat.Act // that concern the case, in order
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
		return p.around(a.Ref.Conversation, a.Ref.Message, chat.Edited{Text: a.Edit.Text}, chat.Delivery{
			Of: a.Ref, Action: chat.Edit{To: a.Ref.Conversation, Text: a.Edit.Text, Card: a.Edit.Card},
		}, a.Edit.Card)
	case chat.Unsay:
		d := chat.Delivery{Of: a.Ref, Action: chat.Delete{To: a.Ref.Conversation}}
		return p.around(a.Ref.Conversation, a.Ref.Message, chat.Deleted{}, d, nil)
	case chat.Sign:
		if p.possible(a.React) {
			p.plan(chat.Delivery{Lane: chat.LaneTo(a.React.To), Action: a.React})
		}
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
	d := chat.Delivery{Source: a.Ref, Action: post}
	if post.Only != "" || post.To.Account.IsBot() {
		d.Lane = chat.LaneTo(post.To)
		p.plan(d)
		return nil
	}
	said := chat.Posted{Text: post.Text, Files: post.Files, ReplyTo: post.ReplyTo}
	return p.around(post.To, a.Ref.Message, said, d, post.Card)
}

// around plans d where the bot does something, and the same in the other conversations of the mirrors that it is in there.
func (p *deeds) around(at chat.Conversation, message chat.MessageID, what chat.Happening, d chat.Delivery, card *chat.Card) error {
	d.Lane = chat.LaneTo(p.rules.mirrors.Leg(at))
	if p.possible(d.Action) {
		p.plan(d)
	}
	ev := chat.Event{
		ID: chat.EventID(message), Conversation: at, Message: message, At: p.r.cfg.Now(), Hops: p.hear.Event.Hops,
		Author: chat.Author{ID: chat.PersonID(p.bot), Name: p.bot.Name()}, What: what,
	}
	res, err := p.rules.mirrors.Plan(ev, memory{p.v, p.r})
	if err != nil {
		return err
	}
	for i := range res.Deliveries {
		switch a := res.Deliveries[i].Action.(type) {
		case chat.Post:
			a.Card = card
			res.Deliveries[i].Action = a
		case chat.Edit:
			a.Card, a.Else = card, nil
			res.Deliveries[i].Action = a
		case chat.Delete, chat.React, chat.Pin, chat.Open, chat.Hear:
		}
	}
	brought := p.r.planned(res)
	p.changes.Deliveries = append(p.changes.Deliveries, brought.Deliveries...)
	for k, value := range brought.Keep {
		p.remember(k, value)
	}
	return p.overheard(ev)
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
	hears, err := p.r.hearers(p.v, p.rules, ev, "", p.bot)
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
// What a bot says to a contact whom people have taken over meanwhile is not said.
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
	if c.WithPeople() || contact.Blocked {
		return nil
	}
	p.desk, p.was, p.contact = d, c, &contact
	return nil
}

// done is everything that follows.
func (p *deeds) done() (store.Changes, error) {
	if len(p.acts) == 0 {
		return p.changes, nil
	}
	in := desk.FromBot{Bot: p.bot.Name(), Hops: p.hear.Event.Hops, Acts: p.acts}
	c, err := p.r.changes(p.v, p.desk, p.desk.Step(p.was, *p.contact, in, p.r.cfg.Now()))
	if err != nil {
		return c, err
	}
	c.Deliveries = append(c.Deliveries, p.changes.Deliveries...)
	c.Keep, c.Cancel = p.changes.Keep, append(c.Cancel, p.changes.Cancel...)
	return c, nil
}
