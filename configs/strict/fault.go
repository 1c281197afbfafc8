package strict

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Spot is where something stands in a file.
type Spot struct {
	Line   int    // from 1; 0: the file as a whole
	Column int    // in runes, from 1
	Path   string // the keys that lead there: accounts.slack/team.bot_token; empty: none do
}

// Key is s on the path of a key below it.
func (s Spot) Key(name string) Spot {
	if s.Path != "" {
		name = s.Path + "." + name
	}
	s.Path = name
	return s
}

// Index is s on the path of an item below it, from 0.
func (s Spot) Index(i int) Spot {
	s.Path = fmt.Sprintf("%s[%d]", s.Path, i)
	return s
}

// Fault is one thing that is wrong in a file, and its place.
type Fault struct {
	File   string // as File has its name
	Line   int    // from 1; 0: the file as a whole
	Column int    // in runes, from 1
	Path   string // the keys that lead there; empty: none do
	Text   string // what is wrong
	Hint   string // what to do about it; may be empty
	Err    error  // what it comes from; may be nil
}

// Error reads "path: text at file:line:column; hint".
func (f *Fault) Error() string {
	var b strings.Builder
	if f.Path != "" {
		b.WriteString(f.Path + ": ")
	}
	if f.Line == 0 {
		b.WriteString(f.File + ": " + f.Text)
	} else {
		fmt.Fprintf(&b, "%s at %s:%d:%d", f.Text, f.File, f.Line, f.Column)
	}
	if f.Hint != "" {
		b.WriteString("; " + f.Hint)
	}
	return b.String()
}

// Unwrap gives the cause, when there is one.
func (f *Fault) Unwrap() error { return f.Err }

// Fault reports that something at s is wrong. hint says what to do about it, and may be empty.
func (f *File) Fault(s Spot, hint, format string, args ...any) {
	if f.Most > 0 && len(f.faults) >= f.Most {
		return
	}
	f.faults = append(f.faults, &Fault{
		File: f.Name, Line: s.Line, Column: s.Column, Path: s.Path, Text: fmt.Sprintf(format, args...), Hint: hint,
	})
}

// Len is how many faults there are so far.
func (f *File) Len() int { return len(f.faults) }

// Faulted says whether something is wrong at a path or below it.
func (f *File) Faulted(path string) bool {
	return slices.ContainsFunc(f.faults, func(f *Fault) bool {
		rest, ok := strings.CutPrefix(f.Path, path)
		return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}

// Faults lists what is wrong, by line.
func (f *File) Faults() []*Fault {
	return slices.SortedStableFunc(slices.Values(f.faults), func(a, b *Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// Err joins a *Fault for each thing that is wrong, by line; nil: nothing is.
func (f *File) Err() error {
	joined := make([]error, 0, len(f.faults))
	for _, fault := range f.Faults() {
		joined = append(joined, fault)
	}
	return errors.Join(joined...)
}

// All lists the errors of one type in err, which may wrap and join them, in their order.
func All[T error](err error) []T {
	var all []T
	for _, e := range Apart(err) {
		if one, ok := e.(T); ok { //nolint:errorlint // what wraps several is taken apart below
			all = append(all, one)
		} else if e = errors.Unwrap(e); e != nil {
			all = append(all, All[T](e)...)
		}
	}
	return all
}

// Apart lists the errors that were joined in err, however deep.
func Apart(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, Apart(e)...)
	}
	return all
}
