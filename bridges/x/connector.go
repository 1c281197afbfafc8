package x

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

// Connector speaks for one X account. It implements chat.Connector, chat.Finder, chat.Fetcher, chat.Checker and io.Closer; X's
// classic messages can't be edited, deleted for the other side, or reacted to.
type Connector struct {
	cfg     Config
	account chat.Account
	log     *slog.Logger
	keep    bridges.Keeper
	mount   func(path string, h http.Handler) (unmount func(), err error)
	skip    func(kind string, raw []byte)
	now     func() time.Time
	made    time.Time // where a first start begins

	api    *api
	purse  *purse
	people *people
	recent *recent
	dm     transport
	pace   pace

	turn   chan struct{} // holds one: whose turn it is to poll
	polled bool          // something was polled; whoever has the turn may touch it
	kick   chan struct{} // asks for a poll now

	former atomic.Bool // challenges are answered with the consumer secret although there is a client secret

	mu   sync.Mutex
	self *user // who is logged in; nil: not asked yet
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
		recent: newRecent(), turn: make(chan struct{}, 1), kick: make(chan struct{}, 1),
		pace: pace{first: time.Second, most: 5 * time.Minute, quiet: time.Minute, check: time.Hour},
	}
	c.made = c.now()
	c.api = newAPI(c.cfg, deps)
	c.purse = &purse{budget: c.cfg.Budget, prices: c.cfg.Prices, keep: c.keep, now: c.now}
	c.people = newPeople(c.api, c.purse, c.now)
	c.dm = newClassic(c)
	return c, nil
}

// newAPI makes calls with the credentials of the settings. deps is ready.
func newAPI(cfg Config, deps bridges.Deps) *api {
	a := &api{base: cfg.APIURL, client: deps.Client, now: deps.Now}
	if cfg.consumerOnly() {
		a.user = newTokens(cfg, deps)
	} else {
		a.user = newSigner(cfg, deps.Client)
	}
	if !cfg.BearerToken.IsZero() {
		a.app = &bearer{client: deps.Client, token: cfg.BearerToken}
	}
	return a
}

// Close waits, 20 seconds at most, until a login that is being refreshed is kept, because X gives the new one only once,
// and lets go of idle connections.
func (c *Connector) Close() error {
	c.settle(refreshTime)
	c.api.client.CloseIdleConnections()
	return nil
}

// settle waits for a refresh that is under way.
func (c *Connector) settle(most time.Duration) {
	if t, ok := c.api.user.(*tokens); ok {
		t.idle(most)
	}
}

// Traits says what X's classic direct messages can do.
func (c *Connector) Traits() chat.Traits {
	live := c.cfg.Receive != Poll
	return chat.Traits{
		Platform: "X",
		Text:     textLimit(),
		Size:     size,
		Files:    fileTraits(),
		Typing:   live,
		Reads:    live,
		Repeat:   chat.ReadBack,
		CatchUp:  reach,
		Pace:     chat.Pace{Account: chat.Rate{Every: window / windowCalls, Burst: windowCalls}, Parallel: 4},
	}
}

// Post writes one direct message. The persona is not shown: the account speaks for its team.
func (c *Connector) Post(ctx context.Context, p chat.Post) (chat.Receipt, error) {
	r, err := c.dm.post(ctx, p)
	c.notice(err)
	return r, err
}

// notice has Run find out that the account is logged out or has no credit, which a poll might only do much later.
func (c *Connector) notice(err error) {
	if k := chat.KindOf(err); err != nil && (k == chat.LoggedOut || k == chat.Unfunded) {
		c.wake()
	}
}

// Find tells whether a Post arrived at or after since, by reading the conversation back.
func (c *Connector) Find(ctx context.Context, a chat.Action, since time.Time) (chat.Receipt, bool, error) {
	p, ok := a.(chat.Post)
	if !ok {
		return chat.Receipt{}, false, chat.Unsupported("x: find", "only posts can be found again")
	}
	r, found, err := c.dm.find(ctx, p, since)
	c.notice(err)
	return r, found, err
}

// Fetch opens the bytes of a file that arrived.
func (c *Connector) Fetch(ctx context.Context, f chat.File) (io.ReadCloser, error) {
	r, err := c.dm.fetch(ctx, f)
	c.notice(err)
	return r, err
}

// Run receives until ctx ends. It returns an error when the account is logged out or has no credit left, when X refuses
// what receiving needs, or when the webhook can't be set up; it waits out everything else itself.
func (c *Connector) Run(ctx context.Context, sink chat.Sink) error {
	defer c.settle(runEnds)
	var me user
	err := c.persist(ctx, func(ctx context.Context) (err error) {
		me, err = c.me(ctx)
		return err
	})
	if err != nil {
		return ended(ctx, err)
	}
	c.log.LogAttrs(ctx, slog.LevelInfo, "account came", slog.String("handle", me.Username))
	run, runCtx := errgroup.WithContext(ctx)
	run.Go(func() error { return c.poll(runCtx, sink) })
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
func (c *Connector) me(ctx context.Context) (user, error) {
	c.mu.Lock()
	known := c.self
	c.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	u, err := whoami(ctx, c.api)
	if err != nil {
		return user{}, err
	}
	c.purse.shown(ctx, nil, []string{u.ID})
	c.people.learn([]user{u})
	c.mu.Lock()
	c.self = &u
	c.mu.Unlock()
	return u, nil
}

// reader reads events for the account that is logged in.
func (c *Connector) reader(self string) reader {
	r := reader{account: c.account, self: self, people: c.people}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.self != nil {
		r.handle = c.self.Username
	}
	return r
}
