package plugins

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/roost-im/roost/plugins/internal/child"
	"github.com/roost-im/roost/plugins/internal/rpc"
)

// session is one run of a program, from its start to its end.
type session struct {
	peer   *rpc.Peer
	end    func() // ends the program at once
	hangUp func() // closes its input
	ended  chan struct{}
	over   atomic.Bool // it is meant to end
	used   atomic.Int64
	works  sync.WaitGroup // what a connector is doing
	says   *says
	// errands are what the program asks for unbidden.
	errands chan func()

	mu      sync.Mutex
	running map[string]*hearing // by the event's ID

	reason error // why it ended; to be read when ended is closed
}

// silentFor is how long a program that has closed its output has to end.
const silentFor = 100 * time.Millisecond

// open starts the program.
func (r *runner) open() (*session, error) {
	s := &session{ended: make(chan struct{}), running: map[string]*hearing{}, says: newSays(r.log), errands: make(chan func(), errandsMax)}
	if r.serve != nil {
		r.openHere(s)
		r.all.Go(s.runErrands)
		return s, nil
	}
	c, err := child.Start(child.Config{Exec: r.m.Exec, Folder: r.m.Folder, Env: r.m.environment(), Memory: r.m.Limits.Memory})
	if err != nil {
		return nil, err
	}
	s.end, s.hangUp = c.Kill, func() { _ = c.In.Close() }
	s.peer = rpc.New(r.peerConfig(s, c.Out, c.In, func() {
		if errors.Is(s.peer.Cause(), rpc.ErrSilent) {
			wait(c.Ended(), silentFor)
		}
		c.Kill()
	}))
	r.all.Go(func() {
		var heard sync.WaitGroup
		heard.Go(func() { s.says.copy(c.Err) })
		cause := s.peer.Run()
		how := c.How()
		heard.Wait()
		_ = c.Close()
		if errors.Is(cause, rpc.ErrSilent) && c.Exited() || errors.Is(cause, os.ErrDeadlineExceeded) {
			cause = errors.New(how)
		}
		r.finish(s, s.says.after(cause))
	})
	r.all.Go(s.runErrands)
	return s, nil
}

// openHere runs the program in this process.
func (r *runner) openHere(s *session) {
	theirIn, in := io.Pipe()
	out, theirOut := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	s.hangUp = func() { _ = in.Close() }
	s.end = func() {
		cancel()
		_ = in.Close()
		_ = out.Close()
	}
	s.peer = rpc.New(r.peerConfig(s, out, in, s.end))
	r.all.Go(func() { _ = theirOut.CloseWithError(r.serve(ctx, theirIn, theirOut)) })
	r.all.Go(func() { r.finish(s, s.peer.Run()) })
}

func (r *runner) peerConfig(s *session, in io.Reader, out io.Writer, abort func()) rpc.Config {
	return rpc.Config{
		In: in, Out: out, Line: r.m.Limits.Line, Abort: abort,
		Call:  func(c rpc.Call) { r.call(s, c) },
		Stray: func(line []byte, why string) { s.says.stray(line, why) },
	}
}

// environment is what the program gets besides PATH.
func (m *Manifest) environment() []string {
	env := make([]string, 0, len(m.Env))
	for name, value := range m.Env {
		env = append(env, name+"="+value)
	}
	return env
}

// finish ends a session: its reason is there for whoever waits.
func (r *runner) finish(s *session, reason error) {
	s.reason = reason
	if !s.over.Load() {
		r.died(reason)
	}
	close(s.ended)
}

// stop asks the program to end, and ends it when it does not within grace.
func (s *session) stop(grace time.Duration) {
	s.over.Store(true)
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	_, err := s.peer.Call(ctx, "shutdown", shutdown{Deadline: grace.Seconds()})
	deaf := err != nil && ctx.Err() != nil
	cancel()
	if !deaf {
		s.hangUp()
		wait(s.ended, grace)
	}
	_ = s.peer.Fail(rpc.ErrStopped)
	<-s.ended
}

// wait waits for a signal, for a time.
func wait(c <-chan struct{}, most time.Duration) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-c:
	case <-timer.C:
	}
}

// alive says whether the program can be told something.
func (s *session) alive() bool {
	select {
	case <-s.peer.Failed():
		return false
	default:
		return !s.over.Load()
	}
}

// died says why a program died, once that is known.
func (s *session) died() error {
	<-s.ended
	return s.reason
}

// says takes what a program says besides the protocol to the log, as much as is put up with.
type says struct {
	log   *slog.Logger
	limit *rate.Limiter

	mu      sync.Mutex
	last    string // the last line of its standard error, or that in which it says why it dies
	dropped int
}

// What is put up with.
const (
	saysEvery, saysBurst = time.Second / 20, 200
	saidMax              = 2000 // bytes of a line
	lastMax              = 200
)

func newSays(log *slog.Logger) *says {
	return &says{log: log, limit: rate.NewLimiter(rate.Every(saysEvery), saysBurst)}
}

// failure matches the line in which a program says why it dies, which in most languages is not the last one.
var failure = regexp.MustCompile(`^(?:panic|fatal error|(?:[A-Z]\w*)?(?:Error|Exception)): `)

// copy logs what a program writes to its standard error, until there is nothing more.
func (o *says) copy(r io.Reader) {
	buf := make([]byte, 0, saidMax)
	one := make([]byte, 8<<10)
	for {
		n, err := r.Read(one)
		for _, b := range one[:n] {
			switch {
			case b == '\n':
				o.line(string(buf))
				buf = buf[:0]
			case len(buf) < saidMax:
				buf = append(buf, b)
			}
		}
		if err != nil {
			o.line(string(buf))
			return
		}
	}
}

func (o *says) line(line string) {
	line = strings.ToValidUTF8(strings.TrimSpace(line), "\uFFFD")
	if line == "" {
		return
	}
	o.mu.Lock()
	if !failure.MatchString(o.last) || failure.MatchString(line) {
		o.last = line
	}
	o.mu.Unlock()
	o.write(slog.LevelInfo, "plugin says", slog.String("line", line))
}

// stray logs a line of the program's output that is not of the protocol.
func (o *says) stray(line []byte, why string) {
	words := strings.ToValidUTF8(string(line[:min(len(line), saidMax)]), "\uFFFD")
	o.write(slog.LevelWarn, "plugin wrote a stray line", slog.String("line", words), slog.String("why", why))
}

func (o *says) write(level slog.Level, what string, attrs ...slog.Attr) {
	if !o.limit.Allow() {
		o.mu.Lock()
		o.dropped++
		o.mu.Unlock()
		return
	}
	o.mu.Lock()
	dropped := o.dropped
	o.dropped = 0
	o.mu.Unlock()
	if dropped > 0 {
		attrs = append(attrs, slog.Int("dropped", dropped))
	}
	o.log.LogAttrs(context.Background(), level, what, attrs...) //nolint:sloglint // what is one of two constants
}

// after is a reason with the last words of the program behind it.
func (o *says) after(reason error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.last == "" {
		return reason
	}
	return fmt.Errorf("%w; its last words: %s", reason, o.last[:min(len(o.last), lastMax)])
}

// initialize is the first call of all.
type initialize struct {
	API     []int           `json:"api"`
	Bot     string          `json:"bot,omitempty"`
	Account string          `json:"account,omitempty"`
	Config  json.RawMessage `json:"config"`
	Locale  string          `json:"locale"`
	Text    string          `json:"text"` // always empty: see package doc
}

type configure struct {
	Config json.RawMessage `json:"config"`
	Text   string          `json:"text"`
}

type ping struct {
	Text string `json:"text"`
}

type shutdown struct {
	Deadline float64 `json:"deadline"` // seconds
	Text     string  `json:"text"`
}
