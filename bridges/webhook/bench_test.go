package webhook_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/webhook"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// nowhere takes everything and stores nothing.
type nowhere struct{}

func (nowhere) Accept(context.Context, chat.Batch) error { return nil }
func (nowhere) Cursor(context.Context) ([]byte, error)   { return nil, nil }

// BenchmarkHook is one signed request, from the raw bytes to the answer, without the network.
func BenchmarkHook(b *testing.B) {
	var hook http.Handler
	mounted := make(chan struct{})
	c, err := webhook.New(webhook.Config{Secret: bridges.NewSecret(secret), URL: "http://127.0.0.1:1"}, bridges.Deps{
		Account: account, Mount: func(_ string, h http.Handler) (func(), error) { hook = h; close(mounted); return func() {}, nil },
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx, nowhere{}) }()
	defer func() { cancel(); <-ended }()
	<-mounted
	const body = `{"id":"e1","type":"posted","conversation":"room","message":"m1","author":{"id":"ada","name":"Ada Lovelace","handle":"ada"},` +
		`"at":"2026-11-22T08:30:00Z","direct":true,"text":"Where is my order? I have waited for a week."}`
	header := signed(secret, time.Now(), body)
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		req := httptest.NewRequestWithContext(ctx, http.MethodPost, "/", bytes.NewReader([]byte(body)))
		req.Header.Set("Roost-Signature", header)
		w := httptest.NewRecorder()
		hook.ServeHTTP(w, req)
		if w.Code != http.StatusOK {
			b.Fatal(w.Code, w.Body)
		}
	}
}

// BenchmarkPush is one post to a program on loopback and its answer, 32 at once.
func BenchmarkPush(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"message":"m1"}`)
	}))
	defer server.Close()
	c, err := webhook.New(webhook.Config{Secret: bridges.NewSecret(secret), URL: server.URL}, bridges.Deps{Account: account})
	if err != nil {
		b.Fatal(err)
	}
	defer chat.Close(c)
	p := chat.Post{Key: "k-1", To: room(), Text: text.Plain("Where is my order? I have waited for a week."), As: &chat.Persona{Name: "Ada Lovelace"}}
	b.ReportAllocs()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := c.Post(b.Context(), p); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkNote is one post that is written down for readers.
func BenchmarkNote(b *testing.B) {
	c, err := webhook.New(pulled(), bridges.Deps{
		Account: account, Journal: forgetful{}, Mount: func(string, http.Handler) (func(), error) { return func() {}, nil },
	})
	if err != nil {
		b.Fatal(err)
	}
	defer chat.Close(c)
	p := chat.Post{To: room(), Text: text.Plain("Where is my order? I have waited for a week."), As: &chat.Persona{Name: "Ada Lovelace"}}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		p.Key = chat.Key(fmt.Sprintf("k-%d", i))
		if _, err := c.Post(b.Context(), p); err != nil {
			b.Fatal(err)
		}
	}
}

// forgetful is a journal that keeps nothing.
type forgetful struct{}

func (forgetful) Append(context.Context, string, []byte) error { return nil }
func (forgetful) Read(context.Context, int64, int) ([]bridges.Entry, error) {
	return nil, nil
}
func (forgetful) Grown() <-chan struct{} { return nil }
