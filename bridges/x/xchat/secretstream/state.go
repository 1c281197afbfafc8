package secretstream

import (
	"crypto/subtle"
	"encoding/binary"

	"golang.org/x/crypto/chacha20"
	"golang.org/x/crypto/poly1305" //nolint:staticcheck // no other package of it lets us pad as libsodium does
)

// tag says what a chunk is. https://doc.libsodium.org/secret-key_cryptography/secretstream#encryption
type tag byte

const (
	tagMessage tag = 0
	tagPush    tag = 1 // ends a set of messages; it changes nothing here
	tagRekey   tag = 2 // the next chunk has another key
	tagFinal   tag = tagPush | tagRekey
)

const (
	blockSize   = 64
	counterSize = 4
	macSize     = poly1305.TagSize
)

// state is what both ends keep in step, chunk by chunk.
type state struct {
	key   [chacha20.KeySize]byte
	nonce [chacha20.NonceSize]byte // a counter, little endian, and 8 bytes that each MAC changes (inonce)
}

// head is the first two blocks of a chunk's key stream: one is the MAC's key, and one hides the tag.
type head [2 * blockSize]byte

func newState(key *[32]byte, header *[HeaderSize]byte) state {
	var s state
	sub, _ := chacha20.HChaCha20(key[:], header[:16]) // fails for other lengths alone
	copy(s.key[:], sub)
	copy(s.nonce[counterSize:], header[16:])
	s.setCounter(1)
	return s
}

func (s *state) counter() uint32 { return binary.LittleEndian.Uint32(s.nonce[:]) }

func (s *state) setCounter(n uint32) { binary.LittleEndian.PutUint32(s.nonce[:], n) }

// seal appends the sealed chunk to dst.
func (s *state) seal(dst, plain []byte, t tag) []byte {
	var h head
	h[blockSize] = byte(t)
	stream, _ := chacha20.NewUnauthenticatedCipher(s.key[:], s.nonce[:]) // fails for other lengths alone
	stream.XORKeyStream(h[:], h[:])

	dst = append(dst, h[blockSize])
	at := len(dst)
	dst = append(dst, plain...)
	stream.XORKeyStream(dst[at:], dst[at:])
	mac := authenticate(&h, dst[at:])
	s.advance(&mac, t)
	return append(dst, mac[:]...)
}

// open appends the plaintext of a chunk to dst, and says what the chunk is. When the chunk is not authentic, ok is false
// and nothing was decrypted.
func (s *state) open(dst, frame []byte) (plain []byte, t tag, ok bool) {
	if len(frame) < Overhead {
		return dst, 0, false
	}
	var h head
	stream, _ := chacha20.NewUnauthenticatedCipher(s.key[:], s.nonce[:]) // fails for other lengths alone
	stream.XORKeyStream(h[:], h[:])
	t = tag(frame[0] ^ h[blockSize])
	h[blockSize] = frame[0]

	sealed, theirs := frame[1:len(frame)-macSize], frame[len(frame)-macSize:]
	mac := authenticate(&h, sealed)
	if subtle.ConstantTimeCompare(mac[:], theirs) != 1 {
		return dst, 0, false
	}
	at := len(dst)
	dst = append(dst, sealed...)
	stream.XORKeyStream(dst[at:], dst[at:])
	s.advance(&mac, t)
	return dst, t, true
}

// authenticate is the MAC over a chunk: the encrypted block of its tag, the sealed bytes, and the lengths.
func authenticate(h *head, sealed []byte) (mac [macSize]byte) {
	m := poly1305.New((*[32]byte)(h[:32]))
	_, _ = m.Write(h[blockSize:]) // never fails
	_, _ = m.Write(sealed)

	// libsodium means to fill up to 16 bytes and gets the sign wrong: it adds (0x10 - 64 + length) & 0xf zeros, which is
	// length % 16. https://github.com/jedisct1/libsodium/blob/1.0.18/src/libsodium/crypto_secretstream/xchacha20poly1305/secretstream_xchacha20poly1305.c
	var tail [macSize + 16]byte
	lengths := tail[len(sealed)%16:][:16]
	binary.LittleEndian.PutUint64(lengths[8:], uint64(blockSize+len(sealed))) // the first length is of additional data: none
	_, _ = m.Write(tail[:len(sealed)%16+16])
	m.Sum(mac[:0])
	return mac
}

// advance makes the state that of the next chunk.
func (s *state) advance(mac *[macSize]byte, t tag) {
	inonce := s.nonce[counterSize:]
	subtle.XORBytes(inonce, inonce, mac[:])
	s.setCounter(s.counter() + 1)
	if t&tagRekey != 0 || s.counter() == 0 {
		s.rekey()
	}
}

// rekey encrypts the key and the inonce with themselves.
func (s *state) rekey() {
	var next [chacha20.KeySize + chacha20.NonceSize - counterSize]byte
	copy(next[:], s.key[:])
	copy(next[chacha20.KeySize:], s.nonce[counterSize:])
	stream, _ := chacha20.NewUnauthenticatedCipher(s.key[:], s.nonce[:]) // fails for other lengths alone
	stream.XORKeyStream(next[:], next[:])
	copy(s.key[:], next[:])
	copy(s.nonce[counterSize:], next[chacha20.KeySize:])
	s.setCounter(1)
}
