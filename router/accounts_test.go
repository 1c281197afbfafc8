package router_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-im/roost/router"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/route"
)

func status(w *world, a chat.Account) router.AccountStatus {
	all := w.router.Status()
	i := slices.IndexFunc(all, func(s router.AccountStatus) bool { return s.Account == a })
	if i < 0 {
		return router.AccountStatus{}
	}
	return all[i]
}

func TestAConnectorThatFailsIsRunAgainWhileOthersRunOn(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		end   func() error
		least int // runs within an hour
		most  int
	}{
		{"with an error", func() error { return errors.New("the socket broke") }, 50, 140},
		{"with a panic", func() error { panic("a bug") }, 50, 140},
		{"without a word", func() error { return nil }, 50, 140},
		{"logged out", func() error { return &chat.Error{Op: "t", Kind: chat.LoggedOut, Reason: "the token was revoked"} }, 6, 14},
		{"without credit", func() error { return &chat.Error{Op: "t", Kind: chat.Unfunded} }, 6, 14},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, towns, at := lounge(t)
				w.stop(t)
				towns[2].run = func(context.Context, chat.Sink) error { return tc.end() }
				before, _ := towns[2].ran()
				w.run(t)
				if s := status(w, towns[2].account); s.Up || s.Reason == "" {
					t.Errorf("status %+v, want down with a reason", s)
				}
				w.says(t, towns[0], "Ann", at[0], "hello")
				reads(t, towns[1], at[1], "hello")
				if s := status(w, towns[0].account); !s.Up || s.Last.IsZero() {
					t.Errorf("status %+v, want up", s)
				}
				pass(time.Hour)
				if n, _ := towns[2].ran(); n-before < tc.least || n-before > tc.most {
					t.Errorf("%d runs within an hour, want %d to %d", n-before, tc.least, tc.most)
				}
			})
		})
	}
}

func TestAnAccountThatIsLoggedOutGoesOnWhenItReceivesAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, towns, at := lounge(t)
		out := true
		towns[1].fail = func(chat.Action) error {
			if out {
				return &chat.Error{Op: "t", Kind: chat.LoggedOut, Reason: "the token was revoked"}
			}
			return nil
		}
		w.says(t, towns[0], "Ann", at[0], "hello")
		reads(t, towns[2], at[2], "hello")
		if s := status(w, towns[1].account); s.Parked != "the token was revoked" {
			t.Errorf("parked %q, want the reason", s.Parked)
		}
		out = false
		w.says(t, towns[1], "Bob", at[1], "back")
		reads(t, towns[1], at[1], "back", "hello")
		if s := status(w, towns[1].account); s.Parked != "" {
			t.Errorf("parked %q, want not", s.Parked)
		}
	})
}

func TestApplyAddsChangesAndRemovesWhileOthersRunOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, towns, at := lounge(t)
		next := newTown(towns[1].account)
		apply := func(s router.Setup) {
			t.Helper()
			if err := w.router.Apply(s); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		// One account changes, one goes, the talk is shown in two places.
		changed := next.opened()
		changed.Version = "2"
		apply(router.Setup{
			Accounts: map[chat.Account]router.Account{towns[0].account: towns[0].opened(), next.account: changed},
			Mirrors:  []route.Mirror{mirror(at[0], at[1])},
		})
		for i, want := range []bool{false, true, true} {
			if _, closed := towns[i].ran(); closed != want {
				t.Errorf("town %d closed is %v, want %v", i, closed, want)
			}
		}
		if n, _ := towns[0].ran(); n != 1 {
			t.Errorf("the account that stays was run %d times, want once", n)
		}
		w.says(t, towns[0], "Ann", at[0], "hello")
		reads(t, next, at[1], "hello")
		reads(t, towns[1], at[1])
		// Back again: what was not shown meanwhile is not shown now.
		apply(router.Setup{
			Accounts: map[chat.Account]router.Account{towns[0].account: towns[0].opened(), next.account: changed, towns[2].account: towns[2].opened()},
			Mirrors:  []route.Mirror{mirror(at[:]...)},
		})
		w.says(t, towns[0], "Ann", at[0], "again")
		reads(t, next, at[1], "hello", "again")
		reads(t, towns[2], at[2], "again")
	})
}

func TestApplyUnderTrafficLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, towns, at := lounge(t)
		ctx, cancel := context.WithCancel(t.Context())
		changes := make(chan error, 1)
		go func() {
			for n := 0; ; n++ {
				s := w.setup
				s.Accounts = map[chat.Account]router.Account{}
				for _, m := range towns {
					s.Accounts[m.account] = m.opened()
				}
				a := towns[1].opened()
				a.Version = fmt.Sprint(n)
				s.Accounts[towns[1].account] = a
				if err := w.router.Apply(s); err != nil {
					changes <- err
					return
				}
				select {
				case <-time.After(10 * time.Millisecond):
				case <-ctx.Done():
					changes <- nil
					return
				}
			}
		}()
		for _, m := range towns[1:] {
			m.fail = func(chat.Action) error { <-time.After(3 * time.Millisecond); return nil }
		}
		var want []string
		for n := range 100 {
			want = append(want, fmt.Sprint("message ", n))
			if _, err := towns[0].says(t.Context(), "Ann", at[0], posted(want[n])); err != nil {
				t.Fatal(err)
			}
			<-time.After(time.Millisecond)
		}
		cancel()
		if err := <-changes; err != nil {
			t.Fatal(err)
		}
		pass(time.Minute)
		reads(t, towns[1], at[1], want...)
		reads(t, towns[2], at[2], want...)
	})
}

// A connector is closed when nobody uses it any more: a post that is on the wire ends first.
func TestAConnectorIsNotClosedUnderAPost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, towns, at := lounge(t)
		begun, release := make(chan struct{}), make(chan struct{})
		towns[1].fail = func(chat.Action) error { close(begun); <-release; return nil }
		w.says(t, towns[0], "Ann", at[0], "hello")
		<-begun
		s := w.setup
		s.Accounts = map[chat.Account]router.Account{towns[0].account: towns[0].opened()}
		if err := w.router.Apply(s); err != nil {
			t.Fatal(err)
		}
		if _, closed := towns[1].ran(); closed {
			t.Error("closed while a post is on the wire")
		}
		close(release)
		synctest.Wait()
		if _, closed := towns[1].ran(); !closed {
			t.Error("not closed after the post ended")
		}
		reads(t, towns[1], at[1], "hello")
	})
}

func TestABadApplyChangesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, towns, at := lounge(t)
		fresh := newTown("x/new")
		err := w.router.Apply(router.Setup{Accounts: map[chat.Account]router.Account{
			fresh.account: fresh.opened(),
			"x/bad":       {Open: func() (chat.Connector, error) { return nil, errors.New("the token has a bad form") }},
		}})
		if err == nil || !strings.Contains(err.Error(), "x/bad") || !strings.Contains(err.Error(), "bad form") {
			t.Errorf("Apply = %v, want which account and why", err)
		}
		synctest.Wait()
		if n, _ := fresh.ran(); n != 0 {
			t.Errorf("the new account ran %d times, want never", n)
		}
		w.says(t, towns[0], "Ann", at[0], "hello")
		reads(t, towns[1], at[1], "hello")
		if len(w.router.Status()) != 3 {
			t.Errorf("%d accounts run, want the three as before", len(w.router.Status()))
		}
	})
}

func TestAStopTakesTenSecondsAtMost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, towns, at := lounge(t)
		release := make(chan struct{})
		towns[1].fail = func(chat.Action) error { <-release; return nil } // listens to nobody
		w.says(t, towns[0], "Ann", at[0], "hello")
		began := time.Now()
		w.stop(t)
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("the stop took %v", took)
		}
		close(release)
		synctest.Wait()
		reads(t, towns[2], at[2], "hello")
	})
}

func TestACursorIsKeptOverRestarts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, towns, _ := lounge(t)
		w.stop(t)
		got := make(chan string, 10)
		towns[0].run = func(ctx context.Context, sink chat.Sink) error {
			c, err := sink.Cursor(ctx)
			if err != nil {
				return err
			}
			got <- string(c)
			if err := sink.Accept(ctx, chat.Batch{Cursor: append(c, 'x')}); err != nil {
				return err
			}
			<-ctx.Done()
			return nil
		}
		for _, want := range []string{"", "x", "xx"} {
			w.run(t)
			if c := <-got; c != want {
				t.Errorf("cursor %q, want %q", c, want)
			}
			w.stop(t)
		}
	})
}
