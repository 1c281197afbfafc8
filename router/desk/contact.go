package desk

import (
	"slices"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// fromContact follows what the contact did.
func (s *step) fromContact(in FromContact) {
	ev := in.Event
	if w, ok := ev.What.(chat.Bounced); ok {
		s.bounced(in, w)
		return
	}
	if ev.Author.Self {
		return
	}
	s.meet(ev)
	if s.Contact.Blocked {
		s.keepBlocked(in)
		return
	}
	switch w := ev.What.(type) {
	case chat.Posted:
		s.heard(in, w)
	case chat.Edited:
		s.heardAnew(in, w)
	case chat.Deleted:
		s.unheard(in)
	case chat.Reacted:
		s.moved(in, w)
	case chat.Read:
		s.read(in)
	case chat.Joined:
		s.remark("", s.name()+" is there again")
	case chat.Left:
		s.remark("", s.name()+" has left the conversation")
	case chat.Pinned, chat.Pressed, chat.Typing, chat.Bounced, chat.Called:
	}
}

// read marks the member's message that the contact has read.
func (s *step) read(in FromContact) {
	if !in.Original.IsZero() {
		s.mark(in.Original, markRead, false)
	}
}

// meet remembers how the contact looks today and where they are written to.
func (s *step) meet(ev chat.Event) {
	set := func(field *string, value string) {
		if value != "" {
			*field = value
		}
	}
	set(&s.Contact.Name, ev.Author.Name)
	set(&s.Contact.Handle, ev.Author.Handle)
	set(&s.Contact.Avatar, ev.Author.Avatar)
	if !ev.Author.Since.IsZero() {
		s.Contact.Since = ev.Author.Since
	}
	if _, posted := ev.What.(chat.Posted); posted {
		s.Contact.At = ev.Conversation
	}
}

// keepBlocked writes down what a blocked contact says, and shows it to nobody.
func (s *step) keepBlocked(in FromContact) {
	switch w := in.Event.What.(type) {
	case chat.Posted:
		s.heardLine(in, w)
	case chat.Edited:
		s.heardLine(in, chat.Posted(w))
	case chat.Deleted:
		s.goneLine(in.Was)
	case chat.Reacted, chat.Pinned, chat.Pressed, chat.Joined, chat.Left, chat.Typing, chat.Read, chat.Bounced, chat.Called:
	}
}

// heardLine writes down what the contact's message says now. What it answers stays what it was.
func (s *step) heardLine(in FromContact, w chat.Posted) Line {
	ev := in.Event
	l := Line{
		Ref: ev.Ref(), At: s.when(ev), Way: In, By: s.name(), Text: w.Text, Files: w.Files,
		Answers: in.Was.Answers, Quote: in.Was.Quote,
	}
	if _, posted := ev.What.(chat.Posted); posted {
		l.Answers, l.Quote = answers(ev, w, in.Answers), quoteToTeam(in.Answered, w)
	}
	s.line(l)
	return l
}

// goneLine keeps what a deleted message said and that it was deleted; false when it isn't known what it said.
func (s *step) goneLine(was Line) bool {
	if was.Ref.IsZero() {
		return false
	}
	was.Gone = true
	s.line(was)
	return true
}

// heard follows a message of the contact.
func (s *step) heard(in FromContact, w chat.Posted) {
	ev := in.Event
	if s.Case.State != Open {
		if s.Case.State == Closed && s.desk.Bots {
			s.Case.Owner = Member{} // people were done with it, so bots answer first again
		}
		s.reopen()
		s.remark("", s.name()+" wrote, so this is open again")
	}
	if s.Case.Waiting.IsZero() {
		s.Case.Waiting = s.when(ev)
	}
	s.openThreads()
	said := s.heardLine(in, w)
	body := w.Text
	if body.Empty() && len(w.Files) == 0 {
		body = italic("(a message without text)")
	}
	if in.Edited {
		body = edited(body)
	}
	for _, t := range s.threads() {
		s.within(t, purposeShow, chat.Delivery{
			Source: ev.Ref(), Answers: said.Answers,
			Action: chat.Post{To: t.Surface, Text: body, Files: w.Files, Quote: said.Quote, As: s.persona(), Hops: ev.Hops + 1},
		})
	}
	s.remindLater()
}

// edited is t, marked as a text that once read otherwise.
func edited(t text.Text) text.Text { return text.Join(t, text.Plain(" (edited)")) }

// answers is the message that w replies to: its original where that is known.
func answers(ev chat.Event, w chat.Posted, original chat.Ref) chat.Ref {
	if !original.IsZero() || w.ReplyTo == "" {
		return original
	}
	return chat.Ref{Conversation: ev.Conversation, Message: w.ReplyTo}
}

// persona is how the contact appears in the threads.
func (s *step) persona() *chat.Persona {
	return &chat.Persona{Name: s.name(), Avatar: s.Contact.Avatar}
}

// heardAnew follows an edit of the contact's message.
func (s *step) heardAnew(in FromContact, w chat.Edited) {
	ev := in.Event
	if !in.Original.IsZero() {
		return // nobody but its member can say what a member's message says, whatever a platform lets through
	}
	if !in.Was.Ref.IsZero() && in.Was.Text.Equal(w.Text) {
		return // the platform only added a preview
	}
	files := w.Files
	if len(files) == 0 {
		files = in.Was.Files
	}
	said := s.heardLine(in, chat.Posted{Text: w.Text, Files: files})
	body := edited(w.Text)
	for _, t := range s.threads() {
		s.within(t, purposeShow, chat.Delivery{Of: ev.Ref(), Answers: said.Answers, Action: chat.Edit{
			To: t.Surface, Text: body, Files: len(files), Quote: said.Quote, As: s.persona(),
			Else: &chat.Post{To: t.Surface, Text: body, Quote: said.Quote, As: s.persona(), Hops: ev.Hops + 1},
		}})
	}
}

// unheard follows a deletion by the contact. The team keeps what was said.
func (s *step) unheard(in FromContact) {
	if !in.Original.IsZero() {
		return // our own message, which they hide from themselves
	}
	words := "🗑 deleted by the contact"
	if s.goneLine(in.Was) {
		words += ": “" + text.Snippet(in.Was.Text, gistMax) + "”"
	} else {
		s.noted(s.name(), words)
	}
	for _, t := range s.threads() {
		s.within(t, purposeTell, chat.Delivery{
			Answers: in.Event.Ref(),
			Action:  chat.Post{To: t.Surface, Text: italic(words)},
		})
	}
}

// moved follows a reaction of the contact, to their own message or to a member's.
func (s *step) moved(in FromContact, w chat.Reacted) {
	of := in.Event.Ref()
	if !in.Original.IsZero() {
		of = in.Original
	}
	words := s.name() + " reacted with " + w.Emoji
	if w.Removed {
		words = s.name() + " took back " + w.Emoji
	}
	home, written := s.home(of)
	for _, t := range s.threads() {
		react := chat.React{To: t.Surface, Emoji: w.Emoji, Remove: w.Removed, Else: &chat.Post{To: t.Surface, Text: italic(words)}}
		d := chat.Delivery{Of: of}
		if written && t.Surface == home.Surface && !isForm(of) {
			d.Of, react.Message = chat.Ref{}, of.Message
		}
		d.Action = react
		s.within(t, purposeShow, d)
	}
}

// woke opens a snoozed case whose time has come.
func (s *step) woke() {
	if s.Case.State != Snoozed || s.now.Before(s.Case.Until) {
		return
	}
	s.reopen()
	s.remark("", "the snooze is over: open again")
}

// reopen makes the case an open one, whatever it was.
func (s *step) reopen() {
	s.Case.State = Open
	s.Case.Closed, s.Case.Until = time.Time{}, time.Time{}
	s.Contact.Last = slices.DeleteFunc(s.Contact.Last, func(p Past) bool { return p.Case == s.Case.ID })
}
