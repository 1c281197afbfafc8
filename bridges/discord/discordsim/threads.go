package discordsim

import (
	"fmt"
	"slices"
)

// addToThread makes someone a member of a thread. Webhooks, which have no user, become none.
func (w *world) addToThread(t *channel, user string) {
	if user == "" || t.joined(user) {
		return
	}
	t.members = append(t.members, member{user, w.now()})
	if user == w.bot() && t.Type == ChannelPrivateThread {
		w.channelEvent("THREAD_CREATE", t)
	}
	w.membersEvent(t, []string{user}, nil)
}

// removeFromThread ends a membership.
func (w *world) removeFromThread(t *channel, user string) {
	if !t.joined(user) {
		return
	}
	w.membersEvent(t, nil, []string{user})
	t.members = slices.DeleteFunc(t.members, func(m member) bool { return m.user == user })
}

// membersEvent reaches sessions without the members intent only when it is about the bot.
// https://docs.discord.com/developers/events/gateway-events#thread-members-update
func (w *world) membersEvent(t *channel, in, out []string) {
	mine := slices.Contains(in, w.bot()) || slices.Contains(out, w.bot())
	w.dispatch(event{name: "THREAD_MEMBERS_UPDATE", need: intentGuildsOrMembers, guild: t.Guild, channel: t, build: func(s *session) any {
		if !mine && s.intents&IntentMembers == 0 {
			return nil
		}
		data := obj{"id": t.ID, "guild_id": t.Guild, "member_count": min(len(t.members), 50)}
		if len(out) > 0 {
			data["removed_member_ids"] = out
		}
		added := []obj{}
		for _, id := range in {
			m := t.wireMember(id)
			m["member"], m["presence"] = w.wireMember(w.guilds[t.Guild], id), nil
			added = append(added, m)
		}
		if len(added) > 0 {
			data["added_members"] = added
		}
		return data
	}})
}

// wake makes an archived thread active.
func (w *world) wake(t *channel) {
	if !t.Archived {
		return
	}
	t.Archived, t.archive = false, w.now()
	w.threadChanged(t)
}

// threadChanged tells of a change, and of the bot's own membership when the thread is active, for the client may have forgotten it.
// https://docs.discord.com/developers/topics/threads#unarchiving-a-thread
func (w *world) threadChanged(t *channel) {
	w.channelEvent("THREAD_UPDATE", t)
	if !t.Archived && t.joined(w.bot()) {
		w.dispatch(event{name: "THREAD_MEMBER_UPDATE", need: IntentGuilds, guild: t.Guild, channel: t, build: func(*session) any {
			m := t.wireMember(w.bot())
			m["guild_id"] = t.Guild
			return m
		}})
	}
	w.bump()
}

// startThread makes a thread below a channel and tells of it. A thread from a message has the message's id.
func (w *world) startThread(parent *channel, from *message, user, name string, kind ChannelType) *channel {
	id := ""
	if from != nil {
		id = from.id
	}
	t := w.addChannel(Channel{ID: id, Guild: parent.Guild, Name: name, Type: kind, Parent: parent.ID, Owner: user})
	t.archive = w.now()
	if user != "" {
		t.members = append(t.members, member{user, w.now()})
	}
	if w.sees(t) {
		w.dispatch(event{name: "THREAD_CREATE", need: IntentGuilds, guild: t.Guild, build: func(*session) any {
			out := w.wireChannel(t)
			out["newly_created"] = true
			return out
		}})
	}
	if user == w.bot() {
		w.membersEvent(t, []string{user}, nil)
	}
	w.announce(parent, from, t)
	w.bump()
	return t
}

// announce shows a new thread in its channel: on the message that it began with, or by a notice of its own. A post of a forum has
// neither, nor has a private thread.
func (w *world) announce(parent *channel, from *message, t *channel) {
	switch {
	case from != nil:
		from.thread = t.ID
		from.flags |= flagHasThread
		w.messageEvent("MESSAGE_UPDATE", parent, from)
		start := w.newMessage(t, t.Owner)
		start.kind, start.ref = kindThreadStarter, &reference{guild: parent.Guild, channel: parent.ID, message: from.id}
		w.post(t, start)
	case t.Type == ChannelPublicThread && !parent.Type.forum():
		notice := w.newMessage(parent, t.Owner)
		notice.kind, notice.content = kindThreadCreated, t.Name
		notice.ref = &reference{guild: t.Guild, channel: t.ID}
		w.post(parent, notice)
	}
}

// threadKind is the type of a public thread below a channel.
func threadKind(parent *channel) ChannelType {
	if parent.Type == ChannelAnnouncement {
		return ChannelAnnouncementThread
	}
	return ChannelPublicThread
}

// StartThread starts a public thread as a person, from a message or, with "", without one, and returns its id; "" when the channel or
// the message is unknown, the message has one, or the channel is a forum, a thread or a DM.
func (s *Sim) StartThread(user, channel, fromMessage, name string) string {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	ch := w.channels[channel]
	if ch == nil || w.users[user] == nil || ch.Type.forum() || ch.Type.thread() || ch.Guild == "" {
		return ""
	}
	var from *message
	if fromMessage != "" {
		if from = ch.find(fromMessage); from == nil || from.thread != "" {
			return ""
		}
	}
	return w.startThread(ch, from, user, name, threadKind(ch)).ID
}

// ForumPost posts in a forum as a person and returns the thread's id, which the first message has too; "" when it is no forum. Tags are
// names or ids; those the forum does not have are left out.
func (s *Sim) ForumPost(user, forum, title string, d Draft, tags ...string) (thread string) {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	ch := w.channels[forum]
	if ch == nil || w.users[user] == nil || !ch.Type.forum() {
		return ""
	}
	var applied []string
	for _, t := range ch.tags {
		if slices.Contains(tags, t.Name) || slices.Contains(tags, t.ID) {
			applied = append(applied, t.ID)
		}
	}
	t := w.newPost(ch, user, title, applied)
	m := w.draft(t, user, d)
	m.id = t.ID
	w.post(t, m)
	return t.ID
}

// newPost starts a post of a forum; its first message is to have the same id.
func (w *world) newPost(forum *channel, user, title string, applied []string) *channel {
	id := w.newID()
	t := w.addChannel(Channel{ID: id, Guild: forum.Guild, Name: title, Type: ChannelPublicThread, Parent: forum.ID, Owner: user, Applied: applied})
	t.archive = w.now()
	if user != "" {
		t.members = append(t.members, member{user, w.now()})
	}
	forum.last = t.ID
	if w.sees(t) {
		w.dispatch(event{name: "THREAD_CREATE", need: IntentGuilds, guild: t.Guild, build: func(*session) any {
			out := w.wireChannel(t)
			out["newly_created"] = true
			return out
		}})
	}
	return t
}

// Archive archives a thread, as inactivity does.
func (s *Sim) Archive(thread string) error {
	return s.changeThread(thread, func(t *channel) { t.Archived, t.archive = true, s.w.now() })
}

// Unarchive makes a thread active again.
func (s *Sim) Unarchive(thread string) error {
	return s.changeThread(thread, func(t *channel) { t.Archived, t.archive = false, s.w.now() })
}

// Lock locks a thread: people who are no moderators and a bot without PermManageThreads write there no more.
func (s *Sim) Lock(thread string) error {
	return s.changeThread(thread, func(t *channel) { t.Locked = true })
}

// Unlock takes a lock away.
func (s *Sim) Unlock(thread string) error {
	return s.changeThread(thread, func(t *channel) { t.Locked = false })
}

// Rename renames a channel or a thread.
func (s *Sim) Rename(channel, name string) error {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	ch := s.w.channels[channel]
	if ch == nil {
		return fmt.Errorf("%w: %s", ErrNoChannel, channel)
	}
	ch.Name = name
	if ch.Type.thread() {
		s.w.threadChanged(ch)
		return nil
	}
	s.w.channelEvent("CHANNEL_UPDATE", ch)
	s.w.bump()
	return nil
}

func (s *Sim) changeThread(id string, change func(*channel)) error {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	t := s.w.channels[id]
	if t == nil || !t.Type.thread() {
		return fmt.Errorf("%w: %s", ErrNoChannel, id)
	}
	change(t)
	s.w.threadChanged(t)
	return nil
}

// AddToThread lets a person or the bot into a thread.
func (s *Sim) AddToThread(user, thread string) error {
	return s.inThread(user, thread, s.w.addToThread)
}

// RemoveFromThread takes a person or the bot out of a thread.
func (s *Sim) RemoveFromThread(user, thread string) error {
	return s.inThread(user, thread, s.w.removeFromThread)
}

func (s *Sim) inThread(user, thread string, do func(*channel, string)) error {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	t := s.w.channels[thread]
	switch {
	case t == nil || !t.Type.thread():
		return fmt.Errorf("%w: %s", ErrNoChannel, thread)
	case s.w.users[user] == nil:
		return fmt.Errorf("%w: %s", ErrNoUser, user)
	}
	do(t, user)
	s.w.bump()
	return nil
}
