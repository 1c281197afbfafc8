// Package route answers one question: where does an event go?
//
// A mirror shows the same talk in several conversations. Table.Plan turns an event in one of them into deliveries to the
// others. It is pure: what it must know of earlier messages it asks of a Family, which the store's view answers.
package route

import (
	"fmt"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// MaxHops is how many routes a message may pass. One that has passed so many goes no further, whatever loop it is in.
const MaxHops = 3

// Mirror is N conversations that show the same talk.
type Mirror struct {
	Name string
	Legs []Leg
}

// Leg is one conversation of a mirror.
type Leg struct {
	At       chat.Conversation
	Silent   bool // nothing is taken from here
	Deaf     bool // nothing is brought here
	WithBots bool // what bots say here is taken too
}

// Family finds the message that ref is a copy of; ref itself when it is none. hops is how many routes ref had passed
// when we posted it.
type Family func(ref chat.Ref) (original chat.Ref, hops int, err error)

// Table finds the mirrors that a conversation is in.
type Table struct {
	mirrors []Mirror
	at      map[chat.Conversation][]int
}

// NewTable indexes mirrors.
func NewTable(mirrors []Mirror) *Table {
	t := &Table{mirrors: mirrors, at: map[chat.Conversation][]int{}}
	for i, m := range mirrors {
		for _, leg := range m.Legs {
			t.at[leg.At] = append(t.at[leg.At], i)
		}
	}
	return t
}

// Names lists the mirrors that conv is in.
func (t *Table) Names(conv chat.Conversation) []string {
	var names []string
	for _, i := range t.at[conv] {
		names = append(names, t.mirrors[i].Name)
	}
	return names
}

// Plan says which deliveries follow from ev. Why says, for each mirror that ev is in and that brings it nowhere, what
// the reason is.
func (t *Table) Plan(ev chat.Event, family Family) (ds []chat.Delivery, why []string, err error) {
	in := t.at[ev.Conversation]
	if len(in) == 0 {
		return nil, nil, nil
	}
	original, hops := ev.Ref(), 0
	// What a person just wrote can't be a copy of anything; everything else may be.
	if _, ok := ev.What.(chat.Posted); !ok || ev.Author.Bot {
		if original, hops, err = family(ev.Ref()); err != nil {
			return nil, nil, err
		}
	}
	ev.Hops = max(ev.Hops, hops)
	answers, err := answered(ev, family)
	if err != nil {
		return nil, nil, err
	}
	for _, i := range in {
		m := t.mirrors[i]
		if reason := m.stops(ev); reason != "" {
			why = append(why, fmt.Sprintf("%s: %s", m.Name, reason))
			continue
		}
		for _, leg := range m.Legs {
			if leg.At == ev.Conversation || leg.Deaf {
				continue
			}
			if d, ok := carry(ev, original, answers, leg.At); ok {
				ds = append(ds, d)
			}
		}
	}
	return ds, why, nil
}

// stops says why a mirror brings ev nowhere; empty when it does.
func (m Mirror) stops(ev chat.Event) string {
	if ev.Hops >= MaxHops {
		return fmt.Sprintf("it has passed %d routes already", ev.Hops)
	}
	for _, leg := range m.Legs {
		if leg.At != ev.Conversation {
			continue
		}
		if leg.Silent {
			return "nothing is taken from " + leg.At.String()
		}
		if ev.Author.Bot && !leg.WithBots {
			return "bots are not carried"
		}
	}
	return ""
}

// carry is the delivery that brings ev to another leg; false when there is nothing to bring.
func carry(ev chat.Event, original, answers chat.Ref, to chat.Conversation) (chat.Delivery, bool) {
	d := chat.Delivery{Lane: chat.LaneTo(to), Purpose: "mirror"}
	as := &chat.Persona{Name: text.Name(nameOf(ev.Author), 80), Avatar: ev.Author.Avatar}
	switch w := ev.What.(type) {
	case chat.Posted:
		d.Source, d.Answers = ev.Ref(), answers
		d.Action = chat.Post{To: to, Text: w.Text, Files: w.Files, As: as, Hops: ev.Hops + 1}
	case chat.Edited:
		d.Of = original
		d.Action = chat.Edit{To: to, Text: w.Text, As: as, Else: &chat.Post{
			To: to, As: as, Hops: ev.Hops + 1, Text: text.Join(text.Plain("(edited) "), w.Text),
		}}
	case chat.Deleted:
		d.Of = original
		d.Action = chat.Delete{To: to}
	case chat.Reacted:
		d.Of = original
		d.Action = chat.React{To: to, Emoji: w.Emoji, Remove: w.Removed}
	case chat.Pinned, chat.Pressed, chat.Joined, chat.Left, chat.Typing, chat.Read:
		return d, false
	}
	return d, true
}

// answered is the original of the message that ev replies to; zero when it replies to none.
func answered(ev chat.Event, family Family) (chat.Ref, error) {
	p, ok := ev.What.(chat.Posted)
	if !ok || p.ReplyTo == "" {
		return chat.Ref{}, nil
	}
	original, _, err := family(chat.Ref{Conversation: ev.Conversation, Message: p.ReplyTo})
	return original, err
}

func nameOf(a chat.Author) string {
	switch {
	case a.Name != "":
		return a.Name
	case a.Handle != "":
		return a.Handle
	}
	return string(a.ID)
}
