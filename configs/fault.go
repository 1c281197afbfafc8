package configs

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Fault is one thing that is wrong in a configuration, and its place. It never shows a secret.
type Fault struct {
	File   string // as it was given to Load or Parse
	Line   int    // from 1; 0: the file as a whole
	Column int    // in runes, from 1
	Path   string // the keys that lead there: accounts.slack/team.bot_token; empty: none do
	Text   string // what is wrong
	Hint   string // what to do about it; may be empty
	cause  error
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
func (f *Fault) Unwrap() error { return f.cause }

// Faults lists the faults in an error of Load or Parse, wrapped or not, by line.
func Faults(err error) []*Fault {
	var faults []*Fault
	for _, e := range flatten(err) {
		if f, ok := e.(*Fault); ok { //nolint:errorlint // what wraps several faults is unwrapped below
			faults = append(faults, f)
		} else if e = errors.Unwrap(e); e != nil {
			faults = append(faults, Faults(e)...)
		}
	}
	return faults
}

// flatten lists the errors that were joined, however deep.
func flatten(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, flatten(e)...)
	}
	return all
}

func sorted(faults []*Fault) []*Fault {
	slices.SortStableFunc(faults, func(a, b *Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return faults
}

// spot is where a value stands.
type spot struct {
	line, column int
	path         string
}

func (s spot) key(name string) spot {
	if s.path != "" {
		name = s.path + "." + name
	}
	s.path = name
	return s
}

func (s spot) index(i int) spot {
	s.path = fmt.Sprintf("%s[%d]", s.path, i)
	return s
}

func (d *decoder) fault(s spot, hint, format string, args ...any) {
	d.faults = append(d.faults, d.make(s, hint, fmt.Sprintf(format, args...)))
}

func (d *decoder) warn(s spot, hint, text string) {
	d.warnings = append(d.warnings, d.make(s, hint, text))
}

func (d *decoder) make(s spot, hint, text string) *Fault {
	return &Fault{File: d.file, Line: s.line, Column: s.column, Path: s.path, Text: text, Hint: hint}
}

func (d *decoder) err() error {
	joined := make([]error, 0, len(d.faults))
	for _, f := range sorted(d.faults) {
		joined = append(joined, f)
	}
	return errors.Join(joined...)
}

// didYouMean is the hint for a word that is none of known: the nearest one, all of them when they are few, or nothing.
func didYouMean(word string, known []string) string {
	best, least := "", len(word)/3+2
	for _, k := range known {
		if n := distance(strings.ToLower(word), k); n < least {
			best, least = k, n
		}
	}
	switch {
	case best != "":
		return "did you mean " + best + "?"
	case len(known) > 0 && len(known) <= 12:
		return "it can be " + strings.Join(known, ", ")
	}
	return ""
}

// distance is the number of letters to add, drop or change to make b of a (Levenshtein), up to 64 letters.
func distance(a, b string) int {
	const most = 64
	if len(a) > most || len(b) > most {
		return most
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		left := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := left
			if a[i] != b[j] {
				change++
			}
			left = row[j+1]
			row[j+1] = min(change, row[j]+1, left+1)
		}
	}
	return row[len(b)]
}
