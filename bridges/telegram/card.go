package telegram

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

const (
	perRow     = 3
	maxButtons = 100 // of one message, which Telegram takes without complaint
	maxLabel   = 64  // characters, so that a label can be read
)

// markup is what stands below a message. https://core.telegram.org/bots/api#inlinekeyboardmarkup
type markup struct {
	Keyboard [][]button `json:"inline_keyboard"`
}

// button is one button of it. Data holds 64 bytes at most.
type button struct {
	Text  string `json:"text"`
	Data  string `json:"callback_data,omitempty"`
	URL   string `json:"url,omitempty"`
	Style string `json:"style,omitempty"`
}

// What the data of a button begins with. The name that bridges.Buttons gave stands behind.
const (
	pressVerb  = "b" // the button of a card
	yesVerb    = "y" // it is meant
	choiceVerb = "v" // one of the answers; its place stands behind the name
	backVerb   = "c" // nothing is meant
)

func data(verb, name string) string { return verb + ":" + name }

// cardText is a card in words.
func cardText(card chat.Card) text.Text {
	var b text.Builder
	line := func(write func()) {
		if b.Text().Body != "" {
			b.Write("\n")
		}
		write()
	}
	if card.Title != "" {
		line(func() { b.Span(text.Bold, text.Attrs{}, func() { b.Write(card.Title) }) })
	}
	if card.Body != "" {
		line(func() { b.Write(card.Body) })
	}
	for _, f := range card.Facts {
		line(func() {
			b.Span(text.Bold, text.Attrs{}, func() { b.Write(f.Name) })
			b.Write(": " + f.Value)
		})
	}
	if card.Footer != "" {
		line(func() { b.Span(text.Italic, text.Attrs{}, func() { b.Write(card.Footer) }) })
	}
	return b.Text()
}

// keyboard is the buttons of a card; nil when it has none.
func (c *Connector) keyboard(ctx context.Context, card chat.Card) (*markup, error) {
	if len(card.Buttons) > maxButtons {
		return nil, refused("post", "the card has more buttons than Telegram shows")
	}
	var rows [][]button
	for _, b := range card.Buttons {
		one, err := c.button(ctx, b)
		if err != nil {
			return nil, err
		}
		if n := len(rows); n == 0 || len(rows[n-1]) == perRow {
			rows = append(rows, nil)
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], one)
	}
	if rows == nil {
		return nil, nil //nolint:nilnil // a card without buttons has no keyboard, and that is no error
	}
	return &markup{Keyboard: rows}, nil
}

func (c *Connector) button(ctx context.Context, b chat.Button) (button, error) {
	name, err := c.buttons.Name(ctx, b)
	if err != nil {
		return button{}, err
	}
	one := button{Text: label(b.Label), Data: data(pressVerb, name)}
	switch b.Style {
	case chat.Primary:
		one.Style = "primary"
	case chat.Danger:
		one.Style = "danger"
	}
	return one, nil
}

// label is a text for a button; a button without one can't be sent.
func label(s string) string { return clip(firstOf(strings.TrimSpace(s), "–"), maxLabel) }

// clip cuts s to at most most characters.
func clip(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:most-1])) + "…"
}

// draft is a message as it goes out.
type draft struct {
	text     text.Text // as shown has made it
	keyboard *markup
	picture  string // an address whose preview stands above; empty: none
}

// compose is what a message says: its text, and its card below.
func (c *Connector) compose(ctx context.Context, t text.Text, card *chat.Card) (draft, error) {
	d := draft{}
	if card != nil {
		var err error
		if d.keyboard, err = c.keyboard(ctx, *card); err != nil {
			return d, err
		}
		if isWeb(card.Image) {
			d.picture = card.Image
		}
		t = clipped(joined(t.Trim(), cardText(*card)))
	}
	d.text = shown(t)
	return d, nil
}

// clipped is a card that one message holds: its facts may come from people.
func clipped(t text.Text) text.Text {
	if size(t) <= maxText {
		return t
	}
	return text.Split(t, size, maxText)[0]
}

// preview says which address a message shows: none but a card's picture.
// https://core.telegram.org/bots/api#linkpreviewoptions
type preview struct {
	Disabled bool   `json:"is_disabled,omitempty"`
	URL      string `json:"url,omitempty"`
	Small    bool   `json:"prefer_small_media,omitempty"`
	Above    bool   `json:"show_above_text,omitempty"`
}

func (d draft) preview() preview {
	if d.picture == "" {
		return preview{Disabled: true}
	}
	return preview{URL: d.picture, Small: true, Above: true}
}
