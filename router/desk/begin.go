package desk

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// How long names and gists are at most, in graphemes.
const (
	nameMax = 80
	gistMax = 140
)

// NewCaseID names the case that an event of an account opens: sixteen letters and digits, the same for the same event.
func NewCaseID(a chat.Account, ev chat.EventID) chat.CaseID {
	return chat.CaseID(digest(string(a)+"\x00"+string(ev), 10))
}

// digest is a short name for s, made from n bytes of its hash; n is a multiple of five.
func digest(s string, n int) string {
	sum := sha256.Sum256([]byte(s))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:n]))
}

// begins says whether in opens a case when its contact has none that takes it: only a message does.
func begins(in FromContact) bool {
	_, posted := in.Event.What.(chat.Posted)
	return posted && !in.Event.Author.Self
}

// Takes says whether in belongs to c, the last case of its contact, so that Step is to be called with it; otherwise Begin
// is. Only a message asks for a new case, and only when c was closed longer ago than Revive. A case that was never shown
// anywhere, because its contact is blocked, takes everything.
func (d Desk) Takes(c Case, in FromContact, now time.Time) bool {
	if c.ID == "" {
		return false
	}
	if !begins(in) || c.State != Closed || len(c.Threads) == 0 {
		return true
	}
	return now.Sub(c.Closed) < d.Revive
}

// Begin opens a new case named id with a contact's message. Anything else begins none: the Result is then to be left
// alone, and its Case has no ID. The case of a blocked contact is closed from the start and shown nowhere.
func (d Desk) Begin(id chat.CaseID, who Contact, in FromContact, now time.Time) Result {
	if !begins(in) {
		return Result{Contact: who}
	}
	if who.Person == "" {
		who.Identity = Identity{Account: in.Event.Conversation.Account, Person: in.Event.Author.ID}
	}
	if who.First.IsZero() {
		who.First = now
	}
	who.Cases++
	c := Case{ID: id, Desk: d.Name, Contact: who.Identity, State: Open, Opened: now}
	if w, ok := in.Event.What.(chat.Posted); ok {
		c.Gist = gist(w)
	}
	if who.Blocked {
		c.State, c.Closed = Closed, now
	}
	return d.Step(c, who, in, now)
}

// gist is a message in one line.
func gist(w chat.Posted) string {
	if !w.Text.Empty() {
		return text.Snippet(w.Text, gistMax)
	}
	names := make([]string, 0, len(w.Files))
	for _, f := range w.Files {
		names = append(names, text.Name(f.Name, nameMax))
	}
	return text.Snippet(text.Plain(strings.Join(names, ", ")), gistMax)
}

// Step says what follows from in. It changes neither c nor who, and comes to the same whenever it is called with the
// same. What it doesn't know, it leaves alone.
func (d Desk) Step(c Case, who Contact, in Input, now time.Time) Result {
	s := d.start(c, who, in, now)
	switch in := in.(type) {
	case FromContact:
		s.fromContact(in)
	case FromMember:
		s.fromMember(in)
	case FromBot:
		s.fromBot(in)
	case Ended:
		s.ended(in)
	case Woke:
		s.woke()
	case Nag:
		s.nagged()
	}
	s.refresh()
	return s.Result
}

// step is one step under way: the case and the contact as they were and as they become, and what follows.
type step struct {
	Result
	desk    Desk
	now     time.Time
	was     Case
	knew    Contact
	key     chat.Ref // names what this step says on its own account
	remarks int
}

func (d Desk) start(c Case, who Contact, in Input, now time.Time) *step {
	s := &step{desk: d, now: now, was: c, knew: who, key: keyOf(in, who, now)}
	s.Case, s.Contact = c, who
	s.Case.Threads = slices.Clone(c.Threads)
	s.Case.Held = slices.Clone(c.Held)
	s.Case.Later = slices.Clone(c.Later)
	s.Case.Trouble = slices.Clone(c.Trouble)
	s.Contact.Last = slices.Clone(who.Last)
	return s
}

// keyOf is a name that no other input has.
func keyOf(in Input, who Contact, now time.Time) chat.Ref {
	ofEvent := func(ev chat.Event) chat.Ref {
		return chat.Ref{Conversation: ev.Conversation, Message: chat.MessageID("event:" + ev.ID)}
	}
	switch in := in.(type) {
	case FromContact:
		return ofEvent(in.Event)
	case FromMember:
		return ofEvent(in.Event)
	case Ended:
		id := chat.MessageID(fmt.Sprintf("delivery:%d:%d", in.Delivery.ID, in.Delivery.Tries))
		return chat.Ref{Conversation: who.At, Message: id}
	case FromBot:
		return chat.Ref{Conversation: who.At, Message: chat.MessageID("heard:" + in.Key)}
	case Nag:
		return chat.Ref{Conversation: who.At, Message: chat.MessageID(fmt.Sprintf("nag:%d", now.Unix()))}
	case Woke:
	}
	return chat.Ref{Conversation: who.At, Message: chat.MessageID(fmt.Sprintf("woke:%d", now.Unix()))}
}

// refresh edits the cards that would read differently now.
func (s *step) refresh() {
	for _, t := range s.threads() {
		i := slices.IndexFunc(s.was.Threads, func(o Thread) bool { return o.Surface == t.Surface })
		if i < 0 || s.was.Threads[i].Turn != t.Turn {
			continue // it was opened in this step, with a new card
		}
		on := s.desk.surface(t.Surface)
		card := s.desk.card(s.Case, s.Contact, on, s.now)
		if reflect.DeepEqual(card, s.desk.card(s.was, s.knew, on, s.now)) {
			continue
		}
		s.within(t, purposeCard, chat.Delivery{
			Action: chat.Edit{To: t.Surface, Card: &card},
			Of:     s.Case.CardRef(t),
		})
	}
}

// surface finds the settings of the surface at; one that the desk does not have only shows.
func (d Desk) surface(at chat.Conversation) Surface {
	for _, on := range d.Surfaces {
		if on.At == at {
			return on
		}
	}
	return Surface{At: at, Reply: Alerts}
}

// threads lists the case's threads on the surfaces that the desk still has.
func (s *step) threads() []Thread {
	var shown []Thread
	for _, t := range s.Case.Threads {
		if s.desk.has(t.Surface) {
			shown = append(shown, t)
		}
	}
	return shown
}

func (d Desk) has(at chat.Conversation) bool {
	return slices.ContainsFunc(d.Surfaces, func(on Surface) bool { return on.At == at })
}

// thread finds the case's thread on a surface of the desk.
func (s *step) thread(surface chat.Conversation) (Thread, bool) {
	for _, t := range s.threads() {
		if t.Surface == surface {
			return t, true
		}
	}
	return Thread{}, false
}

// home finds the thread in which ref is, or would be had it not been lost.
func (s *step) home(ref chat.Ref) (Thread, bool) {
	for _, t := range s.threads() {
		if t.At == ref.Conversation {
			return t, true
		}
	}
	for _, t := range s.threads() {
		if t.Surface.Place() == ref.Conversation.Place() {
			return t, true
		}
	}
	return Thread{}, false
}

// openThreads opens the case on every surface where it isn't shown yet.
func (s *step) openThreads() {
	for _, on := range s.desk.Surfaces {
		if slices.ContainsFunc(s.Case.Threads, func(t Thread) bool { return t.Surface == on.At }) {
			continue
		}
		t := Thread{Surface: on.At}
		s.Case.Threads = append(s.Case.Threads, t)
		s.open(t)
	}
}

// open plans the thread and its card.
func (s *step) open(t Thread) {
	s.plan(chat.Delivery{
		Lane:    chat.LaneWithin(t.Surface, s.Case.ID),
		Source:  s.Case.CardRef(t),
		Purpose: purposeOpen,
		Action: chat.Open{
			To: t.Surface, Title: s.name(),
			Card: s.desk.card(s.Case, s.Contact, s.desk.surface(t.Surface), s.now),
		},
	})
}
