package e2e_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/bridges/x/xsim"
)

// hooked starts a Roost whose accounts both take webhooks.
func hooked(t *testing.T) (*stage, *daemon) {
	t.Helper()
	s := newStage(t)
	s.configure(t, s.accounts(s.xAccount("receive: webhook"), s.slackAccount("signing_secret: "+s.slack.SigningSecret())), s.desk())
	f := s.register(t)
	d := s.start(t)
	f.open(t, d.web)
	s.hook(t, d)
	s.onX(t, "subscription", func(v *xsim.View) bool { return v.Subscriptions() > 0 })
	return s, d
}

// front is the public address before a Roost, as a reverse proxy is. It answers X's challenge until it is opened.
type front struct {
	mu     sync.Mutex
	behind http.Handler
}

// ServeHTTP passes a request on.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	behind := f.behind
	f.mu.Unlock()
	if behind != nil {
		behind.ServeHTTP(w, r)
		return
	}
	_, _ = fmt.Fprintf(w, `{"response_token": %q}`, sealedX([]byte(r.URL.Query().Get("crc_token"))))
}

// open begins to pass requests on to a Roost.
func (f *front) open(t *testing.T, web string) {
	t.Helper()
	u, err := url.Parse(web + "/hooks")
	if err != nil {
		t.Fatal(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.behind = &httputil.ReverseProxy{
		Rewrite:  func(r *httputil.ProxyRequest) { r.SetURL(u) },
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // that Roost has ended is no news
	}
}

// register makes a webhook at X by hand.
func (s *stage) register(t *testing.T) *front {
	t.Helper()
	f := &front{}
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	req := post(t, s.x.URL()+"/2/webhooks", fmt.Appendf(nil, `{"url": %q}`, srv.URL+"/x/acme"))
	req.Header.Set("Authorization", "Bearer sim-app-bearer")
	if code, body := do(t, req); code != http.StatusOK && code != http.StatusCreated {
		t.Fatalf("register the webhook: %d %s", code, body)
	}
	return f
}

// sealedX is how X writes the HMAC of a body.
func sealedX(body []byte) string {
	mac := hmac.New(sha256.New, []byte("sim-consumer-secret"))
	mac.Write(body)
	return "sha256=" + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// hook has Slack send to the daemon. It is refused until the account listens.
func (s *stage) hook(t *testing.T, d *daemon) {
	t.Helper()
	until := time.Now().Add(patience)
	for {
		err := s.slack.SetEventsURL(d.web + "/hooks/slack/team/events")
		if err == nil {
			break
		}
		if time.Now().After(until) {
			t.Fatal(err)
		}
	}
	s.slack.SetInteractivityURL(d.web + "/hooks/slack/team/interactivity")
}

// signedX makes a request as X signs it.
func signedX(t *testing.T, address string, body []byte) *http.Request {
	t.Helper()
	req := post(t, address, body)
	req.Header.Set("X-Twitter-Webhooks-Signature", sealedX(body))
	return req
}

func post(t *testing.T, address string, body []byte) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	return req
}

// signedSlack makes a request as Slack signed it at a time.
func (s *stage) signedSlack(t *testing.T, address string, at time.Time, body []byte) *http.Request {
	t.Helper()
	stamp := strconv.FormatInt(at.Unix(), 10)
	req := post(t, address, body)
	req.Header.Set("X-Slack-Request-Timestamp", stamp)
	req.Header.Set("X-Slack-Signature", slacksim.Sign(s.slack.SigningSecret(), stamp, body))
	return req
}

// TestBadWebhooks sends what no platform sends. Each gets a clear answer, and the accounts work on.
func TestBadWebhooks(t *testing.T) {
	t.Parallel()
	s, d := hooked(t)
	slack, x := d.web+"/hooks/slack/team/events", d.web+"/hooks/x/acme"
	huge := bytes.Repeat([]byte("x"), 20<<20)
	now := time.Now()
	for _, tc := range []struct {
		name string
		req  *http.Request
		want int
	}{
		{"slack, unsigned", post(t, slack, []byte(`{}`)), http.StatusUnauthorized},
		{"slack, huge", s.signedSlack(t, slack, now, huge), http.StatusRequestEntityTooLarge},
		{"slack, old", s.signedSlack(t, slack, now.Add(-10*time.Minute), []byte(`{}`)), http.StatusUnauthorized},
		{"slack, no JSON", s.signedSlack(t, slack, now, []byte(`{"type":`)), http.StatusBadRequest},
		{"slack, binary", s.signedSlack(t, slack, now, []byte("\x00\xff\xfe")), http.StatusBadRequest},
		{"slack, other form", s.signedSlack(t, slack, now, []byte(`["event_callback"]`)), http.StatusBadRequest},
		{"x, unsigned", post(t, x, []byte(`{}`)), http.StatusUnauthorized},
		{"x, huge", signedX(t, x, huge), http.StatusRequestEntityTooLarge},
		{"x, no JSON", signedX(t, x, []byte(`{"data":`)), http.StatusBadRequest},
		{"nobody's path", post(t, d.web+"/hooks/telegram/bot", nil), http.StatusNotFound},
		{"no hook", post(t, d.web+"/hooks/", nil), http.StatusNotFound},
	} {
		if code, body := do(t, tc.req); code != tc.want || strings.TrimSpace(body) == "" {
			t.Errorf("%s: %d %q, want %d and why", tc.name, code, body, tc.want)
		}
	}
	if code, _ := d.get(t, "/hooks/slack/team/events"); code != http.StatusMethodNotAllowed {
		t.Errorf("GET of a webhook = %d, want 405", code)
	}
	if code, body := d.get(t, "/hooks/x/acme?crc_token=abc"); code != http.StatusOK || !strings.Contains(body, "sha256=") {
		t.Errorf("the challenge of X = %d %q, want 200 and a token", code, body)
	}
	s.answers(s.asks(t, "Still well?"), "Very.")
	s.arrived(t, "Very.")
	d.stop(t)
}

// TestReplayedWebhook sends a good request twice, as an eavesdropper does within the five minutes that it is good for.
func TestReplayedWebhook(t *testing.T) {
	t.Parallel()
	s, d := hooked(t)
	thread := s.asks(t, "Hello?")
	event := func(id, ts, text string) []byte {
		return fmt.Appendf(nil, `{"type":"event_callback","team_id":%q,"event_id":%q,"event":{"type":"message","channel":%q,"channel_type":"channel","user":%q,"ts":%q,"thread_ts":%q,"text":%q}}`,
			s.slack.TeamID(), id, s.channel, s.dana, ts, thread, text)
	}
	for _, body := range [][]byte{event("Ev1", "1799999999.000100", "Once only."), event("Ev1", "1799999999.000100", "Once only."), event("Ev2", "1799999999.000200", "And this.")} {
		if code, answer := do(t, s.signedSlack(t, d.web+"/hooks/slack/team/events", time.Now(), body)); code != http.StatusOK {
			t.Errorf("event: %d %q, want 200", code, answer)
		}
	}
	s.arrived(t, "And this.") // behind it in the same lane
	if n := s.countOnX(&s.x.View, "Once only."); n != 1 {
		t.Errorf("the repeated message is %d times on X, want once", n)
	}
	d.stop(t)
}

// TestReloadOfAWebhookAccount changes an account that has webhooks: it takes its paths over.
func TestReloadOfAWebhookAccount(t *testing.T) {
	t.Parallel()
	s, d := hooked(t)
	thread := s.asks(t, "Hello?")
	s.configure(t, s.accounts(s.xAccount("receive: webhook"), s.slackAccount("signing_secret: "+s.slack.SigningSecret()+"\n    uncertain: repeat")), s.desk())
	d.signal(t, syscall.SIGHUP)
	d.says(t, "accounts_changed=[slack/team]")
	d.sees(t, "that the account runs again", func(text string) bool {
		return strings.Count(text, `msg="account running" account=slack/team`) == 2 && strings.Contains(text, `msg="account stopped" account=slack/team`)
	})
	s.answers(thread, "Changed and well.")
	s.arrived(t, "Changed and well.")
	if strings.Contains(d.log.String(), "account down") {
		t.Error("the account was down in between")
	}
	d.stop(t)
}
