package discordsim

import (
	"slices"
)

// editMessage changes the bot's own message; of another's only the suppression of embeds.
func editMessage(w *world, c *call) (any, error) {
	ch, m, err := w.message(c, PermView)
	if err != nil {
		return nil, err
	}
	p, err := w.readPost(c)
	if err != nil {
		return nil, err
	}
	if m.author != w.bot() {
		return w.suppress(ch, m, p)
	}
	if err := w.change(ch, m, p); err != nil {
		return nil, err
	}
	return w.seen(m), nil
}

// suppress switches the embeds of another's message off or on.
func (w *world) suppress(ch *channel, m *message, p *posted) (any, error) {
	if slices.ContainsFunc([]string{"content", "embeds", "components", "attachments", "allowed_mentions"}, p.has) {
		return nil, errForeign
	}
	if err := w.permit(ch, PermManageMessages); err != nil {
		return nil, err
	}
	if p.Flags != nil {
		m.flags = m.flags&^flagSuppressEmbeds | *p.Flags&flagSuppressEmbeds
		w.messageEvent("MESSAGE_UPDATE", ch, m)
		w.bump()
	}
	return w.seen(m), nil
}

// change edits a message: fields that are not there stay, null and empty ones are cleared, and attachments stay when they are
// listed or nothing is said of them. https://docs.discord.com/developers/resources/message#edit-message
func (w *world) change(ch *channel, m *message, p *posted) error {
	if err := w.mayChange(ch, m, p); err != nil {
		return err
	}
	next := *m
	if p.has("content") {
		next.content = ""
		set(&next.content, p.Content)
	}
	if p.has("embeds") {
		next.embeds = p.Embeds
	}
	if p.has("components") {
		next.components = numbered(p.Components)
	}
	next.files = kept(m.files, p)
	if p.Flags != nil {
		next.flags = m.flags&^flagSuppressEmbeds | *p.Flags&(flagSuppressEmbeds|flagComponents)
	}
	if next.blank() {
		return errEmpty
	}
	for _, f := range next.files {
		f.channel = ch.ID
	}
	*m = next
	pings := m.pings
	w.mention(m, p.Mentions, w.allowed(ch)&PermMentionAll != 0)
	m.pings = pings // an edit notifies nobody
	w.edited(ch, m)
	return nil
}

// blank says whether a message holds nothing.
func (m *message) blank() bool {
	return m.content == "" && len(m.embeds)+len(m.components)+len(m.files)+len(m.stickers) == 0 && m.poll == nil && m.flags&flagSnapshot == 0
}

// plain says whether people or bots wrote a message, and not Discord itself.
func (m *message) plain() bool {
	return m.kind == kindDefault || m.kind == kindReply || m.kind == kindCommand
}

// mayChange says whether a message can be edited.
func (w *world) mayChange(ch *channel, m *message, p *posted) error {
	switch {
	case m.flags&flagVoice != 0:
		return errVoiceEdit
	case ch.Type.thread() && ch.Archived:
		return errArchived
	case w.locked(ch):
		return errLocked
	case m.poll != nil && (p.has("content") || p.has("embeds")):
		return errPollEdit
	case !m.plain():
		return errSystem
	default:
		return nil
	}
}

// kept are the files that a message has after an edit.
func kept(old []*attachment, p *posted) []*attachment {
	if !p.has("attachments") {
		return slices.Concat(old, p.files)
	}
	var out []*attachment
	for _, d := range p.kept {
		for _, f := range old {
			if f.id == string(d.ID) {
				if d.Alt != nil {
					f.alt = *d.Alt
				}
				out = append(out, f)
			}
		}
	}
	return append(out, p.files...)
}

// edited marks a change and tells the bot.
func (w *world) edited(ch *channel, m *message) {
	m.edited = w.now()
	w.messageEvent("MESSAGE_UPDATE", ch, m)
	w.bump()
}
