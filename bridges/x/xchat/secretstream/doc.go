// Package secretstream seals and opens a file as X's encrypted chats carry it: libsodium's
// crypto_secretstream_xchacha20poly1305, cut into chunks of 1024 bytes of plaintext.
//
// A sealed stream is a header, that is the nonce, and then the chunks, each 17 bytes longer than its plaintext: its tag,
// encrypted, and its MAC. All chunks but the last carry TAG_MESSAGE; the last carries TAG_FINAL, and is full when the
// plaintext is a multiple of 1024 bytes. Each chunk is bound to all before it, so none can be changed, left out, moved or
// said twice, and a stream without its last chunk is seen to be cut. The construction is described at
// https://doc.libsodium.org/secret-key_cryptography/secretstream and the sizes are those of X's own SDK,
// https://github.com/xdevplatform/chat-xdk.
//
// X seals an empty file as the header alone. So a stream that was cut right behind its header reads as an empty file, and
// nothing in the stream says otherwise: whoever reads a file holds what came against the size in the message that
// brought it, which is signed.
//
// The MAC is made with the poly1305 package that golang.org/x/crypto calls deprecated, because ChaCha20-Poly1305 pads what
// it authenticates in another way than libsodium does here.
package secretstream

import (
	"errors"
	"fmt"
)

// The sizes of a sealed stream, in bytes.
const (
	HeaderSize = 24   // before the first chunk
	ChunkSize  = 1024 // of plaintext in each chunk but the last, which has 1 to 1024
	Overhead   = 17   // that a chunk is longer than its plaintext
)

const (
	frameSize = ChunkSize + Overhead // of a full chunk, sealed
	batch     = 64                   // chunks that go to a destination at once, or come from a source
)

var (
	// ErrTruncated says that a stream ended before its last chunk.
	ErrTruncated = errors.New("the encrypted stream ends too early")
	// ErrCorrupt says that a stream, or the key, is not the one that was sealed.
	ErrCorrupt = errors.New("the encrypted stream is not authentic")

	errCut    = fmt.Errorf("%w, or %w", ErrTruncated, ErrCorrupt)
	errClosed = errors.New("the encrypted stream is closed")
)

// Size is how many bytes a plaintext of so many bytes has when it is sealed. A plaintext has from 0 to 1<<62 bytes.
func Size(plain int64) int64 {
	chunks := (plain + ChunkSize - 1) / ChunkSize
	return HeaderSize + plain + chunks*Overhead
}
