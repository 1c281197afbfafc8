package lane_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/lane"
	"github.com/roost-im/roost/router/store"
	"github.com/roost-im/roost/router/text"
)

// slow is a store that stores settlements only once it is told to.
type slow struct {
	store.Store
	release chan struct{}
	calls   [][]chat.DeliveryID // what was settled together
	mu      sync.Mutex
}

// slowly makes the world's store slow.
func slowly(w *world) *slow {
	s := &slow{Store: w.store, release: make(chan struct{})}
	w.store = s
	return s
}

func (s *slow) Settle(ctx context.Context, ss ...store.Settlement) error {
	<-s.release
	var ids []chat.DeliveryID
	for _, one := range ss {
		ids = append(ids, one.ID)
	}
	s.mu.Lock()
	s.calls = append(s.calls, ids)
	s.mu.Unlock()
	return s.Store.Settle(ctx, ss...)
}

func TestALaneRunsAheadWhereARepeatIsHarmless(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		repeat chat.Repeat
		room   int // deliveries under way at once
		want   int // posts taken before any is settled
	}{
		{chat.Keyed, 0, 64},
		{chat.Keyed, 10, 10},
		{chat.ReadBack, 0, 1},
		{chat.Blind, 0, 1},
	} {
		t.Run(fmt.Sprintf("%d with room for %d", tc.repeat, tc.room), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const all = 100
				p := newPlatform()
				p.traits.Repeat = tc.repeat
				w := newWorld(t, p)
				w.cfg.InFlight = tc.room
				s := slowly(w)
				var ds []chat.Delivery
				var want []string
				for n := range all {
					ds, want = append(ds, post(at("c"), fmt.Sprint(n))), append(want, fmt.Sprint(n))
				}
				w.admit(t, ds...)
				w.run(t)
				synctest.Wait()
				if n := len(p.taken()); n != tc.want {
					t.Errorf("%d posts were taken before the first was settled, want %d", n, tc.want)
				}
				close(s.release)
				for n, e := range w.sent(t, all) {
					if e.Delivery.Source != source(want[n]) {
						t.Fatalf("delivery %d ended as number %d", e.Delivery.ID, n)
					}
				}
				if got := p.taken(); !slices.Equal(got, want) {
					t.Errorf("taken %q, want %q", got, want)
				}
				if n := len(s.calls); (tc.repeat == chat.Keyed) != (n < all) {
					t.Errorf("%d settlements in %d calls", all, n)
				}
			})
		})
	}
}

// takeBack cancels what waits to be made from a message.
func (w *world) takeBack(t *testing.T, from chat.Ref) {
	t.Helper()
	err := w.store.Change(t.Context(), func(v store.View) (ch store.Changes, err error) {
		ds, err := v.Waiting(from)
		for _, d := range ds {
			ch.Cancel = append(ch.Cancel, d.ID)
		}
		return ch, err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What looks up what earlier posts became, or is about messages that are there, sees them settled.
func TestWhatIsAboutEarlierPostsWaitsForThem(t *testing.T) {
	t.Parallel()
	to, l := at("c"), chat.LaneTo(at("c"))
	reply := post(to, "reply")
	reply.Answers = source("two")
	within := post(to, "within")
	within.Within = chat.Ref{Conversation: to, Message: "m1"}
	within.Loose = true
	for name, d := range map[string]chat.Delivery{
		"edit":     {Lane: l, Of: source("two"), Action: chat.Edit{To: to, Text: text.Plain("2")}},
		"delete":   {Lane: l, Of: source("two"), Action: chat.Delete{To: to}},
		"named":    {Lane: l, Action: chat.Delete{To: to, Messages: []chat.MessageID{"m1"}}},
		"reply":    reply,
		"within":   within,
		"reaction": {Lane: l, Of: source("two"), Action: chat.React{To: to, Emoji: "👍"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := &forum{platform: newPlatform()}
				done := record(f)
				w := newWorld(t, f)
				s := slowly(w)
				w.admit(t, post(to, "one"), post(to, "two"), d, post(to, "last"))
				w.run(t)
				synctest.Wait()
				if posts, others := f.taken(), done(); !slices.Equal(posts, []string{"one", "two"}) || len(others) > 0 {
					t.Errorf("posted %q and did %v before the posts were settled, want only the two posts", posts, others)
				}
				close(s.release)
				w.sent(t, 4)
				if name == "reply" {
					if got := f.posts[2].ReplyTo; got != "m2" {
						t.Errorf("it replies to %q, want m2", got)
					}
				}
				if got := f.taken(); got[len(got)-1] != "last" {
					t.Errorf("posted %q, want the last one last", got)
				}
			})
		})
	}
}

// Behind a delivery that is put off nothing is tried, and what was not tried can be taken back.
func TestNothingIsTriedBehindWhatIsPutOff(t *testing.T) {
	t.Parallel()
	for _, k := range []chat.Kind{chat.Transient, chat.Throttled, chat.Uncertain, chat.LoggedOut} {
		t.Run(k.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newPlatform()
				var works atomic.Bool
				p.post = func(_ context.Context, post chat.Post) (chat.Receipt, error) {
					if post.Text.Body == "two" && !works.Load() {
						return chat.Receipt{}, &chat.Error{Op: "test", Kind: k, Wait: time.Hour}
					}
					return p.take(post), nil
				}
				w := newWorld(t, p)
				w.admit(t, post(at("c"), "one"), post(at("c"), "two"), post(at("c"), "three"), post(at("c"), "four"))
				w.run(t)
				w.sent(t, 1)
				synctest.Wait()
				w.takeBack(t, source("three"))
				works.Store(true)
				w.sent(t, 2)
				if got := p.taken(); !slices.Equal(got, []string{"one", "two", "four"}) {
					t.Errorf("taken %q, want all but what was cancelled, in order", got)
				}
			})
		})
	}
}

// What ends without being sent gives its lane back, so that what follows from its end is there before the next one goes.
func TestWhatFollowsFromARefusalGoesFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		p.post = func(_ context.Context, post chat.Post) (chat.Receipt, error) {
			if post.Text.Body == "two" {
				return fails(chat.Gone)
			}
			return p.take(post), nil
		}
		w := newWorld(t, p)
		w.cfg.Ended = func(v store.View, e lane.End) (ch store.Changes, err error) {
			w.ends <- e
			if e.Gone {
				ds, err := v.Waiting(source("three"))
				for _, d := range ds {
					ch.Cancel = append(ch.Cancel, d.ID)
				}
				return ch, err
			}
			return ch, nil
		}
		w.admit(t, post(at("c"), "one"), post(at("c"), "two"), post(at("c"), "three"), post(at("c"), "four"))
		w.run(t)
		for range 3 {
			w.end(t)
		}
		if got := p.taken(); !slices.Equal(got, []string{"one", "four"}) {
			t.Errorf("taken %q, want none that the end of the second took back", got)
		}
	})
}

// lost is a store in which somebody else was given each lane after its second delivery.
type lost struct {
	store.Store
	settled int
}

func (l *lost) Settle(ctx context.Context, ss ...store.Settlement) error {
	if l.settled += len(ss); l.settled > 2 {
		return store.ErrLeaseLost
	}
	return l.Store.Settle(ctx, ss...)
}

// When a settlement is lost nothing behind it that waits for it is tried: whoever has the lane now will.
func TestNothingIsTriedBehindALostSettlement(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &forum{platform: newPlatform()}
		done := record(f)
		w := newWorld(t, f)
		to := at("c")
		w.store = &lost{Store: w.store}
		w.admit(t, post(to, "one"), post(to, "two"), post(to, "three"),
			chat.Delivery{Lane: chat.LaneTo(to), Action: chat.Delete{To: to, Messages: []chat.MessageID{"m1"}}})
		w.run(t)
		synctest.Wait()
		if others := done(); len(others) > 0 {
			t.Errorf("did %v, want nothing behind what could not be settled", others)
		}
		stopped := time.Now()
		w.stop(t)
		if took := time.Since(stopped); took != 0 {
			t.Errorf("the stop took %v, want none: nothing is under way", took)
		}
	})
}

// Of settlements that are stored together, one that can't be planned harms no other; nor does a full disk.
func TestSettlementsThatFailTogetherAreStoredOneByOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const all = 20
		p := newPlatform()
		w := newWorld(t, p)
		w.store = &full{Store: w.store, left: 3}
		s := slowly(w)
		w.cfg.Ended = func(_ store.View, e lane.End) (store.Changes, error) {
			if e.Delivery.Source == source("7") {
				return store.Changes{}, errors.New("a bug")
			}
			return store.Changes{Keep: map[string][]byte{fmt.Sprint("ended ", e.Delivery.ID): {}}}, nil
		}
		var want, got []string
		var ds []chat.Delivery
		for n := range all {
			want, ds = append(want, fmt.Sprint(n)), append(ds, post(at("c"), fmt.Sprint(n)))
		}
		w.admit(t, ds...)
		w.run(t)
		synctest.Wait()
		close(s.release)
		for range all {
			tr := <-w.tries
			got = append(got, tr.Delivery.Action.(chat.Post).Text.Body)
		}
		if diff := cmp.Diff(want, got); diff != "" || !slices.Equal(p.taken(), want) {
			t.Errorf("taken %q, settled (-want +got):\n%s", p.taken(), diff)
		}
		err := w.store.Read(t.Context(), func(v store.Reader) error {
			for n := range all {
				_, err := v.Kept(fmt.Sprint("ended ", n+1))
				if errors.Is(err, store.ErrNotFound) != (n == 7) {
					t.Errorf("what follows from %d: %v", n, err)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// A lane that could run ahead for ever leaves an account's requests to others: they go by turns.
func TestALongLaneSharesAFullAccount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const others, each = 4, 10
		p := newPlatform()
		p.traits.Pace.Parallel = 2
		p.post = func(_ context.Context, post chat.Post) (chat.Receipt, error) {
			<-time.After(100 * time.Millisecond)
			return p.take(post), nil
		}
		w := newWorld(t, p)
		for n := range 200 {
			w.admit(t, post(at("long"), fmt.Sprint("long ", n)))
		}
		for n := range each {
			for l := range others {
				w.admit(t, post(at(fmt.Sprint("c", l)), fmt.Sprint("short ", n, l)))
			}
		}
		w.run(t)
		w.sent(t, others*each*2)
		short := 0
		for _, said := range p.taken() {
			if said[:5] == "short" {
				short++
			}
		}
		if short < others*each*3/4 {
			t.Errorf("of the first %d posts the four short lanes had %d, want nearly all of their %d", others*each*2, short, others*each)
		}
	})
}

// What the gate would hold back stays in the store, where it can be taken back.
func TestALaneDoesNotRunIntoAShutGate(t *testing.T) {
	t.Parallel()
	slowly := chat.Rate{Every: 4 * time.Second, Burst: 1}
	for name, tc := range map[string]struct {
		pace chat.Pace
		left chat.Scope // of which nothing is left after the first post
	}{
		"pace of the place":        {chat.Pace{Conversation: slowly}, -1},
		"pace of the account":      {chat.Pace{Account: slowly}, -1},
		"allowance of the place":   {chat.Pace{}, chat.ThisConversation},
		"allowance of the account": {chat.Pace{}, chat.ThisAccount},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newPlatform()
				p.traits.Pace = tc.pace
				p.post = func(_ context.Context, post chat.Post) (chat.Receipt, error) {
					r := p.take(post)
					if tc.left >= 0 && len(p.taken()) == 1 {
						r.Left = []chat.Allowance{{Scope: tc.left, Reset: time.Now().Add(4 * time.Second)}}
					}
					return r, nil
				}
				w := newWorld(t, p)
				w.admit(t, post(at("c"), "one"), post(at("c"), "two"), post(at("c"), "three"))
				w.run(t)
				w.sent(t, 1)
				synctest.Wait()
				w.takeBack(t, source("two"))
				w.sent(t, 1)
				if got := p.taken(); !slices.Equal(got, []string{"one", "three"}) {
					t.Errorf("taken %q, want all but what was cancelled", got)
				}
			})
		})
	}
}

func TestAStopEndsARunAndWaitsForItsSettlements(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		w := newWorld(t, p)
		s := slowly(w)
		second := make(chan struct{})
		p.post = func(_ context.Context, post chat.Post) (chat.Receipt, error) {
			if p.tried() == 2 {
				close(second)
				<-time.After(time.Second)
			}
			return p.take(post), nil
		}
		w.admit(t, post(at("c"), "one"), post(at("c"), "two"), post(at("c"), "three"))
		w.run(t)
		<-second
		time.AfterFunc(3*time.Second, func() { close(s.release) })
		w.stop(t)
		if got := p.taken(); !slices.Equal(got, []string{"one", "two"}) {
			t.Errorf("taken %q, want nothing that began after the stop", got)
		}
		if ds := w.waiting(t); len(ds) != 1 || ds[0].Source != source("three") {
			t.Errorf("waiting %+v, want the third alone: the stop waits for what was taken to be settled", ds)
		}
	})
}
