package desk

import (
	"slices"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// WithPeople says whether people have the case, so that bots don't answer its contact: somebody has claimed it, or a bot
// has handed it off, and it is not closed.
func (c Case) WithPeople() bool {
	return c.State != Closed && (!c.Owner.IsZero() || !c.Handed.IsZero())
}

// fromBot follows what a bot did about something that the contact said or did. The team sees all of it. Of a case that
// people have nothing follows but that the bot takes back what nobody has claimed.
func (s *step) fromBot(in FromBot) {
	muted := s.Case.WithPeople()
	for _, a := range in.Acts {
		if _, back := a.(chat.HandBack); back && s.Case.Owner.IsZero() {
			s.handBack(botName(in.Bot))
			muted = false
		}
		if muted || s.Contact.Blocked {
			continue
		}
		switch a := a.(type) {
		case chat.Say:
			s.botSaid(in, a)
		case chat.Reword:
			s.botReworded(in, a)
		case chat.Unsay:
			s.botUnsaid(in, a)
		case chat.HandOff:
			s.handOff(in.Bot, a.Reason)
		case chat.HandBack, chat.Sign, chat.Wake, chat.Unwake: // the first is done; the others are nobody's matter here
		}
	}
}

// botSaid sends what a bot said to the contact, and shows it to the team.
func (s *step) botSaid(in FromBot, a chat.Say) {
	if s.Case.Handed.IsZero() {
		s.answered()
	}
	shown := withLines(a.Post.Text, a.Post.Card)
	s.line(Line{Ref: a.Ref, Way: Out, By: botName(in.Bot), Text: shown, Files: a.Post.Files})
	post := a.Post
	post.Hops = in.Hops + 1
	d := chat.Delivery{Source: a.Ref}
	var answers chat.Ref
	if post.ReplyTo != "" {
		answers = chat.Ref{Conversation: post.To, Message: post.ReplyTo}
	}
	if answers.SaidBy() != "" { // the bot's own, which the contact's platform calls otherwise
		d.Answers, post.ReplyTo = answers, ""
	}
	d.Action = post
	s.outside(purposeBot, d)
	for _, t := range s.threads() {
		s.within(t, purposeShow, chat.Delivery{Source: a.Ref, Answers: answers, Action: chat.Post{
			To: t.Surface, Text: shown, Files: a.Post.Files, As: botPersona(in.Bot), Hops: in.Hops + 1,
		}})
	}
}

// botReworded carries a bot's edit of its own message to the contact and to the threads.
func (s *step) botReworded(in FromBot, a chat.Reword) {
	shown := withLines(a.Edit.Text, a.Edit.Card)
	was := s.botLine(in, a.Ref)
	s.line(Line{Ref: a.Ref, At: was.At, Way: Out, By: botName(in.Bot), Text: shown, Files: was.Files})
	s.outside(purposeBot, chat.Delivery{
		Of: a.Ref, Action: chat.Edit{To: a.Ref.Conversation, Text: a.Edit.Text, Card: a.Edit.Card},
	})
	for _, t := range s.threads() {
		s.within(t, purposeBot, chat.Delivery{
			Of: a.Ref, Action: chat.Edit{To: t.Surface, Text: shown, As: botPersona(in.Bot)},
		})
	}
}

// botLine is the line of what a bot said before, in this step or an earlier one; zero when it isn't known.
func (s *step) botLine(in FromBot, ref chat.Ref) Line {
	for _, ls := range [][]Line{s.Lines, in.Was} {
		if i := slices.IndexFunc(ls, func(l Line) bool { return l.Ref == ref }); i >= 0 {
			return ls[i]
		}
	}
	return Line{}
}

// botUnsaid takes a bot's own message back. The team keeps what was said.
func (s *step) botUnsaid(in FromBot, a chat.Unsay) {
	s.goneLine(s.botLine(in, a.Ref))
	s.outside(purposeBot, chat.Delivery{Of: a.Ref, Action: chat.Delete{To: a.Ref.Conversation}})
}

// handOff gives the case to people. It is then open, whatever it was.
func (s *step) handOff(bot, reason string) {
	if s.Case.WithPeople() {
		return
	}
	if s.Case.State != Open {
		s.reopen()
	}
	s.Case.Handed = s.now
	if s.Case.Waiting.IsZero() {
		s.Case.Waiting = s.now
	}
	words := "🙋 " + bot + " hands this over to you"
	if reason != "" {
		words += ": " + oneLine(reason)
	}
	s.remark(botName(bot), words)
}

// pressedBot follows a member who wants the bots to answer.
func (t turn) pressedBot() {
	switch {
	case !t.desk.Bots:
		t.hint("no bot answers at this desk")
	case t.Case.State == Closed:
		t.hint("this is closed; reopen it first")
	case !t.Case.WithPeople():
		t.hint("the bots answer already")
	default:
		t.handBack(t.by.Name)
	}
}

// handBack lets bots answer again.
func (s *step) handBack(by string) {
	if !s.Case.WithPeople() {
		return
	}
	s.Case.Owner, s.Case.Handed = Member{}, time.Time{}
	s.remark(by, by+" has given this back to the bots")
}

// unsaid tells the team that what a bot said did not reach the contact.
func (s *step) unsaid(d chat.Delivery) {
	if _, post := d.Action.(chat.Post); !post || d.State == chat.Sent {
		return
	}
	words := "what the bot said did not reach " + s.name() + ": " + oneLine(d.Reason)
	if d.State == chat.Held {
		words = "it isn't known whether what the bot said reached " + s.name()
	} else {
		s.unanswered()
	}
	s.remark("", words)
}

func botName(bot string) string { return text.Name(bot, nameMax) + " (bot)" }

func botPersona(bot string) *chat.Persona { return &chat.Persona{Name: botName(bot)} }

// withLines is a text with the choices of a card below it, for people who have no part in choosing.
func withLines(t text.Text, card *chat.Card) text.Text {
	if card == nil || len(card.Buttons) == 0 {
		return t
	}
	lines := card.Lines()
	if t.Empty() {
		return lines
	}
	return text.Join(t, text.Plain("\n"), lines)
}
