package sqlite_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/roost-im/roost/router/store"
	"github.com/roost-im/roost/router/store/sqlite"
)

// TestFullDiskRecovers fills a small file system and makes room again.
func TestFullDiskRecovers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Skipf("a small file system can't be mounted here: %v", err)
	}
	t.Cleanup(func() {
		// A child that another test starts right now holds our files until it runs a program of its own.
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, bytes.Repeat([]byte{1}, 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "roost.db")
	s := open(t, path, sqlite.Options{})
	var admitted []string
	fill := func() {
		var err error
		for i := 0; err == nil && i < 10_000; i++ {
			name := fmt.Sprint(len(admitted))
			if err = admit(t.Context(), s, name, 5000); err == nil {
				admitted = append(admitted, name)
			}
		}
		if !errors.Is(err, store.ErrFull) {
			t.Fatalf("Admit = %v after %d, want ErrFull", err, len(admitted))
		}
		if got := names(t, s); strings.Join(got, " ") != strings.Join(admitted, " ") {
			t.Errorf("stored %v, want %v", got, admitted)
		}
	}
	fill()
	before := len(admitted)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	fill()
	if len(admitted) == before {
		t.Error("nothing could be stored though there was room again")
	}
	copied := filepath.Join(t.TempDir(), "roost.db")
	for _, suffix := range []string{"", "-wal"} {
		if err := copyFile(path+suffix, copied+suffix); err != nil {
			t.Fatal(err)
		}
	}
	if got := names(t, open(t, copied, sqlite.Options{})); strings.Join(got, " ") != strings.Join(admitted, " ") {
		t.Errorf("a copy has %v, want %v", got, admitted)
	}
}
