package discordsim

import (
	"net/http"
	"slices"
	"strconv"
)

func userRoutes() []route {
	return []route{
		{method: "GET", path: "/gateway", serve: gatewayURL, open: true},
		{method: "GET", path: "/gateway/bot", serve: gatewayBot},
		{method: "GET", path: "/users/@me", serve: readSelf},
		{method: "PATCH", path: "/users/@me", serve: editSelf},
		{method: "GET", path: "/users/{user}", serve: readUser},
		{method: "POST", path: "/users/@me/channels", serve: openDM},
		{method: "GET", path: "/users/@me/guilds", serve: listGuilds},
		{method: "DELETE", path: "/users/@me/guilds/{guild}", serve: leaveGuild},
		{method: "GET", path: "/oauth2/applications/@me", serve: readApp},
		{method: "GET", path: "/applications/@me", serve: readApp},
		{method: "GET", path: "/sticker-packs", serve: listPacks, open: true},
		{method: "GET", path: "/voice/regions", serve: listNothing},
	}
}

func gatewayURL(w *world, _ *call) (any, error) { return obj{"url": w.gateway()}, nil }

func gatewayBot(w *world, _ *call) (any, error) {
	const starts = 1000
	return obj{"url": w.gateway(), "shards": 1, "session_start_limit": obj{
		"total": starts, "remaining": max(0, starts-w.hub.identified), "reset_after": 86_400_000, "max_concurrency": 1,
	}}, nil
}

func readSelf(w *world, _ *call) (any, error) { return w.wireSelf(), nil }

// editSelf takes a new name; avatars and banners are taken and not kept.
func editSelf(w *world, c *call) (any, error) {
	var in struct {
		Name *string `json:"username"`
	}
	if err := c.into(&in); err != nil {
		return nil, err
	}
	if in.Name != nil {
		t := &tree{}
		t.size("username", *in.Name, 2, 32)
		if err := t.fault(); err != nil {
			return nil, err
		}
		w.users[w.bot()].Name = *in.Name
		w.dispatch(event{name: "USER_UPDATE", build: func(*session) any { return w.wireSelf() }})
		w.bump()
	}
	return w.wireSelf(), nil
}

func readUser(w *world, c *call) (any, error) {
	id := c.args["user"]
	if w.badID(id) {
		return nil, invalid("user_id", "NUMBER_TYPE_COERCE", `Value "`+id+`" is not snowflake.`)
	}
	if w.users[id] == nil {
		return nil, errUnknownUser
	}
	return w.wireUser(id), nil
}

// openDM gives the DM channel with a person: the same each time. That the person takes no messages shows only when one is sent.
func openDM(w *world, c *call) (any, error) {
	var in struct {
		To snowflake `json:"recipient_id"`
	}
	if err := c.into(&in); err != nil {
		return nil, err
	}
	to := string(in.To)
	switch {
	case to == "":
		return nil, invalid("recipient_id", "BASE_TYPE_REQUIRED", "This field is required")
	case w.users[to] == nil || to == w.bot():
		return nil, errRecipient
	}
	defer w.bump()
	return w.wireChannel(w.dm(to)), nil
}

// listGuilds pages by id, oldest first.
func listGuilds(w *world, c *call) (any, error) {
	limit, err := c.limit(200, 200)
	if err != nil {
		return nil, err
	}
	ids := slices.Clone(w.guildOrder)
	slices.SortFunc(ids, byAge)
	before := number(c.query.Get("before"))
	out := []obj{}
	for _, id := range ids {
		g := w.guilds[id]
		if !g.bot || number(id) <= number(c.query.Get("after")) || before > 0 && number(id) >= before || len(out) == limit {
			continue
		}
		one := obj{
			"id": id, "name": g.Name, "icon": nil, "banner": nil, "owner": false, "features": []string{},
			"permissions": (permEverything &^ permAdministrator).String(),
		}
		if c.yes("with_counts") {
			one["approximate_member_count"], one["approximate_presence_count"] = len(g.members), len(g.members)
		}
		out = append(out, one)
	}
	return out, nil
}

// byAge sorts snowflakes, the oldest first.
func byAge(a, b string) int {
	switch x, y := number(a), number(b); {
	case x < y:
		return -1
	case x > y:
		return 1
	default:
		return 0
	}
}

func leaveGuild(w *world, c *call) (any, error) {
	g := w.guilds[c.args["guild"]]
	if g == nil || !g.bot {
		return nil, errUnknownGuild
	}
	w.leave(g)
	w.bump()
	return nil, nil //nolint:nilnil // no body
}

// appFlags tell which privileged intents are switched on: the "limited" bits, as for an application that is not verified.
// https://docs.discord.com/developers/resources/application#application-object-application-flags
func (w *world) appFlags() int {
	flags := 1 << 23 // has registered commands
	for in, bit := range map[Intent]int{IntentPresences: 1 << 13, IntentMembers: 1 << 15, IntentMessageContent: 1 << 19} {
		if w.intents&in != 0 {
			flags |= bit
		}
	}
	return flags
}

func readApp(w *world, _ *call) (any, error) {
	owner := ""
	for _, id := range w.userOrder {
		if !w.users[id].Bot && owner == "" {
			owner = id
		}
	}
	return obj{
		"id": w.cfg.ApplicationID, "name": w.cfg.BotName, "icon": nil, "description": "", "type": nil, "summary": "", "bot": w.wireUser(w.bot()),
		"bot_public": true, "bot_require_code_grant": false, "verify_key": w.cfg.PublicKey, "flags": w.appFlags(), "redirect_uris": []string{},
		"flags_new": strconv.Itoa(w.appFlags()), "interactions_endpoint_url": nil, "role_connections_verification_url": nil,
		"owner": w.wireUser(owner), "team": nil, "approximate_guild_count": len(w.guilds), "approximate_user_install_count": 0,
		"approximate_user_authorization_count": 0, "explicit_content_filter": 0, "integration_types_config": obj{"0": obj{}},
		"eligible_oauth2_scopes": []string{"bot", "applications.commands"},
	}, nil
}

func listPacks(*world, *call) (any, error) { return obj{"sticker_packs": []any{}}, nil }

func listNothing(*world, *call) (any, error) { return []any{}, nil }

// guild finds the guild that a call names.
func (w *world) guildOf(c *call) (*guild, error) {
	g := w.guilds[c.args["guild"]]
	if g == nil || !g.bot {
		if c.method == http.MethodGet && c.route == "GET /guilds/{}" {
			return nil, errUnknownGuild
		}
		return nil, errNoAccess
	}
	return g, nil
}
