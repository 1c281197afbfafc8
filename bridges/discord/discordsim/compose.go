package discordsim

import (
	"slices"
	"strings"
)

// maySend asks whether the bot may write such a message into a channel.
func (w *world) maySend(ch *channel, p *posted) error {
	if ch.Guild == "" {
		return w.mayDM(ch.Members[0])
	}
	if w.locked(ch) {
		return errLocked
	}
	need := PermSend
	if ch.Type.thread() {
		need = PermSendInThreads
	}
	if len(p.files) > 0 {
		need |= PermAttachFiles
	}
	if len(p.Embeds) > 0 {
		need |= PermEmbedLinks
	}
	if p.Poll != nil {
		need |= PermPolls
	}
	if p.Flags != nil && *p.Flags&flagVoice != 0 {
		need |= PermVoiceMessages
	}
	return w.permit(ch, need)
}

// mayDM asks whether a person takes direct messages from the bot.
func (w *world) mayDM(user string) error {
	u := w.users[user]
	switch {
	case u == nil || u.NoDMs || u.Bot:
		return errNoDMs
	case !w.mutual(u.ID):
		return errNoMutual
	default:
		return nil
	}
}

// locked says whether a thread is locked for the bot.
func (w *world) locked(ch *channel) bool {
	return ch.Type.thread() && ch.Locked && w.allowed(ch)&PermManageThreads == 0
}

// earlier is the message that was posted with the same enforced nonce a short time ago.
func (w *world) earlier(ch *channel, p *posted) *message {
	if !p.Enforce {
		return nil
	}
	for _, m := range slices.Backward(ch.messages) {
		if w.now().Sub(m.at) > w.cfg.Timing.Nonce {
			break
		}
		if m.author == w.bot() && m.nonce == p.nonce && !m.deleted {
			return m
		}
	}
	return nil
}

// refer makes a message a reply or a forward.
func (w *world) refer(ch *channel, m *message, p *posted) error {
	r := p.Reference
	if r == nil {
		return nil
	}
	from := ch
	if r.Channel != "" {
		from = w.channels[string(r.Channel)]
	}
	if r.Type == 1 {
		return w.forward(from, m, string(r.Message))
	}
	if from == nil || from.find(string(r.Message)) == nil {
		if r.MustBe != nil && !*r.MustBe {
			return nil
		}
		return invalid("message_reference", "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message")
	}
	if from != ch {
		return invalid("message_reference", "MESSAGE_REFERENCE_CHANNEL_MISMATCH", "Cannot reply to a message in another channel")
	}
	if err := w.permit(ch, PermReadHistory); err != nil {
		return fail(400, 160002, "Cannot reply without permission to read message history")
	}
	m.answer(ch, string(r.Message))
	return nil
}

// answer makes a message a reply.
func (m *message) answer(ch *channel, to string) {
	m.kind, m.replyTo = kindReply, to
	m.ref = &reference{guild: ch.Guild, channel: ch.ID, message: to}
}

// forward makes a message a forward of one that the bot can read.
func (w *world) forward(from *channel, m *message, id string) error {
	if from == nil || !w.sees(from) || from.find(id) == nil {
		return invalid("message_reference", "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message")
	}
	old := from.find(id)
	if !w.legible(old, w.intents) {
		return errNoForward
	}
	w.snapshot(from, old, m)
	return nil
}

// snapshot puts a copy of a message into a forward of it.
func (w *world) snapshot(from *channel, old, m *message) {
	all := w.wireBasic(old, true)
	part := obj{}
	for _, key := range []string{
		"type", "content", "embeds", "attachments", "timestamp", "edited_timestamp", "flags", "mentions", "mention_roles", "components", "sticker_items",
	} {
		if v, ok := all[key]; ok {
			part[key] = v
		}
	}
	m.ref = &reference{kind: 1, guild: from.Guild, channel: from.ID, message: old.id, snapshot: plain(mustJSON(part)).(obj)} //nolint:forcetypeassert // an object just encoded
	m.flags |= flagSnapshot
}

// fill puts what was posted into a new message, and says when that is nothing.
func (w *world) fill(ch *channel, m *message, p *posted) error {
	if p.Content != nil {
		m.content = *p.Content
	}
	if p.Flags != nil {
		m.flags |= *p.Flags
	}
	m.embeds, m.components, m.tts, m.nonce, m.enforced = p.Embeds, numbered(p.Components), p.TTS, p.nonce, p.Enforce
	m.files = p.files
	for _, f := range m.files {
		f.channel = ch.ID
	}
	for _, id := range p.Stickers {
		m.stickers = append(m.stickers, obj{"id": string(id), "name": "sticker" + string(id), "format_type": 1})
	}
	if p.Poll != nil {
		m.poll = p.Poll.poll(w.now())
	}
	if m.blank() {
		return errEmpty
	}
	if err := checkVoice(m); err != nil {
		return err
	}
	w.mention(m, p.Mentions, m.hook != "" || w.allowed(ch)&PermMentionAll != 0)
	return nil
}

// checkVoice holds a voice message to its one file. https://docs.discord.com/developers/resources/message#voice-messages
func checkVoice(m *message) error {
	switch {
	case m.flags&flagVoice == 0:
		return nil
	case m.content != "" || len(m.embeds)+len(m.components)+len(m.stickers) > 0 || m.poll != nil:
		return errVoiceContent
	case len(m.files) != 1 || !strings.HasPrefix(m.files[0].kind, "audio/"):
		return errVoiceSingle
	case m.files[0].waveform == "" || m.files[0].duration == 0:
		return errVoiceMeta
	default:
		return nil
	}
}
