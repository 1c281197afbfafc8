package telegramsim

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// htmlReader turns Telegram's HTML into text and entities: https://core.telegram.org/bots/api#html-style
type htmlReader struct {
	src   string
	at    int // in bytes of src
	out   strings.Builder
	units int // of out
	open  []openTag
	found []Entity
}

type openTag struct {
	name   string
	entity Entity
	begin  int // in bytes of src
}

func parseHTML(s string) (string, []Entity, error) {
	r := &htmlReader{src: s}
	for r.at < len(s) {
		if err := r.step(); err != nil {
			return "", nil, err
		}
	}
	if n := len(r.open); n > 0 {
		return "", nil, unparsed("can't find end tag corresponding to start tag \"%s\"", r.open[n-1].name)
	}
	return r.out.String(), r.found, nil
}

func unparsed(format string, args ...any) error {
	return bad("can't parse entities: " + fmt.Sprintf(format, args...))
}

// step reads one character, character reference or tag.
func (r *htmlReader) step() error {
	rest := r.src[r.at:]
	switch {
	case strings.HasPrefix(rest, "</"):
		return r.endTag()
	case rest[0] == '<':
		return r.startTag()
	case rest[0] == '&':
		if c, n := reference(rest); n > 0 {
			r.write(c)
			r.at += n
			return nil
		}
	}
	c, n := utf8.DecodeRuneInString(rest)
	r.write(c)
	r.at += n
	return nil
}

func (r *htmlReader) write(c rune) {
	r.out.WriteRune(c)
	r.units += max(1, utf16.RuneLen(c))
}

// reference reads a character reference: a number, or one of the four names that Telegram knows. n is 0 when it is none.
func reference(s string) (c rune, n int) {
	end := strings.IndexByte(s[:min(len(s), 12)], ';')
	if end < 2 {
		return 0, 0
	}
	switch name := s[1:end]; name {
	case "lt":
		return '<', end + 1
	case "gt":
		return '>', end + 1
	case "amp":
		return '&', end + 1
	case "quot":
		return '"', end + 1
	default:
		digits, isNumber := strings.CutPrefix(name, "#")
		base := 10
		if hex, isHex := strings.CutPrefix(strings.ToLower(digits), "x"); isHex {
			digits, base = hex, 16
		}
		v, err := strconv.ParseUint(digits, base, 21)
		if !isNumber || err != nil || v == 0 || !utf8.ValidRune(rune(v)) {
			return 0, 0
		}
		return rune(v), end + 1
	}
}

// startTag reads <name attribute="value">.
func (r *htmlReader) startTag() error {
	begin := r.at
	end := strings.IndexByte(r.src[begin:], '>')
	if end < 0 {
		return unparsed("unclosed start tag at byte offset %d", begin)
	}
	name, rest, _ := strings.Cut(r.src[begin+1:begin+end], " ")
	name = strings.ToLower(strings.TrimSpace(name))
	attrs, err := attributes(rest, begin)
	if err != nil {
		return err
	}
	e, known := tagEntity(name, attrs, r.open)
	if !known {
		return unparsed("unsupported start tag \"%s\" at byte offset %d", name, begin)
	}
	e.Offset = r.units
	r.open = append(r.open, openTag{name: name, entity: e, begin: begin})
	r.at = begin + end + 1
	return nil
}

// attributes reads name="value" pairs.
func attributes(s string, begin int) (map[string]string, error) {
	out := map[string]string{}
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		stop := strings.IndexAny(s, " =")
		if stop < 0 {
			out[strings.ToLower(s)] = ""
			return out, nil
		}
		name := strings.ToLower(s[:stop])
		if s[stop] == ' ' {
			out[name], s = "", s[stop+1:]
			continue
		}
		s = strings.TrimLeft(s[stop+1:], " ")
		if s == "" {
			return nil, unparsed("unclosed start tag at byte offset %d", begin)
		}
		value, rest := s, ""
		if q := s[0]; q == '"' || q == '\'' {
			closing := strings.IndexByte(s[1:], q)
			if closing < 0 {
				return nil, unparsed("unclosed start tag at byte offset %d", begin)
			}
			value, rest = s[1:closing+1], s[closing+2:]
		} else if space := strings.IndexByte(s, ' '); space >= 0 {
			value, rest = s[:space], s[space:]
		}
		out[name], s = unescaped(value), rest
	}
	return out, nil
}

func unescaped(s string) string {
	var b strings.Builder
	for s != "" {
		if s[0] == '&' {
			if c, n := reference(s); n > 0 {
				b.WriteRune(c)
				s = s[n:]
				continue
			}
		}
		b.WriteByte(s[0])
		s = s[1:]
	}
	return b.String()
}

// tagEntity is what a tag stands for; an Entity without a type marks nothing.
func tagEntity(name string, attrs map[string]string, open []openTag) (Entity, bool) {
	kinds := map[string]string{
		"b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
		"s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler", "pre": "pre",
	}
	if kind := kinds[name]; kind != "" {
		return Entity{Type: kind}, true
	}
	switch name {
	case "span":
		return Entity{Type: "spoiler"}, attrs["class"] == "tg-spoiler"
	case "code":
		return codeEntity(attrs["class"], open), true
	case "a":
		return linkEntity(attrs["href"]), true
	case "blockquote":
		if _, long := attrs["expandable"]; long {
			return Entity{Type: "expandable_blockquote"}, true
		}
		return Entity{Type: "blockquote"}, true
	case "tg-time":
		return timeEntity(attrs["unix"], attrs["format"])
	case "tg-emoji":
		return Entity{Type: "custom_emoji", Emoji: attrs["emoji-id"]}, asReaction(attrs["emoji-id"]).ID != ""
	default:
		return Entity{}, false
	}
}

// timeEntity is a moment that each reader sees in their own time zone.
func timeEntity(unix, format string) (Entity, bool) {
	n, err := strconv.ParseInt(unix, 10, 64)
	return Entity{Type: "date_time", Unix: n, Format: format}, err == nil && timeFormat(format)
}

// codeEntity is code, but for the one that only names the language of the pre around it.
func codeEntity(class string, open []openTag) Entity {
	n := len(open)
	if n == 0 || open[n-1].name != "pre" {
		return Entity{Type: "code"}
	}
	if lang, named := strings.CutPrefix(class, "language-"); named {
		open[n-1].entity.Language = lang
	}
	return Entity{}
}

// linkEntity is a link, or a mention where the link leads to a user; one that leads nowhere marks nothing.
func linkEntity(href string) Entity {
	if id, ok := strings.CutPrefix(href, "tg://user?id="); ok {
		if n, err := strconv.ParseInt(id, 10, 64); err == nil {
			return Entity{Type: "text_mention", User: n}
		}
	}
	if !linkable(href) {
		return Entity{}
	}
	if !strings.Contains(href, "://") {
		href = "http://" + href
	}
	return Entity{Type: "text_link", URL: href}
}

// endTag reads </name>, which must end the tag that was opened last.
func (r *htmlReader) endTag() error {
	begin := r.at
	end := strings.IndexByte(r.src[begin:], '>')
	if end < 0 {
		return unparsed("unclosed end tag at byte offset %d", begin)
	}
	name := strings.ToLower(strings.TrimSpace(r.src[begin+2 : begin+end]))
	n := len(r.open)
	if n == 0 {
		return unparsed("unexpected end tag at byte offset %d", begin)
	}
	last := r.open[n-1]
	if name != "" && name != last.name {
		return unparsed("unmatched end tag at byte offset %d, expected \"</%s>\", found \"</%s>\"", begin, last.name, name)
	}
	r.open = r.open[:n-1]
	if e := last.entity; e.Type != "" && r.units > e.Offset {
		e.Length = r.units - e.Offset
		r.found = append(r.found, e)
	}
	r.at = begin + end + 1
	return nil
}
