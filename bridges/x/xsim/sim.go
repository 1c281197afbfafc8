package xsim

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/roost-im/roost/bridges/simkit"
)

// Config is how a simulator starts. Every zero value is a default that works.
type Config struct {
	ConsumerKey, ConsumerSecret string // of OAuth 1.0a and of one signature of webhooks; "sim-consumer-key", "sim-consumer-secret"
	ClientID, ClientSecret      string // of OAuth 2.0 and of the other signature of webhooks; "sim-client-id", "sim-client-secret"
	PublicClient                bool   // the OAuth 2.0 client has no secret and names itself in the body
	BearerToken                 string // the app-only token; "sim-app-bearer"
	AppID                       string // what oauth.revoke names; "29820954"

	Now  func() time.Time                   // the clock; time.Now
	URL  string                             // base of links before Start is called; "http://127.0.0.1"
	Wrap func(http.Handler) http.Handler    // put round the API, e.g. a check against the published description
	Dial func(*http.Transport) *http.Client // makes the client that calls webhooks; a plain client that follows no redirect

	Limits   Limits        // the windows; X's published ones
	CodeTTL  time.Duration // life of an authorization code; 30 s
	TokenTTL time.Duration // life of an access token; 2 h
	MediaTTL time.Duration // life of an upload, also one of an encrypted chat; 24 h
	History  time.Duration // how far back lookups reach; 30 days

	ChatContents int   // most sealed bytes of an encrypted message; 128 KiB, as X tells no number
	ChatMedia    int64 // most sealed bytes of an encrypted file; 512 MiB, as X tells no number
	ChatRead     Money // an event of an encrypted chat that is looked up, once per UTC day; free, as X names no price
	ChatSend     Money // an encrypted message that is sent; free, as X names no price

	KeepAlive       time.Duration // between blank lines on a stream; 20 s
	StreamRoom      int           // events that may wait for a slow reader of a stream before it is cut off; 20,000
	ProcessingPolls int           // status calls until a video is ready; 2
	CheckAfterSecs  int           // what the status answers as the wait; 1
	StrictWebhooks  bool          // webhook URLs must be https without a port, as in life; otherwise loopback http is taken
	WebhookTimeout  time.Duration // for one delivery or check; 10 s
	WebhookTries    int           // attempts per delivery; 3
	WebhookBackoff  time.Duration // wait before the second attempt, doubled each time; 1 s
}

// Sim is one simulated X. All methods are safe for concurrent use.
type Sim struct {
	View
	cfg     Config
	handler http.Handler
	spawn   func(func(context.Context)) // starts a goroutine that Close waits for
	stop    context.CancelFunc
	done    chan struct{} // closed by Close
	caller  *http.Client  // calls webhooks
	group   sync.WaitGroup

	mu      sync.Mutex // guards everything below
	server  *http.Server
	url     string
	closed  bool
	changes simkit.Changes

	lastID        int64
	users         map[string]*User
	order         []string // user ids as they came
	conversations map[string]*conversation
	events        []*event // all, oldest first
	byID          map[string]*event
	blocks        map[[2]string]bool // blocker, blocked
	encrypted     map[string]bool    // user ids
	uploads       map[string]*media
	failUploads   int

	oauth1  map[string]*grant // by token
	access  map[string]*grant
	refresh map[string]*grant
	codes   map[string]*code
	nonces  map[string]time.Time
	swept   time.Time // when old nonces were last forgotten
	auto    string    // who authorizes at once

	limits   Limits
	windows  map[windowKey]*window
	credit   *Money
	spent    Money
	billed   map[string]bool
	billDay  string
	faults   simkit.Faults[Fault]
	requests []Request

	subscriptions []*subscription
	webhooks      []*webhook
	streams       []*stream
	finished      []*stream // closed ones, for the connection history
	history       []*delivery
	held          []*delivery
	attempts      []Delivery
	holding       bool
	twice         bool
	refusing      bool
	oldNames      bool
	failHooks     int
	losing        int // events that will never be told
	chats         chats
}

// New makes a simulator that listens nowhere yet: use Start, or serve Handler yourself. Close it in either case.
func New(cfg Config) *Sim {
	cfg = withDefaults(cfg)
	ctx, stop := context.WithCancel(context.Background())
	s := &Sim{
		cfg: cfg, stop: stop, done: make(chan struct{}), url: cfg.URL,
		users: map[string]*User{}, conversations: map[string]*conversation{}, byID: map[string]*event{},
		blocks: map[[2]string]bool{}, encrypted: map[string]bool{}, uploads: map[string]*media{},
		oauth1: map[string]*grant{}, access: map[string]*grant{}, refresh: map[string]*grant{}, codes: map[string]*code{},
		nonces: map[string]time.Time{}, limits: cfg.Limits, windows: map[windowKey]*window{}, billed: map[string]bool{},
	}
	s.chats = newChats()
	s.View = View{sim: s}
	s.spawn = func(run func(context.Context)) { s.group.Go(func() { run(ctx) }) }
	transport := &http.Transport{DisableKeepAlives: true}
	if cfg.Dial != nil {
		s.caller = cfg.Dial(transport)
	} else {
		s.caller = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}}
	}
	s.handler = s.routes()
	if cfg.Wrap != nil {
		s.handler = cfg.Wrap(s.handler)
	}
	s.handler = s.tracked(s.handler)
	return s
}

// tracked makes Close wait for the calls that are under way.
func (s *Sim) tracked(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		closed := s.closed
		if !closed {
			s.group.Add(1)
		}
		s.mu.Unlock()
		if closed {
			http.Error(w, "the simulator is closed", http.StatusServiceUnavailable)
			return
		}
		defer s.group.Done()
		next.ServeHTTP(w, r)
	})
}

func withDefaults(cfg Config) Config {
	text := func(p *string, def string) {
		if *p == "" {
			*p = def
		}
	}
	text(&cfg.ConsumerKey, "sim-consumer-key")
	text(&cfg.ConsumerSecret, "sim-consumer-secret")
	text(&cfg.ClientID, "sim-client-id")
	text(&cfg.ClientSecret, "sim-client-secret")
	text(&cfg.BearerToken, "sim-app-bearer")
	text(&cfg.AppID, "29820954")
	text(&cfg.URL, "http://127.0.0.1")
	span := func(p *time.Duration, def time.Duration) {
		if *p == 0 {
			*p = def
		}
	}
	span(&cfg.CodeTTL, 30*time.Second)
	span(&cfg.TokenTTL, 2*time.Hour)
	span(&cfg.MediaTTL, 24*time.Hour)
	span(&cfg.History, 30*24*time.Hour)
	span(&cfg.KeepAlive, 20*time.Second)
	span(&cfg.WebhookTimeout, 10*time.Second)
	span(&cfg.WebhookBackoff, time.Second)
	count := func(p *int, def int) {
		if *p == 0 {
			*p = def
		}
	}
	count(&cfg.StreamRoom, 2*maxHistory)
	count(&cfg.ProcessingPolls, 2)
	count(&cfg.CheckAfterSecs, 1)
	count(&cfg.WebhookTries, 3)
	count(&cfg.ChatContents, 128<<10)
	if cfg.ChatMedia == 0 {
		cfg.ChatMedia = 512 << 20
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return cfg
}

// ErrNotLoopback is what Start says to an address that other machines could reach: the tokens here are no secrets.
var ErrNotLoopback = errors.New("xsim: listens on loopback only")

// Start listens on addr, a loopback address such as "127.0.0.1:0", and serves until Close.
func (s *Sim) Start(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("xsim: listen address: %w", err)
	}
	if ip, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !ip.IsLoopback()) {
		return fmt.Errorf("%w, not on %q", ErrNotLoopback, addr)
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(context.Background(), "tcp", addr)
	if err != nil {
		return fmt.Errorf("xsim: %w", err)
	}
	server := &http.Server{Handler: s.handler, ReadHeaderTimeout: 10 * time.Second}
	s.mu.Lock()
	s.server, s.url = server, "http://"+listener.Addr().String()
	s.mu.Unlock()
	s.group.Go(func() { _ = server.Serve(listener) }) // ends with ErrServerClosed
	return nil
}

// URL is the base that a client's base URL is set to, without a slash at the end.
func (s *Sim) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.url
}

// Handler is the whole API, for a server of the caller's.
func (s *Sim) Handler() http.Handler { return s.handler }

// Close ends the server, every stream, every hanging call and every webhook worker, and waits for them. What was said
// can still be read afterwards.
func (s *Sim) Close() {
	s.mu.Lock()
	server := s.server
	if !s.closed {
		s.closed = true
		close(s.done)
	}
	s.mu.Unlock()
	s.stop()
	if server != nil {
		_ = server.Close()
	}
	s.caller.CloseIdleConnections()
	s.group.Wait()
}

// bump tells everyone who waits that something changed; mu is held.
func (s *Sim) bump() {
	s.changes.Bump()
}

// The epoch of X's ids, in milliseconds.
const snowflakeEpoch = 1288834974657

// nextID gives an id that is larger than all before it and tells its own time; mu is held.
func (s *Sim) nextID() string {
	id := (s.cfg.Now().UnixMilli() - snowflakeEpoch) << 22
	s.lastID = max(s.lastID+1, id)
	return fmt.Sprint(s.lastID)
}

// secret makes n random bytes in hex.
func secret(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
