package telegramsim

func chatMethods() map[string]method {
	return map[string]method{
		"getchat":               (*world).getChat,
		"getchatmember":         (*world).getChatMember,
		"getchatadministrators": (*world).getChatAdministrators,
		"getchatmembercount":    (*world).getChatMemberCount,
		"getchatmemberscount":   (*world).getChatMemberCount, // its name before Bot API 5.3
		"leavechat":             (*world).leaveChat,
	}
}

// getChat is https://core.telegram.org/bots/api#chatfullinfo
func (w *world) getChat(c *call) (any, error) {
	ch, err := w.readable(c.str("chat_id"))
	if err != nil {
		return nil, err
	}
	o := w.wireChat(ch)
	o["accent_color_id"], o["max_reaction_count"] = 0, 11
	o["accepted_gift_types"] = obj{
		"unlimited_gifts": false, "limited_gifts": false, "unique_gifts": false, "premium_subscription": false, "gifts_from_channels": false,
	}
	if name, ok := o["username"]; ok {
		o["active_usernames"] = []any{name}
	}
	if len(ch.pinned) > 0 {
		o["pinned_message"] = w.wireMessage(ch.byID[ch.pinned[len(ch.pinned)-1]])
	}
	if ch.isGroup() {
		o["permissions"] = obj{
			"can_send_messages": true, "can_send_audios": true, "can_send_documents": true, "can_send_photos": true, "can_send_videos": true,
			"can_send_video_notes": true, "can_send_voice_notes": true, "can_send_polls": true, "can_send_other_messages": true,
			"can_add_web_page_previews": true, "can_change_info": false, "can_invite_users": true, "can_pin_messages": false,
			"can_manage_topics": false,
		}
	}
	return o, nil
}

// wireMember is https://core.telegram.org/bots/api#chatmember
func (w *world) wireMember(c *chat, user int64) obj {
	return w.memberAs(c, user, c.members[user])
}

func (w *world) memberAs(c *chat, user int64, s status) obj {
	if s == "" {
		s = left
	}
	o := obj{"status": string(s), "user": w.wireUser(w.users[user])}
	switch s {
	case creator:
		o["is_anonymous"] = false
	case kicked:
		o["until_date"] = 0
	case administrator:
		for _, right := range []string{
			"can_manage_chat", "can_delete_messages", "can_manage_video_chats", "can_restrict_members", "can_change_info", "can_invite_users",
			"can_post_stories", "can_edit_stories", "can_delete_stories",
		} {
			o[right] = true
		}
		o["can_be_edited"], o["is_anonymous"], o["can_promote_members"] = false, false, false
		if c.typ == Channel {
			o["can_post_messages"], o["can_edit_messages"] = true, true
		} else {
			o["can_pin_messages"], o["can_manage_topics"] = true, c.Forum
		}
	case member, left:
	}
	return o
}

func (w *world) getChatMember(c *call) (any, error) {
	ch, err := w.readable(c.str("chat_id"))
	if err != nil {
		return nil, err
	}
	user := c.long("user_id")
	switch {
	case user <= 0:
		return nil, bad("invalid user_id specified")
	case w.users[user] == nil:
		return nil, bad("PARTICIPANT_ID_INVALID")
	case ch.members[user] == "" && !ch.admin(w.cfg.Bot.ID):
		return nil, bad("member not found")
	}
	return w.wireMember(ch, user), nil
}

func (w *world) getChatAdministrators(c *call) (any, error) {
	ch, err := w.readable(c.str("chat_id"))
	if err != nil {
		return nil, err
	}
	if ch.typ == private {
		return nil, bad("there are no administrators in the private chat")
	}
	out := []obj{}
	for _, id := range ch.order {
		u := w.users[id]
		if u != nil && ch.admin(id) && (!u.Bot || id == w.cfg.Bot.ID || c.boolean("return_bots")) {
			out = append(out, w.wireMember(ch, id))
		}
	}
	return out, nil
}

func (w *world) getChatMemberCount(c *call) (any, error) {
	ch, err := w.readable(c.str("chat_id"))
	if err != nil {
		return nil, err
	}
	n := 0
	for _, id := range ch.order {
		if ch.has(id) {
			n++
		}
	}
	return n, nil
}

func (w *world) leaveChat(c *call) (any, error) {
	ch, err := w.readable(c.str("chat_id"))
	if err != nil {
		return nil, err
	}
	if ch.typ == private {
		return nil, bad("chat member status can't be changed in private chats")
	}
	w.setMember(ch, w.cfg.Bot.ID, w.cfg.Bot.ID, left)
	return true, nil
}
