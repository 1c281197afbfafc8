package x_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/router/chat"
)

func TestChatLoginMakesKeys(t *testing.T) {
	t.Parallel()
	for _, oauth2 := range []bool{false, true} {
		s := newKeyScene(t)
		if oauth2 {
			s.cfg = x.Config{ClientID: "id", APIURL: s.cfg.APIURL}
			token := fmt.Sprintf(`{"access":"a","refresh":"r","expires":%q}`, s.now.Add(time.Hour).Format(time.RFC3339))
			if err := s.keep.Keep(t.Context(), "token", []byte(token)); err != nil {
				t.Fatal(err)
			}
		}
		if version, _, err := s.own(t); version != "" || err != nil {
			t.Errorf("before: keys of version %q (%v), want none", version, err)
		}
		done, err := s.login(t, x.ChatLoginOptions{})
		if err != nil {
			t.Fatal(err)
		}
		keys, err := xchat.ParseBlobText(done.Keys.Reveal())
		if err != nil {
			t.Fatal(err)
		}
		if done.Outcome != x.ChatRegistered || done.Version != "1790000000000" || done.Who.Handle != "acmetea" || done.Newer != "" ||
			done.Fingerprint != keys.Public().Fingerprint() {
			t.Errorf("LoginChat = %+v", done)
		}
		if e := s.kept(t); e != (entry{Blob: blob(keys), User: acmeID, Version: done.Version}) {
			t.Errorf("kept is version %q of user %q, next %v", e.Version, e.User, e.Next != nil)
		}
		again, err := s.login(t, x.ChatLoginOptions{})
		if rows, tries := s.state(); err != nil || again.Outcome != x.ChatFound || again.Version != done.Version || rows != 1 || tries != 1 {
			t.Errorf("again: %+v (%v), %d keys after %d tries", again, err, rows, tries)
		}
		if version, mark, err := s.own(t); version != done.Version || mark != done.Fingerprint || err != nil {
			t.Errorf("the connector has %q %q (%v)", version, mark, err)
		}
	}
}

func TestChatLoginNeedsALogin(t *testing.T) {
	t.Parallel()
	s := newKeyScene(t)
	s.cfg = x.Config{ClientID: "id", APIURL: s.cfg.APIURL}
	_, err := s.login(t, x.ChatLoginOptions{})
	if chat.KindOf(err) != chat.LoggedOut || chat.Reason(err) != "nobody is logged in; run roost login x/acme" {
		t.Errorf("LoginChat = %v", err)
	}
	if e := s.kept(t); e != (entry{}) {
		t.Error("keys were made")
	}
}

// TestChatLoginImports gives keys in every way in which a file has them.
func TestChatLoginImports(t *testing.T) {
	t.Parallel()
	for name, spell := range map[string]func(raw []byte) string{
		"raw":          func(raw []byte) string { return string(raw) },
		"base64":       base64.StdEncoding.EncodeToString,
		"base64url":    base64.RawURLEncoding.EncodeToString,
		"without =":    base64.RawStdEncoding.EncodeToString,
		"with newline": func(raw []byte) string { return base64.StdEncoding.EncodeToString(raw) + "\r\n" },
		"in two lines": func(raw []byte) string {
			s := base64.StdEncoding.EncodeToString(raw)
			return s[:76] + "\n" + s[76:] + "\n"
		},
		"with blanks": func(raw []byte) string { return " \t" + base64.StdEncoding.EncodeToString(raw) + " \n\n" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newKeyScene(t)
			former, keys := s.makes(t), s.makes(t)
			s.lists(keys, "99")
			s.lists(former, "100")
			s.lists(keys, "101")
			done, err := s.login(t, x.ChatLoginOptions{Keys: bridges.NewSecret(spell(keys.Blob()))})
			if err != nil || done.Outcome != x.ChatImported || done.Version != "101" || done.Newer != "" {
				t.Fatalf("LoginChat = %+v, %v", done, err)
			}
			if e := s.kept(t); e != (entry{Blob: blob(keys), User: acmeID, Version: "101"}) {
				t.Errorf("kept is version %q of user %q", e.Version, e.User)
			}
			if _, tries := s.state(); tries != 0 {
				t.Error("they were registered")
			}
		})
	}
}

// TestChatLoginImportsOddKeys takes raw keys that have no byte above 127.
func TestChatLoginImportsOddKeys(t *testing.T) {
	t.Parallel()
	s := newKeyScene(t)
	raw := strings.Repeat("\x01", 64)
	keys, err := xchat.ParseBlob([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	s.lists(keys, "99")
	if done, err := s.login(t, x.ChatLoginOptions{Keys: bridges.NewSecret(raw)}); err != nil || done.Version != "99" {
		t.Errorf("LoginChat = %+v, %v", done, err)
	}
}

// TestChatLoginImportsOldKeys tells that people write for newer keys.
func TestChatLoginImportsOldKeys(t *testing.T) {
	t.Parallel()
	s := newKeyScene(t)
	keys := s.makes(t)
	s.lists(keys, "99")
	s.lists(s.makes(t), "100")
	done, err := s.login(t, x.ChatLoginOptions{Keys: bridges.NewSecret(blob(keys))})
	want := []string{"X lists newer keys of the account (version 100): what people write now is for those, and can't be read with these. " +
		"Bring them with --keys, or register new ones with --replace."}
	if err != nil || done.Version != "99" || done.Newer != "100" || !slices.Equal(done.Notes, want) {
		t.Errorf("LoginChat = %+v, %v; want version 99, and that 100 is newer", done, err)
	}
	if version, _, err := s.own(t); version != "99" || err != nil || !strings.Contains(s.log.String(), "newer=100") {
		t.Errorf("the connector has %q (%v), log %s", version, err, s.log)
	}
}

// TestChatLoginNotes tells why messages are not read although the keys are there.
func TestChatLoginNotes(t *testing.T) {
	t.Parallel()
	s := newKeyScene(t)
	keys := s.makes(t)
	s.lists(keys, "99")
	s.cfg.ChatKeys = bridges.NewSecret(blob(keys))
	if done, err := s.login(t, x.ChatLoginOptions{}); err != nil || done.Notes != nil {
		t.Errorf("notes are %q (%v), want none", done.Notes, err)
	}
	s.lists(s.makes(t), "100")
	s.cfg.Chat = x.ChatOff
	done, err := s.login(t, x.ChatLoginOptions{})
	if err != nil || len(done.Notes) != 2 {
		t.Fatalf("notes are %q (%v), want two", done.Notes, err)
	}
	for i, words := range []string{"Put those into chat_keys of the settings.", "chat: off stands in the settings, so Roost reads no encrypted messages."} {
		if !strings.Contains(done.Notes[i], words) {
			t.Errorf("note %d is %q, want %q", i, done.Notes[i], words)
		}
	}
}

// TestChatLoginTellsWhatIsNoBlob says what was given instead of a blob, and shows nothing of it.
func TestChatLoginTellsWhatIsNoBlob(t *testing.T) {
	t.Parallel()
	enc := base64.StdEncoding.EncodeToString
	for name, tc := range map[string]struct{ given, want string }{
		"cut short":         {enc(bytes.Repeat([]byte{1}, 64))[:40], "it has 40 bytes, which are base64 of 30"},
		"cut within a byte": {enc(bytes.Repeat([]byte{1}, 64))[:41], "it has 41 bytes, which are no base64"},
		"raw and cut short": {strings.Repeat("\x01", 63), "it has 63 bytes, which are no base64"},
		"identity alone":    {enc(bytes.Repeat([]byte{1}, 32)) + "\n", "the identity key alone"},
		"hexadecimal":       {strings.Repeat("a5", 64), "it is hexadecimal"},
		"no keys":           {enc(make([]byte, 64)), "it has 64 bytes, but those are no two private keys"},
		"no keys, raw":      {strings.Repeat("\xff", 64), "it has 64 bytes, but those are no two private keys"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newKeyScene(t)
			s.refused(t, x.ChatLoginOptions{Keys: bridges.NewSecret(tc.given)}, "what is given is no key blob: ", tc.want, "; it must be the 64 bytes")
			s.cfg.ChatKeys = bridges.NewSecret(tc.given)
			err := s.cfg.Validate()
			if name == "no keys, raw" { // what is read from a setting is text
				tc.want = "which are no base64"
			}
			if err == nil || !strings.Contains(err.Error(), "chat_keys: this is no key blob: ") || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("Validate() = %v, want %q", err, tc.want)
			}
		})
	}
}

// TestChatLoginTellsWhatToDo is refusals whose reader could do something.
func TestChatLoginTellsWhatToDo(t *testing.T) {
	t.Parallel()
	s := newKeyScene(t)
	s.lists(s.makes(t), "99")
	s.refused(t, x.ChatLoginOptions{Keys: bridges.NewSecret(blob(s.makes(t)))}, "bring the newest, or register new ones with --replace")
	s.keeps(t, entry{Blob: blob(s.makes(t)), User: otherID, Version: "98"})
	s.refused(t, x.ChatLoginOptions{}, "log in as that one, or import the account's own with --keys")

	s = newKeyScene(t)
	s.fault = func(w http.ResponseWriter, _ func() string) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"title":"Forbidden","detail":"no"}`)
	}
	_, err := s.login(t, x.ChatLoginOptions{})
	const want = "X registers no keys for the account: X does not allow it; roost doctor says whether the login lacks something"
	if chat.KindOf(err) != chat.Refused || chat.Reason(err) != want {
		t.Errorf("LoginChat = %v, want %q", err, want)
	}
}

// TestChatLoginRegistersGivenKeys is an account that X lists no keys of, and that has a backup.
func TestChatLoginRegistersGivenKeys(t *testing.T) {
	t.Parallel()
	s := newKeyScene(t)
	keys := s.makes(t)
	done, err := s.login(t, x.ChatLoginOptions{Keys: bridges.NewSecret(blob(keys))})
	if err != nil || done.Outcome != x.ChatRegistered || done.Fingerprint != keys.Public().Fingerprint() {
		t.Fatalf("LoginChat = %+v, %v", done, err)
	}
	if e := s.kept(t); e != (entry{Blob: blob(keys), User: acmeID, Version: done.Version}) {
		t.Errorf("kept is version %q of user %q, next %v", e.Version, e.User, e.Next != nil)
	}
}

func TestChatLoginReplaces(t *testing.T) {
	t.Parallel()
	for _, kept := range []bool{true, false} {
		s := newKeyScene(t)
		former := s.makes(t)
		s.lists(former, "99")
		if kept {
			s.keeps(t, entry{Blob: blob(former), User: acmeID, Version: "99"})
		}
		s.fault = func(w http.ResponseWriter, take func() string) {
			e := s.kept(t)
			if e.Next == nil || e.Next.Blob == "" || e.Next.Version != "" || kept && e.Blob != blob(former) {
				t.Error("when X is told, the new keys are not kept beside the old ones")
			}
			fmt.Fprintf(w, `{"data":{"public_key_version":%q}}`, take())
		}
		done, err := s.login(t, x.ChatLoginOptions{Replace: true})
		if err != nil || done.Outcome != x.ChatRegistered || done.Fingerprint == former.Public().Fingerprint() {
			t.Fatalf("LoginChat = %+v, %v", done, err)
		}
		if e := s.kept(t); e.Blob != done.Keys.Reveal() || e.Version != done.Version || e.Next != nil {
			t.Errorf("kept is version %q, next %v", e.Version, e.Next != nil)
		}
		if version, mark, err := s.own(t); version != done.Version || mark != done.Fingerprint || err != nil {
			t.Errorf("the connector has %q %q (%v)", version, mark, err)
		}
	}
}

func TestChatLoginMendsWhatIsKept(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]entry{
		"no user":         {Version: "99"},
		"another version": {User: acmeID, Version: "98"},
		"another user":    {User: otherID, Version: "99"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newKeyScene(t)
			keys := s.makes(t)
			s.lists(keys, "99")
			e.Blob = blob(keys)
			waiting := entry{Blob: blob(s.makes(t)), User: acmeID}
			e.Next = &waiting
			s.keeps(t, e)
			done, err := s.login(t, x.ChatLoginOptions{})
			if err != nil || done.Version != "99" || done.Fingerprint != keys.Public().Fingerprint() {
				t.Fatalf("LoginChat = %+v, %v", done, err)
			}
			got := s.kept(t)
			if got.Blob != e.Blob || got.User != acmeID || got.Version != "99" {
				t.Errorf("kept is version %q of user %q", got.Version, got.User)
			}
			if got.Next == nil || *got.Next != waiting {
				t.Error("the keys that wait to be registered are lost")
			}
			if _, tries := s.state(); tries != 0 {
				t.Error("they were registered again")
			}
		})
	}
}

// TestChatLoginRegistersWhatIsKept is keys that were kept without a version, with and without anybody whose they are.
func TestChatLoginRegistersWhatIsKept(t *testing.T) {
	t.Parallel()
	for _, user := range []string{"", acmeID} {
		s := newKeyScene(t)
		keys := s.makes(t)
		s.keeps(t, entry{Blob: blob(keys), User: user})
		done, err := s.login(t, x.ChatLoginOptions{})
		if err != nil || done.Outcome != x.ChatRegistered || done.Fingerprint != keys.Public().Fingerprint() {
			t.Fatalf("LoginChat = %+v, %v", done, err)
		}
		if e := s.kept(t); e != (entry{Blob: blob(keys), User: acmeID, Version: done.Version}) {
			t.Errorf("kept is version %q of user %q, next %v", e.Version, e.User, e.Next != nil)
		}
	}
}

// TestChatLoginWithSettings registers the keys of the settings, and keeps none of them.
func TestChatLoginWithSettings(t *testing.T) {
	t.Parallel()
	s := newKeyScene(t)
	keys := s.makes(t)
	s.cfg.ChatKeys = bridges.NewSecret(blob(keys))
	for _, want := range []x.ChatOutcome{x.ChatRegistered, x.ChatFound} {
		done, err := s.login(t, x.ChatLoginOptions{})
		if rows, tries := s.state(); err != nil || done.Outcome != want || done.Fingerprint != keys.Public().Fingerprint() || rows != 1 || tries != 1 {
			t.Errorf("LoginChat = %+v, %v; want that they are %s", done, err, want)
		}
	}
	if e := s.kept(t); e != (entry{}) {
		t.Error("the settings' keys were kept")
	}
	if version, _, err := s.own(t); version == "" || err != nil {
		t.Errorf("the connector has keys of version %q (%v)", version, err)
	}
}

// TestChatLoginOverXsLimit is told when to come back, and leaves the account as it was.
func TestChatLoginOverXsLimit(t *testing.T) {
	t.Parallel()
	s := newKeyScene(t)
	former := s.makes(t)
	s.lists(former, "99")
	s.keeps(t, entry{Blob: blob(former), User: acmeID, Version: "99"})
	s.fault = func(w http.ResponseWriter, _ func() string) {
		w.Header().Set("Date", s.now.Format(http.TimeFormat))
		w.Header().Set("X-User-Limit-24hour-Reset", fmt.Sprint(s.now.Add(7*time.Hour+90*time.Second).Unix()))
		w.WriteHeader(http.StatusTooManyRequests)
	}
	_, err := s.login(t, x.ChatLoginOptions{Replace: true})
	e, ok := errors.AsType[*chat.Error](err)
	if !ok || e.Kind != chat.Throttled || e.Wait < 7*time.Hour {
		t.Fatalf("LoginChat = %v, want that X asks to wait 7 hours", err)
	}
	if want := "X allows only a few new keys a day; try again at 2026-11-22 17:02 UTC"; e.Reason != want {
		t.Errorf("the reason is %q, want %q", e.Reason, want)
	}
	if version, mark, err := s.own(t); version != "99" || mark != former.Public().Fingerprint() || err != nil {
		t.Errorf("meanwhile the connector has %q %q (%v), want the former keys", version, mark, err)
	}
	if done, err := s.login(t, x.ChatLoginOptions{}); err != nil || done.Outcome != x.ChatFound || done.Version != "99" {
		t.Errorf("meanwhile LoginChat = %+v, %v; want the former keys", done, err)
	}
	next := s.kept(t).Next
	if next == nil {
		t.Fatal("the new keys are not kept")
	}
	if done, err := s.login(t, x.ChatLoginOptions{Replace: true}); err != nil || done.Keys.Reveal() != next.Blob {
		t.Errorf("later LoginChat = %+v, %v; want that it goes on with the keys that it made", done, err)
	}
}
