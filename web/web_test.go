package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/roost-im/roost/router"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func asked(t *testing.T, h http.Handler, method, path string) *httptest.ResponseRecorder {
	t.Helper()
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody))
	return rec
}

func well() (any, bool) { return map[string]string{"store": "fine"}, true }

func says(what string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, what) })
}

func TestHooksComeAndGo(t *testing.T) {
	t.Parallel()
	s := web.New(well, prometheus.NewRegistry())
	if got := asked(t, s, "POST", "/hooks/x/acme").Code; got != http.StatusNotFound {
		t.Errorf("before Mount: %d, want 404", got)
	}
	unmount, err := s.Mount("/x/acme/", says("acme"))
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{"GET", "POST", "PUT"} {
		if rec := asked(t, s, method, "/hooks/x/acme"); rec.Body.String() != "acme" || rec.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %q %v, want what is mounted", method, rec.Code, rec.Body, rec.Header())
		}
	}
	for _, path := range []string{"x/acme", "/x/acme", "x/acme/", "", "/", "//"} {
		if _, err := s.Mount(path, says("other")); err == nil {
			t.Errorf("Mount(%q) = nil, want that it is empty or taken", path)
		}
	}
	for _, path := range []string{"/hooks/x", "/hooks/", "/hooks/x/acme/more", "/x/acme"} {
		if got := asked(t, s, "POST", path).Code; got != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", path, got)
		}
	}
	unmount()
	unmount() // twice is harmless
	if got := asked(t, s, "POST", "/hooks/x/acme").Code; got != http.StatusNotFound {
		t.Errorf("after unmount: %d, want 404", got)
	}
	again, err := s.Mount("x/acme", says("new"))
	if err != nil {
		t.Fatal(err)
	}
	unmount() // the old one does not take the new one down
	if got := asked(t, s, "POST", "/hooks/x/acme").Body.String(); got != "new" {
		t.Errorf("mounted again: %q, want new", got)
	}
	again()
}

func TestHealth(t *testing.T) {
	t.Parallel()
	for ok, want := range map[bool]int{true: http.StatusOK, false: http.StatusServiceUnavailable} {
		s := web.New(func() (any, bool) { return map[string]bool{"ok": ok}, ok }, prometheus.NewRegistry())
		rec := asked(t, s, "GET", "/healthz")
		var got map[string]bool
		if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil || got["ok"] != ok || rec.Code != want || rec.Header().Get("Content-Type") != "application/json" {
			t.Errorf("well %v: %d %q %v, want %d and the report", ok, rec.Code, rec.Body, err, want)
		}
		if got := asked(t, s, "POST", "/healthz").Code; got != http.StatusMethodNotAllowed {
			t.Errorf("POST /healthz: %d, want 405", got)
		}
	}
}

func TestMetricsAreNamedAndBounded(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	m := web.NewMetrics(reg, func() []router.AccountStatus {
		return []router.AccountStatus{{Account: "x/acme", Up: true}, {Account: "slack/team"}}
	})
	now := time.Now()
	for n := range 100 {
		at := chat.Conversation{Account: "x/acme", ID: chat.ConversationID(fmt.Sprint("conversation-", n))}
		ev := chat.Event{ID: chat.EventID(fmt.Sprint(n)), Conversation: at, Author: chat.Author{ID: chat.PersonID(fmt.Sprint("person-", n))}, What: chat.Posted{}}
		m.Watch(router.Step{At: now, What: router.Received, Event: &ev})
		m.Watch(router.Step{At: now, What: router.Admitted, Event: &ev})
		d := chat.Delivery{Action: chat.Post{To: at}, State: chat.Sent, Admitted: now.Add(-time.Second)}
		m.Watch(router.Step{At: now, What: "sent", Delivery: &d})
		d.State = chat.Waiting
		m.Watch(router.Step{At: now, What: "throttled", Delivery: &d, Reason: fmt.Sprint("reason-", n)})
	}
	page := asked(t, web.New(well, reg), "GET", "/metrics").Body.String()
	for _, line := range []string{
		`roost_events_total{account="x/acme",kind="posted"} 100`,
		`roost_deliveries_total{account="x/acme",action="post",outcome="sent"} 100`,
		`roost_deliveries_total{account="x/acme",action="post",outcome="throttled"} 100`,
		`roost_lane_wait_seconds_count 100`,
		`roost_connector_up{account="x/acme"} 1`,
		`roost_connector_up{account="slack/team"} 0`,
	} {
		if !strings.Contains(page, line+"\n") {
			t.Errorf("no line %s in\n%s", line, page)
		}
	}
	for _, word := range []string{"conversation-", "person-", "reason-"} {
		if strings.Contains(page, word) {
			t.Errorf("a label names a %s", strings.TrimSuffix(word, "-"))
		}
	}
}

// serve runs h and gives its address and how Run ended.
func serve(ctx context.Context, t *testing.T, h http.Handler, grace time.Duration) (addr string, ended <-chan error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it listens at once
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- web.Run(ctx, l, h, grace) }()
	return l.Addr().String(), done
}

func TestAStopLetsRequestsEnd(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	begun, release := make(chan struct{}), make(chan struct{})
	addr, ended := serve(ctx, t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		<-release
		if r.Context().Err() != nil {
			t.Error("the stop ended the request's context")
		}
		_, _ = io.WriteString(w, "done")
	}), time.Minute)
	answer := make(chan string, 1)
	go func() {
		answer <- get(t, addr)
	}()
	<-begun
	cancel()
	close(release)
	if got := <-answer; got != "done" {
		t.Errorf("the answer is %q, want done", got)
	}
	if err := <-ended; err != nil {
		t.Errorf("Run = %v, want nil", err)
	}
}

func get(t *testing.T, addr string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+"/", http.NoBody)
	if err != nil {
		return err.Error()
	}
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := c.Do(req)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func TestAStopCutsWhatOutlastsItsGrace(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	begun, over := make(chan struct{}), make(chan struct{})
	addr, ended := serve(ctx, t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
		close(over)
	}), 50*time.Millisecond)
	go get(t, addr)
	<-begun
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("Run = %v, want nil", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Run did not end")
	}
	<-over
}

func TestRunEndsWithItsListener(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("the network is gone")
		if err := web.Run(t.Context(), badListener{broken}, says("x"), time.Minute); !errors.Is(err, broken) {
			t.Errorf("Run = %v, want the listener's error", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := web.Run(ctx, badListener{broken}, says("x"), time.Minute); err != nil && !errors.Is(err, broken) {
			t.Errorf("Run after its end = %v", err)
		}
	})
}

type badListener struct{ err error }

func (l badListener) Accept() (net.Conn, error) { return nil, l.err }
func (badListener) Close() error                { return nil }
func (badListener) Addr() net.Addr              { return &net.TCPAddr{} }

func TestLongHeadersAreRefused(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	addr, ended := serve(ctx, t, says("fine"), time.Second)
	for size, want := range map[int]string{1 << 10: "200", 200 << 10: "431"} {
		var d net.Dialer
		conn, err := d.DialContext(ctx, "tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		go func() { // the server may hang up in the middle
			_, _ = fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: x\r\nX-Long: %s\r\n\r\n", strings.Repeat("a", size))
		}()
		line, err := bufio.NewReader(conn).ReadString('\n')
		if err != nil || !strings.Contains(line, want) {
			t.Errorf("a header of %d bytes: %q, %v; want %s", size, line, err, want)
		}
		_ = conn.Close()
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run = %v, want nil", err)
	}
}
