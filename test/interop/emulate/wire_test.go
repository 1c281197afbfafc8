package emulate_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/slack"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/test/interop/clienttest"
)

var errLost = errors.New("the answer was lost")

// wire is the way from the connector to emulate. It makes up for what emulate has not got of Slack, and loses answers.
type wire struct {
	next http.RoundTripper
	mute bool // the token is not passed on

	mu   sync.Mutex
	lose string // the method whose next answer is lost
}

// losing has the next answer of a method lost, after emulate did what it was asked.
func (w *wire) losing(method string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lose = method
}

func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	method, isCall := strings.CutPrefix(req.URL.Path, "/api/")
	req = req.Clone(req.Context())
	if isCall && !w.mute {
		if err := bear(req); err != nil {
			return nil, err
		}
	}
	if method == "users.conversations" {
		req.URL.Path = "/api/conversations.list"
	}
	resp, err := w.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	lost := isCall && w.lose == method
	if lost {
		w.lose = ""
	}
	w.mu.Unlock()
	switch {
	case lost:
		_ = resp.Body.Close()
		return nil, errLost
	case method == "users.conversations":
		return resp, rewrite(resp, keepJoined)
	case method == "files.info", method == "conversations.history", method == "conversations.replies":
		return resp, rewrite(resp, wrapComments)
	}
	return resp, nil
}

// bear puts the token of the form into the header.
func bear(req *http.Request) error {
	if req.Header.Get("Authorization") != "" || req.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		return nil
	}
	raw, err := io.ReadAll(req.Body)
	if err != nil {
		return err
	}
	_ = req.Body.Close()
	req.Body = io.NopCloser(bytes.NewReader(raw))
	values, err := url.ParseQuery(string(raw))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+values.Get("token"))
	return nil
}

// rewrite has change alter an answer.
func rewrite(resp *http.Response, change func(answer map[string]any)) error {
	defer resp.Body.Close()
	var said map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&said); err != nil {
		return err
	}
	change(said)
	raw, err := json.Marshal(said)
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(raw)), int64(len(raw))
	return err
}

// keepJoined leaves in a list of conversations those that the caller is in.
func keepJoined(list map[string]any) {
	if all, ok := list["channels"].([]any); ok {
		list["channels"] = slices.DeleteFunc(all, func(ch any) bool { return ch.(map[string]any)["is_member"] != true })
	}
}

// wrapComments makes the initial_comment of every file an object, as it is in Slack.
func wrapComments(said map[string]any) {
	for key, value := range said {
		switch value := value.(type) {
		case string:
			if key == "initial_comment" {
				said[key] = map[string]any{"comment": value}
			}
		case map[string]any:
			wrapComments(value)
		case []any:
			for _, v := range value {
				if object, ok := v.(map[string]any); ok {
					wrapComments(object)
				}
			}
		}
	}
}

// door is the public web address, where emulate sends its events.
type door struct {
	server *httptest.Server

	mu      sync.Mutex
	behind  map[string]http.Handler
	mounts  chan string
	answers []int // what was answered, while something was mounted
}

func newDoor(t *testing.T) *door {
	t.Helper()
	d := &door{behind: map[string]http.Handler{}, mounts: make(chan string, 100)}
	d.server = httptest.NewServer(d)
	t.Cleanup(d.server.Close)
	return d
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	h := d.behind[r.URL.Path]
	d.mu.Unlock()
	if h == nil {
		http.NotFound(w, r)
		return
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	d.mu.Lock()
	d.answers = append(d.answers, rec.Code)
	d.mu.Unlock()
	w.WriteHeader(rec.Code)
}

func (d *door) mount(path string, h http.Handler) (unmount func(), err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.behind[path] = h
	d.mounts <- path
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.behind, path)
	}, nil
}

// answered lists the status of every answer to an event so far.
func (d *door) answered() []int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.answers)
}

// link is a connector to a workspace, by one token.
type link struct {
	*slack.Connector
	wire *wire
	to   chat.Conversation // #general
}

func connect(t *testing.T, w *workspace, token, secret string) *link {
	t.Helper()
	base := &http.Transport{}
	t.Cleanup(base.CloseIdleConnections)
	way := &wire{next: base}
	c, err := slack.New(slack.Config{
		BotToken: bridges.NewSecret(token), SigningSecret: bridges.NewSecret(secret), APIURL: w.url + "/api/",
	}, bridges.Deps{
		Account: "slack/team",
		Client:  &http.Client{Transport: way},
		Mount:   w.app.mount,
		Now:     func() time.Time { return time.Now().Truncate(time.Second) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return &link{Connector: c, wire: way, to: at(w.general, "")}
}

func at(channel, thread string) chat.Conversation {
	return chat.Conversation{Account: "slack/team", ID: chat.ConversationID(channel), Thread: chat.ThreadID(thread)}
}

// do performs an action and returns its receipt's one message.
func (l *link) do(t *testing.T, a chat.Action) (chat.Receipt, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), clienttest.Patient)
	defer cancel()
	r, err := chat.Do(ctx, l, a)
	if err != nil {
		t.Fatalf("%s: %v", chat.ActionName(a), err)
	}
	if len(r.Messages) == 0 {
		return r, ""
	}
	return r, string(r.Messages[0])
}

// run receives until stop is called or the test ends; it has begun to listen when run returns.
func (l *link) run(t *testing.T, w *workspace, s *bridgetest.Sink) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx, s) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(stop)
	for range 2 { // events and interactivity
		select {
		case <-w.app.mounts:
		case err := <-ended:
			ended <- err
			t.Fatalf("Run ended: %v", err)
		}
	}
	return stop
}

// hears waits for a text and returns its event.
func hears(t *testing.T, s *bridgetest.Sink, words string) chat.Event {
	t.Helper()
	e, _ := s.Hears(t, words)
	return e
}

func readAll(t *testing.T, body io.Reader) []byte {
	t.Helper()
	raw, err := io.ReadAll(io.LimitReader(body, 10<<20))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// content is a file's bytes.
type content string

func (c content) Open(context.Context) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(string(c))), nil
}
