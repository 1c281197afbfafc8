package bottest

import (
	"fmt"

	"github.com/roost-im/roost/configs/strict"
)

// Fault is something in a transcript that can't be understood, and where it stands.
type Fault struct {
	File   string
	Line   int // from 1
	Column int // in characters, from 1
	Text   string
}

// Error is file:line:column: text.
func (f *Fault) Error() string { return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Text) }

// meant says which of several words may have been meant, behind what is wrong; empty when none is near.
func meant(word string, known []string) string {
	near := strict.Nearest(word, known)
	if near == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", near)
}
