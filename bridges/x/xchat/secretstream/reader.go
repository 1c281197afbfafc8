package secretstream

import (
	"bufio"
	"fmt"
	"io"
)

// Reader opens a sealed stream. One goroutine at a time uses it.
type Reader struct {
	src   *bufio.Reader
	key   [32]byte
	st    state // once the header was read
	begun bool
	last  bool   // the last chunk was opened
	plain []byte // what was opened and not given out yet; a part of chunk
	chunk [ChunkSize]byte
	err   error // what comes after plain
}

// NewReader returns a Reader of the plaintext of src, which was sealed under key. It does not keep the pointer.
func NewReader(src io.Reader, key *[32]byte) *Reader {
	return &Reader{src: bufio.NewReaderSize(src, batch*frameSize), key: *key}
}

// Read gives out plaintext of chunks that are authentic. The plaintext is whole when Read returns io.EOF: the last chunk
// was read and src has ended. ErrTruncated says that src ended before; ErrCorrupt, that a chunk is not authentic or has a
// tag that libsodium doesn't know, or that something follows the last chunk. A stream that ends in the middle of a chunk
// may have been cut or changed, and is both. A failure of src is returned as it is. Errors stay.
//
// The bare header is an empty plaintext, and is also what remains of a stream that was cut behind it: see the package
// comment.
func (r *Reader) Read(p []byte) (n int, err error) {
	for n < len(p) && r.ready(n > 0) {
		took := copy(p[n:], r.plain)
		r.plain = r.plain[took:]
		n += took
	}
	if n == 0 && len(p) > 0 {
		return 0, r.err
	}
	return n, nil
}

// Format keeps the key out of every text.
func (r *Reader) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "secretstream.Reader") }

// ready says whether there is plaintext, and opens a chunk for it where there is none. With atOnce, it opens only what
// src gave already, so that plaintext that is there does not wait for more.
func (r *Reader) ready(atOnce bool) bool {
	for len(r.plain) == 0 && r.err == nil {
		if atOnce && r.src.Buffered() < frameSize {
			return false
		}
		r.err = r.next()
	}
	return len(r.plain) > 0
}

// next opens a chunk, which may be an empty one.
func (r *Reader) next() error {
	if !r.begun {
		return r.begin()
	}
	frame, err := r.src.Peek(frameSize) // fewer bytes at the end alone
	switch {
	case err != nil && err != io.EOF:
		return err
	case len(frame) == 0 && r.last:
		return io.EOF
	case len(frame) == 0:
		return ErrTruncated
	case r.last:
		return ErrCorrupt
	}
	plain, t, ok := r.st.open(r.chunk[:0], frame)
	switch {
	case !ok && len(frame) < frameSize:
		return errCut
	case !ok || t > tagFinal:
		return ErrCorrupt
	}
	r.plain, r.last = plain, t == tagFinal
	_, err = r.src.Discard(len(frame))
	return err
}

// begin reads the header. It returns io.EOF when nothing follows: the plaintext is empty.
func (r *Reader) begin() error {
	header, err := r.src.Peek(HeaderSize)
	switch {
	case err == io.EOF:
		return ErrTruncated
	case err != nil:
		return err
	}
	r.st, r.begun = newState(&r.key, (*[HeaderSize]byte)(header)), true
	if _, err = r.src.Discard(HeaderSize); err != nil {
		return err
	}
	_, err = r.src.Peek(1)
	return err
}
