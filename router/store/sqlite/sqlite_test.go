package sqlite_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/roost-im/roost/router/store"
	"github.com/roost-im/roost/router/store/sqlite"
	"github.com/roost-im/roost/router/store/storetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Harness {
		t.Helper()
		return &harness{path: filepath.Join(t.TempDir(), "roost.db")}
	})
}

// harness is one database file. A crash copies what is on disk to another folder, where the next Open finds it.
type harness struct{ path string }

func (h *harness) Open(t *testing.T) store.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), h.path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (h *harness) Crash(t *testing.T, s store.Store) {
	t.Helper()
	next := filepath.Join(t.TempDir(), "roost.db")
	for _, suffix := range []string{"", "-wal"} {
		if err := copyFile(h.path+suffix, next+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	h.path = next
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func copyFile(from, to string) error {
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return errors.Join(err, w.Close())
}
