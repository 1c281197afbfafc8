package text_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/webhook"
	"github.com/roost-im/roost/router/chat"
)

const webhookSecret = "5d1f6c0e9b7a48d2a3c4e5f60718293a"

// program is a program of somebody's own, which takes what it is sent.
type program struct {
	mu     sync.Mutex
	hook   http.Handler // what Roost serves for it
	serial int
	taken  map[chat.MessageID]message
}

// ServeHTTP takes an action.
func (p *program) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	var a struct {
		Message, Text string
		Spans         json.RawMessage
	}
	if err != nil || json.Unmarshal(body, &a) != nil {
		http.Error(w, "no JSON", http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	m := message{wire: a.Text, reads: a.Text}
	if len(a.Spans) > 0 {
		m.wire += "\nspans: " + string(a.Spans)
	}
	if strings.Contains(string(a.Spans), `"mention"`) {
		m.pings = append(m.pings, string(a.Spans))
	}
	p.taken[chat.MessageID(a.Message)] = m
}

// mount is where Roost serves what the program calls.
func (p *program) mount(path string, h http.Handler) (func(), error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !strings.HasSuffix(path, "/shop") {
		return func() {}, nil
	}
	p.hook = h
	return func() {}, nil
}

// say tells Roost that somebody wrote.
func (p *program) say(t *testing.T, typed string) chat.MessageID {
	t.Helper()
	words := map[string]any{"text": typed}
	if strings.HasPrefix(typed, `{"`) {
		if err := json.Unmarshal([]byte(typed), &words); err != nil {
			t.Fatal(err)
		}
	}
	p.mu.Lock()
	p.serial++
	id, hook := fmt.Sprint("m", p.serial), p.hook
	p.mu.Unlock()
	words["id"], words["type"], words["conversation"], words["message"] = id, "posted", "lounge", id
	words["author"] = map[string]any{"id": "ann", "name": "Ann"}
	body, err := json.Marshal(words)
	if err != nil {
		t.Fatal(err)
	}
	if hook == nil {
		return chat.MessageID(id) // Roost does not listen yet
	}
	at := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(webhookSecret))
	_, _ = fmt.Fprintf(mac, "%s.%s", at, body)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/hooks/webhook/shop", strings.NewReader(string(body)))
	r.Header.Set("Roost-Signature", "t="+at+",v1="+hex.EncodeToString(mac.Sum(nil)))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	hook.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("webhook: %s = %d %s", body, w.Code, w.Body)
	}
	return chat.MessageID(id)
}

// onWebhook is a program that joins by signed JSON.
func onWebhook(t *testing.T) *side {
	t.Helper()
	p := &program{taken: map[chat.MessageID]message{}}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	const account = chat.Account("webhook/shop")
	conn, err := webhook.New(webhook.Config{
		Secret: bridges.NewSecret(webhookSecret), URL: server.URL, AllowPrivate: true,
	}, bridges.Deps{Account: account, Keep: &bridgetest.Keeper{}, Mount: p.mount})
	if err != nil {
		t.Fatal(err)
	}
	return &side{
		name: "webhook", to: []chat.Conversation{{Account: account, ID: "lounge"}}, conn: conn, say: p.say,
		held: func(t *testing.T, at chat.Ref) (message, bool) {
			t.Helper()
			p.mu.Lock()
			defer p.mu.Unlock()
			m, ok := p.taken[at.Message]
			return m, ok
		},
	}
}

// mark is formatting of a part of a text, as JSON: its kind, and what else is said of it.
type mark struct {
	part, kind string
	more       map[string]any
}

// marked is a text with formatting as a program sends it; offsets count UTF-16 units.
func marked(words string, marks ...mark) string {
	var spans []map[string]any
	for _, m := range marks {
		before, _, _ := strings.Cut(words, m.part)
		start := len(utf16.Encode([]rune(before)))
		span := map[string]any{"start": start, "end": start + len(utf16.Encode([]rune(m.part))), "kind": m.kind}
		maps.Copy(span, m.more)
		spans = append(spans, span)
	}
	raw, _ := json.Marshal(map[string]any{"text": words, "spans": spans}) // maps of strings and numbers always encode
	return string(raw)
}
