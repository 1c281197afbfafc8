package slack

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/roost-im/roost/router/chat"
)

// need is a scope of the bot token, and what does not work without it.
type need struct {
	scope string
	why   string
	grade chat.Grade // of its absence
}

// needs are the scopes that the connector uses; configs/slack-manifest.yaml asks for them.
func needs() []need {
	return []need{
		{"chat:write", "nothing can be said", chat.Broken},
		{"chat:write.customize", "relayed messages bear the bot's name instead of their author's", chat.Warning},
		{"channels:history", "messages in public channels are not heard", chat.Warning},
		{"groups:history", "messages in private channels are not heard", chat.Warning},
		{"im:history", "direct messages are not heard", chat.Warning},
		{"mpim:history", "messages in group conversations are not heard", chat.Warning},
		{"channels:read", "missed messages in public channels are not read back", chat.Warning},
		{"groups:read", "missed messages in private channels are not read back", chat.Warning},
		{"im:read", "missed direct messages are not read back", chat.Warning},
		{"mpim:read", "missed messages in group conversations are not read back", chat.Warning},
		{"users:read", "authors have no names", chat.Warning},
		{"files:read", "files that people send are not relayed", chat.Warning},
		{"files:write", "files can't be sent", chat.Warning},
		{"reactions:read", "reactions are not heard", chat.Warning},
		{"reactions:write", "the bot can't react, so members don't see what became of their answers", chat.Warning},
		{"pins:read", "pins are not heard, so they would not be mirrored", chat.Warning},
		{"pins:write", "the bot can't pin, so pins would not be mirrored to here", chat.Warning},
		{"emoji:read", "the workspace's own emoji have no pictures elsewhere and are not used for reactions", chat.Warning},
	}
}

// Check asks Slack whether both tokens work, which scopes are missing and what is missed without them, and which channels
// the bot is in. Its error is one of the way to Slack; what Slack says against the account is a finding.
func (c *Connector) Check(ctx context.Context) ([]chat.Finding, error) {
	c.mu.Lock()
	c.self = nil
	c.mu.Unlock()
	self, err := c.whoami(ctx)
	if chat.KindOf(err) == chat.LoggedOut {
		return []chat.Finding{{
			Grade: chat.Broken, Name: "bot_token", Text: "Slack does not take the bot token",
			Mend: "install the app to the workspace again and copy the Bot User OAuth Token",
		}}, nil
	}
	if err != nil {
		return nil, err
	}
	found := []chat.Finding{{Grade: chat.Fine, Name: "bot_token", Text: fmt.Sprintf("speaks as %s in the workspace %s", self.name, self.team)}}
	found = append(found, c.checkScopes()...)
	way, err := c.checkWay(ctx)
	if err != nil {
		return nil, err
	}
	found = append(found, way)
	places, err := c.checkPlaces(ctx)
	return append(found, places...), err
}

func (c *Connector) checkScopes() []chat.Finding {
	var granted []string
	if s := c.scope.Load(); s != nil {
		granted = strings.FieldsFunc(*s, func(r rune) bool { return r == ',' || r == ' ' })
	}
	if len(granted) == 0 {
		return []chat.Finding{{Grade: chat.Warning, Name: "scopes", Text: "Slack did not say which scopes the bot token has"}}
	}
	var found []chat.Finding
	for _, n := range needs() {
		if !slices.Contains(granted, n.scope) {
			found = append(found, chat.Finding{
				Grade: n.grade, Name: "scope " + n.scope, Text: "is missing: " + n.why,
				Mend: "add it under OAuth & Permissions and install the app again",
			})
		}
	}
	if len(found) == 0 {
		found = append(found, chat.Finding{Grade: chat.Fine, Name: "scopes", Text: "all that are needed are granted"})
	}
	return found
}

// address is where Slack reaches a webhook of ours.
func (c *Connector) address(path string) string {
	return c.deps.Public + "/" + string(c.deps.Account) + path
}

// checkWay tries the way in.
func (c *Connector) checkWay(ctx context.Context) (chat.Finding, error) {
	if c.cfg.AppToken.IsZero() {
		return chat.Finding{
			Grade: chat.Fine, Name: "signing_secret",
			Text: "events come by HTTP to " + c.address("/events") + ", and presses to " + c.address("/interactivity"),
		}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	_, _, err := c.api.StartSocketModeContext(ctx)
	if err == nil {
		return chat.Finding{Grade: chat.Fine, Name: "app_token", Text: "opens Socket Mode"}, nil
	}
	switch code := slackSaid(err); code {
	case "":
		return chat.Finding{}, c.fail(call{op: "slack: apps.connections.open", scope: chat.ThisAccount}, err)
	case missingScope:
		return chat.Finding{
			Grade: chat.Broken, Name: "app_token", Text: "lacks the scope connections:write",
			Mend: "make a new app-level token with that scope under Basic Information",
		}, nil
	default:
		return chat.Finding{
			Grade: chat.Broken, Name: "app_token", Text: "opens no socket: " + strings.ReplaceAll(code, "_", " "),
			Mend: "switch Socket Mode on, and copy the app-level token from Basic Information",
		}, nil
	}
}

// checkPlaces counts the conversations that the bot is in, and tries the history of one of each kind.
func (c *Connector) checkPlaces(ctx context.Context) ([]chat.Finding, error) {
	var found []chat.Finding
	rooms := 0
	for _, kind := range placeKinds() {
		name := "history of " + strings.ReplaceAll(kind, "_", " ")
		places, _, err := c.places(ctx, kind, "")
		if err == nil && len(places) > 0 {
			_, _, err = c.page(ctx, query{channel: places[0], limit: 1})
		}
		switch {
		case chat.KindOf(err) == chat.Refused:
			found = append(found, chat.Finding{
				Grade: chat.Warning, Name: name, Text: chat.Reason(err) + "; what is said while roost is down is lost there",
			})
		case err != nil:
			return found, err
		case len(places) > 0:
			found = append(found, chat.Finding{Grade: chat.Fine, Name: name, Text: fmt.Sprintf("readable; the bot is in %s", several(len(places)))})
		}
		if kind != "im" {
			rooms += len(places)
		}
	}
	if rooms == 0 {
		found = append(found, chat.Finding{
			Grade: chat.Warning, Name: "channels", Text: "the bot is in no channel, so it hears direct messages only",
			Mend: "invite it: /invite @ its name",
		})
	}
	return found, nil
}

func several(n int) string {
	if n >= listSize {
		return fmt.Sprintf("%d or more", n)
	}
	return fmt.Sprint(n)
}
