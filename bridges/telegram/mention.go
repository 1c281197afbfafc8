package telegram

import (
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// Entities that name somebody by words of the text. https://core.telegram.org/bots/api#messageentity
const (
	byName      = "mention"      // @name
	byNumber    = "text_mention" // of whom the number is told
	commandName = "bot_command"  // /word or /word@name
)

// readText is readText with the bot itself mentioned by its number: Telegram tells no number of whoever has a name.
func (c *Connector) readText(body string, entities []entity) text.Text {
	if !slices.ContainsFunc(entities, func(e entity) bool { return e.Type == byName }) {
		return readText(body, entities)
	}
	self, units, entities := "@"+c.username(), utf16.Encode([]rune(body)), slices.Clone(entities)
	for i, e := range entities {
		if e.Type == byName && strings.EqualFold(e.of(units), self) {
			entities[i].Type, entities[i].User = byNumber, &user{ID: c.selfID(), First: e.of(units)[1:]}
		}
	}
	return readText(body, entities)
}

// of is what an entity is about; empty when that is beyond the text.
func (e entity) of(units []uint16) string {
	if e.Offset < 0 || e.Length <= 0 || e.Offset > len(units) || e.Length > len(units)-e.Offset {
		return ""
	}
	return string(utf16.Decode(units[e.Offset : e.Offset+e.Length]))
}

// addressed says whether a message is meant for the bot: it mentions it, gives a command to it by its name, or answers what it
// wrote. What somebody else wrote and the author forwards mentions nobody.
func (c *Connector) addressed(m *message, what chat.Happening) bool {
	if re := m.ReplyTo; re != nil && !m.opensTopic() && re.From != nil && re.From.ID == c.selfID() {
		return true
	}
	return m.Origin == nil && (bridges.Mentions(what, decimal(c.selfID())) || c.commanded(m))
}

// commanded says whether a command in a message names the bot.
func (c *Connector) commanded(m *message) bool {
	units, self := utf16.Encode([]rune(m.Text)), "@"+c.username()
	return self != "@" && slices.ContainsFunc(m.Entities, func(e entity) bool {
		said := e.of(units)
		return e.Type == commandName && strings.EqualFold(said[max(0, len(said)-len(self)):], self)
	})
}
