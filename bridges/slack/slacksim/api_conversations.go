package slacksim

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var channelName = regexp.MustCompile(`^[\p{Ll}\p{Lo}\p{N}_-]{1,80}$`)

// paged cuts a list by limit and cursor. https://docs.slack.dev/apis/web-api/pagination
func paged[T any](c *call, all []T, def int) (page []T, meta obj) {
	start := 0
	if raw, err := base64.StdEncoding.DecodeString(c.str("cursor")); err == nil {
		if n, err := strconv.Atoi(strings.TrimPrefix(string(raw), "at:")); err == nil {
			start = min(max(n, 0), len(all))
		}
	}
	end := min(start+c.number("limit", def, 1000), len(all))
	next := ""
	if end < len(all) {
		next = base64.StdEncoding.EncodeToString([]byte("at:" + strconv.Itoa(end)))
	}
	return append([]T{}, all[start:end]...), obj{"next_cursor": next}
}

// known finds a channel that the app may know of: a private one only from inside.
func (w *world) known(c *call) (*channel, error) {
	ch := w.channels[c.str("channel")]
	if ch == nil || !ch.has(w.cfg.BotUser.ID) && (ch.Private || ch.IM || ch.Group) {
		return nil, fail("channel_not_found")
	}
	return ch, nil
}

// inside finds a channel that the bot is in.
func (w *world) inside(c *call) (*channel, error) {
	ch, err := w.known(c)
	if err == nil && !ch.has(w.cfg.BotUser.ID) {
		err = fail("not_in_channel")
	}
	return ch, err
}

func conversationsInfo(w *world, c *call) (obj, error) {
	ch, err := w.known(c)
	if err != nil {
		return nil, err
	}
	info := w.wireChannel(ch)
	if c.boolean("include_num_members") {
		info["num_members"] = len(ch.members)
	}
	return obj{"channel": info}, nil
}

// types are the types of conversation that a list is asked for.
func (c *call) types() []string {
	if types := c.list("types"); len(types) > 0 {
		return types
	}
	return []string{"public_channel"}
}

// listed are the channels of the wanted types, public ones unless types says otherwise.
func (w *world) listed(c *call, keep func(*channel) bool) []obj {
	types := c.types()
	out := []obj{}
	for _, id := range w.chanOrder {
		ch := w.channels[id]
		scope, _ := ch.kind()
		kind := map[string]string{"channels": "public_channel", "groups": "private_channel", "im": "im", "mpim": "mpim"}[scope]
		if !slices.Contains(types, kind) || ch.Archived && c.boolean("exclude_archived") || !keep(ch) {
			continue
		}
		info := w.wireChannel(ch)
		delete(info, "last_read")
		out = append(out, info)
	}
	return out
}

func conversationsList(w *world, c *call) (obj, error) {
	all := w.listed(c, func(ch *channel) bool {
		return ch.has(w.cfg.BotUser.ID) || !ch.Private && !ch.IM && !ch.Group
	})
	page, meta := paged(c, all, 100)
	for _, info := range page {
		if ch := w.channels[info["id"].(string)]; !ch.IM {
			info["num_members"] = len(ch.members)
		}
	}
	return obj{"channels": page, "response_metadata": meta}, nil
}

func usersConversations(w *world, c *call) (obj, error) {
	user := c.str("user")
	if user == "" {
		user = w.cfg.BotUser.ID
	}
	page, meta := paged(c, w.listed(c, func(ch *channel) bool { return ch.has(user) }), 100)
	for _, info := range page {
		delete(info, "is_member")
	}
	return obj{"channels": page, "response_metadata": meta}, nil
}

func conversationsOpen(w *world, c *call) (obj, error) {
	if c.str("channel") != "" {
		ch, err := w.inside(c)
		if err != nil {
			return nil, err
		}
		return obj{"no_op": true, "already_open": true, "channel": w.opened(c, ch)}, nil
	}
	users := slices.DeleteFunc(c.list("users"), func(u string) bool { return u == w.cfg.BotUser.ID })
	switch {
	case len(users) == 0:
		return nil, fail("users_list_not_supplied")
	case len(users) > 8:
		return nil, fail("too_many_users")
	}
	for _, u := range users {
		if w.users[u] == nil {
			return nil, fail("user_not_found")
		}
	}
	defer w.bump()
	if len(users) > 1 {
		ch, opened := w.group(users)
		return obj{"no_op": !opened, "already_open": !opened, "channel": w.opened(c, ch)}, nil
	}
	ch, opened := w.direct(users[0])
	return obj{"no_op": !opened, "already_open": !opened, "channel": w.opened(c, ch)}, nil
}

// opened is the short form of a channel, unless return_im asks for all.
func (w *world) opened(c *call, ch *channel) obj {
	if c.boolean("return_im") || ch.Group {
		return w.wireChannel(ch)
	}
	return obj{"id": ch.ID}
}

// group finds or opens the direct message with these people.
func (w *world) group(users []string) (ch *channel, opened bool) {
	want := slices.Sorted(slices.Values(append([]string{w.cfg.BotUser.ID}, users...)))
	for _, id := range w.chanOrder {
		if c := w.channels[id]; c.Group && slices.Equal(slices.Sorted(slices.Values(c.members)), want) {
			return c, false
		}
	}
	return w.addChannel(Channel{ID: w.newID("G"), Name: "mpdm-" + strings.ToLower(strings.Join(users, "--")) + "-1", Group: true, Private: true, Members: users}, w.cfg.BotUser.ID), true
}

func conversationsJoin(w *world, c *call) (obj, error) {
	ch, err := w.known(c)
	switch {
	case err != nil:
		return nil, err
	case ch.Private || ch.IM:
		return nil, fail("method_not_supported_for_channel_type")
	case ch.Archived:
		return nil, fail("is_archived")
	case ch.has(w.cfg.BotUser.ID):
		c.warn = append(c.warn, "already_in_channel")
	default:
		w.join(ch, w.cfg.BotUser.ID, "")
		w.bump()
	}
	return obj{"channel": w.wireChannel(ch)}, nil
}

func conversationsLeave(w *world, c *call) (obj, error) {
	ch, err := w.known(c)
	switch {
	case err != nil:
		return nil, err
	case ch.Name == "general":
		return nil, fail("cant_leave_general")
	case !ch.has(w.cfg.BotUser.ID):
		return obj{"not_in_channel": true}, nil
	}
	w.leave(ch, w.cfg.BotUser.ID)
	w.bump()
	return obj{}, nil
}

func conversationsInvite(w *world, c *call) (obj, error) {
	ch, err := w.inside(c)
	if err != nil {
		return nil, err
	}
	users := c.list("users")
	for _, u := range users {
		switch {
		case w.users[u] == nil:
			return nil, fail("user_not_found")
		case u == w.cfg.BotUser.ID:
			return nil, fail("cant_invite_self")
		case ch.has(u):
			return nil, fail("already_in_channel")
		}
	}
	if len(users) == 0 {
		return nil, fail("no_user")
	}
	for _, u := range users {
		w.join(ch, u, w.cfg.BotUser.ID)
	}
	w.bump()
	return obj{"channel": w.wireChannel(ch)}, nil
}

func conversationsMembers(w *world, c *call) (obj, error) {
	ch, err := w.known(c)
	if err != nil {
		return nil, err
	}
	page, meta := paged(c, ch.members, 100)
	return obj{"members": page, "response_metadata": meta}, nil
}

func conversationsCreate(w *world, c *call) (obj, error) {
	name := c.str("name")
	switch {
	case name == "":
		return nil, fail("invalid_name_required")
	case !channelName.MatchString(name):
		return nil, fail("invalid_name_specials")
	case w.taken(name):
		return nil, fail("name_taken")
	}
	ch := w.addChannel(Channel{Name: name, Private: c.boolean("is_private"), Members: []string{w.cfg.BotUser.ID}}, w.cfg.BotUser.ID)
	if !ch.Private {
		w.emit(ch.ID, obj{"type": "channel_created", "event_ts": w.stamp(), "channel": obj{
			"id": ch.ID, "is_channel": true, "name": name, "name_normalized": name, "created": ch.created, "creator": ch.creator,
			"is_shared": false, "is_org_shared": false, "context_team_id": w.cfg.Team.ID,
		}})
	}
	w.bump()
	return obj{"channel": w.wireChannel(ch)}, nil
}

func (w *world) taken(name string) bool {
	return slices.ContainsFunc(w.chanOrder, func(id string) bool { return w.channels[id].Name == name })
}

func conversationsRename(w *world, c *call) (obj, error) {
	ch, err := w.inside(c)
	name := c.str("name")
	switch {
	case err != nil:
		return nil, err
	case !channelName.MatchString(name):
		return nil, fail("invalid_name_specials")
	case w.taken(name):
		return nil, fail("name_taken")
	}
	ch.Name = name
	w.roomEvent(ch, "rename", obj{"channel": obj{"id": ch.ID, "is_channel": !ch.Private, "is_mpim": ch.Group, "name": name, "name_normalized": name, "created": ch.created}})
	w.bump()
	return obj{"channel": w.wireChannel(ch)}, nil
}

func conversationsArchive(w *world, c *call) (obj, error) {
	ch, err := w.inside(c)
	switch {
	case err != nil:
		return nil, err
	case ch.Name == "general":
		return nil, fail("cant_archive_general")
	case ch.Archived:
		return nil, fail("already_archived")
	}
	w.archive(ch, w.cfg.BotUser.ID)
	w.bump()
	return obj{}, nil
}

func conversationsMark(w *world, c *call) (obj, error) {
	ch, err := w.inside(c)
	if err != nil {
		return nil, err
	}
	if !validTS(c.str("ts")) {
		return nil, fail("invalid_timestamp")
	}
	ch.lastRead = c.str("ts")
	return obj{}, nil
}
