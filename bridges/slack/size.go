package slack

import (
	"strings"

	"github.com/roost-im/roost/router/text"
)

// size is what t takes of maxText at most, as a rich_text block and as fallback, whichever is more. We count what each
// character and span adds rather than to write both out, because a slice must never take more than the text around it; it
// costs a message of many spans some of its room.
func size(t text.Text) int {
	n := 110 + text.Cautious.Len(t.Body)
	for i := range len(t.Body) {
		switch t.Body[i] {
		case '&', '<', '>': // &amp;
			n += 4
		case '\n', '\t', '"', '\\':
			n++
		}
	}
	n += 150 * strings.Count(t.Body, "://") // an element for the address, and one for what follows
	for _, s := range t.Spans {
		n += sizeOf(s)
	}
	return n
}

// sizeOf is what a span adds: the elements that it divides its surroundings into, and what it says.
func sizeOf(s text.Span) int {
	said := text.Cautious.Len(escape(s.Attr)) + text.Cautious.Len(escape(s.Name))
	if s.Kind == text.ListItem || s.Kind == text.Quote || s.Kind == text.Pre {
		return 300 + said
	}
	return 150 + 2*said
}
