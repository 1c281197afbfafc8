package irc

import "strings"

// Text is a message's words and their formatting, as plugins tell it: Spans are in bytes of Body.
type Text struct {
	Body  string
	Spans []Span
}

// Span says how Body[Start:End] looks.
type Span struct {
	Start int    `json:"s"`
	End   int    `json:"e"`
	Kind  string `json:"k"`
}

// style is a set of kinds of formatting.
type style uint8

const (
	bold style = 1 << iota
	italic
	underline
	strike
	mono
)

// format is a kind of formatting: its code is switched on and off by one character.
// https://modern.ircdocs.horse/formatting
type format struct {
	is   style
	code byte
	kind string
}

func formats() []format {
	return []format{
		{bold, 0x02, "bold"},
		{italic, 0x1d, "italic"},
		{underline, 0x1f, "underline"},
		{strike, 0x1e, "strike"},
		{mono, 0x11, "code"},
	}
}

// The codes that are taken out: what they show has no place elsewhere.
const (
	colour = 0x03 // up to two digits, and again behind a comma
	hexed  = 0x04 // six digits, and again behind a comma
	reset  = 0x0f
)

// Kinds are the kinds of span that IRC shows.
func Kinds() []string {
	kinds := []string{"pre"}
	for _, f := range formats() {
		kinds = append(kinds, f.kind)
	}
	return kinds
}

// Read takes the formatting codes out of what somebody wrote. Colours are dropped, and so are other control characters.
func Read(raw string) Text {
	var body strings.Builder
	var spans []Span
	from := map[style]int{}
	shut := func(f format) {
		if start, on := from[f.is]; on && start < body.Len() {
			spans = append(spans, Span{start, body.Len(), f.kind})
		}
		delete(from, f.is)
	}
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		switch {
		case c == colour:
			i += colours(raw[i+1:], 2, decimal)
		case c == hexed:
			i += colours(raw[i+1:], 6, hexadecimal)
		case words(c):
			body.WriteByte(c)
		default:
			toggle(c, from, body.Len(), shut)
		}
	}
	for _, f := range formats() {
		shut(f)
	}
	return Text{Body: body.String(), Spans: spans}
}

// words says whether a byte is of the words, and not of what they look like.
func words(c byte) bool { return c >= 0x20 && c != 0x7f || c == '\t' }

// toggle switches what a code is for. A reset switches everything off.
func toggle(code byte, from map[style]int, at int, shut func(format)) {
	for _, f := range formats() {
		_, on := from[f.is]
		switch {
		case code == reset, code == f.code && on:
			shut(f)
		case code == f.code:
			from[f.is] = at
		}
	}
}

func decimal(c byte) bool { return c >= '0' && c <= '9' }

func hexadecimal(c byte) bool { return decimal(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }

// colours is how many bytes of s belong to a code of colours.
func colours(s string, most int, digit func(byte) bool) int {
	front := digits(s, most, digit)
	if front == 0 || front == len(s) || s[front] != ',' {
		return front
	}
	if back := digits(s[front+1:], most, digit); back > 0 {
		return front + 1 + back
	}
	return front
}

func digits(s string, most int, digit func(byte) bool) int {
	n := 0
	for n < len(s) && n < most && digit(s[n]) {
		n++
	}
	return n
}

// Action is what stands in a CTCP ACTION, which clients write for /me; ok is false for everything else.
func Action(raw string) (words string, ok bool) {
	words, ok = strings.CutPrefix(raw, "\x01ACTION")
	if !ok || words != "" && words[0] != ' ' && words[0] != '\x01' {
		return "", false
	}
	return strings.TrimPrefix(strings.TrimSuffix(words, "\x01"), " "), true
}

// CTCP says whether what somebody wrote is for their client and not for people.
func CTCP(raw string) bool { return strings.HasPrefix(raw, "\x01") }

// Said reads what somebody wrote; an ACTION is italic. ok is false for CTCP that is not for people.
func Said(raw string) (t Text, ok bool) {
	words, act := Action(raw)
	switch {
	case act:
		t = Read(words)
		if t.Body != "" {
			t.Spans = append([]Span{{0, len(t.Body), "italic"}}, t.Spans...)
		}
		return t, true
	case CTCP(raw):
		return Text{}, false
	}
	return Read(raw), true
}
