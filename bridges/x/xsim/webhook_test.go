package xsim_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/x/xsim"
)

// hook is an endpoint that takes events as X's documents ask.
type hook struct {
	*httptest.Server
	mu     sync.Mutex
	secret string
	crc    int   // status of checks
	answer []int // status of the next posts, then 200
	got    []string
	bad    int // posts with a wrong signature
}

func hmacOf(secret string, text []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(text)
	return "sha256=" + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func newHook(t *testing.T) *hook {
	t.Helper()
	h := &hook{secret: "sim-consumer-secret", crc: http.StatusOK}
	h.Server = httptest.NewServer(http.HandlerFunc(h.serve))
	t.Cleanup(h.Close)
	return h
}

func (h *hook) serve(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if token := r.URL.Query().Get("crc_token"); r.Method == http.MethodGet {
		w.WriteHeader(h.crc)
		_ = json.NewEncoder(w).Encode(obj{"response_token": hmacOf(h.secret, []byte(token))})
		return
	}
	body, _ := io.ReadAll(r.Body)
	for name, secret := range map[string]string{
		"X-Twitter-Webhooks-Signature": "sim-consumer-secret", "X-Twitter-Webhooks-Signature-OAuth2": "sim-client-secret",
	} {
		if r.Header.Get(name) != hmacOf(secret, body) {
			h.bad++
		}
	}
	if len(h.answer) > 0 {
		w.WriteHeader(h.answer[0])
		h.answer = h.answer[1:]
		return
	}
	var g got
	_ = json.Unmarshal(body, &g.json)
	h.got = append(h.got, g.text("data.payload.direct_message_events.0.message_create.message_data.text"))
}

func (h *hook) set(secret string, crc int, answer ...int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.secret, h.crc, h.answer = secret, crc, answer
}

func (h *hook) heard() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.got...)
}

func fast(c *xsim.Config) { c.WebhookBackoff, c.Limits.Unlimited = time.Millisecond, true }

func (w *world) hooked(h *hook) string {
	w.Helper()
	g := w.app("POST", "/2/webhooks", obj{"url": h.URL + "/x"})
	w.want(g, http.StatusOK)
	if g.at("data.valid") != true {
		w.Errorf("webhook: %s", g.raw)
	}
	w.subscribe("dm.received", bot, "webhook_id", g.text("data.id"))
	return g.text("data.id")
}

// done waits for n deliveries that have ended well.
func (w *world) done(n int) {
	w.Helper()
	w.wait(func(v *xsim.View) bool {
		k := 0
		for _, d := range v.Deliveries() {
			if d.Done {
				k++
			}
		}
		return k == n
	})
}

func TestWebhooksAreSignedAndRetried(t *testing.T) {
	t.Parallel()
	w, h := setup(t, fast), newHook(t)
	w.hooked(h)
	h.set("sim-consumer-secret", 200, 500, 503)
	w.sim.Say(alice, bot, xsim.Draft{Text: "one"})
	w.sim.Say(alice, bot, xsim.Draft{Text: "two"})
	w.done(2)
	if got := h.heard(); len(got) != 2 || got[0] != "one" || got[1] != "two" || h.bad != 0 {
		t.Errorf("heard %v, %d with a wrong signature", got, h.bad)
	}
	var attempts []int
	for _, d := range w.sim.Deliveries() {
		attempts = append(attempts, d.Status)
	}
	if len(attempts) != 4 || attempts[0] != 500 || attempts[1] != 503 || attempts[2] != 200 {
		t.Errorf("attempts %v", attempts)
	}
}

func TestChallengesAreAnsweredWithASecretOfTheApp(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		secret string
		public bool
		want   int
	}{
		{"sim-consumer-secret", false, http.StatusOK},
		{"sim-client-secret", false, http.StatusOK},
		{"another", false, http.StatusBadRequest},
		{"sim-consumer-secret", true, http.StatusOK},
		{"sim-client-secret", true, http.StatusBadRequest},
		{"", true, http.StatusBadRequest},
	} {
		w, h := setup(t, func(c *xsim.Config) { c.PublicClient = tc.public }), newHook(t)
		h.set(tc.secret, http.StatusOK)
		if g := w.app("POST", "/2/webhooks", obj{"url": h.URL + "/x"}); g.status != tc.want {
			t.Errorf("answered with %q, public %v: %d, want %d", tc.secret, tc.public, g.status, tc.want)
		}
	}
}

func TestReplayBringsWhatWasLost(t *testing.T) {
	t.Parallel()
	w, h := setup(t, fast), newHook(t)
	id := w.hooked(h)
	w.sim.FailWebhook(1)
	w.sim.Say(alice, bot, xsim.Draft{Text: "lost"})
	w.wait(func(v *xsim.View) bool { return len(v.Deliveries()) == 1 })
	h.set("sim-consumer-secret", 200, 500, 500, 500)
	w.sim.Say(alice, bot, xsim.Draft{Text: "given up"})
	w.wait(func(v *xsim.View) bool { return len(v.Deliveries()) == 4 })
	if got := h.heard(); len(got) != 0 {
		t.Errorf("heard %v", got)
	}
	w.clock.Add(time.Hour)
	g := w.app("POST", "/2/webhooks/replay", obj{"webhook_id": id, "from_date": "202611201159", "to_date": "202611201230"})
	w.want(g, http.StatusOK)
	if g.text("data.job_id") == "" {
		t.Errorf("replay: %s", g.raw)
	}
	w.done(2)
	if got := h.heard(); got[0] != "lost" || got[1] != "given up" {
		t.Errorf("heard %v", got)
	}
	for name, body := range map[string]obj{
		"backwards":     {"webhook_id": id, "from_date": "202611201230", "to_date": "202611201230"},
		"too long":      {"webhook_id": id, "from_date": "202611190000", "to_date": "202611201230"},
		"another shape": {"webhook_id": id, "from_date": "2026-11-20", "to_date": "202611201230"},
		"no end":        {"webhook_id": id, "from_date": "202611201159"},
	} {
		if g := w.app("POST", "/2/webhooks/replay", body); g.status != 400 {
			t.Errorf("%s: %d", name, g.status)
		}
	}
	w.want(w.app("POST", "/2/webhooks/replay", obj{"webhook_id": "9", "from_date": "202611201159", "to_date": "202611201230"}), http.StatusNotFound)
}

func TestChallenges(t *testing.T) {
	t.Parallel()
	w, h := setup(t, fast), newHook(t)
	h.set("wrong", 200)
	w.want(w.app("POST", "/2/webhooks", obj{"url": h.URL}), http.StatusBadRequest)
	h.set("sim-consumer-secret", 302)
	w.want(w.app("POST", "/2/webhooks", obj{"url": h.URL}), http.StatusBadRequest)
	h.set("sim-consumer-secret", 500)
	w.want(w.app("POST", "/2/webhooks", obj{"url": h.URL}), http.StatusBadRequest)
	h.set("sim-consumer-secret", 200)
	id := w.hooked(h)
	w.want(w.app("POST", "/2/webhooks", obj{"url": h.URL + "/x"}), http.StatusConflict)

	valid := func() any { return w.app("GET", "/2/webhooks", nil).at("data.0.valid") }
	h.set("sim-consumer-secret", 503) // may pass by itself
	w.sim.CheckWebhooks(t.Context())
	if valid() != true {
		t.Error("a passing fault made the webhook invalid")
	}
	h.set("wrong", 200)
	w.sim.CheckWebhooks(t.Context())
	if valid() != false {
		t.Error("a wrong token left the webhook valid")
	}
	w.sim.Say(alice, bot, xsim.Draft{Text: "not told"})
	h.set("sim-consumer-secret", 200)
	if g := w.app("PUT", "/2/webhooks/"+id, nil); g.at("data.valid") != true {
		t.Errorf("validated: %s", g.raw)
	}
	w.sim.Say(alice, bot, xsim.Draft{Text: "told"})
	w.done(1)
	if got := h.heard(); len(got) != 1 || got[0] != "told" {
		t.Errorf("heard %v", got)
	}
	w.want(w.app("DELETE", "/2/webhooks/"+id, nil), http.StatusOK)
	w.want(w.app("DELETE", "/2/webhooks/"+id, nil), http.StatusNotFound)
	w.want(w.app("PUT", "/2/webhooks/"+id, nil), http.StatusNotFound)
	w.sim.Say(alice, bot, xsim.Draft{Text: "nobody hears"})
	if g := w.app("GET", "/2/webhooks", nil); g.at("data") != nil || g.at("meta.result_count") != 0.0 {
		t.Errorf("webhooks: %s", g.raw)
	}
}

func TestWebhookAddresses(t *testing.T) {
	t.Parallel()
	w := setup(t, fast)
	for _, url := range []string{"http://example.com/x", "ftp://127.0.0.1/x", "nonsense", "", "http://127.0.0.1:1/none"} {
		w.want(w.app("POST", "/2/webhooks", obj{"url": url}), http.StatusBadRequest)
	}
	strict := setup(t, fast, func(c *xsim.Config) { c.StrictWebhooks = true })
	for _, url := range []string{"http://127.0.0.1/x", "https://127.0.0.1:8443/x"} {
		strict.want(strict.app("POST", "/2/webhooks", obj{"url": url}), http.StatusBadRequest)
	}
}

func TestCloseEndsASlowWebhook(t *testing.T) {
	t.Parallel()
	w := setup(t, fast)
	arrived, leave := make(chan struct{}, 1), make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if token := r.URL.Query().Get("crc_token"); token != "" {
			_ = json.NewEncoder(rw).Encode(obj{"response_token": hmacOf("sim-consumer-secret", []byte(token))})
			return
		}
		arrived <- struct{}{}
		select {
		case <-leave:
		case <-r.Context().Done():
		}
	}))
	defer slow.Close()
	defer close(leave)
	g := w.app("POST", "/2/webhooks", obj{"url": slow.URL})
	w.subscribe("dm.received", bot, "webhook_id", g.text("data.id"))
	w.sim.Say(alice, bot, xsim.Draft{Text: "x"})
	<-arrived
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	closed := make(chan struct{})
	go func() { w.sim.Close(); close(closed) }()
	select {
	case <-closed:
	case <-ctx.Done():
		t.Error("Close waits for a slow webhook")
	}
}
