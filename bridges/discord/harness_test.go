package discord_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/discord"
	"github.com/roost-im/roost/bridges/discord/discordsim"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// soon bounds how long anything that should happen may take.
const soon = 20 * time.Second

// run is a connector that receives.
type run struct {
	*stage
	*bridgetest.Sink
	*bridgetest.Running
	conn *discord.Connector
	deps bridges.Deps
	cfg  discord.Config

	mu      sync.Mutex
	later   time.Duration // by how much its clock is ahead
	skipped []string
}

func start(t *testing.T, cfg discordsim.Config) *run {
	t.Helper()
	r := prepare(t, cfg)
	r.again(t)
	return r
}

// prepare is a run that was not begun.
func prepare(t *testing.T, cfg discordsim.Config) *run {
	t.Helper()
	r := &run{stage: newStage(t, cfg), Sink: &bridgetest.Sink{}}
	r.cfg = r.config()
	r.deps = bridges.Deps{Account: account, Keep: &bridgetest.Keeper{}, Now: func() time.Time {
		r.mu.Lock()
		defer r.mu.Unlock()
		return time.Now().Add(r.later)
	}, Skip: func(kind string, _ []byte) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.skipped = append(r.skipped, kind)
	}}
	return r
}

// again starts the connector, with what the one before it left, and returns when it is connected.
func (r *run) again(t *testing.T) {
	t.Helper()
	r.begin(t)
	r.sees(t, func(v *discordsim.View) bool { return v.Sessions() == 1 })
}

func (r *run) begin(t *testing.T) {
	t.Helper()
	r.sees(t, func(v *discordsim.View) bool { return v.Sockets() == 0 }) // that of the one before is closed
	r.conn = r.connect(t, r.cfg, r.deps)
	running := bridgetest.Begin(t, r.conn, r.Sink)
	r.Running = running
	t.Cleanup(func() {
		if err := running.Stop(); err != nil && chat.KindOf(err) != chat.LoggedOut && chat.KindOf(err) != chat.Refused {
			t.Errorf("Run = %v, want nil", err)
		}
	})
}

// sees waits until Discord looks so.
func (r *run) sees(t *testing.T, so func(*discordsim.View) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	if err := r.Wait(ctx, so); err != nil {
		t.Fatalf("Discord never looked so: %v", err)
	}
}

// posts performs a post that must succeed, and returns its message.
func (r *run) posts(t *testing.T, p chat.Post) discordsim.Message {
	t.Helper()
	receipt, err := r.conn.Post(t.Context(), p)
	if err != nil {
		t.Fatalf("post = %v", err)
	}
	m, ok := r.Message(inside(p.To), string(receipt.Messages[0]))
	if !ok {
		t.Fatalf("the receipt names %v, which is not in the channel", receipt.Messages)
	}
	return m
}

// opens performs an Open that must succeed.
func (r *run) opens(t *testing.T, o chat.Open) (chat.Receipt, chat.Conversation) {
	t.Helper()
	receipt, conv, err := r.conn.Open(t.Context(), o)
	if err != nil {
		t.Fatalf("open = %v", err)
	}
	return receipt, conv
}

// passes has the connector's clock go on.
func (r *run) passes(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.later += d
}

func (r *run) board() chat.Conversation {
	return chat.Conversation{Account: account, ID: chat.ConversationID(r.forum)}
}

// count is how many messages with these words are in a channel.
func (r *run) count(channel, words string) int {
	n := 0
	for _, m := range r.Messages(channel) {
		if m.Content == words && !m.Deleted {
			n++
		}
	}
	return n
}

func plain(s string) text.Text { return text.Plain(s) }

func contextFor(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeout(t.Context(), d)
}

// data is a file's content in memory.
type data []byte

// Open starts reading from the first byte.
func (d data) Open(context.Context) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(d)), nil
}

func (d data) body() io.ReadCloser { return io.NopCloser(bytes.NewReader(d)) }

// roundTrip is a transport.
type roundTrip func(*http.Request) (*http.Response, error)

// RoundTrip makes one call.
func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
