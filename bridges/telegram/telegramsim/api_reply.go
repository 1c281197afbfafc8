package telegramsim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const (
	maxCallbackData = 64 // bytes
	maxButtons      = 100
	maxQuote        = 1024
)

// replyParameters is https://core.telegram.org/bots/api#replyparameters
type replyParameters struct {
	MessageID int             `json:"message_id"`
	ChatID    json.RawMessage `json:"chat_id"`
	Anyway    bool            `json:"allow_sending_without_reply"`
	Quote     string          `json:"quote"`
	Mode      string          `json:"quote_parse_mode"`
	Entities  json.RawMessage `json:"quote_entities"`
	Position  int             `json:"quote_position"`
}

// replying makes a message a reply where the call asks for it, with reply_parameters or the older arguments.
func (w *world) replying(c *call, m *message) error {
	p := replyParameters{MessageID: c.number("reply_to_message_id"), Anyway: c.boolean("allow_sending_without_reply")}
	if err := c.object("reply_parameters", "reply parameters", &p); err != nil {
		return err
	}
	if p.MessageID == 0 {
		return nil
	}
	from := m.chat
	if name := strings.Trim(string(p.ChatID), `"`); name != "" && name != "null" && name != strconv.FormatInt(m.chat.id, 10) {
		other, err := w.readable(name)
		if err != nil {
			return err
		}
		from = other
	}
	target := from.find(p.MessageID)
	if target == nil {
		if p.Anyway {
			return nil
		}
		return bad("message to be replied not found")
	}
	w.link(m, target)
	return w.quoting(p, m, target)
}

// quoting takes over the quoted part, which must stand in the message that is answered.
func (w *world) quoting(p replyParameters, m, target *message) error {
	if p.Quote == "" {
		return nil
	}
	text, entities, err := w.parsed(p.Quote, p.Mode, string(p.Entities))
	if err != nil {
		return err
	}
	at := strings.Index(target.text, text)
	if at < 0 || units(text) > maxQuote {
		return bad("QUOTE_TEXT_INVALID")
	}
	m.quote = &quote{text: text, position: units(target.text[:at]), manual: true}
	for _, e := range entities {
		if !solid(e.Type) || e.Type == "custom_emoji" {
			m.quote.entities = append(m.quote.entities, e)
		}
	}
	return nil
}

// wireButton is https://core.telegram.org/bots/api#inlinekeyboardbutton
type wireButton struct {
	Text  string          `json:"text"`
	Data  *string         `json:"callback_data"`
	URL   string          `json:"url"`
	App   json.RawMessage `json:"web_app"`
	Login json.RawMessage `json:"login_url"`
	Copy  json.RawMessage `json:"copy_text"`
	Query *string         `json:"switch_inline_query"`
	Here  *string         `json:"switch_inline_query_current_chat"`
	Other json.RawMessage `json:"switch_inline_query_chosen_chat"`
	Pay   bool            `json:"pay"`
	Game  json.RawMessage `json:"callback_game"`
}

// keyboard reads reply_markup. Only an inline keyboard stays on the message; the others are checked and forgotten.
func (w *world) keyboard(c *call, m *message) error {
	var markup struct {
		Inline   *[][]json.RawMessage `json:"inline_keyboard"`
		Keyboard *[][]json.RawMessage `json:"keyboard"`
	}
	if err := c.object("reply_markup", "reply markup", &markup); err != nil {
		return err
	}
	m.buttons, m.markup = nil, nil
	if markup.Keyboard != nil && m.chat.typ == Channel {
		return bad("reply markup is not allowed in channels")
	}
	if markup.Inline == nil {
		return nil
	}
	count := 0
	rows := [][]json.RawMessage{}
	for _, raw := range *markup.Inline {
		var row []Button
		for _, b := range raw {
			button, err := buttonOf(b)
			if err != nil {
				return err
			}
			row = append(row, button)
		}
		count += len(row)
		if len(row) > 0 {
			m.buttons, rows = append(m.buttons, row), append(rows, raw)
		}
	}
	if count > maxButtons {
		return bad("reply markup is too long")
	}
	if count > 0 {
		m.markup = mustJSON(obj{"inline_keyboard": rows})
	}
	return nil
}

func buttonOf(raw json.RawMessage) (Button, error) {
	var b wireButton
	if json.Unmarshal(raw, &b) != nil {
		return Button{}, bad("can't parse inline keyboard button: InlineKeyboardButton must be an Object")
	}
	out := Button{Text: b.Text, URL: b.URL}
	if b.Data != nil {
		out.Data = *b.Data
	}
	switch {
	case strings.TrimSpace(b.Text) == "":
		return Button{}, bad("can't parse inline keyboard button: Field \"text\" must be a non-empty String")
	case b.Data != nil && (out.Data == "" || len(out.Data) > maxCallbackData):
		return Button{}, bad("BUTTON_DATA_INVALID")
	case !b.acts():
		return Button{}, bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
	case b.URL != "" && !linkable(b.URL):
		return Button{}, bad(fmt.Sprintf("inline keyboard button URL '%s' is invalid: Wrong HTTP URL", b.URL))
	}
	return out, nil
}

// acts says whether the button does anything.
func (b wireButton) acts() bool {
	if b.Data != nil || b.URL != "" || b.Query != nil || b.Here != nil || b.Pay {
		return true
	}
	return slices.ContainsFunc([]json.RawMessage{b.App, b.Login, b.Copy, b.Other, b.Game}, func(r json.RawMessage) bool { return r != nil })
}

// linkable says whether a button may lead to a URL.
func linkable(link string) bool {
	for _, scheme := range []string{"http://", "https://", "tg://", "tonsite://"} {
		if rest, ok := strings.CutPrefix(strings.ToLower(link), scheme); ok {
			return rest != "" && !strings.HasPrefix(rest, "localhost")
		}
	}
	return !strings.Contains(link, "://") && strings.Contains(link, ".") && !strings.ContainsAny(link, " \n")
}
