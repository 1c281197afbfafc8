//go:build linux

package e2e_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/roost-im/roost/bridges/x/xsim"
)

// TestFullDisk fills the disk under a running Roost. What comes in then is not taken as long as it can't be stored, and
// comes in when there is room.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	disk := filepath.Join(s.dir, "disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=8m"); err != nil {
		t.Skipf("no small disk can be made here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(disk, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	s.configure(t, s.accounts(s.xAccount(""), s.slackAccount("")), s.desk(), "store: {path: disk/roost.db}")
	d := s.start(t)
	s.asks(t, "before")
	fill(t, filepath.Join(disk, "ballast"))
	// Larger than what is left in the last page of any file.
	large := strings.Repeat("There is no room for this. ", 300)
	s.x.Say(s.alice, s.brand, xsim.Draft{Text: large})
	s.x.Say(s.alice, s.brand, xsim.Draft{Text: "after"})
	d.says(t, "no space is left")
	if err := os.Remove(filepath.Join(disk, "ballast")); err != nil {
		t.Fatal(err)
	}
	thread := s.thread(t, "after").Thread
	s.thread(t, strings.TrimSpace(large))
	s.answers(thread, "All here.")
	s.arrived(t, "All here.")
	d.stop(t)
}

// fill writes until the disk is full.
func fill(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(f, zeros{})
	if err == nil {
		t.Fatal("the disk is never full")
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

type zeros struct{}

// Read gives zeros for ever.
func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}
