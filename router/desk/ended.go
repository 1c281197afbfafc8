package desk

import (
	"fmt"
	"slices"
	"strings"

	"github.com/roost-im/roost/router/chat"
)

// troubleMost is how many replies in trouble a case remembers; older ones can still be replayed by the command line.
const troubleMost = 50

// ended follows how a delivery ended.
func (s *step) ended(in Ended) {
	d := in.Delivery
	if d.Action == nil || d.Case != s.Case.ID || !over(d.State) {
		return
	}
	if d.Purpose != purposeOpen && in.Gone && !d.Within.IsZero() && s.lost(in) {
		return
	}
	s.came(in)
}

// came follows what a delivery came to, by what it was made for.
func (s *step) came(in Ended) {
	d := in.Delivery
	switch d.Purpose {
	case purposeOpen:
		s.opened(in)
	case purposeReply:
		s.replied(in)
	case purposeEdit, purposeDelete:
		s.changed(d)
	case purposeShow, purposeRecap:
		s.unshown(d)
	case purposeBot:
		s.unsaid(d)
	default:
		s.unreacted(d)
	}
}

// over says whether a delivery in this state waits no more, and was not taken back.
func over(st chat.State) bool {
	switch st {
	case chat.Sent, chat.Held, chat.Rejected, chat.Dead:
		return true
	case chat.Waiting, chat.Cancelled:
	}
	return false
}

// replied marks the member's message with how it went.
func (s *step) replied(in Ended) {
	d := in.Delivery
	if i := s.later(d.Source); i >= 0 {
		s.departed(i)
	}
	i := slices.IndexFunc(s.Case.Trouble, func(x Trouble) bool { return x.Delivery == d.ID })
	had := i >= 0
	if had {
		s.Case.Trouble = slices.Delete(s.Case.Trouble, i, i+1)
	}
	switch d.State {
	case chat.Sent:
		s.lacking(in)
		if (had || d.Part+1 >= d.Parts) && !s.troubled(d.Source) {
			s.swap(d.Source, markTaken, markSent)
		}
	case chat.Held:
		s.trouble(d, true)
		s.swap(d.Source, markTaken, markUnsure)
		s.complain(d, chat.Card{
			Title: "It isn't known whether " + s.part(d) + " reached " + s.name(),
			Body:  d.Reason,
			Buttons: []chat.Button{
				{ID: fmt.Sprintf("%s:%d", buttonAgain, d.ID), Label: "Send again"},
				{ID: fmt.Sprintf("%s:%d", buttonArrived, d.ID), Label: "It arrived"},
			},
		})
	case chat.Rejected, chat.Dead:
		s.swap(d.Source, markTaken, markFailed)
		s.failed(d, chat.Button{ID: fmt.Sprintf("%s:%d", buttonRetry, d.ID), Label: "Retry"})
	case chat.Waiting, chat.Cancelled:
	}
}

// failed tells that a reply, or a part of it, has not reached the contact, and offers to send it once more.
func (s *step) failed(d chat.Delivery, again chat.Button) {
	s.trouble(d, false)
	s.unanswered()
	s.complain(d, chat.Card{
		Title: upper(s.part(d)) + " did not reach " + s.name(), Body: d.Reason, Buttons: []chat.Button{again},
	})
}

// part is what d carries, in words.
func (s *step) part(d chat.Delivery) string {
	what := "this reply"
	if d.Parts > 1 {
		what = fmt.Sprintf("part %d of %d of this reply", d.Part+1, d.Parts)
	}
	return what
}

// troubled says whether a reply, or a part of it, is in trouble.
func (s *step) troubled(reply chat.Ref) bool {
	return slices.ContainsFunc(s.Case.Trouble, func(x Trouble) bool { return x.Reply == reply })
}

func (s *step) trouble(d chat.Delivery, unsure bool) {
	x := Trouble{Delivery: d.ID, Reply: d.Source, Unsure: unsure}
	if x.Delivery == 0 {
		x.Part = d.Part
	}
	s.Case.Trouble = append(s.Case.Trouble, x)
	if n := len(s.Case.Trouble); n > troubleMost {
		s.Case.Trouble = slices.Delete(s.Case.Trouble, 0, n-troubleMost)
	}
}

// complain says where a reply was written what became of it; anywhere rather than nowhere.
func (s *step) complain(d chat.Delivery, card chat.Card) {
	s.noted("", card.Title+": "+card.Body)
	t, ok := s.home(d.Source)
	if ts := s.threads(); !ok && len(ts) > 0 {
		t, ok = ts[0], true
	}
	if !ok {
		return
	}
	card.Body = oneLine(card.Body)
	s.ask(t, "", d.Source, card)
}

// lacking tells what a reply went without.
func (s *step) lacking(in Ended) {
	t, ok := s.home(in.Delivery.Source)
	if !ok {
		return
	}
	for _, what := range in.Lacking {
		s.within(t, purposeTell, chat.Delivery{
			Answers: beside(in.Delivery.Source),
			Action:  chat.Post{To: t.Surface, Text: italic("this went without a file: " + oneLine(what))},
		})
	}
}

// changed tells when an edit or a deletion did not reach the contact.
func (s *step) changed(d chat.Delivery) {
	t, ok := s.home(d.Of)
	if d.State == chat.Sent || !ok {
		return
	}
	words, about := fmt.Sprintf("%s still sees the old text: %s", s.name(), d.Reason), d.Of
	if d.Purpose == purposeDelete {
		about = chat.Ref{} // it isn't there to be answered
		words = fmt.Sprintf("%s still sees what you deleted: %s", s.name(), d.Reason)
	}
	s.noted("", words)
	s.within(t, purposeTell, chat.Delivery{
		Answers: about,
		Action:  chat.Post{To: t.Surface, Text: italic(words)},
	})
}

// unreacted tells the member whose emoji the contact does not see. It is told to nobody else: it is no news for a case.
func (s *step) unreacted(d chat.Delivery) {
	by, theirs := strings.CutPrefix(d.Purpose, purposeReact)
	a, ok := d.Action.(chat.React)
	t, home := s.home(d.Source)
	if d.State == chat.Sent || !theirs || !ok || !home || a.Remove {
		return
	}
	s.whisper(t, chat.PersonID(by), fmt.Sprintf("%s does not see your %s: %s", s.name(), a.Emoji, d.Reason))
}

// unshown follows something that could not be shown in a thread: the team hears of it there.
func (s *step) unshown(d chat.Delivery) {
	t, ok := s.threadOf(d.Within)
	if d.State == chat.Sent || !ok {
		return
	}
	switch a := d.Action.(type) {
	case chat.Edit:
		if a.Else != nil {
			p := *a.Else
			p.Key, p.To = "", t.Surface
			s.within(t, purposeShow, chat.Delivery{Action: p})
		}
	case chat.Post:
		s.tell(t, "something could not be shown here: "+oneLine(d.Reason))
	case chat.Delete, chat.React, chat.Pin, chat.Open, chat.Hear:
	}
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}
