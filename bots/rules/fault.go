package rules

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Fault is one thing that is wrong in a file of rules, and its place.
type Fault struct {
	File   string // as it was given to Load
	Line   int    // from 1; 0: the file as a whole
	Column int    // in runes, from 1
	Path   string // the keys that lead there: rules[2].when.pattern; empty: none do
	Text   string // what is wrong
	Hint   string // what to do about it; may be empty
}

// Error reads "path: text at file:line:column; hint", as faults of a configuration do.
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

// Faults lists the faults in an error of Load, by line.
func Faults(err error) []*Fault {
	if f, ok := err.(*Fault); ok { //nolint:errorlint // what wraps several is unwrapped below
		return []*Fault{f}
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	var all []*Fault
	for _, e := range joined.Unwrap() {
		all = append(all, Faults(e)...)
	}
	return all
}

// faultsMost is how many faults of one file are told.
const faultsMost = 50

// faults collects what is wrong in a file.
type faults struct {
	file string
	list []*Fault
}

func (f *faults) add(s spot, hint, format string, args ...any) {
	if len(f.list) < faultsMost {
		f.list = append(f.list, &Fault{
			File: f.file, Line: s.line, Column: s.column, Path: s.path, Text: fmt.Sprintf(format, args...), Hint: hint,
		})
	}
}

func (f *faults) err() error {
	slices.SortStableFunc(f.list, func(a, b *Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	joined := make([]error, 0, len(f.list))
	for _, fault := range f.list {
		joined = append(joined, fault)
	}
	return errors.Join(joined...)
}

// nearest is the hint for a word that is none of known: the nearest one, all of them when they are few, or nothing.
func nearest(word string, known []string) string {
	best, least := "", len(word)/3+2
	for _, k := range known {
		if n := distance(strings.ToLower(word), k); n < least {
			best, least = k, n
		}
	}
	const few = 14
	switch {
	case best != "":
		return "did you mean " + best + "?"
	case len(known) > 0 && len(known) <= few:
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
