package slack

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	slackapi "github.com/slack-go/slack"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// Connector speaks for one bot in one workspace. Its methods may be called from many goroutines at once; Run may be called
// again after it has returned, but not twice at once.
type Connector struct {
	cfg  Config
	deps bridges.Deps
	log  *slog.Logger
	now  func() time.Time

	api   *slackapi.Client // the Web API, by the bot token
	web   *http.Client     // the same, for what slack-go reads too strictly
	files *http.Client     // downloads: no bound on the answer, and redirects only within Slack
	emoji *emojis
	names *names

	custom custom

	threads *threads
	uploads *uploads
	ahead   atomic.Int64 // by how many seconds Slack's clock is ahead of ours
	scope   atomic.Pointer[string]

	mu   sync.Mutex
	self *identity
	lost func(error) // ends the Run that goes on; nil: none does
}

var (
	_ chat.Connector = (*Connector)(nil)
	_ chat.Editor    = (*Connector)(nil)
	_ chat.Deleter   = (*Connector)(nil)
	_ chat.Reactor   = (*Connector)(nil)
	_ chat.Pinner    = (*Connector)(nil)
	_ chat.Opener    = (*Connector)(nil)
	_ chat.Finder    = (*Connector)(nil)
	_ chat.Fetcher   = (*Connector)(nil)
	_ chat.Checker   = (*Connector)(nil)
)

// identity is who the bot token belongs to.
type identity struct {
	user string // U…, the bot user
	bot  string // B…, the bot behind it
	team string
	name string
	app  string // A…, as far as the event that is looked at says
}

// New makes a connector. It returns the faults of cfg, and does no I/O.
func New(cfg Config, deps bridges.Deps) (*Connector, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.AppToken.IsZero() && deps.Mount == nil {
		return nil, errors.New("signing_secret: there is no public web address to receive at; set app_token for Socket Mode")
	}
	deps = deps.Ready()
	c := &Connector{cfg: cfg, deps: deps, log: deps.Log, now: deps.Now, emoji: newEmojis(), web: bounded(deps.Client)}
	c.files = c.downloader(deps.Client)
	c.api = slackapi.New(cfg.BotToken.Reveal(),
		slackapi.OptionAPIURL(cfg.endpoint()),
		slackapi.OptionAppLevelToken(cfg.AppToken.Reveal()),
		slackapi.OptionHTTPClient(c.web),
		slackapi.OptionOnResponseHeaders(c.heard),
	)
	c.threads = &threads{keep: deps.Keep, clock: c.clock}
	c.uploads = &uploads{keep: deps.Keep}
	c.names = newNames(c.now, c.askPerson, c.askChannel, c.askBot)
	return c, nil
}

// Close lets go of idle connections.
func (c *Connector) Close() error {
	c.deps.Client.CloseIdleConnections()
	return nil
}

// heard notes what every answer's header tells: Slack's clock, and the scopes of the bot token.
func (c *Connector) heard(path string, h http.Header) {
	if at, err := http.ParseTime(h.Get("Date")); err == nil {
		ahead := int64(at.Sub(c.now()).Round(time.Second) / time.Second)
		if ahead >= -2 && ahead <= 2 {
			ahead = 0
		}
		c.ahead.Store(ahead)
	}
	if s := h.Get("X-Oauth-Scopes"); s != "" && path != "apps.connections.open" {
		c.scope.Store(&s)
	}
}

// clock is the time by Slack's clock, to about a second.
func (c *Connector) clock() time.Time {
	return c.now().Add(time.Duration(c.ahead.Load()) * time.Second)
}

// whoami asks once who the bot token belongs to.
func (c *Connector) whoami(ctx context.Context) (identity, error) {
	c.mu.Lock()
	self := c.self
	c.mu.Unlock()
	if self != nil {
		return *self, nil
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	r, err := c.api.AuthTestContext(ctx)
	if err != nil {
		return identity{}, c.fail(call{op: "slack: auth.test"}, err)
	}
	found := identity{user: r.UserID, bot: r.BotID, team: r.TeamID, name: r.User}
	c.mu.Lock()
	c.self = &found
	c.mu.Unlock()
	return found, nil
}

// Platform limits, from Slack's documents where there is a number.
const (
	// Slack cuts text at 40,000 characters, but refuses blocks of more than about 13,200 in all (msg_blocks_too_long), a
	// number that is not documented: https://github.com/slackapi/bolt-js/issues/2509. One markdown block takes 12,000, so we
	// stay below that with everything that is sent.
	maxText  = 12_000
	maxFiles = 10
	maxFile  = 1 << 30 // https://slack.com/help/articles/201330736
	// How far back a pause is read. Free plans show 90 days; a week of a busy channel is as much as can be relayed with sense.
	catchUp = 7 * 24 * time.Hour
)

// Traits says what Slack can do. The size of a text is what its blocks or its fallback take on the wire at most.
func (c *Connector) Traits() chat.Traits {
	return chat.Traits{
		Platform: "Slack",
		Text:     text.Limit{Max: maxText, Unit: text.Cautious},
		Size:     size,
		Spans:    spans(),
		Files:    chat.FileTraits{Count: maxFiles, Size: maxFile},
		Edit:     chat.Ability{In: true, Out: true},
		Delete:   chat.Ability{In: true, Out: true},
		React:    chat.Ability{In: true, Out: true},
		Emoji:    c.nearest,
		Pin:      chat.Ability{In: true, Out: true},
		Threads:  true,
		Cards:    true,
		Persona:  true,
		Whisper:  true,
		Repeat:   chat.ReadBack,
		CatchUp:  catchUp,
		// About one message a second and channel, short bursts allowed: https://docs.slack.dev/apis/web-api/rate-limits
		Pace: chat.Pace{Conversation: chat.Rate{Every: time.Second, Burst: 3}},
	}
}

// conversation is the place of a message. A thread's first message belongs to the channel.
func (c *Connector) conversation(channel, ts, thread string) chat.Conversation {
	if thread == ts {
		thread = ""
	}
	return chat.Conversation{Account: c.deps.Account, ID: chat.ConversationID(channel), Thread: chat.ThreadID(thread)}
}

// root is the message that a thread hangs on, which is the one that names it.
func root(c chat.Conversation) chat.MessageID { return chat.MessageID(c.Thread) }
