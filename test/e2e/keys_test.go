package e2e_test

import (
	"context"
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xsim"
)

// often has an X account ask for messages so often that a test need not wait.
const often = "    poll_every: 200ms\n"

// TestKeysWhileRunning gives an account that runs keys for encrypted messages, with each kind of login, and has somebody
// write to it.
func TestKeysWhileRunning(t *testing.T) {
	t.Parallel()
	for _, oauth2 := range []bool{true, false} {
		s := newStage(t)
		if oauth2 {
			s.configure(t, s.accounts(s.loggedIn()+often, s.slackAccount("")), s.desk())
		} else {
			s.configure(t, s.accounts(s.xAccount("receive: stream\n"+often), s.slackAccount("")), s.desk())
		}
		d := s.start(t)
		if oauth2 {
			if got := s.roost(t, "login", "x/acme", "--chat"); got.code != 1 || got.err != "roost: nobody is logged in; run roost login x/acme\n" {
				t.Errorf("before the login = %d %q", got.code, got.err)
			}
			s.login(t)
		}
		backup := filepath.Join(t.TempDir(), "acme.key")
		got := s.roost(t, "login", "x/acme", "--chat", "--export", backup)
		if got.code != 0 || !strings.HasPrefix(got.out, "x/acme: @acme has new keys for encrypted messages: version ") {
			t.Fatalf("login --chat = %d %q %q", got.code, got.out, got.err)
		}
		s.whispers(t, "Is this between us?", "It is.")
		d.stop(t)
		secrets := spellings(t, backup)
		if slices.ContainsFunc(secrets, func(one string) bool { return strings.Contains(got.out+got.err+d.log.String(), one) }) {
			t.Error("what Roost said shows a private key")
		}
		for _, one := range secrets {
			if name := found(t, s.dir, one); name != "" {
				t.Errorf("%s holds a private key in the clear", name)
			}
		}
		if name := found(t, s.dir, `"ring":{"keys":[`); name != "" { // as a connector gives it to be kept
			t.Errorf("%s holds a conversation's keys in the clear", name)
		}
	}
}

// TestKeysWithoutRunning gives the account its keys first, and others while somebody talks to it.
func TestKeysWithoutRunning(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.configure(t, s.accounts(s.xAccount("receive: stream\n"+often), s.slackAccount("")), s.desk())
	first, again := s.roost(t, "login", "x/acme", "--chat"), s.roost(t, "login", "x/acme", "--chat")
	if first.code != 0 || again.code != 0 || !strings.Contains(first.out, "@acme has new keys") || !strings.Contains(again.out, "@acme has its keys") {
		t.Fatalf("login --chat = %+v, then %+v", first, again)
	}
	d := s.start(t)
	s.whispers(t, "Anybody there?", "All of us.")
	if got := s.roost(t, "login", "x/acme", "--chat", "--replace"); got.code != 0 || !strings.Contains(got.out, "@acme has new keys") {
		t.Fatalf("login --chat --replace = %+v", got)
	}
	s.whispers(t, "Still there?", "With another key.")
	d.stop(t)
}

// whispers has Alice write something encrypted, and Dana answer it.
func (s *stage) whispers(t *testing.T, question, reply string) {
	t.Helper()
	phone := s.x.Phone(s.alice)
	if _, err := phone.Say(s.brand, question); err != nil {
		t.Fatal(err)
	}
	s.answers(s.thread(t, question).Thread, reply)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	told := func(all []xsim.Heard) bool {
		return slices.ContainsFunc(all, func(h xsim.Heard) bool { return h.Sender == s.brand && h.Text == reply })
	}
	if err := phone.Wait(ctx, s.brand, told); err != nil {
		t.Errorf("Alice reads %+v, want %q", phone.Talk(s.brand), reply)
	}
}

// spellings are the texts that show some of the keys in a backup.
func spellings(t *testing.T, backup string) (all []string) {
	t.Helper()
	text, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err == nil {
		_, err = xchat.ParseBlob(raw)
	}
	if err != nil {
		t.Fatalf("the backup holds no keys: %v", err)
	}
	for _, part := range []string{string(raw), string(raw[:32]), string(raw[32:])} {
		all = append(all, bridgetest.Spellings(part)...)
	}
	return all
}
