package bots_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/schedule"
)

// ledger is a sink that keeps what it accepts: each event once.
type ledger struct {
	mu      sync.Mutex
	cursor  []byte
	events  map[chat.EventID]chat.Event
	batches int
	fails   error
}

func newLedger() *ledger { return &ledger{events: map[chat.EventID]chat.Event{}} }

func (l *ledger) Accept(_ context.Context, b chat.Batch) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fails != nil {
		return l.fails
	}
	for _, ev := range b.Events {
		if _, twice := l.events[ev.ID]; !twice {
			l.events[ev.ID] = ev
		}
	}
	if b.Cursor != nil {
		l.cursor = b.Cursor
	}
	l.batches++
	return nil
}

func (l *ledger) Cursor(context.Context) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cursor, l.fails
}

// slots are the slots that were fired, in order.
func (l *ledger) slots() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	ids := slices.Collect(maps.Keys(l.events))
	slices.Sort(ids)
	var b strings.Builder
	for _, id := range ids {
		_, at, _ := strings.Cut(string(id), "@")
		b.WriteString(strings.TrimSuffix(strings.TrimPrefix(at, "2026-03-02T"), ":00Z") + " ")
	}
	return strings.TrimSpace(b.String())
}

func every(tb testing.TB, id, spec string, missed schedule.Policy) bots.Trigger {
	tb.Helper()
	s, err := schedule.Parse(spec, "UTC")
	if err != nil {
		tb.Fatal(err)
	}
	return bots.Trigger{ID: id, Schedule: &bots.Schedule{Schedule: s, Missed: missed}}
}

// TestSlotsAreFiredOnce moves the clock and fires, with restarts in between.
func TestSlotsAreFiredOnce(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		missed schedule.Policy
		moves  []time.Duration // the clock stands at 12:00:00
		want   string
	}{
		{"what was before it was there", schedule.AllUpTo(9), nil, ""},
		{"each", schedule.Skip(), []time.Duration{5 * time.Minute, 5 * time.Minute}, "12:05 12:10"},
		{"a second early", schedule.Skip(), []time.Duration{299 * time.Second, time.Second, time.Second}, "12:05"},
		{"back and again", schedule.AllUpTo(9), []time.Duration{12 * time.Minute, -11 * time.Minute, 4 * time.Minute, 6 * time.Minute, 4 * time.Minute}, "12:05 12:10 12:15"},
		{"before it was there", schedule.AllUpTo(9), []time.Duration{-time.Hour, 20 * time.Minute, 45 * time.Minute}, "12:05"},
		{"a sleep: all", schedule.AllUpTo(9), []time.Duration{21 * time.Minute}, "12:05 12:10 12:15 12:20"},
		{"a sleep: all up to two", schedule.AllUpTo(2), []time.Duration{21 * time.Minute}, "12:15 12:20"},
		{"a sleep: once", schedule.OnceWithin(time.Hour), []time.Duration{21 * time.Minute, 4 * time.Minute}, "12:20 12:25"},
		{"a sleep: once, too late", schedule.OnceWithin(time.Minute), []time.Duration{23 * time.Minute}, ""},
		{"a sleep: none", schedule.Skip(), []time.Duration{23 * time.Minute, 2 * time.Minute}, "12:25"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := doing(nil, every(t, "tick", "*/5 * * * *", tc.missed))
			w, l := newWorld(t, b), newLedger()
			for _, d := range append([]time.Duration{0}, tc.moves...) {
				w.pass(d)
				for range 2 { // and once more after a restart
					w.start(b)
					next, err := w.host.Fire(t.Context(), l)
					if want := w.now.Truncate(5 * time.Minute).Add(5 * time.Minute); err != nil || !next.Equal(want) {
						t.Errorf("Fire = %v, %v, want %v", next, err, want)
					}
				}
			}
			if got := l.slots(); got != tc.want {
				t.Errorf("fired %s, want %s", got, tc.want)
			}
		})
	}
}

// TestASlotIsWhatABotHears follows a slot to what the bot says about it.
func TestASlotIsWhatABotHears(t *testing.T) {
	t.Parallel()
	tick, elsewhere := every(t, "tick", "*/5 * * * *", schedule.Skip()), every(t, "other", "*/10 * * * *", schedule.Skip())
	elsewhere.Schedule.To = chat.Conversation{Account: "slack/team", ID: "C2"}
	b := replying(func(t *bots.Turn) string { return t.Trigger() + " " + t.Here().String() }, tick, elsewhere)
	w, l := newWorld(t, b, func(c *bots.Config) { c.Home = lounge }), newLedger()
	for range 2 {
		if _, err := w.host.Fire(t.Context(), l); err != nil {
			t.Fatal(err)
		}
		w.pass(10 * time.Minute)
	}
	if len(l.events) != 2 || l.batches != 2 {
		t.Fatalf("%d events in %d batches, want two in the second one", len(l.events), l.batches)
	}
	for id, want := range map[chat.EventID]string{
		"schedule:tick@2026-03-02T12:10:00Z":  "tick slack/team#C1",
		"schedule:other@2026-03-02T12:10:00Z": "slack/team#C2: other slack/team#C2",
	} {
		ev := l.events[id]
		at, err := chat.ParseConversation(string(ev.Conversation.ID))
		if err != nil || ev.Conversation.Account != "bot/order" {
			t.Fatalf("the slot %s is %+v, %v", id, ev, err)
		}
		in := w.told(ev.What)
		in.To, in.Event.Conversation, in.Event.Author = ev.Conversation, at, chat.Author{}
		if w.deliver(in); w.said() != want {
			t.Errorf("the bot said %q, want %q", w.said(), want)
		}
	}
}

// TestAFireThatIsNotStoredIsTriedAgain has the store fail.
func TestAFireThatIsNotStoredIsTriedAgain(t *testing.T) {
	t.Parallel()
	w, l := newWorld(t, doing(nil, every(t, "tick", "*/5 * * * *", schedule.Skip()))), newLedger()
	if _, err := w.host.Fire(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	w.pass(5 * time.Minute)
	l.fails = errors.New("the disk is gone")
	if _, err := w.host.Fire(t.Context(), l); !errors.Is(err, l.fails) {
		t.Errorf("Fire = %v", err)
	}
	if err := w.host.Run(t.Context(), l); !errors.Is(err, l.fails) {
		t.Errorf("Run = %v", err)
	}
	l.fails = nil
	if _, err := w.host.Fire(t.Context(), l); err != nil || l.slots() != "12:05" {
		t.Errorf("fired %s, %v", l.slots(), err)
	}
	l.cursor = []byte("nonsense") // is as if the schedule were new
	if _, err := w.host.Fire(t.Context(), l); err != nil || l.slots() != "12:05" {
		t.Errorf("fired %s, %v", l.slots(), err)
	}
	if !json.Valid(l.cursor) {
		t.Errorf("the cursor is %q", l.cursor)
	}
}

// TestRun lets the clock go, replaces the bot, and stops.
func TestRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		w := newWorld(t, doing(nil, every(t, "tick", "*/5 * * * *", schedule.AllUpTo(9))), func(c *bots.Config) { c.Env.Now = time.Now })
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		began := time.Now().UTC() // midnight
		go func() { done <- w.host.Run(ctx, l) }()
		<-time.After(10*time.Minute + time.Millisecond)
		synctest.Wait()
		if err := w.host.Replace(doing(nil, every(t, "tock", "* * * * *", schedule.AllUpTo(9))), []byte("2")); err != nil {
			t.Fatal(err)
		}
		<-time.After(2 * time.Minute)
		synctest.Wait()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run = %v", err)
		}
		var want []chat.EventID
		for _, s := range []struct {
			id string
			at time.Duration
		}{{"tick", 5 * time.Minute}, {"tick", 10 * time.Minute}, {"tock", 11 * time.Minute}, {"tock", 12 * time.Minute}} {
			want = append(want, chat.EventID(fmt.Sprintf("schedule:%s@%s", s.id, began.Add(s.at).Format(time.RFC3339))))
		}
		if got := slices.Sorted(maps.Keys(l.events)); !slices.Equal(got, want) {
			t.Errorf("fired %v, want %v", got, want)
		}
	})
}

// TestHooks calls a bot by a webhook, and by its own program.
func TestHooks(t *testing.T) {
	t.Parallel()
	b := &talkative{Func: doing(nil, bots.Trigger{ID: "deploy", Hook: "deploy"}, bots.Trigger{ID: "own", Kind: bots.Sent})}
	w, l := newWorld(t, b, func(c *bots.Config) { c.Home = lounge }), newLedger()
	if err := w.host.Hook(t.Context(), "deploy", "1", nil); err == nil {
		t.Error("a bot that does not run takes a call")
	}
	end, err := w.host.Begin(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"1", "1", "", ""} {
		if err := w.host.Hook(t.Context(), "deploy", key, []byte("v1")); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.call(t.Context(), lounge, "x", []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if len(l.events) != 4 {
		t.Errorf("there are %d events, want 4", len(l.events))
	}
	ev := l.events["hook:deploy@1"]
	if call, ok := ev.What.(chat.Called); !ok || call.Name != "hook:deploy" || string(call.Body) != "v1" || ev.Conversation != w.host.Talk(lounge) {
		t.Errorf("the event is %+v", ev)
	}
	if call, ok := l.events["own:@x"].What.(chat.Called); !ok || string(call.Body) != "hello" {
		t.Errorf("its own event is %+v", l.events["own:@x"])
	}
	end()
	if err := w.host.Hook(t.Context(), "deploy", "2", nil); err == nil {
		t.Error("a bot that runs no more takes a call")
	}
}

// talkative is a bot that has something to say unbidden.
type talkative struct {
	*bots.Func
	call func(ctx context.Context, at chat.Conversation, key string, body []byte) error
}

func (b *talkative) Calls(call func(ctx context.Context, at chat.Conversation, key string, body []byte) error) {
	b.call = call
}
