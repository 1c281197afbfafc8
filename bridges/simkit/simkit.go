// Package simkit is what the simulators of the platforms have in common, whatever the platform: a life that ends at Close,
// a server on it, planned faults, and word of every change. slacksim, discordsim, telegramsim and xsim are made with it; it is
// for them alone.
package simkit

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

// Life is the time from New to Close of a simulator. Its methods may be called from any goroutine.
type Life struct {
	Running sync.WaitGroup // goroutines that Close waits for

	ctx func() context.Context
	end context.CancelFunc
}

// NewLife begins a life.
func NewLife() *Life {
	ctx, end := context.WithCancel(context.Background())
	return &Life{ctx: func() context.Context { return ctx }, end: end}
}

// Context is over when the life is.
func (l *Life) Context() context.Context { return l.ctx() }

// Ended is closed when the life is over.
func (l *Life) Ended() <-chan struct{} { return l.ctx().Done() }

// End ends the life; it doesn't wait for what runs.
func (l *Life) End() { l.end() }

// Pause waits for d, but not longer than ctx and the life last.
func (l *Life) Pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	case <-l.Ended():
	}
}

// Idle waits until ctx or the life is over.
func (l *Life) Idle(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-l.Ended():
	}
}

// Server serves a simulator's Handler on one address.
type Server struct {
	Handler http.Handler

	server *http.Server
	served chan struct{}
}

// Start listens on addr, such as "127.0.0.1:0", until Close. Before the first call is served, at is told the base of the
// addresses there, "http://127.0.0.1:PORT". A second Start is an error.
func (s *Server) Start(ctx context.Context, addr string, at func(base string)) error {
	if s.server != nil {
		return errors.New("started twice")
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	at("http://" + ln.Addr().String())
	s.server = &http.Server{Handler: s.Handler, ReadHeaderTimeout: 10 * time.Second}
	s.served = make(chan struct{})
	go func() {
		defer close(s.served)
		_ = s.server.Serve(ln) // ends with ErrServerClosed at Close
	}()
	return nil
}

// Close cuts every connection and returns when nothing is listened to any more. It does nothing before Start.
func (s *Server) Close() {
	if s.server != nil {
		_ = s.server.Close()
		<-s.served
	}
}
