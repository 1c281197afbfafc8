package discord

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// ReadMarkdown makes a text of markdown in which nobody is known by name.
func ReadMarkdown(s string) text.Text { return read(s, names{}) }

// WriteMarkdown makes markdown of a text, with these custom emoji.
func WriteMarkdown(t text.Text, known ...string) string {
	return markdown(t, func(name string) (string, bool) {
		return "<:" + name + ":123456>", slices.Contains(known, name)
	})
}

// Size is how much of a message a text takes at most.
func Size(t text.Text) int { return size(t) }

// HookUser is a name as a webhook bears it.
func HookUser(name string) string { return hookUser(name) }

// Faults lists the sentences in a tree of errors.
func Faults(raw []byte) []string { return faults(raw) }

// Filled reads what was filled into a form.
func Filled(form *chat.Form, raw []byte) map[string]string { return filled(form, raw) }

// Asked is what an interaction asks of bots, with nobody to ask; ok is false when it is none.
func Asked(c *Connector, cmd bridges.BotCommand, raw []byte) (words text.Text, unsaid string, ok bool) {
	var i interaction
	if decode(raw, &i) != nil {
		return text.Text{}, "", false
	}
	in := &intake{c: c, self: identity{user: "1", app: "2"}}
	words, unsaid = i.asked(cmd).Words(in.values(context.Background(), i))
	return words, unsaid, true
}

// Understand makes events of one dispatch, with nobody to ask.
func Understand(c *Connector, kind string, raw []byte) ([]chat.Event, error) {
	t, err := newTide(nil, 1)
	if err != nil {
		return nil, err
	}
	in := &intake{c: c, self: identity{user: "1", app: "2"}, tide: t}
	return in.events(context.Background(), dispatch{kind: kind, raw: json.RawMessage(raw), session: "s", seq: 1})
}
