package x_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/router/chat"
)

// checks runs the doctor and holds what it finds under names to words.
func (s *scene) checks(t *testing.T, want map[string]string) {
	t.Helper()
	all, err := s.open(t).Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, words := range want {
		grade, words, _ := strings.Cut(words, ": ")
		if f := finding(all, name); f.Grade != chat.Grade(grade) || !strings.Contains(f.Text+"; "+f.Mend, words) {
			t.Errorf("%s: %+v, want %s with %q", name, f, grade, words)
		}
	}
}

func TestCheckTellsWhatIsMissedOfEncryptedMessages(t *testing.T) {
	t.Parallel()
	s := fast(t, xsim.Config{})
	s.checks(t, map[string]string{"encrypted messages": "fine: the account has no keys"})
	s.sim.Phone(s.brand) // keys, but not here
	s.checks(t, map[string]string{"encrypted messages": "warning: those are missed, because its keys are not here; run roost login x/acme --chat"})
	s.cfg.Chat = x.ChatOff
	s.checks(t, map[string]string{"encrypted messages": "warning: those are missed, because chat is off"})
}

func TestCheckOfAnAccountWithKeys(t *testing.T) {
	t.Parallel()
	s := setupSealed(t)
	s.streams(t)
	s.checks(t, map[string]string{
		"keys": "fine: fingerprint", "encrypted messages": "fine: can be read and written", "subscriptions": "warning: chat.received, chat.sent",
	})
	s.begin(t)
	ctx, cancel := context.WithTimeout(t.Context(), patient)
	defer cancel()
	if err := s.sim.Wait(ctx, func(v *xsim.View) bool { return v.Subscriptions() == 7 }); err != nil {
		t.Fatalf("%d subscriptions: %v", s.sim.Subscriptions(), err)
	}
	s.stop(t)
	s.checks(t, map[string]string{"subscriptions": "fine: all that is needed"})

	s.sim.Screen(s.brand, s.bob)
	if _, err := s.sim.Phone(s.bob).Say(s.brand, "hi"); err != nil {
		t.Fatal(err)
	}
	s.checks(t, map[string]string{"message requests": "warning: accept them in X's own app"})

	s.sim.WithholdKey(s.brand, s.ann, true)
	if err := s.phone.NewKey(s.brand); err != nil {
		t.Fatal(err)
	}
	s.say(t, "who can read this?")
	s.run(t)
	bring := func() bool {
		b, err := s.keep.Kept(t.Context(), "chat/waiting")
		return err == nil && strings.Contains(string(b), ":")
	}
	for range 200 {
		if bring() {
			break
		}
		s.sim.Say(s.ann, s.brand, xsim.Draft{Text: "hello"})
		s.sink.Within(patient/100, func(all []chat.Event) bool { return len(all) > 0 })
		s.sink.Forget()
	}
	s.stop(t)
	s.checks(t, map[string]string{"waiting": "warning: in one conversation there are messages that can't be read, because X has not given their keys; ask"})

	if err := s.sim.Phone(s.brand).Register(); err != nil { // other keys, elsewhere
		t.Fatal(err)
	}
	s.checks(t, map[string]string{
		"keys": "warning: import them: roost login x/acme --chat --keys FILE", "waiting": "warning: import those",
		"encrypted messages": "fine: those for the keys here can be read and written",
	})
	held, err := s.open(t).LoginChat(t.Context(), x.ChatLoginOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s.cfg.ChatKeys = held.Keys
	s.checks(t, map[string]string{"keys": "warning: put them into chat_keys of the settings"})
	s.cfg.ChatKeys = bridges.NewSecret("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAg==")
	s.checks(t, map[string]string{"encrypted messages": "broken: are not those that X lists"})
}

// TestCheckOfAWebhook holds that the doctor says whether X calls, and tells of encrypted messages there.
func TestCheckOfAWebhook(t *testing.T) {
	t.Parallel()
	s, p := sealedBy(t, x.Webhook)
	s.lives(t)
	s.checks(t, map[string]string{"webhook": "fine: X calls " + hookAddress, "subscriptions": "fine: all that is needed"})
	s.stop(t)
	ask := func(method, path string) (body string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, s.sim.URL()+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer sim-app-bearer")
		resp, err := s.deps.Client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		b, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s %s = %d %s, %v", method, path, resp.StatusCode, b, err)
		}
		return string(b)
	}
	_, rest, _ := strings.Cut(ask(http.MethodGet, "/2/webhooks"), `"id":"`)
	id, _, _ := strings.Cut(rest, `"`)
	if _, err := p.mount("/x/acme", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})); err != nil {
		t.Fatal(err)
	}
	ask(http.MethodPut, "/2/webhooks/"+id) // X calls, and somebody else answers
	s.checks(t, map[string]string{"webhook": "broken: did not answer a challenge"})
}

// TestCheckOfWhatXDoesNotShow holds that the doctor says which kind of message can't be read.
func TestCheckOfWhatXDoesNotShow(t *testing.T) {
	t.Parallel()
	s, v := valved(t)
	v.refuse("/2/chat/conversations", http.StatusForbidden)
	s.checks(t, map[string]string{"messages": "fine: can be read", "encrypted messages": "broken: X does not allow it"})
	v.refuse("/2/chat/conversations", http.StatusPaymentRequired)
	s.checks(t, map[string]string{"messages": "fine: can be read", "encrypted messages": "broken: no credit left, or reached its spending cap; buy credit"})
	v.refuse("/2/dm_events", http.StatusForbidden)
	s.checks(t, map[string]string{"messages": "broken: X does not allow it", "encrypted messages": "fine: can be read and written"})
}
