package router_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-im/roost/router"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
	"github.com/roost-im/roost/router/text"
)

// wake has the bot that heard h hear a ring after a while.
func wake(h chat.Hear, after time.Duration) chat.Wake {
	again := h
	again.Key, again.Event.Message, again.Event.What = "", "", chat.Called{Name: "ring"}
	return chat.Wake{Name: "ring", Due: time.Now().Add(after), Hear: again}
}

// clock is a bot that is woken as it is told, and says when it was.
func clock(h chat.Hear) []chat.Act {
	switch words := briefly(h); words {
	case "in an hour":
		return []chat.Act{wake(h, time.Hour)}
	case "in two hours":
		return []chat.Act{wake(h, time.Hour), wake(h, 2*time.Hour)}
	case "never":
		return []chat.Act{chat.Unwake{Talk: h.To, Name: "ring"}}
	case "ring":
		return []chat.Act{saying(h, 0, "⏰")}
	}
	return nil
}

// room is a place with bots in it.
func room(t *testing.T, bots ...*bot) (*world, *town, chat.Conversation) {
	t.Helper()
	m := newTown("slack/team")
	var setup router.Setup
	for _, b := range bots {
		setup.Bots = append(setup.Bots, b.in(router.Bot{Accounts: []chat.Account{m.account}}))
	}
	return newBotWorld(t, setup, bots, m), m, m.place("C1")
}

func TestAWakeComesOnce(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		said []string // ten minutes between them
		want time.Duration
	}{
		{"as it was asked for", []string{"in an hour"}, time.Hour},
		{"replaced", []string{"in an hour", "in an hour"}, 70 * time.Minute},
		{"replaced at once", []string{"in two hours"}, 2 * time.Hour},
		{"taken back", []string{"in an hour", "never"}, 0},
		{"asked for again", []string{"in an hour", "never", "in an hour"}, 80 * time.Minute},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBot("clock", clock)
				w, m, at := room(t, b)
				began := time.Now()
				for i, said := range tc.said {
					if i > 0 {
						pass(10 * time.Minute)
					}
					w.says(t, m, "Ann", at, said)
				}
				w.stop(t)
				pass(15 * time.Minute)
				w.run(t)
				if tc.want == 0 {
					pass(24 * time.Hour)
					reads(t, m, at, tc.said...)
					return
				}
				pass(time.Until(began.Add(tc.want)) - time.Second)
				reads(t, m, at, tc.said...)
				pass(2 * time.Second)
				reads(t, m, at, append(tc.said, "⏰")...)
				pass(24 * time.Hour)
				reads(t, m, at, append(tc.said, "⏰")...)
			})
		})
	}
}

// What came due while nothing ran comes at the start; and a wake of one talk is none of another's.
func TestAWakeThatWasMissedComesAtTheStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBot("clock", clock)
		w, m, at := room(t, b)
		w.says(t, m, "Ann", at, "in an hour")
		w.says(t, m, "Bob", m.place("C2"), "in an hour")
		w.says(t, m, "Bob", m.place("C2"), "never")
		w.stop(t)
		pass(3 * time.Hour)
		reads(t, m, at, "in an hour")
		w.run(t)
		reads(t, m, at, "in an hour", "⏰")
		reads(t, m, m.place("C2"), "in an hour", "never")
	})
}

// A wake that is replaced while the bot fails to hear it comes once, when the new one is due.
func TestAWakeThatIsReplacedOnItsWayComesToNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBot("clock", nil)
		var fails atomic.Bool
		fails.Store(true)
		b.hear = func(_ context.Context, h chat.Hear) (chat.Outcome, error) {
			if briefly(h) == "ring" && fails.Load() {
				return chat.Outcome{}, errors.New("not now")
			}
			return chat.Outcome{Acts: clock(h)}, nil
		}
		w, m, at := room(t, b)
		w.says(t, m, "Ann", at, "in an hour")
		pass(time.Hour + time.Minute)
		w.says(t, m, "Ann", at, "in an hour")
		fails.Store(false)
		pass(30 * time.Minute)
		reads(t, m, at, "in an hour", "in an hour")
		pass(31 * time.Minute)
		reads(t, m, at, "in an hour", "in an hour", "⏰")
	})
}

// A slot of a schedule is one event, however often its bot tells of it.
func TestACallIsHeardOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBot("standup", func(h chat.Hear) []chat.Act { return []chat.Act{saying(h, 0, "it is time")} })
		w, towns, at := hall(t, b)
		for range 2 {
			b.calls(t, "lounge", "schedule:daily", "schedule:daily@09:00")
		}
		w.stop(t)
		w.run(t)
		b.calls(t, "lounge", "schedule:daily", "schedule:daily@09:00")
		for i, m := range towns {
			reads(t, m, at[i], "it is time")
		}
		b.calls(t, "lounge", "schedule:daily", "schedule:daily@10:00")
		reads(t, towns[2], at[2], "it is time", "it is time")
		hears(t, b, "schedule:daily", "schedule:daily")
		if h := b.last(t); h.Event.Conversation != at[0] || h.To.ID != "lounge" || !h.Can.Cards {
			t.Errorf("it is called at %v in %v, want the mirror's first conversation", h.Event.Conversation, h.To)
		}
	})
}

// What a bot decided on state that somebody changed meanwhile it decides anew: nothing is counted twice, and nothing lost.
func TestStateThatChangedMeanwhileIsReadAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBot("count", nil)
		var w *world
		b.hear = func(_ context.Context, h chat.Hear) (chat.Outcome, error) {
			was, there := w.kept(t, "n") //nolint:contextcheck // the store is asked for the test
			<-time.After(time.Second)    // in which the others do the same
			n, _ := strconv.Atoi(was)
			k := chat.Kept{Key: "n", Now: []byte(strconv.Itoa(n + 1))}
			if there {
				k.Was = []byte(was)
			}
			return chat.Outcome{Keep: []chat.Kept{k}, Acts: []chat.Act{saying(h, 0, fmt.Sprint("number ", n+1))}}, nil
		}
		var m *town
		w, m, _ = room(t, b)
		const talks, each = 5, 3
		for range each {
			for i := range talks {
				w.says(t, m, "Ann", m.place(fmt.Sprint("C", i)), "count")
			}
		}
		pass(time.Minute)
		if got, _ := w.kept(t, "n"); got != strconv.Itoa(talks*each) {
			t.Errorf("it counted %s, want %d", got, talks*each)
		}
		seen := map[string]bool{}
		for i := range talks {
			at := m.place(fmt.Sprint("C", i))
			for _, x := range m.list(at) {
				if said := x.post.Text.Body; said != "count" && seen[said] {
					t.Errorf("%q is said twice", said)
				} else {
					seen[said] = true
				}
			}
		}
		if len(seen) != talks*each+1 || len(b.listened()) <= talks*each {
			t.Errorf("%d numbers were said, %d events heard; want each number once, and some heard again", len(seen)-1, len(b.listened()))
		}
	})
}

// dying is a store that stores the end of nothing once it is told to: as if the process died just then.
type dying struct {
	store.Store
	dead *atomic.Bool
}

func (d dying) Settle(ctx context.Context, ss ...store.Settlement) error {
	if d.dead.Load() {
		return store.ErrClosed
	}
	return d.Store.Settle(ctx, ss...)
}

// When everything ends between what a bot made of an event and the storing of that, the bot hears it again under the same
// key, and what it did is there once.
func TestACrashRepeatsNothingVisible(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBot("echo", nil)
		b.hear = func(_ context.Context, h chat.Hear) (chat.Outcome, error) {
			return chat.Outcome{Acts: append(echoes(h), wake(h, time.Hour)), Keep: []chat.Kept{{Key: "k", Now: []byte("v"), Any: true}}}, nil
		}
		w, m, at := room(t, b)
		w.stop(t)
		var dead atomic.Bool
		w.wrap = func(s store.Store) store.Store { return dying{s, &dead} }
		w.run(t)
		dead.Store(true)
		w.says(t, m, "Ann", at, "one")
		w.says(t, m, "Ann", at, "two")
		hears(t, b, "one")
		reads(t, m, at, "one", "two")
		w.stop(t)
		dead.Store(false)
		w.run(t)
		reads(t, m, at, "one", "two", "echo: one", "echo: two")
		hears(t, b, "one", "one", "two")
		if b.heard[0].Key != b.heard[1].Key || b.heard[0].Key == "" {
			t.Errorf("it is told with the keys %q and %q, want the same", b.heard[0].Key, b.heard[1].Key)
		}
	})
}

// A bot that hangs, panics or fails keeps nobody else waiting, in other talks neither.
func TestABadBotKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]func(context.Context) error{
		"hangs":  func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		"panics": func(context.Context) error { panic("oh no") },
		"fails":  func(context.Context) error { return errors.New("not now") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				good, b := newBot("good", echoes), newBot("bad", nil)
				var tries atomic.Int32
				b.hear = func(ctx context.Context, h chat.Hear) (chat.Outcome, error) {
					if briefly(h) == "bait" && tries.Add(1) < 3 {
						return chat.Outcome{}, bad(ctx)
					}
					s := saying(h, 0, "bad: "+briefly(h))
					return chat.Outcome{Acts: []chat.Act{s}}, nil
				}
				w, m, at := room(t, good, b)
				w.says(t, m, "Ann", at, "bait")
				w.says(t, m, "Bob", m.place("C2"), "hi")
				reads(t, m, at, "bait", "echo: bait")
				if got := m.in(m.place("C2")); len(got) != 3 || !slices.Contains(got, "echo: hi") || !slices.Contains(got, "bad: hi") {
					t.Errorf("elsewhere it reads %q, want both answers at once", got)
				}
				pass(10 * time.Minute)
				reads(t, m, at, "bait", "echo: bait", "bad: bait")
				if n := w.count(t); n[chat.Sent] != 8 {
					t.Errorf("deliveries %v, want four that told and four that said", n)
				}
			})
		})
	}
}

func TestABotsRefusalIsTheEndOfIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBot("ill", nil)
		b.hear = func(context.Context, chat.Hear) (chat.Outcome, error) {
			return chat.Outcome{}, &chat.Error{Op: "bot", Kind: chat.Refused, Reason: "the bot is quarantined"}
		}
		w, m, at := room(t, b)
		w.says(t, m, "Ann", at, "hi")
		pass(time.Hour)
		reads(t, m, at, "hi")
		hears(t, b, "hi")
		if n := w.count(t); n[chat.Rejected] != 1 || n[chat.Waiting] != 0 {
			t.Errorf("deliveries %v, want one that was refused", n)
		}
	})
}

// A message to a place whose account is not there waits for nobody; it fails nothing else.
func TestABotSpeaksElsewhere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBot("news", func(h chat.Hear) []chat.Act {
			here := saying(h, 0, "posted")
			there := chat.Conversation{Account: "slack/team", ID: "C9"}
			return []chat.Act{here, chat.Say{
				Ref: h.Key.Said(h.To.Account, there, 1), Post: chat.Post{To: there, Text: text.Plain("news: " + briefly(h))},
			}}
		})
		w, m, at := room(t, b)
		w.says(t, m, "Ann", at, "extra")
		reads(t, m, at, "extra", "posted")
		reads(t, m, m.place("C9"), "news: extra")
		h := b.last(t)
		if n := len(w.copies(t, h.Key.Said(b.account, m.place("C9"), 1))); n != 1 {
			t.Errorf("the news have %d copies, want one", n)
		}
	})
}
