package slack_test

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/slack"
	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/router/chat"
)

// web is a public web address: what is mounted on it is served.
type web struct {
	*httptest.Server
	mu       sync.Mutex
	handlers map[string]http.Handler
	down     bool
	mounted  chan struct{}
}

func newWeb(t *testing.T) *web {
	t.Helper()
	w := &web{handlers: map[string]http.Handler{}, mounted: make(chan struct{}, 10)}
	w.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		h, down := w.handlers[r.URL.Path], w.down
		w.mu.Unlock()
		if down {
			http.Error(rw, "nobody is here", http.StatusServiceUnavailable)
			return
		}
		if h == nil {
			http.NotFound(rw, r)
			return
		}
		h.ServeHTTP(rw, r)
	}))
	t.Cleanup(w.Close)
	return w
}

// serve answers 503 while down.
func (w *web) serve(down bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = down
}

func (w *web) mount(path string, h http.Handler) (func(), error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.handlers[path] = h
	w.mounted <- struct{}{}
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.handlers, path)
	}, nil
}

// hooked has a connector receive over HTTP.
func hooked(t *testing.T, cfg slacksim.Config) (*run, *web) {
	t.Helper()
	w := newWeb(t)
	r := &run{stage: newStage(t, cfg), Sink: &bridgetest.Sink{}}
	r.cfg = slack.Config{BotToken: r.config().BotToken, SigningSecret: bridges.NewSecret(r.SigningSecret()), APIURL: r.config().APIURL}
	r.deps = bridges.Deps{Account: account, Keep: &bridgetest.Keeper{}, Mount: w.mount}
	r.again(t)
	<-w.mounted
	<-w.mounted
	must(t, r.SetEventsURL(w.URL+"/slack/team/events"))
	r.SetInteractivityURL(w.URL + "/slack/team/interactivity")
	return r, w
}

func TestEventsAndPressesComeOverHTTP(t *testing.T) {
	t.Parallel()
	r, w := hooked(t, slacksim.Config{})
	r.Say(t, "over http")
	r.hears(t, "over http")
	c := card()
	m := r.posts(t, chat.Post{To: r.place(), Card: &c})
	ids := actionIDs(t, m)
	must(t, r.Sim.Press(r.ada, r.room, m.TS, ids[0], ""))
	bridgetest.Happens(t, r.Sink, func(_ chat.Event, h chat.Pressed) bool { return h.Button == "claim" && h.Value == "case-1" })
	must(t, r.Sim.Press(r.ada, r.room, m.TS, ids[4], ""))
	r.sees(t, func(v *slacksim.View) bool { return len(v.Views()) == 1 })
	must(t, r.SubmitView(r.ada, r.Views()[0].ID, map[string]string{"text/value": "hi"}))
	bridgetest.Happens(t, r.Sink, func(_ chat.Event, h chat.Pressed) bool { return h.Fields["text"] == "hi" })
	must(t, r.Stop())
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.handlers) > 0 {
		t.Errorf("%v are mounted after the end, want none", slices.Collect(maps.Keys(w.handlers)))
	}
}

func TestSlackIsToldToSendAgainWhatWasNotAccepted(t *testing.T) {
	t.Parallel()
	r, _ := hooked(t, slacksim.Config{Timing: slacksim.Timing{Retries: []time.Duration{0, 0}}})
	r.Refuse(func(b chat.Batch) error {
		if len(b.Events) > 0 && r.Mail().Repeated == 0 {
			return bridgetest.ErrFull
		}
		return nil
	})
	r.Say(t, "again")
	r.hears(t, "again")
	r.sees(t, func(v *slacksim.View) bool { return v.Mail().Acked > 0 })
}

func TestADownTimeIsCaughtUpOverHTTP(t *testing.T) {
	t.Parallel()
	r, w := hooked(t, slacksim.Config{Timing: slacksim.Timing{Retries: []time.Duration{}}})
	r.Say(t, "before")
	r.hears(t, "before")
	must(t, r.Stop())
	r.Say(t, "missed")
	r.sees(t, func(v *slacksim.View) bool { return v.Mail().Waiting == 0 })
	r.again(t)
	<-w.mounted
	r.hears(t, "missed")
}

func TestWhatSlackDidNotSignIsTurnedAway(t *testing.T) {
	t.Parallel()
	r, w := hooked(t, slacksim.Config{})
	events := w.URL + "/slack/team/events"
	forge := func(body string, change func(*http.Request)) *http.Request {
		req, err := r.SignedRequest(t.Context(), events, "application/json", []byte(body))
		must(t, err)
		if change != nil {
			change(req)
		}
		return req
	}
	good := `{"type":"event_callback","event":{"type":"message","channel":"` + r.im + `","user":"U1","ts":"1.000001","text":"forged"}}`
	old := func(req *http.Request) { req.Header.Set("X-Slack-Request-Timestamp", "1700000000") }
	for _, tc := range []struct {
		name, says string
		req        *http.Request
		want       int
	}{
		{"no signature", "X-Slack-Signature", forge(good, func(q *http.Request) { q.Header.Del("X-Slack-Signature") }), 401},
		{"no time", "Timestamp", forge(good, func(q *http.Request) { q.Header.Del("X-Slack-Request-Timestamp") }), 401},
		{"old", "five minutes", forge(good, old), 401},
		{"changed", "signing secret", forge(good, func(q *http.Request) { q.Body, q.ContentLength = io.NopCloser(strings.NewReader(good+" ")), -1 }), 401},
		{"too large", "1 MiB", forge(strings.Repeat("x", 1<<20+1), nil), 413},
		{"no JSON", "JSON", forge("{", nil), 400},
		{"no type", "type", forge("{}", nil), 400},
		{"no challenge", "challenge", forge(`{"type":"url_verification"}`, nil), 400},
		{"a challenge", "abc", forge(`{"type":"url_verification","challenge":"abc"}`, nil), 200},
		{"not a POST", "POST", forge(good, func(q *http.Request) { q.Method = http.MethodGet }), 405},
		{"an unknown kind", "", forge(`{"type":"event_callback","event":{"type":"brand_new"}}`, nil), 200},
	} {
		status, body := ask(t, tc.req)
		if status != tc.want || !strings.Contains(body, tc.says) {
			t.Errorf("%s: answered %d %q, want %d and %q", tc.name, status, body, tc.want, tc.says)
		}
	}
	if all := r.Events(); len(all) > 0 {
		t.Errorf("accepted %v of what was forged", all)
	}
}

func TestAnInteractionWithoutPayloadIsTurnedAway(t *testing.T) {
	t.Parallel()
	r, w := hooked(t, slacksim.Config{})
	for _, body := range []string{"", "payload=", "payload=%7B", "%zz"} {
		req, err := r.SignedRequest(t.Context(), w.URL+"/slack/team/interactivity", "application/x-www-form-urlencoded", []byte(body))
		must(t, err)
		if status, said := ask(t, req); status != http.StatusBadRequest || said == "" {
			t.Errorf("%q: answered %d %q, want 400 with a reason", body, status, said)
		}
	}
}

func ask(t *testing.T, req *http.Request) (status int, body string) {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	defer resp.Body.Close()
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	var b bytes.Buffer
	_, err = b.ReadFrom(resp.Body)
	must(t, err)
	return resp.StatusCode, b.String()
}
