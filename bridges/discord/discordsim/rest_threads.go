package discordsim

import (
	"slices"
	"time"
)

func threadRoutes() []route {
	const ch = "/channels/{channel}"
	return []route{
		{method: "POST", path: ch + "/messages/{message}/threads", serve: threadFromMessage},
		{method: "POST", path: ch + "/threads", serve: createThread},
		{method: "GET", path: ch + "/threads/archived/public", serve: listArchived},
		{method: "GET", path: ch + "/threads/archived/private", serve: listArchived},
		{method: "GET", path: ch + "/users/@me/threads/archived/private", serve: listArchived},
		{method: "GET", path: ch + "/thread-members", serve: listThreadMembers},
		{method: "GET", path: ch + "/thread-members/{user}", serve: readThreadMember},
		{method: "PUT", path: ch + "/thread-members/{user}", serve: putThreadMember},
		{method: "DELETE", path: ch + "/thread-members/{user}", serve: dropThreadMember},
	}
}

// threadForm is a request for a thread, or for a post when the channel is a forum.
type threadForm struct {
	Name      string      `json:"name"`
	Keep      *int        `json:"auto_archive_duration"`
	Slow      *int        `json:"rate_limit_per_user"`
	Type      ChannelType `json:"type"`
	Invitable *bool       `json:"invitable"`
	Applied   []snowflake `json:"applied_tags"`
	Message   *posted     `json:"message"`
}

// readThread reads and checks a request for a thread.
func readThread(c *call, ch *channel) (*threadForm, error) {
	in := &threadForm{Type: ChannelPrivateThread}
	if err := c.into(in); err != nil {
		return nil, err
	}
	name := &in.Name
	if err := (&channelForm{Name: name, Keep: in.Keep, Slow: in.Slow}).check(ch); err != nil {
		return nil, err
	}
	return in, nil
}

func threadFromMessage(w *world, c *call) (any, error) {
	ch, m, err := w.message(c, PermPublicThreads)
	if err != nil {
		return nil, err
	}
	in, err := readThread(c, ch)
	switch {
	case err != nil:
		return nil, err
	case ch.Guild == "" || ch.Type.thread() || ch.Type != ChannelText && ch.Type != ChannelAnnouncement:
		return nil, errChannelType
	case m.thread != "" || w.channels[m.id] != nil:
		return nil, errThreadExists
	case !m.plain():
		return nil, errSystem
	}
	t := w.startThread(ch, m, w.bot(), in.Name, threadKind(ch))
	in.settle(t)
	c.status = 201
	return w.wireChannel(t), nil
}

// settle sets what a request says of a new thread.
func (in *threadForm) settle(t *channel) {
	set(&t.keep, in.Keep)
	set(&t.Slow, in.Slow)
	set(&t.invitable, in.Invitable)
}

// createThread starts a thread without a message, or a post. https://docs.discord.com/developers/resources/channel#start-thread-without-message
func createThread(w *world, c *call) (any, error) {
	ch, err := w.reach(c, PermView)
	if err != nil {
		return nil, err
	}
	in, err := readThread(c, ch)
	if err != nil {
		return nil, err
	}
	if ch.Type.forum() {
		return w.createPost(c, ch, in)
	}
	need := PermPublicThreads
	if in.Type == ChannelPrivateThread {
		need = PermPrivateThreads
	}
	switch {
	case ch.Guild == "" || ch.Type != ChannelText && ch.Type != ChannelAnnouncement:
		return nil, errChannelType
	case !in.Type.thread() || (in.Type == ChannelAnnouncementThread) != (ch.Type == ChannelAnnouncement):
		return nil, invalid("type", "BASE_TYPE_CHOICES", "Value must be one of {10, 11, 12}.")
	}
	if err := w.permit(ch, need); err != nil {
		return nil, err
	}
	t := w.startThread(ch, nil, w.bot(), in.Name, in.Type)
	in.settle(t)
	c.status = 201
	return w.wireChannel(t), nil
}

// createPost starts a post with its first message.
func (w *world) createPost(c *call, forum *channel, in *threadForm) (any, error) {
	if in.Message == nil {
		return nil, invalid("message", "BASE_TYPE_REQUIRED", "This field is required")
	}
	in.Message.has = c.has
	if err := w.checkPost(in.Message, c); err != nil {
		return nil, err
	}
	if err := w.permit(forum, PermSend); err != nil {
		return nil, err
	}
	applied, err := w.applyTags(forum, in.Applied)
	if err != nil {
		return nil, err
	}
	m := w.newMessage(forum, w.bot())
	if err := w.fill(forum, m, in.Message); err != nil {
		return nil, err
	}
	t := w.newPost(forum, w.bot(), in.Name, applied)
	in.settle(t)
	m.id, m.channel = t.ID, t.ID
	for _, f := range m.files {
		f.channel = t.ID
	}
	w.membersEvent(t, []string{w.bot()}, nil)
	w.post(t, m)
	out := w.wireChannel(t)
	out["message"] = w.seen(m)
	c.status = 201
	return out, nil
}

// listArchived pages by the time of archiving, the newest first; the bot's own private threads by id.
func listArchived(w *world, c *call) (any, error) {
	ch, err := w.reach(c, PermReadHistory)
	if err != nil {
		return nil, err
	}
	limit, err := c.limit(50, 100)
	if err != nil {
		return nil, err
	}
	own := c.route == "GET /channels/{}/users/@me/threads/archived/private"
	private := own || c.route == "GET /channels/{}/threads/archived/private"
	if private && !own {
		if err := w.permit(ch, PermManageThreads); err != nil {
			return nil, err
		}
	}
	found := slices.DeleteFunc(w.threadsOf(ch.ID), func(t *channel) bool {
		return !t.Archived || private != (t.Type == ChannelPrivateThread) || own && !t.joined(w.bot()) || !t.before(c.query.Get("before"), own)
	})
	slices.SortStableFunc(found, func(a, b *channel) int {
		if own {
			return byAge(b.ID, a.ID)
		}
		return b.archive.Compare(a.archive)
	})
	out := w.wireThreads(found[:min(limit, len(found))])
	out["has_more"] = len(found) > limit
	return out, nil
}

// before says whether a thread is older than an id, or was archived before a time; every one is when there is neither.
func (ch *channel) before(mark string, byID bool) bool {
	if byID {
		return mark == "" || number(ch.ID) < number(mark)
	}
	at, err := time.Parse(time.RFC3339, mark)
	return err != nil || ch.archive.Before(at)
}

// threadOf finds the thread that a call names and the user, @me being the bot.
func (w *world) threadOf(c *call) (*channel, string, error) {
	t, err := w.reach(c, PermView)
	if err != nil {
		return nil, "", err
	}
	user := c.args["user"]
	if user == "@me" {
		user = w.bot()
	}
	if !t.Type.thread() {
		return nil, "", errChannelType
	}
	return t, user, nil
}

// wireThreadMember is a membership, with the guild's member when with_member asks for it.
func (w *world) wireThreadMember(c *call, t *channel, user string) obj {
	out := t.wireMember(user)
	if c.yes("with_member") {
		out["member"] = w.wireMember(w.guilds[t.Guild], user)
	}
	return out
}

func listThreadMembers(w *world, c *call) (any, error) {
	t, _, err := w.threadOf(c)
	if err != nil {
		return nil, err
	}
	if w.intents&IntentMembers == 0 {
		return nil, errNoAccess
	}
	out := []obj{}
	for _, m := range t.members {
		out = append(out, w.wireThreadMember(c, t, m.user))
	}
	return out, nil
}

func readThreadMember(w *world, c *call) (any, error) {
	t, user, err := w.threadOf(c)
	if err != nil {
		return nil, err
	}
	if !t.joined(user) {
		return nil, errUnknownMember
	}
	return w.wireThreadMember(c, t, user), nil
}

func putThreadMember(w *world, c *call) (any, error) {
	t, user, err := w.threadOf(c)
	switch {
	case err != nil:
		return nil, err
	case t.Archived:
		return nil, errArchived
	case w.users[user] == nil || !w.guilds[t.Guild].has(user):
		return nil, errUnknownMember
	}
	w.addToThread(t, user)
	w.bump()
	return nil, nil //nolint:nilnil // no body
}

func dropThreadMember(w *world, c *call) (any, error) {
	t, user, err := w.threadOf(c)
	switch {
	case err != nil:
		return nil, err
	case t.Archived:
		return nil, errArchived
	}
	if user != w.bot() {
		if err := w.permit(t, PermManageThreads); err != nil && t.Owner != w.bot() {
			return nil, err
		}
	}
	w.removeFromThread(t, user)
	w.bump()
	return nil, nil //nolint:nilnil // no body
}
