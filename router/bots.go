package router

import (
	"errors"
	"fmt"
	"slices"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
	"github.com/roost-im/roost/router/route"
	"github.com/roost-im/roost/router/store"
)

// Bot is a bot, and where it listens. Its connector is among Setup.Accounts.
type Bot struct {
	Account  chat.Account
	Routes   []string            // the contacts of desks, and mirrors, by their names
	Places   []chat.Conversation // with their threads
	Accounts []chat.Account      // everywhere on them
	// Wants says whether the bot wants to hear of an event. It does no I/O.
	Wants func(ev chat.Event) chat.Wish
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

// answers says whether the bot hears the contacts of a desk.
func (b Bot) answers(d Desk) bool {
	return slices.Contains(b.Routes, d.Name) || slices.ContainsFunc(d.From, func(a chat.Account) bool { return slices.Contains(b.Accounts, a) })
}

// heard plans that bots are told of an event. c is what follows from it otherwise.
func (r *Router) heard(v store.View, rules *rules, ev chat.Event, deskName string, c *store.Changes) (why []string, err error) {
	if len(rules.bots) == 0 {
		return nil, nil
	}
	if reason, err := r.untold(v, ev, deskName, c); reason != "" || err != nil {
		return []string{"bots are not told: " + reason}, err
	}
	hears, why, err := r.hearers(v, rules, ev, deskName, "")
	if len(hears) == 0 || err != nil {
		return why, err
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

// untold says why no bot is told of an event; empty when those are that want to. c is what follows from it otherwise.
func (r *Router) untold(v store.View, ev chat.Event, deskName string, c *store.Changes) (string, error) {
	switch {
	case ev.Hops >= route.MaxHops:
		return fmt.Sprintf("it has passed %d routes already", ev.Hops), nil
	case deskName != "" && withPeople(c.Cases):
		return "people have the case", nil
	case deskName != "" && slices.ContainsFunc(c.Contacts, func(k store.KnownContact) bool { return k.Blocked }):
		return "the contact is blocked", nil
	case !ev.Author.Bot || ev.Message == "":
		return "", nil
	}
	// Another account of ours may see, as a bot's, what one of them posted.
	for _, a := range r.siblings(ev.Conversation.Account) {
		ref := ev.Ref()
		ref.Conversation.Account = a
		if original, _, err := family(v, ref); err != nil || original != ref {
			return "it is what " + string(a) + " posted", err
		}
	}
	return "", nil
}

// hearers are the bots but for one that want to hear of an event, each with what it is told; and why others are not.
func (r *Router) hearers(
	v store.View, rules *rules, ev chat.Event, deskName string, but chat.Account,
) (hears []chat.Hear, why []string, err error) {
	place, mirrors := ev.Conversation.Place(), rules.mirrors.Names(ev.Conversation)
	var wishes []wish
	for _, b := range rules.bots {
		talk, ok := b.listens(place, mirrors, deskName)
		if !ok || b.Account == but || !r.runsBot(b.Account) {
			continue
		}
		w := wish{Wish: b.Wants(ev), to: chat.Conversation{Account: b.Account, ID: talk}}
		if w.waits, err = waits(v, w.Wish); err != nil {
			return nil, nil, err
		}
		wishes = append(wishes, w)
	}
	named := slices.ContainsFunc(wishes, func(w wish) bool { return w.Named })
	waiting := slices.ContainsFunc(wishes, func(w wish) bool { return w.waits })
	for _, w := range wishes {
		if reason := w.unheard(named, waiting); reason != "" {
			why = append(why, "bot "+w.to.Account.Name()+" "+reason)
			continue
		}
		hears = append(hears, chat.Hear{To: w.to, Event: ev, Can: r.can(ev.Conversation.Account)})
	}
	return hears, why, nil
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

// wish is what a bot wants of an event, and in which talk.
type wish struct {
	chat.Wish
	to    chat.Conversation
	waits bool // for an answer of the person
}

// unheard says why a bot does not hear an event; empty when it does. named says that one is called by its name, waiting that
// one waits for an answer.
func (w wish) unheard(named, waiting bool) string {
	switch {
	case w.Named:
		return ""
	case w.waits && named:
		return "waits for an answer, and this is for another one"
	case w.waits:
		return ""
	case w.Idle && (named || waiting):
		return "leaves this to another one"
	case !w.Now:
		return "has no use for it"
	}
	return ""
}

// waits says whether a bot waits for an answer.
func waits(v store.View, w chat.Wish) (bool, error) {
	if w.Kept == "" {
		return false, nil
	}
	_, err := v.Kept(w.Kept)
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

// called is what follows from something that calls a bot: it is told, in the conversation that it is called about. Where
// that is a contact's, it is as if the contact had called. Where the bot listens it is told in the talk in which it hears
// people there, so that what it keeps of the talk is the same.
func (r *Router) called(v store.View, rules *rules, ev chat.Event) (store.Changes, []string, error) {
	h := chat.Hear{To: ev.Conversation, Event: ev}
	h.Event.Conversation = chat.Conversation{}
	if at, ok := rules.about(ev.Conversation.ID); ok {
		h.Event.Conversation = at
		h.Can = r.can(at.Account)
		contact, deskName, err := contactAt(v, rules, at)
		if err != nil {
			return store.Changes{}, nil, err
		}
		if deskName != "" {
			h.Desk, h.Event.Direct = deskName, true
			h.Event.Author = chat.Author{ID: contact.Person, Name: contact.Name, Handle: contact.Handle}
		}
		h.To.ID = rules.talk(h, at)
	}
	return store.Changes{Deliveries: []chat.Delivery{tellBot(h)}}, []string{"bot " + ev.Conversation.Account.Name() + " is called"}, nil
}

// talk is that in which the bot of h hears people at a place; where it does not, that of h.
func (r *rules) talk(h chat.Hear, at chat.Conversation) chat.ConversationID {
	for _, b := range r.bots {
		if b.Account != h.To.Account {
			continue
		}
		if talk, ok := b.listens(at.Place(), r.mirrors.Names(at), h.Desk); ok {
			return talk
		}
	}
	return h.To.ID
}

// about is the conversation that a talk means: of a mirror, its first one.
func (r *rules) about(talk chat.ConversationID) (chat.Conversation, bool) {
	if at, ok := r.mirrors.First(string(talk)); ok {
		return at, true
	}
	at, err := chat.ParseConversation(string(talk))
	return at, err == nil
}

// whoseKey is the key under which it is kept whose conversation this is, at a desk where bots answer.
func whoseKey(at chat.Conversation) string { return "whose/" + at.String() }

// keepWhose remembers whose conversation a contact's message came in.
func keepWhose(v store.View, at chat.Conversation, who chat.PersonID, c *store.Changes) error {
	key := whoseKey(at)
	is, err := v.Kept(key)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err != nil || string(is) != string(who) {
		c.Keep = map[string][]byte{key: []byte(who)}
	}
	return nil
}

// contactAt finds the contact of a desk whose conversation this is; of no desk when it is nobody's.
func contactAt(v store.View, rules *rules, at chat.Conversation) (desk.Contact, string, error) {
	name, ok := rules.takes[at.Account]
	if !ok {
		return desk.Contact{}, "", nil
	}
	who, err := v.Kept(whoseKey(at))
	var contact desk.Contact
	if err == nil {
		contact, err = v.Contact(name, desk.Identity{Account: at.Account, Person: chat.PersonID(who)})
	}
	if errors.Is(err, store.ErrNotFound) {
		return contact, "", nil
	}
	return contact, name, err
}
