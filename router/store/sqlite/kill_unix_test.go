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
	"sync"
	"testing"

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
	os.Exit(m.Run())
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
