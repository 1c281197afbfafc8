// Package irc is the wire form of IRC: lines, formatting codes, and how names compare.
//
//	line → Decode → Parse → Message → Message.Text → Text
//	Text → Text.Messages → Message → String → line
//
// It is pure: no I/O, no clock, no state. The lines are those of https://modern.ircdocs.horse and
// https://ircv3.net/specs/extensions/message-tags.
package irc

import (
	"errors"
	"maps"
	"slices"
	"strings"
)

// Message is one line. Of the lines that Parse takes, String gives one that means the same.
type Message struct {
	Tags   map[string]string // nil: none; a tag without a value is empty
	Source string            // who sent it, without the colon; empty: it does not say
	Verb   string            // a command in capitals, or a number of three digits
	Params []string
}

// ErrNoVerb says that a line has no command.
var ErrNoVerb = errors.New("a line without a command")

// Parse reads a line without its end. Several spaces count as one, as servers send them.
func Parse(line string) (Message, error) {
	var m Message
	line = strings.TrimRight(line, "\r\n")
	if rest, ok := strings.CutPrefix(line, "@"); ok {
		var tags string
		tags, line = word(rest)
		m.Tags = parseTags(tags)
	}
	line = strings.TrimLeft(line, " ")
	if rest, ok := strings.CutPrefix(line, ":"); ok {
		m.Source, line = word(rest)
	}
	m.Verb, line = word(strings.TrimLeft(line, " "))
	m.Verb = strings.ToUpper(m.Verb)
	if m.Verb == "" || strings.ContainsFunc(m.Verb, func(r rune) bool { return (r < 'A' || r > 'Z') && (r < '0' || r > '9') }) {
		return Message{}, ErrNoVerb
	}
	for line != "" {
		if last, ok := strings.CutPrefix(line, ":"); ok {
			m.Params = append(m.Params, last)
			break
		}
		var param string
		param, line = word(line)
		m.Params = append(m.Params, param)
	}
	return m, nil
}

// word cuts off what stands before the next space, and all spaces behind it.
func word(s string) (first, rest string) {
	first, rest, _ = strings.Cut(s, " ")
	return first, strings.TrimLeft(rest, " ")
}

func parseTags(s string) map[string]string {
	tags := map[string]string{}
	for tag := range strings.SplitSeq(s, ";") {
		if key, value, _ := strings.Cut(tag, "="); key != "" {
			tags[key] = unescape(value)
		}
	}
	return tags
}

// unescape reads the value of a tag. https://ircv3.net/specs/extensions/message-tags#escaping-values
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		if i++; i == len(s) {
			break
		}
		switch s[i] {
		case ':':
			b.WriteByte(';')
		case 's':
			b.WriteByte(' ')
		case 'r':
			b.WriteByte('\r')
		case 'n':
			b.WriteByte('\n')
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, ";", `\:`, " ", `\s`, "\r", `\r`, "\n", `\n`, "\x00", "").Replace(s)
}

// String is the line without its end, with its tags in order. Whatever the parts hold, it is one line: CR, LF and NUL are
// spaces in it. A parameter that only the last one could be ends at its first space, and is * when that leaves nothing.
func (m Message) String() string {
	var b strings.Builder
	for i, key := range slices.Sorted(maps.Keys(m.Tags)) {
		b.WriteString(map[bool]string{true: "@", false: ";"}[i == 0] + solid(key))
		if value := escape(m.Tags[key]); value != "" {
			b.WriteString("=" + value)
		}
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	if m.Source != "" {
		b.WriteString(":" + solid(m.Source) + " ")
	}
	b.WriteString(solid(m.Verb))
	for i, p := range m.Params {
		b.WriteByte(' ')
		if i < len(m.Params)-1 {
			b.WriteString(solid(p))
			continue
		}
		p = oneLine(p)
		if p == "" || p[0] == ':' || strings.Contains(p, " ") {
			b.WriteByte(':')
		}
		b.WriteString(p)
	}
	return b.String()
}

// solid is what can stand between two spaces.
func solid(s string) string {
	s, _, _ = strings.Cut(oneLine(strings.TrimLeft(s, ": ")), " ")
	if s == "" {
		return "*"
	}
	return s
}

func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\r' || r == '\n' || r == 0 {
			return ' '
		}
		return r
	}, s)
}

// Param is the parameter at i, from 0; empty when there are not so many.
func (m Message) Param(i int) string {
	if i < 0 || i >= len(m.Params) {
		return ""
	}
	return m.Params[i]
}

// Last is the last parameter; empty when there is none.
func (m Message) Last() string { return m.Param(len(m.Params) - 1) }

// Source is who sent a line.
type Source struct{ Nick, User, Host string }

// ParseSource reads nick!user@host, of which all but the nick may be missing. A server is a nick alone.
func ParseSource(s string) Source {
	var who Source
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		s, who.Host = s[:i], s[i+1:]
	}
	who.Nick, who.User, _ = strings.Cut(s, "!")
	return who
}
