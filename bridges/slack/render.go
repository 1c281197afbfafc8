package slack

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	slackapi "github.com/slack-go/slack"

	"github.com/roost-im/roost/router/text"
)

// spans are the kinds that a rich_text block shows. Mentions are not among them, so that relayed text calls nobody: a
// name stays a name.
func spans() []text.Kind {
	return []text.Kind{
		text.Bold, text.Italic, text.Underline, text.Strike, text.Code, text.Pre, text.Quote, text.ListItem, text.Link, text.Emoji,
	}
}

var (
	address   = regexp.MustCompile(`https?://[^\s<>"'|]*[^\s<>"'|.,;:!?)\]}]`)
	emojiName = regexp.MustCompile(`^[a-z0-9_+'-]{1,100}$`)
)

// shown is t with everything written out that a rich_text block has no means for.
func shown(t text.Text) text.Text {
	t = text.Degrade(bolder(t).Normal(), func(k text.Kind) bool { return slices.Contains(spans(), k) })
	var parts []text.Text
	from := 0
	for _, s := range t.Spans {
		if s.Kind != text.Link || web(s.Attr) || s.Start < from {
			continue
		}
		whole := text.Degrade(t.Slice(s.Start, s.End), func(k text.Kind) bool { return k != text.Link })
		parts = append(parts, t.Slice(from, s.Start), whole)
		from = s.End
	}
	if from == 0 {
		return t
	}
	return text.Join(append(parts, t.Slice(from, len(t.Body)))...)
}

// bolder is t with bold headings, because a rich_text block has none of its own.
func bolder(t text.Text) text.Text {
	t.Spans = slices.Clone(t.Spans)
	for i := range t.Spans {
		if t.Spans[i].Kind == text.Heading {
			t.Spans[i].Kind = text.Bold
		}
	}
	return t
}

// web says whether Slack takes a link to url.
func web(url string) bool {
	return strings.HasPrefix(url, "https://") || strings.HasPrefix(url, "http://") || strings.HasPrefix(url, "mailto:")
}

// place is the block that a stretch of characters lies in: a line of text, a quote, code, or an item of a list.
type place struct {
	kind   text.Kind // Quote, Pre, ListItem; empty: text
	start  int       // where its span begins, to tell neighbours apart
	attr   string    // of its span
	indent int       // ListItem: how many items it lies in, less one
}

// piece is a stretch of characters of one place.
type piece struct {
	place
	elements []slackapi.RichTextSectionElement
}

// renderer collects pieces while a text is walked.
type renderer struct {
	open   []text.Span
	pieces []piece
}

// rich is t as rich_text elements. t is what shown gave.
func rich(t text.Text) *slackapi.RichTextBlock {
	r := &renderer{}
	text.Walk(shown(t), func(s text.Span) { r.open = append(r.open, s) }, r.run, func(text.Span) { r.open = r.open[:len(r.open)-1] })
	return slackapi.NewRichTextBlock("", blocksOf(r.pieces)...)
}

func (r *renderer) place() place {
	p := place{indent: -1}
	for _, s := range r.open {
		switch k := s.Kind; {
		case k == text.Pre:
			return place{kind: text.Pre, start: s.Start, attr: s.Attr}
		case k == text.Quote && p.kind == "":
			p.kind, p.start = text.Quote, s.Start
		case k == text.ListItem:
			p = place{kind: text.ListItem, start: s.Start, attr: s.Attr, indent: p.indent + 1}
		}
	}
	return p
}

func (r *renderer) run(s string) {
	p := r.place()
	if len(r.pieces) == 0 || r.pieces[len(r.pieces)-1].place != p {
		r.pieces = append(r.pieces, piece{place: p})
	}
	last := &r.pieces[len(r.pieces)-1]
	last.elements = append(last.elements, r.inline(s, p.kind == text.Pre)...)
}

// inline is a run of characters as elements, in the style of the spans that are open.
func (r *renderer) inline(s string, code bool) []slackapi.RichTextSectionElement {
	if code {
		return []slackapi.RichTextSectionElement{slackapi.NewRichTextSectionTextElement(s, nil)}
	}
	style, link, emoji := r.look()
	var st *slackapi.RichTextSectionTextStyle
	if style != (slackapi.RichTextSectionTextStyle{}) {
		st = &style
	}
	if link != "" {
		return []slackapi.RichTextSectionElement{slackapi.NewRichTextSectionLinkElement(link, s, st)}
	}
	if emojiName.MatchString(emoji) {
		return emotes(s, emoji, st)
	}
	if style.Code {
		return []slackapi.RichTextSectionElement{slackapi.NewRichTextSectionTextElement(s, st)}
	}
	return linked(s, st)
}

// look is how characters look in the spans that are open, and what they are.
func (r *renderer) look() (style slackapi.RichTextSectionTextStyle, link, emoji string) {
	for _, sp := range r.open {
		style.Bold = style.Bold || sp.Kind == text.Bold
		style.Italic = style.Italic || sp.Kind == text.Italic
		style.Underline = style.Underline || sp.Kind == text.Underline
		style.Strike = style.Strike || sp.Kind == text.Strike
		style.Code = style.Code || sp.Kind == text.Code
		if sp.Kind == text.Link {
			link = sp.Attr
		}
		if sp.Kind == text.Emoji {
			emoji = sp.Name
		}
	}
	return style, link, emoji
}

// emotes is a custom emoji as often as it stands in s: equal neighbours are one span. Slack shows a name that it does not
// know between colons.
func emotes(s, name string, st *slackapi.RichTextSectionTextStyle) []slackapi.RichTextSectionElement {
	var out []slackapi.RichTextSectionElement
	for range max(1, strings.Count(s, ":"+name+":")) {
		out = append(out, slackapi.NewRichTextSectionEmojiElement(name, 0, st))
	}
	return out
}

// linked makes link elements of the addresses in s, because Slack makes none in a rich_text block.
func linked(s string, st *slackapi.RichTextSectionTextStyle) []slackapi.RichTextSectionElement {
	var out []slackapi.RichTextSectionElement
	from := 0
	for _, at := range address.FindAllStringIndex(s, -1) {
		if at[0] > from {
			out = append(out, slackapi.NewRichTextSectionTextElement(s[from:at[0]], st))
		}
		out = append(out, slackapi.NewRichTextSectionLinkElement(s[at[0]:at[1]], "", st))
		from = at[1]
	}
	if from < len(s) {
		out = append(out, slackapi.NewRichTextSectionTextElement(s[from:], st))
	}
	return out
}

// blocksOf makes blocks of pieces. Quotes, code and items end their line by themselves, so one line end goes: the last of
// their own, or else the first of what follows.
func blocksOf(pieces []piece) []slackapi.RichTextElement {
	var out []slackapi.RichTextElement
	ended := false // the piece before ends its line by itself
	for i, p := range pieces {
		if ended {
			p.elements = trimStart(p.elements)
		}
		ended = false
		if len(p.elements) == 0 {
			continue
		}
		if p.kind != "" {
			trimmed := i < len(pieces)-1 && trimEnd(p.elements)
			ended = !trimmed && !endsLine(p.elements)
		}
		out = addBlock(out, p)
	}
	return out
}

func addBlock(out []slackapi.RichTextElement, p piece) []slackapi.RichTextElement {
	if p.kind == text.Pre {
		return append(out, &slackapi.RichTextPreformatted{Type: slackapi.RTEPreformatted, Elements: p.elements, Language: p.attr})
	}
	if p.kind == text.Quote {
		return append(out, &slackapi.RichTextQuote{Type: slackapi.RTEQuote, Elements: p.elements})
	}
	if p.kind == text.ListItem {
		return addItem(out, p)
	}
	return append(out, slackapi.NewRichTextSection(p.elements...))
}

// addItem puts an item into the list before it when it goes on there, otherwise into a list of its own.
func addItem(out []slackapi.RichTextElement, p piece) []slackapi.RichTextElement {
	style, offset := slackapi.RTEListBullet, 0
	if n, err := strconv.Atoi(p.attr); err == nil {
		style, offset = slackapi.RTEListOrdered, n-1
	}
	section := slackapi.NewRichTextSection(p.elements...)
	if len(out) > 0 {
		list, ok := out[len(out)-1].(*slackapi.RichTextList)
		if ok && list.Style == style && list.Indent == p.indent && (style == slackapi.RTEListBullet || list.Offset+len(list.Elements) == offset) {
			list.Elements = append(list.Elements, section)
			return out
		}
	}
	list := slackapi.NewRichTextList(style, p.indent, section)
	list.Offset = offset
	return append(out, list)
}

func endsLine(es []slackapi.RichTextSectionElement) bool {
	t, ok := es[len(es)-1].(*slackapi.RichTextSectionTextElement)
	return ok && strings.HasSuffix(t.Text, "\n")
}

func trimStart(es []slackapi.RichTextSectionElement) []slackapi.RichTextSectionElement {
	if t, ok := es[0].(*slackapi.RichTextSectionTextElement); ok {
		if t.Text = strings.TrimPrefix(t.Text, "\n"); t.Text == "" {
			return es[1:]
		}
	}
	return es
}

// trimEnd takes one line end off, unless it is all that there is.
func trimEnd(es []slackapi.RichTextSectionElement) (trimmed bool) {
	t, ok := es[len(es)-1].(*slackapi.RichTextSectionTextElement)
	if !ok || t.Text == "\n" || !strings.HasSuffix(t.Text, "\n") {
		return false
	}
	t.Text = strings.TrimSuffix(t.Text, "\n")
	return true
}
