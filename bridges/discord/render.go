package discord

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/roost-im/roost/router/text"
)

// spans are the kinds that Discord's markdown shows. Mentions are not among them, so that relayed text calls nobody: a name
// stays a name. Custom emoji are, as far as the bot has them.
func spans() []text.Kind {
	return []text.Kind{
		text.Bold, text.Italic, text.Underline, text.Strike, text.Code, text.Pre, text.Quote, text.ListItem, text.Link, text.Emoji,
		text.Spoiler, text.Heading,
	}
}

// emojis finds the wire form of a custom emoji by its name; nil finds none.
type emojis func(name string) (wire string, ok bool)

// markdown is t as Discord's markdown: what stands in it as plain characters is shown as such. Formatting that would cost a
// character is left out: the line that has it is checked, and written without when it would read differently.
func markdown(t text.Text, e emojis) string {
	t = shown(t, e)
	w := writer{emojis: e}
	if s := w.write(t); read(s, names{}).Body == t.Body {
		return s
	}
	w.plain = true
	return w.write(t)
}

// shown is t with everything written out that there is no means for.
func shown(t text.Text, e emojis) text.Text {
	t = text.Degrade(t.Normal(), func(k text.Kind) bool { return slices.Contains(spans(), k) })
	for _, k := range []text.Kind{text.Emoji, text.Link} {
		t = expand(t, k, e)
	}
	return t
}

// expand writes out spans of a kind for which there is no means.
func expand(t text.Text, k text.Kind, e emojis) text.Text {
	var parts []text.Text
	from := 0
	for _, s := range t.Spans {
		if s.Kind != k || s.Start < from || means(t, s, e) {
			continue
		}
		whole := text.Degrade(t.Slice(s.Start, s.End), func(kind text.Kind) bool { return kind != k })
		parts = append(parts, t.Slice(from, s.Start), whole)
		from = s.End
	}
	if from == 0 {
		return t
	}
	return text.Join(append(parts, t.Slice(from, len(t.Body)))...)
}

// means says whether a link or an emoji can be shown.
func means(t text.Text, s text.Span, e emojis) bool {
	label := t.Body[s.Start:s.End]
	if s.Kind == text.Emoji {
		if e == nil || label != ":"+s.Name+":" {
			return false
		}
		_, ok := e(s.Name)
		return ok
	}
	u, err := url.Parse(s.Attr)
	if err != nil || !web(s.Attr) || u.Host == "" {
		return false
	}
	return label == s.Attr || !strings.Contains(label, "://") && !strings.Contains(label, "\n") && strings.TrimSpace(label) != ""
}

// writer writes markdown.
type writer struct {
	emojis emojis
	plain  bool // without any formatting
}

func (w writer) write(t text.Text) string {
	var out strings.Builder
	from := 0
	if !w.plain {
		for _, s := range t.Spans {
			code := strings.TrimSuffix(t.Body[s.Start:s.End], "\n")
			if s.Kind != text.Pre || s.Start < from || !fits(code) || within(t, s.Start, text.Quote) || within(t, s.Start, text.ListItem) {
				continue
			}
			out.WriteString(w.lines(t.Slice(from, s.Start)))
			out.WriteString("```" + language(s.Attr) + "\n" + code + "\n```")
			from = s.Start + len(code)
		}
	}
	out.WriteString(w.lines(t.Slice(from, len(t.Body))))
	return out.String()
}

// fits says whether code can stand in a block.
func fits(code string) bool {
	return !strings.Contains(code, "```") && strings.Trim(code, "\n") == code && code != "" && !strings.HasSuffix(code, "`")
}

var languageName = regexp.MustCompile(`^[A-Za-z0-9_+\-.#]{1,30}$`)

func language(s string) string {
	if languageName.MatchString(s) {
		return s
	}
	return ""
}

// within says whether the character at i lies in a span of a kind.
func within(t text.Text, i int, k text.Kind) bool {
	return slices.ContainsFunc(t.Spans, func(s text.Span) bool { return s.Kind == k && s.Start <= i && i < s.End })
}

// lines writes line after line: each is formatted by itself.
func (w writer) lines(t text.Text) string {
	var out []string
	for start := 0; ; {
		end := strings.IndexByte(t.Body[start:], '\n')
		if end < 0 {
			return strings.Join(append(out, w.line(t, start, len(t.Body))), "\n")
		}
		out = append(out, w.line(t, start, start+end))
		start += end + 1
	}
}

// line writes the line from start to end, with the formatting that costs no character.
func (w writer) line(t text.Text, start, end int) string {
	part := tight(t.Slice(start, end))
	if w.plain {
		return escape(part.Body, true)
	}
	quote, mark := "", ""
	if covers(t, start, end, text.Quote) {
		quote = "> "
	}
	if s, depth, ok := item(t, start); ok && strings.TrimSpace(part.Body) != "" {
		mark = strings.Repeat("  ", min(depth, 4)) + "- "
		if listItem.MatchString(s.Attr + ". x") {
			mark = strings.Repeat("  ", min(depth, 4)) + s.Attr + ". "
		}
	} else if covers(t, start, end, text.Heading) && strings.TrimSpace(part.Body) == part.Body && part.Body != "" {
		mark = "### "
	}
	for _, s := range []string{quote + mark + w.inline(part, mark == ""), quote + mark + escape(part.Body, mark == ""), quote + escape(part.Body, true)} {
		if read(s, names{}).Body == part.Body {
			return s
		}
	}
	return escape(part.Body, true)
}

// covers says whether a span of a kind covers a whole line.
func covers(t text.Text, start, end int, k text.Kind) bool {
	return slices.ContainsFunc(t.Spans, func(s text.Span) bool { return s.Kind == k && s.Start <= start && end <= s.End })
}

// item is the innermost list item that begins with a line, and how many it lies in.
func item(t text.Text, start int) (found text.Span, depth int, ok bool) {
	for _, s := range t.Spans {
		if s.Kind != text.ListItem || s.Start > start || s.End <= start {
			continue
		}
		if s.Start == start {
			found, ok = s, true
		} else {
			depth++
		}
	}
	return found, depth, ok
}

// tight is a line whose spans begin and end with no white space: next to it a mark would be a character.
func tight(t text.Text) text.Text {
	var kept []text.Span
	for _, s := range t.Spans {
		if s.Kind != text.Code && s.Kind != text.Emoji {
			inside := t.Body[s.Start:s.End]
			s.Start += len(inside) - len(strings.TrimLeft(inside, " \t"))
			s.End -= len(inside) - len(strings.TrimRight(inside, " \t"))
		}
		if s.Start < s.End {
			kept = append(kept, s)
		}
	}
	t.Spans = kept
	return t.Normal()
}

// inliner writes the formatting within a line.
type inliner struct {
	writer
	out   strings.Builder
	said  int // bytes of the line that were written
	body  string
	links []int // where the labels of the open links begin in out
	raw   bool  // inside code or an emoji, which are written when they end
	first bool  // nothing stands before on the line
}

func (w writer) inline(t text.Text, first bool) string {
	in := &inliner{writer: w, body: t.Body, first: first}
	text.Walk(t, in.open, in.run, in.shut)
	return in.out.String()
}

func (in *inliner) open(s text.Span) {
	switch s.Kind {
	case text.Link:
		in.links = append(in.links, in.out.Len())
	case text.Code, text.Emoji:
		in.raw = true
	case text.Bold, text.Italic, text.Underline, text.Strike, text.Spoiler:
		in.out.WriteString(in.mark(s))
	case text.Pre, text.Quote, text.ListItem, text.Mention, text.Heading:
	}
}

func (in *inliner) run(s string) {
	in.said += len(s)
	if !in.raw {
		in.out.WriteString(escape(s, in.first && in.out.Len() == 0))
	}
}

func (in *inliner) shut(s text.Span) {
	inside := in.body[s.Start:s.End]
	switch s.Kind {
	case text.Link:
		start := in.links[len(in.links)-1]
		in.links = in.links[:len(in.links)-1]
		in.link(s, inside, start)
	case text.Code:
		in.raw = false
		in.out.WriteString(code(inside))
	case text.Emoji:
		in.raw = false
		wire := escape(inside, false)
		if in.emojis != nil {
			if found, ok := in.emojis(s.Name); ok {
				wire = found
			}
		}
		in.out.WriteString(wire)
	case text.Bold, text.Italic, text.Underline, text.Strike, text.Spoiler:
		in.out.WriteString(in.mark(s))
	case text.Pre, text.Quote, text.ListItem, text.Mention, text.Heading:
	}
}

// link writes a link whose label begins at start.
func (in *inliner) link(s text.Span, label string, start int) {
	if label == s.Attr {
		return // it stands there as an address
	}
	whole := in.out.String()
	in.out.Reset()
	in.out.WriteString(whole[:start] + "[" + whole[start:] + "](<" + target(s.Attr) + ">)")
}

// target is an address as it can stand between angle brackets.
func target(address string) string {
	return strings.NewReplacer("<", "%3C", ">", "%3E", " ", "%20", "\\", "%5C", "\n", "%0A", "\t", "%09").Replace(address)
}

// mark is what stands around a span.
func (in *inliner) mark(s text.Span) string {
	switch s.Kind {
	case text.Bold:
		return "**"
	case text.Underline:
		return "__"
	case text.Strike:
		return "~~"
	case text.Spoiler:
		return "||"
	case text.Italic:
		before, _ := utf8.DecodeLastRuneInString(in.body[:s.Start])
		after, _ := utf8.DecodeRuneInString(in.body[s.End:])
		if (s.Start == 0 || !wordy(before)) && (s.End == len(in.body) || !wordy(after)) {
			return "_"
		}
		return "*"
	case text.Code, text.Pre, text.Quote, text.ListItem, text.Link, text.Mention, text.Emoji, text.Heading:
	}
	return ""
}

// code is a stretch of code between more backticks than it has in a row.
func code(s string) string {
	ticks := "`"
	for strings.Contains(s, ticks) {
		ticks += "`"
	}
	return ticks + s + ticks
}

var lineStart = regexp.MustCompile(`^(?: *-|#{1,3}|-#| *\d{1,9}\.|>(?:>>)?) `)

// escape is s as plain characters; first says that nothing stands before it on its line, where some characters mean more.
func escape(s string, first bool) string {
	var b strings.Builder
	skip := 0
	if first {
		if m := lineStart.FindString(s); m != "" {
			at := strings.LastIndexAny(m, "->.")
			if strings.Contains(m, "#") {
				at = strings.IndexAny(m, "#-")
			}
			if strings.HasPrefix(m, ">") {
				at = 0
			}
			b.WriteString(m[:at] + `\` + m[at:at+1])
			skip = at + 1
		}
	}
	for i := skip; i < len(s); {
		if n := escapeAddress(&b, s[i:]); n > 0 {
			i += n
			continue
		}
		if strings.IndexByte("\\*_~|`<[", s[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
		i++
	}
	return b.String()
}

// escapeAddress writes the address at the start of s, if there is one. A backslash behind it would be part of it, so it stands
// between angle brackets when something follows that needs one; where it can't, it is made none.
func escapeAddress(b *strings.Builder, s string) int {
	found := webAddress.FindString(s)
	if found == "" {
		return 0
	}
	switch after := strings.TrimLeft(s[len(found):], ".,:;\"'])"); {
	case !strings.HasPrefix(after, "<"):
		b.WriteString(found)
	case strings.Contains(found, ">"):
		scheme, _, _ := strings.Cut(found, ":")
		b.WriteString(scheme + `\:`)
		return len(scheme) + 1
	default:
		b.WriteString("<" + found + ">")
	}
	return len(found)
}

// size is how much markdown takes of a text at most. It counts every character that may need a backslash, wherever it stands,
// so that a slice never takes more than the whole.
func size(t text.Text) int {
	n := text.Cautious.Len(t.Body)
	for i := range len(t.Body) {
		switch t.Body[i] {
		case '\\', '*', '_', '~', '|', '`', '[', '>', '#', '-', '.':
			n++
		case '<':
			n += 3
		}
	}
	for _, s := range t.Spans {
		n += around(s) * (1 + strings.Count(t.Body[s.Start:s.End], "\n"))
	}
	return n
}

// around is how much the means for a span take beside its characters, on each line.
func around(s text.Span) int {
	switch s.Kind {
	case text.Bold, text.Underline, text.Strike, text.Spoiler, text.Heading, text.Code:
		return 6
	case text.Italic, text.Quote:
		return 2
	case text.ListItem:
		return 12 + len(s.Attr)
	case text.Pre:
		return 10 + len(s.Attr)
	case text.Link:
		return 8 + 4*len(s.Attr)
	case text.Mention:
		return 4 + 4*len(s.Name)
	case text.Emoji:
		return 30 + 2*len(s.Name)
	}
	return 0
}
