package slack

import (
	"context"
	"strings"

	slackapi "github.com/slack-go/slack"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

const maxName = 80 // graphemes of a persona's name

// Post writes one message: as files with a comment when it carries any, to one person alone when Only names one. It returns
// when Slack has taken it; for files, when their message is there. A post into a thread whose first message was deleted is
// taken back and is Gone, because Slack would show it in the channel.
func (c *Connector) Post(ctx context.Context, p chat.Post) (chat.Receipt, error) {
	p = c.Traits().Quoted(p)
	if len(p.Files) > 0 {
		return c.share(ctx, p)
	}
	options, err := compose(p.Text, p.Card)
	if err != nil {
		return chat.Receipt{}, err
	}
	if p.To.Thread != "" {
		options = append(options, slackapi.MsgOptionTS(string(p.To.Thread)))
	}
	options = append(options, persona(p.As)...)
	if p.Only != "" {
		return c.whisper(ctx, p, options)
	}
	options = append(options, slackapi.MsgOptionMetadata(metadata(p.Key, p.Hops)))
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	channel, ts, m, err := c.api.PostMessageWithResponseContext(ctx, string(p.To.ID), options...)
	if bare, ok := pictureless(p.Card, err); ok {
		p.Card = bare
		return c.Post(ctx, p)
	}
	if err != nil {
		return chat.Receipt{}, c.fail(call{op: "slack: chat.postMessage", once: true}, err)
	}
	if p.To.Thread != "" && m.Timestamp != "" && m.ThreadTimestamp != string(p.To.Thread) {
		return chat.Receipt{}, c.retract(ctx, channel, ts)
	}
	return c.receipt(p.To, channel, ts), nil
}

// pictureless is the card without its picture, when Slack refused the blocks and a picture is among them: Slack loads it
// first, and a card without it is better than none.
func pictureless(card *chat.Card, err error) (bare *chat.Card, ok bool) {
	if slackSaid(err) != "invalid_blocks" || card == nil || card.Image == "" {
		return nil, false
	}
	without := *card
	without.Image = ""
	return &without, true
}

// retract takes back a post that Slack showed in the channel because its thread is gone.
func (c *Connector) retract(ctx context.Context, channel, ts string) error {
	gone := &chat.Error{Op: "slack: chat.postMessage", Kind: chat.Gone, Reason: "the thread's first message was deleted"}
	if _, _, err := c.api.DeleteMessageContext(ctx, channel, ts); err != nil {
		gone.Err = c.fail(call{op: "slack: chat.delete"}, err)
	}
	return gone
}

func (c *Connector) whisper(ctx context.Context, p chat.Post, options []slackapi.MsgOption) (chat.Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	ts, err := c.api.PostEphemeralContext(ctx, string(p.To.ID), string(p.Only), options...)
	if err != nil {
		return chat.Receipt{}, c.fail(call{op: "slack: chat.postEphemeral", once: true}, err)
	}
	return c.receipt(p.To, "", ts), nil
}

// receipt tells where a message is now. Slack answers a post to a person with the channel of their talk.
func (c *Connector) receipt(to chat.Conversation, channel, ts string) chat.Receipt {
	r := chat.Receipt{Messages: []chat.MessageID{chat.MessageID(ts)}, At: stamp(ts)}
	if channel != "" && channel != string(to.ID) {
		r.Conversation = c.conversation(channel, ts, string(to.Thread))
	}
	return r
}

// compose is the body of a message: a rich_text block for the text, Block Kit for the card, and both as fallback. Names and
// addresses in it are left alone: no @name becomes a mention, no link a preview.
func compose(t text.Text, card *chat.Card) ([]slackapi.MsgOption, error) {
	var blocks []slackapi.Block
	var plain []string
	if !t.Empty() {
		blocks, plain = append(blocks, rich(t)), append(plain, fallback(t))
	}
	if card != nil {
		built, err := cardBlocks(*card)
		if err != nil {
			return nil, err
		}
		blocks = append(blocks, built...)
		if words := card.Plain().Trim(); !words.Empty() {
			plain = append(plain, fallback(words))
		}
	}
	if len(plain) == 0 {
		return nil, refused("there is nothing to say")
	}
	return []slackapi.MsgOption{
		slackapi.MsgOptionText(strings.Join(plain, "\n"), false),
		slackapi.MsgOptionBlocks(blocks...),
		slackapi.MsgOptionParse(false),
		slackapi.MsgOptionLinkNames(false),
		slackapi.MsgOptionDisableLinkUnfurl(),
		slackapi.MsgOptionDisableMediaUnfurl(),
	}, nil
}

// persona is the name and picture that a message bears; it needs the scope chat:write.customize.
func persona(as *chat.Persona) []slackapi.MsgOption {
	if as == nil {
		return nil
	}
	options := []slackapi.MsgOption{slackapi.MsgOptionUsername(text.Name(as.Name, maxName))}
	if strings.HasPrefix(as.Avatar, "https://") {
		options = append(options, slackapi.MsgOptionIconURL(as.Avatar))
	}
	return options
}

// metadata is what Find knows a message again by. Everybody in the channel could read it, so it says nothing else.
func metadata(key chat.Key, hops int) slackapi.SlackMetadata {
	return slackapi.SlackMetadata{EventType: metaType, EventPayload: map[string]any{metaKey: string(key), metaHops: hops}}
}

// Edit makes a message of ours read like e.Text. A message that is not there any more is Gone. Repeating it is harmless, so
// it is never Uncertain.
func (c *Connector) Edit(ctx context.Context, e chat.Edit) (chat.Receipt, error) {
	if len(e.Messages) == 0 {
		return chat.Receipt{}, &chat.Error{Op: "slack: chat.update", Kind: chat.Gone, Reason: "the message to edit is not known here"}
	}
	options, err := c.rewrite(ctx, e)
	if err != nil {
		return chat.Receipt{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	channel, ts, _, err := c.api.UpdateMessageContext(ctx, string(e.To.ID), string(e.Messages[0]), options...)
	if bare, ok := pictureless(e.Card, err); ok {
		e.Card = bare
		return c.Edit(ctx, e)
	}
	if err != nil {
		return chat.Receipt{}, c.fail(call{op: "slack: chat.update"}, err)
	}
	return c.receipt(e.To, channel, ts), nil
}

// rewrite is what a message becomes. One with files has no persona of its own: its author's name stands before the text, and
// stays there.
func (c *Connector) rewrite(ctx context.Context, e chat.Edit) ([]slackapi.MsgOption, error) {
	p := c.Traits().Quoted(chat.Post{To: e.To, Text: e.Text, Quote: e.Quote, As: e.As, Card: e.Card})
	if e.As == nil {
		return compose(p.Text, p.Card)
	}
	m, err := c.look(ctx, string(e.To.ID), string(e.Messages[0]))
	if err != nil && chat.KindOf(err) != chat.Refused { // it may be that only the history is closed to us
		return nil, err
	}
	if len(m.Files) == 0 {
		return compose(p.Text, p.Card)
	}
	return []slackapi.MsgOption{
		slackapi.MsgOptionText(comment(p), false), slackapi.MsgOptionParse(false), slackapi.MsgOptionLinkNames(false),
		slackapi.MsgOptionDisableLinkUnfurl(), slackapi.MsgOptionDisableMediaUnfurl(),
	}, nil
}

// Delete takes messages of ours back; one that is not there any more counts as deleted.
func (c *Connector) Delete(ctx context.Context, d chat.Delete) error {
	for _, m := range d.Messages {
		if err := c.deleteOne(ctx, string(d.To.ID), string(m)); err != nil {
			return err
		}
	}
	return nil
}

func (c *Connector) deleteOne(ctx context.Context, channel, ts string) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	_, _, err := c.api.DeleteMessageContext(ctx, channel, ts)
	switch slackSaid(err) {
	case "message_not_found", "channel_not_found":
		return nil
	}
	if err != nil {
		return c.fail(call{op: "slack: chat.delete"}, err)
	}
	return nil
}

// React puts the bot's emoji on a message or takes it off; done already counts as done. An emoji that Slack has no name for
// is refused.
func (c *Connector) React(ctx context.Context, r chat.React) error {
	name, ok := c.emoji.name(r.Emoji)
	if !ok {
		return &chat.Error{Op: "slack: react", Kind: chat.Refused, Reason: "Slack has no emoji " + r.Emoji}
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	op, do, done := "slack: reactions.add", c.api.AddReactionContext, "already_reacted"
	if r.Remove {
		op, do, done = "slack: reactions.remove", c.api.RemoveReactionContext, "no_reaction"
	}
	err := do(ctx, name, slackapi.NewRefToMessage(string(r.To.ID), string(r.Message)))
	if err == nil || slackSaid(err) == done {
		return nil
	}
	return c.fail(call{op: op, scope: chat.ThisAccount}, err)
}
