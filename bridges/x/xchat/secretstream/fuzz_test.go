package secretstream_test

import (
	"bytes"
	"io"
	"slices"
	"testing"

	"github.com/roost-im/roost/bridges/x/xchat/secretstream"
)

// FuzzReader changes streams that hold beginnings of one plaintext. Whatever comes of them, the Reader gives out a
// beginning of that plaintext or nothing, and ends well for the very streams that a Writer makes alone.
func FuzzReader(f *testing.F) {
	for _, size := range []int{0, 1, 16, 1000, 1024, 1025, 2048, 3000} {
		stream := seal(f, pattern(size))
		f.Add(stream, uint16(size))
		f.Add(stream[:max(len(stream)-frame, 0)], uint16(frame))
		f.Add(slices.Concat(stream, stream[min(secretstream.HeaderSize+frame, len(stream)):]), uint16(size))
	}
	whole := seal(f, pattern(3000))
	f.Add(whole[:secretstream.HeaderSize+frame], uint16(1))
	f.Add(whole[:secretstream.HeaderSize+2*frame], uint16(1<<15))
	plain := pattern(1 << 20)
	f.Fuzz(func(t *testing.T, stream []byte, step uint16) {
		got, err := io.ReadAll(secretstream.NewReader(&steps{bytes.NewReader(stream), int(step) + 1}, testKey()))
		if !bytes.HasPrefix(plain, got) {
			t.Fatal("something else than the plaintext was given out")
		}
		if err == nil && (len(stream) != secretstream.HeaderSize || len(got) > 0) && !bytes.Equal(stream, seal(t, got)) {
			t.Fatalf("a stream that nobody sealed ended well, with %d bytes", len(got))
		}
	})
}

// steps reads so many bytes at once.
type steps struct {
	src  io.Reader
	most int
}

func (s *steps) Read(p []byte) (int, error) { return s.src.Read(p[:min(len(p), s.most)]) }
