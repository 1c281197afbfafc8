package x_test

import (
	"context"
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
