package telegram

import (
	"strings"

	"github.com/roost-im/roost/router/text"
)

// maxOffset is beyond what any message has, so that sums of what Telegram says stay numbers.
const maxOffset = 1 << 20

// readText is a text as Telegram writes it. Entities count UTF-16 units.
// https://core.telegram.org/api/entities#entity-length
func readText(body string, entities []entity) text.Text {
	var all []text.Span
	for _, e := range entities {
		s, ok := span(e)
		if !ok || e.Offset < 0 || e.Length <= 0 || e.Offset > maxOffset || e.Length > maxOffset {
			continue
		}
		s.Start, s.End = e.Offset, e.Offset+e.Length
		all = append(all, s)
	}
	return unguarded(text.FromUTF16(body, all))
}

// span is what an entity makes of its characters. ok is false for those that are plain to everybody: @names, #tags,
// /commands, addresses and numbers.
func span(e entity) (s text.Span, ok bool) {
	if kind, plain := styles()[e.Type]; plain {
		s.Kind = kind
		return s, true
	}
	switch e.Type {
	case "pre":
		s.Kind, s.Attr = text.Pre, e.Language
	case "text_link":
		s.Kind, s.Attr = text.Link, e.URL
	case byNumber:
		if e.User == nil {
			return s, false
		}
		s.Kind, s.ID, s.Name = text.Mention, decimal(e.User.ID), e.User.name()
	case "custom_emoji":
		s.Kind, s.ID = text.Emoji, e.EmojiID
	default:
		return s, false
	}
	return s, true
}

// styles are the kinds of entities that say no more than what they are.
func styles() map[string]text.Kind {
	return map[string]text.Kind{
		"bold": text.Bold, "italic": text.Italic, "underline": text.Underline, "strikethrough": text.Strike, "code": text.Code,
		"spoiler": text.Spoiler, "blockquote": text.Quote, "expandable_blockquote": text.Quote,
	}
}

// name is how a person is called.
func (u user) name() string { return strings.TrimSpace(u.First + " " + u.Last) }

// edit replaces del bytes of a text by ins.
type edit struct {
	at, del int
	ins     string
}

// edited makes edits, which are in order, and moves the spans along.
func edited(t text.Text, edits []edit) text.Text {
	if len(edits) == 0 {
		return t
	}
	var b strings.Builder
	at := 0
	for _, e := range edits {
		b.WriteString(t.Body[at:e.at])
		b.WriteString(e.ins)
		at = e.at + e.del
	}
	b.WriteString(t.Body[at:])
	moved := make([]text.Span, 0, len(t.Spans))
	for _, s := range t.Spans {
		s.Start, s.End = shifted(s.Start, edits, true), shifted(s.End, edits, false)
		moved = append(moved, s)
	}
	return text.Text{Body: b.String(), Spans: moved}.Normal()
}

// shifted is where an offset is after the edits. What is put in at a span's edge stays outside of it.
func shifted(at int, edits []edit, start bool) int {
	to := at
	for _, e := range edits {
		if e.at > at || (e.at == at && !start) {
			break
		}
		to += len(e.ins) - min(e.del, at-e.at)
	}
	return to
}

// joiner stands behind the sign that would make a mention or a command of a word. It has no width, and no line breaks there.
const joiner = "\u2060"

// unguarded takes out what guarded put in.
func unguarded(t text.Text) text.Text {
	var edits []edit
	for at := 0; ; {
		i := strings.Index(t.Body[at:], joiner)
		if i < 0 {
			return edited(t, edits)
		}
		at += i
		if at > 0 && (t.Body[at-1] == '@' || t.Body[at-1] == '/') {
			edits = append(edits, edit{at: at, del: len(joiner)})
		}
		at += len(joiner)
	}
}
