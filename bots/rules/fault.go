package rules

import (
	"errors"

	"github.com/roost-im/roost/configs/strict"
)

// Fault is one thing that is wrong in a file of rules, and its place: the path of its keys is as in rules[2].when.pattern.
type Fault struct{ strict.Fault }

// Faults lists the faults in an error of Load, by line.
func Faults(err error) []*Fault { return strict.All[*Fault](err) }

// wrong joins a *Fault for each thing that is wrong in a file; nil: nothing is.
func wrong(f *strict.File) error {
	var joined []error
	for _, fault := range f.Faults() {
		joined = append(joined, &Fault{*fault})
	}
	return errors.Join(joined...)
}
