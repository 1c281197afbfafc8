package desk

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// Why a desk makes a delivery.
const (
	purposeOpen   = "open"         // a thread and its card
	purposeCard   = "card"         // the card reads differently
	purposeShow   = "show"         // what somebody said or did, shown to the team
	purposeTell   = "tell"         // the desk's own words to the team
	purposeRecap  = "recap"        // what was said before a thread was lost
	purposeMark   = "mark"         // how a reply is doing
	purposeReply  = "reply"        // a member's message to the contact
	purposeEdit   = "edit-reply"   // the member changed it
	purposeDelete = "delete-reply" // the member took it back
	purposeTry    = "try-delete"   // the member deleted a message of which it isn't known whether it was a reply
	purposeBot    = "bot"          // what a bot said to the contact
	purposeReact  = "react:"       // a member's emoji on the contact's message; whose it is stands behind
)

// IsReply says whether d carries a member's message to the contact: what Result.Cancel means.
func IsReply(d chat.Delivery) bool { return d.Purpose == purposeReply }

// The marks on a member's message.
const (
	markTaken  = "⏳"
	markLater  = "⏰"
	markSent   = "✅"
	markRead   = "👁"
	markFailed = "❌"
	markUnsure = "❓"
)

// plan adds a delivery of the case.
func (s *step) plan(d chat.Delivery) {
	d.Case = s.Case.ID
	s.Deliveries = append(s.Deliveries, d)
}

// within adds a delivery into the thread t.
func (s *step) within(t Thread, purpose string, d chat.Delivery) {
	d.Lane, d.Within, d.Purpose = chat.LaneWithin(t.Surface, s.Case.ID), s.Case.CardRef(t), purpose
	s.plan(d)
}

// outside adds a delivery to the contact.
func (s *step) outside(purpose string, d chat.Delivery) {
	d.Lane, d.Purpose = s.laneOut(d), purpose
	s.plan(d)
}

// line adds a line to the transcript. The last one with its Ref counts.
func (s *step) line(l Line) {
	l.Case = s.Case.ID
	l.At = cmp.Or(l.At, s.now)
	s.Lines = slices.DeleteFunc(s.Lines, func(o Line) bool { return o.Ref == l.Ref })
	s.Lines = append(s.Lines, l)
}

// remark says in the transcript and in every thread what the desk did, and who made it do so.
func (s *step) remark(by, words string) {
	s.noted(by, words)
	for _, t := range s.threads() {
		s.tell(t, words)
	}
}

// noted says it in the transcript alone.
func (s *step) noted(by, words string) {
	s.remarks++
	ref := s.key
	ref.Message = chat.MessageID(fmt.Sprintf("%s:%d", ref.Message, s.remarks))
	s.line(Line{Ref: ref, Way: Remark, By: by, Text: text.Plain(words)})
}

// tell says something in a thread.
func (s *step) tell(t Thread, words string) { s.whisper(t, "", words) }

// whisper says something in a thread to one person alone, to everybody when it isn't known who that is.
func (s *step) whisper(t Thread, only chat.PersonID, words string) {
	s.within(t, purposeTell, chat.Delivery{Action: chat.Post{To: t.Surface, Text: italic(words), Only: only}})
}

// ask puts a card with buttons into a thread, as an answer to the message about.
func (s *step) ask(t Thread, only chat.PersonID, about chat.Ref, card chat.Card) {
	card.Buttons = named(s.Case, card.Buttons)
	s.within(t, purposeTell, chat.Delivery{Answers: beside(about), Action: chat.Post{To: t.Surface, Card: &card, Only: only}})
}

// mark puts an emoji on a member's message, or takes it off.
func (s *step) mark(ref chat.Ref, emoji string, remove bool) {
	t, ok := s.home(ref)
	if !ok {
		return
	}
	if isForm(ref) {
		s.within(t, purposeMark, chat.Delivery{
			Of: ref, Action: chat.React{To: t.Surface, Emoji: emoji, Remove: remove},
		})
		return
	}
	s.plan(chat.Delivery{
		Lane: chat.LaneWithin(t.Surface, s.Case.ID), Purpose: purposeMark,
		Action: chat.React{To: ref.Conversation, Message: ref.Message, Emoji: emoji, Remove: remove},
	})
}

// swap replaces one mark by another.
func (s *step) swap(ref chat.Ref, off, on string) {
	s.mark(ref, off, true)
	s.mark(ref, on, false)
}

// elsewhere lists the threads in which the message ref was not written.
func (s *step) elsewhere(ref chat.Ref) []Thread {
	home, ok := s.home(ref)
	var others []Thread
	for _, t := range s.threads() {
		if !ok || t.Surface != home.Surface || isForm(ref) {
			others = append(others, t)
		}
	}
	return others
}

// formed names the message that a form made: nobody wrote it in the thread.
func formed(ev chat.Event) chat.Ref {
	return chat.Ref{Conversation: ev.Conversation, Message: chat.MessageID("form:" + ev.ID)}
}

// beside is ref where it can be answered in its own thread: what a form made is no message there.
func beside(ref chat.Ref) chat.Ref {
	if isForm(ref) {
		return chat.Ref{}
	}
	return ref
}

func isForm(ref chat.Ref) bool { return strings.HasPrefix(string(ref.Message), "form:") }

// name is the contact's name, fit to be shown.
func (s *step) name() string { return contactName(s.Contact) }

func contactName(who Contact) string {
	return text.Name(cmp.Or(who.Name, who.Handle, string(who.Person)), nameMax)
}

// authorName is an author's name, fit to be shown.
func authorName(a chat.Author) string {
	return text.Name(cmp.Or(a.Name, a.Handle, string(a.ID)), nameMax)
}

// when is the time of ev as far as its clock can be believed.
func (s *step) when(ev chat.Event) time.Time {
	if ev.At.IsZero() || ev.At.After(s.now) {
		return s.now
	}
	return ev.At
}

func italic(words string) text.Text {
	var b text.Builder
	b.Span(text.Italic, text.Attrs{}, func() { b.Write(words) })
	return b.Text()
}

// said is "name: text" behind a sign.
func said(sign, name string, t text.Text) text.Text {
	var b text.Builder
	b.Write(sign + " ")
	b.Span(text.Bold, text.Attrs{}, func() { b.Write(name) })
	b.Write(": ")
	b.Add(t)
	return b.Text()
}
