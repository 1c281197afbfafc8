package blob_test

import (
	"bytes"
	"errors"
	"syscall"
	"testing"

	"github.com/roost-im/roost/router/blob"
)

// TestFullDiskRecovers fills a small file system.
func TestFullDiskRecovers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("a small file system can't be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	s := open(t, dir)
	if _, _, err := s.Put(t.Context(), bytes.NewReader(make([]byte, 2<<20)), 4<<20); !errors.Is(err, blob.ErrFull) {
		t.Errorf("Put = %v, want ErrFull", err)
	}
	if left := files(t, dir); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if _, _, err := s.Put(t.Context(), bytes.NewReader(make([]byte, 1<<19)), 4<<20); err != nil {
		t.Errorf("Put of what fits = %v", err)
	}
}
