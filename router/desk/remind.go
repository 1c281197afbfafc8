package desk

import (
	"fmt"
	"slices"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/schedule"
	"github.com/roost-im/roost/router/text"
)

// Remind says when the team is reminded of contacts who wait for people: once for each time that one waits.
type Remind struct {
	After time.Duration     // how long somebody waits before
	Every schedule.Schedule // when it is looked who does; the zero Schedule: never
	To    chat.Conversation // where, besides in the cases' own threads, they are listed; zero: nowhere
}

// Overdue says whether the team shall be reminded of c: it is open, its contact has waited for people for longer than the
// desk wants, nobody has scheduled a reply, and nobody was reminded of that.
func (d Desk) Overdue(c Case, now time.Time) bool {
	return c.State == Open && !c.Waiting.IsZero() && !d.botsAnswer(c) && len(c.Later) == 0 &&
		now.Sub(c.Waiting) >= d.Remind.After && !c.Nagged.Equal(c.Waiting)
}

// nagged says in the threads that the contact waits.
func (s *step) nagged() {
	if !s.desk.Overdue(s.Case, s.now) || s.Contact.Blocked {
		return
	}
	s.Case.Nagged = s.Case.Waiting
	s.remark("", "⏰ "+s.name()+" has been waiting "+waited(s.Case, s.now))
}

// waited is for how long the contact of a case has waited, and for whom.
func waited(c Case, now time.Time) string {
	words := "for " + short(max(now.Sub(c.Waiting), time.Minute))
	if c.Owner.IsZero() {
		return words + " · nobody's yet"
	}
	return words + " · " + text.Name(c.Owner.Name, nameMax) + "'s"
}

// Waiter is a contact who waits.
type Waiter struct {
	Case    Case
	Contact Contact
}

// waitersMost is how many contacts a list names.
const waitersMost = 15

// Summary lists who waits, the longest waiting first. The cases are overdue.
func Summary(ws []Waiter, now time.Time) text.Text {
	ws = slices.SortedFunc(slices.Values(ws), func(a, b Waiter) int { return a.Case.Waiting.Compare(b.Case.Waiting) })
	var b text.Builder
	b.Write("⏰ ")
	if len(ws) == 1 {
		b.Write("1 person waits for an answer:")
	} else {
		b.Write(fmt.Sprintf("%d people wait for an answer:", len(ws)))
	}
	for i, w := range ws {
		if i == waitersMost {
			b.Write(fmt.Sprintf("\n… and %d more", len(ws)-waitersMost))
			break
		}
		b.Write("\n• ")
		b.Span(text.Bold, text.Attrs{}, func() { b.Write(contactName(w.Contact)) })
		b.Write(" (" + string(w.Case.Contact.Account) + ") " + waited(w.Case, now))
	}
	return b.Text()
}
