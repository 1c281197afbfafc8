package text

import "strings"

// Snippet sums t up on one line of at most limit graphemes (at least one), as a notification or a reply line shows it. White
// space becomes one space; what a [Spoiler] hides becomes "[spoiler]"; a [Mention] shows its name. A longer text is cut after a
// word and ends in "…".
func Snippet(t Text, limit int) string {
	var b strings.Builder
	hidden := 0
	named := 0
	Walk(t, func(s Span) {
		switch {
		case s.Kind == Spoiler:
			if hidden++; hidden == 1 {
				b.WriteString("[spoiler]")
			}
		case s.Kind.atom() && hidden == 0 && shown(s) != "":
			named++
			b.WriteString(shown(s))
		}
	}, func(s string) {
		if hidden == 0 && named == 0 {
			b.WriteString(s)
		}
	}, func(s Span) {
		switch {
		case s.Kind == Spoiler:
			hidden--
		case s.Kind.atom() && hidden == 0 && shown(s) != "":
			named--
		}
	})
	return ellipsis(joinFields(b.String()), limit, true)
}

// shown is how a mention or emoji is written in plain characters; "" if only the body tells.
func shown(s Span) string {
	if s.Kind == Emoji && s.Name != "" {
		return ":" + strings.Trim(s.Name, ":") + ":"
	}
	return s.Name
}
