package desk

import (
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// quoteToTeam is how the message reads that the contact's w answers: as it is written down here, or else as their platform
// tells it.
func quoteToTeam(answered Line, w chat.Posted) *chat.Quote {
	if answered.Ref.IsZero() {
		return w.Quote
	}
	return answered.quote(answered.By)
}

// quoteToContact is how the message reads that a member answers, for whoever the reply goes to. What was said inside the team
// and what was taken back is not quoted, and who of the team wrote a reply is not told.
func (s *step) quoteToContact(answered Line) *chat.Quote {
	switch {
	case answered.Gone:
		return nil
	case answered.Way == In:
		return answered.quote(s.name())
	case answered.Way == Out:
		return answered.quote("")
	}
	return nil
}

// quote is l, said by somebody of this name, as another message quotes it.
func (l Line) quote(name string) *chat.Quote {
	return &chat.Quote{Name: name, Text: text.Plain(gist(chat.Posted{Text: l.Text, Files: l.Files}))}
}
