package webhook_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/webhook"
	"github.com/roost-im/roost/router/chat"
)

// slow is a store that may let wait.
type slow struct {
	bridgetest.Sink
	hold chan struct{} // closed when Accept may go on; nil: at once
	held chan struct{} // told of every Accept that waits
}

func (s *slow) Accept(ctx context.Context, b chat.Batch) error {
	if s.hold != nil {
		s.held <- struct{}{}
		select {
		case <-s.hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return s.Sink.Accept(ctx, b)
}

// running is a connector that receives.
type running struct {
	*webhook.Connector
	web  *web
	sink *slow
	stop func() error // ends it
}

// run starts a connector, and returns when its paths are mounted.
func run(t *testing.T, cfg webhook.Config, deps bridges.Deps) *running {
	t.Helper()
	r := &running{web: newWeb(t), sink: &slow{}}
	deps.Account, deps.Mount, deps.Public = account, r.web.mount, r.web.URL+"/hooks"
	var err error
	if r.Connector, err = webhook.New(cfg, deps); err != nil {
		t.Fatal(err)
	}
	r.stop = bridgetest.Begin(t, r.Connector, r.sink).Stop
	paths := 1
	if cfg.URL == "" || cfg.Journal {
		paths = 3
	}
	for range paths {
		<-r.web.changed
	}
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
