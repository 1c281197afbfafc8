package telegram

import (
	"context"
	"log/slog"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/roost-im/roost/router/chat"
)

// replyTo says which message another one answers. https://core.telegram.org/bots/api#replyparameters
type replyTo struct {
	Message int64 `json:"message_id"`
	Anyway  bool  `json:"allow_sending_without_reply"`
}

// Post writes one message: with files as a photo, video, audio or document, or as an album of several. Text that does not fit
// beside files is a message behind them, and both are one MessageID. It returns when Telegram has taken it.
func (c *Connector) Post(ctx context.Context, p chat.Post) (chat.Receipt, error) {
	at, err := c.place(ctx, p.To)
	if err != nil {
		return chat.Receipt{}, err
	}
	var answers *replyTo
	if p.ReplyTo != "" {
		if m, err := find("post", p.To, at, p.ReplyTo); err == nil {
			answers = &replyTo{Message: m.first(), Anyway: true}
		} else { // of before the group became a supergroup
			p = c.Traits().Quoted(p)
		}
	}
	d, err := c.compose(ctx, p.Text, p.Card)
	if err != nil {
		return chat.Receipt{}, err
	}
	if len(p.Files) > 0 {
		return c.share(ctx, at, p, d, answers)
	}
	if err := c.budget.take(at.chat, 1); err != nil {
		return chat.Receipt{}, err
	}
	w, err := c.write(ctx, at, d, answers)
	if err != nil {
		return chat.Receipt{}, err
	}
	return c.receipt(ctx, at, []written{w}, 0)
}

// write sends a message of text.
func (c *Connector) write(ctx context.Context, at place, d draft, answers *replyTo) (written, error) {
	if d.text.Empty() {
		return written{}, refused("sendMessage", "there is nothing to say")
	}
	params := tgbotapi.Params{}
	d.into(params, "text", "entities")
	encode(params, "link_preview_options", d.preview())
	if answers != nil {
		encode(params, "reply_parameters", answers)
	}
	var w written
	err := c.sendFormatted(ctx, at, call{method: "sendMessage", once: true}, params, &w)
	return w, err
}

// into writes the text, its entities and the keyboard.
func (d draft) into(params tgbotapi.Params, words, entities string) {
	if d.text.Body != "" {
		params[words] = d.text.Body
	}
	if all := entitiesOf(d.text); len(all) > 0 {
		encode(params, entities, all)
	}
	if d.keyboard != nil {
		encode(params, "reply_markup", d.keyboard)
	}
}

// sendFormatted sends what has entities, and without them when Telegram can't read them: the words matter more.
func (c *Connector) sendFormatted(ctx context.Context, at place, what call, params tgbotapi.Params, to any) error {
	err := c.send(ctx, at, what, params, to)
	if !said(err).has("can't parse", "entity", "entities") {
		return err
	}
	delete(params, "entities")
	delete(params, "caption_entities")
	return c.send(ctx, at, what, params, to)
}

// send writes into a topic, also into one that is closed: it is opened for that, and closed again.
func (c *Connector) send(ctx context.Context, at place, what call, params tgbotapi.Params, to any) error {
	err := c.inThread(ctx, at, what, params, to)
	if at.thread == 0 || !said(err).has("topic_closed") {
		return err
	}
	if c.setTopic(ctx, at, "reopenForumTopic") != nil {
		return err // that the topic is closed says more than why it stays so
	}
	err = c.inThread(ctx, at, what, params, to)
	_ = c.setTopic(ctx, at, "closeForumTopic") // one that stays open does no harm
	return err
}

// receipt tells what a message became. texted is which of all is the text behind the files; 0: none.
func (c *Connector) receipt(ctx context.Context, at place, all []written, texted int64) (chat.Receipt, error) {
	m := messages{text: texted}
	for _, w := range all {
		at.chat = firstOf(w.Chat.ID, at.chat)
		m.ids = append(m.ids, w.ID)
		c.sent.Put(sentKey(at.chat, w.ID), true)
	}
	name, err := c.nameAll(ctx, at, m)
	if err != nil { // it is there all the same
		return chat.Receipt{}, &chat.Error{Op: "telegram: post", Kind: chat.Uncertain, Reason: "it was sent, and could not be noted", Err: err}
	}
	return chat.Receipt{Messages: []chat.MessageID{name}, At: moment(all[0].Date)}, nil
}

// Edit makes a message of ours read like e.Text; of one with files, what stands beside them. A message that is not there any
// more is Gone. A card that says how a matter stands also marks the topic that it is in. Repeating it is harmless, so it is
// never Uncertain.
func (c *Connector) Edit(ctx context.Context, e chat.Edit) (chat.Receipt, error) {
	at, err := c.place(ctx, e.To)
	if err != nil {
		return chat.Receipt{}, err
	}
	if len(e.Messages) == 0 {
		return chat.Receipt{}, &chat.Error{Op: "telegram: edit", Kind: chat.Gone, Reason: "the message to edit is not known here"}
	}
	m, err := find("edit", e.To, at, e.Messages[0])
	if err != nil {
		return chat.Receipt{}, err
	}
	d, err := c.compose(ctx, e.Text, e.Card)
	if err != nil {
		return chat.Receipt{}, err
	}
	if err := c.rewrite(ctx, at, m, d); err != nil {
		return chat.Receipt{}, err
	}
	if e.Card != nil && e.Card.State != "" && at.thread != 0 {
		err = c.markTopic(ctx, at, *e.Card)
	}
	if chat.KindOf(err) == chat.Refused { // the card itself says how the matter stands; Check tells which right is missing
		c.log.LogAttrs(ctx, slog.LevelWarn, "topic not marked", slog.Any("error", err))
		err = nil
	}
	return chat.Receipt{Messages: e.Messages[:1]}, err
}

// rewrite changes what a message says. Of a message of one number it is not known whether it has a file.
func (c *Connector) rewrite(ctx context.Context, at place, m messages, d draft) error {
	if m.text != 0 {
		return c.editText(ctx, at, m.text, d)
	}
	if len(m.ids) > 1 {
		return c.editCaption(ctx, at, m.first(), d)
	}
	err := c.editText(ctx, at, m.first(), d)
	if said(err).has("no text in the message") {
		return c.editCaption(ctx, at, m.first(), d)
	}
	return err
}

func (c *Connector) editText(ctx context.Context, at place, id int64, d draft) error {
	if d.text.Empty() {
		return refused("editMessageText", "there is nothing to say")
	}
	params := tgbotapi.Params{"message_id": decimal(id)}
	d.into(params, "text", "entities")
	encode(params, "link_preview_options", d.preview())
	return c.editing(ctx, at, "editMessageText", params)
}

func (c *Connector) editCaption(ctx context.Context, at place, id int64, d draft) error {
	if size(d.text) > maxCaption {
		return refused("editMessageCaption", "beside files there is room for 1,024 characters")
	}
	params := tgbotapi.Params{"message_id": decimal(id)}
	d.into(params, "caption", "caption_entities")
	return c.editing(ctx, at, "editMessageCaption", params)
}

// editing changes a message; one that reads so already counts as changed.
func (c *Connector) editing(ctx context.Context, at place, method string, params tgbotapi.Params) error {
	err := c.inChat(ctx, at, call{method: method}, params, nil)
	if said(err).has("can't parse", "entity", "entities") {
		delete(params, "entities")
		delete(params, "caption_entities")
		err = c.inChat(ctx, at, call{method: method}, params, nil)
	}
	if said(err).has("message is not modified") {
		return nil
	}
	return err
}

// Delete takes messages back; one that is not there any more counts as deleted. Bots have 48 hours to do it.
func (c *Connector) Delete(ctx context.Context, d chat.Delete) error {
	at, err := c.place(ctx, d.To)
	if err != nil {
		return err
	}
	for _, id := range d.Messages {
		m, err := find("delete", d.To, at, id)
		if err != nil {
			return err
		}
		for _, one := range m.ids {
			if err := c.deleteOne(ctx, at, one); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *Connector) deleteOne(ctx context.Context, at place, id int64) error {
	method, params := "deleteMessage", tgbotapi.Params{"message_id": decimal(id)}
	if at.business != "" {
		method, params = "deleteBusinessMessages", tgbotapi.Params{}
		encode(params, "message_ids", []int64{id})
	}
	err := c.inChat(ctx, at, call{method: method}, params, nil)
	if chat.KindOf(err) == chat.Gone {
		return nil
	}
	return err
}

// reaction is one of a message. https://core.telegram.org/bots/api#reactiontypeemoji
type reaction struct {
	Type  string `json:"type"`
	Emoji string `json:"emoji"`
}

// React puts the bot's emoji on a message, in place of the one that it had there: a bot has one. An emoji that Telegram does
// not take becomes the nearest one, see Traits.Emoji. To take off one that is not there any more changes nothing.
func (c *Connector) React(ctx context.Context, r chat.React) error {
	at, err := c.place(ctx, r.To)
	if err != nil {
		return err
	}
	if at.business != "" {
		return chat.Unsupported("telegram: react", "bots can't react in a business account's chats")
	}
	m, err := find("react", r.To, at, r.Message)
	if err != nil {
		return err
	}
	emoji, ok := nearest(r.Emoji)
	if !ok {
		return refused("react", "Telegram has no reaction like "+clip(r.Emoji, maxLabel))
	}
	key := sentKey(at.chat, m.first())
	if now, known := c.shown.Get(key); r.Remove && known && now != emoji {
		return nil // another one has taken its place
	}
	set := []reaction{{Type: "emoji", Emoji: emoji}}
	if r.Remove {
		set = []reaction{}
	}
	params := tgbotapi.Params{"message_id": decimal(m.first())}
	encode(params, "reaction", set)
	err = c.inChat(ctx, at, call{method: "setMessageReaction"}, params, nil)
	if err != nil && !said(err).has("not modified") {
		return err
	}
	if r.Remove {
		emoji = ""
	}
	c.shown.Put(key, emoji)
	return nil
}

// Pin pins a message without a notification, or takes the pin off; done already counts as done.
func (c *Connector) Pin(ctx context.Context, p chat.Pin) error {
	at, err := c.place(ctx, p.To)
	if err != nil {
		return err
	}
	m, err := find("pin", p.To, at, p.Message)
	if err != nil {
		return err
	}
	method, params := "pinChatMessage", tgbotapi.Params{"message_id": decimal(m.first()), "disable_notification": "true"}
	if p.Remove {
		method = "unpinChatMessage"
		delete(params, "disable_notification")
	}
	err = c.inChat(ctx, at, call{method: method}, params, nil)
	if said(err).has("not_modified", "not modified") || p.Remove && said(err).has("to unpin not found") {
		return nil
	}
	return err
}
