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

	"pgregory.net/rapid"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
)

func TestLanesKeepOrderUnderAnyMixOfFailures(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		const lanes, each = 3, 4
		kinds := []chat.Kind{chat.Transient, chat.Throttled, chat.Uncertain, chat.LoggedOut, chat.Unfunded}
		fate := map[string][]chat.Kind{}
		for l := range lanes {
			for n := range each {
				fate[fmt.Sprintf("%d-%d", l, n)] = rapid.SliceOfN(rapid.SampledFrom(kinds), 0, 3).Draw(rt, "failures")
			}
		}
		scope := rapid.SampledFrom([]chat.Scope{chat.ThisConversation, chat.ThisAccount}).Draw(rt, "scope")
		var got []string
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			p := newPlatform()
			p.post = func(_ context.Context, post chat.Post) (chat.Receipt, error) {
				mu.Lock()
				defer mu.Unlock()
				if left := fate[post.Text.Body]; len(left) > 0 {
					fate[post.Text.Body] = left[1:]
					return chat.Receipt{}, &chat.Error{Op: "test", Kind: left[0], Wait: 3 * time.Second, Scope: scope}
				}
				return p.take(post), nil
			}
			w := newWorld(t, p)
			for n := range each {
				for l := range lanes {
					w.admit(t, post(at(fmt.Sprint("c", l)), fmt.Sprintf("%d-%d", l, n)))
				}
			}
			w.run(t)
			w.sent(t, lanes*each)
			got = p.taken()
		})
		for l := range lanes {
			var want, have []string
			for n := range each {
				want = append(want, fmt.Sprintf("%d-%d", l, n))
			}
			for _, g := range got {
				if g[:1] == fmt.Sprint(l) {
					have = append(have, g)
				}
			}
			if !slices.Equal(have, want) {
				rt.Fatalf("lane %d left as %q, want %q", l, have, want)
			}
		}
	})
}

func TestALaneHasOneDeliveryUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		under, most := map[chat.ConversationID]int{}, 0
		p := newPlatform()
		p.post = func(_ context.Context, post chat.Post) (chat.Receipt, error) {
			mu.Lock()
			under[post.To.ID]++
			most = max(most, under[post.To.ID])
			mu.Unlock()
			<-time.After(time.Second)
			mu.Lock()
			under[post.To.ID]--
			mu.Unlock()
			return p.take(post), nil
		}
		w := newWorld(t, p)
		for n := range 10 {
			w.admit(t, post(at("c1"), fmt.Sprint("a", n)), post(at("c2"), fmt.Sprint("b", n)))
		}
		began := time.Now()
		w.run(t)
		w.sent(t, 20)
		if most != 1 {
			t.Errorf("a lane had %d deliveries under way at once, want 1", most)
		}
		if took := time.Since(began); took > 11*time.Second {
			t.Errorf("two lanes of ten seconds took %v: they did not run side by side", took)
		}
	})
}

func TestOtherLanesGoOnWhileOneHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		p := newPlatform()
		p.post = func(_ context.Context, post chat.Post) (chat.Receipt, error) {
			if post.To.ID == "hangs" {
				<-release
			}
			return p.take(post), nil
		}
		w := newWorld(t, p)
		for n := range 5 {
			w.admit(t, post(at("hangs"), fmt.Sprint("h", n)), post(at("goes"), fmt.Sprint("g", n)))
		}
		began := time.Now()
		w.run(t)
		w.sent(t, 5)
		if took := time.Since(began); took != 0 {
			t.Errorf("the other lane took %v, want no time at all", took)
		}
		if got := p.taken(); !slices.Equal(got, []string{"g0", "g1", "g2", "g3", "g4"}) {
			t.Errorf("taken %q, want only what doesn't hang", got)
		}
		close(release)
		w.sent(t, 5)
	})
}

// An account with few requests at once shares them among its lanes: the one that waits longest goes first.
func TestAFewRequestsAreSharedFairly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const lanes, each = 20, 5
		p := newPlatform()
		p.traits.Pace.Parallel = 2
		p.post = func(_ context.Context, post chat.Post) (chat.Receipt, error) {
			<-time.After(100 * time.Millisecond)
			return p.take(post), nil
		}
		w := newWorld(t, p)
		for n := range each {
			for l := range lanes {
				w.admit(t, post(at(fmt.Sprint("c", l)), fmt.Sprintf("%d %d", n, l)))
			}
		}
		began := time.Now()
		w.run(t)
		w.sent(t, lanes*each)
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("100 requests of 100 ms, two at once, took %v, want about 5 s", took)
		}
		count := map[string]int{}
		for _, said := range p.taken()[:lanes*each/2] {
			count[said[2:]]++
		}
		for l := range lanes {
			if n := count[fmt.Sprint(l)]; n < 1 || n > 4 {
				t.Errorf("lane %d had %d of the first half, want its share of 2 or 3", l, n)
			}
		}
	})
}

// A crowd in one paced place must not take its account's requests from the other places.
func TestACrowdedPlaceLeavesTheAccountFree(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const threads = 60
		p := newPlatform()
		p.traits.Pace = chat.Pace{Conversation: chat.Rate{Every: time.Second, Burst: 1}, Parallel: 4}
		w := newWorld(t, p)
		counted := &counter{Store: w.store}
		w.store = counted
		for n := range threads {
			in := at("crowd")
			in.Thread = chat.ThreadID(fmt.Sprint("t", n))
			w.admit(t, post(in, fmt.Sprint("in ", n)))
		}
		w.run(t)
		w.sent(t, 1)
		began := time.Now()
		w.admit(t, post(at("elsewhere"), "elsewhere"))
		for w.end(t).Delivery.Action.Target().ID != "elsewhere" { //nolint:revive // it waits
		}
		if took := time.Since(began); took > 100*time.Millisecond {
			t.Errorf("another place waited %v for the crowd", took)
		}
		w.sent(t, threads-1)
		if took := time.Since(began); took > (threads+5)*time.Second {
			t.Errorf("the crowd took %v at one a second", took)
		}
		if n := p.tried(); n != threads+1 {
			t.Errorf("%d tries, want %d", n, threads+1)
		}
		if n := counted.settled.Load(); n > 4*threads {
			t.Errorf("%d settlements for %d posts: each should go back about once, with a turn of its own", n, threads+1)
		}
	})
}

// counter counts the settlements of a store.
type counter struct {
	store.Store
	settled atomic.Int64
}

func (c *counter) Settle(ctx context.Context, ss ...store.Settlement) error {
	c.settled.Add(int64(len(ss)))
	return c.Store.Settle(ctx, ss...)
}

func TestAPanicIsAnErrorAndNoCrash(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		p.post = func(_ context.Context, post chat.Post) (chat.Receipt, error) {
			if p.tried() == 1 {
				panic("a bug")
			}
			return p.take(post), nil
		}
		w := newWorld(t, p)
		w.admit(t, post(at("c"), "one"))
		w.run(t)
		w.sent(t, 1)
		if tr := <-w.tries; tr.Kind != "uncertain" || tr.Err == nil {
			t.Errorf("the first try ended %s (%v), want uncertain", tr.Kind, tr.Err)
		}
	})
}

func TestADeliveryIsDeadAfterItsTriesAndSaidSoOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		p.post = func(_ context.Context, post chat.Post) (chat.Receipt, error) {
			if post.Text.Body == "never" {
				return chat.Receipt{}, errors.New("no luck")
			}
			return p.take(post), nil
		}
		w := newWorld(t, p)
		w.cfg.Tries = 5
		w.admit(t, post(at("c"), "never"), post(at("c"), "after"))
		w.run(t)
		e := w.end(t)
		if e.Delivery.State != chat.Dead || e.Delivery.Tries != 5 || e.Delivery.Reason == "" {
			t.Errorf("ended %+v, want dead after 5 tries with a reason", e.Delivery)
		}
		w.sent(t, 1)
		if n := p.tried(); n != 6 {
			t.Errorf("%d tries, want 5 and 1", n)
		}
		synctest.Wait()
		if len(w.ends) > 0 {
			t.Errorf("Ended was called again: %+v", <-w.ends)
		}
	})
}

func TestRefusedAndGoneEndAtOnce(t *testing.T) {
	t.Parallel()
	for _, k := range []chat.Kind{chat.Refused, chat.Gone} {
		synctest.Test(t, func(t *testing.T) {
			p := newPlatform()
			p.post = func(context.Context, chat.Post) (chat.Receipt, error) { return fails(k) }
			w := newWorld(t, p)
			w.admit(t, post(at("c"), "one"))
			w.run(t)
			e := w.end(t)
			if e.Delivery.State != chat.Rejected || e.Gone != (k == chat.Gone) || p.tried() != 1 {
				t.Errorf("%v ended %s, gone %v, after %d tries; want rejected, %v, 1", k, e.Delivery.State, e.Gone, p.tried(), k == chat.Gone)
			}
		})
	}
}
