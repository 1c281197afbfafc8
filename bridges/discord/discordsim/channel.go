package discordsim

import (
	"slices"
	"time"
)

// channel is a channel, a thread or a DM.
type channel struct {
	Channel
	messages []*message
	byID     map[string]*message
	last     string    // newest message, also when it was deleted since
	lastPin  time.Time // of the newest pin
	tags     []tag
	position int
	flags    int

	members   []member // of a thread
	archive   time.Time
	keep      int // minutes until a thread archives itself
	total     int // messages ever sent in a thread
	invitable bool
}

// tag is one that a forum's posts can have.
type tag struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Moderated bool   `json:"moderated"`
	EmojiID   any    `json:"emoji_id"`
	EmojiName any    `json:"emoji_name"`
}

const (
	flagRequireTag = 1 << 4
	defaultArchive = 4320
	flagPinned     = 1 << 1
)

func (w *world) addChannel(c Channel) *channel {
	if c.ID == "" {
		c.ID = w.newID()
	}
	if c.Guild == "" && c.Type != ChannelDM {
		if len(w.guildOrder) == 0 {
			w.addGuild(Guild{Name: "Sim Server"})
		}
		c.Guild = w.guildOrder[0]
	}
	if c.Guild != "" && w.guilds[c.Guild] == nil {
		return nil
	}
	ch := &channel{Channel: c, byID: map[string]*message{}, position: len(w.chanOrder), keep: defaultArchive}
	for _, name := range c.Tags {
		ch.tags = append(ch.tags, tag{ID: w.newID(), Name: name})
	}
	if c.NeedTag {
		ch.flags |= flagRequireTag
	}
	if _, known := w.channels[c.ID]; !known {
		w.chanOrder = append(w.chanOrder, c.ID)
	}
	w.channels[c.ID] = ch
	return ch
}

// dm is the channel between a person and the bot; it is made when there is none.
func (w *world) dm(user string) *channel {
	for _, id := range w.chanOrder {
		if ch := w.channels[id]; ch.Type == ChannelDM && slices.Contains(ch.Members, user) {
			return ch
		}
	}
	defer w.bump()
	return w.addChannel(Channel{Type: ChannelDM, Members: []string{user}})
}

// drop deletes a channel and the threads below it. The bot hears of each.
func (w *world) drop(ch *channel) {
	for _, t := range w.threadsOf(ch.ID) {
		w.drop(t)
	}
	name := "CHANNEL_DELETE"
	if ch.Type.thread() {
		name = "THREAD_DELETE"
	}
	w.channelEvent(name, ch)
	delete(w.channels, ch.ID)
	w.chanOrder = slices.DeleteFunc(w.chanOrder, func(id string) bool { return id == ch.ID })
	for _, id := range slices.Clone(w.hookOrder) {
		if w.hooks[id].channel == ch.ID {
			w.dropHook(w.hooks[id])
		}
	}
}

// threadsOf lists the threads of a channel, oldest first; "" lists those of every channel.
func (w *world) threadsOf(parent string) []*channel {
	var out []*channel
	for _, id := range w.chanOrder {
		if ch := w.channels[id]; ch.Type.thread() && (parent == "" || ch.Parent == parent) {
			out = append(out, ch)
		}
	}
	return out
}

// find gives a message that was not deleted.
func (ch *channel) find(id string) *message {
	if m := ch.byID[id]; m != nil && !m.deleted {
		return m
	}
	return nil
}

// latest lists what can be read of a channel, oldest first.
func (ch *channel) latest() []*message {
	var out []*message
	for _, m := range ch.messages {
		if !m.deleted && m.only == "" {
			out = append(out, m)
		}
	}
	return out
}

// allowed is what the bot may do in a channel: everything but what was taken away here or above.
func (w *world) allowed(ch *channel) Permission {
	p := permEverything &^ permAdministrator &^ w.denied[ch.ID]
	if ch.Type.thread() {
		p &^= w.denied[ch.Parent]
	}
	return p
}

// sees says whether the bot hears of what happens in a channel.
func (w *world) sees(ch *channel) bool {
	if ch.Guild == "" {
		return true
	}
	if g := w.guilds[ch.Guild]; g == nil || !g.bot || w.allowed(ch)&PermView == 0 {
		return false
	}
	return ch.Type != ChannelPrivateThread || ch.joined(w.bot()) || w.allowed(ch)&PermManageThreads != 0
}

// joined says whether someone is a member of a thread.
func (ch *channel) joined(user string) bool {
	return slices.ContainsFunc(ch.members, func(m member) bool { return m.user == user })
}

// channelEvent tells of a channel's life.
func (w *world) channelEvent(name string, ch *channel) {
	if ch.Guild == "" || !w.sees(ch) {
		return
	}
	w.dispatch(event{name: name, need: IntentGuilds, guild: ch.Guild, build: func(*session) any {
		if name == "THREAD_DELETE" {
			return obj{"id": ch.ID, "guild_id": ch.Guild, "parent_id": ch.Parent, "type": ch.Type}
		}
		return w.wireChannel(ch)
	}})
}

// SetPermission gives or takes what the bot may do in a channel and its threads; the bot hears CHANNEL_UPDATE, and
// THREAD_LIST_SYNC when it can see the channel again.
func (s *Sim) SetPermission(channel string, perm Permission, on bool) {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	ch := w.channels[channel]
	if ch == nil {
		return
	}
	defer w.bump()
	saw := w.sees(ch)
	if on {
		w.denied[channel] &^= perm
	} else {
		w.denied[channel] |= perm
	}
	w.channelEvent("CHANNEL_UPDATE", ch)
	if !saw && w.sees(ch) {
		w.syncThreads(ch)
	}
}

// syncThreads tells of the active threads of a channel that the bot has gained access to.
func (w *world) syncThreads(ch *channel) {
	w.dispatch(event{name: "THREAD_LIST_SYNC", need: IntentGuilds, guild: ch.Guild, build: func(*session) any {
		threads, members := []obj{}, []obj{}
		for _, t := range w.threadsOf(ch.ID) {
			if t.Archived {
				continue
			}
			threads = append(threads, w.wireChannel(t))
			if t.joined(w.bot()) {
				members = append(members, t.wireMember(w.bot()))
			}
		}
		return obj{"guild_id": ch.Guild, "channel_ids": []string{ch.ID}, "threads": threads, "members": members}
	}})
}

// DeleteChannel deletes a channel with its threads and webhooks, or a thread.
func (s *Sim) DeleteChannel(id string) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	if ch := s.w.channels[id]; ch != nil {
		defer s.w.bump()
		s.w.drop(ch)
	}
}

// counts says whether a message counts as one of a thread: what the thread began with does not.
func (ch *channel) counts(m *message) bool { return m.id != ch.ID && m.kind != kindThreadStarter }
