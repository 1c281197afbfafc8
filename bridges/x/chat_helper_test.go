package x_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/router/chat"
)

// clock is a time that a test can put forward.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// timed gives the scene a clock of its own.
func (s *sealedScene) timed() *clock {
	c := &clock{}
	s.deps.Now = c.now
	return c
}

// room is the conversation of Ann and the brand, as events carry it.
func (s *sealedScene) room() string { return xchat.ConversationID(s.ann, s.brand) }

// rarely has polls be as rare as in life.
func (s *sealedScene) rarely() { s.hurry = time.Hour }

// sealedBy is a sealed scene to which messages come in a way, and by rare polls; with a porch where X calls.
func sealedBy(t *testing.T, way string) (*sealedScene, *porch) {
	t.Helper()
	p := &porch{open: make(chan struct{})}
	s := setupSealedOn(t, xsim.Config{StrictWebhooks: true, WebhookBackoff: 10 * time.Millisecond, WebhookTries: 20, Dial: func(*http.Transport) *http.Client {
		return &http.Client{Transport: local{p}}
	}})
	s.rarely()
	switch way {
	case x.Poll:
		s.hurry = 20 * time.Millisecond
	case x.Stream:
		s.streams(t)
	case x.Webhook:
		s.cfg.Receive, s.cfg.BearerToken = x.Webhook, bridges.NewSecret("sim-app-bearer")
		s.cfg.ConsumerSecret, s.cfg.WebhookURL = bridges.NewSecret("sim-consumer-secret"), hookAddress
		s.deps.Mount = p.mount
	}
	return s, p
}

// lives runs the connector until encrypted messages come in, and no poll is needed for it.
func (s *sealedScene) lives(t *testing.T) {
	t.Helper()
	s.begin(t)
	if s.hurry < time.Hour {
		return
	}
	for range 100 {
		if err := s.phone.Typing(s.brand); err != nil {
			t.Fatal(err)
		}
		if s.sink.Within(100*time.Millisecond, func(all []chat.Event) bool {
			return slices.ContainsFunc(all, func(ev chat.Event) bool { return ev.What == chat.Typing{} })
		}) {
			s.sink.Forget()
			return
		}
	}
	t.Fatal("nothing comes live")
}

// tells has X tell the account of an event, which it says in an activity of a kind.
func (s *sealedScene) tells(t *testing.T, p *porch, kind string, payload map[string]string) int {
	t.Helper()
	body, err := json.Marshal(map[string]any{"data": map[string]any{
		"event_type": kind, "filter": map[string]string{"user_id": s.brand}, "payload": payload,
	}})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, hookAddress, strings.NewReader(string(body)))
	r.Header.Set("X-Twitter-Webhooks-Signature", sign("sim-consumer-secret", string(body)))
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w.Code
}

// restart stops the connector and runs a new one, with what the old one kept, on the same store.
func (s *sealedScene) restart(t *testing.T) {
	t.Helper()
	s.stop(t)
	s.run(t)
}

// silent fails when an event that is so has come, or comes within a moment.
func (s *sealedScene) silent(t *testing.T, what string, so func(chat.Event) bool) {
	t.Helper()
	if s.sink.Within(150*time.Millisecond, func(all []chat.Event) bool { return slices.ContainsFunc(all, so) }) {
		t.Errorf("%s came: %+v", what, s.sink.Events())
	}
}

// says says whether an event is a message with these words.
func says(words string) func(chat.Event) bool {
	return func(ev chat.Event) bool { return posted(ev) == words }
}

// skips waits until something was skipped for a reason.
func (s *sealedScene) skips(t *testing.T, reason string) {
	t.Helper()
	s.awaits(t, "something skipped as "+reason, func() bool { return slices.Contains(s.skipped.all(), reason) })
}

// awaits waits until something is so; X is asked to tell of each change, and a change that it does not see is found by looking
// again.
func (s *sealedScene) awaits(t *testing.T, what string, so func() bool) {
	t.Helper()
	late := time.NewTimer(patient)
	defer late.Stop()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for !so() {
		select {
		case <-look.C:
		case <-late.C:
			t.Fatalf("it never came to %s; skipped %q", what, s.skipped.all())
		}
	}
}

// must is for what a telephone always can.
func must(t *testing.T) func(xsim.Said, error) xsim.Said {
	t.Helper()
	return func(said xsim.Said, err error) xsim.Said {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return said
	}
}

// valve answers some calls in place of X.
type valve struct {
	mu     sync.Mutex
	answer func(w http.ResponseWriter, r *http.Request) bool // nil: none
}

func (v *valve) set(answer func(w http.ResponseWriter, r *http.Request) bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.answer = answer
}

// refuse answers the calls whose path has a part with a status.
func (v *valve) refuse(part string, status int) {
	v.set(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, part) {
			return false
		}
		return refused(w, status)
	})
}

// refused answers with a status.
func refused(w http.ResponseWriter, status int) bool {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"title":"No","detail":"No.","type":"about:blank","status":%d}`, status)
	return true
}

// wrap puts the valve before a handler.
func (v *valve) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v.mu.Lock()
		answer := v.answer
		v.mu.Unlock()
		if answer != nil && answer(w, r) {
			return
		}
		next.ServeHTTP(w, r)
	})
}

// valved is a sealed scene with a valve before X.
func valved(t *testing.T) (*sealedScene, *valve) {
	t.Helper()
	v := &valve{}
	return setupSealedOn(t, xsim.Config{Wrap: v.wrap}), v
}

// eventsPath is where X lists what happened in the encrypted conversation with Ann.
func (s *sealedScene) eventsPath() string {
	return "/2/chat/conversations/" + strings.ReplaceAll(s.room(), ":", "-") + "/events"
}

// updated is a time in the list of conversations.
var updated = regexp.MustCompile(`("updated_at":"[^"]*\.)\d+Z"`)

// rewrite answers a call as X does, with another body.
func rewrite(next http.Handler, w http.ResponseWriter, r *http.Request, change func(string) string) {
	rec := httptest.NewRecorder()
	next.ServeHTTP(rec, r)
	body := change(rec.Body.String())
	maps.Copy(w.Header(), rec.Header())
	w.Header().Del("Content-Length")
	w.WriteHeader(rec.Code)
	_, _ = w.Write([]byte(body))
}

// mortal ends a process at one of its steps, of which each call, each write and each batch has two, as those of fate.
type mortal struct {
	mu   sync.Mutex
	left int
	dead bool
}

func (m *mortal) step() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dead = m.dead || m.left == 0
	m.left--
	return !m.dead
}

func (m *mortal) isDead() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dead
}

// do does something, while there is life, and says so, while there still is.
func (m *mortal) do(what func() error) error {
	if !m.step() {
		return errDead
	}
	err := what()
	if err == nil && !m.step() {
		return errDead
	}
	return err
}

type mortalDisk struct {
	*mortal
	bridges.Keeper
}

// Keep keeps, while there is life.
func (d mortalDisk) Keep(ctx context.Context, key string, value []byte) error {
	return d.do(func() error { return d.Keeper.Keep(ctx, key, value) })
}

type mortalSink struct {
	*mortal
	chat.Sink
}

// Accept stores, while there is life.
func (d mortalSink) Accept(ctx context.Context, b chat.Batch) error {
	return d.do(func() error { return d.Sink.Accept(ctx, b) })
}

type mortalNet struct {
	*mortal
	http.RoundTripper
}

// RoundTrip calls, while there is life.
func (d mortalNet) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	err = d.do(func() error { resp, err = d.RoundTripper.RoundTrip(r); return err }) //nolint:bodyclose // the caller does
	if err != nil && resp != nil {
		_ = resp.Body.Close()
		resp = nil
	}
	return resp, err
}

// public is the account's own public keys, as X lists them.
func (s *sealedScene) public(t *testing.T) (xchat.PublicKeys, error) {
	t.Helper()
	keys, err := xchat.ParseBlobText(s.blob)
	if err != nil {
		return xchat.PublicKeys{}, err
	}
	p := keys.Public()
	p.User, p.Version = s.brand, s.version
	return p, nil
}

// unbase64 reads base64 with or without padding.
func unbase64(t *testing.T, text string) []byte {
	t.Helper()
	b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// next gives an injected event the place behind all others.
func (s *sealedScene) next() func(*wire.Event) {
	all := s.sim.ChatEvents(s.room())
	last := all[len(all)-1].Sequence
	return func(ev *wire.Event) { ev.Sequence, ev.Previous = last+1, last }
}

// signP256 is r and s of a text's signature.
func signP256(t *testing.T, key []byte, words string) []byte {
	t.Helper()
	k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), key)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(words))
	r, s, err := ecdsa.Sign(rand.Reader, k, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
}
