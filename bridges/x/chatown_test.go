package x_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/router/chat"
)

func TestOwnChatKeys(t *testing.T) {
	t.Parallel()
	const mine, theirs = "99", "100"
	for name, tc := range map[string]struct {
		given   func(t *testing.T, s *keyScene, ours, other *xchat.Keys)
		version string // empty: none
		log     string
	}{
		"none": {func(*testing.T, *keyScene, *xchat.Keys, *xchat.Keys) {}, "", ""},
		"off": {func(t *testing.T, s *keyScene, ours, _ *xchat.Keys) {
			t.Helper()
			s.cfg.Chat = x.ChatOff
			s.lists(ours, mine)
			s.keeps(t, entry{Blob: blob(ours), User: acmeID, Version: mine})
		}, "", ""},
		"the settings win": {func(t *testing.T, s *keyScene, ours, other *xchat.Keys) {
			t.Helper()
			s.cfg.ChatKeys = bridges.NewSecret(blob(ours))
			s.keeps(t, entry{Blob: blob(other), User: acmeID, Version: theirs})
			s.lists(other, "98")
			s.lists(ours, mine)
		}, mine, ""},
		"kept": {func(t *testing.T, s *keyScene, ours, other *xchat.Keys) {
			t.Helper()
			s.keeps(t, entry{Blob: blob(ours), User: acmeID, Version: mine})
			s.lists(other, "98")
			s.lists(ours, mine)
		}, mine, ""},
		"registered anew": {func(t *testing.T, s *keyScene, ours, _ *xchat.Keys) {
			t.Helper()
			s.keeps(t, entry{Blob: blob(ours), User: acmeID, Version: "98"})
			s.lists(ours, "9")
			s.lists(ours, mine)
		}, mine, "version=99 before=98"},
		"newer ones elsewhere": {func(t *testing.T, s *keyScene, ours, other *xchat.Keys) {
			t.Helper()
			s.keeps(t, entry{Blob: blob(ours), User: acmeID, Version: mine})
			s.lists(ours, mine)
			s.lists(other, theirs)
		}, mine, "version=99 newer=100"},
		"never registered": {func(t *testing.T, s *keyScene, ours, other *xchat.Keys) {
			t.Helper()
			s.keeps(t, entry{Next: &entry{Blob: blob(ours), User: acmeID}})
			s.lists(other, theirs)
		}, "", ""},
		"registered without anybody noting it": {func(t *testing.T, s *keyScene, ours, other *xchat.Keys) {
			t.Helper()
			s.keeps(t, entry{Blob: blob(other), User: acmeID, Version: "98", Next: &entry{Blob: blob(ours), User: acmeID}})
			s.lists(other, "98")
			s.lists(ours, mine)
		}, mine, "version=99 before=98"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newKeyScene(t)
			ours, other := s.makes(t), s.makes(t)
			tc.given(t, s, ours, other)
			version, mark, err := s.own(t)
			if err != nil || version != tc.version || version != "" && mark != ours.Public().Fingerprint() {
				t.Errorf("the connector has %q %q (%v), want ours of version %q", version, mark, err, tc.version)
			}
			if got := s.log.String(); !strings.Contains(got, tc.log) || tc.log == "" && got != "" {
				t.Errorf("the log says %q, want %q", got, tc.log)
			}
		})
	}
}

// TestOwnChatKeysThatXDoesNotList ends the account, with what a person must know.
func TestOwnChatKeysThatXDoesNotList(t *testing.T) {
	t.Parallel()
	for _, inSettings := range []bool{true, false} {
		for _, listed := range []string{"version 100", "none"} {
			s := newKeyScene(t)
			ours := s.makes(t)
			if inSettings {
				s.cfg.ChatKeys = bridges.NewSecret(blob(ours))
			} else {
				s.keeps(t, entry{Blob: blob(ours), User: acmeID, Version: "99"})
			}
			if listed != "none" {
				other := s.makes(t)
				s.lists(other, "100")
				listed += " with fingerprint " + other.Public().Fingerprint()
			}
			_, _, err := s.own(t)
			want := fmt.Sprintf("the account's keys for encrypted messages are not those that X lists (ours: fingerprint %s; X's: %s); run roost login x/acme --chat",
				ours.Public().Fingerprint(), listed)
			if !bridges.Pointless(err) || chat.Reason(err) != want {
				t.Errorf("the connector has %v, want that it ends because %s", err, want)
			}
		}
	}
}

// TestOwnChatKeysWhenXIsAway is tried again, and ends nothing.
func TestOwnChatKeysWhenXIsAway(t *testing.T) {
	t.Parallel()
	s := newKeyScene(t)
	keys := s.makes(t)
	s.keeps(t, entry{Blob: blob(keys), User: acmeID, Version: "99"})
	s.blind = true
	if _, _, err := s.own(t); err == nil || bridges.Pointless(err) {
		t.Errorf("the connector has %v, want an error that passes", err)
	}
	s.keep.Refuse(lost(keptKeys))
	if _, _, err := s.own(t); err == nil || bridges.Pointless(err) {
		t.Errorf("the connector has %v, want an error that passes", err)
	}
	s.keep.Refuse(nil)
}

// TestRunEndsWithKeysThatXDoesNotList is an account whose keys were replaced elsewhere.
func TestRunEndsWithKeysThatXDoesNotList(t *testing.T) {
	t.Parallel()
	s := fast(t, xsim.Config{})
	if _, err := s.open(t).LoginChat(t.Context(), x.ChatLoginOptions{}); err != nil {
		t.Fatal(err)
	}
	s.run(t)
	s.ready(t)
	s.stop(t)
	other, err := xchat.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(entry{Blob: blob(other), User: s.brand, Version: "99"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.keep.Keep(t.Context(), keptKeys, b); err != nil {
		t.Fatal(err)
	}
	s.run(t)
	if err := s.fails(t); chat.KindOf(err) != chat.Refused || !strings.Contains(chat.Reason(err), "run roost login x/acme --chat") {
		t.Errorf("Run = %v, want that it says what to do", err)
	}
}
