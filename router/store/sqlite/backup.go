package sqlite

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
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
	if err := leap(ctx, path); err != nil {
		return fmt.Errorf("backup %s: %w", path, mapped(err))
	}
	return errors.Join(synced(path), synced(filepath.Dir(path)))
}

// leap makes a copy go on with numbers of deliveries and journal entries far above those that the original gives out
// after it. Otherwise, a copy that takes the original's place would make the keys of other posts once more, and platforms
// would drop its posts; and who reads a journal would take its new entries for old ones.
func leap(ctx context.Context, path string) error {
	n, err := rand.Int(rand.Reader, big.NewInt(1<<20))
	if err != nil {
		return err
	}
	db, err := openDB(path)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `INSERT INTO house (key, value)
		SELECT 'delivery', coalesce(max(id), 0) + ?1 FROM deliveries UNION ALL
		SELECT 'journal', coalesce(max(seq), 0) + ?1 FROM journal WHERE true
		ON CONFLICT (key) DO UPDATE SET value = max(value, excluded.value) + ?1`, (n.Int64()+1)<<20)
	return errors.Join(err, db.Close())
}

// synced waits until a file or directory is on disk.
func synced(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return errors.Join(f.Sync(), f.Close())
}
