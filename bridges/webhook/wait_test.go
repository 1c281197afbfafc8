package webhook_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/webhook"
	"github.com/roost-im/roost/router/chat"
)

// flow is an answer that is told of as it is written.
type flow struct {
	recorder

	wrote chan string
}

func (f *flow) Write(b []byte) (int, error) {
	f.wrote <- string(b)
	return len(b), nil
}

func (*flow) Flush() {}

// reading has a reader ask for path of an account that nothing is sent to, without a network.
func reading(t *testing.T, path, accept string) (wrote <-chan string, stop func()) {
	t.Helper()
	paths := make(chan http.Handler, 3)
	cfg := pulled()
	cfg.ReadToken = bridges.NewSecret(token)
	c, err := webhook.New(cfg, bridges.Deps{Account: account, Mount: func(at string, h http.Handler) (func(), error) {
		if at == "/webhook/shop/events" {
			paths <- h
		}
		return func() {}, nil
	}})
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	go func() { ended <- c.Run(ctx, &bridgetest.Sink{}) }()
	h := <-paths
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, path, http.NoBody)
	must(t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", accept)
	f := &flow{recorder: recorder{header: http.Header{}}, wrote: make(chan string, 10)}
	go func() { h.ServeHTTP(f, req); ended <- nil }()
	return f.wrote, func() {
		cancel()
		for range 2 {
			must(t, <-ended)
		}
		chat.Close(c)
	}
}

func TestASilentStreamBeats(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		wrote, stop := reading(t, "/webhook/shop/events", "text/event-stream")
		defer stop()
		begun := time.Now()
		if s := <-wrote; s != ": welcome\n\n" {
			t.Errorf("it begins with %q", s)
		}
		for range 2 {
			if s := <-wrote; s != ": still here\n\n" {
				t.Errorf("it goes on with %q, want a comment", s)
			}
		}
		if d := time.Since(begun); d != 40*time.Second {
			t.Errorf("two beats took %v, want 40 s", d)
		}
	})
}

func TestAWaitEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		wrote, stop := reading(t, "/webhook/shop/events?after=7&wait=45", "application/json")
		defer stop()
		if s := <-wrote; s != `{"events":[],"next":7}` {
			t.Errorf("the answer is %s, want none", s)
		}
		if d := time.Since(begun); d != 45*time.Second {
			t.Errorf("it waited %v, want 45 s", d)
		}
	})
}
