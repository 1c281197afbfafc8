package sqlite_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/roost-im/roost/router/store"
	"github.com/roost-im/roost/router/store/sqlite"
)

// Calls that come while another one is running share a commit: fifty Changes need one.
func TestCallsThatWaitShareACommit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "roost.db")
		s := open(t, path, sqlite.Options{})
		before := commits(t, path)
		running, release := make(chan struct{}), make(chan struct{})
		var wg sync.WaitGroup
		change := func(key string, plan func()) {
			wg.Go(func() {
				err := s.Change(t.Context(), func(store.View) (store.Changes, error) {
					plan()
					return store.Changes{Journal: []store.JournalEntry{{Account: "x/acme", Key: key}}}, nil
				})
				if err != nil {
					t.Errorf("Change = %v", err)
				}
			})
		}
		change("first", func() { close(running); <-release })
		<-running
		for i := range 50 {
			change(fmt.Sprint(i), func() {})
		}
		synctest.Wait()
		close(release)
		wg.Wait()
		if n := commits(t, path) - before; n != 2 {
			t.Errorf("51 calls took %d commits, want one for the first and one for those that waited", n)
		}
	})
}

// commits counts the commits in the write-ahead log of a file: a frame that ends one says how large the file is now.
// https://www.sqlite.org/fileformat2.html#the_write_ahead_log
func commits(t *testing.T, path string) (n int) {
	t.Helper()
	const header, frame, page = 32, 24, 4096
	wal, err := os.ReadFile(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	for at := header; at+frame <= len(wal); at += frame + page {
		if binary.BigEndian.Uint32(wal[at+4:]) != 0 {
			n++
		}
	}
	return n
}
