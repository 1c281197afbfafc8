package x_test

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/x"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/router/chat"
)

const (
	acmeID   = "1001"
	otherID  = "1002"
	keptKeys = "chat/keys" // where keys are kept
)

// registry is the part of X that knows public keys.
type registry struct {
	mu     sync.Mutex
	rows   []map[string]string                                       // as X lists them
	tries  int                                                       // registrations that arrived
	bodies strings.Builder                                           // everything that X was told
	fault  func(w http.ResponseWriter, take func() (version string)) // answers the next registration instead; nil: none
	blind  bool                                                      // lists fail
}

// lists adds keys of a version.
func (g *registry) lists(keys *xchat.Keys, version string) {
	p := keys.Public()
	enc := base64.StdEncoding.EncodeToString
	g.mu.Lock()
	defer g.mu.Unlock()
	g.rows = append(g.rows, map[string]string{
		"public_key": enc(p.Identity), "signing_public_key": enc(p.Signing), "identity_public_key_signature": enc(p.Binding), "public_key_version": version,
	})
}

// ServeHTTP answers as X does.
func (g *registry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	g.mu.Lock()
	defer g.mu.Unlock()
	fmt.Fprintf(&g.bodies, "%s %s %v %s\n", r.Method, r.URL, r.Header, body)
	w.Header().Set("Content-Type", "application/json")
	switch r.Method + " " + r.URL.Path {
	case "GET /2/users/me":
		fmt.Fprintf(w, `{"data":{"id":%q,"name":"Acme Tea","username":"acmetea"}}`, acmeID)
	case "GET /2/users/" + acmeID + "/public_keys":
		if g.blind {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"data": g.rows})
	case "POST /2/users/" + acmeID + "/public_keys":
		g.tries++
		take := func() string { return g.take(body) }
		if fault := g.fault; fault != nil {
			g.fault = nil
			fault(w, take)
			return
		}
		fmt.Fprintf(w, `{"data":{"public_key_version":%q}}`, take())
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// take registers what a body asks for.
func (g *registry) take(body []byte) (version string) {
	var reg xchat.Registration
	if json.Unmarshal(body, &reg) != nil || !reg.GenerateVersion {
		return ""
	}
	version = fmt.Sprint(1_790_000_000_000 + len(g.rows))
	p := reg.PublicKey
	g.rows = append(g.rows, map[string]string{
		"public_key": p.Identity, "signing_public_key": p.Signing, "identity_public_key_signature": p.IdentitySignature, "public_key_version": version,
	})
	return version
}

// state is how many keys X lists, and how many registrations arrived.
func (g *registry) state() (rows, tries int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.rows), g.tries
}

// keyScene is an account that gets its keys: its X, what it keeps, and everything that it says.
type keyScene struct {
	*registry
	cfg     x.Config
	keep    *bridgetest.Keeper
	client  *http.Client
	now     time.Time
	log     *bytes.Buffer
	said    strings.Builder
	secrets []*xchat.Keys
}

// newKeyScene makes an account that is logged in by OAuth 1.0a. At the end nothing that it said, and nothing that X was
// told, may show a key.
func newKeyScene(t *testing.T) *keyScene {
	t.Helper()
	s := &keyScene{registry: &registry{}, keep: &bridgetest.Keeper{}, log: &bytes.Buffer{}, now: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)}
	srv := httptest.NewServer(s.registry)
	t.Cleanup(srv.Close)
	s.client = client(t)
	hide := bridges.NewSecret
	s.cfg = x.Config{
		ConsumerKey: hide("ck"), ConsumerSecret: hide("cs"), AccessToken: hide("at"), AccessSecret: hide("as"), APIURL: srv.URL,
	}
	t.Cleanup(func() { s.hushed(t) })
	return s
}

// open makes the connector.
func (s *keyScene) open(t *testing.T) *x.Connector {
	t.Helper()
	log := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	c, err := x.New(s.cfg, bridges.Deps{Account: account, Keep: s.keep, Client: s.client, Log: log, Now: func() time.Time { return s.now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// login gets the keys.
func (s *keyScene) login(t *testing.T, opt x.ChatLoginOptions) (x.ChatLogin, error) {
	t.Helper()
	done, err := s.open(t).LoginChat(t.Context(), opt)
	s.hears(done, err)
	return done, err
}

// hears notes what was said.
func (s *keyScene) hears(all ...any) {
	for _, one := range all {
		fmt.Fprintf(&s.said, "%v %+v %#v\n", one, one, one)
		if err, ok := one.(error); ok {
			s.said.WriteString(chat.Reason(err) + "\n")
		}
		inJSON, _ := json.Marshal(one)
		s.said.Write(inJSON)
	}
}

// own asks which keys the connector would work with.
func (s *keyScene) own(t *testing.T) (version, fingerprint string, err error) {
	t.Helper()
	version, fingerprint, err = s.open(t).OwnChatKeys(t.Context())
	s.hears(err)
	return version, fingerprint, err
}

// makes makes keys that nobody may see.
func (s *keyScene) makes(t *testing.T) *xchat.Keys {
	t.Helper()
	keys, err := xchat.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	s.secrets = append(s.secrets, keys)
	return keys
}

// entry is how keys are kept.
type entry struct {
	Blob    string `json:"blob,omitempty"`
	User    string `json:"user,omitempty"`
	Version string `json:"version,omitempty"`
	Next    *entry `json:"next,omitempty"`
}

func blob(keys *xchat.Keys) string { return base64.StdEncoding.EncodeToString(keys.Blob()) }

// keeps puts keys where they are kept.
func (s *keyScene) keeps(t *testing.T, e entry) {
	t.Helper()
	b, err := json.Marshal(e)
	if err == nil {
		err = s.keep.Keep(t.Context(), keptKeys, b)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// kept is what is kept.
func (s *keyScene) kept(t *testing.T) (e entry) {
	t.Helper()
	b, err := s.keep.Kept(t.Context(), keptKeys)
	if err == nil && b != nil {
		err = json.Unmarshal(b, &e)
	}
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// spellings are all texts that show some of a key.
func spellings(keys *xchat.Keys) (all []string) {
	raw := string(keys.Blob())
	for _, part := range []string{raw, raw[:32], raw[32:]} {
		all = append(all, bridgetest.Spellings(part)...)
	}
	return all
}

// hushed checks that no key was shown.
func (s *keyScene) hushed(t *testing.T) {
	t.Helper()
	for _, e := range []entry{s.kept(t), *cmp.Or(s.kept(t).Next, &entry{})} {
		if keys, err := xchat.ParseBlobText(e.Blob); err == nil {
			s.secrets = append(s.secrets, keys)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for what, text := range map[string]string{"the log": s.log.String(), "errors and results": s.said.String(), "what X was told": s.bodies.String()} {
		for _, keys := range s.secrets {
			if slices.ContainsFunc(spellings(keys), func(one string) bool { return strings.Contains(text, one) }) {
				t.Errorf("%s shows a private key", what)
			}
		}
	}
}

// refused checks a refusal and that it changed nothing.
func (s *keyScene) refused(t *testing.T, opt x.ChatLoginOptions, words ...string) {
	t.Helper()
	before, _ := s.keep.Kept(t.Context(), keptKeys)
	rows, tries := s.state()
	_, err := s.login(t, opt)
	if chat.KindOf(err) != chat.Refused {
		t.Fatalf("LoginChat = %v, want a refusal", err)
	}
	for _, w := range words {
		if !strings.Contains(chat.Reason(err), w) {
			t.Errorf("the reason is %q, want %q in it", chat.Reason(err), w)
		}
	}
	if after, _ := s.keep.Kept(t.Context(), keptKeys); !bytes.Equal(after, before) {
		t.Error("what is kept was changed")
	}
	if r, n := s.state(); r != rows || n != tries {
		t.Errorf("X was asked to register keys: %d tries, %d rows", n-tries, r-rows)
	}
}

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
	if err != nil || done.Version != "99" || done.Newer != "100" {
		t.Errorf("LoginChat = %+v, %v; want version 99, and that 100 is newer", done, err)
	}
	if version, _, err := s.own(t); version != "99" || err != nil || !strings.Contains(s.log.String(), "newer=100") {
		t.Errorf("the connector has %q (%v), log %s", version, err, s.log)
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

func TestChatLoginRefuses(t *testing.T) {
	t.Parallel()
	type world struct {
		t     *testing.T
		s     *keyScene
		ours  *xchat.Keys
		other *xchat.Keys
	}
	given := func(k *xchat.Keys) x.ChatLoginOptions {
		return x.ChatLoginOptions{Keys: bridges.NewSecret(blob(k))}
	}
	raw := func(s string) func(world) x.ChatLoginOptions {
		return func(world) x.ChatLoginOptions { return x.ChatLoginOptions{Keys: bridges.NewSecret(s)} }
	}
	nothing := func(world) {}
	plainly := func(world) x.ChatLoginOptions { return x.ChatLoginOptions{} }
	const noBlob = "no key blob"
	for name, tc := range map[string]struct {
		given func(world)
		with  func(world) x.ChatLoginOptions
		words []string
	}{
		"has keys elsewhere": {
			func(w world) { w.s.lists(w.other, "98"); w.s.lists(w.ours, "99") }, plainly,
			[]string{"@acmetea has keys", "version 99, 98", "--keys", "--replace", "PIN", "export_keys", "base64"},
		},
		"keys that X can't spell": {
			func(w world) { w.s.rows = []map[string]string{{"public_key": "?"}} }, plainly,
			[]string{"has keys for encrypted messages already", "without a version"},
		},
		"given ones are others": {
			func(w world) { w.s.lists(w.other, "99") }, func(w world) x.ChatLoginOptions { return given(w.ours) },
			[]string{"does not list the given keys", "@acmetea", "version 99", "another account, or were replaced"},
		},
		"given ones are older than those kept": {
			func(w world) {
				w.s.lists(w.other, "99")
				w.s.lists(w.ours, "100")
				w.s.keeps(w.t, entry{Blob: blob(w.ours), User: acmeID, Version: "100"})
			},
			func(w world) x.ChatLoginOptions { return given(w.other) },
			[]string{"newer keys are kept here already (version 100)", "version 99"},
		},
		"given and replaced": {nothing, func(w world) x.ChatLoginOptions { o := given(w.ours); o.Replace = true; return o }, []string{"only be one of both"}},
		"given and in the settings": {
			func(w world) { w.s.cfg.ChatKeys = bridges.NewSecret(blob(w.other)) }, func(w world) x.ChatLoginOptions { return given(w.ours) },
			[]string{"chat_keys in the settings"},
		},
		"replaced and in the settings": {
			func(w world) { w.s.cfg.ChatKeys = bridges.NewSecret(blob(w.other)) },
			func(world) x.ChatLoginOptions { return x.ChatLoginOptions{Replace: true} },
			[]string{"chat_keys in the settings"},
		},
		"those of the settings are not listed": {
			func(w world) { w.s.cfg.ChatKeys = bridges.NewSecret(blob(w.ours)); w.s.lists(w.other, "99") }, plainly,
			[]string{"in chat_keys of the settings", "version 99", "put the account's own there"},
		},
		"those kept are not listed": {
			func(w world) {
				w.s.keeps(w.t, entry{Blob: blob(w.ours), User: acmeID, Version: "98"})
				w.s.lists(w.other, "99")
			}, plainly,
			[]string{"kept here", "version 98", "version 99", "replaced", "--keys", "--replace"},
		},
		"those on their way are not listed": {
			func(w world) {
				w.s.keeps(w.t, entry{Next: &entry{Blob: blob(w.ours), User: acmeID}})
				w.s.lists(w.other, "99")
			}, plainly,
			[]string{"kept here", "version 99", "never registered", "--replace"},
		},
		"nothing is listed any more": {
			func(w world) { w.s.keeps(w.t, entry{Blob: blob(w.ours), User: acmeID, Version: "98"}) }, plainly,
			[]string{"version 98", "X's: none", "taken that back"},
		},
		"those kept are of another account": {
			func(w world) { w.s.keeps(w.t, entry{Blob: blob(w.ours), User: otherID, Version: "98"}) }, plainly,
			[]string{"another account, whose ID is " + otherID},
		},
		"chat is off": {func(w world) { w.s.cfg.Chat = x.ChatOff }, plainly, []string{"chat: off"}},
		"chat is off, with keys given": {
			func(w world) { w.s.cfg.Chat = x.ChatOff }, func(w world) x.ChatLoginOptions { return given(w.ours) }, []string{"chat: off"},
		},
		"chat is off, with keys in the settings": {
			func(w world) { w.s.cfg.Chat = x.ChatOff; w.s.cfg.ChatKeys = bridges.NewSecret(blob(w.ours)) }, plainly, []string{"chat: off"},
		},
		"63 bytes":               {nothing, raw(strings.Repeat("\x01", 63)), []string{noBlob}},
		"65 bytes":               {nothing, raw(strings.Repeat("\x01", 65)), []string{noBlob}},
		"64 zeros":               {nothing, raw(strings.Repeat("\x00", 64)), []string{noBlob}},
		"a number too large":     {nothing, raw(strings.Repeat("\xff", 64)), []string{noBlob}},
		"64 characters":          {nothing, raw(strings.Repeat("a5", 32)), []string{noBlob}},
		"hexadecimal":            {nothing, raw(strings.Repeat("a5", 64)), []string{noBlob}},
		"the identity key alone": {nothing, raw(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{1}, 32))), []string{noBlob}},
		"a PIN":                  {nothing, raw("1234\n"), []string{noBlob}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newKeyScene(t)
			w := world{t, s, s.makes(t), s.makes(t)}
			tc.given(w)
			s.refused(t, tc.with(w), tc.words...)
		})
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
				s.lists(s.makes(t), "100")
			}
			_, _, err := s.own(t)
			want := fmt.Sprintf("the account's keys for encrypted messages are not those that X lists (ours: %s, X's: %s); run roost login x/acme --chat",
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
