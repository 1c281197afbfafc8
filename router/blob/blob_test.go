package blob_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/roost-im/roost/router/blob"
	"github.com/roost-im/roost/router/chat"
)

func open(t *testing.T, dir string) *blob.Store {
	t.Helper()
	s, err := blob.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// files lists what lies below dir.
func files(t *testing.T, dir string) (out []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestPutKeepsWhatWasRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	for _, want := range []string{"", "x", strings.Repeat("y", 100)} {
		sum, n, err := s.Put(t.Context(), iotest.OneByteReader(strings.NewReader(want)), 100)
		if err != nil || n != int64(len(want)) {
			t.Fatalf("Put = %d, %v, want %d", n, err, len(want))
		}
		if h := sha256.Sum256([]byte(want)); string(sum) != hex.EncodeToString(h[:]) {
			t.Errorf("sum of %q is %s", want, sum)
		}
		for _, s := range []*blob.Store{s, open(t, dir)} {
			r, size, err := s.Open(t.Context(), sum)
			if err != nil || size != n {
				t.Fatalf("Open = %d, %v, want %d", size, err, n)
			}
			got, err := io.ReadAll(r)
			if err != nil || string(got) != want {
				t.Errorf("read %q, %v, want %q", got, err, want)
			}
			if pos, err := r.Seek(0, io.SeekStart); err != nil || pos != 0 {
				t.Errorf("Seek = %d, %v", pos, err)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	before := len(files(t, dir))
	if _, _, err := s.Put(t.Context(), strings.NewReader("x"), 1); err != nil {
		t.Errorf("the same bytes again: %v", err)
	}
	if after := len(files(t, dir)); after != before {
		t.Errorf("the same bytes again: %d files, want %d", after, before)
	}
}

func TestPutKeepsNothingOfWhatFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	broken := errors.New("the connection broke")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, tc := range map[string]struct {
		ctx  context.Context //nolint:containedctx // a table of a test
		r    io.Reader
		want error
	}{
		"one byte beyond": {t.Context(), strings.NewReader(strings.Repeat("x", 101)), blob.ErrTooLarge},
		"far beyond":      {t.Context(), io.LimitReader(endless{}, 1<<40), blob.ErrTooLarge},
		"broken":          {t.Context(), io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken)), broken},
		"cancelled":       {ended, endless{}, context.Canceled},
	} {
		if sum, n, err := s.Put(tc.ctx, tc.r, 100); !errors.Is(err, tc.want) || sum != "" && n != 0 {
			t.Errorf("%s: Put = %q, %d, %v, want %v", name, sum, n, err, tc.want)
		}
	}
	if left := files(t, dir); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// endless gives zeros for ever.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestPutStreams(t *testing.T) { //nolint:paralleltest // it measures the memory of the process
	s := open(t, t.TempDir())
	const size = 64 << 20
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, n, err := s.Put(t.Context(), io.LimitReader(endless{}, size), size); err != nil || n != size {
		t.Fatalf("Put = %d, %v", n, err)
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20 {
		t.Errorf("Put of %d bytes took %d bytes of memory", size, used)
	}
}

func TestOpenOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, "blobs"))
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, sum := range []blob.Sum{"", "x", "../../../secret", "..", blob.Sum(strings.Repeat("0", 64))} {
		if _, _, err := s.Open(t.Context(), sum); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Open(%q) = %v, want ErrNotExist", sum, err)
		}
		if _, ok := s.Has(sum); ok {
			t.Errorf("Has(%q)", sum)
		}
	}
}

func TestOpenRemovesWhatACrashLeft(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	sum, _, err := s.Put(t.Context(), strings.NewReader("whole"), 100)
	if err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(dir, "parts", "half")
	if err := os.WriteFile(half, []byte("ha"), 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	if _, err := os.Stat(half); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what a crash left is still there: %v", err)
	}
	if size, ok := s.Has(sum); !ok || size != 5 {
		t.Errorf("Has = %d, %t, want what was whole", size, ok)
	}
}

// text is a fetch that gives s and counts how often it is asked.
func text(s string, asked *atomic.Int64) func(context.Context) (io.ReadCloser, error) {
	return func(context.Context) (io.ReadCloser, error) {
		asked.Add(1)
		return io.NopCloser(strings.NewReader(s)), nil
	}
}

func TestEnsureFetchesOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	var asked atomic.Int64
	begun, release := make(chan struct{}), make(chan struct{})
	slow := func(ctx context.Context) (io.ReadCloser, error) {
		close(begun) // panics if it is asked twice
		<-release
		return text("bytes", &asked)(ctx)
	}
	first, leave := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, _, err := s.Ensure(first, "source", slow, 100); !errors.Is(err, context.Canceled) {
			t.Errorf("Ensure of who left = %v, want Canceled", err)
		}
	})
	<-begun
	for range 8 {
		wg.Go(func() {
			if _, n, err := s.Ensure(t.Context(), "source", slow, 100); err != nil || n != 5 {
				t.Errorf("Ensure = %d, %v", n, err)
			}
		})
	}
	leave() // what one began goes on for the others
	close(release)
	wg.Wait()
	s = open(t, dir)
	sum, n, err := s.Ensure(t.Context(), "source", slow, 100)
	if size, ok := s.Has(sum); err != nil || n != 5 || !ok || size != 5 {
		t.Errorf("Ensure after opening again = %d, %v", n, err)
	}
	if got := asked.Load(); got != 1 {
		t.Errorf("fetched %d times, want once", got)
	}
	if other, _, err := s.Ensure(t.Context(), "other source", text("bytes", &asked), 100); err != nil || other != sum || asked.Load() != 2 {
		t.Errorf("another source of the same bytes: %s, %v", other, err)
	}
}

func TestEnsureForgetsFailures(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	broken := errors.New("the platform is down")
	fails := func(context.Context) (io.ReadCloser, error) { return nil, broken }
	if _, _, err := s.Ensure(t.Context(), "source", fails, 100); !errors.Is(err, broken) {
		t.Errorf("Ensure = %v, want the error of fetch", err)
	}
	var asked atomic.Int64
	_, _, err := s.Ensure(t.Context(), "source", text("too long", &asked), 7)
	if !errors.Is(err, blob.ErrTooLarge) || chat.KindOf(err) != chat.Refused {
		t.Errorf("Ensure = %v, want ErrTooLarge, Refused", err)
	}
	if _, n, err := s.Ensure(t.Context(), "source", text("too long", &asked), 8); err != nil || n != 8 {
		t.Errorf("Ensure = %d, %v", n, err)
	}
}

func TestSweepRemovesWhatNobodyWants(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	var asked atomic.Int64
	sums := map[string]blob.Sum{}
	for _, name := range []string{"old", "wanted", "asked for", "young"} {
		sum, _, err := s.Ensure(t.Context(), name, text(name, &asked), 100)
		if err != nil {
			t.Fatal(err)
		}
		sums[name] = sum
		long := time.Now().Add(-time.Hour)
		if path := filepath.Join(dir, "blobs", string(sum[:2]), string(sum)); name != "young" {
			if err := os.Chtimes(path, long, long); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, _, err := s.Ensure(t.Context(), "asked for", text("", &asked), 100); err != nil {
		t.Fatal(err)
	}
	n, err := s.Sweep(t.Context(), time.Minute, func(sum blob.Sum) bool { return sum == sums["wanted"] })
	if err != nil || n != 1 {
		t.Errorf("Sweep = %d, %v, want 1", n, err)
	}
	for name, sum := range sums {
		if _, ok := s.Has(sum); ok != (name != "old") {
			t.Errorf("%s is there: %t", name, ok)
		}
	}
	if left := len(files(t, dir)); left != 6 {
		t.Errorf("%d files are left, want three blobs and what is known of them", left)
	}
	before := asked.Load()
	if _, n, err := s.Ensure(t.Context(), "old", text("old", &asked), 100); err != nil || n != 3 || asked.Load() != before+1 {
		t.Errorf("Ensure of what was swept = %d, %v", n, err)
	}
}

func TestPutConcurrently(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	want := bytes.Repeat([]byte("same "), 1000)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, n, err := s.Put(t.Context(), bytes.NewReader(want), 1<<20); err != nil || n != int64(len(want)) {
				t.Errorf("Put = %d, %v", n, err)
			}
		})
	}
	wg.Wait()
}
