package desk

import (
	"slices"
	"time"

	"github.com/roost-im/roost/router/chat"
)

// bounced follows a message that the platform had taken and has not brought to the contact after all: it is told as if it had
// never been taken. Of what is told again nothing more follows.
func (s *step) bounced(in FromContact, w chat.Bounced) {
	d := chat.Delivery{
		Source: in.Original, Part: in.Part, Parts: in.Parts, Action: chat.Post{To: in.Event.Conversation},
		State: chat.Rejected, Reason: w.Reason,
	}
	told := func(x Trouble) bool { return x.Delivery == 0 && x.Reply == d.Source && x.Part == d.Part }
	switch {
	case d.Source.IsZero() || slices.ContainsFunc(s.Case.Trouble, told):
	case d.Source.SaidBy() != "":
		s.unsaid(d)
	default:
		again := chat.Button{ID: buttonResend + ":" + token(d.Source), Label: "Retry"}
		if d.Parts > 1 {
			again.Label = "Send all of it again"
			s.mark(d.Source, markTaken, true) // should some of it still be on its way
		}
		s.swap(d.Source, markSent, markFailed)
		s.failed(d, again)
	}
}

// sendAnew sends a reply once more of which something bounced: all of it, as it reads now.
func (t turn) sendAnew(which string) {
	ofIt := func(x Trouble) bool { return x.Delivery == 0 && token(x.Reply) == which }
	i := slices.IndexFunc(t.Case.Trouble, ofIt)
	if i < 0 {
		return // sent again already
	}
	reply := t.Case.Trouble[i].Reply
	l := slices.IndexFunc(t.in.Bounced, func(l Line) bool { return l.Ref.Same(reply) && l.Way == Out && !l.Gone })
	why := t.barred()
	if why == "" && l < 0 {
		why = "this can't be sent again: it was deleted, or isn't known any more"
	}
	if why != "" {
		t.hint(why)
		return
	}
	t.Case.Trouble = slices.DeleteFunc(t.Case.Trouble, ofIt)
	t.answered()
	was := t.in.Bounced[l]
	t.leave(message{ref: reply, text: was.Text, files: was.Files, answers: was.Answers, quote: was.Quote}, time.Time{})
	t.swap(reply, markFailed, markTaken)
}
