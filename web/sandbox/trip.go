package sandbox

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/roost-im/roost/router"
	"github.com/roost-im/roost/router/chat"
)

const (
	maxTrips = 200
	maxSteps = 60 // of one trip; the oldest deliveries fall out

	maxLabels = 2000 // of buttons

	leastPause = 500 * time.Millisecond // what is shorter is not worth a word
	atOnce     = 10 * time.Second       // within which a bot does what it does about something
)

// trip is one event and what followed from it.
type trip struct {
	seq       int64 // of its last change
	id        int64
	line      bool         // no trip: something that happened to Roost itself
	event     chat.EventID // empty for deliveries that no known event caused
	action    string       // what carries such an event on; empty: nothing by itself
	account   chat.Account
	ref       chat.Ref
	began     time.Time
	admitted  time.Time // zero until then
	author    chat.Author
	what      string
	text      string
	steps     []step
	cases     map[chat.CaseID]bool
	delivered map[chat.DeliveryID]bool
	told      []telling
	button    pressable // that was pressed and is not known yet: who is fast presses before the platform's answer is stored
}

// telling is that a bot was told of something; what follows from it was stored just before its end was.
type telling struct {
	bot   chat.Account
	talk  chat.ConversationID
	ended time.Time
}

// step is one step as it is kept: names are found when it is shown, for they may change.
type step struct {
	at       time.Time
	kind     string          // as router.Step.What
	delivery chat.DeliveryID // 0: a step of the event
	pause    time.Duration   // before the first try
	to       chat.Conversation
	title    string // what was done, in words
	words    string // what a bot said, up to where
	action   string
	state    chat.State
	reason   string
	due      time.Time
	try      int
	loose    bool // opens a thread where there may be none
}

// trips is the log of trips. It is told by the router and read by any number of watchers; nobody waits for anybody.
type trips struct {
	boot string // tells the numbers of this run from those of another

	mu      sync.Mutex
	seq     int64
	count   int64
	all     []*trip // oldest first
	labels  map[pressable]string
	changed chan struct{}
}

// pressable is a button as it is told when somebody presses it.
type pressable struct {
	place       chat.Conversation
	name, value string
}

func newTrips(boot string) *trips {
	return &trips{boot: boot, labels: map[pressable]string{}, changed: make(chan struct{})}
}

// Watch takes one step of a trip in. It only notes it, and never waits for those who look on.
func (p *Page) Watch(s router.Step) {
	t := p.trips
	t.mu.Lock()
	defer t.mu.Unlock()
	var told *trip
	switch {
	case s.Event != nil:
		told = t.happened(s)
	case s.Delivery != nil:
		told = t.tried(s)
	}
	if told != nil {
		t.tell(told)
	}
}

// tell wakes those who watch, for a trip has changed.
func (t *trips) tell(tr *trip) {
	t.seq++
	tr.seq = t.seq
	close(t.changed)
	t.changed = make(chan struct{})
}

// happened notes an event. What Roost itself wrote comes back as an event too: it begins no trip.
func (t *trips) happened(s router.Step) *trip {
	ev := s.Event
	if ev.Author.Self {
		return nil
	}
	i := t.last(func(tr *trip) bool { return tr.event == ev.ID && tr.account == ev.Conversation.Account })
	if s.What == router.Received && i < 0 { // it comes again when it could not be confirmed
		what, words := inWords(ev.What)
		var button pressable
		if p, ok := ev.What.(chat.Pressed); ok {
			button = pressable{ev.Conversation.Place(), p.Button, p.Value}
			if label := t.labels[button]; label != "" {
				button, words = pressable{}, label
			}
		}
		return t.add(&trip{
			button: button,
			event:  ev.ID, action: carrier(ev.What), account: ev.Conversation.Account, ref: ev.Ref(), began: s.At, author: ev.Author, what: what, text: words,
			steps: []step{{at: s.At, kind: s.What, to: ev.Conversation}},
		})
	}
	if i < 0 {
		return nil
	}
	if s.What == router.Admitted && t.all[i].admitted.IsZero() {
		t.all[i].admitted = s.At
	}
	t.all[i].note(step{at: s.At, kind: s.What, to: ev.Conversation})
	return t.all[i]
}

// tried notes one try of a delivery.
func (t *trips) tried(s router.Step) *trip {
	d := s.Delivery
	t.learn(d.Action)
	tr := t.cause(d)
	if tr == nil {
		tr = t.add(uncaused(s))
	}
	tr.note(step{
		at: s.At, kind: s.What, delivery: d.ID, pause: tr.pause(s), to: d.Action.Target(), title: title(d), words: spoken(d), action: chat.ActionName(d.Action),
		state: d.State, reason: s.Reason, due: d.Due, try: d.Tries, loose: d.Loose && chat.ActionName(d.Action) == "open",
	})
	if h, ok := d.Action.(chat.Hear); ok {
		tr.told = append(tr.told, telling{bot: h.To.Account, talk: h.To.ID, ended: s.At})
	}
	tr.delivered[d.ID] = true
	if d.Case != "" {
		tr.cases[d.Case] = true
	}
	return tr
}

// learn keeps what the buttons of a card are called.
func (t *trips) learn(a chat.Action) {
	var card *chat.Card
	switch a := a.(type) {
	case chat.Post:
		card = a.Card
	case chat.Edit:
		card = a.Card
	case chat.Open:
		card = &a.Card
	case chat.Delete, chat.React, chat.Pin, chat.Hear:
	}
	if card == nil {
		return
	}
	if len(t.labels) > maxLabels {
		clear(t.labels)
	}
	for _, b := range card.Buttons {
		button := pressable{a.Target().Place(), b.ID, b.Value}
		t.labels[button] = b.Label
		if i := t.last(func(tr *trip) bool { return tr.button == button }); i >= 0 {
			t.all[i].button, t.all[i].text = pressable{}, b.Label
			t.tell(t.all[i])
		}
	}
}

// uncaused is the trip of a delivery that no known event made.
func uncaused(s router.Step) *trip {
	d := s.Delivery
	tr := &trip{account: d.Action.Target().Account, began: d.Admitted, author: chat.Author{Name: "Roost"}}
	if by := speaker(d); by != "" {
		tr.author.Name = botName(by)
	}
	if h, ok := d.Action.(chat.Hear); ok {
		tr.author.Name, tr.began = botName(h.To.Account), s.At.Add(-s.Took)
	}
	tr.what, tr.text = alone(d.Action)
	return tr
}

// heard finds the trip in which a bot was told what it does something about: the telling whose end is the first one after the
// delivery was stored. One in the talk where the bot says it is rather the one.
func (t *trips) heard(d *chat.Delivery) *trip {
	by := speaker(d)
	talk := chat.ConversationID(cmp.Or(d.Source, d.Of).Conversation.Place().String())
	var here, anywhere *trip
	var hereEnded, ended time.Time
	for _, tr := range t.all {
		for _, one := range tr.told {
			if one.bot != by || one.ended.Before(d.Admitted) {
				continue
			}
			if one.talk == talk && (here == nil || one.ended.Before(hereEnded)) {
				here, hereEnded = tr, one.ended
			}
			if anywhere == nil || one.ended.Before(ended) {
				anywhere, ended = tr, one.ended
			}
		}
	}
	return cmp.Or(here, anywhere)
}

// around finds the last trip of the place where a bot said something, for that may be told before it is told what the bot has
// heard.
func (t *trips) around(d *chat.Delivery) *trip {
	at := cmp.Or(d.Source, d.Of).Conversation.Place()
	i := t.last(func(tr *trip) bool {
		return !tr.line && tr.ref.Conversation.Place() == at && !d.Admitted.Before(tr.began) && d.Admitted.Sub(tr.began) < atOnce
	})
	if i < 0 {
		return nil
	}
	return t.all[i]
}

// cause finds the trip that a delivery belongs to: the one it was seen in before, the one whose event was being admitted
// when it was made, the last one about the same message, or the last one of the same case when that has only just moved.
// Where several are, the one whose event such an action carries on.
func (t *trips) cause(d *chat.Delivery) *trip {
	if i := t.last(func(tr *trip) bool { return tr.delivered[d.ID] }); i >= 0 {
		return t.all[i]
	}
	if h, ok := d.Action.(chat.Hear); ok {
		return t.tells(h)
	}
	if speaker(d) == "" {
		return t.made(d)
	}
	return cmp.Or(t.heard(d), t.around(d), t.made(d))
}

// made is the trip that a delivery of nobody in particular belongs to.
func (t *trips) made(d *chat.Delivery) *trip {
	about := func(tr *trip) bool {
		return !tr.ref.IsZero() && (tr.ref.Same(d.Source) || tr.ref.Same(d.Of) || tr.ref.Same(reactedTo(d.Action)))
	}
	// Some stores keep times in whole milliseconds only.
	during := func(tr *trip) bool {
		return tr.event != "" && !d.Admitted.Before(tr.began.Truncate(time.Millisecond)) &&
			(tr.admitted.IsZero() || !d.Admitted.After(tr.admitted))
	}
	kin := func(tr *trip) bool { return tr.action == strings.Replace(chat.ActionName(d.Action), "open", "post", 1) }
	and := func(all ...func(*trip) bool) func(*trip) bool {
		return func(tr *trip) bool {
			return !slices.ContainsFunc(all, func(one func(*trip) bool) bool { return !one(tr) })
		}
	}
	moved := func(tr *trip) bool {
		return tr.cases[d.Case] && d.Admitted.Sub(tr.steps[len(tr.steps)-1].at) < leastPause
	}
	for _, holds := range []func(*trip) bool{and(about, during, kin), and(about, during), and(during, kin), during, and(about, kin), about, moved} {
		if i := t.last(holds); i >= 0 {
			return t.all[i]
		}
	}
	return nil
}

// tells finds the trip of the event that a bot is told of; nil when that is none: it is what another bot said, or a time that
// has come.
func (t *trips) tells(h chat.Hear) *trip {
	i := t.last(func(tr *trip) bool {
		return tr.event != "" && tr.event == h.Event.ID && (tr.account == h.Event.Conversation.Account || tr.account == h.To.Account)
	})
	if i < 0 {
		return nil
	}
	return t.all[i]
}

func (t *trips) last(holds func(*trip) bool) int {
	for i, tr := range slices.Backward(t.all) {
		if holds(tr) {
			return i
		}
	}
	return -1
}

func (t *trips) add(tr *trip) *trip {
	if len(t.all) >= maxTrips {
		t.all = slices.Delete(t.all, 0, 1)
	}
	t.count++
	tr.id, tr.cases, tr.delivered = t.count, map[chat.CaseID]bool{}, map[chat.DeliveryID]bool{}
	t.all = append(t.all, tr)
	return tr
}

// note adds a step, in the order of time: a delivery may be told before the admission that made it.
func (tr *trip) note(s step) {
	if len(tr.steps) >= maxSteps {
		tr.steps = slices.Delete(tr.steps, 2, 3)
	}
	i := len(tr.steps)
	for i > 0 && tr.steps[i-1].at.After(s.at) {
		i--
	}
	tr.steps = slices.Insert(tr.steps, i, s)
}

// pause is how long a delivery waited before its first try: the time in which its author could take it back. Where another
// one was put off, that is why.
func (tr *trip) pause(s router.Step) time.Duration {
	d := s.Delivery
	putOff := func(s step) bool { return s.state == chat.Waiting && s.to.Place() == d.Action.Target().Place() }
	_, hear := d.Action.(chat.Hear) // which nobody can take back
	if hear || tr.delivered[d.ID] || d.Admitted.IsZero() || slices.ContainsFunc(tr.steps, putOff) {
		return 0
	}
	if p := s.At.Add(-s.Took).Sub(d.Admitted); p >= leastPause {
		return p
	}
	return 0
}

// carrier is the action, by its name, that carries an event on where it can be done.
func carrier(h chat.Happening) string {
	switch h.(type) {
	case chat.Posted:
		return chat.ActionName(chat.Post{})
	case chat.Edited:
		return chat.ActionName(chat.Edit{})
	case chat.Deleted:
		return chat.ActionName(chat.Delete{})
	case chat.Reacted:
		return chat.ActionName(chat.React{})
	case chat.Pinned:
		return chat.ActionName(chat.Pin{})
	case chat.Pressed, chat.Joined, chat.Left, chat.Typing, chat.Read, chat.Bounced, chat.Called:
	}
	return ""
}

func reactedTo(a chat.Action) chat.Ref {
	if r, ok := a.(chat.React); ok {
		return chat.Ref{Conversation: r.To, Message: r.Message}
	}
	return chat.Ref{}
}
