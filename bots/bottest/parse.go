package bottest

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/roost-im/roost/router/text"
)

// transcriptMax is how long a transcript may be, in bytes.
const transcriptMax = 1 << 20

// Transcript is a chat that was written down. Make it with Parse; it does not change.
type Transcript struct {
	Name  string // the file
	lines []string
	set   settings
	steps []step
}

// beginning is the verb of the first step: the bot is started.
const beginning = "@begin"

// step is something that happens, and what the bot must do then.
type step struct {
	line
	want []line
}

// On lists the platforms that the chat is on; it is run once on each.
func (t *Transcript) On() []string {
	if len(t.set.on) == 0 {
		return []string{anywhere}
	}
	return t.set.on
}

// Parse reads a transcript; name is the file that its faults name. Its error is made of *Fault, one for each line that is
// at fault, joined.
func Parse(name string, src []byte) (*Transcript, error) {
	p := parser{t: &Transcript{Name: name, set: newSettings()}}
	p.t.steps = []step{{line: line{verb: beginning}}}
	switch {
	case len(src) > transcriptMax:
		return nil, &Fault{name, 1, 1, fmt.Sprintf("the transcript is longer than %d bytes", transcriptMax)}
	case !utf8.Valid(src):
		at := len(string(src)) - len(strings.ToValidUTF8(string(src), ""))
		return nil, &Fault{name, 1, 1, fmt.Sprintf("the transcript is not UTF-8: %d bytes are no characters", at)}
	}
	s := strings.ReplaceAll(strings.TrimPrefix(string(src), "\ufeff"), "\r\n", "\n")
	p.t.lines = strings.Split(s, "\n")
	for i, l := range p.t.lines {
		p.read(i+1, strings.TrimRight(l, " \t\r"))
	}
	p.finish()
	p.check()
	return p.t, errors.Join(p.faults...)
}

// faultsMost is how many faults of one transcript are told.
const faultsMost = 20

type parser struct {
	t      *Transcript
	last   *line    // that may go on
	lines  []string // with which it goes on
	faults []error
	begun  bool // the chat has
}

func (p *parser) fault(at, column int, words string) {
	if len(p.faults) < faultsMost {
		p.faults = append(p.faults, &Fault{p.t.Name, at, column, words})
	}
}

// read takes line number n.
func (p *parser) read(n int, s string) {
	if s == "" {
		if p.last != nil {
			p.lines = append(p.lines, "")
		}
		return
	}
	if s[0] == ' ' || s[0] == '\t' {
		if p.last == nil {
			p.fault(n, 1, "an indented line goes on with the message above it, and there is none")
			return
		}
		p.lines = append(p.lines, s)
		p.last.end = n
		return
	}
	p.finish()
	if s[0] == '#' {
		return
	}
	l, column, fault := readLine(s)
	l.at, l.end = n, n
	if fault != "" {
		p.fault(n, utf8.RuneCountInString(s[:min(max(column, 0), len(s))])+1, fault)
		return
	}
	p.add(l, column)
}

// add puts a line where it belongs.
func (p *parser) add(l line, column int) {
	if set, ok := settle()[l.verb]; ok {
		if p.begun {
			p.fault(l.at, 1, l.verb+" comes before the chat begins")
		} else if err := set(&p.t.set, l.arg); err != nil {
			p.fault(l.at, column+1, err.Error())
		}
		return
	}
	if l.verb == "@" {
		if _, _, err := readClock(l.arg, p.t.set.at, p.t.set.zone); err != nil {
			p.fault(l.at, column+1, err.Error())
		}
	}
	// Who has a role and what pages are there says nothing about when the chat begins.
	p.begun = p.begun || l.verb != "@role" && l.verb != "@http"
	p.step(l)
}

// step adds what happens, or what the bot must do about it.
func (p *parser) step(l line) {
	into := &p.t.steps[len(p.t.steps)-1]
	if l.who == theBot || l.verb == nothing {
		into.want = append(into.want, l)
		p.last = &into.want[len(into.want)-1]
	} else {
		p.t.steps = append(p.t.steps, step{line: l})
		p.last = &p.t.steps[len(p.t.steps)-1].line
	}
	if !p.last.continues() {
		p.last = nil
	}
}

// finish ends a message that may have gone on.
func (p *parser) finish() {
	l, rest := p.last, dedent(p.lines)
	p.last, p.lines = nil, nil
	switch {
	case l == nil || rest == "":
	case l.verb == "@http":
		l.arg += "\n" + rest
	case l.text == "":
		l.text = rest
	default:
		l.text += "\n" + rest
	}
}

// dedent takes off what all lines begin with, and the empty ones at the end.
func dedent(lines []string) string {
	margin, first := "", true
	for _, s := range lines {
		if s == "" {
			continue
		}
		if space := s[:len(s)-len(strings.TrimLeft(s, " \t"))]; first {
			margin, first = space, false
		}
		for !strings.HasPrefix(s, margin) {
			margin = margin[:len(margin)-1]
		}
	}
	for i, s := range lines {
		lines[i] = strings.TrimPrefix(s, margin)
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// check looks at what can only be seen when all is read.
func (p *parser) check() {
	for _, s := range p.t.steps {
		for i, w := range s.want {
			if w.verb == nothing && len(s.want) > 1 {
				p.fault(w.at, 1, "the bot can't do nothing and something besides")
			}
			if err := checkPattern(s.want[i].text); err != nil {
				p.fault(w.at, 1, err.Error())
			}
		}
		if says, ok := said(s.verb); ok && strings.TrimSpace(s.text) == "" {
			p.fault(s.at, 1, s.who+" "+says+" nothing")
		}
	}
}

// said says whether a verb of a person needs words.
func said(verb string) (string, bool) { return verb, verb == says || verb == edits || verb == replies }

func plain(s string) text.Text { return text.Plain(s) }
