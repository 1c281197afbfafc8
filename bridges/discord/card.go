package discord

import (
	"context"
	"fmt"
	"strings"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// Limits of embeds and components, in characters or pieces: https://docs.discord.com/developers/resources/message#embed-object-embed-limits
// and https://docs.discord.com/developers/components/reference
const (
	maxTitle       = 256
	maxDescription = 4096
	maxFields      = 25
	maxFieldName   = 256
	maxFieldValue  = 1024
	maxFooter      = 2048
	maxEmbed       = 6000
	maxRow         = 5
	maxButtons     = 25
	maxLabel       = 80
)

// The custom IDs of our buttons are a mark and the name under which the button is remembered; those of forms and questions
// have the message that the button is on, too.
const (
	pressMark  = "p"
	formMark   = "f"
	askMark    = "a"
	filledMark = "m"
	yesMark    = "y"
	noMark     = "n"
)

// cardTitle is a card's title as its embed has it.
func cardTitle(card chat.Card) string { return plain(card.Title, maxTitle) }

// plain is s with nothing in it that is formatting, of at most most characters.
func plain(s string, most int) string {
	s = text.Clean(s)
	for n := most; n > 0; n = n * 3 / 4 {
		if out := markdown(text.Plain(clip(s, n)), nil); text.Cautious.Len(out) <= most {
			return out
		}
	}
	return ""
}

// addCard puts a card into the JSON of a message: its words as an embed, if it has any, and its buttons. Text that is too long
// for its place is clipped: the card as a whole stays readable.
func (c *Connector) addCard(ctx context.Context, body map[string]any, card chat.Card) error {
	embed := map[string]any{}
	room := maxEmbed
	put := func(key, s string) {
		if s != "" && len([]rune(s)) <= room {
			embed[key] = s
			room -= len([]rune(s))
		}
	}
	put("title", cardTitle(card))
	put("description", plain(card.Body, maxDescription))
	if card.Footer != "" {
		foot := clip(text.Clean(card.Footer), maxFooter) // no formatting is read there
		embed["footer"] = map[string]string{"text": foot}
		room -= len([]rune(foot))
	}
	if strings.HasPrefix(card.Image, "https://") {
		embed["thumbnail"] = map[string]string{"url": card.Image}
	}
	var fields []any
	for _, f := range card.Facts[:min(maxFields, len(card.Facts))] {
		name, value := firstOf(plain(f.Name, maxFieldName), "–"), firstOf(plain(f.Value, maxFieldValue), "–")
		if room -= len([]rune(name)) + len([]rune(value)); room < 0 {
			break
		}
		fields = append(fields, map[string]any{"name": name, "value": value, "inline": len([]rune(value)) <= 40})
	}
	if fields != nil {
		embed["fields"] = fields
	}
	if len(embed) > 0 {
		body["embeds"] = []any{embed}
	}
	rows, err := c.rows(ctx, card.Buttons)
	body["components"] = rows
	return err
}

// rows are the buttons of a card, five in a row.
func (c *Connector) rows(ctx context.Context, buttons []chat.Button) ([]any, error) {
	rows := []any{}
	if len(buttons) > maxButtons {
		return nil, refused(opPost, fmt.Sprintf("a card takes %d buttons", maxButtons))
	}
	for len(buttons) > 0 {
		n := min(maxRow, len(buttons))
		var row []any
		for _, b := range buttons[:n] {
			name, err := c.buttons.Name(ctx, b)
			if err != nil {
				return nil, err
			}
			mark := pressMark
			switch {
			case b.Form != nil:
				mark = formMark
			case b.Ask != "":
				mark = askMark
			}
			row = append(row, button(mark+":"+name, b.Label, b.Style))
		}
		rows, buttons = append(rows, actionRow(row...)), buttons[n:]
	}
	return rows, nil
}

func actionRow(inside ...any) map[string]any { return map[string]any{"type": 1, "components": inside} }

// button is a button. https://docs.discord.com/developers/components/reference#button
func button(id, label string, style chat.Style) map[string]any {
	look := 2
	switch style {
	case chat.Primary:
		look = 1
	case chat.Danger:
		look = 4
	}
	return map[string]any{"type": 2, "style": look, "label": clip(firstOf(text.Clean(label), "–"), maxLabel), "custom_id": id}
}
