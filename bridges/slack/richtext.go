package slack

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	slackapi "github.com/slack-go/slack"

	"github.com/roost-im/roost/router/text"
)

// reader turns what Slack sends as text into a text.Text. Its lookups may be nil; then IDs stand for names.
type reader struct {
	emoji   *emojis
	person  func(id string) string
	author  func(id string) string // the ID of the Author whom a mention names by id
	channel func(id string) string
	image   func(emoji string) (at string, ok bool)
}

func (c *Connector) reader(ctx context.Context) reader {
	return reader{
		emoji:   c.emoji,
		person:  func(id string) string { return c.names.of(ctx, id).name },
		author:  func(id string) string { return c.authorID(ctx, id) },
		channel: func(id string) string { return c.names.ofChannel(ctx, id).name },
		image:   c.custom.image,
	}
}

// message gives what a message says: its rich_text blocks where they are all there is, otherwise its text, otherwise what
// its other blocks or attachments say.
func (r reader) message(m *slackapi.Msg) text.Text {
	w := &writer{reader: r}
	rich := 0
	for _, block := range m.Blocks.BlockSet {
		if b, ok := block.(*slackapi.RichTextBlock); ok {
			rich++
			w.elements(b.Elements)
		}
	}
	if rich > 0 && (rich == len(m.Blocks.BlockSet) || m.Text == "") {
		return w.b.Text()
	}
	if m.Text != "" {
		return r.mrkdwn(m.Text)
	}
	var parts []string
	for _, block := range m.Blocks.BlockSet {
		parts = append(parts, blockWords(block)...)
	}
	if len(parts) == 0 {
		for _, a := range m.Attachments {
			if a.IsShare {
				continue // shared puts it under the text
			}
			parts = append(parts, attachmentWords(a)...)
		}
	}
	return r.mrkdwn(strings.Join(parts, "\n"))
}

// blockWords is what a block of a card says.
func blockWords(block slackapi.Block) []string {
	var words []string
	add := func(t *slackapi.TextBlockObject) {
		if t != nil && t.Text != "" {
			words = append(words, t.Text)
		}
	}
	switch b := block.(type) {
	case *slackapi.SectionBlock:
		add(b.Text)
		for _, f := range b.Fields {
			add(f)
		}
	case *slackapi.HeaderBlock:
		add(b.Text)
	case *slackapi.MarkdownBlock:
		words = append(words, b.Text)
	case *slackapi.ImageBlock:
		add(b.Title)
		words = append(words, b.AltText)
	case *slackapi.ContextBlock:
		for _, e := range b.ContextElements.Elements {
			if t, ok := e.(*slackapi.TextBlockObject); ok {
				add(t)
			}
		}
	}
	return words
}

func attachmentWords(a slackapi.Attachment) []string {
	if a.Text == "" && a.Title == "" && a.Pretext == "" {
		return without([]string{a.Fallback})
	}
	return without([]string{a.Pretext, a.Title, a.Text})
}

func without(words []string) []string {
	kept := words[:0]
	for _, w := range words {
		if w != "" {
			kept = append(kept, w)
		}
	}
	return kept
}

// writer puts rich text into a builder. It knows how the body ends, because Slack leaves the line end between two blocks
// out where there is none in the first.
type writer struct {
	reader
	b    text.Builder
	last byte
}

func (w *writer) write(s string) {
	if s != "" {
		w.b.Write(s)
		w.last = s[len(s)-1]
	}
}

func (w *writer) newline() {
	if w.last != 0 && w.last != '\n' {
		w.write("\n")
	}
}

func (w *writer) elements(elements []slackapi.RichTextElement) {
	for i := 0; i < len(elements); i++ {
		w.newline()
		switch e := elements[i].(type) {
		case *slackapi.RichTextSection:
			w.inline(e.Elements)
		case *slackapi.RichTextQuote:
			w.b.Span(text.Quote, text.Attrs{}, func() { w.inline(e.Elements) })
		case *slackapi.RichTextPreformatted:
			w.b.Span(text.Pre, text.Attrs{Attr: e.Language}, func() { w.inline(e.Elements) })
		case *slackapi.RichTextList:
			var items []item
			for ; i < len(elements); i++ {
				list, ok := elements[i].(*slackapi.RichTextList)
				if !ok {
					break
				}
				items = append(items, itemsOf(list)...)
			}
			i--
			w.list(items)
		case *slackapi.RichTextUnknown:
			w.write(wordsIn(e.Raw))
		}
	}
}

// item is one entry of a list. Slack's lists are flat, one per run of items of the same depth.
type item struct {
	depth  int
	number string
	inside []slackapi.RichTextSectionElement
}

func itemsOf(list *slackapi.RichTextList) []item {
	var items []item
	for i, e := range list.Elements {
		it := item{depth: list.Indent}
		if list.Style == slackapi.RTEListOrdered {
			it.number = strconv.Itoa(list.Offset + i + 1)
		}
		if s, ok := e.(*slackapi.RichTextSection); ok {
			it.inside = s.Elements
		}
		items = append(items, it)
	}
	return items
}

// list nests the items that follow a shallower one inside it.
func (w *writer) list(items []item) {
	for i := 0; i < len(items); {
		end := i + 1
		for end < len(items) && items[end].depth > items[i].depth {
			end++
		}
		if i > 0 {
			w.newline()
		}
		w.b.Span(text.ListItem, text.Attrs{Attr: items[i].number}, func() {
			w.inline(items[i].inside)
			if end > i+1 {
				w.newline()
				w.list(items[i+1 : end])
			}
		})
		i = end
	}
}

func (w *writer) inline(elements []slackapi.RichTextSectionElement) {
	for _, e := range elements {
		w.element(e)
	}
}

func (w *writer) element(e slackapi.RichTextSectionElement) {
	switch e := e.(type) {
	case *slackapi.RichTextSectionTextElement:
		w.styled(e.Style, func() { w.write(e.Text) })
	case *slackapi.RichTextSectionLinkElement:
		w.styled(e.Style, func() { w.link(e.URL, e.Text) })
	case *slackapi.RichTextSectionUserElement:
		w.styled(e.Style, func() { w.mention(e.UserID, "") })
	case *slackapi.RichTextSectionEmojiElement:
		w.emote(nameOf(e))
	default:
		w.write(w.words(e))
	}
}

// words is an element without formatting. What calls many becomes plain words.
func (w *writer) words(e slackapi.RichTextSectionElement) string {
	switch e := e.(type) {
	case *slackapi.RichTextSectionChannelElement:
		return "#" + firstOf(w.name(w.channel, e.ChannelID), e.ChannelID)
	case *slackapi.RichTextSectionBroadcastElement:
		return "@" + e.Range
	case *slackapi.RichTextSectionUserGroupElement:
		return "@" + e.UsergroupID
	case *slackapi.RichTextSectionDateElement:
		if e.Fallback != nil {
			return *e.Fallback
		}
		return e.Timestamp.Time().UTC().Format("2006-01-02 15:04 UTC")
	case *slackapi.RichTextSectionColorElement:
		return e.Value
	case *slackapi.RichTextSectionUnknownElement:
		return wordsIn(e.Raw)
	}
	raw, err := json.Marshal(e) // mentions of files, canvases, records: they carry their own words
	if err != nil {
		return ""
	}
	return wordsIn(string(raw))
}

func nameOf(e *slackapi.RichTextSectionEmojiElement) string {
	if e.SkinTone > 0 && !strings.Contains(e.Name, toneMark) {
		return e.Name + toneMark + strconv.Itoa(e.SkinTone)
	}
	return e.Name
}

// wordsIn is what an element of a kind unknown here says of itself.
func wordsIn(raw string) string {
	var e struct{ Text, Label, URL string }
	_ = json.Unmarshal([]byte(raw), &e) // an element without words says nothing
	return firstOf(e.Text, e.Label, e.URL)
}

func (w *writer) styled(s *slackapi.RichTextSectionTextStyle, inside func()) {
	if s == nil {
		inside()
		return
	}
	for _, style := range []struct {
		on   bool
		kind text.Kind
	}{
		{s.Code, text.Code}, {s.Underline, text.Underline}, {s.Strike, text.Strike}, {s.Italic, text.Italic}, {s.Bold, text.Bold},
	} {
		if style.on {
			inner := inside
			inside = func() { w.b.Span(style.kind, text.Attrs{}, inner) }
		}
	}
	inside()
}

func (w *writer) link(url, label string) {
	if label == "" || label == url {
		w.write(url)
		return
	}
	w.b.Span(text.Link, text.Attrs{Attr: url}, func() { w.write(label) })
}

func (w *writer) mention(id, label string) {
	name := firstOf(label, w.name(w.person, id), id)
	w.b.Span(text.Mention, text.Attrs{ID: firstOf(w.name(w.author, id), id), Name: name}, func() { w.write("@" + name) })
}

func (w *writer) emote(name string) {
	if s, ok := w.emoji.unicode(name); ok {
		w.write(s)
		return
	}
	at := ""
	if w.image != nil {
		at, _ = w.image(name)
	}
	w.b.Span(text.Emoji, text.Attrs{ID: name, Name: name, Attr: at}, func() { w.write(":" + name + ":") })
}

func (w *writer) name(lookup func(string) string, id string) string {
	if lookup == nil {
		return ""
	}
	return lookup(id)
}
