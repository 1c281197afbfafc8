package webhook_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// page is an answer of …/events.
type page struct {
	Events []action
	Next   int64
}

func (r *running) posts(t *testing.T, words ...string) {
	t.Helper()
	for _, w := range words {
		if _, err := r.Post(t.Context(), chat.Post{Key: chat.Key("k-" + w), To: room(), Text: text.Plain(w)}); err != nil {
			t.Fatal(err)
		}
	}
}

// read asks for a page with the read token.
func (r *running) read(t *testing.T, query string) (p page, words string) {
	t.Helper()
	status, body, _ := ask(t, http.MethodGet, r.web.at("/events")+query, "", "Authorization", "Bearer "+token)
	if status != http.StatusOK {
		t.Fatalf("%s = %d %s, want 200", query, status, body)
	}
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	var all []string
	for _, e := range p.Events {
		all = append(all, e.Text)
	}
	return p, strings.Join(all, " ")
}

func readable(t *testing.T, deps bridges.Deps) *running {
	t.Helper()
	cfg := pulled()
	cfg.ReadToken = bridges.NewSecret(token)
	return run(t, cfg, deps)
}

func TestReadersGoOnWhereTheyStopped(t *testing.T) {
	t.Parallel()
	r := readable(t, still())
	if p, _ := r.read(t, ""); len(p.Events) != 0 || p.Next != 0 {
		t.Errorf("the first page is %+v, want none", p)
	}
	r.posts(t, "a", "b", "c", "b", "d")
	first, words := r.read(t, "?limit=3")
	if words != "a b c" || first.Next != 3 || first.Events[1].Seq != 2 {
		t.Errorf("the first page is %q, next %d, want a b c and 3", words, first.Next)
	}
	if p, words := r.read(t, fmt.Sprintf("?after=%d", first.Next)); words != "d" || p.Next != 4 {
		t.Errorf("the next page is %q, next %d, want d and 4: b had its key already", words, p.Next)
	}
	if p, words := r.read(t, "?after=4&wait=0"); words != "" || p.Next != 4 {
		t.Errorf("the last page is %q, next %d, want none and 4", words, p.Next)
	}
	if _, words := r.read(t, ""); words != "a b c d" {
		t.Errorf("another reader has %q, want all", words)
	}
}

func TestAReaderWaits(t *testing.T) {
	t.Parallel()
	j := &journal{pages: bridges.Deps{}.Ready().Journal, asked: make(chan struct{}, 100)}
	deps := still()
	deps.Journal = j
	r := readable(t, deps)
	got := make(chan string, 1)
	go func() {
		_, words := r.read(t, "?wait=60")
		got <- words
	}()
	<-j.asked // it found nothing
	r.posts(t, "at last")
	if words := <-got; words != "at last" {
		t.Errorf("who waited has %q, want what came", words)
	}
	go func() {
		_, words := r.read(t, "?after=1&wait=60")
		got <- words
	}()
	<-j.asked
	<-j.asked
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	if words := <-got; words != "" {
		t.Errorf("who waited to the end has %q, want nothing", words)
	}
}

// journal tells when it is read, and can fail.
type journal struct {
	pages bridges.Journal
	asked chan struct{}

	mu  sync.Mutex
	err error
}

func (j *journal) Append(ctx context.Context, key string, body []byte) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err != nil {
		return j.err
	}
	return j.pages.Append(ctx, key, body)
}

func (j *journal) Read(ctx context.Context, after int64, limit int) ([]bridges.Entry, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err != nil {
		return nil, j.err
	}
	defer func() { j.asked <- struct{}{} }()
	return j.pages.Read(ctx, after, limit)
}

func (j *journal) Grown() <-chan struct{} { return j.pages.Grown() }

func TestAJournalThatFailsLosesNothing(t *testing.T) {
	t.Parallel()
	j := &journal{pages: bridges.Deps{}.Ready().Journal, asked: make(chan struct{}, 100), err: errors.New("the disk is full")}
	deps := still()
	deps.Journal = j
	r := readable(t, deps)
	p := chat.Post{Key: "k-1", To: room(), Text: text.Plain("hi")}
	if _, err := r.Post(t.Context(), p); chat.KindOf(err) != chat.Transient {
		t.Errorf("Post = %v, want Transient", err)
	}
	for _, at := range []string{"/events", "/files?seq=1"} {
		if status, said, _ := ask(t, http.MethodGet, r.web.at(at), "", "Authorization", "Bearer "+token); status != 503 || strings.Contains(said, "disk") {
			t.Errorf("%s = %d %s, want 503 and no word of ours", at, status, said)
		}
	}
}

func TestOnlyReadersRead(t *testing.T) {
	t.Parallel()
	r := readable(t, still())
	bare := run(t, pulled(), still())
	r.posts(t, "a")
	for _, tc := range []struct {
		name         string
		from         *running
		header, with string
		status       int
	}{
		{"token", r, "Authorization", "Bearer " + token, 200},
		{"another token", r, "Authorization", "Bearer " + token + "x", 401},
		{"no token", r, "Authorization", "Bearer ", 401},
		{"no token where there is none", bare, "Authorization", "Bearer ", 401},
		{"basic", r, "Authorization", "Basic " + token, 401},
		{"nothing", r, "X", "y", 401},
		{"signed", r, "Roost-Signature", signed(secret, clock(), "GET /hooks/webhook/shop/events?after=0"), 200},
		{"signed where there is no token", bare, "Roost-Signature", signed(secret, clock(), "GET /hooks/webhook/shop/events?after=0"), 200},
		{"another query", r, "Roost-Signature", signed(secret, clock(), "GET /hooks/webhook/shop/events?after=1"), 401},
		{"another path", r, "Roost-Signature", signed(secret, clock(), "GET /hooks/webhook/shop/files?after=0"), 401},
		{"another method", r, "Roost-Signature", signed(secret, clock(), "POST /hooks/webhook/shop/events?after=0"), 401},
		{"a body's", r, "Roost-Signature", signed(secret, clock(), ""), 401},
		{"old", r, "Roost-Signature", signed(secret, clock().Add(-time.Hour), "GET /hooks/webhook/shop/events?after=0"), 401},
	} {
		if status, said, _ := ask(t, http.MethodGet, tc.from.web.at("/events?after=0"), "", tc.header, tc.with); status != tc.status {
			t.Errorf("%s: %d %s, want %d", tc.name, status, said, tc.status)
		}
	}
	auth := []string{"Authorization", "Bearer " + token}
	for at, status := range map[string]int{
		"/events?after=x": 400, "/events?after=-1": 400, "/events?limit=1001": 400, "/events?wait=61": 400,
		"/files": 400, "/files?seq=0": 400, "/files?seq=1&n=x": 400, "/files?seq=1": 404, "/files?seq=9": 404,
	} {
		if got, said, _ := ask(t, http.MethodGet, r.web.at(at), "", auth...); got != status {
			t.Errorf("%s = %d %s, want %d", at, got, said, status)
		}
	}
	if status, _, _ := ask(t, http.MethodPost, r.web.at("/events"), "", auth...); status != 405 {
		t.Errorf("POST = %d, want 405", status)
	}
}

func TestSignedBehindAProxyThatCutsThePath(t *testing.T) {
	t.Parallel()
	r := run(t, pulled(), still())
	cut, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://in/webhook/shop/events?after=0", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	cut.Header.Set("Roost-Signature", signed(secret, clock(), "GET /hooks/webhook/shop/events?after=0"))
	w := &recorder{header: http.Header{}}
	r.web.handlers["/hooks/webhook/shop/events"].ServeHTTP(w, cut)
	if w.status != 200 {
		t.Errorf("%d %s, want 200", w.status, w.body.String())
	}
}

type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

// listen opens a stream and gives its lines; shut ends it.
func (r *running) listen(t *testing.T, last string) (next func() string, shut func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.web.at("/events"), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "text/event-stream")
	req.Header.Set("Authorization", "Bearer "+token)
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req) //nolint:bodyclose // shut closes it
	if err != nil {
		t.Fatal(err)
	}
	if kind := resp.Header.Get("Content-Type"); resp.StatusCode != http.StatusOK || kind != "text/event-stream" {
		t.Fatalf("%d %s, want a stream", resp.StatusCode, kind)
	}
	lines := bufio.NewScanner(resp.Body)
	next = func() string {
		for lines.Scan() {
			if s := lines.Text(); s != "" && s[0] != ':' {
				return s
			}
		}
		return "end"
	}
	return next, func() { cancel(); _ = resp.Body.Close() }
}

func TestAStreamTellsAndResumes(t *testing.T) {
	t.Parallel()
	r := readable(t, still())
	r.posts(t, "a")
	next, shut := r.listen(t, "")
	told := func(next func() string, seq int, words string) {
		t.Helper()
		id, data := next(), next()
		want := fmt.Sprintf(`data: {"seq":%d,"id":"k-%s","type":"post"`, seq, words)
		if id != fmt.Sprintf("id: %d", seq) || !strings.HasPrefix(data, want) {
			t.Errorf("told %s %s, want %s", id, data, want)
		}
	}
	told(next, 1, "a")
	r.posts(t, "b")
	told(next, 2, "b")
	shut()
	r.posts(t, "c")
	resumed, shut := r.listen(t, "2")
	defer shut()
	told(resumed, 3, "c")
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	if s := resumed(); s != "end" {
		t.Errorf("the stream goes on with %q after the end", s)
	}
}

func TestFilesAreKeptForReaders(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	cfg := p.config()
	cfg.Journal, cfg.ReadToken = true, bridges.NewSecret(token)
	r := run(t, cfg, bridges.Deps{})
	files := []chat.File{
		{Name: "a.txt", Type: "text/html", Content: data("first\nfile")},
		{Name: "big.bin", Content: data(make([]byte, 1<<20+1))},
		{Name: "c.txt", Content: data("")},
		{Name: "d.txt", Type: "text/plain", Content: data("last")},
	}
	if _, err := r.Post(t.Context(), chat.Post{Key: "k-1", To: room(), Files: files}); err != nil {
		t.Fatal(err)
	}
	if got, _ := r.read(t, ""); len(got.Events[0].Files) != 4 || !got.Events[0].Files[1].Omitted || got.Events[0].Files[3].Size != 4 {
		t.Errorf("the files are described as %+v", got.Events[0].Files)
	}
	for n, want := range []string{"first\nfile", "", "", "last"} {
		status, body, h := ask(t, http.MethodGet, r.web.at(fmt.Sprintf("/files?seq=1&n=%d", n)), "", "Authorization", "Bearer "+token)
		if n == 1 {
			if status != 404 || !strings.Contains(body, "too large") {
				t.Errorf("the large file = %d %s, want 404 and why", status, body)
			}
			continue
		}
		if status != 200 || body != want || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("file %d = %d %q %v, want %q as an attachment", n, status, body, h, want)
		}
	}
	if status, _, _ := ask(t, http.MethodGet, r.web.at("/files?seq=1&n=4"), "", "Authorization", "Bearer "+token); status != 404 {
		t.Errorf("a fifth file = %d, want 404", status)
	}
}

func TestFilesThatNobodyCouldReadAreRefused(t *testing.T) {
	t.Parallel()
	r := readable(t, still())
	for _, f := range []chat.File{
		{Name: "big.bin", Size: 1<<20 + 1, Content: data("")}, {Name: "big.bin", Content: data(make([]byte, 1<<20+1))},
	} {
		_, err := r.Post(t.Context(), chat.Post{Key: "k-1", To: room(), Files: []chat.File{f}})
		if chat.KindOf(err) != chat.Refused || chat.Reason(err) != "big.bin is larger than 1 MiB" {
			t.Errorf("Post = %v, want Refused with the limit", err)
		}
	}
}

func TestReadersAreBounded(t *testing.T) {
	t.Parallel()
	r := readable(t, still())
	var shut []func()
	for range 256 {
		_, s := r.listen(t, "")
		shut = append(shut, s)
	}
	if status, _, h := ask(t, http.MethodGet, r.web.at("/events"), "", "Authorization", "Bearer "+token); status != 429 || h.Get("Retry-After") == "" {
		t.Errorf("one more = %d, want 429", status)
	}
	for _, s := range shut {
		s()
	}
}
