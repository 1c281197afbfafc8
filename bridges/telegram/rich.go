package telegram

import (
	"encoding/json"
	"strings"

	"github.com/roost-im/roost/router/text"
)

// richMessage is a message of blocks. https://core.telegram.org/bots/api#richmessage
type richMessage struct {
	Blocks []richBlock `json:"blocks"`
}

type richBlock struct {
	Type       string           `json:"type"`
	Text       richText         `json:"text"`
	Size       int              `json:"size"`
	Language   string           `json:"language"`
	Expression string           `json:"expression"`
	Items      []richItem       `json:"items"`
	Blocks     []richBlock      `json:"blocks"`
	Summary    richText         `json:"summary"`
	Credit     richText         `json:"credit"`
	Cells      [][]richCell     `json:"cells"`
	Caption    *json.RawMessage `json:"caption"` // text, or text with a credit
	Animation  *document        `json:"animation"`
	Audio      *document        `json:"audio"`
	Photo      []photoSize      `json:"photo"`
	Video      *document        `json:"video"`
	VoiceNote  *document        `json:"voice_note"`
}

type richItem struct {
	Label  string      `json:"label"`
	Blocks []richBlock `json:"blocks"`
}

type richCell struct {
	Text richText `json:"text"`
}

// richText is a string, a list of rich texts, or one of many objects with a type.
type richText struct {
	plain string
	list  []richText
	kind  string
	of    *richText
	url   string
	user  *user
	emoji string
}

// UnmarshalJSON reads any of the forms.
func (r *richText) UnmarshalJSON(b []byte) error {
	switch {
	case len(b) > 0 && b[0] == '"':
		return json.Unmarshal(b, &r.plain)
	case len(b) > 0 && b[0] == '[':
		return json.Unmarshal(b, &r.list)
	}
	var o struct {
		Type        string    `json:"type"`
		Text        *richText `json:"text"`
		URL         string    `json:"url"`
		User        *user     `json:"user"`
		Emoji       string    `json:"custom_emoji_id"`
		Alternative string    `json:"alternative_text"`
		Expression  string    `json:"expression"`
	}
	if err := json.Unmarshal(b, &o); err != nil {
		return err
	}
	*r = richText{plain: firstOf(o.Alternative, o.Expression), kind: o.Type, of: o.Text, url: o.URL, user: o.User, emoji: o.Emoji}
	return nil
}

// write adds the text to b.
func (r richText) write(b *text.Builder) {
	inside := func() {
		b.Write(r.plain)
		for _, one := range r.list {
			one.write(b)
		}
		if r.of != nil {
			r.of.write(b)
		}
	}
	kind, attrs := r.kind, text.Attrs{}
	if kind == "url" {
		kind = "text_link"
	}
	if kind == "mathematical_expression" {
		kind = "code"
	}
	s, ok := span(entity{Type: kind, URL: r.url, User: r.user, EmojiID: r.emoji})
	if !ok || (s.Kind == text.Link && s.Attr == "") {
		inside()
		return
	}
	attrs.Attr, attrs.ID, attrs.Name = s.Attr, s.ID, s.Name
	b.Span(s.Kind, attrs, inside)
}

// rich is the text of a message of blocks, and its files in order.
func (m *richMessage) rich() (text.Text, []media) {
	var b text.Builder
	var shows []media
	for i, block := range m.Blocks {
		if i > 0 {
			b.Write("\n")
		}
		block.write(&b, &shows)
	}
	return unguarded(b.Text()).Trim(), shows
}

func (k richBlock) write(b *text.Builder, shows *[]media) {
	*shows = append(*shows, k.files()...)
	switch k.Type {
	case "heading":
		b.Span(text.Heading, text.Attrs{}, func() { k.Text.write(b) })
	case "pre":
		b.Span(text.Pre, text.Attrs{Attr: k.Language}, func() { k.Text.write(b) })
	case "blockquote", "pullquote":
		b.Span(text.Quote, text.Attrs{}, func() { k.Text.write(b); k.within(b, shows) })
	case "divider":
		b.Write("———")
	case "mathematical_expression":
		b.Span(text.Code, text.Attrs{}, func() { b.Write(k.Expression) })
	default:
		k.Text.write(b)
		k.Summary.write(b)
		k.within(b, shows)
	}
	k.list(b, shows)
	k.table(b)
	k.describe(b)
}

func (k richBlock) within(b *text.Builder, shows *[]media) {
	for _, one := range k.Blocks {
		b.Write("\n")
		one.write(b, shows)
	}
}

func (k richBlock) list(b *text.Builder, shows *[]media) {
	for i, item := range k.Items {
		if i > 0 {
			b.Write("\n")
		}
		number := strings.TrimRight(item.Label, ".)")
		if strings.Trim(number, "0123456789") != "" {
			number = ""
		}
		b.Span(text.ListItem, text.Attrs{Attr: number}, func() {
			for n, one := range item.Blocks {
				if n > 0 {
					b.Write("\n")
				}
				one.write(b, shows)
			}
		})
	}
}

func (k richBlock) table(b *text.Builder) {
	for i, row := range k.Cells {
		if i > 0 {
			b.Write("\n")
		}
		for n, cell := range row {
			if n > 0 {
				b.Write(" | ")
			}
			cell.Text.write(b)
		}
	}
}

// describe writes the caption and the credit.
func (k richBlock) describe(b *text.Builder) {
	var caption struct {
		Text   richText `json:"text"`
		Credit richText `json:"credit"`
	}
	if k.Caption != nil && (json.Unmarshal(*k.Caption, &caption) != nil || caption.Text.empty()) {
		_ = json.Unmarshal(*k.Caption, &caption.Text) // a caption that is neither says nothing
	}
	if !caption.Text.empty() {
		b.Write("\n")
		caption.Text.write(b)
	}
	for _, credit := range []richText{caption.Credit, k.Credit} {
		if !credit.empty() {
			b.Write("\n— ")
			credit.write(b)
		}
	}
}

func (r richText) empty() bool { return r.plain == "" && r.list == nil && r.of == nil }

// files are what a block shows.
func (k richBlock) files() []media {
	if k.Animation == nil && k.Audio == nil && k.Photo == nil && k.Video == nil && k.VoiceNote == nil {
		return nil
	}
	return []media{{Animation: k.Animation, Audio: k.Audio, Photo: k.Photo, Video: k.Video, Voice: k.VoiceNote}}
}
