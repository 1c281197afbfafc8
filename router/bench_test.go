package router_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roost-im/roost/router"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/route"
)

const conversations = 1000

// mirrored is n pairs of conversations, one on each of two accounts.
func mirrored(from, to *memory, n int) router.Setup {
	s := router.Setup{Accounts: map[chat.Account]router.Account{from.account: from.opened(), to.account: to.opened()}}
	for i := range n {
		id := fmt.Sprint("c", i)
		s.Mirrors = append(s.Mirrors, route.Mirror{Name: id, Legs: []route.Leg{{At: from.at(id)}, {At: to.at(id)}}})
	}
	return s
}

// BenchmarkTrip is the whole trip: Accept, plan, Admit, lane, Post, Settle, over 1,000 conversations with texts of 200
// bytes and a store that syncs every commit. It is also given as a share of what plain SQLite statements reach in the same
// run with the same rows.
func BenchmarkTrip(b *testing.B) {
	said := strings.Repeat("x", 200)
	var heard atomic.Int64
	all := make(chan struct{})
	from := newMemory("memory/from", func(context.Context, chat.Post) error { return nil })
	to := newMemory("memory/to", func(context.Context, chat.Post) error {
		if heard.Add(1) == int64(b.N) {
			close(all)
		}
		return nil
	})
	path := b.TempDir() + "/roost.db"
	stop := runsAt(b, path, mirrored(from, to, conversations))
	<-from.ready
	b.ReportAllocs()
	b.ResetTimer()
	var next atomic.Int64
	var people sync.WaitGroup
	for range 512 {
		people.Go(func() {
			for {
				n := int(next.Add(1)) - 1
				if n >= b.N {
					return
				}
				if err := from.says(b.Context(), fmt.Sprint("c", n%conversations), said, n); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	people.Wait()
	<-all
	b.StopTimer()
	reached := float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(reached, "msg/s")
	stop()
	plain := bare(b, path)
	b.ReportMetric(plain, "bare-msg/s")
	b.ReportMetric(100*reached/plain, "%-of-bare")
}

// BenchmarkOneLane is the trip of messages that are all for one conversation: they arrive in order, one at a time.
func BenchmarkOneLane(b *testing.B) {
	to := newMemory("memory/to", nil)
	talk(b, to)
}

// BenchmarkFanOut is the trip of messages that are each for nine conversations, on as many accounts.
func BenchmarkFanOut(b *testing.B) {
	var to []*memory
	for i := range 9 {
		to = append(to, newMemory(chat.Account(fmt.Sprint("memory/to", i)), nil))
	}
	talk(b, to...)
}

// talk has many people write in one conversation that is mirrored to one of each account, and waits until each of these
// has heard everything.
func talk(b *testing.B, to ...*memory) {
	b.Helper()
	said := strings.Repeat("x", 200)
	var heard atomic.Int64
	all := make(chan struct{})
	from := newMemory("memory/from", func(context.Context, chat.Post) error { return nil })
	mirror := route.Mirror{Name: "talk", Legs: []route.Leg{{At: from.at("c")}}}
	setup := router.Setup{Accounts: map[chat.Account]router.Account{from.account: from.opened()}}
	for _, m := range to {
		m.heard = func(context.Context, chat.Post) error {
			if heard.Add(1) == int64(b.N*len(to)) {
				close(all)
			}
			return nil
		}
		setup.Accounts[m.account] = m.opened()
		mirror.Legs = append(mirror.Legs, route.Leg{At: m.at("c")})
	}
	setup.Mirrors = []route.Mirror{mirror}
	runs(b, setup)
	<-from.ready
	b.ReportAllocs()
	b.ResetTimer()
	var next atomic.Int64
	var people sync.WaitGroup
	for range 512 {
		people.Go(func() {
			for n := int(next.Add(1)); n <= b.N; n = int(next.Add(1)) {
				if err := from.says(b.Context(), "c", said, n); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	people.Wait()
	<-all
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
	b.ReportMetric(float64(b.N*len(to))/b.Elapsed().Seconds(), "deliveries/s")
}

// BenchmarkAlone is the time of one message that travels alone, from Accept to Post.
func BenchmarkAlone(b *testing.B) {
	arrived := make(chan time.Time, 1)
	from := newMemory("memory/from", func(context.Context, chat.Post) error { return nil })
	to := newMemory("memory/to", func(context.Context, chat.Post) error { arrived <- time.Now(); return nil })
	runs(b, mirrored(from, to, 1))
	<-from.ready
	var took []time.Duration
	for n := range b.N {
		began := time.Now()
		if err := from.says(b.Context(), "c0", "alone", n); err != nil {
			b.Fatal(err)
		}
		took = append(took, (<-arrived).Sub(began))
	}
	report(b, took, "")
}

// report reports the percentiles of took.
func report(b *testing.B, took []time.Duration, name string) {
	b.Helper()
	slices.Sort(took)
	ms := func(q float64) float64 { return float64(took[int(q*float64(len(took)-1))]) / float64(time.Millisecond) }
	b.ReportMetric(ms(0.5), name+"p50-ms")
	b.ReportMetric(ms(0.99), name+"p99-ms")
}

// BenchmarkStranger is the time of messages to 50 conversations at a moderate rate, with and without another
// conversation of the same account that hangs for as long as it runs. Both take turns, so that what else the machine does
// meets both.
func BenchmarkStranger(b *testing.B) {
	var quiet, hung []time.Duration
	for range 3 {
		quiet = append(quiet, stranger(b, false)...)
		hung = append(hung, stranger(b, true)...)
	}
	report(b, quiet, "quiet-")
	report(b, hung, "hung-")
	slices.Sort(quiet)
	slices.Sort(hung)
	q := func(took []time.Duration) float64 { return float64(took[len(took)*99/100]) }
	b.ReportMetric(q(hung)/q(quiet), "ratio")
}

func stranger(b *testing.B, hang bool) []time.Duration {
	b.Helper()
	const lanes, each = 50, 20
	var mu sync.Mutex
	began := map[string]time.Time{}
	var took []time.Duration
	warm, all := make(chan struct{}, lanes), make(chan struct{})
	release := make(chan struct{})
	from := newMemory("memory/from", func(context.Context, chat.Post) error { return nil })
	to := newMemory("memory/to", func(ctx context.Context, p chat.Post) error {
		if p.To.ID == "c0" {
			select {
			case <-release:
			case <-ctx.Done():
			}
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		if p.Text.Body == "warm" {
			warm <- struct{}{}
			return nil
		}
		took = append(took, time.Since(began[p.Text.Body]))
		if len(took) == lanes*each {
			close(all)
		}
		return nil
	})
	defer runs(b, mirrored(from, to, lanes+1))()
	defer close(release)
	says := func(lane int, said string, n int) {
		if err := from.says(b.Context(), fmt.Sprint("c", lane), said, n); err != nil {
			b.Error(err)
		}
	}
	for n := range 100 {
		if hang {
			says(0, "hangs", n)
		}
	}
	for lane := range lanes {
		says(1+lane, "warm", -1)
		<-warm
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for n := range lanes * each {
		<-tick.C
		said := fmt.Sprint("text ", n)
		mu.Lock()
		began[said] = time.Now()
		mu.Unlock()
		go says(1+n%lanes, said, n)
	}
	<-all
	return took
}
