package discord

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/roost-im/roost/bridges"
)

// Config is the settings block of a Discord account.
type Config struct {
	Token    bridges.Secret `yaml:"token"`    // of the bot, without "Bot " before it
	APIURL   string         `yaml:"api_url"`  // of a simulator; default https://discord.com/api
	Members  bool           `yaml:"members"`  // tell who joins and leaves; needs the privileged intent Server Members
	Webhooks string         `yaml:"webhooks"` // auto (default): relayed posts bear their author's name and picture; off: never
	MaxFile  int            `yaml:"max_file"` // MiB of a file that the servers take; default 10, more where they are boosted
	CatchUp  string         `yaml:"catch_up"` // days that are read back after a pause, as in 7d; default 7d, 0d: none
}

const (
	webhooksAuto = "auto"
	webhooksOff  = "off"

	defaultAPI  = "https://discord.com/api"
	defaultDays = 7
	mostDays    = 90
	mostMiB     = 500 // https://support.discord.com/hc/en-us/articles/25444343291031
)

// Validate reports every fault, each with the key that it is about. It does no I/O.
func (c Config) Validate() error {
	faults := []error{c.checkToken()}
	if c.APIURL != "" {
		u, err := url.Parse(c.APIURL)
		if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
			faults = append(faults, fmt.Errorf("api_url: %q is no http or https address", c.APIURL))
		}
	}
	switch c.Webhooks {
	case "", webhooksAuto, webhooksOff:
	default:
		faults = append(faults, fmt.Errorf("webhooks: %q is neither auto nor off", c.Webhooks))
	}
	if c.MaxFile < 0 || c.MaxFile > mostMiB {
		faults = append(faults, fmt.Errorf("max_file: %d is not between 1 and %d (MiB)", c.MaxFile, mostMiB))
	}
	if _, err := c.days(); err != nil {
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

func (c Config) checkToken() error {
	switch token := c.Token.Reveal(); {
	case token == "":
		return errors.New("token: is missing; it is on the application's page Bot")
	case strings.HasPrefix(token, "Bot "):
		return errors.New("token: begins with \"Bot \"; give the token alone")
	case strings.ContainsAny(token, " \t\r\n"):
		return errors.New("token: has white space in it")
	}
	return nil
}

// days is how many days are read back after a pause.
func (c Config) days() (int, error) {
	if c.CatchUp == "" {
		return defaultDays, nil
	}
	var n int
	if _, err := fmt.Sscanf(c.CatchUp, "%dd", &n); err != nil || c.CatchUp != fmt.Sprintf("%dd", n) || n < 0 || n > mostDays {
		return 0, fmt.Errorf("catch_up: %q is no number of days from 0d to %dd", c.CatchUp, mostDays)
	}
	return n, nil
}

// endpoint is the address below which the versions of the API are, without a slash at its end.
func (c Config) endpoint() *url.URL {
	at := c.APIURL
	if at == "" {
		at = defaultAPI
	}
	u, err := url.Parse(strings.TrimSuffix(at, "/"))
	if err != nil {
		u = &url.URL{} // Validate refuses it
	}
	return u
}

// maxFile is how many bytes a file may have.
// https://docs.discord.com/developers/reference#uploading-files: the default limit is 10 MiB, boosted servers take more.
func (c Config) maxFile() int64 {
	if c.MaxFile > 0 {
		return int64(c.MaxFile) << 20
	}
	return 10 << 20
}
