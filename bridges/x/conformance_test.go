package x_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/x"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/router/chat"
)

// TestConformance holds the connector to the promises of every connector, with each way in.
func TestConformance(t *testing.T) {
	t.Parallel()
	for _, receive := range []string{x.Poll, x.Stream, x.Webhook} {
		t.Run(receive, func(t *testing.T) {
			t.Parallel()
			bridgetest.Run(t, func(t *testing.T) bridgetest.Stage {
				t.Helper()
				return newStage(t, receive)
			})
		})
	}
}

var _ bridgetest.Lasting = (*stage)(nil)

// stage is a simulated X for bridgetest.
type stage struct {
	*scene
	receive string
	group   string // of Ann, Bob and the account; empty: there is none yet
	down    atomic.Bool

	mu      sync.Mutex
	strange bool   // the next page of events has one of an unknown kind
	taps    []*tap // the open streams
	handler http.Handler

	once sync.Once
	live chan struct{} // closed when there was a stream, or X can call
}

const hookAddress = "https://hooks.example/x/acme"

func newStage(t *testing.T, receive string) *stage {
	t.Helper()
	st := &stage{receive: receive, live: make(chan struct{})}
	sc := xsim.Config{Wrap: st.wrap, StrictWebhooks: true, WebhookBackoff: 10 * time.Millisecond, WebhookTries: 20, Dial: func(*http.Transport) *http.Client {
		return &http.Client{Transport: local{http.HandlerFunc(st.hook)}}
	}}
	st.scene = setup(t, sc)
	st.sim.SetLimits(xsim.Limits{Unlimited: true})
	st.cfg.Receive = receive
	if receive != x.Poll {
		st.cfg.BearerToken = bridges.NewSecret("sim-app-bearer")
		st.hurry = time.Hour
	}
	if receive == x.Webhook {
		st.cfg.ConsumerSecret = bridges.NewSecret("sim-consumer-secret")
		st.cfg.WebhookURL = hookAddress
	}
	return st
}

// Open makes the connector; the first time it logs the account in.
func (st *stage) Open(t *testing.T, deps bridges.Deps) chat.Connector {
	t.Helper()
	if b, _ := deps.Keep.Kept(t.Context(), "token"); b == nil {
		keepTokens(t, deps.Keep, st.tokens, time.Now().Add(2*time.Hour))
	}
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	deps.Client = &http.Client{Transport: gate{tr, &st.down}}
	deps.Mount = st.mount
	c, err := x.New(st.cfg, deps)
	if err != nil {
		t.Fatal(err)
	}
	c.Hurry(st.hurry)
	return c
}

// gate refuses every connection while down.
type gate struct {
	http.RoundTripper
	down *atomic.Bool
}

// RoundTrip asks X, unless it is down.
func (g gate) RoundTrip(r *http.Request) (*http.Response, error) {
	if g.down.Load() {
		return nil, errors.New("connection refused")
	}
	return g.RoundTripper.RoundTrip(r)
}

// mount serves the connector's webhook.
func (st *stage) mount(_ string, h http.Handler) (func(), error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.handler = h
	st.once.Do(func() { close(st.live) })
	return func() {
		st.mu.Lock()
		defer st.mu.Unlock()
		st.handler = nil
	}, nil
}

// hook is the web address that X calls.
func (st *stage) hook(w http.ResponseWriter, r *http.Request) {
	st.mu.Lock()
	h := st.handler
	st.mu.Unlock()
	if h == nil || st.down.Load() {
		http.Error(w, "nobody is here", http.StatusBadGateway)
		return
	}
	h.ServeHTTP(w, r)
}

// wrap is where odd events get in.
func (st *stage) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/2/activity/stream":
			tapped := &tap{ResponseWriter: w, stage: st}
			defer st.untap(tapped)
			next.ServeHTTP(tapped, r)
		case "/2/dm_events":
			st.page(next, w, r)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// page puts an event of an unknown kind on a page, when there shall be one.
func (st *stage) page(next http.Handler, w http.ResponseWriter, r *http.Request) {
	rec := httptest.NewRecorder()
	next.ServeHTTP(rec, r)
	body := rec.Body.Bytes()
	st.mu.Lock()
	if st.strange && rec.Code == http.StatusOK {
		var page map[string]any
		if json.Unmarshal(body, &page) == nil {
			id := fmt.Sprint((time.Now().UnixMilli()-1288834974657)<<22 | 1<<21) // of no message of the simulator
			all, _ := page["data"].([]any)
			page["data"] = append([]any{map[string]any{"id": id, "event_type": "MessagePinned", "dm_conversation_id": "1-2"}}, all...)
			body, _ = json.Marshal(page)
			st.strange = false
		}
	}
	st.mu.Unlock()
	maps.Copy(w.Header(), rec.Header())
	w.WriteHeader(rec.Code)
	_, _ = w.Write(body)
}

// tap lets a line in between those of a stream.
type tap struct {
	http.ResponseWriter
	stage *stage
	mu    sync.Mutex
}

// WriteHeader begins the stream.
func (tp *tap) WriteHeader(status int) {
	tp.ResponseWriter.WriteHeader(status)
	tp.stage.tap(tp)
}

// Write is the stream's own line.
func (tp *tap) Write(b []byte) (int, error) {
	tp.mu.Lock()
	defer tp.mu.Unlock()
	return tp.ResponseWriter.Write(b)
}

// FlushError sends what was written.
func (tp *tap) FlushError() error {
	tp.mu.Lock()
	defer tp.mu.Unlock()
	return http.NewResponseController(tp.ResponseWriter).Flush()
}

func (st *stage) tap(tp *tap) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.taps = append(st.taps, tp)
	st.once.Do(func() { close(st.live) })
}

func (st *stage) untap(tp *tap) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.taps = slices.DeleteFunc(st.taps, func(o *tap) bool { return o == tp })
}

// Account is the account that the connector speaks for.
func (st *stage) Account() chat.Account { return account }

// Talk is the conversation with the person.
// Mixed says that the account could do more with encrypted messages, for which it has no keys here.
func (st *stage) Mixed() {}

func (st *stage) Talk() chat.Conversation { return st.talk() }

// Person is the person.
func (st *stage) Person() chat.PersonID { return chat.PersonID(st.ann) }

// Say has the person write.
func (st *stage) Say(_ *testing.T, text string, files ...bridgetest.File) chat.MessageID {
	d := xsim.Draft{Text: text}
	for _, f := range files {
		d.Media = append(d.Media, xsim.File{Name: f.Name, Type: f.Type, Data: f.Data})
	}
	return chat.MessageID(st.sim.Say(st.ann, st.brand, d))
}

// Edit says that there are no edits.
func (st *stage) Edit(*testing.T, chat.MessageID, string) bool { return false }

// Delete says that nobody can delete for others.
func (st *stage) Delete(*testing.T, chat.MessageID) bool { return false }

// React says that there are no reactions.
func (st *stage) React(*testing.T, chat.MessageID, string) bool { return false }

// Heard is what the account wrote.
func (st *stage) Heard(*testing.T) []bridgetest.Heard {
	var all []bridgetest.Heard
	for _, dm := range st.sim.Conversation(st.brand, st.ann) {
		if dm.Sender != st.brand {
			continue
		}
		h := bridgetest.Heard{ID: chat.MessageID(dm.ID), Text: dm.Text, Wire: dm.Wire}
		for _, m := range dm.Media {
			h.Files = append(h.Files, bridgetest.File{Name: m.Name, Type: m.Type, Data: m.Data})
		}
		all = append(all, h)
	}
	return all
}

// Self is the account's own ID.
func (st *stage) Self() chat.PersonID { return chat.PersonID(st.brand) }

// Call has the person write into a group. Of groups X tells nothing live; an event that the connector does not know has it
// look for itself.
func (st *stage) Call(t *testing.T, called bool, words string) chat.MessageID {
	t.Helper()
	if st.group == "" {
		st.group = st.sim.NewGroup(st.ann, st.brand, st.bob)
	}
	if called {
		words = "@AcmeTea " + words
	}
	id := st.sim.SayGroup(st.group, st.ann, xsim.Draft{Text: words})
	if st.receive != x.Poll {
		st.Odd(t)
	}
	return chat.MessageID(id)
}

// Lasting says that nobody can have X end a conversation.
func (st *stage) Lasting() string {
	return "X's API neither ends a conversation nor takes anybody out of one, so how a post into it fails then is not known"
}

// Drop cuts the stream.
func (st *stage) Drop(*testing.T) { st.sim.DropStreams() }

// Down refuses every connection.
func (st *stage) Down(_ *testing.T, down bool) { st.down.Store(down) }

// Throttle answers the next post with 429.
func (st *stage) Throttle(_ *testing.T, wait time.Duration) {
	st.sim.Fail(xsim.SendToParticipant, xsim.Fault{Throttle: true, Reset: wait})
}

// Fail answers the next post with a status.
func (st *stage) Fail(_ *testing.T, status int) {
	st.sim.Fail(xsim.SendToParticipant, xsim.Fault{Status: status})
}

// Swallow takes the next post and does not answer.
func (st *stage) Swallow(*testing.T) {
	st.sim.Fail(xsim.SendToParticipant, xsim.Fault{AcceptThenDrop: true})
}

// Hang neither takes nor answers the next post.
func (st *stage) Hang(*testing.T) { st.sim.Fail(xsim.SendToParticipant, xsim.Fault{Hang: true}) }

// Revoke ends the login.
func (st *stage) Revoke(*testing.T) { st.sim.Revoke(st.brand) }

// Lose has X know nothing of the files any more.
func (st *stage) Lose(*testing.T) bool {
	st.sim.Fail(xsim.DownloadDMMedia, xsim.Fault{Status: http.StatusNotFound, Times: -1})
	return true
}

// Redeliver has X tell again: by a backfill or a replay. Polls list again what they listed before anyway.
func (st *stage) Redeliver(t *testing.T) {
	t.Helper()
	switch st.receive {
	case x.Stream:
		st.sim.DropStreams()
	case x.Webhook:
		now := time.Now().UTC()
		id := st.appCall(t, http.MethodGet, "/2/webhooks", "")
		order := fmt.Sprintf(`{"webhook_id":%q,"from_date":%q,"to_date":%q}`, id, now.Add(-5*time.Minute).Format("200601021504"), now.Add(time.Minute).Format("200601021504"))
		st.appCall(t, http.MethodPost, "/2/webhooks/replay", order)
	}
}

// appCall asks the simulator as the app, and gives the first ID of the answer.
func (st *stage) appCall(t *testing.T, method, path, body string) string {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer sim-app-bearer")
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	st.sim.Handler().ServeHTTP(w, r)
	if w.Code/100 != 2 {
		t.Fatalf("%s %s = %d %s", method, path, w.Code, w.Body)
	}
	var many struct{ Data []struct{ ID string } }
	if json.Unmarshal(w.Body.Bytes(), &many) != nil || len(many.Data) == 0 {
		return ""
	}
	return many.Data[0].ID
}

// Odd tells of something that nobody knows.
func (st *stage) Odd(t *testing.T) {
	t.Helper()
	line := fmt.Sprintf(`{"data":{"event_type":"dm.pinned","event_uuid":"1","filter":{"user_id":%q},"payload":{"pin":1}}}`, st.brand)
	switch st.receive {
	case x.Poll:
		st.mu.Lock()
		st.strange = true
		st.mu.Unlock()
	case x.Stream:
		<-st.live
		st.mu.Lock()
		defer st.mu.Unlock()
		for _, tp := range st.taps {
			if _, err := tp.Write([]byte(line + "\r\n")); err != nil {
				t.Error(err)
			}
			if err := tp.FlushError(); err != nil {
				t.Error(err)
			}
		}
	case x.Webhook:
		<-st.live
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, hookAddress, bytes.NewReader([]byte(line)))
		r.Header.Set("X-Twitter-Webhooks-Signature", sign("sim-consumer-secret", line))
		w := httptest.NewRecorder()
		st.hook(w, r)
		if w.Code != http.StatusOK {
			t.Errorf("an event of an unknown kind = %d, want 200", w.Code)
		}
	}
}

// Secrets are the account's credentials.
func (st *stage) Secrets() []string {
	return []string{
		st.tokens.Access, st.tokens.Refresh, st.tokens.OAuth1Token, st.tokens.OAuth1Secret,
		"sim-client-secret", "sim-consumer-secret", "sim-app-bearer",
	}
}
