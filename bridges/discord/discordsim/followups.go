package discordsim

import (
	"slices"
)

// interactionOf finds the answered interaction whose token a follow-up carries.
func (w *world) interactionOf(c *call) (*interaction, *channel, error) {
	i := slices.IndexFunc(w.inter, func(in *interaction) bool { return same(in.token, c.args["token"]) })
	switch {
	case i < 0 || !w.inter[i].Answered:
		return nil, nil, errUnknownHook
	case w.now().Sub(w.inter[i].at) > w.cfg.Timing.Token:
		return nil, nil, errHookToken
	}
	ch := w.channels[w.inter[i].Channel]
	if ch == nil {
		return nil, nil, errUnknownChannel
	}
	return w.inter[i], ch, nil
}

// followUp posts a further answer; the first after a deferred one takes its place.
func followUp(w *world, c *call) (any, error) {
	in, ch, err := w.interactionOf(c)
	if err != nil {
		return nil, err
	}
	p, err := w.readPost(c)
	if err != nil {
		return nil, err
	}
	if first := ch.find(in.original); in.deferred && first != nil {
		return w.settleDeferred(in, ch, first, p)
	}
	m := w.begin(in, ch)
	m.kind = kindReply
	if in.original != "" {
		m.ref = &reference{guild: ch.Guild, channel: ch.ID, message: in.original}
	}
	if err := w.fill(ch, m, p); err != nil {
		return nil, err
	}
	w.show(in, ch, m)
	return w.wireMessage(m, true), nil
}

// settleDeferred fills the message that said the bot thinks.
func (w *world) settleDeferred(in *interaction, ch *channel, m *message, p *posted) (any, error) {
	next := *m
	next.flags &^= flagLoading
	if err := w.fill(ch, &next, p); err != nil {
		return nil, err
	}
	next.flags = next.flags&^flagEphemeral | m.flags&flagEphemeral // the deferral has settled who sees it
	*m = next
	in.deferred = false
	w.messageEvent("MESSAGE_UPDATE", ch, m)
	w.bump()
	return w.wireMessage(m, true), nil
}

// followUpOf finds a message of an interaction: @original, or one by its id.
func (w *world) followUpOf(c *call) (*interaction, *channel, *message, error) {
	in, ch, err := w.interactionOf(c)
	if err != nil {
		return nil, nil, nil, err
	}
	id := c.args["message"]
	if id == "@original" {
		id = in.original
	}
	m := ch.find(id)
	if m == nil || m.author != w.bot() {
		return nil, nil, nil, errUnknownMessage
	}
	return in, ch, m, nil
}

func readFollowUp(w *world, c *call) (any, error) {
	_, _, m, err := w.followUpOf(c)
	if err != nil {
		return nil, err
	}
	return w.wireMessage(m, true), nil
}

func editFollowUp(w *world, c *call) (any, error) {
	in, ch, m, err := w.followUpOf(c)
	if err != nil {
		return nil, err
	}
	p, err := w.readPost(c)
	if err != nil {
		return nil, err
	}
	if in.deferred && m.id == in.original {
		return w.settleDeferred(in, ch, m, p)
	}
	if err := w.change(ch, m, p); err != nil {
		return nil, err
	}
	return w.wireMessage(m, true), nil
}

func deleteFollowUp(w *world, c *call) (any, error) {
	_, ch, m, err := w.followUpOf(c)
	if err != nil {
		return nil, err
	}
	w.erase(ch, m)
	return nil, nil //nolint:nilnil // no body
}
