package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/roost-im/roost/configs"
	"github.com/roost-im/roost/router/store"
	"github.com/roost-im/roost/router/store/sealed"
	"github.com/roost-im/roost/router/store/sqlite"
)

// openStore opens the database and says in plain words why it can't be.
func openStore(ctx context.Context, path string) (store.Store, error) {
	dir := filepath.Dir(path)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("store.path: there is no folder %s for the database", dir)
	}
	s, err := sqlite.Open(ctx, path, sqlite.Options{})
	switch {
	case err == nil:
		return s, nil
	case errors.Is(err, store.ErrLocked):
		return nil, fmt.Errorf("%s is in use by another Roost, which is starting, ending or runs with another configuration: %w", path, err)
	case errors.Is(err, store.ErrForeign):
		return nil, fmt.Errorf("%s: %w; nothing in it was changed", path, store.ErrForeign)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%s: this user may not write the database or its folder", path)
	}
	return nil, err
}

// keyMark is a value that is sealed when a database is made. It tells whether a key file belongs to a database, before
// an account finds out in the middle of its work.
const keyMark = "key"

// openKey reads the key file, and makes one for a new database.
func openKey(ctx context.Context, s store.Store, f configs.Store) (sealed.Key, error) {
	fresh := false
	err := s.Read(ctx, func(v store.Reader) error {
		_, err := v.Kept(keyMark)
		fresh = errors.Is(err, store.ErrNotFound)
		if fresh {
			return nil
		}
		return err
	})
	if err != nil {
		return sealed.Key{}, fmt.Errorf("%s: %w", f.Path, err)
	}
	if _, err := os.Stat(f.KeyFile); errors.Is(err, fs.ErrNotExist) && !fresh {
		return sealed.Key{}, fmt.Errorf("the key file %s is missing, and the tokens in %s can't be read without it; put it back", f.KeyFile, f.Path)
	}
	key, err := sealed.LoadKey(f.KeyFile)
	if err != nil {
		return key, fmt.Errorf("store.key_file: %w", err)
	}
	keeper := sealed.NewKeeper(s, key, "")
	if fresh {
		return key, keeper.Keep(ctx, keyMark, []byte("roost"))
	}
	if _, err := keeper.Kept(ctx, keyMark); errors.Is(err, sealed.ErrKey) {
		return key, fmt.Errorf("the key file %s is not the one that the tokens in %s were stored with; put that one back", f.KeyFile, f.Path)
	} else if err != nil {
		return key, fmt.Errorf("%s: %w", f.Path, err)
	}
	return key, nil
}
