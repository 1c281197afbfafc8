package strict

import "strings"

// few is how many words a hint lists.
const few = 14

// DidYouMean is the hint for a word that is none of known: the nearest one, all of them when they are few, or nothing.
func DidYouMean(word string, known []string) string {
	if n := Nearest(word, known); n != "" {
		return "did you mean " + n + "?"
	}
	if len(known) > 0 && len(known) <= few {
		return "it can be " + strings.Join(known, ", ")
	}
	return ""
}

// Nearest is the word among known that was most likely meant; empty when none is near. Capitals don't matter.
func Nearest(word string, known []string) string {
	best, least := "", min(len(word)/3+2, far)
	for _, k := range known {
		if n := distance(strings.ToLower(word), strings.ToLower(k)); n < least && n < max(len(k), len(word)) {
			best, least = k, n
		}
	}
	return best
}

// far is the distance of words that are too long to be compared.
const far = 64

// distance is the number of letters to add, drop or change to make b of a (Levenshtein), up to 64 letters.
func distance(a, b string) int {
	if len(a) > far || len(b) > far {
		return far
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
