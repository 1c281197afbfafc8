// Package blob keeps the bytes of attachments, each under the hash of what it holds.
//
// Bytes are streamed to a temporary file, synced and renamed, so a blob is whole or not there; the same bytes twice are
// one blob. What was copied for a source is remembered beside the blobs, so a platform is asked for a file once.
package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/roost-im/roost/router/chat"
)

// ErrTooLarge says that there were more bytes than the caller wanted. Nothing of them is kept.
var ErrTooLarge = errors.New("the file is too large")

// ErrFull says that the disk has no room. Nothing is kept, and the next try may work.
var ErrFull = errors.New("no space is left for attachments")

// Sum names a blob: the SHA-256 of its bytes, in hexadecimal.
type Sum string

// Store is a folder of blobs. It is safe for concurrent use, within one process.
type Store struct {
	dir    string
	flight singleflight.Group
}

const (
	blobs = "blobs" // bytes, by sum
	known = "known" // sums, by the hash of the source they were copied for
	parts = "parts" // bytes on their way in
)

// Open opens the folder, and makes it where there is none. What a crash left half written is removed.
func Open(dir string) (*Store, error) {
	for _, d := range []string{blobs, known, parts} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
			return nil, err
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, parts, "*"))
	for _, f := range left {
		err = errors.Join(err, os.Remove(f))
	}
	return &Store{dir: dir}, err
}

// Put keeps what r gives, up to most bytes. It returns ErrTooLarge when there are more, and ErrFull when the disk has no
// room for them.
func (s *Store) Put(ctx context.Context, r io.Reader, most int64) (Sum, int64, error) {
	f, err := os.CreateTemp(filepath.Join(s.dir, parts), "")
	if err != nil {
		return "", 0, full(err)
	}
	defer func() { _ = os.Remove(f.Name()) }() // it was renamed when all went well
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, h), io.LimitReader(interrupted{ctx, r}, most+1))
	if err == nil && n > most {
		err = fmt.Errorf("%w: more than %d bytes", ErrTooLarge, most)
	}
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return "", 0, full(err)
	}
	sum := Sum(hex.EncodeToString(h.Sum(nil)))
	return sum, n, full(settle(f.Name(), s.path(sum)))
}

// settle moves a file to its place and makes that durable.
func settle(from, to string) error {
	dir := filepath.Dir(to)
	switch err := os.Mkdir(dir, 0o700); {
	case err == nil:
		if err := syncDir(filepath.Dir(dir)); err != nil {
			return err
		}
	case !errors.Is(err, fs.ErrExist):
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// full makes ErrFull of what the system says when no room is left.
func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}

// Open reads a blob from its first byte; size is how many there are. The caller closes it. errors.Is with
// fs.ErrNotExist tells a blob that is not there.
func (s *Store) Open(_ context.Context, sum Sum) (r io.ReadSeekCloser, size int64, err error) {
	f, err := os.Open(s.path(sum))
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, info.Size(), nil
}

// Has says whether a blob is there, and how many bytes it has.
func (s *Store) Has(sum Sum) (size int64, ok bool) {
	info, err := os.Stat(s.path(sum))
	if err != nil {
		return 0, false
	}
	return info.Size(), true
}

// Ensure gives the blob that was copied for source, and copies it with fetch when there is none. However many ask for
// one source at once, it is fetched once. Errors of fetch are returned as they are.
func (s *Store) Ensure(
	ctx context.Context, source string, fetch func(context.Context) (io.ReadCloser, error), most int64,
) (Sum, int64, error) {
	if sum, size, ok := s.knows(source); ok {
		return sum, size, nil
	}
	type copied struct {
		sum  Sum
		size int64
	}
	// One caller's end must not end the copy for the others, so each waits with its own context.
	ch := s.flight.DoChan(source, func() (any, error) {
		sum, size, err := s.copy(context.WithoutCancel(ctx), source, fetch, most)
		return copied{sum, size}, err
	})
	select {
	case <-ctx.Done():
		return "", 0, ctx.Err()
	case got := <-ch:
		if got.Err != nil {
			return "", 0, got.Err
		}
		c, _ := got.Val.(copied)
		return c.sum, c.size, nil
	}
}

// longest is how long one copy may take when nobody waits for it any more.
const longest = 15 * time.Minute

// Of names the blob that was copied for source; ok is false when there is none.
func (s *Store) Of(source string) (sum Sum, ok bool) {
	sum, _, ok = s.knows(source)
	return sum, ok
}

func (s *Store) copy(
	ctx context.Context, source string, fetch func(context.Context) (io.ReadCloser, error), most int64,
) (Sum, int64, error) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	r, err := fetch(ctx)
	if err != nil {
		return "", 0, err
	}
	sum, size, err := s.Put(ctx, r, most)
	err = errors.Join(err, r.Close())
	if errors.Is(err, ErrTooLarge) {
		return "", 0, &chat.Error{
			Op: "blob", Kind: chat.Refused, Reason: fmt.Sprintf("it is larger than %d MB", most/1_000_000), Err: err,
		}
	}
	if err != nil {
		return "", 0, err
	}
	return sum, size, s.remember(source, sum)
}

func (s *Store) knows(source string) (Sum, int64, bool) {
	b, err := os.ReadFile(s.note(source))
	if err != nil {
		return "", 0, false
	}
	sum := Sum(b)
	size, ok := s.Has(sum)
	if now := time.Now(); ok {
		ok = os.Chtimes(s.path(sum), now, now) == nil // so that no Sweep takes it from under the caller
	}
	return sum, size, ok
}

func (s *Store) remember(source string, sum Sum) error {
	f, err := os.CreateTemp(filepath.Join(s.dir, parts), "")
	if err != nil {
		return full(err)
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.WriteString(string(sum))
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return full(err)
	}
	return full(settle(f.Name(), s.note(source)))
}

// Sweep removes the blobs that nobody has stored or asked for within age and that keep does not want, and returns how
// many went. What was remembered of them goes, too.
func (s *Store) Sweep(ctx context.Context, age time.Duration, keep func(Sum) bool) (int, error) {
	before := time.Now().Add(-age)
	n, err := s.prune(ctx, blobs, func(_ string, d fs.DirEntry) (bool, error) {
		info, err := d.Info()
		return err == nil && !info.ModTime().After(before) && !keep(Sum(d.Name())), err
	})
	if err != nil || n == 0 {
		return n, err
	}
	_, err = s.prune(ctx, known, func(path string, _ fs.DirEntry) (bool, error) {
		b, err := os.ReadFile(path)
		_, there := s.Has(Sum(b))
		return !there, err
	})
	return n, err
}

// prune removes the files below a folder that gone says, and counts them.
func (s *Store) prune(ctx context.Context, folder string, gone func(path string, d fs.DirEntry) (bool, error)) (n int, err error) {
	err = filepath.WalkDir(filepath.Join(s.dir, folder), func(path string, d fs.DirEntry, err error) error {
		if err := errors.Join(err, ctx.Err()); err != nil || d.IsDir() {
			return err
		}
		remove, err := gone(path, d)
		if err != nil || !remove {
			return err
		}
		n++
		return os.Remove(path) //nolint:gosec // nobody else writes in this folder
	})
	return n, err
}

// path is where a blob lies: in a folder of its first two digits, so that no folder grows without bound. Where nothing
// ever lies is the path of what is no sum.
func (s *Store) path(sum Sum) string {
	name := string(sum)
	if raw, err := hex.DecodeString(name); err != nil || len(raw) != sha256.Size {
		return filepath.Join(s.dir, blobs, "none")
	}
	return filepath.Join(s.dir, blobs, name[:2], name)
}

// note is where it is remembered which blob was copied for a source.
func (s *Store) note(source string) string {
	h := sha256.Sum256([]byte(source))
	name := hex.EncodeToString(h[:])
	return filepath.Join(s.dir, known, name[:2], name)
}

// interrupted is a reader that ends when a context does.
type interrupted struct {
	ctx context.Context //nolint:containedctx // it lives for one copy, on the stack of Put
	r   io.Reader
}

func (i interrupted) Read(p []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.r.Read(p)
}
