package bottest

import (
	"fmt"
	"strings"
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

// meant says which of several words may have been meant, in parentheses behind what is wrong; empty when none is near.
func meant(word string, known []string) string {
	best, least := "", 3
	for _, k := range known {
		if d := distance(strings.ToLower(word), k, least); d < least && d < max(len(k), len(word)) {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// distance counts the letters that must be changed, added or left out to make b of a; it is most when there are as many.
func distance(a, b string, most int) int {
	if len(a) > 40 || len(a)-len(b) >= most || len(b)-len(a) >= most {
		return most
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			same := corner
			if a[i] != b[j] {
				same++
			}
			corner = row[j+1]
			row[j+1] = min(same, row[j]+1, corner+1)
		}
	}
	return min(row[len(b)], most)
}
