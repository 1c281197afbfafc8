package slacksim

import (
	"fmt"
	"slices"
	"strings"
)

// Join lets a person into a channel; inviter may be empty. The app hears member_joined_channel and the channel_join message.
func (s *Sim) Join(user, channel, inviter string) error {
	return s.room(channel, func(ch *channelRef) error {
		if ch.w.users[user] == nil {
			return fmt.Errorf("%w: %s", ErrNoUser, user)
		}
		if !ch.has(user) {
			ch.w.join(ch.channel, user, inviter)
		}
		return nil
	})
}

// Leave takes a person out of a channel; the app hears member_left_channel.
func (s *Sim) Leave(user, channel string) error {
	return s.room(channel, func(ch *channelRef) error {
		ch.w.leave(ch.channel, user)
		return nil
	})
}

// AddBot lets the bot into a channel, as a person does with /invite.
func (s *Sim) AddBot(channel string) error { return s.Join(s.BotUser(), channel, "") }

// RemoveBot takes the bot out of a channel: calls there answer not_in_channel and its events stop.
func (s *Sim) RemoveBot(channel string) error { return s.Leave(s.BotUser(), channel) }

// Archive closes a channel for writing; the app hears channel_archive or group_archive.
func (s *Sim) Archive(user, channel string) error {
	return s.room(channel, func(ch *channelRef) error {
		ch.w.archive(ch.channel, user)
		return nil
	})
}

// Rename gives a channel another name; the app hears channel_rename or group_rename.
func (s *Sim) Rename(channel, name string) error {
	return s.room(channel, func(ch *channelRef) error {
		ch.Name = name
		ch.w.roomEvent(ch.channel, "rename", obj{"channel": obj{
			"id": ch.ID, "is_channel": !ch.Private, "is_mpim": ch.Group, "name": name, "name_normalized": name, "created": ch.created,
		}})
		return nil
	})
}

// DeleteChannel removes a channel with all its messages; the app hears channel_deleted or group_deleted.
func (s *Sim) DeleteChannel(channel string) error {
	return s.room(channel, func(ch *channelRef) error {
		ch.w.roomEvent(ch.channel, "deleted", obj{"channel": ch.ID, "actor_id": ch.creator})
		delete(ch.w.channels, ch.ID)
		ch.w.chanOrder = slices.DeleteFunc(ch.w.chanOrder, func(id string) bool { return id == channel })
		return nil
	})
}

// channelRef is a channel with its world, while mu is held.
type channelRef struct {
	*channel
	w *world
}

// room changes a channel with mu held.
func (s *Sim) room(channel string, change func(*channelRef) error) error {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	ch := s.w.channels[channel]
	if ch == nil {
		return fmt.Errorf("%w: %s", ErrNoChannel, channel)
	}
	defer s.w.bump()
	return change(&channelRef{channel: ch, w: s.w})
}

// join lets a user in: member_joined_channel, then the message that channels show for it.
func (w *world) join(ch *channel, user, inviter string) {
	ch.members = append(ch.members, user)
	if !ch.has(w.cfg.BotUser.ID) {
		return
	}
	letter := "C"
	if ch.Private {
		letter = "G"
	}
	event := obj{"type": "member_joined_channel", "user": user, "channel": ch.ID, "channel_type": letter, "team": w.cfg.Team.ID, "event_ts": w.stamp()}
	if inviter != "" {
		event["inviter"] = inviter
	}
	w.emit(ch.ID, event)
	sub := "channel_join"
	if ch.Private {
		sub = "group_join"
	}
	w.post(ch, &message{
		Type: "message", Subtype: sub, User: user, Inviter: inviter, TS: w.stamp(), Text: "<@" + user + "> has joined the channel",
	})
}

// leave takes a user out. The bot hears channel_left of its own leaving, member_left_channel of others.
func (w *world) leave(ch *channel, user string) {
	if !ch.has(user) {
		return
	}
	heard := ch.has(w.cfg.BotUser.ID)
	ch.members = slices.DeleteFunc(ch.members, func(id string) bool { return id == user })
	if user == w.cfg.BotUser.ID {
		kind := "channel_left"
		if ch.Private {
			kind = "group_left"
		}
		w.emit(ch.ID, obj{"type": kind, "channel": ch.ID, "actor_id": ch.creator, "event_ts": w.stamp()})
		return
	}
	if heard {
		letter := "C"
		if ch.Private {
			letter = "G"
		}
		w.emit(ch.ID, obj{"type": "member_left_channel", "user": user, "channel": ch.ID, "channel_type": letter, "team": w.cfg.Team.ID, "event_ts": w.stamp()})
	}
}

func (w *world) archive(ch *channel, user string) {
	ch.Archived = true
	w.roomEvent(ch, "archive", obj{"channel": ch.ID, "user": user, "is_moved": 0})
}

// roomEvent emits channel_<what>, or group_<what> where the channel is private.
func (w *world) roomEvent(ch *channel, what string, event obj) {
	if !ch.has(w.cfg.BotUser.ID) {
		return
	}
	event["type"] = "channel_" + what
	if ch.Private {
		event["type"] = "group_" + what
	}
	event["event_ts"] = w.stamp()
	w.emit(ch.ID, event)
}

// wireChannel is a conversation object. https://docs.slack.dev/reference/objects/conversation-object
func (w *world) wireChannel(ch *channel) obj {
	team := w.cfg.Team.ID
	c := obj{
		"id": ch.ID, "created": ch.created, "is_archived": ch.Archived, "is_im": ch.IM, "is_org_shared": false,
		"context_team_id": team, "updated": ch.created * 1000,
	}
	if ch.IM {
		c["user"], c["is_user_deleted"] = w.partner(ch), false
		return c
	}
	c["name"], c["name_normalized"] = ch.Name, ch.Name
	c["is_channel"], c["is_group"], c["is_mpim"], c["is_private"] = !ch.Private && !ch.Group, ch.Private && !ch.Group, ch.Group, ch.Private || ch.Group
	c["is_general"], c["unlinked"], c["is_shared"], c["is_ext_shared"] = ch.Name == "general", 0, false, false
	c["is_pending_ext_shared"], c["pending_shared"], c["pending_connected_team_ids"] = false, []string{}, []string{}
	c["shared_team_ids"], c["creator"], c["is_member"] = []string{team}, ch.creator, ch.has(w.cfg.BotUser.ID)
	c["topic"] = obj{"value": ch.Topic, "creator": "", "last_set": 0}
	c["purpose"] = obj{"value": "", "creator": "", "last_set": 0}
	c["previous_names"], c["last_read"] = []string{}, ch.lastRead
	return c
}

// partner is the person of a direct message.
func (w *world) partner(ch *channel) string {
	for _, id := range ch.members {
		if id != w.cfg.BotUser.ID {
			return id
		}
	}
	return ""
}

// wireUser is a user object. https://docs.slack.dev/reference/objects/user-object
func (w *world) wireUser(u *User) obj {
	return obj{
		"id": u.ID, "team_id": w.cfg.Team.ID, "name": u.Name, "deleted": u.Deleted, "color": "9f69e7", "real_name": u.RealName,
		"tz": u.TimeZone, "tz_label": "Central European Time", "tz_offset": 3600, "profile": w.wireProfile(u),
		"is_admin": false, "is_owner": false, "is_primary_owner": false, "is_restricted": false, "is_ultra_restricted": false,
		"is_bot": u.Bot, "is_app_user": false, "updated": w.now().Unix(), "is_email_confirmed": !u.Bot,
		"who_can_share_contact_card": "EVERYONE",
	}
}

func (w *world) wireProfile(u *User) obj {
	first, last, _ := strings.Cut(u.RealName, " ")
	p := obj{
		"title": "", "phone": "", "skype": "", "real_name": u.RealName, "real_name_normalized": u.RealName, "display_name": u.Display,
		"display_name_normalized": u.Display, "status_text": "", "status_text_canonical": "", "status_emoji": "", "status_expiration": 0,
		"avatar_hash": "g" + strings.ToLower(u.ID), "team": w.cfg.Team.ID, "first_name": first, "last_name": last, "is_custom_image": u.Avatar != "",
		"status_emoji_display_info": []any{},
	}
	image := u.Avatar
	if image == "" {
		image = w.base + "/avatars/" + u.ID + ".png"
	} else {
		p["image_original"] = image
	}
	for _, size := range []string{"24", "32", "48", "72", "192", "512"} {
		p["image_"+size] = image
	}
	if u.Email != "" && w.granted("users:read.email") {
		p["email"] = u.Email
	}
	if u.Bot {
		p["api_app_id"], p["always_active"], p["bot_id"] = "", true, "B"+u.ID[1:]
		if u.ID == w.cfg.BotUser.ID {
			p["api_app_id"], p["bot_id"] = w.cfg.AppID, w.cfg.BotID
		}
	}
	return p
}

// profileOfBot is what rides on each message of the app.
func (w *world) profileOfBot() *botProfile {
	bot := w.users[w.cfg.BotUser.ID]
	image := w.base + "/avatars/" + w.cfg.BotID + ".png"
	return &botProfile{
		ID: w.cfg.BotID, AppID: w.cfg.AppID, UserID: bot.ID, Name: bot.RealName, Updated: 1700000000, TeamID: w.cfg.Team.ID,
		Icons: icons{Image36: image, Image48: image, Image72: image},
	}
}
