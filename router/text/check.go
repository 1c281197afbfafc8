package text

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// ErrBadText is wrapped by every error of [Text.Check].
var ErrBadText = errors.New("bad text")

// Check returns nil if the body is clean UTF-8 and the spans are of known kinds, not empty, inside the body on rune bounds,
// sorted and nested. Its error wraps [ErrBadText] and names the first span at fault. [Text.Normal] repairs what Check refuses.
func (t Text) Check() error {
	if !utf8.ValidString(t.Body) {
		return fmt.Errorf("%w: body is not UTF-8", ErrBadText)
	}
	for i := range len(t.Body) {
		if b := t.Body[i]; b < ' ' && b != '\n' && b != '\t' {
			return fmt.Errorf("%w: control character %#02x at byte %d", ErrBadText, b, i)
		}
	}
	return t.checkSpans()
}

// checkSpans is the part of Check that looks at spans.
func (t Text) checkSpans() error {
	var open []Span
	for i, s := range t.Spans {
		if err := t.checkSpan(s); err != nil {
			return fmt.Errorf("%w: span %d: %w", ErrBadText, i, err)
		}
		if i > 0 && (s.Start < t.Spans[i-1].Start || s.Start == t.Spans[i-1].Start && s.End > t.Spans[i-1].End) {
			return fmt.Errorf("%w: span %d: out of order", ErrBadText, i)
		}
		for len(open) > 0 && open[len(open)-1].End <= s.Start {
			open = open[:len(open)-1]
		}
		if len(open) > 0 && open[len(open)-1].End < s.End {
			return fmt.Errorf("%w: span %d: crosses the %s from %d to %d", ErrBadText, i, open[len(open)-1].Kind, open[len(open)-1].Start, open[len(open)-1].End)
		}
		open = append(open, s)
	}
	return nil
}

// checkSpan looks at one span alone.
func (t Text) checkSpan(s Span) error {
	switch {
	case s.Kind.rank() < 0:
		return fmt.Errorf("unknown kind %q", s.Kind)
	case s.Start < 0 || s.End > len(t.Body):
		return fmt.Errorf("%d to %d is outside the %d bytes of the body", s.Start, s.End, len(t.Body))
	case s.Start >= s.End:
		return fmt.Errorf("%d to %d is empty", s.Start, s.End)
	case runeFloor(t.Body, s.Start) != s.Start || runeFloor(t.Body, s.End) != s.End:
		return fmt.Errorf("%d to %d cuts a character", s.Start, s.End)
	}
	return nil
}
