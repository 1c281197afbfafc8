package telegram

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/roost-im/roost/bridges"
)

// Config is the settings block of a Telegram account.
type Config struct {
	Token       bridges.Secret `yaml:"token"`        // of @BotFather: 123456:ABC…
	Receive     Receive        `yaml:"receive"`      // poll or webhook; default poll
	Secret      bridges.Secret `yaml:"secret"`       // what Telegram shows the webhook; default a random one that is kept
	APIURL      string         `yaml:"api_url"`      // of a Bot API server of one's own, or a simulator; default https://api.telegram.org
	MaxUpload   Size           `yaml:"max_upload"`   // of one file; default 50MB, what Telegram's own server takes
	MaxDownload Size           `yaml:"max_download"` // of one file; default 20MB, what Telegram's own server gives
	ChatMembers bool           `yaml:"chat_members"` // hear of joins and leaves that groups don't show; default false
	GroupMinute int            `yaml:"group_minute"` // messages to one group a minute; default 20, what Telegram asks for
	Moved       []string       `yaml:"moved"`        // new numbers of groups that became supergroups, once the routes name them
}

// Receive is the way in which updates come.
type Receive string

// The ways in.
const (
	Poll    Receive = "poll"
	Webhook Receive = "webhook"
)

// Size is a number of bytes, written 50MB or 52428800.
type Size int64

// UnmarshalText reads a size.
func (s *Size) UnmarshalText(b []byte) error {
	n, err := humanize.ParseBytes(string(b))
	if err != nil || n > 1<<50 {
		return fmt.Errorf("%q is no size like 50MB", b)
	}
	*s = Size(n)
	return nil
}

// MarshalText writes the number of bytes.
func (s Size) MarshalText() ([]byte, error) { return strconv.AppendInt(nil, int64(s), 10), nil }

const officialURL = "https://api.telegram.org"

var (
	tokenForm  = regexp.MustCompile(`^[0-9]+:[A-Za-z0-9_-]+$`)
	secretForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`) // https://core.telegram.org/bots/api#setwebhook
)

// Validate reports every fault, each with the key that it is about. It does no I/O.
func (c Config) Validate() error {
	faults := []error{c.checkToken(), c.checkReceive()}
	if c.APIURL != "" && !isWeb(c.APIURL) {
		faults = append(faults, fmt.Errorf("api_url: %q is no http or https address", c.APIURL))
	}
	if c.GroupMinute < 0 {
		faults = append(faults, fmt.Errorf("group_minute: %d is less than nothing", c.GroupMinute))
	}
	for i, id := range c.Moved {
		if _, err := strconv.ParseInt(id, 10, 64); err != nil {
			faults = append(faults, fmt.Errorf("moved[%d]: %q is no number of a chat, like -1001234567890", i, id))
		}
	}
	return errors.Join(faults...)
}

func (c Config) checkToken() error {
	switch token := c.Token.Reveal(); {
	case token == "":
		return errors.New("token: is missing; @BotFather gives it to whoever makes a bot")
	case !tokenForm.MatchString(token):
		return errors.New("token: is none of Telegram's, which look like 123456:ABC-def")
	}
	return nil
}

func (c Config) checkReceive() error {
	var faults []error
	if c.Receive != "" && c.Receive != Poll && c.Receive != Webhook {
		faults = append(faults, fmt.Errorf("receive: %q is neither poll nor webhook", c.Receive))
	}
	if s := c.Secret.Reveal(); s != "" && !secretForm.MatchString(s) {
		faults = append(faults, errors.New("secret: takes 1 to 256 letters, digits, _ and -"))
	}
	return errors.Join(faults...)
}

// endpoint is where the Bot API is, without a slash at its end.
func (c Config) endpoint() string {
	return strings.TrimSuffix(firstOf(c.APIURL, officialURL), "/")
}

// The sizes of files that Telegram's own server takes and gives; a server of one's own has other ones.
// https://core.telegram.org/bots/api#sending-files and https://core.telegram.org/bots/api#getfile
const (
	maxUpload   = 50 << 20
	maxDownload = 20 << 20
	maxPhoto    = 10 << 20 // as a photo; a larger picture goes as a document
)

func (c Config) upload() int64   { return firstOf(int64(c.MaxUpload), maxUpload) }
func (c Config) download() int64 { return firstOf(int64(c.MaxDownload), maxDownload) }

// firstOf is the first of its arguments that is not zero.
func firstOf[T comparable](all ...T) T {
	var zero T
	for _, v := range all {
		if v != zero {
			return v
		}
	}
	return zero
}
