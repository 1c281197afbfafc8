package encrypted

import (
	"log/slog"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/bridgetest"
)

// TestTalksAreBounded holds that talks that nobody uses do not stay in memory, that what was kept of them does, and that one that
// is used is the same for everybody.
func TestTalksAreBounded(t *testing.T) {
	t.Parallel()
	const many = 16 * mostOpen
	all := talks{keep: &bridgetest.Keeper{}, log: slog.New(slog.DiscardHandler)}
	open := func(i int) *talk {
		one, err := all.talk(t.Context(), "g"+strconv.Itoa(i))
		if err != nil {
			t.Fatal(err)
		}
		return one
	}
	used := open(0)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range many {
				one := open(i)
				if err := one.begin(t.Context()); err != nil {
					t.Error(err)
					return
				}
				p := one.place()
				p.TTL += time.Second
				err := all.settle(t.Context(), one, p)
				one.end()
				if err != nil {
					t.Error(err)
				}
				if i%mostOpen == 0 {
					runtime.GC()
				}
			}
		})
	}
	wg.Wait()
	if open(0) != used {
		t.Error("there are two copies of a talk in use")
	}
	for range 3 {
		runtime.GC()
		for i := range 2 * mostOpen {
			open(many + i)
		}
	}
	if n := len(all.open); n > many/2 {
		t.Errorf("%d talks are in memory", n)
	}
	for i := range many {
		if got := open(i).place().TTL; got != 4*time.Second {
			t.Fatalf("talk %d has %v, want what four have put into it", i, got)
		}
	}
	runtime.KeepAlive(used)
}
