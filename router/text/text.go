// Package text is formatted text as every platform of Roost shares it: a UTF-8 body and spans that say what parts of it are.
//
//	wire -> FromUTF16 / Builder -> Text -> Degrade -> Split -> Walk -> wire
//
// Each connector turns its platform's wire form into a [Text] and back at its own edge; everything between knows only Text. A
// Text is normal when [Text.Normal] would give it back as it is; all functions here take a normal Text and give one, and none
// of them panics on anything else.
//
// We chose byte offsets, not UTF-16 units or runes, because Go cuts strings by bytes; it costs one conversion at the edge of
// the platforms that count otherwise ([Text.ToUTF16], [FromUTF16], [Text.ToRunes], [FromRunes]). We chose a flat list of
// nested spans, not a tree, because most platforms send and take such a list; [Walk] gives the tree to those that nest.
//
// The package is pure: no I/O, no clock, no state. Every function may be called from many goroutines at once.
package text

import (
	"cmp"
	"slices"
	"strings"
)

// Text is a message's words and their formatting. The zero Text is empty and ready to use.
type Text struct {
	// Body is valid UTF-8 with \n line ends and no other control characters but \t.
	Body string `json:"body"`
	// Spans lie on grapheme bounds of Body, are properly nested (never crossing) and sorted by Start, then longest first.
	Spans []Span `json:"spans,omitempty"`
}

// Span says what Body[Start:End] is. Start and End are byte offsets, except where a function says otherwise.
type Span struct {
	Start int  `json:"s"`
	End   int  `json:"e"`
	Kind  Kind `json:"k"`
	// Attr is a [Link]'s URL, a [Pre]'s language, an [Emoji]'s image URL, a [ListItem]'s number ("1", "2", …; "" is a bullet).
	Attr string `json:"a,omitempty"`
	// ID is the person of a [Mention] or the [Emoji], as the platform names it.
	ID string `json:"id,omitempty"`
	// Name is the shown name of a [Mention] or the short name of an [Emoji], without colons.
	Name string `json:"n,omitempty"`
}

// Kind is what a span makes of its characters. The values are stored and must stay as they are.
type Kind string

// The kinds. A [Mention] and an [Emoji] are atoms: nothing lies inside them and they are never cut in two.
const (
	Bold      Kind = "bold"
	Italic    Kind = "italic"
	Underline Kind = "underline"
	Strike    Kind = "strike"
	Code      Kind = "code"    // a few characters of code within a line
	Pre       Kind = "pre"     // a block of code; Attr is its language
	Quote     Kind = "quote"   // whole lines that quote someone
	ListItem  Kind = "item"    // one item; Attr is its number or "" for a bullet; items nest
	Link      Kind = "link"    // Attr is the URL
	Mention   Kind = "mention" // ID is the person, Name the shown name
	Emoji     Kind = "emoji"   // a custom emoji: ID, Name, and Attr for its image
	Spoiler   Kind = "spoiler" // hidden until asked for
	Heading   Kind = "heading"
)

// Plain gives s as text without formatting, cleaned as [Clean] says.
func Plain(s string) Text { return Text{Body: Clean(s)} }

// IsZero reports whether t has no characters at all.
func (t Text) IsZero() bool { return t.Body == "" }

// Empty reports whether t shows nothing: it has no characters but white space.
func (t Text) Empty() bool { return strings.TrimSpace(t.Body) == "" }

// Equal reports whether t and o read alike, formatting included.
func (t Text) Equal(o Text) bool { return t.Body == o.Body && slices.Equal(t.Spans, o.Spans) }

// String gives the characters of t without formatting.
func (t Text) String() string { return t.Body }

// atom reports whether the kind's characters stand for one thing.
func (k Kind) atom() bool { return k == Mention || k == Emoji }

// merges reports whether two touching spans of this kind that say the same are one. Two list items, two headings or two
// mentions in a row stay two.
func (k Kind) merges() bool { return !k.atom() && k != ListItem && k != Heading }

// rank orders kinds that cover the same characters, the outermost first; -1 is a kind that we don't know.
func (k Kind) rank() int {
	order := [...]Kind{Quote, ListItem, Heading, Pre, Spoiler, Link, Bold, Italic, Underline, Strike, Code, Mention, Emoji}
	for i, o := range order {
		if o == k {
			return i
		}
	}
	return -1
}

// firmness says which of two crossing spans stays whole: the firmer one, and of two alike the one that begins earlier.
func (k Kind) firmness() int {
	switch k {
	case Mention, Emoji:
		return 4
	case Quote, ListItem, Heading, Pre:
		return 3
	case Link:
		return 2
	case Spoiler, Code:
		return 1
	case Bold, Italic, Underline, Strike:
		return 0
	}
	return -1
}

// alike reports whether two spans say the same of their characters.
func (s Span) alike(o Span) bool {
	return s.Kind == o.Kind && s.Attr == o.Attr && s.ID == o.ID && s.Name == o.Name
}

// compareSpans is the order of spans in a Text: by start, longest first, then outermost kind first.
func compareSpans(a, b Span) int {
	switch {
	case a.Start != b.Start:
		return cmp.Compare(a.Start, b.Start)
	case a.End != b.End:
		return cmp.Compare(b.End, a.End)
	case a.Kind != b.Kind:
		return cmp.Compare(a.Kind.rank(), b.Kind.rank())
	}
	return compareMeaning(a, b)
}

// compareMeaning orders spans by what they say, wherever they are.
func compareMeaning(a, b Span) int {
	return cmp.Or(strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.Attr, b.Attr), strings.Compare(a.ID, b.ID), strings.Compare(a.Name, b.Name))
}
