package desk_test

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
	"github.com/roost-im/roost/router/text"
)

// fromBot lets a bot do something about the contact, several things at once perhaps.
func (p *play) fromBot() {
	p.n++
	in := desk.FromBot{Bot: "helper", Key: chat.Key(fmt.Sprintf("k-%d", p.n)), Hops: rapid.IntRange(0, 2).Draw(p.t, "hops")}
	for i := range rapid.IntRange(1, 4).Draw(p.t, "acts") {
		in.Acts = append(in.Acts, p.act(in.Key, i))
	}
	p.step(in)
}

func (p *play) act(k chat.Key, i int) chat.Act {
	ref := k.Said("bot/helper", dm, i)
	card := &chat.Card{Numbered: true, Buttons: []chat.Button{{ID: "a", Label: "Yes"}, {ID: "b", Label: "No"}}}
	post := chat.Post{To: dm, Text: p.words("bot"), ReplyTo: rapid.SampledFrom([]chat.MessageID{"", "m1", ref.Message}).Draw(p.t, "answers")}
	before := rapid.SampledFrom(append([]chat.Ref{ref}, p.botSaid...)).Draw(p.t, "of")
	return rapid.SampledFrom([]chat.Act{
		chat.Say{Ref: ref, Post: post},
		chat.Say{Ref: ref, Post: chat.Post{To: dm, Text: text.Text{}, Card: card}},
		chat.Reword{Ref: before, Edit: chat.Edit{To: dm, Text: p.words("bot"), Card: card}},
		chat.Unsay{Ref: before},
		chat.HandOff{At: dm, Reason: "help"},
		chat.HandBack{At: dm},
		chat.Sign{React: chat.React{To: dm, Message: "m1", Emoji: "👍"}},
		chat.Unwake{Name: "w"},
	}).Draw(p.t, "act")
}

// byBot checks what a bot makes go to the contact: only its own words, and only while nobody of the team has the case.
func (p *play) byBot(in desk.FromBot, d chat.Delivery) {
	gaveBack := slices.ContainsFunc(in.Acts, func(a chat.Act) bool { _, ok := a.(chat.HandBack); return ok })
	people := p.before.State != desk.Closed
	if p.who.Blocked || people && (!p.before.Owner.IsZero() || !p.before.Handed.IsZero() && !gaveBack) {
		p.t.Fatalf("a bot makes %+v go to a contact whom people have: %+v", d, p.before)
	}
	if desk.IsReply(d) {
		p.t.Fatalf("%+v of a bot counts as a member's reply", d)
	}
	switch a := d.Action.(type) {
	case chat.Post:
		if d.Source.SaidBy() != "bot/helper" || a.Hops != in.Hops+1 {
			p.t.Fatalf("%+v has hops %d, want a message of the bot with %d", d, a.Hops, in.Hops+1)
		}
		p.botSaid = append(p.botSaid, d.Source)
	case chat.Edit, chat.Delete:
		if d.Of.SaidBy() != "bot/helper" {
			p.t.Fatalf("a bot changes %v", d.Of)
		}
	case chat.React, chat.Pin, chat.Open, chat.Hear:
		p.t.Fatalf("a bot makes %+v", d)
	}
}

// handed checks that a case goes to people, and back, by those alone who can do that.
func (p *play) handed(in desk.Input, res desk.Result) {
	p.before = p.c
	if p.c.ID != res.Case.ID {
		return
	}
	was, is := p.c, res.Case
	_, bot := in.(desk.FromBot)
	if bot && was.Owner != is.Owner {
		p.t.Fatalf("a bot changes the owner from %v to %v", was.Owner, is.Owner)
	}
	if was.Handed.IsZero() && !is.Handed.IsZero() && (!bot || was.WithPeople() || is.State != desk.Open || is.Waiting.IsZero()) {
		p.t.Fatalf("%T hands a case off that was %+v and is %+v", in, was, is)
	}
	if _, ended := in.(desk.Ended); ended && was.WithPeople() != is.WithPeople() {
		p.t.Fatalf("a delivery that ended gives the case from %v to %v", was.WithPeople(), is.WithPeople())
	}
	if is.State == desk.Closed && !is.Handed.IsZero() {
		p.t.Fatalf("a closed case is still handed off: %+v", is)
	}
}
