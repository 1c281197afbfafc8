package telegram_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/telegram"
	"github.com/roost-im/roost/bridges/telegram/telegramsim"
	"github.com/roost-im/roost/router/chat"
)

// soon bounds how long anything that should happen may take.
const soon = 20 * time.Second

// run is a connector that receives.
type run struct {
	*stage
	*bridgetest.Sink
	*bridgetest.Running
	keep *bridgetest.Keeper
	conn *telegram.Connector
	deps bridges.Deps
	cfg  telegram.Config

	seen    sync.Mutex
	skipped []string
}

// start has a connector receive from a fresh Telegram.
func start(t *testing.T, cfg telegramsim.Config) *run {
	t.Helper()
	r := prepare(t, cfg)
	r.again(t)
	return r
}

// prepare makes a Telegram, and settings of a connector that does not run yet.
func prepare(t *testing.T, cfg telegramsim.Config) *run {
	t.Helper()
	r := &run{stage: newStage(t, cfg), Sink: &bridgetest.Sink{}, keep: &bridgetest.Keeper{}}
	r.cfg = r.config()
	r.deps = bridges.Deps{Account: account, Keep: r.keep, Skip: func(kind string, _ []byte) {
		r.seen.Lock()
		defer r.seen.Unlock()
		r.skipped = append(r.skipped, kind)
	}}
	return r
}

// again starts the connector, with what the one before it left, and returns when Telegram knows what it wants to hear.
func (r *run) again(t *testing.T) {
	t.Helper()
	r.launch(t)
	if r.cfg.Receive == telegram.Webhook {
		r.sees(t, "the webhook", func(v *telegramsim.View) bool { return v.Webhook().URL != "" })
		return
	}
	r.sees(t, "a poll", func(v *telegramsim.View) bool { return v.Polling() || len(v.Calls("getUpdates")) > 0 })
}

// launch starts the connector.
func (r *run) launch(t *testing.T) {
	t.Helper()
	r.conn = connect(t, r.cfg, r.deps)
	r.conn.LookOften(20 * time.Millisecond)
	running := bridgetest.Begin(t, r.conn, r.Sink)
	r.Running = running
	t.Cleanup(func() {
		if err := running.Stop(); err != nil && chat.KindOf(err) != chat.LoggedOut {
			t.Logf("Run = %v", err)
		}
	})
}

// sees waits until Telegram looks so.
func (r *run) sees(t *testing.T, what string, so func(*telegramsim.View) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	if err := r.Wait(ctx, so); err != nil {
		t.Fatalf("Telegram never saw %s: %v", what, err)
	}
}

// posts performs a post that must succeed, and returns its ID.
func (r *run) posts(t *testing.T, p chat.Post) chat.MessageID {
	t.Helper()
	receipt, err := r.conn.Post(t.Context(), p)
	if err != nil {
		t.Fatalf("post = %v", err)
	}
	if len(receipt.Messages) != 1 || receipt.At.IsZero() {
		t.Fatalf("the receipt is %+v, want one message and a time", receipt)
	}
	return receipt.Messages[0]
}

// message is what Telegram holds under an ID that the connector gave.
func (r *run) message(t *testing.T, where int64, m chat.MessageID) telegramsim.Message {
	t.Helper()
	got, ok := r.Message(where, number(m))
	if !ok {
		t.Fatalf("there is no message %q in %d", m, where)
	}
	return got
}

// topic is a topic of the forum.
func (r *run) topic(id int) chat.Conversation {
	c := in(r.forum)
	c.Thread = chat.ThreadID(decimal(id))
	return c
}
