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
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = l.client.RunContext(ctx) })
	wg.Go(func() { l.drain(ctx, ack) })
	t.Cleanup(func() { cancel(); wg.Wait() })
	n := w.Sockets()
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
