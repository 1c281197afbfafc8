package slacksim

import "strings"

func apiTest(_ *world, c *call) (obj, error) {
	args := obj{}
	for k := range c.args {
		args[k] = c.args.Get(k)
	}
	if code := c.str("error"); code != "" {
		return nil, &apiError{code: code, extra: obj{"args": args}}
	}
	return obj{"args": args}, nil
}

func authTest(w *world, _ *call) (obj, error) {
	bot := w.users[w.cfg.BotUser.ID]
	return obj{
		"url": "https://" + w.cfg.Team.Domain + ".slack.com/", "team": w.cfg.Team.Name, "user": bot.Name, "team_id": w.cfg.Team.ID,
		"user_id": bot.ID, "bot_id": w.cfg.BotID, "is_enterprise_install": false,
	}, nil
}

func authRevoke(w *world, c *call) (obj, error) {
	if c.boolean("test") {
		return obj{"revoked": false}, nil
	}
	w.revoke()
	return obj{"revoked": true}, nil
}

func botsInfo(w *world, c *call) (obj, error) {
	id := c.str("bot")
	image := w.base + "/avatars/" + id + ".png"
	bot := obj{"id": id, "deleted": false, "updated": 1700000000, "icons": obj{"image_36": image, "image_48": image, "image_72": image}}
	if id == w.cfg.BotID || id == "" {
		u := w.users[w.cfg.BotUser.ID]
		bot["id"], bot["name"], bot["app_id"], bot["user_id"] = w.cfg.BotID, u.RealName, w.cfg.AppID, u.ID
		return obj{"bot": bot}, nil
	}
	for _, u := range w.users {
		if u.Bot && id == "B"+u.ID[1:] {
			bot["name"], bot["app_id"], bot["user_id"] = u.RealName, "A"+u.ID[1:], u.ID
			return obj{"bot": bot}, nil
		}
	}
	return nil, fail("bot_not_found")
}

func teamInfo(w *world, _ *call) (obj, error) {
	t := w.cfg.Team
	return obj{"team": obj{
		"id": t.ID, "name": t.Name, "domain": t.Domain, "email_domain": "", "url": "https://" + t.Domain + ".slack.com/", "is_verified": false,
		"icon": obj{"image_34": w.base + "/avatars/" + t.ID + ".png", "image_default": true},
	}}, nil
}

func emojiList(w *world, _ *call) (obj, error) {
	return obj{"emoji": w.emoji, "cache_ts": w.stamp()}, nil
}

func usersInfo(w *world, c *call) (obj, error) {
	u := w.users[c.str("user")]
	if u == nil {
		return nil, fail("user_not_found")
	}
	user := w.wireUser(u)
	if c.boolean("include_locale") {
		user["locale"] = "en-US"
	}
	return obj{"user": user}, nil
}

func usersList(w *world, c *call) (obj, error) {
	members := make([]obj, 0, len(w.userOrder))
	for _, id := range w.userOrder {
		members = append(members, w.wireUser(w.users[id]))
	}
	page, meta := paged(c, members, 1000)
	return obj{"members": page, "cache_ts": w.now().Unix(), "response_metadata": meta}, nil
}

func usersProfileGet(w *world, c *call) (obj, error) {
	id := c.str("user")
	if id == "" {
		id = w.cfg.BotUser.ID
	}
	u := w.users[id]
	if u == nil {
		return nil, fail("user_not_found")
	}
	profile := w.wireProfile(u)
	delete(profile, "team")
	return obj{"profile": profile}, nil
}

func usersLookupByEmail(w *world, c *call) (obj, error) {
	email := c.str("email")
	for _, id := range w.userOrder {
		if u := w.users[id]; email != "" && strings.EqualFold(u.Email, email) && !u.Deleted {
			return obj{"user": w.wireUser(u)}, nil
		}
	}
	return nil, fail("users_not_found")
}

func usergroupsList(w *world, c *call) (obj, error) {
	groups := []any{}
	for _, g := range w.groups {
		group := obj{
			"id": g.ID, "team_id": w.cfg.Team.ID, "is_usergroup": true, "is_subteam": true, "name": g.Name, "description": "", "handle": g.Handle,
			"is_external": false, "date_create": 1700000000, "date_update": 1700000000, "date_delete": 0, "auto_provision": false,
			"enterprise_subteam_id": "", "created_by": w.cfg.BotUser.ID, "updated_by": w.cfg.BotUser.ID, "user_count": len(g.Users),
			"prefs": obj{"channels": []string{}, "groups": []string{}},
		}
		if c.boolean("include_users") {
			group["users"] = append([]string{}, g.Users...)
		}
		groups = append(groups, group)
	}
	return obj{"usergroups": groups}, nil
}

func usergroupsUsersList(w *world, c *call) (obj, error) {
	for _, g := range w.groups {
		if g.ID == c.str("usergroup") {
			return obj{"users": append([]string{}, g.Users...)}, nil
		}
	}
	return nil, fail("no_such_subteam")
}
