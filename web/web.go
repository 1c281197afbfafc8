// Package web is what Roost serves over HTTP: the webhooks of its accounts, attachments that a platform did not take,
// whether it is well, and its metrics.
//
// It listens on loopback unless told otherwise. A webhook is reached under /hooks/ and the path that its account asked
// for; accounts come and go while the server runs.
package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// HooksAt is where webhooks are mounted.
const HooksAt = "/hooks/"

// Server serves. Make it with New; it is an http.Handler, and Run gives it a listener of its own.
type Server struct {
	mux *http.ServeMux

	mu    sync.RWMutex
	hooks map[string]http.Handler
}

// Health is asked whether everything is well. Its text is shown; ok decides between 200 and 503.
type Health func() (report any, ok bool)

// New makes a Server that shows what health says at /healthz and gatherer's metrics at /metrics.
func New(health Health, gatherer prometheus.Gatherer) *Server {
	s := &Server{mux: http.NewServeMux(), hooks: map[string]http.Handler{}}
	s.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		report, ok := health()
		w.Header().Set("Content-Type", "application/json")
		if !ok {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_ = json.NewEncoder(w).Encode(report)
	})
	s.mux.Handle("GET /metrics", promhttp.HandlerFor(gatherer, promhttp.HandlerOpts{}))
	s.mux.HandleFunc(HooksAt, s.hook)
	return s
}

// ServeHTTP serves one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'")
	s.mux.ServeHTTP(w, r)
}

// Mount serves h under HooksAt+path until unmount is called. It fails when another handler is there.
func (s *Server) Mount(path string, h http.Handler) (unmount func(), err error) {
	path = strings.Trim(path, "/")
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.hooks[path]; taken || path == "" {
		return nil, fmt.Errorf("webhook path %q is empty or taken", path)
	}
	s.hooks[path] = h
	// Once: what is mounted there later is another's.
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.hooks, path)
	}), nil
}

func (s *Server) hook(w http.ResponseWriter, r *http.Request) {
	s.mu.RLock()
	h := s.hooks[strings.Trim(strings.TrimPrefix(r.URL.Path, HooksAt), "/")]
	s.mu.RUnlock()
	if h == nil {
		http.NotFound(w, r)
		return
	}
	h.ServeHTTP(w, r)
}

// Run serves h on l until ctx ends, then lets requests end for at most grace. It closes l.
func Run(ctx context.Context, l net.Listener, h http.Handler, grace time.Duration) error {
	srv := &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
		err := srv.Shutdown(end)
		if errors.Is(err, context.DeadlineExceeded) {
			err = srv.Close() // what still streams is cut
		}
		stopped <- err
	}()
	err := srv.Serve(l)
	cancel()
	if shut := <-stopped; errors.Is(err, http.ErrServerClosed) {
		return shut
	}
	return err
}
