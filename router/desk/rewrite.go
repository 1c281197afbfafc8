package desk

import (
	"cmp"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// rewrote follows an edit of a message in the thread.
func (t turn) rewrote(w chat.Edited) {
	will, body := t.desk.judge(t.on.Reply, w.Text)
	files := w.Files
	if len(files) == 0 {
		files = t.in.Was.Files
	}
	m := t.message(body, files)
	m.answers, m.quote = t.in.Was.Answers, t.in.Was.Quote
	if span, rest, ok := cutLater(body); ok && t.in.Was.Way != Aside {
		m.text, m.span = rest, span
	}
	_, note := cutMark(w.Text, t.desk.noteMark())
	switch {
	case m.empty() || t.same(m, w, note):
	case !t.admitted():
		t.rewroteByGuest(m)
	case t.held(m.ref) >= 0:
		t.rehold(m, note)
	default:
		t.change(m, note, will)
	}
}

// same says whether an edit changes nothing: a platform may only have added a preview.
func (t turn) same(m message, w chat.Edited, note bool) bool {
	was := t.in.Was
	if !was.Ref.Same(m.ref) || note && was.Way != Aside {
		return false
	}
	if i := t.later(m.ref); i >= 0 && m.span != "" && m.span != t.Case.Later[i].Span {
		return false
	}
	return was.Text.Equal(m.text) || was.Text.Equal(w.Text)
}

// change changes a note or a reply; will is what would become of the message were it new.
func (t turn) change(m message, note bool, will verdict) {
	switch was := t.in.Was.Way; {
	case was == Aside:
		t.renote(m)
	case t.in.Undoable:
		t.resend(m, note)
	case was == Out || was == "" && will != stays || t.later(m.ref) >= 0:
		t.resay(m, note)
	default:
		t.renote(m)
	}
}

// rewroteByGuest follows an edit by somebody who may not answer, or may not any more.
func (t turn) rewroteByGuest(m message) {
	if was := t.in.Was.Way; was == Aside || was == "" {
		t.memberLine(m, Aside)
		return
	}
	t.hint("you're not a member of this desk, so the contact does not see this change")
}

// rehold changes a message that waits for a decision, or makes a note of it.
func (t turn) rehold(m message, note bool) {
	i := t.held(m.ref)
	if note {
		t.unhold(i)
		t.note(m)
		return
	}
	t.Case.Held[i].Text, t.Case.Held[i].Files = m.text, m.files
	t.memberLine(m, Pending)
}

// renote changes a note. A note stays one whatever it begins with.
func (t turn) renote(m message) {
	t.memberLine(m, Aside)
	t.reshow(m, noteText(m), nil)
}

// reshow changes the copies of m in the other threads.
func (t turn) reshow(m message, body text.Text, as *chat.Persona) {
	for _, o := range t.elsewhere(m.ref) {
		now := edited(body)
		t.within(o, purposeShow, chat.Delivery{Of: m.ref, Answers: m.answers, Action: chat.Edit{
			To: o.Surface, Text: now, Files: len(m.files), Quote: m.quote, As: as,
			Else: &chat.Post{To: o.Surface, Text: now, Quote: m.quote, As: as, Hops: m.hops + 1},
		}})
	}
}

// resend changes a reply that has not left yet; it leaves when the first one would have.
func (t turn) resend(m message, note bool) {
	if i := t.later(m.ref); i >= 0 {
		t.reschedule(i, m, note)
		return
	}
	t.Cancel = append(t.Cancel, m.ref)
	why := t.barred()
	if note || why != "" {
		t.unanswered()
		t.mark(m.ref, markTaken, true)
		t.renote(m)
		t.hint(cmp.Or(why, "this became a note before it left"))
		return
	}
	due := t.in.Due
	if due.IsZero() {
		due = t.leaves()
	}
	t.memberLine(m, Out)
	t.leave(m, due)
	t.reshow(m, m.text, teamPersona(m.by))
}

// resay changes a reply that has left.
func (t turn) resay(m message, note bool) {
	if note {
		t.hint("this has left already, so it can't become a note; delete it to take it back")
		return
	}
	if why := t.barred(); why != "" {
		t.hint(why)
		return
	}
	t.memberLine(m, Out)
	t.outside(purposeEdit, chat.Delivery{Of: m.ref, Answers: m.answers, Action: chat.Edit{
		To: t.Contact.At, Text: m.text, Files: len(m.files), Quote: m.quote,
	}})
	t.reshow(m, m.text, teamPersona(m.by))
}

// tookBack follows the deletion of a message in the thread. Many platforms don't say who deleted it.
func (t turn) tookBack() {
	ref, who := t.in.Event.Ref(), t.in.Event.Author.ID
	switch {
	case !t.in.Original.IsZero() || ref.Message == t.at.Card: // one of our own
	case who != "" && !t.on.admits(who):
	case t.held(ref) >= 0:
		m := t.unhold(t.held(ref))
		t.line(Line{Ref: m.ref, Way: Pending, By: m.by.Name, Text: m.text, Files: m.files, Gone: true})
	case t.in.Undoable && t.later(ref) >= 0:
		t.Cancel = append(t.Cancel, ref)
		t.unschedule(t.later(ref), "Taken back")
		t.goneLine(t.in.Was)
		t.hint("taken back before it left")
	case t.unsay(ref):
		t.goneLine(t.in.Was)
		for _, o := range t.elsewhere(ref) {
			t.within(o, purposeShow, chat.Delivery{Of: ref, Action: chat.Delete{To: o.Surface}})
		}
	}
}

// unsay takes a note or reply back; false when the message was neither.
func (t turn) unsay(ref chat.Ref) bool {
	was := t.in.Was.Way
	purpose := purposeDelete
	switch {
	case was == Aside:
		return true
	case t.in.Undoable:
		t.Cancel = append(t.Cancel, ref)
		t.unanswered()
		t.hint("taken back before it left")
		return true
	case was == "":
		purpose = purposeTry
	case was != Out && t.later(ref) < 0:
		return false
	}
	if !t.Contact.At.IsZero() {
		t.outside(purpose, chat.Delivery{Of: ref, Action: chat.Delete{To: t.Contact.At}})
	}
	return true
}

// reacted follows an emoji in the thread: a command on the card, or one for the contact on their message.
func (t turn) reacted(w chat.Reacted) {
	ref := t.in.Event.Ref()
	if ref.Message != "" && ref.Message == t.at.Card {
		t.commanded(w)
		return
	}
	to := t.in.Original
	if !t.admitted() || t.on.Reply != Send || t.barred() != "" || to.Message == "" || to.Conversation.Place() != t.Contact.At.Place() {
		return
	}
	t.outside(purposeReact+string(t.in.Event.Author.ID), chat.Delivery{Source: ref, Action: chat.React{
		To: t.Contact.At, Message: to.Message, Emoji: w.Emoji, Remove: w.Removed,
	}})
}
