package router_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roost-im/roost/router"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
	"github.com/roost-im/roost/router/store/sqlite"
	"github.com/roost-im/roost/router/text"
)

// backlog is how many deliveries wait, each in a lane of its own.
const backlog = 100_000

// BenchmarkBacklog is the time from opening a database in which 100,000 deliveries wait in 100,000 lanes to the first
// one's being sent, and the memory that they take meanwhile.
func BenchmarkBacklog(b *testing.B) {
	path := b.TempDir() + "/roost.db"
	fill(b, path)
	for b.Loop() {
		began := time.Now()
		first := make(chan time.Duration, 1)
		release := make(chan struct{})
		to := newMemory("memory/to", func(ctx context.Context, _ chat.Post) error {
			select {
			case first <- time.Since(began):
			default:
			}
			select {
			case <-release:
			case <-ctx.Done():
			}
			return &chat.Error{Op: "memory", Kind: chat.Throttled, Wait: time.Hour, Scope: chat.ThisAccount}
		})
		st, err := sqlite.Open(b.Context(), path, sqlite.Options{})
		if err != nil {
			b.Fatal(err)
		}
		r := router.New(router.Config{Store: st})
		if err := r.Apply(router.Setup{Accounts: map[chat.Account]router.Account{to.account: to.opened()}}); err != nil {
			b.Fatal(err)
		}
		ctx, cancel := context.WithCancel(b.Context())
		var running sync.WaitGroup
		running.Go(func() {
			if err := r.Run(ctx); err != nil {
				b.Errorf("Run = %v", err)
			}
		})
		took := <-first
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(took.Seconds(), "s-to-first-send")
		b.ReportMetric(float64(m.HeapInuse+m.StackInuse)/1e6, "MB")
		close(release)
		cancel()
		running.Wait()
		if err := st.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// fill stores the waiting deliveries.
func fill(b *testing.B, path string) {
	b.Helper()
	st, err := sqlite.Open(b.Context(), path, sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	const batch = 1000
	said := text.Plain(strings.Repeat("x", 200))
	for n := 0; n < backlog; n += batch {
		err := st.Change(b.Context(), func(store.View) (store.Changes, error) {
			var c store.Changes
			for i := range batch {
				at := chat.Conversation{Account: "memory/to", ID: chat.ConversationID(fmt.Sprint("c", n+i))}
				c.Deliveries = append(c.Deliveries, chat.Delivery{Lane: chat.LaneTo(at), Action: chat.Post{To: at, Text: said}})
			}
			return c, nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := st.Close(); err != nil {
		b.Fatal(err)
	}
}
