package x_test

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
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
