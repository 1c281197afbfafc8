package webhook_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/webhook"
	"github.com/roost-im/roost/router/chat"
)

// sink stores events, or refuses to.
type sink struct {
	mu     sync.Mutex
	events []chat.Event
	err    error
	hold   chan struct{} // closed when Accept may go on; nil: at once
	held   chan struct{} // told of every Accept that waits
}

func (s *sink) Accept(ctx context.Context, b chat.Batch) error {
	s.mu.Lock()
	hold, held, err := s.hold, s.held, s.err
	s.mu.Unlock()
	if hold != nil {
		held <- struct{}{}
		select {
		case <-hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, b.Events...)
	return nil
}

func (*sink) Cursor(context.Context) ([]byte, error) { return nil, nil }

// running is a connector that receives.
type running struct {
	*webhook.Connector
	web  *web
	sink *sink
	stop func() error
}

// run starts a connector, and returns when its paths are mounted.
func run(t *testing.T, cfg webhook.Config, deps bridges.Deps) *running {
	t.Helper()
	r := &running{web: newWeb(t), sink: &sink{}}
	deps.Account, deps.Mount, deps.Public = account, r.web.mount, r.web.URL+"/hooks"
	var err error
	if r.Connector, err = webhook.New(cfg, deps); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx, r.sink) }()
	paths := 1
	if cfg.URL == "" || cfg.Journal {
		paths = 3
	}
	for range paths {
		<-r.web.changed
	}
	r.stop = sync.OnceValue(func() error {
		cancel()
		select {
		case err := <-ended:
			return err
		case <-time.After(2 * time.Second):
			return errors.New("Run did not end within 2 s")
		}
	})
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Errorf("Run = %v, want nil", err)
		}
		chat.Close(r.Connector)
	})
	return r
}

// pulled is an account that nobody is called for.
func pulled() webhook.Config { return webhook.Config{Secret: bridges.NewSecret(secret)} }

func still() bridges.Deps { return bridges.Deps{Account: account, Now: clock} }

// ask makes a request and gives its answer.
func ask(t *testing.T, method, url, body string, header ...string) (status int, answer string, h http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode, readAll(t, resp), resp.Header
}
