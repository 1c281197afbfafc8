package bridges_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/roost-im/roost/bridges"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// asks makes a call that takes a body, and reads the answer to its end.
func asks(ctx context.Context, c *http.Client, where string, body io.Reader) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, where, body)
	if err != nil {
		return 0, err
	}
	resp, err := c.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}

func TestErrorsTellWhatMayHaveArrived(t *testing.T) {
	t.Parallel()
	hung := make(chan struct{}) // closed when a call hangs
	mux := http.NewServeMux()
	mux.HandleFunc("/drop", func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		panic(http.ErrAbortHandler)
	})
	mux.HandleFunc("/half", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10")
		_, _ = io.WriteString(w, "half")
		panic(http.ErrAbortHandler)
	})
	mux.HandleFunc("/hang", func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		close(hung)
		<-r.Context().Done()
	})
	mux.HandleFunc("/fine", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "whole") })
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	var lc net.ListenConfig
	gone, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + gone.Addr().String()
	_ = gone.Close()
	hanging := func(ctx context.Context) context.Context {
		ctx, stop := context.WithCancel(ctx)
		go func() { <-hung; stop() }()
		return ctx
	}
	ended := func(ctx context.Context) context.Context {
		ctx, stop := context.WithCancel(ctx)
		stop()
		return ctx
	}
	broken := io.MultiReader(strings.NewReader("a beginning"), failing{})
	c := bridges.NewClient()
	t.Cleanup(c.CloseIdleConnections)
	for _, tc := range []struct {
		name string
		when func(context.Context) context.Context // nil: as long as the test
		at   string
		body io.Reader
		want bool
	}{
		{"nobody listens", nil, nobody, strings.NewReader("x"), false},
		{"ended before", ended, srv.URL + "/fine", strings.NewReader("x"), false},
		{"the body breaks off here", nil, srv.URL + "/fine", broken, false},
		{"no answer", nil, srv.URL + "/drop", strings.NewReader("x"), true},
		{"half an answer", nil, srv.URL + "/half", strings.NewReader("x"), true},
		{"gave up waiting", hanging, srv.URL + "/hang", strings.NewReader("x"), true},
	} {
		ctx := t.Context()
		if tc.when != nil {
			ctx = tc.when(ctx)
		}
		_, err := asks(ctx, c, tc.at, tc.body)
		if err == nil || bridges.MayHaveArrived(err) != tc.want {
			t.Errorf("%s: %v may have arrived: %v, want %v", tc.name, err, bridges.MayHaveArrived(err), tc.want)
		}
	}
	if status, err := asks(t.Context(), c, srv.URL+"/fine", strings.NewReader("x")); err != nil || status != http.StatusOK {
		t.Errorf("a call that works = %d, %v", status, err)
	}
	if bridges.MayHaveArrived(nil) || bridges.MayHaveArrived(errDisk) {
		t.Error("what is no call's error may have arrived")
	}
}

var errDisk = errors.New("the disk is full")

// failing is a body that can't be read.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errDisk }

func TestACredentialFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("/other", func(http.ResponseWriter, *http.Request) { t.Error("another place was asked") })
	mux.Handle("/here", http.RedirectHandler("/other", http.StatusTemporaryRedirect))
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	given := &http.Client{Transport: &http.Transport{}, Timeout: 1}
	t.Cleanup(given.CloseIdleConnections)
	own := bridges.Deps{}.Ready().Client
	t.Cleanup(own.CloseIdleConnections)
	for name, c := range map[string]*http.Client{"own": own, "given": (bridges.Deps{Client: given}).Ready().Client} {
		if status, err := asks(t.Context(), c, srv.URL+"/here", strings.NewReader("x")); status != http.StatusTemporaryRedirect {
			t.Errorf("%s: a redirected call = %d, %v; want 307", name, status, err)
		}
	}
	if given.CheckRedirect != nil || given.Timeout != 1 {
		t.Error("the client that was given has changed")
	}
}

// lent counts who closes it.
type lent struct {
	http.RoundTripper
	closed int
}

func (l *lent) CloseIdleConnections() { l.closed++ }

func TestAClientThatWasGivenIsNotClosed(t *testing.T) {
	t.Parallel()
	l := &lent{}
	bridges.Deps{Client: &http.Client{Transport: l}}.Ready().Client.CloseIdleConnections()
	if l.closed > 0 {
		t.Error("its connections were closed")
	}
}

func TestErrorsAreShownWithoutSecrets(t *testing.T) {
	t.Parallel()
	token, ticket := bridges.NewSecret("xoxb-hush"), bridges.NewSecret("")
	call := fmt.Errorf("asking: %w", &url.Error{Op: "Post", URL: "https://example.com/?ticket=hush", Err: errDisk})
	if got := bridges.RedactError(call, token, ticket); !errors.Is(got, errDisk) || hasHush(got.Error()) {
		t.Errorf("shown as %v, want %v alone", got, errDisk)
	}
	told := bridges.RedactError(fmt.Errorf("bad token xoxb-hush, xoxb-hush is old: %w", errDisk), ticket, token)
	if want := "bad token secret, secret is old: the disk is full"; told.Error() != want || hasHush(fmt.Sprintf("%#v", errors.Unwrap(told))) {
		t.Errorf("shown as %q, want %q", told, want)
	}
}
