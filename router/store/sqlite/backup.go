package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Backup writes a copy of the database as it is now to path. Writing goes on meanwhile.
func (s *Store) Backup(ctx context.Context, path string) (err error) {
	if err := s.usable(ctx); err != nil {
		return err
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("backup %s: %w", path, errors.Join(fs.ErrExist, err))
	}
	db, err := openDB(s.path)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer db.Close() //nolint:errcheck // it only read
	defer func() {
		if err != nil {
			_ = os.Remove(path)
		}
	}()
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", path); err != nil {
		return fmt.Errorf("backup %s: %w", path, mapped(err))
	}
	return errors.Join(synced(path), synced(filepath.Dir(path)))
}

// synced waits until a file or directory is on disk.
func synced(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return errors.Join(f.Sync(), f.Close())
}
