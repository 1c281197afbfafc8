package text

import (
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Split cuts t into parts whose size is at most limit, as few as the places to cut allow. Their bodies put together are the body
// of t: the white space at a cut stays at the end of the earlier part. An empty t has no parts.
//
// It cuts after a paragraph, else a line, else a sentence, if that leaves the part at least half full; else between words, else
// between graphemes. It never cuts inside a grapheme, nor inside a [Mention], [Emoji] or [Link] that fits limit as a whole. Other
// spans end with the part and go on in the next: a [Pre] keeps its language, a [ListItem] its number.
//
// A grapheme that is larger than limit alone is a part of its own, so parts may exceed limit when nothing else is possible. Where
// t has a long run of white space a part may have nothing else; see [Text.Empty].
//
// The size of a slice must not exceed that of a longer slice around it. Split calls size some ten times for each part, on texts
// of about a part's length.
func Split(t Text, size func(Text) int, limit int) []Text {
	if t.Body == "" {
		return nil
	}
	if len(t.Body) <= limit && size(t) <= limit {
		return []Text{t}
	}
	s := splitter{rest: t, bounds: bounds(t.Body), size: size, max: limit, guess: limit, whole: map[int]bool{}}
	var parts []Text
	for s.rest.Body != "" {
		cut := s.cut()
		parts = append(parts, s.rest.Slice(0, cut))
		s.rest = s.rest.Slice(cut, len(s.rest.Body))
		clear(s.whole)
		s.base += cut
		s.bounds = s.bounds[sort.SearchInts(s.bounds, s.base):]
	}
	return parts
}

// splitter is a text that is being cut up.
type splitter struct {
	rest   Text  // what is not cut off yet
	base   int   // where rest starts in the whole
	bounds []int // grapheme bounds of rest, as offsets in the whole
	size   func(Text) int
	max    int
	guess  int          // graphemes that the next part may have
	whole  map[int]bool // whether spans of rest fit alone, by index, as far as asked
}

// at is the i-th grapheme bound as an offset in rest.
func (s *splitter) at(i int) int { return s.bounds[i] - s.base }

// fits reports whether the first n graphemes of rest fit.
func (s *splitter) fits(n int) bool { return s.size(s.rest.Slice(0, s.at(n))) <= s.max }

// reach is the largest number of graphemes that fit, at least one.
func (s *splitter) reach() int {
	all := len(s.bounds) - 1
	low, high := 0, min(max(s.guess, 1), all)
	for step := max(s.guess/8, 1); s.fits(high); step *= 2 {
		if high == all {
			return all
		}
		low, high = high, min(high+step, all)
	}
	low += sort.Search(high-low-1, func(i int) bool { return !s.fits(low + 1 + i) })
	s.guess = max(low, 1)
	return s.guess
}

// cut says after how many bytes of rest the next part ends.
func (s *splitter) cut() int {
	reach := s.reach()
	hard := s.at(reach)
	if hard == len(s.rest.Body) {
		return hard
	}
	if held := s.held(hard); held > 0 {
		hard = held
	}
	body := s.rest.Body
	ink := len(body) - len(strings.TrimLeftFunc(body, unicode.IsSpace))
	best, bestSeam := hard, seamNone
	for i := sort.SearchInts(s.bounds, s.base+hard); i > 0; i-- {
		p := s.at(i)
		if p <= ink || p < hard/2 && bestSeam != seamNone {
			break
		}
		seam := seamAt(body, p)
		if p < hard/2 {
			seam = min(seam, seamWord)
		}
		if seam > bestSeam && s.held(p) == p {
			best, bestSeam = p, seam
		}
		if bestSeam == seamParagraph {
			break
		}
	}
	return best
}

// held is p, or the start of the span that a cut at p would tear although it fits as a whole.
func (s *splitter) held(p int) int {
	for i, span := range s.rest.Spans {
		if span.Start >= p {
			break
		}
		if span.End > p && (span.Kind == Link || span.Kind.atom()) && s.wholeFits(i) {
			return span.Start
		}
	}
	return p
}

// wholeFits reports whether the i-th span of rest would fit in a part of its own.
func (s *splitter) wholeFits(i int) bool {
	fits, known := s.whole[i]
	if !known {
		fits = s.size(s.rest.Slice(s.rest.Spans[i].Start, s.rest.Spans[i].End)) <= s.max
		s.whole[i] = fits
	}
	return fits
}

// The places to cut at, the worst first.
const (
	seamNone = iota
	seamWord
	seamSentence
	seamLine
	seamParagraph
)

// seamAt rates a cut of body at p, where there are characters on both sides.
func seamAt(body string, p int) int {
	if next, _ := utf8.DecodeRuneInString(body[p:]); unicode.IsSpace(next) {
		return seamNone
	}
	words := strings.TrimRightFunc(body[:p], unicode.IsSpace)
	last, _ := utf8.DecodeLastRuneInString(words)
	switch gap := body[len(words):p]; {
	case strings.Count(gap, "\n") > 1:
		return seamParagraph
	case strings.Contains(gap, "\n"):
		return seamLine
	case strings.ContainsRune("。！？｡", last):
		return seamSentence
	case gap == "" && strings.ContainsRune("、，；：", last):
		return seamWord
	case gap == "":
		return seamNone
	case strings.ContainsRune(".!?…؟۔।", last):
		return seamSentence
	}
	return seamWord
}
