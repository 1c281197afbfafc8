package webhook_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/roost-im/roost/router/chat"
)

const (
	account = chat.Account("webhook/shop")
	secret  = "5d1f6c0e9b7a48d2a3c4e5f60718293a"
	token   = "read-8c1d9e2f3a4b5c6d7e8f"
	soon    = 20 * time.Second
)

// signed is the header for a body, made as the documents say.
func signed(key string, at time.Time, body string) string {
	t := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(t + "." + body))
	return "t=" + t + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// web is a public web address: what is mounted on it is served.
type web struct {
	*httptest.Server
	changed chan struct{}

	mu       sync.Mutex
	handlers map[string]http.Handler
	down     bool
}

func newWeb(t *testing.T) *web {
	t.Helper()
	w := &web{handlers: map[string]http.Handler{}, changed: make(chan struct{}, 100)}
	w.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		h, down := w.handlers[r.URL.Path], w.down
		w.mu.Unlock()
		switch {
		case down:
			http.Error(rw, "nobody is here", http.StatusServiceUnavailable)
		case h == nil:
			http.NotFound(rw, r)
		default:
			h.ServeHTTP(rw, r)
		}
	}))
	t.Cleanup(w.Close)
	return w
}

func (w *web) mount(path string, h http.Handler) (func(), error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.handlers["/hooks"+path] = h
	w.changed <- struct{}{}
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.handlers, "/hooks"+path)
	}, nil
}

func (w *web) at(path string) string { return w.URL + "/hooks/webhook/shop" + path }

func readAll(t *testing.T, resp *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
