package lane_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-im/roost/router/chat"
)

func TestAStopWaitsForWhatIsOnTheWire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := make(chan struct{})
		p := newPlatform()
		p.post = func(_ context.Context, post chat.Post) (chat.Receipt, error) {
			close(began)
			<-time.After(5 * time.Second)
			return p.take(post), nil
		}
		w := newWorld(t, p)
		w.admit(t, post(at("c"), "one"), post(at("c"), "two"))
		w.run(t)
		<-began
		stopped := time.Now()
		w.stop(t)
		if took := time.Since(stopped); took != 5*time.Second {
			t.Errorf("the stop took %v, want the 5 s that the request took", took)
		}
		w.sent(t, 1)
		if ds := w.waiting(t); len(ds) != 1 || ds[0].Source != source("two") {
			t.Errorf("waiting %+v, want the second", ds)
		}
	})
}

func TestAStopCutsOffWhatOutlastsItsGraceAndLosesNothing(t *testing.T) {
	t.Parallel()
	for _, obeys := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			began, release := make(chan struct{}, 10), make(chan struct{})
			p := newPlatform()
			p.post = func(ctx context.Context, post chat.Post) (chat.Receipt, error) {
				began <- struct{}{}
				if !obeys {
					ctx = context.WithoutCancel(ctx)
				}
				select {
				case <-ctx.Done():
					return chat.Receipt{}, ctx.Err()
				case <-release:
					return p.take(post), nil
				}
			}
			w := newWorld(t, p)
			w.admit(t, post(at("c"), "one"))
			w.run(t)
			<-began
			stopped := time.Now()
			w.stop(t)
			if took := time.Since(stopped); took < 8*time.Second || took > 9*time.Second {
				t.Errorf("the stop took %v, want the grace of 8 s", took)
			}
			close(release)
			if !obeys {
				return // it is settled late, or found again after the lease
			}
			if ds := w.waiting(t); len(ds) != 1 {
				t.Fatalf("%d wait, want the one that was cut off", len(ds))
			}
			w.run(t)
			w.sent(t, 1)
		})
	}
}

func TestAStopDoesNotWaitForTheGate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		p.traits.Pace.Conversation = chat.Rate{Every: 4 * time.Second, Burst: 1}
		w := newWorld(t, p)
		for n := range 3 {
			to := at("c")
			to.Thread = chat.ThreadID(fmt.Sprint("t", n))
			w.admit(t, post(to, fmt.Sprint(n)))
		}
		w.run(t)
		w.sent(t, 1)
		synctest.Wait()
		stopped := time.Now()
		w.stop(t)
		if took := time.Since(stopped); took != 0 {
			t.Errorf("the stop took %v, want none: nothing was on the wire", took)
		}
		if ds := w.waiting(t); len(ds) != 2 || ds[0].Tries+ds[1].Tries != 0 {
			t.Errorf("waiting %+v, want two, untried", ds)
		}
		w.run(t)
		w.sent(t, 2)
	})
}

func TestNothingIsLostOrDoubledOverManyStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const lanes, each = 5, 20
		p := newPlatform()
		w := newWorld(t, p)
		p.post = func(_ context.Context, post chat.Post) (chat.Receipt, error) {
			<-time.After(300 * time.Millisecond)
			if p.tried()%7 == 0 {
				return chat.Receipt{}, errors.New("no luck")
			}
			return p.take(post), nil
		}
		var want []string
		for n := range each {
			for l := range lanes {
				said := fmt.Sprintf("%02d %d", n, l)
				want = append(want, said)
				w.admit(t, post(at(fmt.Sprint("c", l)), said))
			}
		}
		for len(p.taken()) < lanes*each {
			w.run(t)
			<-time.After(1700 * time.Millisecond)
			w.stop(t)
		}
		got := p.taken()
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("taken %q, want %q", got, want)
		}
	})
}

func TestRunEndsWhenTheStoreFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newPlatform())
		w.run(t)
		synctest.Wait()
		if err := w.store.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-w.ended; err == nil {
			t.Error("Run = nil, want the store's error")
		}
		w.cancel()
		w.cancel = nil
	})
}
