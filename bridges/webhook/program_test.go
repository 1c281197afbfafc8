package webhook_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/webhook"
	"github.com/roost-im/roost/router/chat"
)

// program is a program that keeps the messages of one conversation and obeys the documents.
type program struct {
	*httptest.Server
	web    *web
	client *http.Client
	named  bool // it gives messages and threads IDs of its own
	inline bool // it sends small files with their event
	wake   chan struct{}

	mu     sync.Mutex
	outbox []string // bodies of events, in order, that Roost has not taken
	last   string
	serial int
	heard  []held
	keys   map[string]string // what was answered to each
	pins   []chat.MessageID
	topics map[string]topic  // by thread
	gone   map[string]string // conversations and threads that nobody can write in, and why
	seen   []sent
	fault  func(w http.ResponseWriter, r *http.Request, take func()) // of the next post
	files  map[string]bridgetest.File
	logged bool // does not take the signature
}

// held is a message and where it is.
type held struct {
	bridgetest.Heard
	in, thread string
	card       *chat.Card
}

// topic is what a thread is about, and the message that it hangs on.
type topic struct{ name, root string }

// sent is one action as it arrived.
type sent struct {
	Key   string
	Body  string
	Files []bridgetest.File
	action
}

type action struct {
	ID, Type, Conversation, Thread, Message, Text string
	ReplyTo                                       string `json:"reply_to"`
	Topic, Root, Emoji, Only                      string
	Removed                                       bool
	Hops                                          int
	Seq                                           int64
	Author                                        struct{ Name, Avatar string }
	Quote                                         *struct{ Name, Text string }
	Card                                          *chat.Card
	Spans                                         []struct {
		Start, End      int
		Kind, URL, Name string
	}
	Files []struct {
		Name, Type, SHA256 string
		Size               int64
		Omitted            bool
	}
}

func newProgram(t *testing.T) *program {
	t.Helper()
	p := &program{
		web: newWeb(t), wake: make(chan struct{}, 1), keys: map[string]string{}, files: map[string]bridgetest.File{},
		topics: map[string]topic{}, gone: map[string]string{},
		client: &http.Client{Transport: &http.Transport{}},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /roost", p.receive)
	mux.HandleFunc("GET /files/{name}", p.file)
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { p.send(ctx) })
	t.Cleanup(func() { cancel(); wg.Wait(); p.client.CloseIdleConnections() })
	return p
}

func (p *program) config() webhook.Config {
	return webhook.Config{Secret: bridges.NewSecret(secret), URL: p.URL + "/roost", AllowPrivate: true}
}

// say puts an event into the outbox.
func (p *program) say(body string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.outbox = append(p.outbox, body)
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// send empties the outbox, one event after another, and sends again what was not taken.
func (p *program) send(ctx context.Context) {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		p.mu.Lock()
		next := ""
		if len(p.outbox) > 0 {
			next = p.outbox[0]
		}
		p.mu.Unlock()
		if next == "" {
			select {
			case <-p.wake:
				continue
			case <-ctx.Done():
				return
			}
		}
		if status, _ := p.call(ctx, next); status == http.StatusOK || status == http.StatusBadRequest {
			p.mu.Lock()
			p.outbox, p.last = p.outbox[1:], next
			p.mu.Unlock()
			continue
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return
		}
	}
}

// call sends one body to the hook.
func (p *program) call(ctx context.Context, body string) (status int, answer string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.web.at(""), strings.NewReader(body))
	if err != nil {
		return 0, err.Error()
	}
	req.Header.Set("Roost-Signature", signed(secret, time.Now(), body))
	resp, err := p.client.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b)
}

// receive takes an action.
func (p *program) receive(w http.ResponseWriter, r *http.Request) {
	s, line, err := parse(r)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case err != nil:
		http.Error(w, `{"error":"bad request"}`, http.StatusBadRequest)
		return
	case p.logged || !genuine(r.Header.Get("Roost-Signature"), line):
		http.Error(w, `{"error":"bad signature"}`, http.StatusUnauthorized)
		return
	}
	take := func() { p.keys[s.Key] = p.take(s) }
	if f := p.fault; f != nil && s.Type == "post" {
		p.fault = nil
		p.mu.Unlock()
		defer p.mu.Lock()
		f(w, r, func() { p.mu.Lock(); defer p.mu.Unlock(); take() })
		return
	}
	for _, place := range []string{s.Conversation, s.Conversation + "/" + s.Thread} {
		if why, gone := p.gone[place]; gone {
			w.WriteHeader(http.StatusGone)
			fmt.Fprintf(w, `{"error":%q}`, why)
			return
		}
	}
	if said, twice := p.keys[s.Key]; twice {
		w.WriteHeader(http.StatusConflict)
		_, _ = io.WriteString(w, said)
		return
	}
	take()
	_, _ = io.WriteString(w, p.keys[s.Key])
}

// take does what an action says, and gives what is answered.
func (p *program) take(s sent) string {
	p.seen = append(p.seen, s)
	if s.Type == "post" || s.Type == "open" {
		return p.write(s)
	}
	i := slices.IndexFunc(p.heard, func(h held) bool { return string(h.ID) == s.Message })
	switch {
	case s.Type == "pin":
		p.pins = slices.DeleteFunc(p.pins, func(m chat.MessageID) bool { return string(m) == s.Message })
		if !s.Removed {
			p.pins = append(p.pins, chat.MessageID(s.Message))
		}
	case i < 0:
	case s.Type == "edit":
		p.heard[i].Text, p.heard[i].card = s.Text, s.Card
	case s.Type == "delete":
		p.heard[i].Gone = true
	case s.Type == "react":
		p.heard[i].Reactions = slices.DeleteFunc(p.heard[i].Reactions, func(e string) bool { return e == s.Emoji })
		if !s.Removed {
			p.heard[i].Reactions = append(p.heard[i].Reactions, s.Emoji)
		}
	}
	return ""
}

// write takes a message or a thread that is new.
func (p *program) write(s sent) string {
	if p.named {
		p.serial++
		if s.Message != "" {
			s.Message = fmt.Sprintf("own-%d", p.serial)
		}
		if s.Type == "open" && s.Root == "" {
			s.Thread = fmt.Sprintf("thread-%d", p.serial)
		}
	}
	if s.Type == "open" {
		p.topics[s.Thread] = topic{s.Topic, s.Root}
	}
	h := bridgetest.Heard{
		ID: chat.MessageID(s.Message), Text: s.Text, Wire: s.Body, Files: s.Files, ReplyTo: chat.MessageID(s.ReplyTo), As: s.Author.Name,
	}
	for _, sp := range s.Spans {
		if sp.Kind == "mention" {
			h.Pings = append(h.Pings, sp.Name)
		}
	}
	if s.Message != "" {
		p.heard = append(p.heard, held{h, s.Conversation, s.Thread, s.Card})
	}
	if !p.named {
		return ""
	}
	return fmt.Sprintf(`{"message":%q,"thread":%q}`, s.Message, s.Thread)
}

// parse reads a request; line is what its signature is over.
func parse(r *http.Request) (s sent, line string, err error) {
	s.Key = r.Header.Get("Idempotency-Key")
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		if err := r.ParseMultipartForm(64 << 20); err != nil {
			return s, "", err
		}
		line = r.MultipartForm.Value["payload_json"][0]
		for i := range len(r.MultipartForm.File) {
			h := r.MultipartForm.File[fmt.Sprintf("files[%d]", i)][0]
			f, err := h.Open()
			if err != nil {
				return s, "", err
			}
			b, err := io.ReadAll(f)
			if err != nil {
				return s, "", err
			}
			s.Files = append(s.Files, bridgetest.File{Name: h.Filename, Type: h.Header.Get("Content-Type"), Data: b})
		}
	} else {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return s, "", err
		}
		line = string(b)
	}
	s.Body = line
	return s, line, json.Unmarshal([]byte(line), &s.action)
}

// genuine checks a signature as the documents say.
func genuine(header, body string) bool {
	var t string
	for part := range strings.SplitSeq(header, ",") {
		k, v, _ := strings.Cut(part, "=")
		switch k {
		case "t":
			t = v
		case "v1":
			mac := hmac.New(sha256.New, []byte(secret))
			mac.Write([]byte(t + "." + body))
			if hmac.Equal([]byte(v), []byte(hex.EncodeToString(mac.Sum(nil)))) {
				return true
			}
		}
	}
	return false
}

// file serves a file that was said by its address.
func (p *program) file(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	f, ok := p.files[r.PathValue("name")]
	p.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", f.Type)
	_, _ = io.Copy(w, bytes.NewReader(f.Data))
}

// attach is a file in an event: its bytes, or where they are when it could get lost or is large.
func (p *program) attach(f bridgetest.File) map[string]any {
	if p.inline && len(f.Data) <= 1000 {
		return map[string]any{"name": f.Name, "type": f.Type, "data": base64.StdEncoding.EncodeToString(f.Data)}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.files[f.Name] = f
	return map[string]any{"name": f.Name, "type": f.Type, "url": p.URL + "/files/" + f.Name}
}

// done is what arrived so far.
func (p *program) done() []sent {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.seen)
}
