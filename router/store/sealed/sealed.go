// Package sealed keeps small values in a store so that the database alone does not give them away: tokens, above all.
//
// Each value is encrypted with XChaCha20-Poly1305 under a key that lies beside the database, in a file that only its
// owner may read. The value's name is authenticated with it, so values can't be swapped.
package sealed

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/roost-im/roost/router/store"
)

// ErrKey says that a value was sealed under another key, or was changed.
var ErrKey = errors.New("the stored value does not open with this key file")

// Key seals values.
type Key [chacha20poly1305.KeySize]byte

// LoadKey reads the key file at path, and makes one (mode 0600) where there is none. The file holds the key in
// hexadecimal, on one line.
func LoadKey(path string) (Key, error) {
	var k Key
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeKey(path)
	}
	if err != nil {
		return k, err
	}
	raw, err := hex.DecodeString(strings.TrimSpace(string(b)))
	if err != nil || len(raw) != len(k) {
		return k, fmt.Errorf("%s: a key file holds %d hexadecimal digits", path, 2*len(k))
	}
	copy(k[:], raw)
	return k, nil
}

func makeKey(path string) (Key, error) {
	var k Key
	_, _ = rand.Read(k[:]) // never fails
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return k, err
	}
	_, err = f.WriteString(hex.EncodeToString(k[:]) + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return k, errors.Join(err, os.Remove(path)) // half a key would be a bad key file for ever
	}
	syncDir(filepath.Dir(path))
	return k, nil
}

// syncDir makes the file's name durable too: values that are on disk must not outlive their key. Not every system can.
func syncDir(dir string) {
	d, err := os.Open(dir)
	if err != nil {
		return
	}
	_ = d.Sync()
	_ = d.Close()
}

// Keeper keeps values under names of one prefix. It is safe for concurrent use.
type Keeper struct {
	store  store.Store
	key    Key
	prefix string
}

// NewKeeper makes a Keeper whose names begin with prefix.
func NewKeeper(s store.Store, key Key, prefix string) *Keeper {
	return &Keeper{store: s, key: key, prefix: prefix}
}

// Kept is the value under name; nil when there is none. It returns ErrKey when the value was sealed under another key.
func (k *Keeper) Kept(ctx context.Context, name string) ([]byte, error) {
	var box []byte
	err := k.store.Read(ctx, func(v store.Reader) (err error) {
		box, err = v.Kept(k.prefix + name)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	aead, err := chacha20poly1305.NewX(k.key[:])
	if err != nil {
		return nil, err
	}
	if len(box) < aead.NonceSize() {
		return nil, ErrKey
	}
	value, err := aead.Open(nil, box[:aead.NonceSize()], box[aead.NonceSize():], []byte(k.prefix+name))
	if err != nil {
		return nil, ErrKey
	}
	return value, nil
}

// Keep replaces the value under name; nil removes it. It is on disk when Keep returns nil.
func (k *Keeper) Keep(ctx context.Context, name string, value []byte) error {
	var box []byte
	if value != nil {
		aead, err := chacha20poly1305.NewX(k.key[:])
		if err != nil {
			return err
		}
		nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(value)+aead.Overhead())
		_, _ = rand.Read(nonce) // never fails
		box = aead.Seal(nonce, nonce, value, []byte(k.prefix+name))
	}
	return k.store.Change(ctx, func(store.View) (store.Changes, error) {
		return store.Changes{Keep: map[string][]byte{k.prefix + name: box}}, nil
	})
}
