package discordsim

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

func messageRoutes() []route {
	const one = "/channels/{channel}/messages/{message}"
	return []route{
		{method: "GET", path: "/channels/{channel}/messages", serve: listMessages},
		{method: "POST", path: "/channels/{channel}/messages", serve: createMessage},
		{method: "POST", path: "/channels/{channel}/messages/bulk-delete", serve: bulkDelete},
		{method: "GET", path: one, serve: readMessage},
		{method: "PATCH", path: one, serve: editMessage},
		{method: "DELETE", path: one, serve: deleteMessage},
		{method: "POST", path: one + "/crosspost", serve: crosspost},
		{method: "POST", path: "/channels/{channel}/typing", serve: typing},
		{method: "GET", path: "/channels/{channel}/pins", serve: listPinsOld},
		{method: "PUT", path: "/channels/{channel}/pins/{message}", serve: pin},
		{method: "DELETE", path: "/channels/{channel}/pins/{message}", serve: unpin},
		{method: "GET", path: "/channels/{channel}/messages/pins", serve: listPins},
		{method: "PUT", path: "/channels/{channel}/messages/pins/{message}", serve: pin},
		{method: "DELETE", path: "/channels/{channel}/messages/pins/{message}", serve: unpin},
		{method: "GET", path: "/channels/{channel}/polls/{message}/answers/{answer}", serve: listVoters},
		{method: "POST", path: "/channels/{channel}/polls/{message}/expire", serve: expirePoll},
		{method: "POST", path: "/attachments/refresh-urls", serve: refreshURLs},
	}
}

// reach finds the channel that a call names and asks for permissions in it.
func (w *world) reach(c *call, need Permission) (*channel, error) {
	ch := w.channels[c.args["channel"]]
	if ch == nil {
		if w.badID(c.args["channel"]) {
			return nil, invalid("channel_id", "NUMBER_TYPE_COERCE", "Value \""+c.args["channel"]+"\" is not snowflake.")
		}
		return nil, errUnknownChannel
	}
	return ch, w.permit(ch, need)
}

// badID says whether a path holds something that is no snowflake.
func (w *world) badID(id string) bool { return number(id) == 0 && id != "0" }

// permit asks for permissions in a channel; in a DM the bot has them all.
func (w *world) permit(ch *channel, need Permission) error {
	switch {
	case ch.Guild == "":
		return nil
	case !w.sees(ch):
		return errNoAccess
	case w.allowed(ch)&need != need:
		return errNotAllowed
	default:
		return nil
	}
}

// message finds the channel and the message that a call names.
func (w *world) message(c *call, need Permission) (*channel, *message, error) {
	ch, err := w.reach(c, need)
	if err != nil {
		return nil, nil, err
	}
	m := ch.find(c.args["message"])
	if m == nil || m.only != "" {
		return nil, nil, errUnknownMessage
	}
	return ch, m, nil
}

// seen is a message as the bot's REST answers show it.
func (w *world) seen(m *message) obj { return w.wireMessage(m, w.legible(m, w.intents)) }

func readMessage(w *world, c *call) (any, error) {
	_, m, err := w.message(c, PermView|PermReadHistory)
	if err != nil {
		return nil, err
	}
	return w.seen(m), nil
}

// listMessages gives the newest first. https://docs.discord.com/developers/resources/message#get-channel-messages
func listMessages(w *world, c *call) (any, error) {
	ch, err := w.reach(c, PermView)
	if err != nil {
		return nil, err
	}
	if !ch.Type.texty() {
		return nil, errNotText
	}
	limit, err := c.limit(50, 100)
	if err != nil {
		return nil, err
	}
	out := []obj{}
	if ch.Guild != "" && w.allowed(ch)&PermReadHistory == 0 {
		return out, nil // Discord gives no error here
	}
	for _, m := range page(ch.latest(), c, limit) {
		out = append(out, w.seen(m))
	}
	return out, nil
}

// page picks messages before, after or around an id, the newest first.
func page(all []*message, c *call, limit int) []*message {
	at := func(id string) int {
		n := number(id)
		i, _ := slices.BinarySearchFunc(all, n, func(m *message, n uint64) int {
			switch own := number(m.id); {
			case own < n:
				return -1
			case own > n:
				return 1
			default:
				return 0
			}
		})
		return i
	}
	from, to := max(0, len(all)-limit), len(all)
	switch {
	case c.query.Get("around") != "":
		mid := at(c.query.Get("around"))
		from = max(0, mid-limit/2)
		to = min(len(all), from+limit)
	case c.query.Get("before") != "":
		to = at(c.query.Get("before"))
		from = max(0, to-limit)
	case c.query.Get("after") != "":
		after := number(c.query.Get("after"))
		from = at(strconv.FormatUint(after+1, 10))
		to = min(len(all), from+limit)
	}
	out := slices.Clone(all[from:to])
	slices.Reverse(out)
	return out
}

// createMessage posts as the bot. https://docs.discord.com/developers/resources/message#create-message
func createMessage(w *world, c *call) (any, error) {
	ch, err := w.reach(c, PermView)
	if err != nil {
		return nil, err
	}
	if !ch.Type.texty() {
		return nil, errNotText
	}
	p, err := w.readPost(c)
	if err != nil {
		return nil, err
	}
	if err := w.maySend(ch, p); err != nil {
		return nil, err
	}
	if m := w.earlier(ch, p); m != nil {
		return w.seen(m), nil
	}
	m := w.newMessage(ch, w.bot())
	if err := w.refer(ch, m, p); err != nil {
		return nil, err
	}
	if err := w.fill(ch, m, p); err != nil {
		return nil, err
	}
	w.post(ch, m)
	return w.seen(m), nil
}

// maySend asks whether the bot may write such a message into a channel.
func (w *world) maySend(ch *channel, p *posted) error {
	if ch.Guild == "" {
		u := w.users[ch.Members[0]]
		if u == nil || u.NoDMs || u.Bot {
			return errNoDMs
		}
		if !w.mutual(u.ID) {
			return fail(403, 50278, "Cannot send messages to this user due to having no mutual guilds")
		}
		return nil
	}
	need := PermSend
	if ch.Type.thread() {
		need = PermSendInThreads
	}
	switch {
	case ch.Type.thread() && ch.Locked && w.allowed(ch)&PermManageThreads == 0:
		return errLocked
	case len(p.files) > 0:
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
	if m.content == "" && len(m.embeds)+len(m.components)+len(m.files)+len(m.stickers) == 0 && m.poll == nil && m.flags&flagSnapshot == 0 {
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
	for _, field := range []string{"content", "embeds", "components", "attachments", "allowed_mentions"} {
		if p.has(field) {
			return nil, errForeign
		}
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
	switch {
	case m.flags&flagVoice != 0:
		return errVoiceEdit
	case ch.Type.thread() && ch.Archived:
		return errArchived
	case ch.Type.thread() && ch.Locked && w.allowed(ch)&PermManageThreads == 0:
		return errLocked
	case m.poll != nil && (p.has("content") || p.has("embeds")):
		return errPollEdit
	case m.kind != kindDefault && m.kind != kindReply && m.kind != kindCommand:
		return errSystem
	}
	next := *m
	if p.has("content") {
		next.content = ""
		if p.Content != nil {
			next.content = *p.Content
		}
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
	if next.content == "" && len(next.embeds)+len(next.components)+len(next.files)+len(next.stickers) == 0 && next.poll == nil {
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

func deleteMessage(w *world, c *call) (any, error) {
	ch, m, err := w.message(c, PermView)
	if err != nil {
		return nil, err
	}
	if m.author != w.bot() {
		if ch.Guild == "" {
			return nil, errInDM
		}
		if err := w.permit(ch, PermManageMessages); err != nil {
			return nil, err
		}
	}
	w.erase(ch, m)
	return nil, nil //nolint:nilnil // no body
}

// bulkDelete deletes 2 to 100 messages of the last two weeks.
func bulkDelete(w *world, c *call) (any, error) {
	ch, err := w.reach(c, PermManageMessages)
	if err != nil {
		return nil, err
	}
	var in struct {
		Messages []snowflake `json:"messages"`
	}
	if err := c.into(&in); err != nil {
		return nil, err
	}
	switch {
	case ch.Guild == "":
		return nil, errInDM
	case len(in.Messages) < 2 || len(in.Messages) > 100:
		return nil, errBulk
	}
	var ids []string
	for _, id := range in.Messages {
		if w.now().Sub(born(string(id))) > 14*24*time.Hour {
			return nil, errTooOld
		}
		ids = append(ids, string(id))
	}
	w.eraseAll(ch, ids)
	return nil, nil //nolint:nilnil // no body
}

// eraseAll deletes messages with one event.
func (w *world) eraseAll(ch *channel, ids []string) {
	var gone []string
	for _, id := range ids {
		if m := ch.find(id); m != nil {
			m.deleted = true
			gone = append(gone, id)
		}
	}
	w.dispatch(event{name: "MESSAGE_DELETE_BULK", need: ch.heardBy(IntentMessages), guild: ch.Guild, channel: ch, build: func(*session) any {
		return ch.place(obj{"ids": list(gone)})
	}})
	w.bump()
}

func crosspost(w *world, c *call) (any, error) {
	ch, m, err := w.message(c, PermSend)
	switch {
	case err != nil:
		return nil, err
	case ch.Type != ChannelAnnouncement:
		return nil, errChannelType
	case m.flags&flagCrossposted != 0:
		return nil, errNotOriginal
	}
	m.flags |= flagCrossposted
	w.messageEvent("MESSAGE_UPDATE", ch, m)
	w.bump()
	return w.seen(m), nil
}

func typing(w *world, c *call) (any, error) {
	ch, err := w.reach(c, PermSend)
	if err != nil {
		return nil, err
	}
	if !ch.Type.texty() {
		return nil, errNotText
	}
	w.typed(ch, w.bot())
	return nil, nil //nolint:nilnil // no body
}

// typed tells that someone types.
func (w *world) typed(ch *channel, user string) {
	w.dispatch(event{name: "TYPING_START", need: ch.heardBy(IntentTyping), guild: ch.Guild, channel: ch, build: func(*session) any {
		out := ch.place(obj{"user_id": user, "timestamp": w.now().Unix()})
		if g := w.guilds[ch.Guild]; g != nil {
			out["member"] = w.wireMember(g, user)
		}
		return out
	}})
}
