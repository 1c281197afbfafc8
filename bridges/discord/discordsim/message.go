package discordsim

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Types of messages. https://docs.discord.com/developers/resources/message#message-object-message-types
const (
	kindDefault       = 0
	kindPinned        = 6
	kindThreadCreated = 18
	kindReply         = 19
	kindCommand       = 20
	kindThreadStarter = 21
)

// Flags of messages.
const (
	flagCrossposted    = 1 << 0
	flagSuppressEmbeds = 1 << 2
	flagHasThread      = 1 << 5
	flagEphemeral      = 1 << 6
	flagLoading        = 1 << 7
	flagSilent         = 1 << 12
	flagVoice          = 1 << 13
	flagSnapshot       = 1 << 14
	flagComponents     = 1 << 15
	flagsSettable      = flagSuppressEmbeds | flagEphemeral | flagSilent | flagVoice | flagComponents
)

type message struct {
	id, channel string
	author      string // user id; "" when a webhook wrote it
	hook        string
	hookName    string
	hookAvatar  string
	kind        int
	content     string
	at, edited  time.Time
	flags       int
	tts         bool
	embeds      []obj
	components  []obj
	files       []*attachment
	stickers    []obj
	poll        *poll
	ref         *reference
	replyTo     string // id of the message replied to
	mentions    []string
	roles       []string
	everyone    bool
	pings       []string
	reactions   []*reaction
	pinned      time.Time
	nonce       any
	enforced    bool
	thread      string
	meta        obj // interaction_metadata
	only        string
	deleted     bool
}

// reference is what a reply, a forward or a system message points to.
type reference struct {
	kind                    int // 0 reply, 1 forward
	guild, channel, message string
	snapshot                obj
}

type reaction struct {
	emoji emojiRef
	users []string
}

// emojiRef is a Unicode emoji (without id) or a custom one.
type emojiRef struct {
	id, name string
	animated bool
}

func (e emojiRef) String() string {
	if e.id == "" {
		return e.name
	}
	return e.name + ":" + e.id
}

func (e emojiRef) wire() obj {
	out := obj{"id": orNull(e.id), "name": e.name}
	if e.id != "" {
		out["animated"] = e.animated
	}
	return out
}

// parseEmoji reads "👍", "name:id" or "a:name:id".
func parseEmoji(s string) emojiRef {
	s, animated := strings.CutPrefix(s, "a:")
	name, id, custom := strings.Cut(s, ":")
	if !custom {
		return emojiRef{name: s}
	}
	return emojiRef{id: id, name: name, animated: animated}
}

var (
	userMention = regexp.MustCompile(`<@!?(\d{1,20})>`)
	roleMention = regexp.MustCompile(`<@&(\d{1,20})>`)
	allMention  = regexp.MustCompile(`@(everyone|here)`)
)

// notice says whom a message may mention. nil lets it mention everyone it names, and the author of what it answers.
type notice struct {
	Parse       []string    `json:"parse"`
	Users       []snowflake `json:"users"`
	Roles       []snowflake `json:"roles"`
	RepliedUser bool        `json:"replied_user"`
}

func (n *notice) may(kind, id string) bool {
	if n == nil || slices.Contains(n.Parse, kind) {
		return true
	}
	switch kind {
	case "users":
		return slices.Contains(n.Users, snowflake(id))
	case "roles":
		return slices.Contains(n.Roles, snowflake(id))
	default:
		return false
	}
}

// mention finds whom a message names and notifies. all says whether its author may mention everyone.
// https://docs.discord.com/developers/resources/message#allowed-mentions-object
func (w *world) mention(m *message, n *notice, all bool) {
	m.mentions, m.roles, m.pings, m.everyone = nil, nil, nil, false
	for _, found := range userMention.FindAllStringSubmatch(m.content, 100) {
		if id := found[1]; w.users[id] != nil && n.may("users", id) {
			m.notify(&m.mentions, id)
		}
	}
	for _, found := range roleMention.FindAllStringSubmatch(m.content, 100) {
		if id := found[1]; n.may("roles", id) {
			m.notify(&m.roles, id)
		}
	}
	if found := allMention.FindStringSubmatch(m.content); found != nil && all && n.may("everyone", "") && w.channels[m.channel].Guild != "" {
		m.everyone = true
		m.pings = append(m.pings, found[1])
	}
	if n == nil || n.RepliedUser {
		w.mentionAnswered(m)
	}
}

// mentionAnswered notifies the author of the message that a reply answers.
func (w *world) mentionAnswered(m *message) {
	if to := w.answered(m); to != nil && to.author != "" {
		m.notify(&m.mentions, to.author)
	}
}

// notify adds someone to those mentioned, once.
func (m *message) notify(to *[]string, id string) {
	if !slices.Contains(*to, id) {
		*to = append(*to, id)
		m.pings = append(m.pings, id)
	}
}

// answered is the message that a reply answers, nil when it is none or was deleted.
func (w *world) answered(m *message) *message {
	ch := w.channels[m.channel]
	if ch == nil || m.replyTo == "" {
		return nil
	}
	return ch.find(m.replyTo)
}

// post stores a message and tells the bot. A thread wakes up when it was archived.
func (w *world) post(ch *channel, m *message) {
	if ch.Type.thread() {
		w.wake(ch)
		if ch.counts(m) {
			ch.total++
		}
		w.addToThread(ch, m.author)
	}
	ch.messages = append(ch.messages, m)
	ch.byID[m.id] = m
	ch.last = m.id
	w.messageEvent("MESSAGE_CREATE", ch, m)
	w.bump()
}

// newMessage starts a message in a channel.
func (w *world) newMessage(ch *channel, author string) *message {
	return &message{id: w.newID(), channel: ch.ID, author: author, at: w.now()}
}

// erase deletes a message and tells the bot.
func (w *world) erase(ch *channel, m *message) {
	m.deleted = true
	if m.only == "" {
		w.dispatch(event{name: "MESSAGE_DELETE", need: ch.heardBy(IntentMessages), guild: ch.Guild, channel: ch, build: func(*session) any {
			return ch.place(obj{"id": m.id})
		}})
	}
	w.bump()
}

// place adds the channel and the guild to an event.
func (ch *channel) place(out obj) obj {
	out["channel_id"] = ch.ID
	if ch.Guild != "" {
		out["guild_id"] = ch.Guild
	}
	return out
}

// heardBy is the intent that hears what happens in a channel: that of DMs instead of the guilds' there.
func (ch *channel) heardBy(in Intent) Intent {
	if ch.Guild != "" {
		return in
	}
	return map[Intent]Intent{
		IntentMessages: IntentDirectMessages, IntentReactions: IntentDirectReactions, IntentTyping: IntentDirectTyping, IntentPolls: IntentDirectPolls,
	}[in]
}

// messageEvent tells of a new or changed message; what others wrote in a guild is blank to sessions without the content intent.
func (w *world) messageEvent(name string, ch *channel, m *message) {
	if m.only != "" {
		return
	}
	w.dispatch(event{name: name, need: ch.heardBy(IntentMessages), guild: ch.Guild, channel: ch, build: func(s *session) any {
		out := w.wireMessage(m, w.legible(m, s.intents))
		if name == "MESSAGE_UPDATE" {
			delete(out, "nonce")
		}
		ch.place(out)
		out["channel_type"] = ch.Type
		if g := w.guilds[ch.Guild]; g != nil {
			if m.author != "" && g.has(m.author) {
				out["member"] = w.wirePartialMember(g, m.author)
			}
			w.addMembers(out, g)
		}
		return out
	}})
}

// addMembers puts the memberships of those mentioned beside them, as only events have them.
func (w *world) addMembers(out obj, g *guild) {
	people, _ := out["mentions"].([]obj)
	for _, u := range people {
		if id, _ := u["id"].(string); g.has(id) {
			u["member"] = w.wirePartialMember(g, id)
		}
	}
}

// legible says whether the bot may read a message, given its intents: its own, DMs and mentions of it always.
// https://docs.discord.com/developers/events/gateway#message-content-intent
func (w *world) legible(m *message, in Intent) bool {
	ch := w.channels[m.channel]
	own := m.author == w.bot() || m.hook != "" && w.hooks[m.hook] != nil && w.hooks[m.hook].own
	return in&IntentMessageContent != 0 || ch == nil || ch.Guild == "" || own || slices.Contains(m.mentions, w.bot())
}

// wireMessage is a message as REST gives it; content, embeds, attachments, components and poll are blank when full is not set.
func (w *world) wireMessage(m *message, full bool) obj {
	out := w.wireBasic(m, full)
	if m.kind == kindReply || m.kind == kindThreadStarter {
		out["referenced_message"] = nil
		if to := w.referenced(m); to != nil {
			out["referenced_message"] = w.wireBasic(to, full || w.legible(to, noIntent))
		}
	}
	if len(m.reactions) > 0 {
		all := []obj{}
		for _, r := range m.reactions {
			all = append(all, w.wireReaction(r))
		}
		out["reactions"] = all
	}
	return out
}

// referenced is the message that a reply or the start of a thread points to, nil when it was deleted.
func (w *world) referenced(m *message) *message {
	if m.ref == nil || w.channels[m.ref.channel] == nil {
		return nil
	}
	return w.channels[m.ref.channel].find(m.ref.message)
}

func (w *world) wireReaction(r *reaction) obj {
	return obj{
		"emoji": r.emoji.wire(), "count": len(r.users), "count_details": obj{"burst": 0, "normal": len(r.users)}, "burst_colors": []string{},
		"me_burst": false, "burst_me": false, "burst_count": 0, "me": slices.Contains(r.users, w.bot()),
	}
}

// wireBasic is a message without the one it answers and without reactions.
func (w *world) wireBasic(m *message, full bool) obj {
	people := []obj{}
	for _, id := range m.mentions {
		people = append(people, w.wireUser(id))
	}
	out := obj{
		"id": m.id, "channel_id": m.channel, "type": m.kind, "content": "", "author": w.wireAuthor(m), "timestamp": stamp(m.at),
		"edited_timestamp": maybe(m.edited), "tts": m.tts, "mention_everyone": m.everyone, "mentions": people, "mention_roles": list(m.roles),
		"attachments": []obj{}, "embeds": []obj{}, "components": []obj{}, "pinned": !m.pinned.IsZero(), "flags": m.flags,
	}
	if full {
		files := []obj{}
		for _, f := range m.files {
			files = append(files, w.wireFile(f))
		}
		out["content"], out["attachments"], out["components"] = m.content, files, list(m.components)
		if m.flags&flagSuppressEmbeds == 0 {
			out["embeds"] = list(m.embeds)
		}
		if m.poll != nil {
			out["poll"] = m.poll.wire(w.bot())
		}
	}
	w.addParts(out, m, full)
	return out
}

// addParts adds the members that a message has only sometimes.
func (w *world) addParts(out obj, m *message, full bool) {
	for key, v := range map[string]string{"webhook_id": m.hook, "application_id": m.application(w)} {
		if v != "" {
			out[key] = v
		}
	}
	if m.nonce != nil {
		out["nonce"] = m.nonce
	}
	if len(m.stickers) > 0 {
		out["sticker_items"] = m.stickers
	}
	if m.meta != nil {
		out["interaction_metadata"] = m.meta
	}
	if t := w.channels[m.thread]; t != nil {
		out["thread"] = w.wireChannel(t)
	}
	if w.channels[m.channel] != nil && w.channels[m.channel].Type.thread() {
		out["position"] = max(0, slices.Index(w.channels[m.channel].messages, m))
	}
	m.addReference(out, full)
}

// addReference adds what a reply, a forward or a notice points to.
func (m *message) addReference(out obj, full bool) {
	if m.ref == nil {
		return
	}
	ref := obj{"type": m.ref.kind, "channel_id": m.ref.channel}
	for key, v := range map[string]string{"message_id": m.ref.message, "guild_id": m.ref.guild} {
		if v != "" {
			ref[key] = v
		}
	}
	out["message_reference"] = ref
	if m.ref.snapshot != nil && full {
		out["message_snapshots"] = []obj{{"message": m.ref.snapshot}}
	}
}

// application is the id of the application that wrote a message, "" for people and for webhooks made by people.
func (m *message) application(w *world) string {
	if m.meta != nil || m.hook != "" && w.hooks[m.hook] != nil && w.hooks[m.hook].own {
		return w.cfg.ApplicationID
	}
	return ""
}

func (w *world) wireAuthor(m *message) obj {
	if m.author != "" {
		return w.wireUser(m.author)
	}
	avatar := any(nil)
	if m.hookAvatar != "" {
		avatar = hash(m.hookAvatar)
	}
	return obj{
		"id": m.hook, "username": cmp.Or(m.hookName, "Webhook"), "avatar": avatar, "discriminator": "0000", "public_flags": 0, "flags": 0,
		"bot": true, "global_name": nil, "primary_guild": nil, "clan": nil,
	}
}
