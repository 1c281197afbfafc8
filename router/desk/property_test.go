package desk_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
	"github.com/roost-im/roost/router/text"
)

// Whatever happens to a case, and in whatever order, the promises of a desk hold.
func TestWhateverHappensThePromisesHold(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := newPlay(t)
		p.fromContact(chat.Posted{Text: text.Plain("hi")})
		t.Repeat(map[string]func(*rapid.T){
			"contact": func(t *rapid.T) { p.t = t; p.fromContact(p.happening("contact")) },
			"member":  func(t *rapid.T) { p.t = t; p.fromMember() },
			"press":   func(t *rapid.T) { p.t = t; p.presses() },
			"ended":   func(t *rapid.T) { p.t = t; p.ended() },
			"bot":     func(t *rapid.T) { p.t = t; p.fromBot() },
			"time": func(t *rapid.T) {
				p.t = t
				p.now = p.now.Add(time.Duration(rapid.IntRange(0, 100).Draw(t, "minutes")) * time.Minute)
				p.step(desk.Woke{})
			},
		})
	})
}

// play is a case under random hands, with what a store would remember of it.
type play struct {
	t       *rapid.T
	desk    desk.Desk
	c       desk.Case
	who     desk.Contact
	now     time.Time
	n       int
	made    []chat.Delivery            // everything that was planned, not settled yet
	waiting map[chat.Ref]chat.Delivery // replies that have not left
	replies map[chat.Ref]int           // replies that were not cancelled
	opened  map[chat.Ref]bool
	lines   map[chat.Ref]desk.Line
	said    []chat.Ref
	buttons []string
	botSaid []chat.Ref
	before  desk.Case // as it was before the last step
}

func newPlay(t *rapid.T) *play {
	p := &play{
		t: t, now: noon, waiting: map[chat.Ref]chat.Delivery{}, replies: map[chat.Ref]int{}, opened: map[chat.Ref]bool{},
		lines: map[chat.Ref]desk.Line{}, who: desk.Contact{Identity: desk.Identity{Account: dm.Account, Person: "jane"}},
		buttons: []string{"claim", "close", "reopen", "snooze", "block", "unblock", "reply", "note", "later", "bot", "send:", "retry:x", "nonsense"},
	}
	p.desk = desk.Desk{
		Name:   "support",
		Hold:   rapid.SampledFrom([]time.Duration{0, 5 * time.Second}).Draw(t, "hold"),
		Revive: rapid.SampledFrom([]time.Duration{0, time.Hour}).Draw(t, "revive"),
		Bots:   rapid.Bool().Draw(t, "bots"),
	}
	for i, n := 0, rapid.IntRange(1, 3).Draw(t, "surfaces"); i < n; i++ {
		p.desk.Surfaces = append(p.desk.Surfaces, desk.Surface{
			At:      chat.Conversation{Account: "slack/team", ID: chat.ConversationID(fmt.Sprintf("C%d", i))},
			Reply:   rapid.SampledFrom([]desk.Mode{desk.Send, desk.Send, desk.Ask, desk.Note, desk.Alerts}).Draw(t, "mode"),
			Members: []chat.PersonID{"ann", "bob"},
		})
	}
	return p
}

// secret is in everything that must never reach the contact.
const secret = "secret"

func (p *play) words(front string) text.Text {
	p.n++
	return text.Plain(fmt.Sprintf("%s word %d", front, p.n))
}

func (p *play) happening(of string) chat.Happening {
	w := p.words("")
	return rapid.SampledFrom([]chat.Happening{
		chat.Posted{Text: w},
		chat.Posted{Text: w},
		chat.Posted{},
		chat.Edited{Text: w},
		chat.Edited{Text: w},
		chat.Deleted{},
		chat.Reacted{Emoji: "👍"},
		chat.Pressed{Button: "close"},
		chat.Joined{},
		chat.Left{},
		chat.Typing{},
		chat.Read{},
		chat.Bounced{Reason: "a reason"},
		nil,
	}).Draw(p.t, of)
}

// event is something about a fresh message when it was posted; otherwise mostly about one of the latest there.
func (p *play) event(at chat.Conversation, who chat.Author, what chat.Happening) chat.Event {
	p.n++
	ev := chat.Event{ID: chat.EventID(fmt.Sprintf("e%d", p.n)), Conversation: at, Author: who, At: p.now, What: what}
	ev.Message = chat.MessageID(fmt.Sprintf("m%d", p.n))
	if _, ok := what.(chat.Posted); ok {
		p.said = append(p.said, ev.Ref())
		return ev
	}
	there := slices.DeleteFunc(slices.Clone(p.said), func(r chat.Ref) bool { return r.Conversation != at })
	if back := rapid.IntRange(1, 4).Draw(p.t, "how many messages ago"); back <= len(there) {
		ev.Message = there[len(there)-back].Message
	}
	return ev
}

func (p *play) fromContact(what chat.Happening) {
	in := desk.FromContact{Event: p.event(dm, chat.Author{ID: "jane", Name: "Jane"}, what)}
	in.Was = p.lines[in.Event.Ref()]
	if len(p.lines) > 0 && rapid.Bool().Draw(p.t, "on a reply") {
		in.Original = p.anyLine()
		in.Part, in.Parts = rapid.IntRange(0, 1).Draw(p.t, "part"), 2
	}
	in.Edited = chat.HappeningName(what) == "posted" && rapid.Bool().Draw(p.t, "edited")
	if _, waits := p.waiting[in.Original]; waits && chat.HappeningName(what) == "bounced" {
		in.Original = chat.Ref{} // what has not left can't come back
	}
	if p.desk.Takes(p.c, in, p.now) {
		p.step(in)
	} else if _, ok := what.(chat.Posted); ok {
		p.keep(in, p.desk.Begin(desk.NewCaseID(dm.Account, in.Event.ID), p.who, in, p.now))
	}
}

func (p *play) anyLine() chat.Ref {
	refs := make([]chat.Ref, 0, len(p.lines))
	for r := range p.lines {
		refs = append(refs, r)
	}
	slices.SortFunc(refs, func(a, b chat.Ref) int { return strings.Compare(a.String(), b.String()) })
	return rapid.SampledFrom(refs).Draw(p.t, "line")
}

func (p *play) fromMember() {
	on := rapid.SampledFrom(append(slices.Clone(p.desk.Surfaces), desk.Surface{At: telegram})).Draw(p.t, "surface")
	author := rapid.SampledFrom([]chat.Author{
		{ID: "ann", Name: "Ann"}, {ID: "bob", Name: "Bob"}, {ID: "eve", Name: "Eve"}, {ID: "ann", Self: true}, {ID: "bob", Bot: true}, {},
	}).Draw(p.t, "author")
	at := on.At
	at.Thread = "t"
	what := p.happening("member")
	switch w := what.(type) {
	case chat.Posted:
		w.Text = p.marked(on, author, true)
		what = w
	case chat.Edited:
		w.Text = p.marked(on, author, false)
		what = w
	case chat.Pressed:
		w.Button = rapid.SampledFrom(p.buttons).Draw(p.t, "button")
		w.Fields = map[string]string{"for": rapid.SampledFrom([]string{"1h", "", "x"}).Draw(p.t, "for"), "text": p.marked(on, author, false).Body}
		what = w
	case chat.Deleted, chat.Reacted, chat.Pinned, chat.Joined, chat.Left, chat.Typing, chat.Read, chat.Bounced, chat.Called:
	}
	in := desk.FromMember{Event: p.event(at, author, what), Surface: on.At}
	in.Was = p.lines[in.Event.Ref()]
	if d, ok := p.waiting[in.Event.Ref()]; ok {
		in.Undoable, in.Due = true, d.Due
	}
	in.Pending, in.Bounced = p.pending(), bounced(p.c, p.lines)
	if rapid.Bool().Draw(p.t, "forgotten") {
		in.Was = desk.Line{}
	}
	if _, ok := what.(chat.Reacted); ok {
		in.Original = chat.Ref{Conversation: dm, Message: "m1"}
	}
	p.step(in)
}

// marked is a text that says itself when it must not reach the contact.
func (p *play) marked(on desk.Surface, author chat.Author, fresh bool) text.Text {
	front := rapid.SampledFrom([]string{"", "", "//", " // ", "!", "! //", "later 2h: ", "!later 1m:", "/later 3d ", "later 90d:"}).Draw(p.t, "mark")
	guest := author.Bot || author.Self || author.ID != "ann" && author.ID != "bob"
	stays := on.Reply == desk.Alerts || on.Reply == desk.Note && !strings.HasPrefix(front, "!")
	if guest || strings.HasPrefix(strings.TrimSpace(front), "//") || fresh && stays {
		return p.words(front + " " + secret)
	}
	return p.words(front)
}

// presses lets a member press one of the last buttons, which may have been pressed before.
func (p *play) presses() {
	on := rapid.SampledFrom(p.desk.Surfaces).Draw(p.t, "surface")
	at := on.At
	at.Thread = "t"
	button := rapid.SampledFrom(p.buttons[max(0, len(p.buttons)-4):]).Draw(p.t, "last button")
	who := chat.Author{ID: rapid.SampledFrom([]chat.PersonID{"ann", "bob"}).Draw(p.t, "who"), Name: "Ann"}
	p.step(desk.FromMember{
		Event: p.event(at, who, chat.Pressed{Button: button}), Surface: on.At, Pending: p.pending(), Bounced: bounced(p.c, p.lines),
	})
}

// pending lists the scheduled messages that have not left.
func (p *play) pending() (refs []chat.Ref) {
	for _, l := range p.c.Later {
		if _, ok := p.waiting[l.Ref]; ok {
			refs = append(refs, l.Ref)
		}
	}
	return refs
}

func (p *play) ended() {
	if len(p.made) == 0 {
		return
	}
	i := rapid.IntRange(0, len(p.made)-1).Draw(p.t, "delivery")
	d := p.made[i]
	p.made = slices.Delete(p.made, i, i+1)
	delete(p.waiting, d.Source)
	d.State = rapid.SampledFrom([]chat.State{chat.Sent, chat.Sent, chat.Rejected, chat.Dead, chat.Held}).Draw(p.t, "state")
	d.Reason = "a reason"
	in := desk.Ended{Delivery: d, Gone: d.State == chat.Rejected && rapid.Bool().Draw(p.t, "gone")}
	if o, ok := d.Action.(chat.Open); ok && d.State == chat.Sent {
		dest := chat.Ref{Conversation: o.To, Message: "card"}
		dest.Conversation.Thread = "t"
		in.Copies = []chat.Copy{{Source: d.Source, Dest: dest}}
	}
	for _, l := range p.lines {
		in.History = append(in.History, l)
	}
	slices.SortFunc(in.History, func(a, b desk.Line) int { return strings.Compare(a.Ref.String(), b.Ref.String()) })
	p.step(in)
}

func (p *play) step(in desk.Input) {
	if p.c.ID == "" {
		return
	}
	before, who := clone(p.t, p.c), clone(p.t, p.who)
	res := p.desk.Step(p.c, p.who, in, p.now)
	if diff := cmp.Diff(res, p.desk.Step(p.c, p.who, in, p.now)); diff != "" {
		p.t.Fatalf("the same step came to something else:\n%s", diff)
	}
	if diff := cmp.Diff(before, clone(p.t, p.c)) + cmp.Diff(who, clone(p.t, p.who)); diff != "" {
		p.t.Fatalf("a step changed what it was given:\n%s", diff)
	}
	p.keep(in, res)
}

func (p *play) keep(in desk.Input, res desk.Result) {
	valid(p.t, res)
	if clone(p.t, res.Case).ID != res.Case.ID {
		p.t.Fatalf("the case can't be stored")
	}
	p.handed(in, res)
	p.c, p.who = res.Case, res.Contact
	for _, ref := range res.Cancel {
		if _, ok := p.waiting[ref]; !ok {
			p.t.Fatalf("%s is cancelled, but no reply of it waits", ref)
		}
		delete(p.waiting, ref)
		p.made = slices.DeleteFunc(p.made, func(d chat.Delivery) bool { return desk.IsReply(d) && d.Source == ref })
		p.replies[ref]--
	}
	for _, l := range res.Lines {
		p.lines[l.Ref] = l
	}
	for _, d := range res.Deliveries {
		p.delivery(in, d)
	}
	if c, ok := in.(desk.FromContact); ok {
		p.heard(c, res)
	}
}

func (p *play) delivery(in desk.Input, d chat.Delivery) {
	p.n++
	d.ID = chat.DeliveryID(p.n)
	p.made = append(p.made, d)
	if d.Lane == chat.LaneTo(dm) {
		if b, ok := in.(desk.FromBot); ok {
			p.byBot(b, d)
		} else {
			p.outside(in, d)
		}
	}
	switch a := d.Action.(type) {
	case chat.Open:
		if p.opened[d.Source] {
			p.t.Fatalf("%s is opened twice", d.Source)
		}
		p.opened[d.Source] = true
	case chat.Post:
		if a.Card != nil {
			for _, b := range a.Card.Buttons {
				p.buttons = append(p.buttons, b.ID) // to be pressed, perhaps more than once
			}
		}
	case chat.Edit, chat.Delete, chat.React, chat.Pin, chat.Hear:
	}
}

// outside checks what goes to the contact.
func (p *play) outside(in desk.Input, d chat.Delivery) {
	m, ok := in.(desk.FromMember)
	if !ok {
		p.t.Fatalf("%T makes %+v go to the contact", in, d)
	}
	who := m.Event.Author
	_, taking := d.Action.(chat.Delete)
	if who.Bot || who.Self || who.ID != "ann" && who.ID != "bob" && (!taking || who.ID != "") {
		p.t.Fatalf("%+v makes %+v go to the contact", who, d)
	}
	var said text.Text
	switch a := d.Action.(type) {
	case chat.Post:
		said = a.Text
		p.waiting[d.Source] = d
		again := slices.ContainsFunc(p.before.Trouble, func(x desk.Trouble) bool { return x.Delivery == 0 && x.Reply == d.Source })
		if p.replies[d.Source]++; p.replies[d.Source] > 1 && !again {
			p.t.Fatalf("%s is answered twice", d.Source)
		}
	case chat.Edit:
		said = a.Text
	case chat.Delete, chat.React, chat.Pin, chat.Open, chat.Hear:
	}
	if strings.Contains(said.Body, secret) {
		p.t.Fatalf("%q reaches the contact in a %s", said.Body, d.Purpose)
	}
}

// heard checks that a message of the contact is never lost, however the case stood.
func (p *play) heard(in desk.FromContact, res desk.Result) {
	if _, ok := in.Event.What.(chat.Posted); !ok {
		return
	}
	if !slices.ContainsFunc(res.Lines, func(l desk.Line) bool { return l.Ref == in.Event.Ref() && l.Way == desk.In }) {
		p.t.Fatalf("%s has no line", in.Event.Ref())
	}
	want := len(p.desk.Surfaces)
	if res.Contact.Blocked {
		want = 0
	}
	if want > 0 && res.Case.State != desk.Open {
		p.t.Fatalf("a message came in and the case is %s", res.Case.State)
	}
	got := 0
	for _, d := range res.Deliveries {
		if d.Source == in.Event.Ref() {
			got++
		}
	}
	if got != want {
		p.t.Fatalf("%s is shown %d times, want %d", in.Event.Ref(), got, want)
	}
}
