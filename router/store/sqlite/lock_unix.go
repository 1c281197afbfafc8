//go:build unix

package sqlite

import (
	"errors"
	"os"
	"syscall"

	"github.com/roost-im/roost/router/store"
)

// lockFile opens a file that one process has at a time. The lock ends with the process, however that ends.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = store.ErrLocked
		}
		return nil, errors.Join(err, f.Close())
	}
}
