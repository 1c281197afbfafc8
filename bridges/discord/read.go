package discord

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/roost-im/roost/router/text"
)

// names is what ids in a text stand for; each gives the empty string when it does not know. The zero names knows nobody.
type names struct {
	person, role, channel func(id string) string
	bot                   func(role string) string // that a role was made for
}

func look(f func(string) string, id, otherwise string) string {
	if f == nil {
		return otherwise
	}
	return firstOf(f(id), otherwise)
}

// read makes a text of Discord's markdown, as its own clients read it.
// https://docs.discord.com/developers/reference#message-formatting
func read(s string, n names) text.Text {
	if len(s) > maxRead {
		return text.Plain(s)
	}
	r := reader{n: n}
	r.read(text.Clean(s), opening)
	return r.b.Text()
}

// context is where a stretch of markdown stands.
type setting struct {
	blocks bool // lines may be quotes, headings and items
	quoted bool
	before rune // the character in front of it; 0: none
}

var opening = setting{blocks: true} //nolint:gochecknoglobals // the start of a message; a constant that Go has no form for

const (
	maxNest = 12       // markers within one another
	maxRead = 16 << 10 // bytes; the longest message has 4,000 characters, and what is longer stays as it is
)

// reader writes what it reads into b.
type reader struct {
	b     text.Builder
	n     names
	depth int
}

// piece is what stands at a place: how many bytes it takes, and what writes it. Nothing, when no rule applies there.
type piece struct {
	size  int
	write func()
}

// read goes through s. What no rule applies to is written as it is.
func (r *reader) read(s string, w setting) {
	if r.depth++; r.depth > maxNest {
		r.b.Write(s)
		r.depth--
		return
	}
	plain := 0
	for i := 0; i < len(s); {
		var p piece
		if w.blocks && (i == 0 || s[i-1] == '\n') {
			p = r.block(s[i:], w)
		}
		if p.size == 0 {
			before := w.before
			if i > 0 {
				before, _ = utf8.DecodeLastRuneInString(s[:i])
			}
			p = r.inline(s[i:], before)
		}
		if p.size == 0 {
			i++
			continue
		}
		r.b.Write(s[plain:i])
		p.write()
		i += p.size
		plain = i
	}
	r.b.Write(s[plain:])
	r.depth--
}

// span is a piece whose inside is markdown, too.
func (r *reader) span(k text.Kind, a text.Attrs, inside string, size int, w setting) piece {
	return piece{size, func() { r.b.Span(k, a, func() { r.read(inside, w) }) }}
}

var (
	heading  = regexp.MustCompile(`^#{1,3} +([^\n]*\S[^\n]*)`)
	subtext  = regexp.MustCompile(`^-# +([^\n]*\S[^\n]*)`)
	listItem = regexp.MustCompile(`^ *(?:[-*]|(\d{1,9})\.) ([^\n]*\S[^\n]*)`)
)

// block is what the line at the start of s is; its line end is not part of it.
func (r *reader) block(s string, w setting) piece {
	switch {
	case !w.quoted && strings.HasPrefix(s, ">>> "):
		return r.span(text.Quote, text.Attrs{}, s[4:], len(s), setting{blocks: true, quoted: true})
	case !w.quoted && strings.HasPrefix(s, "> "):
		inside, size := quotedLines(s)
		return r.span(text.Quote, text.Attrs{}, inside, size, setting{blocks: true, quoted: true})
	}
	if m := heading.FindStringSubmatch(s); m != nil {
		return r.span(text.Heading, text.Attrs{}, m[1], len(m[0]), setting{before: ' '})
	}
	if m := subtext.FindStringSubmatch(s); m != nil {
		return piece{len(m[0]), func() { r.read(m[1], setting{before: ' '}) }}
	}
	if m := listItem.FindStringSubmatch(s); m != nil {
		return r.span(text.ListItem, text.Attrs{Attr: m[1]}, m[2], len(m[0]), setting{before: ' '})
	}
	return piece{}
}

// quotedLines is what the lines at the start of s quote, and how many bytes they take.
func quotedLines(s string) (inside string, size int) {
	var lines []string
	for strings.HasPrefix(s[size:], "> ") {
		line, _, more := strings.Cut(s[size:], "\n")
		lines = append(lines, line[2:])
		size += len(line)
		if !more || !strings.HasPrefix(s[size+1:], "> ") {
			break
		}
		size++
	}
	return strings.Join(lines, "\n"), size
}

// inline is what stands at the start of s within a line.
func (r *reader) inline(s string, before rune) piece {
	switch s[0] {
	case '\\':
		return r.escaped(s)
	case '`':
		return r.code(s)
	case '<':
		return r.angle(s)
	case 'h':
		return r.address(s)
	case '[':
		return r.masked(s)
	case '*', '_', '~', '|':
		return r.marked(s, before)
	case shrug[0]:
		if strings.HasPrefix(s, shrug) {
			return r.literal(shrug, len(shrug))
		}
	}
	return piece{}
}

const shrug = `¯\_(ツ)_/¯` // which Discord leaves alone

func (r *reader) literal(s string, size int) piece {
	return piece{size, func() { r.b.Write(s) }}
}

// escaped is a character that a backslash takes the meaning from.
func (r *reader) escaped(s string) piece {
	c, n := utf8.DecodeRuneInString(s[1:])
	if n == 0 || unicode.IsSpace(c) || c < utf8.RuneSelf && (unicode.IsLetter(c) || unicode.IsDigit(c)) {
		return piece{}
	}
	return r.literal(s[1:1+n], 1+n)
}

var fence = regexp.MustCompile("(?s)^```(?:([A-Za-z0-9_+\\-.#]+)\n)?\n*([^\n].*?)\n*```")

// code is a block of code or a stretch of it.
func (r *reader) code(s string) piece {
	if m := fence.FindStringSubmatch(s); m != nil {
		return piece{len(m[0]), func() {
			r.b.Span(text.Pre, text.Attrs{Attr: m[1]}, func() { r.b.Write(m[2]) })
		}}
	}
	ticks := len(s) - len(strings.TrimLeft(s, "`"))
	for i := ticks; i < len(s); {
		if s[i] != '`' {
			i++
			continue
		}
		run := len(s[i:]) - len(strings.TrimLeft(s[i:], "`"))
		if run == ticks {
			return piece{i + run, func() {
				r.b.Span(text.Code, text.Attrs{}, func() { r.b.Write(s[ticks:i]) })
			}}
		}
		i += run
	}
	return r.literal(s[:ticks], ticks)
}

var (
	toPerson  = regexp.MustCompile(`^<@!?(\d{1,20})>`)
	toRole    = regexp.MustCompile(`^<@&(\d{1,20})>`)
	toChannel = regexp.MustCompile(`^<#(\d{1,20})>`)
	toEmoji   = regexp.MustCompile(`^<(a?):(\w{2,32}):(\d{1,20})>`)
	toCommand = regexp.MustCompile(`^</([^:>\n]{1,120}):\d{1,20}>`)
	toGuide   = regexp.MustCompile(`^<id:(\w{1,30})(?::\d{1,20})?>`)
	toTime    = regexp.MustCompile(`^<t:(-?\d{1,12})(?::[tTdDfFsSR])?>`)
	bracketed = regexp.MustCompile(`^<(https?://[^\s<>]+)>`)
)

// angle is what stands between angle brackets.
func (r *reader) angle(s string) piece {
	if m := toPerson.FindStringSubmatch(s); m != nil {
		return r.mention(m[1], "@"+look(r.n.person, m[1], "someone"), len(m[0]))
	}
	if m := toRole.FindStringSubmatch(s); m != nil {
		return r.mention(look(r.n.bot, m[1], "&"+m[1]), "@"+look(r.n.role, m[1], "role"), len(m[0]))
	}
	if m := toChannel.FindStringSubmatch(s); m != nil {
		return r.literal("#"+look(r.n.channel, m[1], "channel"), len(m[0]))
	}
	if m := toEmoji.FindStringSubmatch(s); m != nil {
		return r.emoji(m[1] != "", m[2], m[3], len(m[0]))
	}
	if m := toCommand.FindStringSubmatch(s); m != nil {
		return r.literal("/"+m[1], len(m[0]))
	}
	if m := toGuide.FindStringSubmatch(s); m != nil {
		return r.literal("#"+m[1], len(m[0]))
	}
	if m := toTime.FindStringSubmatch(s); m != nil {
		sec, _ := strconv.ParseInt(m[1], 10, 64) // it has twelve digits at most
		return r.literal(time.Unix(sec, 0).UTC().Format("2006-01-02 15:04 UTC"), len(m[0]))
	}
	if m := bracketed.FindStringSubmatch(s); m != nil {
		return r.literal(m[1], len(m[0]))
	}
	return piece{}
}

func (r *reader) mention(id, name string, size int) piece {
	return piece{size, func() {
		r.b.Span(text.Mention, text.Attrs{ID: id, Name: strings.TrimPrefix(name, "@")}, func() { r.b.Write(name) })
	}}
}

func (r *reader) emoji(animated bool, name, id string, size int) piece {
	ext := ".png"
	if animated {
		ext = ".gif"
	}
	at := text.Attrs{ID: id, Name: name, Attr: "https://cdn.discordapp.com/emojis/" + id + ext}
	return piece{size, func() { r.b.Span(text.Emoji, at, func() { r.b.Write(":" + name + ":") }) }}
}

var webAddress = regexp.MustCompile(`^https?://[^\s<]*[^\s<.,:;"'\])]`)

// address is an address that stands in a text as it is: nothing in it is formatting.
func (r *reader) address(s string) piece {
	if found := webAddress.FindString(s); found != "" {
		return r.literal(found, len(found))
	}
	return piece{}
}

// masked is a link with a text of its own. One whose text looks like an address is none to Discord.
func (r *reader) masked(s string) piece {
	end := closing(s, 1, "]")
	if end < 0 || end == 1 || !strings.HasPrefix(s[end:], "](") {
		return piece{}
	}
	label := s[1:end]
	target, size := linkTarget(s[end+2:])
	if target == "" || strings.Contains(label, "://") || strings.TrimSpace(label) == "" {
		return piece{}
	}
	return r.span(text.Link, text.Attrs{Attr: target}, label, end+2+size, setting{before: '['})
}

// linkTarget is the address that s begins with, up to the parenthesis that closes it; empty when there is none.
func linkTarget(s string) (target string, size int) {
	if strings.HasPrefix(s, "<") {
		if m := bracketed.FindStringSubmatch(s); m != nil && strings.HasPrefix(s[len(m[0]):], ")") {
			return m[1], len(m[0]) + 1
		}
		return "", 0
	}
	if i := strings.IndexAny(s, ") \n"); i > 0 && s[i] == ')' && web(s[:i]) {
		return s[:i], i + 1
	}
	return "", 0
}

// web says whether url is an address that Discord makes a link of.
func web(url string) bool {
	return strings.HasPrefix(url, "https://") || strings.HasPrefix(url, "http://")
}

// closing is where mark stands in s after from, without a backslash before it; -1 when it does not.
func closing(s string, from int, mark string) int {
	for i := from; i+len(mark) <= len(s); i++ {
		if s[i] == '\\' {
			i++
			continue
		}
		if s[i:i+len(mark)] == mark {
			return i
		}
	}
	return -1
}

// marked is what stands between two equal marks.
func (r *reader) marked(s string, before rune) piece {
	for _, m := range []struct {
		mark string
		kind text.Kind
	}{{"**", text.Bold}, {"__", text.Underline}, {"~~", text.Strike}, {"||", text.Spoiler}} {
		if !strings.HasPrefix(s, m.mark) {
			continue
		}
		if end := pair(s, m.mark); end > 2 {
			return r.span(m.kind, text.Attrs{}, s[2:end], end+2, setting{before: rune(m.mark[0])})
		}
	}
	if end := single(s, before); end > 1 {
		return r.span(text.Italic, text.Attrs{}, s[1:end], end+1, setting{before: rune(s[0])})
	}
	return piece{}
}

// pair is where the two-character mark at the start of s is closed; stars and underscores close at the end of their run.
func pair(s, mark string) int {
	for from := 3; ; {
		i := closing(s, from, mark)
		if i < 0 {
			return -1
		}
		if (mark == "**" || mark == "__") && i+2 < len(s) && s[i+2] == mark[0] {
			from = i + 1
			continue
		}
		return i
	}
}

// single is where the star or underscore at the start of s is closed. Underscores stand at the edges of words only, stars next
// to no white space.
func single(s string, before rune) int {
	if len(s) < 3 || !opens(s, before) {
		return -1
	}
	mark := s[0]
	for i := 1; i < len(s); i++ {
		if s[i] == '\\' || strings.HasPrefix(s[i:], s[:1]+s[:1]) {
			i++
		} else if s[i] == mark && i > 1 && closes(s, i) {
			return i
		}
	}
	return -1
}

func opens(s string, before rune) bool {
	first, _ := utf8.DecodeRuneInString(s[1:])
	return s[0] == '*' && !unicode.IsSpace(first) || s[0] == '_' && !wordy(before)
}

func closes(s string, i int) bool {
	last, _ := utf8.DecodeLastRuneInString(s[:i])
	next, _ := utf8.DecodeRuneInString(s[i+1:])
	if s[i] == '*' {
		return !unicode.IsSpace(last)
	}
	return i+1 == len(s) || !wordy(next)
}

// wordy says whether c is part of a word, to an expression of JavaScript's.
func wordy(c rune) bool {
	return c == '_' || c < utf8.RuneSelf && (unicode.IsLetter(c) || unicode.IsDigit(c))
}
