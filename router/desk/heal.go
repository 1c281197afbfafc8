package desk

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// A thread that is lost is opened again, but not more often than healMost times within healSpan.
const (
	healMost = 3
	healSpan = time.Hour
)

// recapMost is how many lines a recap has.
const recapMost = 20

// opened follows how opening a thread ended.
func (s *step) opened(in Ended) {
	i := slices.IndexFunc(s.Case.Threads, func(t Thread) bool { return s.Case.CardRef(t) == in.Delivery.Source })
	if i < 0 {
		return // a newer one is under way
	}
	t := &s.Case.Threads[i]
	if in.Delivery.State != chat.Sent {
		s.giveUp(t, in.Delivery.Reason)
		return
	}
	for _, c := range in.Copies {
		if c.Source == in.Delivery.Source {
			t.At, t.Card, t.Failed = c.Dest.Conversation, c.Dest.Message, time.Time{}
			return
		}
	}
}

// giveUp lets a thread rest, and says so on the other surfaces.
func (s *step) giveUp(t *Thread, reason string) {
	t.Failed = s.now
	words := fmt.Sprintf("this case can't be shown in %s: %s", t.Surface, oneLine(reason))
	s.noted("", words)
	for _, o := range s.threads() {
		if o.Surface != t.Surface {
			s.tell(o, words)
		}
	}
}

// threadOf finds the thread on the surface where card is or was.
func (s *step) threadOf(card chat.Ref) (Thread, bool) { return s.thread(card.Conversation) }

// turnOf is which of a thread's turns card belongs to; false when it is no card of the case.
func (s *step) turnOf(card chat.Ref) (int, bool) {
	number, ok := strings.CutPrefix(string(card.Message), "card:"+string(s.Case.ID)+":")
	n, err := strconv.Atoi(number)
	return n, ok && err == nil
}

// lost follows a delivery whose message or thread is gone. It says whether that was all there is to do.
func (s *step) lost(in Ended) bool {
	d := in.Delivery
	n, ok := s.turnOf(d.Within)
	i := slices.IndexFunc(s.Case.Threads, func(t Thread) bool { return t.Surface == d.Within.Conversation })
	if !ok || i < 0 || !s.desk.has(d.Within.Conversation) {
		return false
	}
	t := &s.Case.Threads[i]
	if n < t.Turn {
		s.repeat(*t, d)
		return true
	}
	if n > t.Turn || !losesThread(d) {
		return false
	}
	t.Healed = slices.DeleteFunc(slices.Clone(t.Healed), func(at time.Time) bool { return s.now.Sub(at) >= healSpan })
	switch {
	case !t.Failed.IsZero() && s.now.Sub(t.Failed) < healSpan:
	case len(t.Healed) >= healMost:
		s.giveUp(t, "it keeps getting lost")
	default:
		s.heal(t, in)
	}
	return true
}

// losesThread says whether d can only fail as gone when its thread is: a post into it, or an edit of its card. Other
// edits, deletions and reactions may merely lack their message.
func losesThread(d chat.Delivery) bool {
	switch d.Action.(type) {
	case chat.Post:
		return true
	case chat.Edit:
		return d.Of == d.Within
	case chat.Delete, chat.React, chat.Pin, chat.Open, chat.Hear:
	}
	return false
}

// heal opens a lost thread anew, with a recap and what failed behind it.
func (s *step) heal(t *Thread, in Ended) {
	t.Turn++
	t.At, t.Card, t.Failed = chat.Conversation{}, "", time.Time{}
	t.Healed = append(t.Healed, s.now)
	s.open(*t)
	if r, ok := recap(in.History, in.Delivery.Source); ok {
		s.within(*t, purposeRecap, chat.Delivery{Action: chat.Post{To: t.Surface, Text: r}})
	}
	s.repeat(*t, in.Delivery)
}

// repeat plans again what was meant for a thread that is lost. An edit becomes a post; what only makes sense beside
// messages that are lost is left out.
func (s *step) repeat(t Thread, old chat.Delivery) {
	d := chat.Delivery{Source: old.Source, Part: old.Part, Parts: old.Parts, Answers: old.Answers}
	switch a := old.Action.(type) {
	case chat.Post:
		a.Key, a.To, a.ReplyTo = "", t.Surface, ""
		d.Action = a
	case chat.Edit:
		if a.Else == nil {
			return
		}
		p := *a.Else
		p.Key, p.To = "", t.Surface
		d.Action = p
	case chat.Delete, chat.React, chat.Pin, chat.Open, chat.Hear:
		return
	}
	if old.Purpose == purposeRecap {
		return
	}
	s.within(t, old.Purpose, d)
}

// recap is what was said, in one text; without the message except, which follows on its own.
func recap(history []Line, except chat.Ref) (text.Text, bool) {
	history = slices.DeleteFunc(slices.Clone(history), func(l Line) bool { return !l.Ref.IsZero() && l.Ref == except })
	if n := len(history); n > recapMost {
		history = history[n-recapMost:]
	}
	if len(history) == 0 {
		return text.Text{}, false
	}
	var b text.Builder
	b.Span(text.Italic, text.Attrs{}, func() { b.Write("the thread was lost; this is what was said:") })
	for _, l := range history {
		b.Write("\n")
		b.Add(recapLine(l))
	}
	return b.Text(), true
}

func recapLine(l Line) text.Text {
	var words []string
	if !l.Text.Empty() {
		words = append(words, text.Snippet(l.Text, 300))
	}
	for _, f := range l.Files {
		words = append(words, "["+text.Name(f.Name, nameMax)+"]")
	}
	if l.Gone {
		words = append(words, "(deleted)")
	}
	body := text.Plain(strings.Join(words, " "))
	name := text.Name(l.By, nameMax)
	switch l.Way {
	case In:
		return said("→", name, body)
	case Out:
		return said("←", name, body)
	case Aside:
		return said("📝", name, body)
	case Pending:
		return said("…", name, body)
	case Remark:
	}
	return italic(body.Body)
}
