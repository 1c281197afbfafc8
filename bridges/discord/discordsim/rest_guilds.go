package discordsim

import (
	"slices"
	"strings"
)

func guildRoutes() []route {
	const g = "/guilds/{guild}"
	return []route{
		{method: "GET", path: g, serve: readGuild},
		{method: "GET", path: g + "/channels", serve: listChannels},
		{method: "POST", path: g + "/channels", serve: createChannel},
		{method: "GET", path: g + "/members", serve: listMembers},
		{method: "GET", path: g + "/members/search", serve: searchMembers},
		{method: "GET", path: g + "/members/{user}", serve: readMember},
		{method: "PATCH", path: g + "/members/@me", serve: editMember},
		{method: "GET", path: g + "/roles", serve: listRoles},
		{method: "GET", path: g + "/emojis", serve: listEmojis},
		{method: "GET", path: g + "/emojis/{emoji}", serve: readEmoji},
		{method: "GET", path: g + "/stickers", serve: listNothingOf},
		{method: "GET", path: g + "/webhooks", serve: listGuildHooks},
		{method: "GET", path: g + "/threads/active", serve: listActive},
		{method: "GET", path: g + "/preview", serve: readGuild},
	}
}

func readGuild(w *world, c *call) (any, error) {
	g, err := w.guildOf(c)
	if err != nil {
		return nil, err
	}
	out := w.wireGuild(g)
	if c.yes("with_counts") {
		out["approximate_member_count"], out["approximate_presence_count"] = len(g.members), len(g.members)
	}
	return out, nil
}

// listChannels gives the channels that the bot can see, without threads.
func listChannels(w *world, c *call) (any, error) {
	g, err := w.guildOf(c)
	if err != nil {
		return nil, err
	}
	out := []obj{}
	for _, id := range w.chanOrder {
		if ch := w.channels[id]; ch.Guild == g.ID && !ch.Type.thread() && w.sees(ch) {
			out = append(out, w.wireChannel(ch))
		}
	}
	return out, nil
}

func createChannel(w *world, c *call) (any, error) {
	g, err := w.guildOf(c)
	if err != nil {
		return nil, err
	}
	var in struct {
		Name   string      `json:"name"`
		Type   ChannelType `json:"type"`
		Topic  string      `json:"topic"`
		Parent snowflake   `json:"parent_id"`
		Slow   int         `json:"rate_limit_per_user"`
		Tags   []tagForm   `json:"available_tags"`
	}
	if err := c.into(&in); err != nil {
		return nil, err
	}
	t := &tree{}
	t.size("name", in.Name, 1, 100)
	if in.Type == ChannelDM || in.Type.thread() || in.Type < 0 || in.Type > ChannelMedia {
		t.add("type", "BASE_TYPE_CHOICES", "Value must be one of {0, 2, 4, 5, 13, 15, 16}.")
	}
	if err := t.fault(); err != nil {
		return nil, err
	}
	name := in.Name
	if in.Type.texty() && in.Type != ChannelVoice && in.Type != ChannelStage {
		name = strings.ReplaceAll(strings.ToLower(name), " ", "-")
	}
	ch := w.addChannel(Channel{Guild: g.ID, Name: name, Type: in.Type, Topic: in.Topic, Parent: string(in.Parent), Slow: in.Slow})
	for _, f := range in.Tags {
		ch.tags = append(ch.tags, f.tag(w))
	}
	w.channelEvent("CHANNEL_CREATE", ch)
	w.bump()
	c.status = 201
	return w.wireChannel(ch), nil
}

// listMembers needs the privileged members intent. https://docs.discord.com/developers/resources/guild#list-guild-members
func listMembers(w *world, c *call) (any, error) {
	g, err := w.guildOf(c)
	if err != nil {
		return nil, err
	}
	if w.intents&IntentMembers == 0 {
		return nil, errNoAccess
	}
	limit, err := c.limit(1, 1000)
	if err != nil {
		return nil, err
	}
	members := slices.Clone(g.members)
	slices.SortFunc(members, func(a, b member) int { return byAge(a.user, b.user) })
	out := []obj{}
	for _, m := range members {
		if number(m.user) > number(c.query.Get("after")) && len(out) < limit {
			out = append(out, w.wireMember(g, m.user))
		}
	}
	return out, nil
}

func searchMembers(w *world, c *call) (any, error) {
	g, err := w.guildOf(c)
	if err != nil {
		return nil, err
	}
	limit, err := c.limit(1, 1000)
	if err != nil {
		return nil, err
	}
	query := strings.ToLower(c.query.Get("query"))
	if query == "" {
		return nil, invalid("query", "BASE_TYPE_REQUIRED", "This field is required")
	}
	out := []obj{}
	for _, m := range g.members {
		u := w.users[m.user]
		if strings.HasPrefix(strings.ToLower(u.Name), query) && len(out) < limit {
			out = append(out, w.wireMember(g, m.user))
		}
	}
	return out, nil
}

func readMember(w *world, c *call) (any, error) {
	g, err := w.guildOf(c)
	if err != nil {
		return nil, err
	}
	user := c.args["user"]
	switch {
	case w.users[user] == nil:
		return nil, errUnknownUser
	case !g.has(user):
		return nil, errUnknownMember
	}
	return w.wireMember(g, user), nil
}

// editMember takes the bot's nickname and keeps none.
func editMember(w *world, c *call) (any, error) {
	g, err := w.guildOf(c)
	if err != nil {
		return nil, err
	}
	return w.wireMember(g, w.bot()), nil
}

func listRoles(w *world, c *call) (any, error) {
	g, err := w.guildOf(c)
	if err != nil {
		return nil, err
	}
	return w.wireRoles(g), nil
}

func listEmojis(w *world, c *call) (any, error) {
	g, err := w.guildOf(c)
	if err != nil {
		return nil, err
	}
	out := []obj{}
	for _, e := range g.emojis {
		out = append(out, e.wire())
	}
	return out, nil
}

func readEmoji(w *world, c *call) (any, error) {
	g, err := w.guildOf(c)
	if err != nil {
		return nil, err
	}
	for _, e := range g.emojis {
		if e.id == c.args["emoji"] {
			return e.wire(), nil
		}
	}
	return nil, fail(404, 10014, "Unknown Emoji")
}

func listNothingOf(w *world, c *call) (any, error) {
	if _, err := w.guildOf(c); err != nil {
		return nil, err
	}
	return []any{}, nil
}

// listActive gives the active threads that the bot can see, the newest first, and its own memberships.
func listActive(w *world, c *call) (any, error) {
	g, err := w.guildOf(c)
	if err != nil {
		return nil, err
	}
	var found []*channel
	for _, t := range slices.Backward(w.threadsOf("")) {
		if t.Guild == g.ID && !t.Archived && w.sees(t) {
			found = append(found, t)
		}
	}
	return w.wireThreads(found), nil
}

// wireThreads is a list of threads with the bot's memberships.
func (w *world) wireThreads(found []*channel) obj {
	threads, members := []obj{}, []obj{}
	for _, t := range found {
		threads = append(threads, w.wireChannel(t))
		if t.joined(w.bot()) {
			members = append(members, t.wireMember(w.bot()))
		}
	}
	return obj{"threads": threads, "members": members, "has_more": false}
}
