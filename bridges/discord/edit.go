package discord

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/roost-im/roost/router/chat"
)

// Edit makes a message of ours read like e.Text, through the webhook that wrote it. A message that is not there any more is
// Gone. Repeating it is harmless, so it is never Uncertain. An edit of a thread's card marks the thread with its state, too.
func (c *Connector) Edit(ctx context.Context, e chat.Edit) (chat.Receipt, error) {
	const op = "discord: edit"
	if len(e.Messages) == 0 {
		return chat.Receipt{}, &chat.Error{Op: op, Kind: chat.Gone, Reason: "the message to edit is not known here"}
	}
	id := string(e.Messages[0])
	home, err := c.home(ctx, e.To, e.Messages[0])
	if err != nil {
		return chat.Receipt{}, err
	}
	h, err := c.writer(ctx, e.To, home, id)
	if err != nil {
		return chat.Receipt{}, err
	}
	d, err := c.redraft(ctx, e, draft{channel: home, parent: string(e.To.ID), hook: h, text: e.Text, card: e.Card})
	if err != nil {
		return chat.Receipt{}, err
	}
	body, err := c.compose(ctx, d)
	if err != nil {
		return chat.Receipt{}, err
	}
	delete(body, "username")
	delete(body, "avatar_url")
	cleared(body, e)
	header, err := c.revise(ctx, d, id, request{op: op, method: http.MethodPatch, body: body})
	if err != nil {
		return chat.Receipt{}, err
	}
	r := receipt(id, header)
	if e.Card != nil && e.Card.State != "" && e.To.Thread != "" {
		return r, c.marked(ctx, e.To, e.Card.State)
	}
	return r, nil
}

// cleared has an edit take away the card that a message had, of which Discord keeps what an edit does not name. What bears
// somebody's name never had one, and keeps the previews of its links.
func cleared(body map[string]any, e chat.Edit) {
	for _, part := range []string{"embeds", "components"} {
		if body[part] == nil && e.As == nil {
			body[part] = []any{}
		}
	}
}

// redraft says how an edited message is said: as it was before, by the webhook that wrote it or with the name in front. What
// the bot answered itself it answers still.
func (c *Connector) redraft(ctx context.Context, e chat.Edit, d draft) (draft, error) {
	if !d.hooked() {
		if e.As != nil {
			d = prefixed(d, e.As)
		}
		return d, nil
	}
	if d.as = e.As; d.as == nil {
		d.as = &chat.Persona{}
	}
	return c.answering(ctx, d, e.To, e.ReplyTo, e.Quote)
}

// revise changes or deletes a message that stands in a thread which may be archived: then that is undone first.
func (c *Connector) revise(ctx context.Context, d draft, id string, r request) (http.Header, error) {
	r.path = route("channels", d.channel, "messages", id)
	if d.hooked() {
		r.path = route("webhooks", d.hook.ID, d.hook.Token, "messages", id)
		if d.channel != d.parent {
			r.query = url.Values{"thread_id": {d.channel}}
		}
	}
	header, err := c.call(ctx, r, nil)
	if said(err) == archivedThread {
		if err := c.unarchive(ctx, d.channel); err != nil {
			return nil, err
		}
		header, err = c.call(ctx, r, nil)
	}
	if code := said(err); d.hooked() && (code == unknownWebhook || code == badHookToken) {
		if err := c.hooks.gone(ctx, d.hook.ID); err != nil {
			return nil, err
		}
		return nil, refused(r.op, "the webhook that wrote it was deleted, so it can't be changed any more")
	}
	return header, err
}

// writer is the webhook of ours that wrote a message; zero when the bot wrote it itself, or it is not ours.
func (c *Connector) writer(ctx context.Context, to chat.Conversation, channel, id string) (hook, error) {
	if err := c.hooks.load(ctx); err != nil {
		return hook{}, err
	}
	if h, ok := c.hooks.byID(c.journal.hook(id)); ok {
		return h, nil
	}
	if !c.hooks.any(string(to.ID)) {
		return hook{}, nil
	}
	m, err := c.message(ctx, channel, id)
	if err != nil {
		return hook{}, err
	}
	h, _ := c.hooks.byID(m.Webhook)
	return h, nil
}

// any says whether a channel has a webhook of ours.
func (h *hooks) any(channel string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, x := range h.held.Hooks {
		if x.Channel == channel {
			return true
		}
	}
	return false
}

// Delete takes messages of ours back; one that is not there any more counts as deleted.
func (c *Connector) Delete(ctx context.Context, d chat.Delete) error {
	for _, m := range d.Messages {
		if slashed(m) {
			continue
		}
		if err := c.deleteOne(ctx, d.To, m); err != nil && chat.KindOf(err) != chat.Gone {
			return err
		}
	}
	return nil
}

func (c *Connector) deleteOne(ctx context.Context, to chat.Conversation, m chat.MessageID) error {
	home, err := c.home(ctx, to, m)
	if err != nil {
		return err
	}
	h, err := c.writer(ctx, to, home, string(m))
	if err != nil {
		return err
	}
	_, err = c.revise(ctx, draft{channel: home, parent: string(to.ID), hook: h}, string(m), request{op: "discord: delete", method: http.MethodDelete})
	return err
}

// React puts the bot's emoji on a message or takes it off; done already counts as done. A custom emoji that no server of the
// bot's has is refused.
func (c *Connector) React(ctx context.Context, r chat.React) error {
	if slashed(r.Message) {
		return nil
	}
	home, err := c.home(ctx, r.To, r.Message)
	if err != nil {
		return err
	}
	wire := r.Emoji
	if custom(wire) {
		p, _ := c.places.known.Get(string(r.To.ID))
		e, ok := c.places.emoji(p.guild, wire)
		if !ok {
			return refused("discord: react", "no server of the bot's has the emoji "+r.Emoji)
		}
		wire = e.Name + ":" + e.ID
	}
	err = c.react(ctx, home, r, wire)
	if said(err) != unknownEmoji {
		return err
	}
	if r.Remove {
		return nil
	}
	// Some emoji are known to Discord with the selector that makes a picture of them, and some without.
	const selector = "\ufe0f"
	if bare, had := strings.CutSuffix(wire, selector); had {
		return c.react(ctx, home, r, bare)
	}
	return c.react(ctx, home, r, wire+selector)
}

func (c *Connector) react(ctx context.Context, channel string, r chat.React, wire string) error {
	method := http.MethodPut
	if r.Remove {
		method = http.MethodDelete
	}
	ask := request{
		op: "discord: react", method: method, path: route("channels", channel, "messages", string(r.Message), "reactions", wire, "@me"),
	}
	_, err := c.call(ctx, ask, nil)
	if said(err) == archivedThread {
		if err := c.unarchive(ctx, channel); err != nil {
			return err
		}
		_, err = c.call(ctx, ask, nil)
	}
	return err
}

// unarchive opens a thread again that Discord or a person archived.
func (c *Connector) unarchive(ctx context.Context, thread string) error {
	return c.patchThread(ctx, thread, map[string]any{"archived": false})
}

func (c *Connector) patchThread(ctx context.Context, thread string, body map[string]any) error {
	var ch channel
	ask := request{op: "discord: thread", method: http.MethodPatch, path: route("channels", thread), body: body}
	if _, err := c.call(ctx, ask, &ch); err != nil {
		return err
	}
	if ch.ID != "" {
		c.places.learn(ch, "")
	}
	return nil
}

// marked marks a thread with the state of its card. A bot that may not do that leaves it; the card says it, too.
func (c *Connector) marked(ctx context.Context, to chat.Conversation, state chat.Mark) error {
	err := c.mark(ctx, to, state)
	if closed(err) {
		c.log.LogAttrs(ctx, slog.LevelWarn, "thread not marked", slog.Any("error", err))
		return nil
	}
	return err
}
