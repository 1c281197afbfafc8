package secretstream

import (
	"crypto/rand"
	"fmt"
	"io"
)

// Writer seals what is written to it. One goroutine at a time uses it.
type Writer struct {
	dst    io.Writer
	st     state
	held   []byte // plaintext of a chunk that is sealed when more comes, for it could be the last
	sealed []byte // what dst is given next
	closed bool
	err    error
}

// NewWriter returns a Writer that seals under key, beginning with a header of its own, and gives dst what it sealed, many
// chunks in each Write. It does not keep key. A stream is whole, and can be opened, only when Close returned nil.
func NewWriter(dst io.Writer, key *[32]byte) *Writer {
	var header [HeaderSize]byte
	_, _ = rand.Read(header[:]) // never fails
	return newWriter(dst, key, &header)
}

func newWriter(dst io.Writer, key *[32]byte, header *[HeaderSize]byte) *Writer {
	return &Writer{
		dst:    dst,
		st:     newState(key, header),
		held:   make([]byte, 0, ChunkSize),
		sealed: append(make([]byte, 0, HeaderSize+batch*frameSize), header[:]...),
	}
}

// Write takes p and seals the chunks that it fills. An error is that of dst, or io.ErrShortWrite; it stays.
func (w *Writer) Write(p []byte) (n int, err error) {
	if w.closed {
		return 0, errClosed
	}
	for len(p) > 0 && w.err == nil {
		if len(w.held) == ChunkSize {
			w.seal(tagMessage)
			continue // what was held is sealed, or the Writer broke
		}
		took := min(len(p), ChunkSize-len(w.held))
		w.held = append(w.held, p[:took]...)
		p, n = p[took:], n+took
	}
	return n, w.err
}

// Close seals the last chunk, gives dst the rest, and leaves dst open. Nothing can be written after it, and another Close
// returns what the first did.
func (w *Writer) Close() error {
	if w.closed {
		return w.err
	}
	w.closed = true
	if w.err == nil && len(w.held) > 0 {
		w.seal(tagFinal)
	}
	if w.err == nil {
		w.flush()
	}
	return w.err
}

// Format keeps the key out of every text.
func (w *Writer) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "secretstream.Writer") }

// seal makes a chunk of what is held.
func (w *Writer) seal(t tag) {
	if len(w.sealed)+frameSize > cap(w.sealed) {
		w.flush()
	}
	w.sealed = w.st.seal(w.sealed, w.held, t)
	w.held = w.held[:0]
}

func (w *Writer) flush() {
	n, err := w.dst.Write(w.sealed)
	if err == nil && n < len(w.sealed) {
		err = io.ErrShortWrite
	}
	w.err = err
	w.sealed = w.sealed[:0]
}
