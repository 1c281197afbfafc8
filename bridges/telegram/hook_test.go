package telegram_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/telegram"
	"github.com/roost-im/roost/bridges/telegram/telegramsim"
	"github.com/roost-im/roost/router/chat"
)

// call calls a method of the Bot API as any program could.
func (s *stage) call(t *testing.T, method, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+"/bot"+s.Token()+"/"+method, strings.NewReader(body))
	must(t, err)
	req.Header.Set("Content-Type", "application/json")
	if status, said := ask(t, req); status != http.StatusOK {
		t.Fatalf("%s = %d %s", method, status, said)
	}
}

func ask(t *testing.T, req *http.Request) (int, string) {
	t.Helper()
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := c.Do(req)
	must(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	must(t, err)
	return resp.StatusCode, string(b)
}

// hooked has a connector receive by webhook.
func hooked(t *testing.T) (*run, *web) {
	t.Helper()
	w := newWeb(t)
	r := prepare(t, telegramsim.Config{})
	r.cfg.Receive = telegram.Webhook
	r.deps.Mount, r.deps.Public = w.mount, w.URL
	r.again(t)
	return r, w
}

func TestUpdatesComeByWebhook(t *testing.T) {
	t.Parallel()
	r, w := hooked(t)
	hook := r.Webhook()
	if hook.URL != w.URL+"/telegram/bot/updates" || len(hook.Secret) < 20 || hook.MaxConnections < 2 {
		t.Errorf("the webhook is %+v", hook)
	}
	r.says(t, r.ada, r.ada, telegramsim.Draft{Text: "over http"})
	r.Hears(t, "over http")
	first := r.says(t, r.ada, r.ada, album("pictures", 3))
	if e, p := r.Hears(t, "pictures"); e.Message != albumID(first, 3) || len(p.Files) != 3 {
		t.Errorf("the album is %q with %d files", e.Message, len(p.Files))
	}
	must(t, r.Stop())
	r.says(t, r.ada, r.ada, telegramsim.Draft{Text: "while stopped"})
	r.again(t)
	r.Hears(t, "while stopped")
	if again := r.Webhook(); again.Secret != hook.Secret {
		t.Error("a restart changed the secret")
	}
}

func TestOnlyTelegramIsHeard(t *testing.T) {
	t.Parallel()
	r, w := hooked(t)
	update := `{"update_id":7,"message":{"message_id":1,"date":1,"chat":{"id":5,"type":"private"},"from":{"id":5,"first_name":"Eve"},"text":"forged"}}`
	post := func(method, secret, body string) int {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, w.URL+"/telegram/bot/updates", strings.NewReader(body))
		must(t, err)
		if secret != "" {
			req.Header.Set("X-Telegram-Bot-Api-Secret-Token", secret)
		}
		status, _ := ask(t, req)
		return status
	}
	secret := r.Webhook().Secret
	for _, tc := range []struct {
		method, secret, body string
		want                 int
	}{
		{http.MethodPost, "", update, http.StatusUnauthorized},
		{http.MethodPost, secret + "x", update, http.StatusUnauthorized},
		{http.MethodGet, secret, update, http.StatusMethodNotAllowed},
		{http.MethodPost, secret, "not json", http.StatusBadRequest},
		{http.MethodPost, secret, `{"update_id":8,"novelty":{}}`, http.StatusOK},
		{http.MethodPost, secret, "[]", http.StatusOK},
		{http.MethodPost, secret, strings.Repeat(" ", 2<<20), http.StatusRequestEntityTooLarge},
	} {
		if got := post(tc.method, tc.secret, tc.body); got != tc.want {
			t.Errorf("%s with secret %v and %.30q = %d, want %d", tc.method, tc.secret == secret, tc.body, got, tc.want)
		}
	}
	r.Refuse(func(chat.Batch) error { return bridgetest.ErrFull })
	if got := post(http.MethodPost, secret, update); got != http.StatusInternalServerError {
		t.Errorf("an update that was not stored = %d, want 500", got)
	}
	r.Refuse(nil)
	for _, e := range r.Until(t, "all", func([]chat.Event) bool { return true }) {
		t.Errorf("%+v was heard", e)
	}
	if got := post(http.MethodPost, secret, update); got != http.StatusOK {
		t.Errorf("an update = %d, want 200", got)
	}
	r.Hears(t, "forged")
}

func TestAWebhookThatWasTakenAwayIsSetAgain(t *testing.T) {
	t.Parallel()
	r, w := hooked(t)
	r.call(t, "setWebhook", `{"url":"https://elsewhere.example/"}`)
	r.sees(t, "our webhook again", func(v *telegramsim.View) bool { return v.Webhook().URL == w.URL+"/telegram/bot/updates" })
	r.says(t, r.ada, r.ada, telegramsim.Draft{Text: "still heard"})
	r.Hears(t, "still heard")
	r.Sim.Revoke()
	if err := r.Over(t); chat.KindOf(err) != chat.LoggedOut {
		t.Errorf("Run = %v, want LoggedOut", err)
	}
}

func TestAWebhookNeedsAnAddress(t *testing.T) {
	t.Parallel()
	cfg := telegram.Config{Token: bridges.NewSecret("1:a"), Receive: telegram.Webhook}
	if _, err := telegram.New(cfg, bridges.Deps{Account: account}); err == nil || !strings.Contains(err.Error(), "web.public") {
		t.Errorf("New = %v, want a word about web.public", err)
	}
}

func TestAMountThatFailsEndsTheRun(t *testing.T) {
	t.Parallel()
	r := prepare(t, telegramsim.Config{})
	r.cfg.Receive = telegram.Webhook
	r.deps.Public = "https://roost.example.org/hooks"
	r.deps.Mount = func(string, http.Handler) (func(), error) { return nil, context.DeadlineExceeded }
	r.launch(t)
	if err := r.Over(t); chat.KindOf(err) != chat.Transient {
		t.Errorf("Run = %v, want Transient", err)
	}
}
