package telegramsim

import (
	"net/url"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// reserved must be escaped in MarkdownV2 where they mean nothing.
const reserved = "_*[]()~`>#+-=|{}.!"

// markReader turns MarkdownV2 into text and entities: https://core.telegram.org/bots/api#markdownv2-style
type markReader struct {
	src   string
	at    int // in bytes of src
	out   strings.Builder
	units int // of out
	open  []mark
	found []Entity
	quote *mark // the block quotation that is open
	fresh bool  // at the beginning of a line
}

// mark is an entity that was begun.
type mark struct {
	sign   string
	entity Entity
	begin  int // in bytes of src
}

func parseMarkdownV2(s string) (string, []Entity, error) {
	r := &markReader{src: s, fresh: true}
	for r.at < len(s) {
		if err := r.step(); err != nil {
			return "", nil, err
		}
	}
	r.endQuote("blockquote")
	if n := len(r.open); n > 0 {
		return "", nil, unparsed("can't find end of %s entity at byte offset %d", spoken(r.open[n-1].entity.Type), r.open[n-1].begin)
	}
	return r.out.String(), r.found, nil
}

// spoken is the name of a type in error messages.
func spoken(kind string) string {
	names := map[string]string{
		"bold": "Bold", "italic": "Italic", "underline": "Underline", "strikethrough": "Strikethrough", "spoiler": "Spoiler",
		"code": "Code", "pre": "Pre", "text_link": "TextUrl", "custom_emoji": "CustomEmoji",
	}
	return names[kind]
}

// signs are what begins and ends an entity, longest first.
func signs() []mark {
	return []mark{
		{sign: "||", entity: Entity{Type: "spoiler"}},
		{sign: "__", entity: Entity{Type: "underline"}},
		{sign: "*", entity: Entity{Type: "bold"}},
		{sign: "_", entity: Entity{Type: "italic"}},
		{sign: "~", entity: Entity{Type: "strikethrough"}},
	}
}

// step reads one character or sign.
func (r *markReader) step() error {
	rest := r.src[r.at:]
	if r.fresh && r.lineStart(rest) {
		return nil
	}
	r.fresh = false
	switch {
	case escape(rest):
		r.at++
		r.write(rune(rest[1]))
		return nil
	case rest[0] == '`':
		return r.code(rest)
	case rest[0] == '\n':
		r.write('\n')
		r.fresh = true
		return nil
	case rest[0] == '[':
		r.begin(mark{sign: "]", entity: Entity{Type: "text_link"}}, 1)
		return nil
	case strings.HasPrefix(rest, "!["):
		r.begin(mark{sign: "]", entity: Entity{Type: "custom_emoji"}}, 2)
		return nil
	case rest[0] == ']' && r.within("]"):
		return r.endLink()
	}
	return r.signOrPlain(rest)
}

// escape says whether a text begins with an escaped character.
func escape(s string) bool {
	return len(s) > 1 && s[0] == '\\' && s[1] > 0 && s[1] < 127
}

// signOrPlain reads a sign that begins or ends an entity, or a character that means nothing.
func (r *markReader) signOrPlain(rest string) error {
	after, bars := strings.CutPrefix(rest, "||")
	if bars && r.quote != nil && !r.within("||") && (after == "" || after[0] == '\n') {
		r.at += 2
		r.endQuote("expandable_blockquote")
		return nil
	}
	for _, m := range signs() {
		if strings.HasPrefix(rest, m.sign) {
			return r.sign(m)
		}
	}
	c, _ := utf8.DecodeRuneInString(rest)
	if strings.ContainsRune(reserved, c) {
		return unparsed("character '%c' is reserved and must be escaped with the preceding '\\'", c)
	}
	r.write(c)
	return nil
}

// write copies a character that stands at r.at.
func (r *markReader) write(c rune) {
	r.out.WriteRune(c)
	r.units += max(1, utf16.RuneLen(c))
	_, n := utf8.DecodeRuneInString(r.src[r.at:])
	r.at += n
}

// lineStart begins and ends block quotations, and says whether it read anything.
func (r *markReader) lineStart(rest string) bool {
	again := strings.HasPrefix(rest, "**>")
	if again {
		r.endQuote("blockquote")
		r.at += 2
	}
	if !again && rest[0] != '>' {
		r.endQuote("blockquote")
		return false
	}
	r.at++
	r.fresh = false
	if r.quote == nil {
		r.quote = &mark{entity: Entity{Offset: r.units}}
	}
	return true
}

// endQuote ends the block quotation that is open; the line break after it is not part of it.
func (r *markReader) endQuote(kind string) {
	if r.quote == nil {
		return
	}
	e := r.quote.entity
	r.quote = nil
	e.Type, e.Length = kind, r.units-e.Offset
	if strings.HasSuffix(r.out.String(), "\n") {
		e.Length--
	}
	if e.Length > 0 {
		r.found = append(r.found, e)
	}
}

func (r *markReader) within(sign string) bool {
	n := len(r.open)
	return n > 0 && r.open[n-1].sign == sign
}

func (r *markReader) begin(m mark, width int) {
	m.begin, m.entity.Offset = r.at, r.units
	r.open = append(r.open, m)
	r.at += width
}

// sign ends the entity that the sign began, or begins one. What is open with another sign must be ended first.
func (r *markReader) sign(m mark) error {
	if r.within(m.sign) {
		r.at += len(m.sign)
		r.end()
		return nil
	}
	for _, o := range r.open {
		if o.sign == m.sign {
			last := r.open[len(r.open)-1]
			return unparsed("can't find end of %s entity at byte offset %d", spoken(last.entity.Type), last.begin)
		}
	}
	r.begin(m, len(m.sign))
	return nil
}

func (r *markReader) end() {
	m := r.open[len(r.open)-1]
	r.open = r.open[:len(r.open)-1]
	e := m.entity
	if e.Length = r.units - e.Offset; e.Length > 0 && e.Type != "" {
		r.found = append(r.found, e)
	}
}

// code reads `code` and ```language blocks, in which only a backslash and a backquote mean something.
func (r *markReader) code(rest string) error {
	fence, e := "`", Entity{Type: "code", Offset: r.units}
	begin := r.at
	if strings.HasPrefix(rest, "```") {
		fence, e.Type = "```", "pre"
	}
	r.at += len(fence)
	if e.Type == "pre" {
		lang, _, broken := strings.Cut(r.src[r.at:], "\n")
		if broken && !strings.ContainsAny(lang, " `\\\t") {
			e.Language = lang
			r.at += len(lang) + 1
		}
	}
	for !strings.HasPrefix(r.src[r.at:], fence) {
		if r.at >= len(r.src) {
			return unparsed("can't find end of %s entity at byte offset %d", spoken(e.Type), begin)
		}
		if escape(r.src[r.at:]) {
			r.at++
		}
		c, _ := utf8.DecodeRuneInString(r.src[r.at:])
		r.write(c)
	}
	r.at += len(fence)
	if e.Length = r.units - e.Offset; e.Length > 0 {
		r.found = append(r.found, e)
	}
	return nil
}

// endLink reads ](URL) after a link's text or a custom emoji.
func (r *markReader) endLink() error {
	m := &r.open[len(r.open)-1]
	r.at++
	if !strings.HasPrefix(r.src[r.at:], "(") {
		if m.entity.Type == "custom_emoji" {
			return unparsed("custom emoji entity must contain a tg://emoji URL")
		}
		m.entity.Type = ""
		r.end()
		return nil
	}
	var link strings.Builder
	for r.at++; ; r.at++ {
		if r.at >= len(r.src) {
			return unparsed("can't find end of a URL at byte offset %d", m.begin)
		}
		c := r.src[r.at]
		if c == ')' {
			break
		}
		if escape(r.src[r.at:]) {
			r.at++
			c = r.src[r.at]
		}
		link.WriteByte(c)
	}
	r.at++
	return r.linked(m, link.String())
}

func (r *markReader) linked(m *mark, link string) error {
	if m.entity.Type == "custom_emoji" {
		e, ok := imageEntity(link)
		if !ok {
			return unparsed("custom emoji entity must contain a tg://emoji URL")
		}
		e.Offset = m.entity.Offset
		m.entity = e
	} else {
		offset := m.entity.Offset
		m.entity = linkEntity(link)
		m.entity.Offset = offset
	}
	r.end()
	return nil
}

// imageEntity is what stands behind ![…]: a custom emoji or a moment.
func imageEntity(link string) (Entity, bool) {
	if id, ok := strings.CutPrefix(link, "tg://emoji?id="); ok {
		return Entity{Type: "custom_emoji", Emoji: id}, asReaction(id).ID != ""
	}
	query, ok := strings.CutPrefix(link, "tg://time?")
	values, err := url.ParseQuery(query)
	if !ok || err != nil {
		return Entity{}, false
	}
	return timeEntity(values.Get("unix"), values.Get("format"))
}

// parseMarkdown reads the older Markdown, in which nothing stands inside anything else:
// https://core.telegram.org/bots/api#markdown-style
func parseMarkdown(s string) (string, []Entity, error) {
	var out strings.Builder
	var found []Entity
	for at := 0; at < len(s); {
		c := s[at]
		switch {
		case c == '\\' && at+1 < len(s) && strings.IndexByte("_*`[", s[at+1]) >= 0:
			out.WriteByte(s[at+1])
			at += 2
		case strings.IndexByte("_*`[", c) < 0:
			out.WriteByte(c)
			at++
		default:
			text, e, n, ok := oldEntity(s[at:])
			if !ok {
				return "", nil, unparsed("can't find end of the entity starting at byte offset %d", at)
			}
			e.Offset, e.Length = units(out.String()), units(text)
			out.WriteString(text)
			if e.Type != "" && e.Length > 0 {
				found = append(found, e)
			}
			at += n
		}
	}
	return out.String(), found, nil
}

// oldEntity reads one entity of the older Markdown: its text and how many bytes it took.
func oldEntity(s string) (text string, e Entity, n int, ok bool) {
	if s[0] == '[' {
		label, rest, closed := strings.Cut(s[1:], "]")
		if !closed {
			return "", e, 0, false
		}
		inner, hasLink := strings.CutPrefix(rest, "(")
		if !hasLink {
			return label, e, len(label) + 2, true
		}
		link, _, closed := strings.Cut(inner, ")")
		return label, linkEntity(link), len(label) + len(link) + 4, closed
	}
	sign, kind := s[:1], map[byte]string{'_': "italic", '*': "bold", '`': "code"}[s[0]]
	if strings.HasPrefix(s, "```") {
		sign, kind = "```", "pre"
	}
	text, _, ok = strings.Cut(s[len(sign):], sign)
	n = len(text) + 2*len(sign)
	if lang, body, broken := strings.Cut(text, "\n"); kind == "pre" && broken && !strings.ContainsAny(lang, " \t") {
		return body, Entity{Type: kind, Language: lang}, n, ok
	}
	return text, Entity{Type: kind}, n, ok
}
