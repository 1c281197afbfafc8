package webhook

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// Limits of our own: the program behind the account sets none that we know.
const (
	maxText     = 40_000      // code points of one message
	maxFiles    = 10          // files of one message
	maxFile     = 100 << 20   // bytes of a file that is sent
	maxNoted    = 1 << 20     // bytes of a file that is written down
	maxNotes    = 4           // files of one message that are written down
	parallel    = 32          // requests at once
	mostCalls   = 256         // calls of the hook at once
	mostReaders = 256         // readers at once
	toggles     = 10_000      // reactions and pins whose last state is known
	toggleLife  = time.Hour   // how long a repeat of one has the same key
	idleTime    = time.Minute // after which a connection to the program is closed
)

// Connector speaks for one program. Its methods may be called from many goroutines at once; Run may be called again after
// it has returned, but not twice at once.
type Connector struct {
	cfg     Config
	deps    bridges.Deps
	now     func() time.Time
	secrets []bridges.Secret
	traits  chat.Traits
	own     *http.Transport // to the program; nil: we were given a client
	files   *http.Client    // to wherever the program says that a file is
	states  *bridges.Cache[toggle]
	calls   chan struct{} // has a place for every call of the hook
	readers chan struct{} // and for every reader
	mounted atomic.Bool

	mu   sync.Mutex
	lost context.CancelCauseFunc // ends the Run that goes on; nil: none does
}

var (
	_ chat.Connector = (*Connector)(nil)
	_ chat.Editor    = (*Connector)(nil)
	_ chat.Deleter   = (*Connector)(nil)
	_ chat.Reactor   = (*Connector)(nil)
	_ chat.Pinner    = (*Connector)(nil)
	_ chat.Opener    = (*Connector)(nil)
	_ chat.Fetcher   = (*Connector)(nil)
	_ chat.Checker   = (*Connector)(nil)
)

// New makes a connector. It returns the faults of cfg, and does no I/O.
func New(cfg Config, deps bridges.Deps) (*Connector, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if deps.Mount == nil && cfg.journals() {
		return nil, errors.New("url: is missing, and there is no public web address where readers could fetch what is sent")
	}
	c := &Connector{
		cfg: cfg, secrets: cfg.secrets(), traits: traits(cfg), files: downloader(cfg.AllowPrivate),
		calls: make(chan struct{}, mostCalls), readers: make(chan struct{}, mostReaders),
	}
	if deps.Client == nil {
		c.own = &http.Transport{
			Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true,
			TLSHandshakeTimeout: callTime, IdleConnTimeout: idleTime, MaxIdleConnsPerHost: parallel,
		}
		deps.Client = &http.Client{Transport: c.own}
	}
	c.deps = deps.Ready()
	c.now = c.deps.Now
	c.states = bridges.NewCache[toggle](toggles, toggleLife, c.now)
	return c, nil
}

// Close lets go of idle connections.
func (c *Connector) Close() error {
	if c.own != nil {
		c.own.CloseIdleConnections()
	}
	c.files.CloseIdleConnections()
	return nil
}

// Traits says what the account can do: all that the form of its messages carries.
func (c *Connector) Traits() chat.Traits { return c.traits }

func traits(cfg Config) chat.Traits {
	both := chat.Ability{In: true, Out: true}
	t := chat.Traits{
		Platform: "Webhook",
		Text:     text.Limit{Max: maxText, Unit: text.Runes},
		Spans:    spanKinds(),
		Files:    chat.FileTraits{Count: maxFiles, Size: maxFile},
		Edit:     both, Delete: both, React: both, Pin: both,
		Reply: true, Threads: true, Typing: true, Reads: true, Cards: true, Whisper: true,
		Persona: cfg.Persona == nil || *cfg.Persona,
		Repeat:  chat.Keyed,
		Pace:    chat.Pace{Parallel: parallel},
	}
	if cfg.URL == "" {
		t.Files = chat.FileTraits{Count: maxNotes, Size: maxNoted}
	}
	return t
}

// Run receives until ctx ends, or until the program does not take our signature any more.
func (c *Connector) Run(ctx context.Context, sink chat.Sink) error {
	run, lost := context.WithCancelCause(ctx)
	defer lost(nil)
	c.mu.Lock()
	c.lost = lost
	c.mu.Unlock()
	h := &hook{c: c, sink: sink}
	defer h.shut()
	unmount, err := c.mount(run, h)
	if err != nil {
		return err
	}
	defer unmount()
	<-run.Done()
	if ctx.Err() != nil {
		return nil
	}
	return context.Cause(run)
}

// mount serves the paths below the account's name until unmount is called.
func (c *Connector) mount(run context.Context, h *hook) (unmount func(), err error) {
	var mounted []func()
	unmount = func() {
		c.mounted.Store(false)
		for _, u := range mounted {
			u()
		}
	}
	if c.deps.Mount == nil {
		return unmount, nil
	}
	serve := map[string]func(context.Context, http.ResponseWriter, *http.Request){"": h.post}
	if c.cfg.journals() {
		serve["/events"], serve["/files"] = c.serveEvents, c.serveFile
	}
	for path, f := range serve {
		path = "/" + string(c.deps.Account) + path
		u, err := c.deps.Mount(path, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f(run, w, r) }))
		if err != nil {
			unmount()
			return nil, &chat.Error{Op: "webhook: mount " + path, Kind: chat.Transient, Err: err}
		}
		mounted = append(mounted, u)
	}
	c.mounted.Store(true)
	return unmount, nil
}

// addresses are the path and query of a request, as it came and as the world wrote it in front of a proxy that takes a
// part of the path away.
func (c *Connector) addresses(r *http.Request) []string {
	seen := []string{r.URL.RequestURI()}
	if u, err := url.Parse(c.deps.Public); err == nil && u.Host != "" {
		u = u.JoinPath(string(c.deps.Account), pathEnd(r.URL.Path))
		u.RawQuery = r.URL.RawQuery
		seen = append(seen, u.RequestURI())
	}
	return seen
}

// end has the Run that goes on return err.
func (c *Connector) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost != nil {
		c.lost(err)
	}
}

// merged is a context that ends with either of two.
func merged(a, b context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(a)
	stop := context.AfterFunc(b, cancel)
	return ctx, func() { stop(); cancel() }
}
