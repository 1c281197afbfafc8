package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
	"github.com/roost-im/roost/router/store/sqlite"
	"github.com/roost-im/roost/router/text"
)

// benchLanes is how many conversations the benchmarks write to, and benchCallers how many goroutines do.
const (
	benchLanes   = 1000
	benchCallers = 256
)

var benchBody = strings.Repeat("some words, ", 17)[:200]

func openBench(b *testing.B, path string) *sqlite.Store {
	b.Helper()
	s, err := sqlite.Open(b.Context(), path, sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func benchEvent(n int64) chat.Event {
	return chat.Event{
		ID:           chat.EventID(fmt.Sprintf("evt-%012d", n)),
		Conversation: chat.Conversation{Account: "slack/team", ID: chat.ConversationID(fmt.Sprintf("C%06d", n%benchLanes))},
		Message:      chat.MessageID(fmt.Sprintf("1712345678.%09d", n)),
		Author:       chat.Author{ID: "U123", Name: "Ada", Handle: "ada"},
		At:           time.Unix(1712345678, n),
		What:         chat.Posted{Text: text.Plain(benchBody)},
	}
}

func benchPlan(_ store.View, ev chat.Event) (store.Changes, error) {
	to := chat.Conversation{Account: "discord/fans", ID: "D" + ev.Conversation.ID}
	return store.Changes{Deliveries: []chat.Delivery{{
		Lane: chat.LaneTo(to), Source: ev.Ref(), Purpose: "mirror",
		Action: chat.Post{To: to, Text: text.Plain(benchBody), As: &chat.Persona{Name: "Ada"}},
	}}}, nil
}

// BenchmarkTrip measures whole trips: Admit of one event with one delivery, Lease, and Settle with one copy; with Begin
// for platforms that can't fold a repeated post.
func BenchmarkTrip(b *testing.B) {
	for _, begin := range []bool{false, true} {
		b.Run(fmt.Sprintf("begin=%t", begin), func(b *testing.B) { benchTrip(b, begin) })
	}
}

func benchTrip(b *testing.B, begin bool) {
	b.Helper()
	s := openBench(b, filepath.Join(b.TempDir(), "roost.db"))
	defer s.Close()
	b.ResetTimer()
	var admitted, settled atomic.Int64
	var wg sync.WaitGroup
	for range benchCallers {
		wg.Go(func() {
			for n := admitted.Add(1); n <= int64(b.N); n = admitted.Add(1) {
				ev := benchEvent(n)
				if _, err := s.Admit(b.Context(), ev.Conversation.Account, chat.Batch{Events: []chat.Event{ev}}, benchPlan); err != nil {
					b.Error(err)
				}
			}
		})
	}
	ctx, done := context.WithCancel(b.Context())
	defer done()
	given := make(chan store.Leased, benchCallers)
	for range benchCallers {
		wg.Go(func() {
			for l := range given {
				if err := benchSettle(ctx, s, l, begin); err != nil {
					b.Error(err)
				}
				if settled.Add(1) == int64(b.N) {
					done()
				}
			}
		})
	}
	for ctx.Err() == nil {
		woken := s.Woken()
		leased, err := s.Lease(b.Context(), store.Want{Max: benchCallers, For: time.Minute})
		if err != nil {
			b.Fatal(err)
		}
		for _, l := range leased {
			given <- l
		}
		if len(leased) == 0 {
			select {
			case <-woken:
			case <-ctx.Done():
			}
		}
	}
	close(given)
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "trips/s")
}

func benchSettle(ctx context.Context, s *sqlite.Store, l store.Leased, begin bool) error {
	ctx = context.WithoutCancel(ctx)
	if begin {
		if err := s.Begin(ctx, l.ID, l.Token, time.Now()); err != nil {
			return err
		}
	}
	dest := chat.Ref{Conversation: l.Action.Target(), Message: chat.MessageID(fmt.Sprintf("9871712345678%07d", l.ID))}
	return s.Settle(ctx, store.Settlement{
		ID: l.ID, Token: l.Token, State: chat.Sent, Tried: true,
		Copies: []chat.Copy{{Source: l.Source, Dest: dest, Hops: 1}},
	})
}

// BenchmarkBare writes the rows of the same trips with plain statements in transactions of the same size, for comparison.
func BenchmarkBare(b *testing.B) {
	path := filepath.Join(b.TempDir(), "bare.db")
	if err := openBench(b, path).Close(); err != nil {
		b.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=wal_autocheckpoint(4000)")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	exec := bareExec(b, conn)
	body := []byte(benchBody + benchBody)
	b.ResetTimer()
	for n := 0; n < b.N; n += benchCallers {
		exec("BEGIN")
		for i := n + 1; i <= n+benchCallers; i++ {
			exec("INSERT INTO events VALUES (?, 1, ?, 1, ?)", i, fmt.Sprintf("evt-%012d", i), body)
			exec(`INSERT INTO deliveries VALUES (?1, ?2, ?2, 1, ?1, ?1, 0, 1712345678000000000, 0, 1712345678000000000, 0, 0, 0,
				NULL, NULL, 'post', ?3, ?4)`, i, i%benchLanes, body, body[:100])
			exec("UPDATE deliveries SET state = 2, tries = 1, settled = 1712345678000000000 WHERE id = ? AND state = 0", i)
			exec("INSERT INTO copies VALUES (?1, ?2, NULL, ?3, ?2 + 1000, NULL, ?4, 0, 1, 1712345678000000000)",
				i, i%benchLanes, fmt.Sprintf("1712345678.%09d", i), fmt.Sprintf("9871712345678%07d", i))
		}
		exec("COMMIT")
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "trips/s")
}

// bareExec executes statements that are prepared once.
func bareExec(b *testing.B, conn *sql.Conn) func(query string, args ...any) {
	b.Helper()
	prepared := map[string]*sql.Stmt{}
	return func(query string, args ...any) {
		b.Helper()
		st := prepared[query]
		if st == nil {
			var err error
			if st, err = conn.PrepareContext(context.Background(), query); err != nil {
				b.Fatal(err)
			}
			prepared[query] = st
		}
		if _, err := st.ExecContext(context.Background(), args...); err != nil {
			b.Fatal(err)
		}
	}
}

// startLanes is how many lanes the benchmarks below have, with one waiting delivery each.
const startLanes = 100_000

// fillLanes admits the deliveries of startLanes.
func fillLanes(b *testing.B, s *sqlite.Store) {
	b.Helper()
	const step = 1000
	for n := int64(0); n < startLanes; n += step {
		err := s.Change(b.Context(), func(store.View) (ch store.Changes, err error) {
			for i := range int64(step) {
				ev := benchEvent(n + i)
				ev.Conversation.ID = chat.ConversationID(fmt.Sprintf("C%06d", n+i))
				one, err := benchPlan(nil, ev)
				if err != nil {
					return ch, err
				}
				ch.Deliveries = append(ch.Deliveries, one.Deliveries...)
			}
			return ch, nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkStart measures the time from Open to the first Lease with many lanes, and the memory that they take.
func BenchmarkStart(b *testing.B) {
	path := filepath.Join(b.TempDir(), "roost.db")
	s := openBench(b, path)
	fillLanes(b, s)
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	s = nil
	var before, after runtime.MemStats
	for b.Loop() {
		b.StopTimer()
		runtime.GC()
		runtime.ReadMemStats(&before)
		b.StartTimer()
		s := openBench(b, path)
		leased, err := s.Lease(b.Context(), store.Want{Max: 256, For: time.Minute})
		if err != nil || len(leased) != 256 {
			b.Fatalf("leased %d, %v", len(leased), err)
		}
		b.StopTimer()
		runtime.GC()
		runtime.ReadMemStats(&after)
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "heap-MB")
}

// BenchmarkParked measures a Lease that gives nothing because the account of all due lanes can't be served.
func BenchmarkParked(b *testing.B) {
	s := openBench(b, filepath.Join(b.TempDir(), "roost.db"))
	defer s.Close()
	fillLanes(b, s)
	want := store.Want{Max: 256, For: time.Minute, Except: []chat.Account{"discord/fans"}}
	for b.Loop() {
		if leased, err := s.Lease(b.Context(), want); err != nil || len(leased) != 0 {
			b.Fatalf("leased %d, %v", len(leased), err)
		}
	}
}
