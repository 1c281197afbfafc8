package plugins

import (
	"encoding/json"
	"fmt"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/plugins/internal/rpc"
	"github.com/roost-im/roost/router/chat"
)

// reply does what the result of an event says: {}, or {"reply": …}.
func (h *hearing) reply(raw json.RawMessage) error {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	var result struct {
		Reply json.RawMessage `json:"reply"`
	}
	if raw[0] != '{' {
		return fmt.Errorf("it answered an event wrongly: %w", rpc.Wants("its result", raw, `{} or {"reply": "…"}`))
	}
	if err := json.Unmarshal(raw, &result); err != nil {
		return fmt.Errorf("it answered an event wrongly: %w", err)
	}
	words, err := replies(result.Reply)
	if err != nil {
		return fmt.Errorf("it answered an event wrongly: %w", err)
	}
	for _, w := range words {
		m, err := w.message()
		if err == nil {
			_, err = h.t.Say(m)
		}
		if err != nil {
			return fmt.Errorf("its reply: %w", err)
		}
	}
	return nil
}

// words are a message as a program writes it. A string is a message with that text.
type words struct {
	Text    string   `json:"text"`
	To      string   `json:"to"`
	Files   []string `json:"files"`
	Choices []choice `json:"choices"`
	Only    string   `json:"only"`
	Reply   bool     `json:"reply"`
}

// choice is a button. A string is one with that label.
type choice struct {
	Label string     `json:"label"`
	Value string     `json:"value"`
	ID    string     `json:"id"`
	Style chat.Style `json:"style"`
}

// UnmarshalJSON takes a string, too.
func (c *choice) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &c.Label)
	}
	type plain choice
	return rpc.Strictly(b, (*plain)(c))
}

// replies are the messages of a reply: none, a string, a message or a list of these.
func replies(raw json.RawMessage) ([]words, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	switch raw[0] {
	case 'n':
		return nil, nil
	case '"':
		var w words
		err := json.Unmarshal(raw, &w.Text)
		return []words{w}, err
	case '{':
		var w words
		err := rpc.Strictly(raw, &w)
		return []words{w}, err
	case '[':
		var list []json.RawMessage
		if err := json.Unmarshal(raw, &list); err != nil {
			return nil, err
		}
		var all []words
		for _, one := range list {
			if len(one) > 0 && one[0] == '[' {
				return nil, rpc.Wants("a reply in a list", one, "a text or a message")
			}
			w, err := replies(one)
			if err != nil {
				return nil, err
			}
			all = append(all, w...)
		}
		return all, nil
	}
	return nil, rpc.Wants("reply", raw, "a text, a message or a list of these")
}

func (w words) message() (bots.Message, error) {
	m := bots.Message{Text: w.Text, Files: w.Files, Only: chat.PersonID(w.Only), Reply: w.Reply}
	for _, c := range w.Choices {
		m.Choices = append(m.Choices, bots.Choice{Label: c.Label, Value: c.Value, ID: c.ID, Style: c.Style})
	}
	if w.To == "" {
		return m, nil
	}
	var err error
	m.To, err = chat.ParseConversation(w.To)
	return m, err
}
