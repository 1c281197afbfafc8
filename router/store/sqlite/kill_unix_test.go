//go:build unix

package sqlite_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
	"github.com/roost-im/roost/router/store/sqlite"
)

// victim is the environment variable that makes the test binary admit events to this file until it is killed.
const victim = "ROOST_SQLITE_VICTIM"

func TestMain(m *testing.M) {
	if path := os.Getenv(victim); path != "" {
		fmt.Fprintln(os.Stderr, admitForEver(path))
		os.Exit(1)
	}
	if path := os.Getenv(settler); path != "" {
		fmt.Fprintln(os.Stderr, settleForEver(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// settler is the environment variable that makes the test binary settle deliveries in this file until it is killed.
const settler = "ROOST_SQLITE_SETTLER"

// settleForEver admits deliveries of one lane, takes them under one lease, settles them together and prints those that
// were answered. A group of them has up to eight.
func settleForEver(path string) error {
	ctx := context.Background()
	s, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		for n := range 1 + i%8 {
			if err := admit(ctx, s, fmt.Sprintf("%d-%d-%d", os.Getpid(), i, n), 300); err != nil {
				return err
			}
		}
		ls, err := s.Lease(ctx, store.Want{Max: 1, For: time.Minute})
		if err != nil || len(ls) != 1 {
			return fmt.Errorf("leased %d, %w", len(ls), err)
		}
		var done []string
		var ss []store.Settlement
		for l, ok := ls[0], true; ok; {
			done = append(done, l.Purpose)
			ss = append(ss, store.Settlement{ID: l.ID, Token: l.Token, State: chat.Sent, Tried: true})
			if l, ok, err = s.Follow(ctx, l.Token, time.Minute); err != nil {
				return err
			}
		}
		if err := s.Settle(ctx, ss...); err != nil {
			return err
		}
		fmt.Println(strings.Join(done, "\n"))
	}
}

// TestKillWhileSettling kills a process while it settles what followed under a lease: what was answered is sent, and the
// rest, which are the last ones, waits.
func TestKillWhileSettling(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "roost.db")
	for round := range 4 {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env, cmd.Stderr = append(os.Environ(), settler+"="+path), os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var answered []string
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if answered = append(answered, lines.Text()); len(answered) == 50+101*round {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = cmd.Wait() // it was killed
		s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		names(t, s)
		states := statesOf(t, s)
		for _, name := range answered {
			if states[name] != chat.Sent {
				t.Errorf("%s was answered and is %s", name, states[name])
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// statesOf are the states of all deliveries by purpose. All that wait come after all that were sent.
func statesOf(t *testing.T, s *sqlite.Store) map[string]chat.State {
	t.Helper()
	out := map[string]chat.State{}
	err := s.Read(t.Context(), func(r store.Reader) error {
		ds, err := r.Deliveries(store.DeliveryFilter{Limit: 1_000_000})
		sent := false
		for _, d := range ds {
			if out[d.Purpose] = d.State; d.State == chat.Waiting && sent {
				t.Errorf("%s waits, but a later one was sent", d.Purpose)
			}
			sent = sent || d.State == chat.Sent
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// admitForEver admits from eight goroutines and prints the name of each event that was answered.
func admitForEver(path string) error {
	s, err := sqlite.Open(context.Background(), path, sqlite.Options{})
	if err != nil {
		return err
	}
	fmt.Println("open")
	failed := make(chan error)
	var mu sync.Mutex
	for g := range 8 {
		go func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("%d-%d", g, i)
				if err := admit(context.Background(), s, name, 300); err != nil {
					failed <- err
					return
				}
				mu.Lock()
				fmt.Println(name)
				mu.Unlock()
			}
		}()
	}
	return <-failed
}

// TestKill kills a process while it admits: the file is free at once, and all that was answered is there.
func TestKill(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "roost.db")
	for round := range 3 {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), victim+"="+path+fmt.Sprint(round))
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		if !lines.Scan() {
			t.Fatal("the process did not open the file")
		}
		if _, err := sqlite.Open(t.Context(), path+fmt.Sprint(round), sqlite.Options{}); !errors.Is(err, store.ErrLocked) {
			t.Errorf("Open beside another process = %v, want ErrLocked", err)
		}
		var answered []string
		for lines.Scan() {
			if answered = append(answered, lines.Text()); len(answered) == 50+200*round {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = cmd.Wait() // it was killed
		stored := names(t, open(t, path+fmt.Sprint(round), sqlite.Options{}))
		for _, name := range answered {
			if !slices.Contains(stored, name) {
				t.Errorf("%s was answered and is not stored", name)
			}
		}
	}
}
