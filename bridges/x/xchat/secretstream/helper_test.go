package secretstream_test

import (
	"bytes"
	"io"
	"testing"

	"go.uber.org/goleak"

	"github.com/roost-im/roost/bridges/x/xchat/secretstream"
)

const frame = secretstream.ChunkSize + secretstream.Overhead

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pattern is the plaintext of all vectors: the same bytes, as many as are wanted.
func pattern(size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(i * 31 % 251)
	}
	return b
}

func testKey() *[32]byte { return (*[32]byte)(pattern(32)) }

func testHeader() *[secretstream.HeaderSize]byte {
	return (*[secretstream.HeaderSize]byte)(pattern(secretstream.HeaderSize))
}

// seal is the stream of plain under the test's key and header.
func seal(tb testing.TB, plain []byte) []byte {
	tb.Helper()
	var b bytes.Buffer
	fill(tb, secretstream.NewWriterWith(&b, testKey(), testHeader()), plain)
	return b.Bytes()
}

// fill writes plain and closes w.
func fill(tb testing.TB, w *secretstream.Writer, plain []byte) {
	tb.Helper()
	if n, err := w.Write(plain); n != len(plain) || err != nil {
		tb.Fatalf("Write = %d, %v, want %d", n, err, len(plain))
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
}

// open is what a Reader with the test's key makes of a stream. No error means io.EOF.
func open(stream []byte) ([]byte, error) {
	return io.ReadAll(secretstream.NewReader(bytes.NewReader(stream), testKey()))
}

// frames cuts a stream into its header and its chunks.
func frames(stream []byte) (header []byte, chunks [][]byte) {
	header, rest := stream[:secretstream.HeaderSize], stream[secretstream.HeaderSize:]
	for len(rest) > 0 {
		n := min(frame, len(rest))
		chunks, rest = append(chunks, rest[:n]), rest[n:]
	}
	return header, chunks
}
