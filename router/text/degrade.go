package text

import "strings"

// Degrade writes as characters what a target can't show as formatting: every span whose kind keep refuses.
//
//   - Link: its characters, then " (URL)" unless they are the URL.
//   - Spoiler: "[spoiler] " in front; the characters stay readable.
//   - Quote: "> " in front of each line. ListItem: "• " or "1. " in front, deeper items indented. Heading: a line of its own.
//   - Mention: its shown name. Emoji: ":name:". Both keep their characters if they have no name.
//   - All others lose their formatting and keep their characters.
//
// The result is normal. It is t if keep refuses nothing that t has.
func Degrade(t Text, keep func(Kind) bool) Text {
	refused := false
	for _, s := range t.Spans {
		refused = refused || !keep(s.Kind)
	}
	if !refused {
		return t
	}
	d := degrader{keep: keep}
	Walk(t, d.enter, d.run, d.leave)
	return Text{Body: d.body.String(), Spans: d.spans}.Normal()
}

// degrader writes the lesser text.
type degrader struct {
	keep   func(Kind) bool
	body   strings.Builder
	spans  []Span
	kept   []int // indexes into spans of the kept open spans
	labels []int // where the refused open links start in body
	quotes int   // how many refused quotes are open
	marked int   // how many of them are marked on this line
	items  int   // how many refused items are open
	mute   int   // above 0 inside a refused mention or emoji that was written by its name
	fresh  bool  // the line has nothing but marks so far
	ended  bool  // a block ended on this line: what follows belongs on the next
}

// enter is for the start of a span.
func (d *degrader) enter(s Span) {
	if d.keep(s.Kind) {
		if !d.ended {
			d.marks()
		}
		d.kept = append(d.kept, len(d.spans))
		s.Start = d.body.Len()
		d.spans = append(d.spans, s)
		return
	}
	switch s.Kind {
	case Link:
		d.begin()
		d.labels = append(d.labels, d.body.Len())
	case Spoiler:
		d.write("[spoiler] ")
	case Quote:
		d.block()
		d.quotes++
	case ListItem:
		d.block()
		d.items++
		d.write(strings.Repeat("  ", d.items-1) + bullet(s.Attr))
		d.fresh = true
	case Heading:
		d.block()
	case Mention, Emoji:
		if name := shown(s); name != "" {
			d.write(name)
			d.mute++
		}
	case Bold, Italic, Underline, Strike, Code, Pre:
	}
}

// leave is for the end of a span.
func (d *degrader) leave(s Span) {
	if d.keep(s.Kind) {
		last := len(d.kept) - 1
		d.spans[d.kept[last]].End = d.body.Len()
		d.kept = d.kept[:last]
		return
	}
	switch s.Kind {
	case Link:
		last := len(d.labels) - 1
		if label := d.body.String()[d.labels[last]:]; !sameURL(label, s.Attr) {
			d.body.WriteString(" (" + s.Attr + ")")
		}
		d.labels = d.labels[:last]
	case Quote:
		d.quotes--
		d.ended = true
	case ListItem:
		d.items--
		d.ended = true
	case Heading:
		d.ended = true
	case Mention, Emoji:
		if shown(s) != "" {
			d.mute--
		}
	case Spoiler, Bold, Italic, Underline, Strike, Code, Pre:
	}
}

// run writes characters, line by line.
func (d *degrader) run(s string) {
	if d.mute > 0 {
		return
	}
	for line := range strings.Lines(s) {
		words := strings.TrimSuffix(line, "\n")
		if words != "" {
			d.write(words)
		}
		if len(words) < len(line) {
			if words == "" && d.lineStart() && d.quotes > 0 {
				d.body.WriteString(">")
			}
			d.newline()
		}
	}
}

// write puts characters on the present line.
func (d *degrader) write(s string) {
	d.begin()
	d.body.WriteString(s)
	d.fresh = false
}

// begin makes the line ready for characters.
func (d *degrader) begin() {
	if d.ended {
		d.block()
	}
	d.marks()
}

// marks writes the quote marks that the line still lacks, if it has nothing else.
func (d *degrader) marks() {
	if !d.lineStart() && !d.fresh {
		return
	}
	for ; d.marked < d.quotes; d.marked++ {
		d.body.WriteString("> ")
		d.fresh = true
	}
}

// block goes to a line on which a block may start.
func (d *degrader) block() {
	if !d.lineStart() && (!d.fresh || d.ended) {
		d.newline()
	}
	d.ended = false
}

// newline ends the line.
func (d *degrader) newline() {
	d.body.WriteByte('\n')
	d.marked, d.fresh, d.ended = 0, false, false
}

// lineStart reports whether the line is empty.
func (d *degrader) lineStart() bool {
	return d.body.Len() == 0 || d.body.String()[d.body.Len()-1] == '\n'
}

// bullet is the mark in front of a list item.
func bullet(number string) string {
	if number == "" {
		return "• "
	}
	return strings.TrimRight(number, ".)") + ". "
}

// sameURL reports whether a link's label says where it leads.
func sameURL(label, url string) bool {
	bare := func(s string) string {
		s = strings.TrimSpace(s)
		for _, scheme := range []string{"https://", "http://", "mailto:", "tel:"} {
			if len(s) >= len(scheme) && strings.EqualFold(s[:len(scheme)], scheme) {
				s = s[len(scheme):]
				break
			}
		}
		return strings.TrimSuffix(s, "/")
	}
	return strings.EqualFold(bare(label), bare(url))
}
