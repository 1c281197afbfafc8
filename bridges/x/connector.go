package x

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x/internal/api"
	"github.com/roost-im/roost/bridges/x/internal/dm"
	"github.com/roost-im/roost/bridges/x/internal/encrypted"
	"github.com/roost-im/roost/router/chat"
)

// Connector speaks for one X account. It implements chat.Connector, chat.Editor, chat.Deleter, chat.Reactor, chat.Typer,
// chat.Finder, chat.Fetcher, chat.Checker and io.Closer. X's classic messages can't be edited, deleted for the other side, or
// reacted to; those calls are unsupported (chat.IsUnsupported) for them.
type Connector struct {
	cfg     Config
	account chat.Account
	log     *slog.Logger
	keep    bridges.Keeper
	mount   func(path string, h http.Handler) (unmount func(), err error)
	skip    func(kind string, raw []byte)
	now     func() time.Time
	made    time.Time // where a first start begins

	api     *api.Client
	purse   *api.Purse
	people  *api.People
	recent  *dm.Recent
	dm      *classic
	chat    atomic.Pointer[encrypted.Transport] // nil: the account has no keys for encrypted messages, or nobody has looked yet
	making  sync.Mutex                          // held while chat is made
	keyless atomic.Bool                         // somebody has looked, and there were no keys
	pace    pace

	turn   chan struct{} // holds one: whose turn it is to poll
	polled bool          // something was polled; whoever has the turn may touch it
	kick   chan struct{} // asks for a poll now
	chats  chan struct{} // asks for a poll of encrypted messages now

	errands sync.WaitGroup // what nobody waits for but Close

	former atomic.Bool // challenges are answered with the consumer secret although there is a client secret

	mu   sync.Mutex
	self *api.User // who is logged in; nil: not asked yet
}

// runEnds is how long Run may take after ctx ended, less some room.
const runEnds = 1500 * time.Millisecond

// pace is how long things take; tests make it shorter.
type pace struct {
	first, most time.Duration // between tries after a failure
	quiet       time.Duration // without a sign of life, a stream is dead: three keep-alives
	check       time.Duration // between looks at the webhook
}

// New makes the connector of an account. It does no I/O. Its errors are those of Config.Validate.
func New(cfg Config, deps bridges.Deps) (*Connector, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", deps.Account, err)
	}
	if cfg.Receive == Webhook && deps.Mount == nil {
		return nil, fmt.Errorf("%s: receive: webhook needs a public web address", deps.Account)
	}
	deps = deps.Ready()
	cfg = cfg.withDefaults(deps.Account.Name())
	if cfg.WebhookURL == "" && deps.Public != "" && webhookAddress(deps.Public) {
		cfg.WebhookURL = deps.Public + cfg.WebhookPath
	}
	c := &Connector{
		cfg: cfg, account: deps.Account, log: deps.Log, keep: deps.Keep,
		mount: deps.Mount, skip: deps.Skip, now: deps.Now,
		recent: dm.NewRecent(), turn: make(chan struct{}, 1), kick: make(chan struct{}, 1), chats: make(chan struct{}, 1),
		pace: pace{first: time.Second, most: 5 * time.Minute, quiet: time.Minute, check: time.Hour},
	}
	c.made = c.now()
	c.api = api.New(c.cfg.credentials(), deps)
	c.purse = api.NewPurse(api.Budget(c.cfg.Budget), api.Prices(c.cfg.Prices), c.keep, c.now)
	c.people = api.NewPeople(c.api, c.purse, c.now)
	c.dm = newClassic(c)
	return c, nil
}

// Close waits, 20 seconds at most, until a login that is being refreshed is kept, because X gives the new one only once,
// and until what was begun in the background is done; then it lets go of idle connections.
func (c *Connector) Close() error {
	c.api.Settle(api.RefreshTime)
	c.errands.Wait()
	c.api.CloseIdle()
	return nil
}

// errandTime is how long an errand may take.
const errandTime = 10 * time.Second

// errand does something that nobody waits for but Close.
func (c *Connector) errand(ctx context.Context, do func(context.Context)) {
	c.errands.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), errandTime)
		defer cancel()
		do(ctx)
	})
}

// Traits says what the account can do: with keys for encrypted messages, what those can. As long as nobody has looked whether
// it has keys, it lets be tried what they would do, so that an edit that waited for a start is not taken for one that can't be.
func (c *Connector) Traits() chat.Traits {
	live, sealed := c.cfg.Receive != Poll, c.chat.Load() != nil
	both := chat.Ability{In: sealed, Out: sealed || c.cfg.Chat != ChatOff && !c.keyless.Load()}
	return chat.Traits{
		Platform: "X",
		Text:     dm.TextLimit(),
		Size:     dm.Size,
		Files:    dm.FileTraits(),
		Edit:     both,
		Delete:   both,
		React:    both,
		Reply:    sealed,
		Typing:   live,
		Types:    sealed,
		Reads:    live,
		Repeat:   chat.ReadBack,
		CatchUp:  reach,
		Pace:     chat.Pace{Account: chat.Rate{Every: api.Window / windowCalls, Burst: windowCalls}, Parallel: 4},
	}
}

// notice has Run find out that the account is logged out or has no credit, which a poll might only do much later.
func (c *Connector) notice(err error) {
	if k := chat.KindOf(err); err != nil && (k == chat.LoggedOut || k == chat.Unfunded) {
		c.wake()
	}
}

// Run receives until ctx ends. It returns an error when the account is logged out or has no credit left, when X refuses
// what receiving needs, or when the webhook can't be set up; it waits out everything else itself.
func (c *Connector) Run(ctx context.Context, sink chat.Sink) error {
	defer c.api.Settle(runEnds)
	var me api.User
	err := c.persist(ctx, func(ctx context.Context) (err error) {
		me, err = c.me(ctx)
		return err
	})
	if err != nil {
		return ended(ctx, err)
	}
	c.log.LogAttrs(ctx, slog.LevelInfo, "account came", slog.String("handle", me.Username))
	if err := c.persist(ctx, func(ctx context.Context) error { _, err := c.encrypted(ctx); return err }); err != nil {
		return ended(ctx, err)
	}
	run, runCtx := errgroup.WithContext(ctx)
	run.Go(func() error {
		return c.poll(runCtx, c.kick, func(ctx context.Context) error { return c.catchUp(ctx, sink) })
	})
	if c.cfg.Chat != ChatOff {
		run.Go(func() error {
			return c.poll(runCtx, c.chats, func(ctx context.Context) error { return c.catchUpChat(ctx, sink) })
		})
	}
	switch c.cfg.Receive {
	case Stream:
		run.Go(func() error { return c.stream(runCtx, sink, me.ID) })
	case Webhook:
		run.Go(func() error { return c.webhook(runCtx, sink, me.ID) })
	}
	return ended(ctx, run.Wait())
}

// ended is nil when err is only the end of ctx.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// persist tries until it works, ctx ends, or going on is pointless.
func (c *Connector) persist(ctx context.Context, try func(context.Context) error) error {
	wait := bridges.Backoff{First: c.pace.first, Most: c.pace.most}
	for {
		err := try(ctx)
		if err == nil {
			return nil
		}
		if err := wait.Wait(ctx, err); err != nil {
			return err
		}
	}
}

// me is who is logged in. It is asked once.
func (c *Connector) me(ctx context.Context) (api.User, error) {
	c.mu.Lock()
	known := c.self
	c.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	u, err := api.Whoami(ctx, c.api)
	if err != nil {
		return api.User{}, err
	}
	c.purse.Shown(ctx, nil, []string{u.ID})
	c.people.Learn([]api.User{u})
	c.mu.Lock()
	c.self = &u
	c.mu.Unlock()
	return u, nil
}

// as is the account among people, with the user ID that it has.
func (c *Connector) as(id string) dm.Self {
	s := dm.Self{Account: c.account, ID: id, People: c.people}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.self != nil {
		s.Handle = c.self.Username
	}
	return s
}

// reader reads events for the account that is logged in.
func (c *Connector) reader(id string) reader { return reader{c.as(id)} }
