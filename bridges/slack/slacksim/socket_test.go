package slacksim_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"

	"github.com/roost-im/roost/bridges/slack/slacksim"
)

// listener is a socketmode client that keeps what it hears.
type listener struct {
	mu     sync.Mutex
	got    []socketmode.Event
	heard  chan struct{}
	client *socketmode.Client
}

// listen opens a socket and confirms what ack says yes to. Without ack all is confirmed.
func (w world) listen(t *testing.T, ack func(n int, ev socketmode.Event) (payload any, ok bool)) *listener {
	t.Helper()
	api := client(w.Sim, w.BotToken(), slack.OptionAppLevelToken(w.AppToken()))
	l := &listener{heard: make(chan struct{}, 1000), client: socketmode.New(api)}
	n := w.Sockets()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = l.client.RunContext(ctx) })
	wg.Go(func() { l.drain(ctx, ack) })
	t.Cleanup(func() { cancel(); wg.Wait() })
	w.until(t, "a socket", func(v *slacksim.View) bool { return v.Sockets() > n })
	return l
}

func (l *listener) drain(ctx context.Context, ack func(int, socketmode.Event) (any, bool)) {
	n := 0
	for {
		select {
		case <-ctx.Done():
			return
		case ev := <-l.client.Events:
			if ev.Request == nil || ev.Request.EnvelopeID == "" {
				continue
			}
			l.mu.Lock()
			l.got = append(l.got, ev)
			l.mu.Unlock()
			payload, ok := any(nil), true
			if ack != nil {
				payload, ok = ack(n, ev)
			}
			n++
			if ok && payload != nil {
				_ = l.client.Ack(*ev.Request, payload)
			} else if ok {
				_ = l.client.Ack(*ev.Request)
			}
			l.heard <- struct{}{}
		}
	}
}

// next waits for n more events and returns all so far.
func (l *listener) next(t *testing.T, n int) []socketmode.Event {
	t.Helper()
	timeout := time.NewTimer(10 * time.Second)
	defer timeout.Stop()
	for range n {
		select {
		case <-l.heard:
		case <-timeout.C:
			t.Fatalf("only %d events came", len(l.all()))
		}
	}
	return l.all()
}

func (l *listener) all() []socketmode.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]socketmode.Event{}, l.got...)
}

func inner[T any](t *testing.T, ev socketmode.Event) T {
	t.Helper()
	outer, ok := ev.Data.(slackevents.EventsAPIEvent)
	if !ok {
		t.Fatalf("event data is %T", ev.Data)
	}
	v, ok := outer.InnerEvent.Data.(T)
	if !ok {
		t.Fatalf("inner event is %T (%s)", outer.InnerEvent.Data, outer.InnerEvent.Type)
	}
	return v
}

func TestMessageReachesSocket(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := w.listen(t, nil)
	ts := w.Say(ada, general, slacksim.Draft{Text: "a <b> & *c* <@" + w.BotUser() + ">"})
	got := l.next(t, 2)
	m := inner[*slackevents.MessageEvent](t, got[0])
	if want := "a &lt;b&gt; &amp; *c* <@" + w.BotUser() + ">"; m.Text != want || m.TimeStamp != ts || m.User != ada || m.ChannelType != "channel" {
		t.Errorf("message = %+v, want text %q ts %s", m, want, ts)
	}
	if mention := inner[*slackevents.AppMentionEvent](t, got[1]); mention.TimeStamp != ts {
		t.Errorf("mention ts = %s, want %s", mention.TimeStamp, ts)
	}
	w.until(t, "acks", func(v *slacksim.View) bool { return v.Mail().Acked == 2 })
}

func quick(c *slacksim.Config) {
	c.Timing.AckWait = 250 * time.Millisecond
	c.Timing.Retries = []time.Duration{0, 0, 0}
}

func retries(events []socketmode.Event) []int {
	var out []int
	for _, ev := range events {
		out = append(out, ev.Request.RetryAttempt)
	}
	return out
}

func TestUnconfirmedComesAgain(t *testing.T) {
	t.Parallel()
	w := setup(t, quick)
	l := w.listen(t, func(n int, _ socketmode.Event) (any, bool) { return nil, n == 2 })
	w.Say(ada, general, slacksim.Draft{Text: "x"})
	got := l.next(t, 3)
	if r := retries(got); r[0] != 0 || r[1] != 1 || r[2] != 2 || got[1].Request.RetryReason != "timeout" {
		t.Errorf("retries = %v, reason %q", r, got[1].Request.RetryReason)
	}
	w.until(t, "the ack", func(v *slacksim.View) bool { return v.Mail() == slacksim.Mail{Acked: 1, Repeated: 2} })
}

func TestGivenUpAfterThreeRepeats(t *testing.T) {
	t.Parallel()
	w := setup(t, quick)
	l := w.listen(t, func(int, socketmode.Event) (any, bool) { return nil, false })
	w.Say(ada, general, slacksim.Draft{Text: "x"})
	l.next(t, 4)
	w.until(t, "the loss", func(v *slacksim.View) bool { return v.Mail() == slacksim.Mail{Lost: 1, Repeated: 3} })
}

func TestDropBringsUnconfirmedAgainInOrder(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := w.listen(t, func(n int, _ socketmode.Event) (any, bool) { return nil, n >= 3 })
	for _, text := range []string{"one", "two", "three"} {
		w.Say(ada, general, slacksim.Draft{Text: text})
	}
	l.next(t, 3)
	w.DropSockets()
	got := l.next(t, 3)
	for i, text := range []string{"one", "two", "three"} {
		ev := got[3+i]
		if m := inner[*slackevents.MessageEvent](t, ev); m.Text != text || ev.Request.RetryAttempt != 1 {
			t.Errorf("event %d = %q, retry %d", i, m.Text, ev.Request.RetryAttempt)
		}
	}
	w.until(t, "the acks", func(v *slacksim.View) bool { return v.Mail() == slacksim.Mail{Acked: 3, Repeated: 3} })
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *slacksim.Config) { c.Timing.Window = 20 * time.Millisecond })
	ts := w.Say(ada, general, slacksim.Draft{Text: "unheard"})
	w.until(t, "the loss", func(v *slacksim.View) bool { return v.Mail() == slacksim.Mail{Lost: 1} })
	history := must(w.api.GetConversationHistoryContext(t.Context(), &slack.GetConversationHistoryParameters{ChannelID: general}))(t)
	if len(history.Messages) != 1 || history.Messages[0].Timestamp != ts {
		t.Errorf("history = %+v", history.Messages)
	}
	late := setup(t)
	late.Say(ada, general, slacksim.Draft{Text: "kept"})
	got := late.listen(t, nil).next(t, 1)
	if m := inner[*slackevents.MessageEvent](t, got[0]); m.Text != "kept" || got[0].Request.RetryAttempt != 1 {
		t.Errorf("kept event = %+v, retry %d", m, got[0].Request.RetryAttempt)
	}
}

func TestSocketsShareEvents(t *testing.T) {
	t.Parallel()
	w := setup(t)
	first, second := w.listen(t, nil), w.listen(t, nil)
	for range 6 {
		w.Say(ada, general, slacksim.Draft{Text: "x"})
	}
	first.next(t, 3)
	second.next(t, 3)
	w.until(t, "the acks", func(v *slacksim.View) bool { return v.Mail() == slacksim.Mail{Acked: 6} })
}

func TestTwiceAndAgain(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := w.listen(t, nil)
	w.DeliverTwice(true)
	w.Say(ada, general, slacksim.Draft{Text: "x"})
	got := l.next(t, 2)
	w.DeliverTwice(false)
	if id := func(i int) string {
		return got[i].Data.(slackevents.EventsAPIEvent).Data.(*slackevents.EventsAPICallbackEvent).EventID
	}; id(0) != id(1) {
		t.Errorf("event ids %s and %s", id(0), id(1))
	}
	w.until(t, "the acks", func(v *slacksim.View) bool { return v.Mail().Acked == 2 })
	if n := w.Redeliver(1); n != 1 {
		t.Errorf("redelivered %d", n)
	}
	l.next(t, 1)
}

func TestHoldEvents(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := w.listen(t, nil)
	w.HoldEvents(true)
	w.Say(ada, general, slacksim.Draft{Text: "one"})
	w.Say(ada, general, slacksim.Draft{Text: "two"})
	if m := w.Mail(); m.Waiting != 2 || len(l.all()) != 0 {
		t.Errorf("mail = %+v, heard %d", m, len(l.all()))
	}
	w.HoldEvents(false)
	got := l.next(t, 2)
	if a, b := inner[*slackevents.MessageEvent](t, got[0]), inner[*slackevents.MessageEvent](t, got[1]); a.Text != "one" || b.Text != "two" {
		t.Errorf("order = %s, %s", a.Text, b.Text)
	}
}

func TestDisconnectMessage(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *slacksim.Config) { c.Timing.Grace = time.Millisecond })
	l := w.listen(t, nil)
	w.Disconnect("warning")
	w.until(t, "a new socket instead of the old", func(v *slacksim.View) bool {
		return len(v.Calls("apps.connections.open")) == 2 && v.Sockets() == 1
	})
	w.Say(ada, general, slacksim.Draft{Text: "x"})
	l.next(t, 1)
}

func TestRefusedSocketComesBack(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := w.listen(t, nil)
	w.RefuseSockets(true)
	w.DropSockets()
	w.until(t, "two tries", func(v *slacksim.View) bool { return len(v.Calls("apps.connections.open")) >= 2 })
	w.RefuseSockets(false)
	w.until(t, "a new socket", func(v *slacksim.View) bool { return v.Sockets() == 1 })
	w.Say(ada, general, slacksim.Draft{Text: "x"})
	l.next(t, 1)
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	w := setup(t, quick)
	ctx := t.Context()
	smc := socketmode.New(client(w.Sim, w.BotToken(), slack.OptionAppLevelToken(w.AppToken())))
	ended := make(chan error, 1)
	go func() { ended <- smc.RunContext(ctx) }()
	w.until(t, "a socket", func(v *slacksim.View) bool { return v.Sockets() == 1 })
	w.Revoke()
	if err := <-ended; err == nil || err.Error() != "token_revoked" {
		t.Errorf("the client ended with %v", err)
	}
	heard := map[string]bool{}
	for len(smc.Events) > 0 { // it holds 50
		if outer, ok := (<-smc.Events).Data.(slackevents.EventsAPIEvent); ok {
			heard[outer.InnerEvent.Type] = true
		}
	}
	if !heard["tokens_revoked"] || !heard["app_uninstalled"] {
		t.Errorf("heard %v", heard)
	}
	if _, err := w.api.AuthTestContext(ctx); err == nil || err.Error() != "token_revoked" {
		t.Errorf("auth.test: %v", err)
	}
	w.Restore()
	if _, err := w.api.AuthTestContext(ctx); err != nil {
		t.Errorf("after Restore: %v", err)
	}
}
