package bots

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// Command is what a person can tell a bot by a word, and what it wants to know.
type Command struct {
	Name   string // letters, digits, - and _; in lower case
	Params []Param
}

// Param is one argument of a command.
type Param struct {
	Name     string
	Kind     ParamKind
	Choices  []string // of kind Choose
	Optional bool     // those that may be left out come last
}

// ParamKind is what an argument, or an answer, must be.
type ParamKind string

// The kinds of argument.
const (
	TextParam     ParamKind = "text"     // one word, or several between quotes
	NumberParam   ParamKind = "number"   // 3, -0.5
	DurationParam ParamKind = "duration" // 90s, 2h30m, 3d, 1w
	UserParam     ParamKind = "user"     // somebody who is mentioned
	ChoiceParam   ParamKind = "choice"   // one of several words
	RestParam     ParamKind = "rest"     // all that is left, line ends included
)

// Value is an argument as it was understood.
type Value struct {
	Kind     ParamKind
	Text     string // as it was written; of a choice, as it was declared
	Number   float64
	Duration time.Duration
	Person   Person
}

// Args are the arguments of a command by name; those that were left out are not there.
type Args map[string]Value

const (
	usageMax  = 500 // bytes
	paramsMax = 20
)

var (
	nameForm  = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)
	paramForm = regexp.MustCompile(`^<([a-z][a-z0-9_]{0,31})(?:(\.\.\.)|:([^<>\[\]]+))?>$`)
)

// ParseUsage reads a usage line: a name and its parameters, as in
//
//	remind <when:duration> <text...>
//	order <size:S|M|L> [<count:number>]
//	thank <who:user> [<why...>]
//
// A parameter is text unless it says otherwise; one that ends in three dots takes all that is left and comes last; those
// in square brackets may be left out.
func ParseUsage(line string) (*Command, error) {
	if len(line) > usageMax {
		return nil, fmt.Errorf("is longer than %d bytes", usageMax)
	}
	words := strings.Fields(line)
	if len(words) == 0 {
		return nil, errors.New("is empty; a command is written like: order <size:S|M|L>")
	}
	if !nameForm.MatchString(words[0]) {
		return nil, fmt.Errorf("%q is no name for a command: lower-case letters, digits, - and _", words[0])
	}
	c := &Command{Name: words[0]}
	for _, w := range words[1:] {
		p, err := parseParam(w)
		if err != nil {
			return nil, err
		}
		if err := c.add(p); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func parseParam(word string) (Param, error) {
	p := Param{Kind: TextParam}
	if inner, ok := strings.CutPrefix(word, "["); ok {
		inner, closed := strings.CutSuffix(inner, "]")
		if !closed {
			return p, fmt.Errorf("%q lacks its ]", word)
		}
		p.Optional, word = true, inner
	}
	m := paramForm.FindStringSubmatch(word)
	if m == nil {
		return p, fmt.Errorf("%q is no parameter; one is written <name>, <name:number>, <name:a|b> or <name...>", word)
	}
	p.Name = m[1]
	switch kind := ParamKind(m[3]); {
	case m[2] != "":
		p.Kind = RestParam
	case m[3] == "":
	case slices.Contains([]ParamKind{TextParam, NumberParam, DurationParam, UserParam}, kind):
		p.Kind = kind
	case strings.Contains(m[3], "|"):
		p.Kind, p.Choices = ChoiceParam, strings.Split(m[3], "|")
		if slices.Contains(p.Choices, "") {
			return p, fmt.Errorf("%q has an empty choice", word)
		}
		if c, twice := repeated(p.Choices); twice {
			return p, fmt.Errorf("%q has the choice %s twice", word, c)
		}
	default:
		return p, fmt.Errorf("%q is no kind of parameter: text, number, duration, user, or choices like a|b", m[3])
	}
	return p, nil
}

// repeated finds a choice that is there twice, in whatever case.
func repeated(choices []string) (string, bool) {
	for i, c := range choices {
		if slices.ContainsFunc(choices[:i], func(o string) bool { return strings.EqualFold(c, o) }) {
			return c, true
		}
	}
	return "", false
}

func (c *Command) add(p Param) error {
	if slices.ContainsFunc(c.Params, func(o Param) bool { return o.Name == p.Name }) {
		return fmt.Errorf("<%s> is there twice", p.Name)
	}
	if n := len(c.Params); n > 0 {
		last := c.Params[n-1]
		switch {
		case last.Kind == RestParam:
			return fmt.Errorf("<%s...> takes all that is left, so nothing can come behind it", last.Name)
		case last.Optional && !p.Optional:
			return fmt.Errorf("<%s> must be there, so it comes before [<%s>]", p.Name, last.Name)
		case n == paramsMax:
			return fmt.Errorf("has more than %d parameters", paramsMax)
		}
	}
	c.Params = append(c.Params, p)
	return nil
}

// Usage is the usage line as a person reads it.
func (c *Command) Usage() string {
	var b strings.Builder
	b.WriteString(c.Name)
	for _, p := range c.Params {
		name := p.Name
		switch p.Kind {
		case ChoiceParam:
			name = strings.Join(p.Choices, "|")
		case RestParam:
			name += "…"
		case TextParam, NumberParam, DurationParam, UserParam:
		}
		if p.Optional {
			fmt.Fprintf(&b, " [%s]", name)
			continue
		}
		fmt.Fprintf(&b, " <%s>", name)
	}
	return b.String()
}

// UsageError says in plain words which argument does not fit.
type UsageError struct {
	Param  string // empty: there are too many
	Reason string
}

// Error is the reason.
func (e *UsageError) Error() string { return e.Reason }

// Parse reads the arguments of a command from what stands behind its name. A pair of quotes with nothing in it leaves out a
// parameter that may be left out. Its errors are *UsageError. at is the account on which it was said.
func (c *Command) Parse(rest text.Text, at chat.Account) (Args, error) {
	args := Args{}
	left := rest
	for _, p := range c.Params {
		var word text.Text
		if p.Kind == RestParam {
			word, left = left.Trim(), text.Text{}
		} else {
			word, left = cutWord(left)
		}
		if word.Empty() {
			if p.Optional { // nothing is left, or empty quotes say that it is left out
				continue
			}
			return nil, &UsageError{Param: p.Name, Reason: p.Name + " is missing"}
		}
		v, err := p.Value(word, at)
		if err != nil {
			return nil, err
		}
		args[p.Name] = v
	}
	if extra := left.Trim(); !extra.Empty() {
		return nil, &UsageError{Reason: fmt.Sprintf("%q is too much", text.Snippet(extra, 40))}
	}
	return args, nil
}

// unquote is what ends words that begin with a quotation mark; empty for anything else.
func unquote(r rune) string {
	switch r {
	case '"':
		return `"`
	case '“':
		return "”"
	case '„':
		return "“"
	case '«':
		return "»"
	}
	return ""
}

// cutWord takes the first word off t, or what stands between quotes there.
func cutWord(t text.Text) (word, rest text.Text) {
	t = t.Trim()
	first, from := utf8.DecodeRuneInString(t.Body)
	if end := unquote(first); end != "" {
		if n := strings.Index(t.Body[from:], end); n >= 0 {
			return t.Slice(from, from+n), t.Slice(from+n+len(end), len(t.Body))
		}
	}
	for _, s := range t.Spans { // a name that is mentioned may be of several words
		if s.Start == 0 && s.Kind == text.Mention {
			return t.Slice(0, s.End), t.Slice(s.End, len(t.Body))
		}
	}
	if i := strings.IndexFunc(t.Body, unicode.IsSpace); i >= 0 {
		return t.Slice(0, i), t.Slice(i, len(t.Body))
	}
	return t, text.Text{}
}

// Value understands what was written for p. Its errors are *UsageError.
func (p Param) Value(word text.Text, at chat.Account) (Value, error) {
	v := Value{Kind: p.Kind, Text: word.Body}
	wrong := func(format string, a ...any) (Value, error) {
		return Value{}, &UsageError{Param: p.Name, Reason: fmt.Sprintf("%q is %s", text.Snippet(word, 40), fmt.Sprintf(format, a...))}
	}
	switch p.Kind {
	case TextParam, RestParam, "":
	case NumberParam:
		n, reason := parseNumber(word.Body)
		if reason != "" {
			return wrong("%s", reason)
		}
		v.Number = n
	case DurationParam:
		d, ok := parseDuration(word.Body)
		if !ok {
			return wrong("no time; it is written like 90s, 20m, 2h30m or 3d")
		}
		v.Duration = d
	case ChoiceParam:
		i := slices.IndexFunc(p.Choices, func(c string) bool { return strings.EqualFold(c, strings.TrimSpace(word.Body)) })
		if i < 0 {
			return wrong("none of %s", strings.Join(p.Choices, ", "))
		}
		v.Text = p.Choices[i]
	case UserParam:
		who, ok := mentioned(word, at)
		if !ok {
			return wrong("nobody that I know; mention them with @")
		}
		v.Person = who
	}
	return v, nil
}

// mentioned is the person that t mentions, or names by an @.
func mentioned(t text.Text, at chat.Account) (Person, bool) {
	for _, s := range t.Spans {
		if s.Kind == text.Mention && s.ID != "" {
			name := strings.TrimPrefix(t.Body[s.Start:s.End], "@")
			if s.Name != "" {
				name = s.Name
			}
			return Person{Account: at, ID: chat.PersonID(s.ID), Name: name}, true
		}
	}
	handle, ok := strings.CutPrefix(strings.TrimSpace(t.Body), "@")
	if !ok || handle == "" || strings.ContainsFunc(handle, unicode.IsSpace) {
		return Person{}, false
	}
	return Person{Account: at, Handle: handle, Name: handle}, true
}

// Numbers as people write them: whole, or with a point or a comma before the fraction.
var (
	numberForm   = regexp.MustCompile(`^[+-]?([0-9]+([.,][0-9]+)?|[.,][0-9]+)$`)
	thousandForm = regexp.MustCompile(`^[+-]?[1-9][0-9]{0,2},[0-9]{3}$`)
)

// parseNumber reads a number, or says what is wrong with it.
func parseNumber(s string) (n float64, reason string) {
	s = strings.TrimSpace(s)
	if thousandForm.MatchString(s) { // 1,000 is a thousand to some and one to others
		return 0, "not clear; write the number without a comma"
	}
	n, err := strconv.ParseFloat(strings.Replace(s, ",", ".", 1), 64)
	const most = 1e15 // up to which every whole number is exact
	if !numberForm.MatchString(s) || err != nil || math.Abs(n) > most {
		return 0, "no number"
	}
	return n, ""
}

// longestDuration is the longest time that an argument can be.
const longestDuration = 10 * 366 * 24 * time.Hour

// parseDuration reads durations as Go writes them, with d for days and w for weeks.
func parseDuration(s string) (time.Duration, bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	var days time.Duration
	for _, unit := range []struct {
		mark string
		is   time.Duration
	}{{"w", 7 * 24 * time.Hour}, {"d", 24 * time.Hour}} {
		n, rest, ok := strings.Cut(s, unit.mark)
		if !ok {
			continue
		}
		count, err := strconv.ParseUint(n, 10, 12)
		if err != nil {
			return 0, false
		}
		days, s = days+time.Duration(count)*unit.is, rest
		if s == "" {
			return days, days > 0 && days <= longestDuration
		}
	}
	d, err := time.ParseDuration(s)
	signed := strings.ContainsAny(s, "+-")
	d += days
	return d, err == nil && !signed && d > 0 && d <= longestDuration
}
