package bottest

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/router/text"
)

// done is one thing that the bot did.
type done struct {
	place   string // as a transcript names it
	verb    string
	count   int
	arg     string
	words   text.Text
	labels  []string // of buttons or numbered lines
	lines   bool     // they are numbered lines
	answers bool     // the message answers another one
	aside   bool     // it need not be expected
}

// pattern is what stands between slashes.
func pattern(s string) (string, bool) {
	if len(s) > 2 && s[0] == '/' && s[len(s)-1] == '/' && !strings.Contains(s, "\n") {
		return s[1 : len(s)-1], true
	}
	return "", false
}

func checkPattern(s string) error {
	p, ok := pattern(s)
	if !ok {
		return nil
	}
	if len(p) > 1000 {
		return fmt.Errorf("the pattern is longer than 1000 bytes")
	}
	if _, err := regexp.Compile(p); err != nil {
		return fmt.Errorf("the pattern can't be read: %w", err)
	}
	return nil
}

// as says whether d is what a line of a transcript wants. here is the place that is meant where the line names none.
func (d done) as(w line, here string) bool {
	place := w.place
	if place == "" {
		place = here
	}
	verb := w.verb
	if d.answers && verb == says && d.verb == replies {
		verb = replies // that it answers a message need not be said
	}
	if place != d.place || verb != d.verb || w.arg != d.arg {
		return false
	}
	switch d.verb {
	case edits, deletes:
		if max(w.count, 1) != max(d.count, 1) {
			return false
		}
	case fails:
		if w.text == "" {
			return true
		}
	}
	return d.reads(w.text)
}

// reads says whether the message is what a transcript says: its words, and its choices in brackets or as numbered lines.
func (d done) reads(want string) bool {
	if _, ok := pattern(want); ok || len(d.labels) == 0 {
		return alike(want, d.words) // a pattern need not say the choices
	}
	if head, ok := cutLabels(want, d.labels); ok {
		return alike(head, d.words)
	}
	return d.lines && alike(want, text.Plain(strings.TrimPrefix(plainly(d.words)+"\n"+d.numbered(), "\n")))
}

// cutLabels takes the labels off the end of a text where they stand in brackets.
func cutLabels(want string, labels []string) (string, bool) {
	for _, l := range slices.Backward(labels) {
		head, ok := strings.CutSuffix(strings.TrimRight(want, " \t\n"), "["+oneLine(l)+"]")
		if !ok {
			return want, false
		}
		want = head
	}
	return strings.TrimRight(want, " \t\n"), true
}

// alike says whether words read like want: a pattern that they match, the same characters, or, where want has marks, the
// same characters with these marks.
func alike(want string, words text.Text) bool {
	if p, ok := pattern(want); ok {
		re, err := regexp.Compile(p)
		return err == nil && (re.MatchString(words.Body) || re.MatchString(plainly(words)))
	}
	want = strings.TrimSpace(want)
	if want == strings.TrimSpace(words.Body) || want == plainly(words) {
		return true
	}
	marked := bots.Markup(want)
	if len(marked.Spans) == 0 || marked.Body != words.Body {
		return false
	}
	for _, s := range marked.Spans {
		if !slices.Contains(words.Spans, s) {
			return false
		}
	}
	return true
}

// plainly is a text as it reads where there is no formatting.
func plainly(t text.Text) string {
	return strings.TrimSpace(text.Degrade(t, func(text.Kind) bool { return false }).Body)
}

func (d done) numbered() string {
	var b strings.Builder
	for i, l := range d.labels {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(strconv.Itoa(i+1) + ". " + l)
	}
	return b.String()
}

// line is d as a transcript says it. here is the place that need not be named; lines says that choices are written as
// numbered lines where they are shown so.
func (d done) line(here string, lines bool) string {
	var b strings.Builder
	b.WriteString(theBot)
	if d.place != here {
		b.WriteString("@" + d.place)
	}
	if d.verb != says {
		b.WriteString(" " + d.verb)
	}
	if d.count > 1 {
		b.WriteString(" " + strconv.Itoa(d.count))
	}
	if d.arg != "" {
		b.WriteString(" " + d.arg)
	}
	words := d.spoken(lines)
	if words == "" && d.verb != says {
		return b.String()
	}
	b.WriteByte(':')
	first, rest, more := strings.Cut(words, "\n")
	b.WriteString(strings.TrimRight(" "+first, " "))
	if more {
		for l := range strings.SplitSeq(rest, "\n") {
			b.WriteString("\n" + strings.TrimRight("  "+l, " "))
		}
	}
	return b.String()
}

// spoken is the message as a transcript says it.
func (d done) spoken(lines bool) string {
	words := plainly(d.words)
	if _, ok := pattern(words); ok {
		words = "/^" + regexp.QuoteMeta(words) + "$/"
	}
	if len(d.labels) == 0 {
		return words
	}
	if d.lines && lines {
		return strings.TrimPrefix(words+"\n"+d.numbered(), "\n")
	}
	brackets := make([]string, 0, len(d.labels))
	for _, l := range d.labels {
		brackets = append(brackets, "["+oneLine(l)+"]")
	}
	gap := "  "
	if strings.Contains(words, "\n") {
		gap = "\n"
	}
	return strings.TrimSpace(words + gap + strings.Join(brackets, " "))
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
