package script

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/configs/strict"
)

// Fault says what is wrong in a script, and where.
type Fault struct {
	File   string
	Line   int
	Column int // 0: the whole line
	Reason string
	Err    error // what it comes from; may be nil
}

// Error is the place and the reason.
func (f *Fault) Error() string {
	if f.Column == 0 {
		return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Reason)
	}
	return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Reason)
}

// Unwrap is Err.
func (f *Fault) Unwrap() error { return f.Err }

// faultsMost is how many faults of one script are told.
const faultsMost = 10

// unreadable is what the parser, or the resolver, found.
func (s *Script) unreadable(err error) error {
	if e, ok := errors.AsType[syntax.Error](err); ok {
		return s.faultAt(e.Pos, errors.New(e.Msg))
	}
	list, ok := errors.AsType[resolve.ErrorList](err)
	if !ok {
		return &Fault{File: s.name, Line: 1, Reason: err.Error(), Err: err}
	}
	joined := make([]error, 0, faultsMost)
	for _, e := range list[:min(len(list), faultsMost)] {
		msg := e.Msg
		if name, ok := strings.CutPrefix(msg, "undefined: "); ok && !strings.Contains(name, " ") {
			if n := strict.Nearest(name, s.known()); n != "" {
				msg += "; did you mean " + n + "?"
			}
		}
		joined = append(joined, s.faultAt(e.Pos, errors.New(msg)))
	}
	return errors.Join(joined...)
}

// known are the names that every script knows.
func (s *Script) known() []string {
	return slices.Concat((&instance{script: s}).predeclared().Keys(), starlark.Universe.Keys())
}

func (s *Script) faultAt(pos syntax.Position, err error) error {
	return &Fault{File: s.name, Line: int(pos.Line), Column: int(pos.Col), Reason: inWords(err.Error()), Err: err}
}

// fault finds where in the script an error came from. ended is why the script was stopped from outside; nil: it was not.
func (s *Script) fault(err, ended error) error {
	f := &Fault{File: s.name, Line: 1, Reason: inWords(err.Error()), Err: err}
	if e, ok := errors.AsType[*starlark.EvalError](err); ok {
		f.Err = errors.Unwrap(e)
		if pos, ok := s.within(e.CallStack); ok {
			f.Line, f.Column = int(pos.Line), int(pos.Col)
		}
	}
	if ended != nil {
		f.Reason, f.Err = strings.TrimPrefix(ended.Error(), bots.ErrRunaway.Error()+": "), ended
	}
	return f
}

// within is the innermost place of the script itself on a stack.
func (s *Script) within(stack starlark.CallStack) (syntax.Position, bool) {
	for i := range stack {
		if at := stack.At(i).Pos; at.Filename() == s.name && at.Line > 0 {
			return at, true
		}
	}
	return syntax.Position{}, false
}

// inWords says in plain words what Starlark says in its own.
func inWords(reason string) string {
	switch {
	case strings.HasSuffix(reason, "called recursively"):
		name := strings.TrimSuffix(strings.TrimPrefix(reason, "function "), " called recursively")
		return name + " calls itself, which a script can't do; use a loop"
	case strings.Contains(reason, "frozen"):
		return reason + ": what is made at the top of the file can't be changed later; keep what changes in state"
	case reason == "excessive nesting":
		return "too many brackets within brackets"
	}
	return reason
}

// didYouMean ends the sentence that word is none of known.
func didYouMean(word string, known []string) string {
	if n := strict.Nearest(word, known); n != "" {
		return "; did you mean " + n + "?"
	}
	if len(known) == 0 {
		return ""
	}
	return "; there is " + strings.Join(known, ", ")
}

// article names the type of a value: "an int", "a list".
func article(v starlark.Value) string {
	name := v.Type()
	switch name {
	case "string":
		name = "text"
	case "NoneType":
		return "None"
	}
	if strings.ContainsAny(name[:1], "aeiou") {
		return "an " + name
	}
	return "a " + name
}
