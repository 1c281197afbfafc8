package interop_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/secretstream"
)

// stream seals and opens files on both sides, with one key.
type stream struct {
	instance
	key xchat.ConversationKey
	rnd *rand.Rand
	n   int // streams of the SDK so far
}

func (s *stream) secret() octets { return s.key.Secret()[:] }

// file is some bytes that differ.
func (s *stream) file(size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(s.rnd.Uint32())
	}
	return b
}

// ours seals with our Writer, in pieces.
func (s *stream) ours(plain []byte) []byte {
	s.Helper()
	var sealed bytes.Buffer
	w := secretstream.NewWriter(&sealed, s.key.Secret())
	for piece := range s.pieces(plain) {
		if _, err := w.Write(piece); err != nil {
			s.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		s.Fatal(err)
	}
	return sealed.Bytes()
}

// pieces cuts at random.
func (s *stream) pieces(b []byte) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(b) > 0 {
			n := min(len(b), 1+s.rnd.IntN(3*secretstream.ChunkSize+len(b)/10))
			if !yield(b[:n]) {
				return
			}
			b = b[n:]
		}
	}
}

// theirs seals with the SDK at once.
func (s *stream) theirs(plain []byte) []byte {
	s.Helper()
	var sealed octets
	s.must("encryptStream", &sealed, octets(plain), s.secret())
	return sealed
}

// pieceByPiece has the SDK's streamEncryptor or streamDecryptor do it.
func (s *stream) pieceByPiece(method string, in []byte) (out []byte, err error) {
	s.Helper()
	s.n++
	worker := instance{s.T, s.sdk, fmt.Sprint(method, s.n)}
	if err := s.sdk.call(request{On: s.name, Do: method, With: []any{s.secret()}, As: worker.name}, nil); err != nil {
		return nil, err
	}
	var piece octets
	for p := range s.pieces(in) {
		if err := worker.try("push", &piece, octets(p)); err != nil {
			return nil, err
		}
		out = append(out, piece...)
	}
	if err := worker.try("finish", &piece); err != nil {
		return nil, err
	}
	return append(out, piece...), nil
}

// open opens with our Reader.
func (s *stream) open(sealed []byte) ([]byte, error) {
	return io.ReadAll(secretstream.NewReader(bytes.NewReader(sealed), s.key.Secret()))
}

func newStream(t *testing.T, seed uint64) *stream {
	t.Helper()
	return &stream{
		instance: startSDK(t).newInstance(t, "files"), key: xchat.NewConversationKey("1"), rnd: rand.New(rand.NewPCG(seed, 1)),
	}
}

// TestFiles seals files of sizes around those of the chunks, and of random ones, on each side for the other.
func TestFiles(t *testing.T) {
	t.Parallel()
	seed := seed(t)
	s := newStream(t, seed)
	sizes := []int{0, 1, 2, 1023, 1024, 1025, 2047, 2048, 2049, 1<<20 - 1, 1 << 20, 1<<20 + 1}
	for range 20 {
		sizes = append(sizes, s.rnd.IntN(100_000))
	}
	for _, size := range sizes {
		plain := s.file(size)
		sealed := map[string][]byte{"ours": s.ours(plain), "the SDK's": s.theirs(plain)}
		piecewise, err := s.pieceByPiece("streamEncryptor", plain)
		if err != nil {
			t.Fatal(err)
		}
		sealed["the SDK's in pieces"] = piecewise
		for name, b := range sealed {
			if got := int64(len(b)); got != secretstream.Size(int64(size)) {
				t.Errorf("%d bytes, %s: sealed they are %d, want %d", size, name, got, secretstream.Size(int64(size)))
			}
			got, err := s.open(b)
			if err != nil || !bytes.Equal(got, plain) {
				t.Errorf("%d bytes, %s: we open %d bytes, %v", size, name, len(got), err)
			}
			var whole octets
			if s.must("decryptStream", &whole, octets(b), s.secret()); !bytes.Equal(whole, plain) {
				t.Errorf("%d bytes, %s: the SDK opens %d bytes", size, name, len(whole))
			}
			if got, err := s.pieceByPiece("streamDecryptor", b); err != nil || !bytes.Equal(got, plain) {
				t.Errorf("%d bytes, %s: in pieces the SDK opens %d bytes, %v", size, name, len(got), err)
			}
		}
	}
}

// TestBadFiles changes what was sealed. Both sides refuse it; of a stream that was cut behind its header neither can know.
func TestBadFiles(t *testing.T) {
	t.Parallel()
	s := newStream(t, seed(t))
	const full = secretstream.ChunkSize + secretstream.Overhead
	for _, by := range sides {
		for _, size := range []int{1, 1024, 1025, 3000, 4096} {
			seal := s.ours
			if by == theirs {
				seal = s.theirs
			}
			plain := s.file(size)
			good := seal(plain)
			for cut := range cuts(len(good)) {
				want := secretstream.ErrTruncated
				if cut == secretstream.HeaderSize {
					want = nil // it is the seal of an empty file
				}
				s.refuse(good[:cut], fmt.Sprintf("%s, %d bytes: cut to %d", by, size, cut), want)
			}
			for range 20 {
				bit := s.rnd.IntN(8 * len(good))
				bad := bytes.Clone(good)
				bad[bit/8] ^= 1 << (bit % 8)
				s.refuse(bad, fmt.Sprintf("%s, %d bytes: bit %d flipped", by, size, bit), secretstream.ErrCorrupt)
			}
			s.refuse(append(bytes.Clone(good), 0), fmt.Sprintf("%s, %d bytes: one more", by, size), secretstream.ErrCorrupt)
			s.refuse(append(bytes.Clone(good), good[secretstream.HeaderSize:]...), fmt.Sprintf("%s, %d bytes: twice", by, size), secretstream.ErrCorrupt)
			if size >= 3000 {
				at := secretstream.HeaderSize
				swapped := bytes.Clone(good)
				copy(swapped[at:], good[at+full:at+2*full])
				copy(swapped[at+full:], good[at:at+full])
				s.refuse(swapped, fmt.Sprintf("%s, %d bytes: swapped", by, size), secretstream.ErrCorrupt)
				headless := append(bytes.Clone(good[:at]), good[at+full:]...)
				s.refuse(headless, fmt.Sprintf("%s, %d bytes: without the first chunk", by, size), secretstream.ErrCorrupt)
			}
			other := *s
			other.key = xchat.NewConversationKey("1")
			other.refuse(good, fmt.Sprintf("%s, %d bytes: with another key", by, size), secretstream.ErrCorrupt)
		}
	}
}

// cuts are the sizes to which a stream of n bytes is cut: around the chunks, and some.
func cuts(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for size := range n {
			edge := (size-secretstream.HeaderSize)%(secretstream.ChunkSize+secretstream.Overhead) + 1
			if size < 50 || size > n-20 || edge < 20 || size%97 == 0 {
				if !yield(size) {
					return
				}
			}
		}
	}
}

// refuse checks that neither side opens a stream, and that our reason is the right one; nil: both read it as an empty file.
func (s *stream) refuse(bad []byte, name string, want error) {
	s.Helper()
	if got, err := s.open(bad); !errors.Is(err, want) || want == nil && len(got) > 0 {
		s.Errorf("%s: we open %d bytes, %v, want %v", name, len(got), err, want)
	}
	var whole octets
	if err := s.try("decryptStream", &whole, octets(bad), s.secret()); (err == nil) != (want == nil) || len(whole) > 0 {
		s.Errorf("%s: the SDK opens %d bytes, %v", name, len(whole), err)
	}
	if got, err := s.pieceByPiece("streamDecryptor", bad); (err == nil) != (want == nil) || err == nil && len(got) > 0 {
		s.Errorf("%s: in pieces the SDK opens %d bytes, %v", name, len(got), err)
	}
}
