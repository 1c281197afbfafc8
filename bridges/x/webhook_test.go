package x_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/router/chat"
)

// porch is the public web address of a scene.
type porch struct {
	mu      sync.Mutex
	path    string
	handler http.Handler
	open    chan struct{} // closed when something is mounted
}

// mount is Deps.Mount.
func (p *porch) mount(path string, h http.Handler) (func(), error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.path, p.handler = path, h
	close(p.open)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.handler, p.open = nil, make(chan struct{})
	}, nil
}

// ServeHTTP asks what is mounted.
func (p *porch) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	h := p.handler
	p.mu.Unlock()
	if h == nil {
		http.Error(w, "nobody is here", http.StatusBadGateway)
		return
	}
	h.ServeHTTP(w, r)
}

// hooked makes the account take calls at hookAddress.
func hooked(t *testing.T) (*scene, *porch) {
	t.Helper()
	p := &porch{open: make(chan struct{})}
	s := fast(t, xsim.Config{StrictWebhooks: true, WebhookBackoff: 10 * time.Millisecond, Dial: func(*http.Transport) *http.Client {
		return &http.Client{Transport: local{p}}
	}})
	s.cfg.Receive, s.cfg.BearerToken = x.Webhook, bridges.NewSecret("sim-app-bearer")
	s.cfg.WebhookURL = hookAddress
	s.deps.Mount = p.mount
	s.signing()
	s.hurry = time.Hour
	return s, p
}

// subscribed runs and returns when X calls.
func (s *scene) subscribed(t *testing.T) {
	t.Helper()
	s.run(t)
	if err := s.sim.Wait(t.Context(), func(v *xsim.View) bool { return v.Subscriptions() == 4 }); err != nil {
		t.Fatal(err)
	}
	s.ready(t)
}

func TestWebhookAnswers(t *testing.T) {
	t.Parallel()
	s, p := hooked(t)
	s.cfg.ClientID, s.cfg.ClientSecret = "id", bridges.NewSecret("client")
	s.subscribed(t)
	const key = "sim-consumer-secret"
	body := fmt.Sprintf(`{"data":{"event_type":"dm.received","filter":{"user_id":%q},"payload":{"direct_message_events":[{"type":"message_create","id":"2080765901528535096","created_timestamp":"1784928224372","message_create":{"target":{"recipient_id":%q},"sender_id":%q,"message_data":{"text":"by webhook"}}}]}}}`, s.brand, s.brand, s.ann)
	large := strings.Repeat(" ", 1<<20+1)
	legacy, newer := "X-Twitter-Webhooks-Signature", "X-Twitter-Webhooks-Signature-Oauth2"
	for _, tc := range []struct {
		name, method, body string
		header, signature  string
		want               int
	}{
		{"by the consumer secret", "POST", body, legacy, sign(key, body), 200},
		{"by the client secret", "POST", body, newer, sign("client", body), 200},
		{"wrong secret", "POST", body, legacy, sign("other", body), 401},
		{"secrets mixed up", "POST", body, newer, sign(key, body), 401},
		{"no signature", "POST", body, "X-Other", "1", 401},
		{"empty signature", "POST", body, legacy, "", 401},
		{"another body's signature", "POST", body + " ", legacy, sign(key, body), 401},
		{"no JSON", "POST", "{", legacy, sign(key, "{"), 400},
		{"JSON of another shape", "POST", "[1]", legacy, sign(key, "[1]"), 400},
		{"unknown kind", "POST", `{"data":{"event_type":"new.thing"}}`, legacy, sign(key, `{"data":{"event_type":"new.thing"}}`), 200},
		{"too large", "POST", large, legacy, sign(key, large), 413},
		{"other method", "PUT", body, legacy, sign(key, body), 405},
	} {
		r := httptest.NewRequestWithContext(t.Context(), tc.method, hookAddress, strings.NewReader(tc.body))
		r.Header.Set(tc.header, tc.signature)
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		if w.Code != tc.want {
			t.Errorf("%s: answered %d %s, want %d", tc.name, w.Code, w.Body, tc.want)
		}
	}
	s.hears(t, "by webhook")
	if got := s.skipped.all(); len(got) != 1 || got[0] != "new.thing" {
		t.Errorf("skipped %q, want new.thing", got)
	}
	s.sink.Full(1)
	other := strings.ReplaceAll(strings.ReplaceAll(body, "by webhook", "refused"), "2080765901528535096", "2080765901528535097")
	answer := func() int {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, hookAddress, strings.NewReader(other))
		r.Header.Set(legacy, sign(key, other))
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		return w.Code
	}
	if failed, worked := answer(), answer(); failed != http.StatusInternalServerError || worked != http.StatusOK {
		t.Errorf("the store failed, then worked, and the answers were %d and %d, want 500 and 200", failed, worked)
	}
	s.hears(t, "by webhook", "refused")
}

func TestWebhookChallenges(t *testing.T) {
	t.Parallel()
	s, p := hooked(t)
	s.run(t)
	<-p.open
	for _, tc := range []struct {
		token string
		ok    bool
	}{
		{"challenge_string", true},
		{"MTczNjM5NzE2NQ==", true},
		{strings.Repeat("a", 128), true},
		{strings.Repeat("a", 129), false},
		{"", false},
		{`{"data":{}}`, false},
		{" {}", false},
		{`["a"]`, false},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, hookAddress, nil)
		r.URL.RawQuery = "crc_token=" + strings.NewReplacer("{", "%7B", "}", "%7D", `"`, "%22", " ", "%20", "[", "%5B", "]", "%5D", "=", "%3D").Replace(tc.token)
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		got, _ := io.ReadAll(w.Body)
		want := fmt.Sprintf(`{"response_token":%q}`, sign("sim-consumer-secret", tc.token))
		if ok := w.Code == http.StatusOK; ok != tc.ok || ok && strings.TrimSpace(string(got)) != strings.ReplaceAll(want, `\u003d`, "=") {
			t.Errorf("the challenge %q was answered %d %s, want ok %v", tc.token, w.Code, got, tc.ok)
		}
	}
}

func TestWebhookOfAnAppWithBothSecrets(t *testing.T) {
	t.Parallel()
	s, _ := hooked(t)
	// This client secret is not the app's, so what is answered with it counts for nothing: the other one is tried.
	s.cfg.ClientID, s.cfg.ClientSecret = "id", bridges.NewSecret("client")
	s.subscribed(t)
	s.say("heard")
	s.hears(t, "heard")
}

func TestWebhookOfAnAppWithoutConsumerSecret(t *testing.T) {
	t.Parallel()
	s, _ := hooked(t)
	s.cfg.ConsumerKey, s.cfg.ConsumerSecret, s.cfg.AccessToken, s.cfg.AccessSecret = bridges.Secret{}, bridges.Secret{}, bridges.Secret{}, bridges.Secret{}
	s.cfg.ClientID, s.cfg.ClientSecret = "sim-client-id", bridges.NewSecret("sim-client-secret")
	s.subscribed(t)
	s.say("signed by the client secret")
	s.hears(t, "signed by the client secret")
}

func TestWebhookIsRevived(t *testing.T) {
	t.Parallel()
	s, p := hooked(t)
	s.subscribed(t)
	s.stop(t)
	// Somebody else answers at the address, wrongly: X stops calling.
	_, _ = p.mount("/", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }))
	s.sim.CheckWebhooks(t.Context())
	p.open = make(chan struct{})
	s.run(t)
	if err := s.sim.Wait(t.Context(), func(v *xsim.View) bool { return v.Calls(xsim.ValidateWebhook) == 1 }); err != nil {
		t.Fatal(err)
	}
	s.ready(t)
	s.say("heard again")
	s.hears(t, "heard again")
	if n := s.sim.Calls(xsim.CreateWebhook); n != 1 {
		t.Errorf("the webhook was registered %d times, want once", n)
	}
}

func TestWebhookReplaysWhatWasMissed(t *testing.T) {
	t.Parallel()
	s, _ := hooked(t)
	s.subscribed(t)
	s.say("before")
	s.hears(t, "before")
	s.stop(t)
	s.sim.FailWebhook(1)
	s.sim.Typing(s.ann, s.brand) // no poll tells of it
	if err := s.sim.Wait(t.Context(), func(v *xsim.View) bool {
		all := v.Deliveries()
		return len(all) > 0 && all[len(all)-1].Type == "dm.indicate_typing"
	}); err != nil {
		t.Fatal(err)
	}
	s.run(t)
	s.event(t, "typing", func(ev chat.Event) bool { return ev.What == chat.Typing{} })
	if n := s.sim.Calls(xsim.ReplayWebhook); n != 1 {
		t.Errorf("%d replays, want one", n)
	}
}

// TestWebhookIsRegisteredByHand runs an account that does not know its own address: it polls until somebody has told X.
func TestWebhookIsRegisteredByHand(t *testing.T) {
	t.Parallel()
	s, _ := hooked(t)
	s.cfg.WebhookURL = ""
	s.run(t)
	s.ready(t)
	s.say("polled")
	s.hears(t, "polled")
	body := strings.NewReader(`{"url":"` + strings.Replace(hookAddress, "/x/acme", "/hooks/x/acme", 1) + `"}`)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.sim.URL()+"/2/webhooks", body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer sim-app-bearer")
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("registering was answered %s (%v)", resp.Status, err)
	}
	if err := s.sim.Wait(t.Context(), func(v *xsim.View) bool { return v.Subscriptions() == 4 }); err != nil {
		t.Fatal(err)
	}
	s.say("called")
	s.hears(t, "polled", "called")
}

func TestWebhookNeedsAWebAddress(t *testing.T) {
	t.Parallel()
	s, _ := hooked(t)
	s.deps.Mount = nil
	if _, err := x.New(s.cfg, s.deps); err == nil || !strings.Contains(err.Error(), "public web address") {
		t.Errorf("New = %v, want a word about the web address", err)
	}
}

func TestWithdrawalByWebhook(t *testing.T) {
	t.Parallel()
	s, p := hooked(t)
	s.subscribed(t)
	for _, who := range []string{s.bob, s.brand} {
		body := fmt.Sprintf(`{"data":{"event_type":"oauth.revoke","filter":{},"payload":{"user_id":%q,"app_id":"1"}}}`, who)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, hookAddress, strings.NewReader(body))
		r.Header.Set("X-Twitter-Webhooks-Signature", sign("sim-consumer-secret", body))
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			t.Errorf("a withdrawal was answered %d", w.Code)
		}
	}
	if err := s.fails(t); chat.KindOf(err) != chat.LoggedOut || !strings.Contains(chat.Reason(err), "took the app's permission back") {
		t.Errorf("Run = %v", err)
	}
}
