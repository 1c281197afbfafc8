package secretstream_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/roost-im/roost/bridges/x/xchat/secretstream"
)

// refused checks that a stream is refused for a reason, and that nothing but the beginning of the plaintext came out.
func refused(t *testing.T, stream, plain []byte, want error) {
	t.Helper()
	got, err := open(stream)
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
	if !bytes.HasPrefix(plain, got) {
		t.Errorf("%d bytes that are not the plaintext's first were given out", len(got))
	}
}

func TestCutAnywhereIsTruncated(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 1024, 1025, 2048, 2100} {
		plain := pattern(size)
		stream := seal(t, plain)
		for n := range len(stream) {
			if n != secretstream.HeaderSize {
				refused(t, stream[:n], plain, secretstream.ErrTruncated)
			}
		}
	}
}

// What X's own SDK reads as an empty file, we do too.
func TestBareHeaderIsEmpty(t *testing.T) {
	t.Parallel()
	if got := seal(t, nil); !bytes.Equal(got, testHeader()[:]) {
		t.Errorf("an empty plaintext is sealed as %x, want the header", got)
	}
	if plain, err := open(testHeader()[:]); len(plain) > 0 || err != nil {
		t.Errorf("opened %q, %v, want nothing and io.EOF", plain, err)
	}
}

func TestFlippedBitAnywhereIsCorrupt(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 1024, 1100} {
		plain := pattern(size)
		stream := seal(t, plain)
		for i := range len(stream) * 8 {
			stream[i/8] ^= 1 << (i % 8)
			refused(t, stream, plain, secretstream.ErrCorrupt)
			stream[i/8] ^= 1 << (i % 8)
		}
		if got, err := open(stream); err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("the stream itself does not open: %v", err)
		}
	}
}

func TestOtherKeyIsCorrupt(t *testing.T) {
	t.Parallel()
	stream := seal(t, pattern(3000))
	key := testKey()
	key[31] ^= 1
	var b bytes.Buffer
	fill(t, secretstream.NewWriterWith(&b, key, testHeader()), pattern(3000))
	refused(t, b.Bytes(), pattern(3000), secretstream.ErrCorrupt)
	if bytes.Equal(b.Bytes(), stream) {
		t.Error("two keys made one stream")
	}
}

func TestChangedOrderIsCorrupt(t *testing.T) {
	t.Parallel()
	for _, size := range []int{4096, 4000} {
		plain := pattern(size)
		header, chunks := frames(seal(t, plain))
		try := func(name string, want error, order ...int) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				stream := slices.Clone(header)
				for _, i := range order {
					stream = append(stream, chunks[i]...)
				}
				refused(t, stream, plain, want)
			})
		}
		try("swapped", secretstream.ErrCorrupt, 0, 2, 1, 3)
		try("last first", secretstream.ErrCorrupt, 3, 0, 1, 2)
		try("first left out", secretstream.ErrCorrupt, 1, 2, 3)
		try("one left out", secretstream.ErrCorrupt, 0, 2, 3)
		try("last left out", secretstream.ErrTruncated, 0, 1, 2)
		try("first twice", secretstream.ErrCorrupt, 0, 0, 1, 2, 3)
		try("one twice", secretstream.ErrCorrupt, 0, 1, 1, 2, 3)
		try("last twice", secretstream.ErrCorrupt, 0, 1, 2, 3, 3)
		try("all twice", secretstream.ErrCorrupt, 0, 1, 2, 3, 0, 1, 2, 3)
	}
}

func TestChunkOfAnotherStreamIsCorrupt(t *testing.T) {
	t.Parallel()
	plain := pattern(3000)
	stream := seal(t, plain)
	var b bytes.Buffer
	fill(t, secretstream.NewWriter(&b, testKey()), plain)
	for i := range 3 {
		_, ours := frames(slices.Clone(stream))
		_, theirs := frames(b.Bytes())
		ours[i] = theirs[i]
		refused(t, slices.Concat(stream[:secretstream.HeaderSize], slices.Concat(ours...)), plain, secretstream.ErrCorrupt)
	}
	refused(t, slices.Concat(b.Bytes()[:secretstream.HeaderSize], stream[secretstream.HeaderSize:]), plain, secretstream.ErrCorrupt)
}

func TestBytesBehindTheLastChunkAreCorrupt(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 1024, 1500, 2048} {
		plain := pattern(size)
		stream := seal(t, plain)
		for _, more := range []int{1, 16, 17, 18, frame, 100 * frame} {
			refused(t, slices.Concat(stream, make([]byte, more)), plain, secretstream.ErrCorrupt)
		}
		refused(t, slices.Concat(stream, stream), plain, secretstream.ErrCorrupt)
	}
}
