package discord

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/bwmarrin/discordgo"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// Connector speaks for one bot. Its methods may be called from many goroutines at once; Run may be called again after it has
// returned, but not twice at once.
type Connector struct {
	cfg     Config
	deps    bridges.Deps
	log     *slog.Logger
	now     func() time.Time
	api     *discordgo.Session // for REST; never opened
	web     *http.Client       // the API, at the account's own address
	files   *http.Client       // downloads, and redirects nowhere
	places  *places
	buttons *bridges.Buttons
	hooks   *hooks
	journal *journal
	talks   *talks
	authors *bridges.Cache[chat.Author] // of messages, by id
	people  *bridges.Cache[user]        // by id
	guard   guard
	clock   clock
	pinMu   sync.Mutex // over the lists of pins that are kept

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
	_ chat.Typer     = (*Connector)(nil)
	_ chat.Fetcher   = (*Connector)(nil)
	_ chat.Checker   = (*Connector)(nil)
)

// identity is who the token belongs to.
type identity struct {
	user string
	app  string
	name string
}

// New makes a connector. It returns the faults of cfg, and does no I/O.
func New(cfg Config, deps bridges.Deps) (*Connector, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	deps = deps.Ready()
	c := &Connector{cfg: cfg, deps: deps, log: deps.Log, now: deps.Now}
	c.api, _ = discordgo.New("Bot " + cfg.Token.Reveal()) // never fails
	c.api.LogLevel = -1
	c.api.UserAgent = "DiscordBot (https://github.com/roost-im/roost, 1)"
	web := *deps.Client
	web.Transport = turn{base: cfg.endpoint(), next: deps.Client.Transport}
	c.web, c.files = &web, deps.Client
	c.places = newPlaces(c)
	c.buttons = bridges.NewButtons(deps.Keep, deps.Now)
	c.hooks = newHooks(c)
	c.journal = &journal{keep: deps.Keep, now: deps.Now}
	c.talks = &talks{keep: deps.Keep}
	c.authors = bridges.NewCache[chat.Author](maxAuthors, authorLife, deps.Now)
	c.people = bridges.NewCache[user](maxPeople, nameLife, deps.Now)
	return c, nil
}

const (
	maxAuthors = 5000
	authorLife = 7 * 24 * time.Hour
)

// Close lets go of idle connections.
func (c *Connector) Close() error {
	c.deps.Client.CloseIdleConnections()
	return nil
}

// Run receives until ctx ends. It returns nil then, and an error when the token is not valid any more (chat.LoggedOut) or
// Discord refuses what the bot asks for (chat.Refused): above all when the privileged intent Message Content is not switched
// on, without which messages in servers would come empty.
func (c *Connector) Run(ctx context.Context, sink chat.Sink) error {
	within, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	c.guard.open()
	c.mu.Lock()
	c.lost, c.self = stop, nil // whose token it is, and whether it is valid, is asked anew
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.lost = nil
	}()
	in, err := c.newIntake(within, sink)
	if err == nil {
		err = in.run(within)
	}
	var lost *chat.Error
	switch {
	case ctx.Err() != nil:
		return nil
	case errors.As(context.Cause(within), &lost):
		return lost
	}
	return err
}

// whoami asks once who the token belongs to.
func (c *Connector) whoami(ctx context.Context) (identity, error) {
	c.mu.Lock()
	self := c.self
	c.mu.Unlock()
	if self != nil {
		return *self, nil
	}
	var u user
	if _, err := c.call(ctx, request{op: "discord: who am I", method: http.MethodGet, path: "users/@me"}, &u); err != nil {
		return identity{}, err
	}
	app, err := c.application(ctx)
	if err != nil {
		return identity{}, err
	}
	found := identity{user: u.ID, app: app.ID, name: firstOf(u.Global, u.Username)}
	c.mu.Lock()
	c.self = &found
	c.mu.Unlock()
	return found, nil
}

// application is the bot's application, as far as it matters here.
type application struct {
	ID    string `json:"id"`
	Flags int    `json:"flags"`
}

func (c *Connector) application(ctx context.Context) (application, error) {
	var app application
	_, err := c.call(ctx, request{op: "discord: application", method: http.MethodGet, path: "applications/@me"}, &app)
	if err == nil && app.ID == "" {
		err = fmt.Errorf("discord: application: %w", errNoID)
	}
	return app, err
}

// Limits of Discord, from its documents.
const (
	// https://docs.discord.com/developers/resources/message#create-message; the unit is not said.
	maxText = 2000
	// https://docs.discord.com/developers/topics/opcodes-and-status-codes#json, code 30015
	maxFiles = 10
)

// Traits says what Discord can do. The size of a text is what its markdown takes at most.
func (c *Connector) Traits() chat.Traits {
	days, _ := c.cfg.days() // Validate has seen it
	return chat.Traits{
		Platform: "Discord",
		Text:     text.Limit{Max: maxText, Unit: text.Cautious},
		Size:     size,
		Spans:    spans(),
		Files:    chat.FileTraits{Count: maxFiles, Size: c.cfg.maxFile()},
		Edit:     chat.Ability{In: true, Out: true},
		Delete:   chat.Ability{In: true, Out: true},
		React:    chat.Ability{In: true, Out: true},
		Emoji:    c.nearest,
		Pin:      chat.Ability{In: true, Out: true},
		Reply:    true,
		Threads:  true,
		Typing:   true,
		Types:    true,
		Cards:    true,
		Persona:  true, // where the bot may not make webhooks, Post puts the name in front itself
		Repeat:   chat.Keyed,
		CatchUp:  time.Duration(days) * 24 * time.Hour,
		// Five messages in five seconds and channel is what Discord answers with in its headers; it may change, and they are
		// heeded. 50 calls a second in all: https://docs.discord.com/developers/topics/rate-limits#global-rate-limit
		Pace: chat.Pace{
			Conversation: chat.Rate{Every: time.Second, Burst: 5},
			Account:      chat.Rate{Every: 25 * time.Millisecond, Burst: 40},
		},
	}
}

// nearest is what React shows for an emoji: every Unicode one, and custom ones that a server of the bot's has.
func (c *Connector) nearest(emoji string) (string, bool) {
	if !custom(emoji) {
		return emoji, emoji != ""
	}
	_, ok := c.places.emoji("", emoji)
	return emoji, ok
}

// custom says whether an emoji is one with a name and a picture.
func custom(emoji string) bool {
	return len(emoji) > 2 && strings.HasPrefix(emoji, ":") && strings.HasSuffix(emoji, ":")
}
