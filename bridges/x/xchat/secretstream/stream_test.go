package secretstream_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/roost-im/roost/bridges/x/xchat/secretstream"
)

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		plain := pattern(rapid.OneOf(rapid.IntRange(0, 3100), rapid.IntRange(0, 200_000)).Draw(t, "size"))
		var stream bytes.Buffer
		w := secretstream.NewWriter(&stream, testKey())
		piece := rapid.SampledFrom([]int{1, 17, 1023, 1024, 1025, 5000, 300_000})
		for rest := plain; len(rest) > 0; {
			n := min(rapid.IntRange(1, piece.Draw(t, "piece")).Draw(t, "write"), len(rest))
			if got, err := w.Write(rest[:n]); got != n || err != nil {
				t.Fatalf("Write = %d, %v, want %d", got, err, n)
			}
			if got, err := w.Write(nil); got != 0 || err != nil {
				t.Fatalf("Write of nothing = %d, %v", got, err)
			}
			rest = rest[n:]
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got, want := int64(stream.Len()), secretstream.Size(int64(len(plain))); got != want {
			t.Fatalf("%d bytes sealed, want %d", got, want)
		}
		slow := &drawn{t: t, src: &stream, most: piece.Draw(t, "source")}
		r := &drawn{t: t, src: secretstream.NewReader(slow, testKey()), most: piece.Draw(t, "read")}
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("opened %d bytes and %v, want the plaintext of %d", len(got), err, len(plain))
		}
	})
}

// drawn reads as many bytes at once as are drawn.
type drawn struct {
	t    *rapid.T
	src  io.Reader
	most int
}

func (d *drawn) Read(p []byte) (int, error) {
	return d.src.Read(p[:min(len(p), rapid.IntRange(1, d.most).Draw(d.t, "bytes"))])
}

func TestReaderIsAReader(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 1024, 1025, 4096, 100_000} {
		for name, slow := range map[string]func(io.Reader) io.Reader{
			"whole": func(r io.Reader) io.Reader { return r }, "half": iotest.HalfReader,
			"one byte": iotest.OneByteReader, "end with data": iotest.DataErrReader,
		} {
			src := slow(bytes.NewReader(seal(t, pattern(size))))
			if err := iotest.TestReader(secretstream.NewReader(src, testKey()), pattern(size)); err != nil {
				t.Errorf("%d bytes, %s: %v", size, name, err)
			}
		}
	}
}

// A chunk that is there is given out although the source has no more yet; a pipe would wait for ever.
func TestReaderDoesNotWaitForMore(t *testing.T) {
	t.Parallel()
	stream := seal(t, pattern(3000))
	src, dst := io.Pipe()
	r := secretstream.NewReader(src, testKey())
	done := make(chan error)
	buf := make([]byte, 5000)
	first, second := secretstream.HeaderSize+frame, secretstream.HeaderSize+2*frame
	for i, part := range [][]byte{stream[:first], stream[first:second]} {
		go func() {
			_, err := dst.Write(part)
			done <- err
		}()
		n, err := r.Read(buf)
		if err != nil || !bytes.Equal(buf[:n], pattern(3000)[i*1024:][:1024]) {
			t.Fatalf("chunk %d: %d bytes, %v", i, n, err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
}

func TestSourceFailsAsItIs(t *testing.T) {
	t.Parallel()
	broken := errors.New("the line is dead")
	stream := seal(t, pattern(2048))
	for _, failure := range []error{broken, io.ErrUnexpectedEOF, fmt.Errorf("wrapped: %w", io.EOF)} {
		for _, n := range []int{0, 10, secretstream.HeaderSize, 500, secretstream.HeaderSize + frame, len(stream)} {
			src := io.MultiReader(bytes.NewReader(stream[:n]), iotest.ErrReader(failure), bytes.NewReader(stream[n:]))
			r := secretstream.NewReader(src, testKey())
			got, err := io.ReadAll(r)
			if err != failure || !bytes.HasPrefix(pattern(2048), got) { //nolint:errorlint // the very error
				t.Errorf("after %d bytes: %v, want %v", n, err, failure)
			}
			if k, err := r.Read(make([]byte, 1)); k > 0 || err != failure { //nolint:errorlint // the very error
				t.Errorf("the error did not stay: %d, %v", k, err)
			}
		}
	}
}

func TestSourceThatGivesNothing(t *testing.T) {
	t.Parallel()
	r := secretstream.NewReader(nothing{}, testKey())
	if n, err := r.Read(make([]byte, 1)); n > 0 || !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("Read = %d, %v, want io.ErrNoProgress", n, err)
	}
}

type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, nil }

func TestReadErrorStays(t *testing.T) {
	t.Parallel()
	stream := seal(t, pattern(5000))
	stream[secretstream.HeaderSize+2*frame] ^= 1
	r := secretstream.NewReader(bytes.NewReader(stream), testKey())
	got, err := io.ReadAll(r)
	if !bytes.Equal(got, pattern(2048)) || !errors.Is(err, secretstream.ErrCorrupt) {
		t.Fatalf("%d bytes, %v, want the two chunks before and ErrCorrupt", len(got), err)
	}
	for range 3 {
		if n, err := r.Read(make([]byte, 10)); n > 0 || !errors.Is(err, secretstream.ErrCorrupt) {
			t.Errorf("Read = %d, %v, want ErrCorrupt again", n, err)
		}
	}
	if n, err := r.Read(nil); n != 0 || err != nil {
		t.Errorf("Read of nothing = %d, %v", n, err)
	}
}

func TestKeyIsNoPartOfAText(t *testing.T) {
	t.Parallel()
	w := secretstream.NewWriter(io.Discard, testKey())
	r := secretstream.NewReader(bytes.NewReader(seal(t, pattern(10))), testKey())
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
		if got := fmt.Sprintf(verb+" "+verb, w, r); got != "secretstream.Writer secretstream.Reader" {
			t.Errorf("%s prints %s", verb, got)
		}
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	for plain, want := range map[int64]int64{
		0: 24, 1: 42, 1023: 1064, 1024: 1065, 1025: 1083, 2048: 2106, 10_000: 10_194, 1_000_000: 1_016_633,
		512 << 20: 24 + 1041*(512<<10),
	} {
		if got := secretstream.Size(plain); got != want {
			t.Errorf("Size(%d) = %d, want %d", plain, got, want)
		}
	}
}
