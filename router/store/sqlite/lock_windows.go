//go:build windows

package sqlite

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"

	"github.com/roost-im/roost/router/store"
)

// lockFile opens a file that one process has at a time. The lock ends with the process, however that ends.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	err = windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY,
		0, 1, 0, &windows.Overlapped{})
	if err == nil {
		return f, nil
	}
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		err = store.ErrLocked
	}
	return nil, errors.Join(err, f.Close())
}
