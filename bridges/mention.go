package bridges

import (
	"slices"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// Mentions says whether what happened is a message, new or edited, that mentions somebody by this ID. What it quotes, or
// passes on, calls nobody.
func Mentions(what chat.Happening, id string) bool {
	t := text.Text{}
	if p, ok := what.(chat.Posted); ok {
		t = p.Text
	}
	if e, ok := what.(chat.Edited); ok {
		t = e.Text
	}
	return slices.ContainsFunc(t.Spans, func(s text.Span) bool {
		return s.Kind == text.Mention && s.ID == id && id != "" && !quoted(t, s)
	})
}

// quoted says whether a span of t is within a quote.
func quoted(t text.Text, s text.Span) bool {
	return slices.ContainsFunc(t.Spans, func(q text.Span) bool {
		return q.Kind == text.Quote && q.Start <= s.Start && s.End <= q.End
	})
}
