package telegram

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// Connector speaks for one bot. Its methods may be called from many goroutines at once; Run may be called again after it has
// returned, but not twice at once.
type Connector struct {
	cfg  Config
	deps bridges.Deps
	log  *slog.Logger
	now  func() time.Time

	buttons *bridges.Buttons
	moves   *moves  // groups that became supergroups
	groups  *groups // messages that are several on the wire
	places  *places // chats that the bot is in, for Check
	asks    *asks   // questions of forms that wait for their answers
	budget  *budget // of messages to groups
	topics  *bridges.Cache[topic]
	shown   *bridges.Cache[string] // our emoji on messages; each message has one at most
	sent    *bridges.Cache[bool]   // what we wrote lately
	every   time.Duration          // how often it is looked whether the webhook is still there

	mu   sync.Mutex
	self *user
	lost func(error) // ends the Run that goes on; nil: none does
}

var (
	_ chat.Connector = (*Connector)(nil)
	_ chat.Editor    = (*Connector)(nil)
	_ chat.Deleter   = (*Connector)(nil)
	_ chat.Reactor   = (*Connector)(nil)
	_ chat.Pinner    = (*Connector)(nil)
	_ chat.Opener    = (*Connector)(nil)
	_ chat.Typer     = (*Connector)(nil)
	_ chat.Fetcher   = (*Connector)(nil)
	_ chat.Checker   = (*Connector)(nil)
)

// How much is remembered without a trace on disk.
const (
	memoryMost = 2000
	memoryLife = 48 * time.Hour
)

// New makes a connector. It returns the faults of cfg, and does no I/O.
func New(cfg Config, deps bridges.Deps) (*Connector, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Receive == Webhook && (deps.Mount == nil || deps.Public == "") {
		return nil, errors.New("receive: webhook needs a public web address; set web.public, or use poll")
	}
	deps = deps.Ready()
	c := &Connector{
		cfg: cfg, deps: deps, log: deps.Log, now: deps.Now,
		buttons: bridges.NewButtons(deps.Keep, deps.Now),
		moves:   newMoves(deps.Keep, cfg.Moved),
		groups:  &groups{keep: deps.Keep},
		places:  &places{keep: deps.Keep},
		asks:    &asks{keep: deps.Keep},
		budget:  newBudget(firstOf(cfg.GroupMinute, groupMost), deps.Now),
		topics:  bridges.NewCache[topic](memoryMost, memoryLife, deps.Now),
		shown:   bridges.NewCache[string](memoryMost, memoryLife, deps.Now),
		sent:    bridges.NewCache[bool](memoryMost, memoryLife, deps.Now),
		every:   hookEvery,
	}
	return c, nil
}

// Close lets go of idle connections.
func (c *Connector) Close() error {
	c.deps.Client.CloseIdleConnections()
	return nil
}

// whoami asks once whose token it is.
func (c *Connector) whoami(ctx context.Context) (user, error) {
	c.mu.Lock()
	self := c.self
	c.mu.Unlock()
	if self != nil {
		return *self, nil
	}
	var found user
	if err := c.call(ctx, call{method: "getMe", scope: chat.ThisAccount}, nil, &found); err != nil {
		return user{}, err
	}
	c.mu.Lock()
	c.self = &found
	c.mu.Unlock()
	return found, nil
}

// selfID is the bot's own number: it stands before the colon of its token.
func (c *Connector) selfID() int64 {
	token := c.cfg.Token.Reveal()
	for i := range len(token) {
		if token[i] == ':' {
			id, _ := strconv.ParseInt(token[:i], 10, 64) // Validate has seen digits
			return id
		}
	}
	return 0
}

const (
	maxText    = 4096 // UTF-16 units of a message: https://core.telegram.org/bots/api#sendmessage
	maxCaption = 1024 // UTF-16 units beside a file: https://core.telegram.org/bots/api#sendphoto
	maxAlbum   = 10   // files of one message: https://core.telegram.org/bots/api#sendmediagroup
	// Telegram keeps updates that nobody took for a day: https://core.telegram.org/bots/api#getting-updates
	catchUp = 24 * time.Hour
)

// Traits says what Telegram can do. The size of a text is that of what is sent for it.
func (c *Connector) Traits() chat.Traits {
	return chat.Traits{
		Platform: "Telegram",
		Text:     text.Limit{Max: maxText, Unit: text.UTF16},
		Size:     size,
		Spans:    spans(),
		Files:    chat.FileTraits{Count: maxAlbum, Size: c.cfg.upload()},
		Edit:     chat.Ability{In: true, Out: true},
		Delete:   chat.Ability{In: true, Out: true}, // in: by the command /delete, and from business accounts
		React:    chat.Ability{In: true, Out: true},
		Emoji:    nearest,
		Pin:      chat.Ability{In: true, Out: true},
		Reply:    true,
		Threads:  true,
		Types:    true,
		Cards:    true,
		Repeat:   chat.Blind,
		CatchUp:  catchUp,
		// One message a second in a chat, short bursts allowed, and 30 a second over all; the 20 a minute of groups are kept by
		// the connector itself. https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
		Pace: chat.Pace{
			Conversation: chat.Rate{Every: time.Second, Burst: 3},
			Account:      chat.Rate{Every: time.Second / 30, Burst: 30},
		},
	}
}
