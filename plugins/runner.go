package plugins

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/roost-im/roost/plugins/internal/rpc"
)

// runner has a program running when it is needed: it starts it, asks whether it is well, stops it when it is idle, and
// lets time pass before it starts one again that died.
type runner struct {
	m     *Manifest
	log   *slog.Logger
	serve func(ctx context.Context, in io.Reader, out io.Writer) error // nil: Manifest.Exec
	hello func() initialize
	greet func(result json.RawMessage) error // takes what the program declares
	call  func(s *session, c rpc.Call)       // takes a call of the program; it must not block
	pace  pace
	idle  time.Duration // after which the program is stopped; negative: never

	slots chan struct{} // of what it may be told at once; made when that is known
	turn  chan struct{} // held by who starts or stops it
	all   sync.WaitGroup
	stop  chan struct{} // closed by close

	mu      sync.Mutex
	now     *session // nil: none runs
	deaths  []time.Time
	last    error // why it died last
	refused int
	closed  bool
}

// pace is how long things may take.
type pace struct {
	start time.Duration // until initialize is answered
	ping  time.Duration // between pings, and to answer one
	grace time.Duration // to end after shutdown
	again time.Duration // before it is started again after its first death; later four times as long each
}

func usual() pace {
	return pace{start: 10 * time.Second, ping: 30 * time.Second, grace: 2 * time.Second, again: 50 * time.Millisecond}
}

// How often a program may die before it is given up.
const (
	deathsMost   = 3
	deathsWithin = 10 * time.Minute
	againMost    = time.Minute
)

// errClosed says that a plugin was closed.
var errClosed = errors.New("the plugin is closed")

func newRunner(cfg Config) *runner {
	return &runner{
		m: cfg.Manifest, log: cfg.Log, serve: cfg.Serve, pace: cfg.pace, idle: cfg.Manifest.Limits.idle(),
		turn: make(chan struct{}, 1), stop: make(chan struct{}),
	}
}

// acquire gives the session that runs, or starts one.
func (r *runner) acquire(ctx context.Context) (*session, error) {
	select {
	case r.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-r.turn }()
	r.mu.Lock()
	s, closed := r.now, r.closed
	r.mu.Unlock()
	switch {
	case closed:
		return nil, errClosed
	case s != nil && s.alive():
		return s, nil
	case s != nil:
		<-s.ended // so that its death is counted, and never two of it run
	}
	if err := r.rest(ctx); err != nil {
		return nil, err
	}
	return r.start(ctx)
}

// rest waits until a program that died may be started again. It gives an error when it died too often.
func (r *runner) rest(ctx context.Context) error {
	r.mu.Lock()
	now := time.Now()
	r.deaths = slices.DeleteFunc(r.deaths, func(t time.Time) bool { return now.Sub(t) > deathsWithin })
	n, last := len(r.deaths), r.last
	if n >= deathsMost {
		if r.refused++; r.refused >= deathsMost { // who made it be told again meanwhile means it to be tried
			r.deaths, r.refused = nil, 0
		}
		r.mu.Unlock()
		return &death{why: fmt.Errorf("died %d times within %v; the last time it %w", n, deathsWithin, last), final: true}
	}
	wait := time.Duration(0)
	if n > 0 {
		wait = time.Until(r.deaths[n-1].Add(min(r.pace.again<<(2*(n-1)), againMost)))
	}
	r.mu.Unlock()
	if wait <= 0 {
		return nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-r.stop:
		return errClosed
	}
}

// death is why a program died or could not be started. After a final one it is no use to try again.
type death struct {
	why   error
	final bool
}

func (d *death) Error() string { return d.why.Error() }

func (d *death) Unwrap() error { return d.why }

// died counts a death.
func (r *runner) died(reason error) {
	r.log.LogAttrs(context.Background(), slog.LevelWarn, "plugin died", slog.Any("error", reason))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.deaths, r.last = append(r.deaths, time.Now()), reason
}

// start starts the program and asks what it declares.
func (r *runner) start(ctx context.Context) (*session, error) {
	s, err := r.open() //nolint:contextcheck // it outlives who needed it first
	if err != nil {
		err = fmt.Errorf("did not start: %w", err)
		r.died(err) //nolint:contextcheck // a log line
		return nil, &death{why: err}
	}
	within, cancel := context.WithTimeout(ctx, r.pace.start)
	defer cancel()
	result, err := s.peer.Call(within, "initialize", r.hello())
	if err == nil {
		err = r.greet(result)
	}
	if err != nil {
		return nil, r.stillborn(ctx, s, err)
	}
	s.touch()
	r.mu.Lock()
	r.now = s
	closed := r.closed
	r.mu.Unlock()
	if closed {
		s.stop(r.pace.grace) //nolint:contextcheck // it has its own time to end
		return nil, errClosed
	}
	r.all.Go(func() { r.mind(s) }) //nolint:contextcheck // it outlives who needed it first
	return s, nil
}

// stillborn ends a program whose initialize was not answered as it should be, and says why.
func (r *runner) stillborn(ctx context.Context, s *session, err error) error {
	switch {
	case ctx.Err() != nil:
		s.over.Store(true)
	case errors.Is(err, context.DeadlineExceeded):
		err = fmt.Errorf("did not answer initialize within %v", r.pace.start)
	case s.alive():
		err = fmt.Errorf("answered initialize wrongly: %w", err)
	}
	_ = s.peer.Fail(err)
	<-s.ended
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &death{why: s.reason}
}

// mind pings the program, and stops it when it has been idle.
func (r *runner) mind(s *session) {
	idle := r.idle
	every := r.pace.ping
	if idle > 0 {
		every = min(every, idle)
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-s.ended:
			return
		case <-tick.C:
		}
		switch {
		case idle > 0 && s.idle() >= idle && r.retire(s):
			return
		case !r.slot():
		default:
			r.ping(s)
			<-r.slots
		}
	}
}

// slot takes the place of an event, so that a program is not pinged in the middle of one. ok is false when it is at work.
func (r *runner) slot() (ok bool) {
	select {
	case r.slots <- struct{}{}:
		return true
	default:
		return false
	}
}

func (r *runner) ping(s *session) {
	ctx, cancel := context.WithTimeout(context.Background(), r.pace.ping)
	defer cancel()
	if _, err := s.peer.Call(ctx, "ping", ping{}); ctx.Err() != nil && err != nil {
		_ = s.peer.Fail(fmt.Errorf("did not answer a ping within %v", r.pace.ping))
	}
}

// retire stops a session that is idle; it is false when it is needed after all.
func (r *runner) retire(s *session) bool {
	if !r.slot() {
		return false
	}
	defer func() { <-r.slots }()
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	default:
		return false
	}
	r.mu.Lock()
	if r.now == s {
		r.now = nil
	}
	r.mu.Unlock()
	s.stop(r.pace.grace)
	return true
}

func (s *session) touch() { s.used.Store(time.Now().UnixNano()) }

func (s *session) idle() time.Duration { return time.Since(time.Unix(0, s.used.Load())) }

// close stops the program, for good.
func (r *runner) close() {
	r.mu.Lock()
	closed := r.closed
	r.closed = true
	r.mu.Unlock()
	if !closed {
		close(r.stop)
	}
	r.turn <- struct{}{}
	r.mu.Lock()
	s := r.now
	r.now = nil
	r.mu.Unlock()
	if s != nil {
		s.stop(r.pace.grace)
	}
	<-r.turn
	r.all.Wait()
}

// finishUp stops a connector that receives and does no more: what it is at may be done, within the time that Run has.
func (r *runner) finishUp(s *session) {
	done := make(chan struct{})
	r.all.Go(func() {
		s.works.Wait()
		close(done)
	})
	each := r.pace.grace * 3 / 10
	wait(done, each)
	s.stop(each)
}
