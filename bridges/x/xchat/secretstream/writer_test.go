package secretstream_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/roost-im/roost/bridges/x/xchat/secretstream"
)

// sink counts what it is given, and breaks when it has had enough.
type sink struct {
	bytes.Buffer
	writes int
	room   int // bytes until it breaks; 0 means it does not
	short  bool
	closed bool
}

var errFull = errors.New("no room left")

func (s *sink) Write(p []byte) (int, error) {
	s.writes++
	if s.room > 0 && s.Len()+len(p) > s.room {
		n, _ := s.Buffer.Write(p[:s.room-s.Len()])
		if s.short {
			return n, nil
		}
		return n, errFull
	}
	return s.Buffer.Write(p)
}

func (s *sink) Close() error {
	s.closed = true
	return nil
}

func TestManyChunksGoInOneWrite(t *testing.T) {
	t.Parallel()
	var s sink
	w := secretstream.NewWriter(&s, testKey())
	const size = 1_000_000
	for rest := pattern(size); len(rest) > 0; {
		n, err := w.Write(rest[:min(100, len(rest))])
		if err != nil {
			t.Fatal(err)
		}
		rest = rest[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if s.writes > 16 {
		t.Errorf("%d writes for %d bytes, want 64 chunks in each", s.writes, size)
	}
	if s.closed {
		t.Error("the destination was closed")
	}
}

func TestHeadersDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 100 {
		var b bytes.Buffer
		fill(t, secretstream.NewWriter(&b, testKey()), []byte("x"))
		seen[string(b.Bytes()[:secretstream.HeaderSize])] = true
	}
	if len(seen) != 100 {
		t.Errorf("%d headers in 100 streams", len(seen))
	}
}

func TestStreamThatIsNotClosedIsTruncated(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1024, 65 * 1024, 200 * 1024} {
		var b bytes.Buffer
		w := secretstream.NewWriter(&b, testKey())
		if _, err := w.Write(pattern(size)); err != nil {
			t.Fatal(err)
		}
		if _, err := open(b.Bytes()); !errors.Is(err, secretstream.ErrTruncated) {
			t.Errorf("%d bytes: %v, want ErrTruncated", size, err)
		}
	}
}

func TestFailureOfTheDestinationStays(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		sink sink
		want error
	}{
		{"full", sink{room: 100_000}, errFull},
		{"short", sink{room: 100_000, short: true}, io.ErrShortWrite},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := secretstream.NewWriter(&tc.sink, testKey())
			n, err := w.Write(pattern(300_000))
			if !errors.Is(err, tc.want) || n < 100_000 || n >= 300_000 {
				t.Fatalf("Write = %d, %v, want %v and a part", n, err, tc.want)
			}
			writes := tc.sink.writes
			if n, err := w.Write(pattern(10)); n > 0 || !errors.Is(err, tc.want) {
				t.Errorf("Write again = %d, %v, want %v", n, err, tc.want)
			}
			for range 2 {
				if err := w.Close(); !errors.Is(err, tc.want) {
					t.Errorf("Close = %v, want %v", err, tc.want)
				}
			}
			if tc.sink.writes != writes {
				t.Error("a broken destination was written to again")
			}
		})
	}
	t.Run("at the end", func(t *testing.T) {
		t.Parallel()
		w := secretstream.NewWriter(&sink{room: 50}, testKey())
		if _, err := w.Write(pattern(1000)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); !errors.Is(err, errFull) {
			t.Errorf("Close = %v, want %v", err, errFull)
		}
	})
}

func TestNothingIsWrittenAfterClose(t *testing.T) {
	t.Parallel()
	var s sink
	w := secretstream.NewWriter(&s, testKey())
	fill(t, w, pattern(10))
	was := s.Len()
	if n, err := w.Write(pattern(5000)); n > 0 || err == nil {
		t.Errorf("Write = %d, %v, want an error", n, err)
	}
	if err := w.Close(); err != nil {
		t.Errorf("Close again: %v", err)
	}
	if s.Len() != was {
		t.Errorf("%d bytes, want the %d of the closed stream", s.Len(), was)
	}
}

// discard is io.Discard without its ReadFrom.
type discard struct{ n int }

func (d *discard) Write(p []byte) (int, error) {
	d.n += len(p)
	return len(p), nil
}

const benchSize = 10_000_000

func BenchmarkSeal(b *testing.B) {
	plain := pattern(benchSize)
	b.SetBytes(benchSize)
	b.ReportAllocs()
	for b.Loop() {
		fill(b, secretstream.NewWriter(&discard{}, testKey()), plain)
	}
}

func BenchmarkOpen(b *testing.B) {
	stream := seal(b, pattern(benchSize))
	b.SetBytes(benchSize)
	b.ReportAllocs()
	for b.Loop() {
		var d discard
		_, err := io.Copy(&d, secretstream.NewReader(bytes.NewReader(stream), testKey()))
		if err != nil || d.n != benchSize {
			b.Fatalf("opened %d bytes, %v", d.n, err)
		}
	}
}
