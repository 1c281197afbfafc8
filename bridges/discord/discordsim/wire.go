package discordsim

import (
	"maps"
	"slices"
	"strconv"
)

func (w *world) wireUser(id string) obj {
	u := w.users[id]
	if u == nil { // someone who was never added; Discord knows deleted users so
		u = &User{ID: id, Name: "deleted_user_" + id}
	}
	out := obj{
		"id": u.ID, "username": u.Name, "discriminator": "0", "global_name": orNull(u.GlobalName), "avatar": orNull(u.Avatar),
		"public_flags": 0, "flags": 0, "banner": nil, "accent_color": nil, "avatar_decoration_data": nil, "collectibles": nil, "primary_guild": nil,
	}
	if u.Bot {
		out["bot"] = true
	}
	return out
}

// wireSelf is the bot as it sees itself.
func (w *world) wireSelf() obj {
	out := w.wireUser(w.bot())
	out["mfa_enabled"], out["locale"], out["verified"], out["email"], out["premium_type"] = true, "en-US", true, nil, 0
	return out
}

// wireMember is a member with the user.
func (w *world) wireMember(g *guild, user string) obj {
	out := w.wirePartialMember(g, user)
	out["user"] = w.wireUser(user)
	return out
}

// wirePartialMember is a member where the user stands beside it.
func (w *world) wirePartialMember(g *guild, user string) obj {
	joined := g.joined
	for _, m := range g.members {
		if m.user == user {
			joined = m.joined
		}
	}
	roles := []string{}
	if user == w.bot() {
		roles = append(roles, botRole(g))
	}
	return obj{
		"nick": nil, "avatar": nil, "banner": nil, "roles": roles, "joined_at": stamp(joined), "premium_since": nil, "deaf": false,
		"mute": false, "flags": 0, "pending": false, "communication_disabled_until": nil,
	}
}

// botRole is the id of the role that the bot got when it was added.
func botRole(g *guild) string { return strconv.FormatUint(number(g.ID)+1, 10) }

// wireRoles are @everyone, whose id is the guild's, and the role of the bot.
func (w *world) wireRoles(g *guild) []obj {
	role := func(id, name string, position int, perms Permission) obj {
		return obj{
			"id": id, "name": name, "description": nil, "color": 0, "hoist": false, "icon": nil, "unicode_emoji": nil, "position": position,
			"colors":      obj{"primary_color": 0, "secondary_color": nil, "tertiary_color": nil},
			"permissions": perms.String(), "managed": position > 0, "mentionable": false, "flags": 0,
		}
	}
	everyone := PermView | PermSend | PermReadHistory | PermAddReactions | PermEmbedLinks | PermAttachFiles | PermPublicThreads | PermSendInThreads
	roles := []obj{role(g.ID, "@everyone", 0, everyone)}
	if g.bot {
		own := role(botRole(g), w.cfg.BotName, 1, permEverything&^permAdministrator)
		own["tags"] = obj{"bot_id": w.bot()}
		roles = append(roles, own)
	}
	return roles
}

// String is how JSON carries permissions: the number as text.
func (p Permission) String() string { return strconv.FormatUint(uint64(p), 10) }

func (w *world) wireGuild(g *guild) obj {
	emojis := []obj{}
	for _, e := range g.emojis {
		emojis = append(emojis, e.wire())
	}
	owner := g.Owner
	if owner == "" {
		owner = w.bot()
	}
	return obj{
		"id": g.ID, "name": g.Name, "icon": nil, "icon_hash": nil, "description": nil, "home_header": nil, "splash": nil,
		"discovery_splash": nil, "features": []string{}, "banner": nil, "owner_id": owner, "application_id": nil, "region": "deprecated",
		"afk_channel_id": nil, "afk_timeout": 300, "system_channel_id": nil, "system_channel_flags": 0, "widget_enabled": false,
		"widget_channel_id": nil, "verification_level": 0, "roles": w.wireRoles(g), "default_message_notifications": 0, "mfa_level": 0,
		"explicit_content_filter": 0, "max_presences": nil, "max_members": 500_000, "max_stage_video_channel_users": 50,
		"max_video_channel_users": 25, "vanity_url_code": nil, "premium_tier": 0, "premium_subscription_count": 0,
		"preferred_locale": "en-US", "rules_channel_id": nil, "safety_alerts_channel_id": nil, "public_updates_channel_id": nil,
		"premium_progress_bar_enabled": false, "nsfw": false, "nsfw_level": 0, "emojis": emojis, "stickers": []any{}, "incidents_data": nil,
	}
}

// wireGuildCreate is a guild with all that a session learns of it at once. Without the presences intent only the bot's own
// membership is among it. https://docs.discord.com/developers/events/gateway-events#guild-create
func (w *world) wireGuildCreate(g *guild) obj {
	out := w.wireGuild(g)
	channels, threads := []obj{}, []obj{}
	for _, id := range w.chanOrder {
		ch := w.channels[id]
		switch {
		case ch.Guild != g.ID || !w.sees(ch):
		case !ch.Type.thread():
			channels = append(channels, w.wireChannel(ch))
		case !ch.Archived:
			threads = append(threads, w.wireChannel(ch))
		}
	}
	own := []obj{}
	if g.bot {
		own = append(own, w.wireMember(g, w.bot()))
	}
	maps.Copy(out, obj{
		"joined_at": stamp(g.joined), "large": false, "unavailable": false, "member_count": len(g.members), "members": own,
		"channels": channels, "threads": threads, "voice_states": []any{}, "presences": []any{}, "stage_instances": []any{},
		"guild_scheduled_events": []any{}, "soundboard_sounds": []any{}, "embedded_activities": []any{},
	})
	return out
}

func (w *world) wireChannel(ch *channel) obj {
	out := obj{"id": ch.ID, "type": ch.Type, "last_message_id": orNull(ch.last), "flags": ch.flags}
	if !ch.lastPin.IsZero() {
		out["last_pin_timestamp"] = stamp(ch.lastPin)
	}
	if ch.Guild == "" {
		people := []obj{}
		for _, id := range ch.Members {
			people = append(people, w.wireUser(id))
		}
		out["recipients"] = people
		return out
	}
	out["guild_id"], out["name"], out["parent_id"], out["rate_limit_per_user"] = ch.Guild, ch.Name, orNull(ch.Parent), ch.Slow
	if ch.Type.thread() {
		w.addThread(out, ch)
		return out
	}
	out["topic"], out["position"], out["nsfw"] = orNull(ch.Topic), ch.position, false
	out["permission_overwrites"] = w.wireOverwrites(ch)
	if ch.Type.forum() {
		out["available_tags"], out["default_reaction_emoji"], out["default_sort_order"] = list(ch.tags), nil, nil
		out["default_forum_layout"], out["template"] = 0, ""
	}
	if ch.Type == ChannelVoice || ch.Type == ChannelStage {
		out["bitrate"], out["user_limit"], out["rtc_region"] = 64000, 0, nil
	}
	return out
}

// addThread adds what only threads have.
func (w *world) addThread(out obj, ch *channel) {
	meta := obj{
		"archived": ch.Archived, "archive_timestamp": stamp(ch.archive), "auto_archive_duration": ch.keep, "locked": ch.Locked,
		"create_timestamp": stamp(born(ch.ID)),
	}
	if ch.Type == ChannelPrivateThread {
		meta["invitable"] = ch.invitable
	}
	count := 0
	for _, m := range ch.latest() {
		if ch.counts(m) {
			count++
		}
	}
	out["owner_id"], out["thread_metadata"], out["message_count"] = ch.Owner, meta, count
	out["member_count"], out["total_message_sent"] = min(len(ch.members), 50), ch.total
	if p := w.channels[ch.Parent]; p != nil && p.Type.forum() {
		out["applied_tags"] = list(ch.Applied)
	}
	if ch.joined(w.bot()) {
		out["member"] = ch.wireMember(w.bot())
	}
}

// wireMember is someone's membership of a thread.
func (ch *channel) wireMember(user string) obj {
	i := slices.IndexFunc(ch.members, func(m member) bool { return m.user == user })
	return obj{"id": ch.ID, "user_id": user, "join_timestamp": stamp(ch.members[i].joined), "flags": 1}
}

// wireOverwrites shows who is shut out and what was taken from the bot, so that a client's own reckoning comes to the same.
func (w *world) wireOverwrites(ch *channel) []obj {
	out := []obj{}
	if ch.Private {
		out = append(out,
			obj{"id": ch.Guild, "type": 0, "allow": "0", "deny": PermView.String()},
			obj{"id": w.bot(), "type": 1, "allow": (PermView &^ w.denied[ch.ID]).String(), "deny": w.denied[ch.ID].String()})
		for _, id := range ch.Members {
			out = append(out, obj{"id": id, "type": 1, "allow": PermView.String(), "deny": "0"})
		}
		return out
	}
	if d := w.denied[ch.ID]; d != 0 {
		out = append(out, obj{"id": w.bot(), "type": 1, "allow": "0", "deny": d.String()})
	}
	return out
}

func (e *emoji) wire() obj {
	return obj{"id": e.id, "name": e.name, "roles": []string{}, "require_colons": true, "managed": false, "animated": e.animated, "available": true}
}
