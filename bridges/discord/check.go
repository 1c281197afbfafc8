package discord

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/roost-im/roost/router/chat"
)

// intent is a privileged intent, by the flags of an application that has it.
type intent struct {
	name, why string
	flags     int
}

// privileged are the intents that are switched on in the developer portal. Either flag of each will do: the second is that of
// bots in few servers. https://docs.discord.com/developers/resources/application#application-object-application-flags
func (c *Connector) privileged() []intent {
	list := []intent{{"Message Content Intent", "messages in servers would come empty", 1<<18 | 1<<19}}
	if c.cfg.Members {
		list = append(list, intent{"Server Members Intent", "who joins and leaves is not told", 1<<14 | 1<<15})
	}
	return list
}

// right is a permission of the bot's, and what does not work without it.
// https://docs.discord.com/developers/topics/permissions#permissions-bitwise-permission-flags
type right struct {
	name  string
	bits  uint64 // any of them will do
	why   string
	grade chat.Grade // of its absence
}

const administrator = 1 << 3

func rights() []right {
	return []right{
		{"View Channels", 1 << 10, "nothing is heard", chat.Broken},
		{"Send Messages", 1 << 11, "nothing can be said", chat.Broken},
		{"Send Messages in Threads", 1 << 38, "nothing can be said in threads and forum posts", chat.Warning},
		{"Create Public Threads", 1 << 35, "desks can open no cases here, and mirrors no threads", chat.Warning},
		{"Read Message History", 1 << 16, "missed messages are not read back, and the bot can't reply to messages", chat.Warning},
		{"Embed Links", 1 << 14, "cards show no text", chat.Warning},
		{"Attach Files", 1 << 15, "files can't be sent", chat.Warning},
		{"Add Reactions", 1 << 6, "the bot can't react, so members don't see what became of their answers", chat.Warning},
		{"Manage Webhooks", 1 << 29, "relayed messages bear the bot's name, with their author's before the text", chat.Warning},
		{"Manage Threads", 1 << 34, "posts can't be tagged and closed threads not archived", chat.Warning},
		{"Pin Messages", 1<<51 | 1<<13, "the bot can't pin", chat.Warning},
	}
}

// Check asks Discord whether the token works, which intents and permissions are missing and what is missed without them. Its
// error is one of the way to Discord; what Discord says against the account is a finding.
func (c *Connector) Check(ctx context.Context) ([]chat.Finding, error) {
	c.guard.open()
	c.mu.Lock()
	c.self = nil
	c.mu.Unlock()
	self, err := c.whoami(ctx)
	if chat.KindOf(err) == chat.LoggedOut {
		return []chat.Finding{{
			Grade: chat.Broken, Name: "token", Text: "Discord does not take the token",
			Mend: "reset it in the developer portal, on the application's page Bot, and copy the new one",
		}}, nil
	}
	if err != nil {
		return nil, err
	}
	found := []chat.Finding{{Grade: chat.Fine, Name: "token", Text: "speaks as " + self.name}}
	intents, err := c.checkIntents(ctx)
	if err != nil {
		return found, err
	}
	found = append(found, intents...)
	starts, err := c.checkStarts(ctx)
	if err != nil {
		return found, err
	}
	found = append(found, starts)
	guilds, err := c.checkGuilds(ctx)
	return append(found, guilds...), err
}

func (c *Connector) checkIntents(ctx context.Context) ([]chat.Finding, error) {
	app, err := c.application(ctx)
	if err != nil {
		return nil, err
	}
	var found []chat.Finding
	for _, n := range c.privileged() {
		f := chat.Finding{Grade: chat.Fine, Name: n.name, Text: "is switched on"}
		if app.Flags&n.flags == 0 {
			f = chat.Finding{
				Grade: chat.Broken, Name: n.name, Text: "is not switched on: " + n.why + ", so Discord lets the bot not receive at all",
				Mend: "switch it on in the developer portal, on the application's page Bot, under Privileged Gateway Intents",
			}
		}
		found = append(found, f)
	}
	return found, nil
}

// checkStarts looks how often the bot may still connect today.
func (c *Connector) checkStarts(ctx context.Context) (chat.Finding, error) {
	var g struct {
		Limit struct {
			Total     int `json:"total"`
			Remaining int `json:"remaining"`
		} `json:"session_start_limit"`
	}
	const few = 50
	if _, err := c.call(ctx, request{op: "discord: gateway", method: http.MethodGet, path: "gateway/bot"}, &g); err != nil {
		return chat.Finding{}, err
	}
	left := fmt.Sprintf("may be connected to %d more times today", g.Limit.Remaining)
	if g.Limit.Total > 0 && g.Limit.Remaining < few {
		return chat.Finding{
			Grade: chat.Warning, Name: "gateway", Text: left,
			Mend: "look in the log for why it is connected to so often; another program with the same token counts, too",
		}, nil
	}
	return chat.Finding{Grade: chat.Fine, Name: "gateway", Text: left}, nil
}

// server is a server that the bot is in.
type server struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Owner       bool   `json:"owner"`
	Permissions string `json:"permissions"`
}

// checkGuilds looks at what the bot may do in each server. Channels may take more away; a message that fails says so.
func (c *Connector) checkGuilds(ctx context.Context) ([]chat.Finding, error) {
	signs, err := (&signage{c: c}).places(ctx)
	if err != nil {
		return nil, err
	}
	var found []chat.Finding
	var shown []server // those that show commands
	query := url.Values{"limit": {"200"}}
	for range 20 { // 4,000 servers; sharding begins before
		var page []server
		if _, err := c.call(ctx, request{op: "discord: servers", method: http.MethodGet, path: "users/@me/guilds", query: query}, &page); err != nil {
			return found, err
		}
		for _, s := range page {
			found = append(found, c.checkRights(s.Name, s.Permissions, s.Owner)...)
			if slices.Contains(signs, s.ID) {
				shown = append(shown, s)
			}
			query.Set("after", s.ID)
		}
		if len(page) < 200 {
			break
		}
	}
	if len(found) == 0 {
		found = append(found, chat.Finding{
			Grade: chat.Warning, Name: "servers", Text: "the bot is in no server, so nobody can write to it",
			Mend: "invite it with the link of the page Installation in the developer portal",
		})
	}
	commands, err := c.checkCommands(ctx, shown)
	return append(found, commands...), err
}

func (c *Connector) checkRights(name, permissions string, owner bool) []chat.Finding {
	has, err := strconv.ParseUint(permissions, 10, 64)
	if err != nil {
		return []chat.Finding{{Grade: chat.Warning, Name: name, Text: "Discord did not say what the bot may do"}}
	}
	var found []chat.Finding
	for _, r := range rights() {
		if owner || has&administrator != 0 || has&r.bits != 0 || r.bits == 1<<29 && c.cfg.Webhooks == webhooksOff {
			continue
		}
		found = append(found, chat.Finding{
			Grade: r.grade, Name: name + ": " + r.name, Text: "is missing: " + r.why, Mend: "give the bot's role that permission in the server's settings",
		})
	}
	if len(found) == 0 {
		found = append(found, chat.Finding{Grade: chat.Fine, Name: name, Text: "the bot may do what it needs"})
	}
	return found
}
