package slack

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	slackapi "github.com/slack-go/slack"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

// Config is the settings block of a Slack account. With an app token events come over Socket Mode; with a signing secret
// they come to the public web address. One of the two is needed; Socket Mode wins when both are there.
type Config struct {
	BotToken      bridges.Secret `yaml:"bot_token"`      // xoxb-…
	AppToken      bridges.Secret `yaml:"app_token"`      // xapp-…, with the scope connections:write
	SigningSecret bridges.Secret `yaml:"signing_secret"` // of Basic Information, for HTTP events
	APIURL        string         `yaml:"api_url"`        // of a simulator; default https://slack.com/api/
}

// Validate reports every fault, each with the key that it is about. It does no I/O.
func (c Config) Validate() error {
	faults := []error{c.checkBot(), c.checkWay()}
	if c.APIURL != "" {
		u, err := url.Parse(c.APIURL)
		if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
			faults = append(faults, fmt.Errorf("api_url: %q is no http or https address", c.APIURL))
		}
	}
	return errors.Join(faults...)
}

func (c Config) checkBot() error {
	switch bot := c.BotToken.Reveal(); {
	case bot == "":
		return errors.New("bot_token: is missing; it is on the app's page OAuth & Permissions")
	case !strings.HasPrefix(bot, "xoxb-") && !strings.HasPrefix(bot, "xoxe.xoxb-"):
		return errors.New("bot_token: does not begin with xoxb-, so it is no bot token")
	}
	return nil
}

func (c Config) checkWay() error {
	switch app := c.AppToken.Reveal(); {
	case app == "" && c.SigningSecret.IsZero():
		return errors.New("app_token: is missing, and so is signing_secret; one of them is needed to receive")
	case app != "" && !strings.HasPrefix(app, "xapp-"):
		return errors.New("app_token: does not begin with xapp-, so it is no app-level token")
	}
	return nil
}

// endpoint is the Web API's address, with the slash that method names follow.
func (c Config) endpoint() string {
	if c.APIURL == "" {
		return slackapi.APIURL
	}
	return strings.TrimSuffix(c.APIURL, "/") + "/"
}

// Direct says whether an ID is that of a direct conversation: https://docs.slack.dev/reference/objects/conversation-object
func Direct(id chat.ConversationID) bool { return strings.HasPrefix(string(id), "D") }
