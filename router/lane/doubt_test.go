package lane_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/lane"
	"github.com/roost-im/roost/router/store"
)

func TestUncertainWithReadBackLooksFirst(t *testing.T) {
	t.Parallel()
	for _, arrived := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			p := newPlatform()
			p.traits.Repeat = chat.ReadBack
			p.post = func(_ context.Context, post chat.Post) (chat.Receipt, error) {
				if p.tried() > 1 {
					return p.take(post), nil
				}
				if arrived {
					p.take(post)
				}
				return fails(chat.Uncertain)
			}
			looks := 0
			f := &finder{platform: p, find: func(chat.Action) (chat.Receipt, bool, error) {
				if looks++; looks == 1 {
					return chat.Receipt{}, false, errors.New("it can't be read just now")
				}
				return chat.Receipt{Messages: []chat.MessageID{"m1"}}, arrived, nil
			}}
			w := newWorld(t, f)
			w.admit(t, post(at("c"), "one"))
			w.run(t)
			e := w.sent(t, 1)[0]
			if got := p.taken(); len(got) != 1 {
				t.Errorf("arrived %v: taken %q, want it once", arrived, got)
			}
			if len(e.Copies) != 1 || e.Copies[0].Dest.Message != "m1" || e.Copies[0].Source != source("one") {
				t.Errorf("arrived %v: copies %+v, want m1 of one", arrived, e.Copies)
			}
			if looks < 2 {
				t.Errorf("arrived %v: looked %d times, want until it was known", arrived, looks)
			}
		})
	}
}

// A platform that is slow may come round to a request after we looked for what it made.
func TestAPostThatArrivesLateIsNotRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		p.traits.Repeat = chat.ReadBack
		p.post = func(_ context.Context, post chat.Post) (chat.Receipt, error) {
			time.AfterFunc(4*time.Second, func() { p.take(post) })
			return fails(chat.Uncertain)
		}
		f := &finder{platform: p, find: func(chat.Action) (chat.Receipt, bool, error) {
			return chat.Receipt{Messages: []chat.MessageID{"m1"}}, len(p.taken()) > 0, nil
		}}
		w := newWorld(t, f)
		w.admit(t, post(at("c"), "one"))
		w.run(t)
		w.sent(t, 1)
		if got := p.taken(); len(got) != 1 {
			t.Errorf("taken %q, want it once", got)
		}
	})
}

func TestUncertainWhereNothingTells(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		repeat chat.Repeat
		again  bool // the account's setting
		want   chat.State
		tries  int
	}{
		{"blind is held", chat.Blind, false, chat.Held, 1},
		{"blind is repeated by setting", chat.Blind, true, chat.Sent, 2},
		{"keyed is repeated", chat.Keyed, false, chat.Sent, 2},
		{"read back without a finder is held", chat.ReadBack, false, chat.Held, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newPlatform()
				p.traits.Repeat = tc.repeat
				keys := map[chat.Key]bool{}
				p.post = func(_ context.Context, post chat.Post) (chat.Receipt, error) {
					keys[post.Key] = true
					if post.Text.Body == "one" && p.tried() == 1 {
						return fails(chat.Uncertain)
					}
					return p.take(post), nil
				}
				w := newWorld(t, p)
				w.cfg.Repeat = func(chat.Account) bool { return tc.again }
				w.admit(t, post(at("c"), "one"))
				w.run(t)
				if e := w.end(t); e.Delivery.State != tc.want || p.tried() != tc.tries || len(keys) != 1 {
					t.Errorf("ended %s after %d tries with %d keys, want %s after %d with one", e.Delivery.State, p.tried(), len(keys), tc.want, tc.tries)
				}
				w.admit(t, post(at("c"), "two"))
				w.sent(t, 1) // a held one does not hold its lane
			})
		})
	}
}

func TestAHeldDeliveryThatIsReplayedIsSentAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		p.traits.Repeat = chat.Blind
		p.post = func(_ context.Context, post chat.Post) (chat.Receipt, error) {
			if p.tried() == 1 {
				return fails(chat.Uncertain)
			}
			return p.take(post), nil
		}
		w := newWorld(t, p)
		w.admit(t, post(at("c"), "one"))
		w.run(t)
		e := w.end(t)
		if e.Delivery.State != chat.Held {
			t.Fatalf("ended %s, want held", e.Delivery.State)
		}
		err := w.store.Change(t.Context(), func(store.View) (store.Changes, error) {
			return store.Changes{Replay: []chat.DeliveryID{e.Delivery.ID}}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		w.sent(t, 1)
	})
}

// What was cut off in the middle of a request may have arrived. After a crash or a stop it is looked for first.
func TestAfterACrashBetweenBeginAndSettleItLooksBack(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		repeat chat.Repeat
		found  bool
		want   chat.State
		taken  int
	}{
		{"found", chat.ReadBack, true, chat.Sent, 0},
		{"not found", chat.ReadBack, false, chat.Sent, 1},
		{"blind", chat.Blind, false, chat.Held, 0},
		{"keyed", chat.Keyed, false, chat.Sent, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newPlatform()
				p.traits.Repeat = tc.repeat
				conn := chat.Connector(p)
				if tc.repeat == chat.ReadBack {
					conn = &finder{platform: p, find: func(chat.Action) (chat.Receipt, bool, error) {
						return chat.Receipt{Messages: []chat.MessageID{"m9"}}, tc.found, nil
					}}
				}
				w := newWorld(t, conn)
				w.admit(t, post(at("c"), "one"))
				crash(t, w, tc.repeat)
				w.run(t)
				if e := w.end(t); e.Delivery.State != tc.want || len(p.taken()) != tc.taken {
					t.Errorf("ended %s, taken %d times; want %s, %d", e.Delivery.State, len(p.taken()), tc.want, tc.taken)
				}
			})
		})
	}
}

// crash leases, begins where a lane would, and dies.
func crash(t *testing.T, w *world, repeat chat.Repeat) {
	t.Helper()
	ls, err := w.store.Lease(t.Context(), store.Want{Max: 1, For: time.Hour})
	if err != nil || len(ls) != 1 {
		t.Fatalf("Lease = %v, %v", ls, err)
	}
	if repeat != chat.Keyed {
		if err := w.store.Begin(t.Context(), ls[0].ID, ls[0].Token, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	w.open(t)
}

// A failure that says that nothing arrived leaves no doubt behind: the next try does not hold the post.
func TestAClearFailureLeavesNoDoubt(t *testing.T) {
	t.Parallel()
	for _, k := range []chat.Kind{chat.Transient, chat.Throttled, chat.LoggedOut, chat.Unfunded} {
		t.Run(k.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newPlatform()
				p.traits.Repeat = chat.Blind
				p.post = func(_ context.Context, post chat.Post) (chat.Receipt, error) {
					if p.tried() == 1 {
						return fails(k)
					}
					return p.take(post), nil
				}
				w := newWorld(t, p)
				w.admit(t, post(at("c"), "one"))
				w.run(t)
				w.sent(t, 1)
			})
		})
	}
}

// An earlier doubt survives later clear failures: what may have arrived then may still have.
func TestADoubtOutlastsClearFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		p.traits.Repeat = chat.ReadBack
		p.post = func(_ context.Context, post chat.Post) (chat.Receipt, error) {
			switch p.tried() {
			case 1:
				p.take(post)
				return fails(chat.Uncertain)
			case 2:
				return fails(chat.Throttled)
			}
			return p.take(post), nil
		}
		looks := 0
		f := &finder{platform: p, find: func(chat.Action) (chat.Receipt, bool, error) {
			looks++ // the platform shows it late
			return chat.Receipt{Messages: []chat.MessageID{"m1"}}, looks > 1, nil
		}}
		w := newWorld(t, f)
		w.admit(t, post(at("c"), "one"))
		w.run(t)
		w.sent(t, 1)
		if got := p.taken(); len(got) != 1 {
			t.Errorf("taken %q, want it once", got)
		}
	})
}

// A connector that returns its context's error without saying more may have got through.
func TestATryThatRunsOutOfTimeIsUncertain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		p.traits.Repeat = chat.Blind
		p.post = func(ctx context.Context, post chat.Post) (chat.Receipt, error) {
			p.take(post)
			<-ctx.Done()
			return chat.Receipt{}, ctx.Err()
		}
		w := newWorld(t, p)
		w.admit(t, post(at("c"), "one"))
		w.run(t)
		if e := w.end(t); e.Delivery.State != chat.Held || len(p.taken()) != 1 {
			t.Errorf("ended %s, taken %q; want held, once", e.Delivery.State, p.taken())
		}
	})
}

// What follows from a delivery may fail to be planned; what was sent is settled all the same, and not sent again.
func TestAnEndThatCantBePlannedIsSettledOnce(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"error", "panic"} {
		synctest.Test(t, func(t *testing.T) {
			p := newPlatform()
			w := newWorld(t, p)
			w.cfg.Ended = func(store.View, lane.End) (store.Changes, error) {
				if how == "panic" {
					panic("a bug")
				}
				return store.Changes{}, errors.New("a bug")
			}
			w.admit(t, post(at("c"), "one"), post(at("c"), "two"))
			w.run(t)
			for range 2 {
				if tr := <-w.tries; tr.Kind != "sent" {
					t.Errorf("%s: tried as %s, want sent", how, tr.Kind)
				}
			}
			if got := p.taken(); len(got) != 2 || len(w.waiting(t)) != 0 {
				t.Errorf("%s: taken %q, %d wait; want both once and none", how, got, len(w.waiting(t)))
			}
		})
	}
}

// full is a store whose disk is full for its first settlements.
type full struct {
	store.Store
	left int
}

func (f *full) Settle(ctx context.Context, ss ...store.Settlement) error {
	if f.left--; f.left >= 0 {
		return store.ErrFull
	}
	return f.Store.Settle(ctx, ss...)
}

func TestASettlementWaitsForRoomOnTheDisk(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		w := newWorld(t, p)
		w.store = &full{Store: w.store, left: 5}
		w.admit(t, post(at("c"), "one"))
		w.run(t)
		w.sent(t, 1)
		if got := p.taken(); len(got) != 1 {
			t.Errorf("taken %q, want it once", got)
		}
	})
}
