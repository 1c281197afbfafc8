package discord

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

const (
	maxKnown  = 20_000
	placeLife = 24 * time.Hour
	lookTime  = 10 * time.Second // an event does not wait longer for what it has to be asked
)

// place is what is known of a channel, a thread or a direct message.
type place struct {
	id, guild, parent, name, owner string
	kind                           int
	tags                           []tag // of a forum
	applied                        []string
	archived                       bool
	root                           string // the message that a thread hangs on
	rooted                         bool   // root is known; empty then: it hangs on none
}

func (p place) thread() bool {
	return p.kind == typeThread || p.kind == typePrivate || p.kind == typeNewsThread
}

func (p place) forum() bool { return p.kind == typeForum || p.kind == typeMedia }

func (p place) dm() bool { return p.kind == typeDM }

// speaks says whether messages are written in it.
func (p place) speaks() bool {
	return p.thread() || slices.Contains([]int{typeText, typeDM, typeVoice, typeAnnouncement, typeStage}, p.kind)
}

// places remembers channels, and the names in servers. Most of it comes from the gateway; what is not known is asked for.
type places struct {
	c     *Connector
	known *bridges.Cache[place]

	mu     sync.Mutex
	guilds map[string]guildNames
}

// guildNames are what texts name by id, and what reactions name by name.
type guildNames struct {
	name   string
	system string // the channel in which Discord says who joined
	roles  map[string]string
	bots   map[string]string // by the role that Discord made for each
	emojis map[string]emoji  // by name
}

func newPlaces(c *Connector) *places {
	return &places{c: c, known: bridges.NewCache[place](maxKnown, placeLife, c.now), guilds: map[string]guildNames{}}
}

// learn keeps what Discord says of a channel.
func (p *places) learn(ch channel, guild string) place {
	old, _ := p.known.Get(ch.ID)
	got := place{
		id: ch.ID, guild: firstOf(ch.Guild, guild, old.guild), parent: ch.Parent, name: ch.Name, owner: ch.Owner, kind: ch.Type,
		tags: ch.Tags, applied: ch.Applied, root: old.root, rooted: old.rooted,
	}
	if ch.Metadata != nil {
		got.archived = ch.Metadata.Archived
	}
	if !got.thread() {
		got.parent = ""
	}
	p.known.Put(ch.ID, got)
	return got
}

// learnGuild keeps the names and channels of a server.
func (p *places) learnGuild(g guild) {
	for _, ch := range slices.Concat(g.Channels, g.Threads) {
		p.learn(ch, g.ID)
	}
	names := guildNames{name: g.Name, system: g.System, roles: map[string]string{}, bots: map[string]string{}, emojis: map[string]emoji{}}
	for _, r := range g.Roles {
		names.roles[r.ID] = r.Name
		if r.Tags.Bot != "" {
			names.bots[r.ID] = r.Tags.Bot
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.guilds[g.ID] = names
	p.setEmojis(g.ID, g.Emojis)
}

func (p *places) learnEmojis(guild string, all []emoji) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.setEmojis(guild, all)
}

func (p *places) setEmojis(guild string, all []emoji) {
	names := p.guilds[guild]
	names.emojis = make(map[string]emoji, len(all))
	for _, e := range all {
		names.emojis[e.Name] = e
	}
	p.guilds[guild] = names
}

func (p *places) forgetGuild(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.guilds, id)
}

// role is the name of a role; empty when it is not known.
func (p *places) role(guild, id string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.guilds[guild].roles[id]
}

// bot is the bot that a role was made for, which nobody else has; empty when it is no such role.
func (p *places) bot(guild, role string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.guilds[guild].bots[role]
}

// system is the channel of a server in which Discord says who joined.
func (p *places) system(guild string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.guilds[guild].system
}

// emoji finds a custom emoji by its name: that of the server, or else of any server that the bot is in.
func (p *places) emoji(guild, name string) (emoji, bool) {
	name = strings.Trim(name, ":")
	p.mu.Lock()
	defer p.mu.Unlock()
	if e, ok := p.guilds[guild].emojis[name]; ok {
		return e, true
	}
	for _, id := range sorted(p.guilds) {
		if e, ok := p.guilds[id].emojis[name]; ok {
			return e, true
		}
	}
	return emoji{}, false
}

// of gives what is known of a channel, and asks Discord for what is not.
func (p *places) of(ctx context.Context, id string) (place, error) {
	if got, fresh := p.known.Get(id); fresh {
		return got, nil
	}
	return p.ask(ctx, id)
}

func (p *places) ask(ctx context.Context, id string) (place, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	var ch channel
	if _, err := p.c.call(ctx, request{op: "discord: channel", method: http.MethodGet, path: route("channels", id)}, &ch); err != nil {
		return place{}, err
	}
	return p.learn(ch, ""), nil
}

// rootOf is the message that a thread hangs on; empty when it hangs on none. A thread that was started from a message has its
// id, but so has every other one that of a message of its own, so the parent is asked.
func (p *places) rootOf(ctx context.Context, thread place) string {
	if thread.rooted || !thread.thread() {
		return thread.root
	}
	parent, err := p.of(ctx, thread.parent)
	if err != nil {
		return ""
	}
	if !parent.forum() {
		ctx, cancel := context.WithTimeout(ctx, lookTime)
		defer cancel()
		_, err := p.c.message(ctx, thread.parent, thread.id)
		if err != nil && !closed(err) {
			return ""
		}
		if err == nil {
			thread.root = thread.id
		}
	}
	thread.rooted = true
	p.known.Put(thread.id, thread)
	return thread.root
}

// conversation is a channel or thread as the router names it.
func (c *Connector) conversation(p place) chat.Conversation {
	if p.thread() && p.parent != "" {
		return chat.Conversation{Account: c.deps.Account, ID: chat.ConversationID(p.parent), Thread: chat.ThreadID(p.id)}
	}
	return chat.Conversation{Account: c.deps.Account, ID: chat.ConversationID(p.id)}
}

// channelOf is the channel in which messages of a conversation are written.
func channelOf(to chat.Conversation) string {
	if to.Thread != "" {
		return string(to.Thread)
	}
	return string(to.ID)
}

// home is the channel that a message of a conversation stands in. The message that a thread hangs on stands in the channel,
// and has the thread's id; the first message of a forum's post has it too, and stands in the post.
func (c *Connector) home(ctx context.Context, to chat.Conversation, m chat.MessageID) (string, error) {
	if to.Thread == "" || string(m) != string(to.Thread) {
		return channelOf(to), nil
	}
	parent, err := c.places.of(ctx, string(to.ID))
	if err != nil {
		return "", err
	}
	if parent.forum() {
		return string(to.Thread), nil
	}
	return string(to.ID), nil
}

// message asks for one message.
func (c *Connector) message(ctx context.Context, channel, id string) (message, error) {
	var m message
	_, err := c.call(ctx, request{op: "discord: message", method: http.MethodGet, path: route("channels", channel, "messages", id)}, &m)
	return m, err
}

// closed says whether asking again is pointless.
func closed(err error) bool {
	kind := chat.KindOf(err)
	return kind == chat.Refused || kind == chat.Gone
}
