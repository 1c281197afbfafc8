package slack

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/roost-im/roost/router/text"
)

var emojiForm = regexp.MustCompile(`^:([a-z0-9_+'-]+(?:::skin-tone-[2-6])?):`)

const (
	fence = "```"
	// maxMark is how far a closing mark is looked for, so that a text full of opening ones costs no more than its length.
	maxMark  = 2000
	maxToken = 8000 // of a <…>, likewise
)

// unescape undoes Slack's only escapes. One pass, so that what was typed as "&amp;lt;" reads "&lt;".
// https://docs.slack.dev/messaging/formatting-message-text#escaping
func unescape(s string) string {
	if !strings.Contains(s, "&") {
		return s
	}
	return strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">").Replace(s)
}

// escape is how characters are written that would otherwise be markup.
func escape(s string) string {
	if !strings.ContainsAny(s, "&<>") {
		return s
	}
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// mrkdwn reads Slack's markup, for messages without rich_text blocks.
func (r reader) mrkdwn(s string) text.Text {
	w := &writer{reader: r}
	for s != "" {
		open := strings.Index(s, fence)
		if open < 0 {
			break
		}
		shut := strings.Index(s[open+len(fence):], fence)
		if shut < 0 {
			break
		}
		w.lines(s[:open])
		w.newline()
		code := strings.TrimPrefix(s[open+len(fence):open+len(fence)+shut], "\n")
		w.b.Span(text.Pre, text.Attrs{}, func() { w.tokens(strings.TrimSuffix(code, "\n")) })
		s = s[open+len(fence)+shut+len(fence):]
		if rest, ok := strings.CutPrefix(s, "\n"); ok && rest != "" {
			w.write("\n")
			s = rest
		}
	}
	w.lines(s)
	return w.b.Text()
}

// lines writes text without fences; lines that begin with > are a quote.
func (w *writer) lines(s string) {
	for s != "" {
		var quoted []string
		rest := s
		for {
			line, more, found := strings.Cut(rest, "\n")
			body, is := strings.CutPrefix(line, "&gt;")
			if !is {
				break
			}
			quoted = append(quoted, strings.TrimPrefix(body, " "))
			if rest = more; !found {
				break
			}
		}
		if len(quoted) > 0 {
			w.b.Span(text.Quote, text.Attrs{}, func() { w.marks(strings.Join(quoted, "\n"), "") })
			if s = rest; s != "" {
				w.write("\n")
			}
			continue
		}
		end := strings.Index(s, "\n&gt;")
		if end < 0 {
			w.marks(s, "")
			return
		}
		w.marks(s[:end+1], "")
		s = s[end+1:]
	}
}

// markKind is what a mark makes of the text between two of it.
func markKind(mark byte) text.Kind {
	switch mark {
	case '*':
		return text.Bold
	case '_':
		return text.Italic
	case '~':
		return text.Strike
	case '`':
		return text.Code
	}
	return ""
}

// marks writes text with its tokens and marks. open are the marks that it stands in, which don't nest in themselves.
func (w *writer) marks(s, open string) {
	start, before := 0, rune('\n')
	flush := func(to int) { w.write(unescape(s[start:to])) }
	for i := 0; i < len(s); {
		next := i
		switch c := s[i]; {
		case c == '<':
			next = w.token(s, i, flush)
		case c == ':':
			next = w.colons(s, i, flush)
		case markKind(c) != "" && strings.IndexByte(open, c) < 0:
			next = w.mark(s, i, before, open, flush)
		}
		if next > i {
			start, i, before = next, next, 'a'
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		before = r
		i += n
	}
	flush(len(s))
}

// mark writes s[i:] up to its closing mark and returns where that ends; i when there is none.
func (w *writer) mark(s string, i int, before rune, open string, flush func(int)) int {
	c := s[i]
	if wordRune(before) {
		return i
	}
	end := closing(s, i)
	if end < 0 {
		return i
	}
	flush(i)
	w.b.Span(markKind(c), text.Attrs{}, func() {
		if c == '`' {
			w.tokens(s[i+1 : end])
			return
		}
		w.marks(s[i+1:end], open+string(c))
	})
	return end + 1
}

// closing finds the mark that closes the one at i: on the same line, not after a space, and not before a letter.
func closing(s string, i int) int {
	c := s[i]
	if i+1 >= len(s) || s[i+1] == c || (c != '`' && s[i+1] == ' ') {
		return -1
	}
	line, _, _ := strings.Cut(s[i:min(len(s), i+maxMark)], "\n")
	for j := 1; j < len(line); j++ {
		if line[j] == '<' && c != '`' { // a mark inside a token, such as an address, closes nothing
			j += max(0, strings.IndexByte(line[j:], '>'))
		}
		if line[j] == c && (c == '`' || line[j-1] != ' ') && ends(s, i+j+1) {
			return i + j
		}
	}
	return -1
}

// ends says whether no word goes on at i.
func ends(s string, i int) bool {
	r, n := utf8.DecodeRuneInString(s[i:])
	return n == 0 || !wordRune(r)
}

func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// tokens writes code: addresses and mentions are written out, marks and colons mean nothing.
func (w *writer) tokens(s string) {
	start := 0
	flush := func(to int) { w.write(unescape(s[start:to])) }
	for i := 0; i < len(s); i++ {
		if s[i] != '<' {
			continue
		}
		if next := w.token(s, i, flush); next > i {
			start, i = next, next-1
		}
	}
	flush(len(s))
}

// colons writes the :emoji: at i and returns where it ends; i when there is none.
func (w *writer) colons(s string, i int, flush func(int)) int {
	m := emojiForm.FindStringSubmatch(s[i:min(len(s), i+120)])
	if m == nil {
		return i
	}
	if _, known := w.emoji.unicode(m[1]); !known && strings.Trim(m[1], "0123456789") == "" {
		return i // 10:30:15 is a time
	}
	flush(i)
	w.emote(m[1])
	return i + len(m[0])
}

// token writes the <…> at i and returns where it ends; i when there is none.
func (w *writer) token(s string, i int, flush func(int)) int {
	n := strings.IndexByte(s[i:min(len(s), i+maxToken)], '>')
	if n < 2 || strings.ContainsAny(s[i+1:i+n], "\n<") {
		return i
	}
	flush(i)
	what, label, _ := strings.Cut(s[i+1:i+n], "|")
	label = unescape(label)
	switch what[0:min(1, len(what))] {
	case "@":
		w.mention(what[1:], label)
	case "#":
		w.write("#" + firstOf(strings.TrimPrefix(label, "#"), w.name(w.channel, what[1:]), what[1:]))
	case "!":
		w.special(what[1:], label)
	default:
		w.link(unescape(what), label)
	}
	return i + n + 1
}

// special writes what begins with <!: broadcasts, groups and dates. They become words that call nobody.
func (w *writer) special(what, label string) {
	kind, rest, _ := strings.Cut(what, "^")
	switch kind {
	case "here", "channel", "everyone":
		w.write("@" + kind)
	case "subteam":
		w.write("@" + firstOf(strings.TrimPrefix(label, "@"), rest))
	default:
		w.write(firstOf(label, kind))
	}
}
