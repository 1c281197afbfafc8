package slack

import (
	"encoding/json"

	slackapi "github.com/slack-go/slack"

	"github.com/roost-im/roost/router/text"
)

// Scopes are those that the connector uses.
func Scopes() []string {
	var scopes []string
	for _, n := range needs() {
		scopes = append(scopes, n.scope)
	}
	return scopes
}

// ReadMessage is what a message says, without names for IDs.
func ReadMessage(raw []byte) (text.Text, error) {
	var m slackapi.Msg
	if err := json.Unmarshal(raw, &m); err != nil {
		return text.Text{}, err
	}
	return reader{emoji: newEmojis()}.message(&m), nil
}

// ReadMrkdwn is what Slack's markup says, without names for IDs.
func ReadMrkdwn(s string) text.Text { return reader{emoji: newEmojis()}.mrkdwn(s) }

// WriteMessage is how a text goes out: its block and its fallback.
func WriteMessage(t text.Text) (block []byte, plain string, err error) {
	block, err = json.MarshalIndent(rich(t), "", "  ")
	return block, fallback(t), err
}

// Emoji translates a name, and back.
func Emoji() (unicode, name func(string) (string, bool)) {
	e := newEmojis()
	return e.unicode, e.name
}

// Size is what a text takes of Traits.Text.Max.
func Size(t text.Text) int { return size(t) }
