package slack_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/slack"
	"github.com/roost-im/roost/bridges/slack/slacksim"
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
	conn *slack.Connector
	deps bridges.Deps
	cfg  slack.Config

	mu      sync.Mutex
	skipped []string
}

// start has a connector receive from a fresh workspace, and returns when its sockets are open.
func start(t *testing.T, cfg slacksim.Config) *run {
	t.Helper()
	r := &run{stage: newStage(t, cfg), Sink: &bridgetest.Sink{}}
	r.cfg = r.config()
	r.deps = bridges.Deps{Account: account, Keep: &bridgetest.Keeper{}, Skip: func(kind string, _ []byte) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.skipped = append(r.skipped, kind)
	}}
	r.again(t)
	return r
}

// again starts the connector, with what the one before it left.
func (r *run) again(t *testing.T) {
	t.Helper()
	r.sees(t, func(v *slacksim.View) bool { return v.Sockets() == 0 }) // those of the one before are closed
	r.conn = r.connect(t, r.cfg, r.deps)
	running := bridgetest.Begin(t, r.conn, r.Sink)
	r.Running = running
	t.Cleanup(func() {
		if err := running.Stop(); err != nil && chat.KindOf(err) != chat.LoggedOut {
			t.Errorf("Run = %v, want nil", err)
		}
	})
	if !r.cfg.AppToken.IsZero() {
		r.sees(t, func(v *slacksim.View) bool { return v.Sockets() == 2 })
	}
}

// sees waits until the workspace looks so.
func (r *run) sees(t *testing.T, so func(*slacksim.View) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	if err := r.Wait(ctx, so); err != nil {
		t.Fatalf("the workspace never looked so: %v", err)
	}
}

// hears waits for a text and returns its event.
func (r *run) hears(t *testing.T, words string) chat.Event {
	t.Helper()
	e, _ := r.Hears(t, words)
	return e
}

// posts performs a post that must succeed, and returns its message.
func (r *run) posts(t *testing.T, p chat.Post) slacksim.Message {
	t.Helper()
	receipt, err := r.conn.Post(t.Context(), p)
	if err != nil {
		t.Fatalf("post = %v", err)
	}
	m, ok := r.Message(string(p.To.ID), string(receipt.Messages[0]))
	if !ok {
		t.Fatalf("the receipt names %v, which is not in the channel", receipt.Messages)
	}
	return m
}

// place is the channel that others are in too.
func (r *run) place() chat.Conversation {
	return chat.Conversation{Account: account, ID: chat.ConversationID(r.room)}
}

func plainText(s string) text.Text { return text.Plain(s) }

func depsOf() bridges.Deps { return bridges.Deps{Account: account} }
