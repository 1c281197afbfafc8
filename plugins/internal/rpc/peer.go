package rpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Config is what a Peer needs.
type Config struct {
	In   io.Reader // what the far side writes
	Out  io.Writer // what it reads
	Line int       // the longest line that it may write, in bytes; 0: LineMax

	Call  func(c Call)                     // takes a call; it must not block. It runs in the order of the lines
	Stray func(line []byte, reason string) // takes a line that is no message, or that nobody waits for
	Abort func()                           // ends the far side, so that In ends and Out no longer blocks; called once
}

// Peer is one side of a connection. Make it with New and Run it. It is safe for concurrent use.
type Peer struct {
	cfg   Config
	calls *rate.Limiter // what it may call
	waste *rate.Limiter // what it may write that nobody wants

	queue  chan []byte
	out    sync.Mutex    // held by who writes
	ended  chan struct{} // closed when Run has ended
	failed chan struct{} // closed when it is given up

	mu     sync.Mutex
	last   int64 // the ID of our last call
	waits  map[int64]func(Answer)
	queued int // bytes
	cause  error
}

// How much of what nobody asked for is put up with, and how long a far side may take to read a line.
const (
	callsEvery, callsBurst = time.Second / 2000, 5000
	wasteEvery, wasteBurst = time.Second / 100, 1000
	deafAfter              = 5 * time.Second
)

// New makes a Peer; Run makes it work.
func New(cfg Config) *Peer {
	if cfg.Line <= 0 {
		cfg.Line = LineMax
	}
	return &Peer{
		cfg:   cfg,
		calls: rate.NewLimiter(rate.Every(callsEvery), callsBurst),
		waste: rate.NewLimiter(rate.Every(wasteEvery), wasteBurst),
		queue: make(chan []byte, queueMax), ended: make(chan struct{}), failed: make(chan struct{}),
		waits: map[int64]func(Answer){},
	}
}

// Run reads until there is nothing more to read, or the far side is given up, and says why. All calls that wait then get
// that reason, before Run returns.
func (p *Peer) Run() error {
	var writer sync.WaitGroup
	writer.Go(p.write)
	err := p.read()
	if errors.Is(err, io.EOF) {
		err = ErrSilent
	}
	err = p.Fail(err)
	writer.Wait()
	p.mu.Lock()
	waits := p.waits
	p.waits = nil
	p.mu.Unlock()
	for _, done := range waits {
		done(Answer{Err: err})
	}
	close(p.ended)
	return err
}

// Fail gives the far side up for a reason. The first reason counts; it is returned.
func (p *Peer) Fail(reason error) error {
	p.mu.Lock()
	first := p.cause == nil
	if first {
		p.cause = reason
	}
	cause := p.cause
	p.mu.Unlock()
	if first {
		close(p.failed)
		if p.cfg.Abort != nil {
			p.cfg.Abort()
		}
	}
	return cause
}

// Ended is closed when Run has returned.
func (p *Peer) Ended() <-chan struct{} { return p.ended }

// Failed is closed as soon as the far side is given up.
func (p *Peer) Failed() <-chan struct{} { return p.failed }

// Cause is why it was given up; nil as long as it is not.
func (p *Peer) Cause() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cause
}

// Go calls the far side. done is called once, with its answer or with why there is none, from the goroutine that reads; it
// must not block.
func (p *Peer) Go(method string, params any, done func(Answer)) error {
	p.mu.Lock()
	if p.waits == nil || p.cause != nil {
		p.mu.Unlock()
		return ErrStopped
	}
	p.last++
	id := p.last
	p.waits[id] = done
	p.mu.Unlock()
	err := p.send(outgoing{ID: strconv.AppendInt(nil, id, 10), Method: method, Params: params}, true)
	if err != nil {
		p.take(id)
	}
	return err
}

// Call calls the far side and waits for its answer. When ctx ends before, the answer is dropped.
func (p *Peer) Call(ctx context.Context, method string, params any) (json.RawMessage, error) {
	got := make(chan Answer, 1)
	if err := p.Go(method, params, func(a Answer) { got <- a }); err != nil {
		return nil, err
	}
	select {
	case a := <-got:
		return a.Result, a.Err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Answer answers a call with result, or with err when it is one. A call that wants no answer gets none.
func (p *Peer) Answer(c Call, result any, err error) {
	if c.ID == nil {
		return
	}
	m := outgoing{ID: c.ID}
	if err != nil {
		e, ok := errors.AsType[*Error](err)
		if !ok {
			e = &Error{Code: Failed, Message: err.Error()}
		}
		m.Error = e
	} else if m.Result = result; result == nil {
		m.Result = struct{}{}
	}
	_ = p.send(m, false) // it may be the goroutine that reads; who does not read is given up by send itself
}

// send writes a line, when nobody else writes and now is true, or queues it. Who lets the queue get full is given up.
func (p *Peer) send(m outgoing, now bool) error {
	m.Version = "2.0"
	line, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("write %s: %w", m.Method, err)
	}
	line = append(line, '\n')
	if now && p.out.TryLock() { // a change of goroutine is saved
		defer p.out.Unlock()
		if len(p.queue) == 0 {
			p.put(line)
			return nil
		}
	}
	p.mu.Lock()
	full := p.queued+len(line) > queueSize
	if !full {
		p.queued += len(line)
	}
	p.mu.Unlock()
	if !full {
		select {
		case p.queue <- line:
			return nil
		case <-p.failed:
			return ErrStopped
		default:
		}
	}
	return p.Fail(ErrDeaf)
}

// write writes what is queued until the far side is given up.
func (p *Peer) write() {
	for {
		select {
		case line := <-p.queue:
			p.out.Lock()
			p.put(line)
			p.out.Unlock()
			p.mu.Lock()
			p.queued -= len(line)
			p.mu.Unlock()
		case <-p.failed:
			return
		}
	}
}

// put writes a line. Whoever does not read it is given up; that it can't be written any more is no reason, because what the
// far side still writes is read.
func (p *Peer) put(line []byte) {
	deaf := time.AfterFunc(deafAfter, func() { _ = p.Fail(ErrDeaf) })
	defer deaf.Stop()
	_, _ = p.cfg.Out.Write(line)
}

func (p *Peer) read() error {
	lines := NewLines(p.cfg.In, p.cfg.Line)
	for {
		line, err := lines.Next()
		if err != nil {
			return err
		}
		if err := p.line(line); err != nil {
			return err
		}
		if err := p.Cause(); err != nil {
			return err
		}
	}
}

// line takes one line. Its error is ErrFlood.
func (p *Peer) line(line []byte) error {
	m, ok := parse(line)
	switch {
	case !ok:
		if len(line) > 0 {
			p.cfg.Stray(line, "it is no message")
		}
	case m.Method != "":
		if !p.calls.Allow() {
			return fmt.Errorf("%w: more than %d calls a second", ErrFlood, time.Second/callsEvery)
		}
		p.cfg.Call(Call{ID: m.ID, Method: m.Method, Params: m.Params})
		return nil
	default:
		id, err := strconv.ParseInt(string(m.ID), 10, 64)
		done := p.take(id)
		if err == nil && done != nil {
			a := Answer{Result: m.Result}
			if m.Error != nil {
				a.Err = m.Error
			}
			done(a)
			return nil
		}
		p.cfg.Stray(line, p.unasked(id))
	}
	if !p.waste.Allow() {
		return fmt.Errorf("%w: more than %d lines a second that nobody asked for", ErrFlood, time.Second/wasteEvery)
	}
	return nil
}

// take is who waits for an answer; nil when nobody does.
func (p *Peer) take(id int64) func(Answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	done := p.waits[id]
	delete(p.waits, id)
	return done
}

func (p *Peer) unasked(id int64) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if id > 0 && id <= p.last {
		return "it answers a call a second time"
	}
	return "it answers a call that nobody made"
}
