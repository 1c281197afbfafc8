package secretstream

import "io"

// NewWriterWith is NewWriter with a header that is chosen.
func NewWriterWith(dst io.Writer, key *[32]byte, header *[HeaderSize]byte) *Writer {
	return newWriter(dst, key, header)
}

// StartAt sets the number of the first chunk.
func (w *Writer) StartAt(counter uint32) { w.st.setCounter(counter) }

// StartAt reads the header and sets the number of the first chunk.
func (r *Reader) StartAt(counter uint32) {
	r.err = r.begin()
	r.st.setCounter(counter)
}
