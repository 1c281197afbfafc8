package telegramsim

import (
	"bytes"
	"encoding/json"
	"slices"
)

func editMethods() map[string]method {
	return map[string]method{
		"editmessagetext":        (*world).editMessageText,
		"editmessagecaption":     (*world).editMessageCaption,
		"editmessagemedia":       (*world).editMessageMedia,
		"editmessagereplymarkup": (*world).editMessageReplyMarkup,
		"deletemessage":          (*world).deleteMessage,
		"deletemessages":         (*world).deleteMessages,
		"setmessagereaction":     (*world).setMessageReaction,
		"pinchatmessage":         (*world).pinChatMessage,
		"unpinchatmessage":       (*world).unpinChatMessage,
		"unpinallchatmessages":   (*world).unpinAllChatMessages,
	}
}

// named finds the message that a call means; what says what it was to be, as in "message to edit not found".
func (w *world) meantBy(c *call, what string) (*message, error) {
	ch, err := w.chatOf(c)
	if err != nil {
		return nil, err
	}
	if !c.has("message_id") {
		return nil, bad("message identifier is not specified")
	}
	m := ch.find(c.number("message_id"))
	if m == nil {
		return nil, bad("message to " + what + " not found")
	}
	return m, nil
}

// chatOf finds the chat of a call that may be one of a business account.
func (w *world) chatOf(c *call) (*chat, error) {
	if !c.has("business_connection_id") {
		return w.writable(c.str("chat_id"))
	}
	m, err := w.onBehalf(c)
	if err != nil {
		return nil, err
	}
	return m.chat, nil
}

// editable finds a message of the bot's own.
func (w *world) editable(c *call) (*message, error) {
	if c.has("inline_message_id") {
		return nil, bad("MESSAGE_ID_INVALID")
	}
	m, err := w.meantBy(c, "edit")
	if err != nil {
		return nil, err
	}
	if m.by != w.cfg.Bot.ID || m.service || m.origin != nil {
		return nil, bad("message can't be edited")
	}
	return m, nil
}

// same says whether two messages say the same, so that an edit changes nothing.
func same(a, b *message) bool {
	return a.text == b.text && slices.Equal(a.entities, b.entities) && bytes.Equal(a.markup, b.markup) &&
		bytes.Equal(a.preview, b.preview) && slices.Equal(a.files, b.files) && a.spoiler == b.spoiler
}

// edit changes a copy of the message with its keyboard, and keeps it when it says anything new.
func (w *world) edit(c *call, m *message, change func(*message) error) (any, error) {
	next := *m
	if err := w.keyboard(c, &next); err != nil {
		return nil, err
	}
	if err := change(&next); err != nil {
		return nil, err
	}
	if same(m, &next) {
		return nil, bad("message is not modified: specified new message content and reply markup are exactly the same as a current " +
			"content and reply markup of the message")
	}
	next.edited = w.now()
	*m = next
	return w.wireMessage(m), nil
}

func (w *world) editMessageText(c *call) (any, error) {
	m, err := w.editable(c)
	if err != nil {
		return nil, err
	}
	if !m.hasText() {
		return nil, bad("there is no text in the message to edit")
	}
	return w.edit(c, m, func(next *message) error {
		if next.text, next.entities, err = w.textOf(c, "text", "entities"); err != nil {
			return err
		}
		next.preview, err = previewOf(c)
		return err
	})
}

func (w *world) editMessageCaption(c *call) (any, error) {
	m, err := w.editable(c)
	if err != nil {
		return nil, err
	}
	if !m.captioned() {
		return nil, bad("there is no caption in the message to edit")
	}
	return w.edit(c, m, func(next *message) error {
		next.text, next.entities, err = w.captionOf(c.str("caption"), c.str("parse_mode"), c.str("caption_entities"))
		return err
	})
}

func (w *world) editMessageReplyMarkup(c *call) (any, error) {
	m, err := w.editable(c)
	if err != nil {
		return nil, err
	}
	return w.edit(c, m, func(*message) error { return nil })
}

func (w *world) editMessageMedia(c *call) (any, error) {
	m, err := w.editable(c)
	if err != nil {
		return nil, err
	}
	if !m.captioned() {
		return nil, bad("message can't be edited")
	}
	var media inputMedia
	if err := c.object("media", "input media", &media); err != nil {
		return nil, err
	}
	return w.edit(c, m, func(next *message) error { return w.fill(c, next, media) })
}

func (w *world) deleteMessage(c *call) (any, error) {
	m, err := w.meantBy(c, "delete")
	if err != nil {
		return nil, err
	}
	if err := w.deletable(m); err != nil {
		return nil, err
	}
	w.erase(m)
	return true, nil
}

// deletable is https://core.telegram.org/bots/api#deletemessage
func (w *world) deletable(m *message) error {
	bot, old := w.cfg.Bot.ID, w.now().Sub(m.date) > w.cfg.Timing.DeleteOld
	switch c := m.chat; {
	case c.typ == Supergroup && m.service && m.kind == "forum_topic_created" && !c.admin(bot):
		return bad("message can't be deleted")
	case c.isGroup() && c.admin(bot), c.typ == Channel && c.admin(bot):
		return nil
	case old:
		return bad("message can't be deleted for everyone")
	case m.by == bot, c.typ == private && c.link == nil:
		return nil
	default:
		return bad("message can't be deleted")
	}
}

// deleteMessages removes what it can and leaves out what is not there. https://core.telegram.org/bots/api#deletemessages
func (w *world) deleteMessages(c *call) (any, error) {
	ch, err := w.writable(c.str("chat_id"))
	if err != nil {
		return nil, err
	}
	ids, err := c.messageIDs()
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if m := ch.find(id); m != nil {
			if err := w.deletable(m); err != nil {
				return nil, err
			}
			w.erase(m)
		}
	}
	return true, nil
}

// messageIDs reads message_ids: 1 to 100 numbers.
func (c *call) messageIDs() ([]int, error) {
	if !c.has("message_ids") {
		return nil, bad("message identifiers are not specified")
	}
	var ids []int
	if json.Unmarshal([]byte(c.str("message_ids")), &ids) != nil {
		return nil, bad("expected an Array of message identifiers")
	}
	switch {
	case len(ids) == 0:
		return nil, bad("message identifiers are not specified")
	case len(ids) > 100:
		return nil, bad("too many message identifiers specified")
	}
	return ids, nil
}
