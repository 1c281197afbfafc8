package xsim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dghubble/oauth1"
	"go.uber.org/goleak"

	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/bridges/x/xsim/xspec"
)

func TestMain(m *testing.M) {
	// The server lingers for half a second over a connection that it closed with something unread.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

// clock is a clock that a test turns.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 20, 12, 0, 0, 123e6, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func (c *clock) Set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

const (
	bot   = "1111111111"
	alice = "22"
	carol = "333333333333"
)

// world is a simulator with a bot and two people, and the bot's credentials.
type world struct {
	*testing.T
	sim    *xsim.Sim
	clock  *clock
	tokens xsim.Tokens
	client *http.Client
}

func setup(t *testing.T, change ...func(*xsim.Config)) *world {
	t.Helper()
	w := &world{T: t, clock: newClock()}
	cfg := xsim.Config{Now: w.clock.Now}
	check, why := xspec.Check(t, xspec.AllowRefused())
	if check == nil {
		t.Log(why)
	}
	cfg.Wrap = check
	for _, c := range change {
		c(&cfg)
	}
	w.sim = xsim.New(cfg)
	if err := w.sim.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	w.client = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		w.sim.Close()
	})
	w.sim.AddUser(xsim.User{ID: bot, Name: "Acme", Username: "acme"})
	w.sim.AddUser(xsim.User{ID: alice, Name: "Alice", Username: "Alice", Followers: 7})
	w.sim.AddUser(xsim.User{ID: carol, Name: "Carol", Username: "carol_3"})
	w.tokens = w.sim.Tokens(bot)
	return w
}

// got is an answer.
type got struct {
	status int
	header http.Header
	raw    []byte
	json   map[string]any
}

// at reads a value inside the answer: names and indices, joined by dots.
func (g got) at(path string) any {
	var v any = g.json
	for part := range strings.SplitSeq(path, ".") {
		switch node := v.(type) {
		case map[string]any:
			v = node[part]
		case []any:
			i := int(part[0] - '0')
			if i >= len(node) {
				return nil
			}
			v = node[i]
		default:
			return nil
		}
	}
	return v
}

// text reads a string inside the answer.
func (g got) text(path string) string {
	s, _ := g.at(path).(string)
	return s
}

func (w *world) do(r *http.Request) got {
	w.Helper()
	answer, err := w.client.Do(r)
	if err != nil {
		w.Fatalf("%s %s: %v", r.Method, r.URL.Path, err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		w.Fatalf("%s %s: %v", r.Method, r.URL.Path, err)
	}
	g := got{status: answer.StatusCode, header: answer.Header, raw: raw}
	if strings.Contains(answer.Header.Get("Content-Type"), "json") && len(raw) > 0 {
		if err := json.Unmarshal(raw, &g.json); err != nil {
			w.Fatalf("%s %s: %v in %s", r.Method, r.URL.Path, err, raw)
		}
	}
	return g
}

func (w *world) request(method, path, contentType string, body []byte) *http.Request {
	w.Helper()
	r, err := http.NewRequestWithContext(w.Context(), method, w.sim.URL()+path, bytes.NewReader(body))
	if err != nil {
		w.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}

// with calls with a bearer token.
func (w *world) with(token, method, path string, body any) got {
	w.Helper()
	var raw []byte
	kind := ""
	if body != nil {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			w.Fatal(err)
		}
		kind = "application/json"
	}
	r := w.request(method, path, kind, raw)
	r.Header.Set("Authorization", "Bearer "+token)
	return w.do(r)
}

func (w *world) get(path string) got { w.Helper(); return w.with(w.tokens.Access, "GET", path, nil) }

func (w *world) post(path string, body any) got {
	w.Helper()
	return w.with(w.tokens.Access, "POST", path, body)
}

func (w *world) app(method, path string, body any) got {
	w.Helper()
	return w.with("sim-app-bearer", method, path, body)
}

// say sends a text to alice and tells the event's id.
func (w *world) say(text string) string {
	w.Helper()
	g := w.post("/2/dm_conversations/with/"+alice+"/messages", obj{"text": text})
	w.want(g, http.StatusCreated)
	return g.text("data.dm_event_id")
}

func (w *world) want(g got, status int) {
	w.Helper()
	if g.status != status {
		w.Fatalf("status %d, want %d: %s", g.status, status, g.raw)
	}
}

// wait waits until the simulator is as holds wants it.
func (w *world) wait(holds func(*xsim.View) bool) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), 10*time.Second)
	defer cancel()
	if err := w.sim.Wait(ctx, holds); err != nil {
		w.Fatalf("waiting: %v", err)
	}
}

// signed is a client that signs with OAuth 1.0a as an independent library does it.
func (w *world) signed(t xsim.Tokens) *http.Client {
	base := context.WithValue(w.Context(), oauth1.HTTPClient, w.client)
	return oauth1.NewConfig("sim-consumer-key", "sim-consumer-secret").Client(base, oauth1.NewToken(t.OAuth1Token, t.OAuth1Secret))
}

type obj = map[string]any
