package x_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
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

// stage is a simulated X for bridgetest, on which people write in the clear.
type stage struct{ *board }

// board is what the stages have in common.
type board struct {
	*scene
	receive string
	posts   xsim.Route // takes what is posted
	files   xsim.Route // gives files
	group   string     // of Ann, Bob and the account; empty: there is none yet
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
	return &stage{newBoard(t, receive, xsim.SendToParticipant, xsim.DownloadDMMedia)}
}

func newBoard(t *testing.T, receive string, posts, files xsim.Route) *board {
	t.Helper()
	st := &board{receive: receive, posts: posts, files: files, live: make(chan struct{})}
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
func (st *board) Open(t *testing.T, deps bridges.Deps) chat.Connector {
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
func (st *board) mount(_ string, h http.Handler) (func(), error) {
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
func (st *board) hook(w http.ResponseWriter, r *http.Request) {
	st.mu.Lock()
	h := st.handler
	st.mu.Unlock()
	if h == nil || st.down.Load() {
		http.Error(w, "nobody is here", http.StatusBadGateway)
		return
	}
	h.ServeHTTP(w, r)
}

// Account is the account that the connector speaks for.
func (st *board) Account() chat.Account { return account }

// Mixed says that the account could do more with encrypted messages, for which it has no keys here.
func (st *stage) Mixed() {}

// Talk is the conversation with the person.
func (st *board) Talk() chat.Conversation { return st.talk() }

// Person is the person.
func (st *board) Person() chat.PersonID { return chat.PersonID(st.ann) }

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
func (st *board) Self() chat.PersonID { return chat.PersonID(st.brand) }

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
func (st *board) Lasting() string {
	return "X's API neither ends a conversation nor takes anybody out of one, so how a post into it fails then is not known"
}

// Drop cuts the stream.
func (st *board) Drop(*testing.T) { st.sim.DropStreams() }

// Down refuses every connection.
func (st *board) Down(_ *testing.T, down bool) { st.down.Store(down) }

// Throttle answers the next post with 429.
func (st *board) Throttle(_ *testing.T, wait time.Duration) {
	st.sim.Fail(st.posts, xsim.Fault{Throttle: true, Reset: wait})
}

// Fail answers the next post with a status.
func (st *board) Fail(_ *testing.T, status int) {
	st.sim.Fail(st.posts, xsim.Fault{Status: status})
}

// Swallow takes the next post and does not answer.
func (st *board) Swallow(*testing.T) {
	st.sim.Fail(st.posts, xsim.Fault{AcceptThenDrop: true})
}

// Hang neither takes nor answers the next post.
func (st *board) Hang(*testing.T) { st.sim.Fail(st.posts, xsim.Fault{Hang: true}) }

// Revoke ends the login.
func (st *board) Revoke(*testing.T) { st.sim.Revoke(st.brand) }

// Lose has X know nothing of the files any more.
func (st *board) Lose(*testing.T) bool {
	st.sim.Fail(st.files, xsim.Fault{Status: http.StatusNotFound, Times: -1})
	return true
}

// Redeliver has X tell again: by a backfill or a replay. Polls list again what they listed before anyway.
func (st *board) Redeliver(t *testing.T) {
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
func (st *board) appCall(t *testing.T, method, path, body string) string {
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
func (st *board) Odd(t *testing.T) {
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
func (st *board) Secrets() []string {
	return []string{
		st.tokens.Access, st.tokens.Refresh, st.tokens.OAuth1Token, st.tokens.OAuth1Secret,
		"sim-client-secret", "sim-consumer-secret", "sim-app-bearer",
	}
}
