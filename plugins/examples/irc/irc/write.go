package irc

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Form says how a text becomes messages.
type Form struct {
	Max   int                    // bytes of one message; at least 32 are taken
	Lines int                    // more lines than that are packed into as few messages as will do; 0: no limit
	Nick  func(nick string) bool // who would be called by their name; nil: nobody
}

// shy is an invisible character that changes how nothing looks: with it inside, a nick is no nick, and a command no command.
const shy = "\u2060"

// packed stands where a line ended, in a text of too many lines.
const packed = "⏎"

// glyph is what must not be cut in two, with its style.
type glyph struct {
	s  string
	is style
}

// Messages is the text as messages, each of at most f.Max bytes: one for each line of it that is not blank, and more where
// a line is too long, which is cut at a space where there is one. Each has its own formatting codes, for those of one
// message do not reach into the next. Control characters are taken out, so that nothing but words gets through. A nick that f
// knows, and a line that begins like a command of a bot, get an invisible character (U+2060).
func (t Text) Messages(f Form) []string {
	f.Max = max(f.Max, 32)
	lines := f.lines(t.glyphs())
	var all []string
	for _, line := range lines {
		for len(line) > 0 {
			var one []glyph
			one, line = cut(tame(line), f.Max)
			if s := encode(one); strings.TrimSpace(s) != "" {
				all = append(all, s)
			}
		}
	}
	return all
}

// glyphs cuts the body into what belongs together, and takes out what is no text.
func (t Text) glyphs() []glyph {
	styles := t.styles()
	var all []glyph
	joined := false
	for i, r := range t.Body {
		switch {
		case r == '\t':
			r = ' '
		case r != '\n' && unicode.IsControl(r), r == utf8.RuneError, r == '\u2028', r == '\u2029':
			continue
		}
		last := len(all) - 1
		if last >= 0 && r != '\n' && all[last].s != "\n" && (joined && unicode.Is(unicode.So, r) || follows(r) || flag(all[last].s, r)) {
			all[last].s += string(r)
		} else {
			all = append(all, glyph{string(r), styles[i]})
		}
		joined = r == '\u200d'
	}
	return all
}

// styles is the style of each byte of the body.
func (t Text) styles() []style {
	all := make([]style, len(t.Body))
	for _, s := range t.Spans {
		var is style
		for _, f := range formats() {
			if f.kind == s.Kind || f.is == mono && s.Kind == "pre" {
				is = f.is
			}
		}
		for i := max(s.Start, 0); i < min(s.End, len(all)); i++ {
			all[i] |= is
		}
	}
	return all
}

// follows says whether a character belongs to the one before it.
func follows(r rune) bool {
	return r == '\u200d' || unicode.In(r, unicode.Mn, unicode.Me, unicode.Mc, unicode.Variation_Selector) || r >= 0x1f3fb && r <= 0x1f3ff
}

// flag says whether r is the second half of a flag.
func flag(before string, r rune) bool {
	half := func(r rune) bool { return r >= 0x1f1e6 && r <= 0x1f1ff }
	first, n := utf8.DecodeRuneInString(before)
	return half(r) && half(first) && n == len(before)
}

// lines cuts what was written at the ends of its lines, makes each harmless, and packs them when they are too many.
func (f Form) lines(all []glyph) [][]glyph {
	lines := [][]glyph{nil}
	for _, g := range all {
		if g.s == "\n" {
			lines = append(lines, nil)
			continue
		}
		last := len(lines) - 1
		lines[last] = append(lines[last], g)
	}
	kept := lines[:0]
	for _, line := range lines {
		if line = f.harmless(trim(line)); len(line) > 0 {
			kept = append(kept, line)
		}
	}
	if f.Lines == 0 || len(kept) <= f.Lines {
		return kept
	}
	var one []glyph
	for i, line := range kept {
		if i > 0 {
			one = append(one, glyph{" ", 0}, glyph{packed, 0}, glyph{" ", 0})
		}
		one = append(one, line...)
	}
	return [][]glyph{one}
}

// trim takes spaces off the end.
func trim(line []glyph) []glyph {
	for len(line) > 0 && strings.TrimSpace(line[len(line)-1].s) == "" {
		line = line[:len(line)-1]
	}
	return line
}

// tame breaks the command that a message begins with.
func tame(line []glyph) []glyph {
	if first, _ := utf8.DecodeRuneInString(line[0].s); !strings.ContainsRune("!.@-,;$%&~+/?`^=|\\", first) {
		return line
	}
	return append([]glyph{{shy + line[0].s, line[0].is}}, line[1:]...)
}

// harmless breaks the nicks in a line. Addresses of pages stay as they are.
func (f Form) harmless(line []glyph) []glyph {
	var out []glyph
	for len(line) > 0 {
		n := 1
		for n < len(line) && (line[n].s == " ") == (line[0].s == " ") {
			n++
		}
		out = append(out, f.unnamed(line[:n])...)
		line = line[n:]
	}
	return out
}

// unnamed breaks the nicks among what stands between two spaces.
func (f Form) unnamed(run []glyph) []glyph {
	if f.Nick == nil || strings.Contains(plain(run), "://") {
		return run
	}
	var out []glyph
	for len(run) > 0 {
		n := 0
		for n < len(run) && nickish(run[n].s) {
			n++
		}
		if n == 0 {
			out, run = append(out, run[0]), run[1:]
			continue
		}
		out = append(out, run[0])
		if f.Nick(bare(run[:n])) {
			out = append(out, glyph{shy, run[0].is})
		}
		out, run = append(out, run[1:n]...), run[n:]
	}
	return out
}

// nickish says whether a character can be in a nick.
func nickish(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_[]\\{}|^`", r)
}

// bare is a word without what stands on its letters, which hides a nick from nobody.
func bare(run []glyph) string {
	var b strings.Builder
	for _, g := range run {
		r, _ := utf8.DecodeRuneInString(g.s)
		b.WriteRune(r)
	}
	return b.String()
}

func plain(run []glyph) string {
	var b strings.Builder
	for _, g := range run {
		b.WriteString(g.s)
	}
	return b.String()
}

// cut takes as many glyphs as fit into most bytes, up to a space where there is one in the second half. A single glyph that
// does not fit is cut in its middle, between characters.
func cut(line []glyph, most int) (one, rest []glyph) {
	now, size, n, space := style(0), 0, 0, 0
	for n < len(line) {
		g := line[n]
		size += len(switches(now, g.is)) + len(g.s)
		now = g.is
		if size > most {
			break
		}
		if n++; g.s == " " && size > most/2 {
			space = n
		}
	}
	switch {
	case n == len(line):
		return line, nil
	case space > 0:
		return line[:space], line[space:]
	case n > 0:
		return line[:n], line[n:]
	}
	g, at := line[0], 0
	for i := range g.s {
		if i <= most-len(switches(0, g.is)) {
			at = i
		}
	}
	return []glyph{{g.s[:at], g.is}}, append([]glyph{{g.s[at:], g.is}}, line[1:]...)
}

// encode writes glyphs with their codes.
func encode(line []glyph) string {
	line = trim(line)
	var b strings.Builder
	now := style(0)
	for _, g := range line {
		b.WriteString(switches(now, g.is))
		b.WriteString(g.s)
		now = g.is
	}
	return b.String()
}

// switches are the codes between two styles.
func switches(from, to style) string {
	var b []byte
	for _, f := range formats() {
		if (from^to)&f.is != 0 {
			b = append(b, f.code)
		}
	}
	return string(b)
}
