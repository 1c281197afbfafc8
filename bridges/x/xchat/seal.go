package xchat

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/nacl/secretbox"
)

const (
	keySize     = 32 // of a conversation key
	nonceSize   = 24
	aesKeySize  = 16
	aesNonce    = 16 // not the usual 12: it is the protocol's
	wrappedSize = pointSize + keySize + 16
	mostSealed  = 1 << 20 // bytes of a message
)

// ConversationKey is the secret that everybody in a conversation shares, of one version. No verb prints it. The zero value
// is no key: it opens nothing, and nothing is written with it. Keys can't be compared with ==; compare what Secret gives, in
// constant time.
type ConversationKey struct {
	_ [0]func() // not comparable

	Version string // digits; larger is newer

	// A func, because fmt asks nothing in an unexported field for its methods, and looks into pointers there when a verb does
	// not fit. What it gives must not be changed.
	secret func() *[keySize]byte
}

func hidden(version string, secret *[keySize]byte) ConversationKey {
	return ConversationKey{Version: version, secret: func() *[keySize]byte { return secret }}
}

// NewConversationKey makes a key that nobody has had before.
func NewConversationKey(version string) ConversationKey {
	var secret [keySize]byte
	_, _ = rand.Read(secret[:]) // never fails
	return hidden(version, &secret)
}

// ParseConversationKey reads what Secret gave.
func ParseConversationKey(version string, secret []byte) (ConversationKey, error) {
	if len(secret) != keySize {
		return ConversationKey{}, errors.New("xchat: a conversation key must be 32 bytes")
	}
	return hidden(version, new([keySize]byte(secret))), nil
}

// IsZero says whether there is no key.
func (k ConversationKey) IsZero() bool { return k.secret == nil }

// Secret is a copy of the key itself, for keeping it and for secretstream; nil for the zero value. It is not encrypted.
func (k ConversationKey) Secret() *[32]byte {
	if k.secret == nil {
		return nil
	}
	return new(*k.secret())
}

// String shows the version alone.
func (k ConversationKey) String() string { return "conversation key " + k.Version }

// Format is String for every verb.
func (k ConversationKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// seal encrypts with XSalsa20-Poly1305: a random nonce, then the box.
func (k ConversationKey) seal(plain []byte) []byte {
	var nonce [nonceSize]byte
	_, _ = rand.Read(nonce[:]) // never fails
	return secretbox.Seal(nonce[:], plain, &nonce, k.secret())
}

// open undoes seal. Its error is ErrSealed, whatever is wrong; the tag is compared in constant time.
func (k ConversationKey) open(sealed []byte) ([]byte, error) {
	if k.IsZero() || len(sealed) < nonceSize+secretbox.Overhead || len(sealed) > mostSealed {
		return nil, ErrSealed
	}
	plain, ok := secretbox.Open(nil, sealed[nonceSize:], (*[nonceSize]byte)(sealed), k.secret())
	if !ok {
		return nil, ErrSealed
	}
	return plain, nil
}

// SealText encrypts a single text, as names of groups are: base64 of nonce and box. What is no UTF-8 in it is replaced. The key
// must not be the zero value.
func (k ConversationKey) SealText(s string) string {
	return base64.StdEncoding.EncodeToString(k.seal([]byte(strings.ToValidUTF8(s, "\uFFFD"))))
}

// OpenText undoes SealText. Its error wraps ErrSealed, whatever is wrong.
func (k ConversationKey) OpenText(sealed string) (string, error) {
	b, err := decode64(sealed)
	if err != nil {
		return "", fmt.Errorf("xchat: open text: %w", ErrSealed)
	}
	plain, err := k.open(b)
	if err != nil {
		return "", fmt.Errorf("xchat: open text: %w", err)
	}
	return strings.ToValidUTF8(string(plain), "\uFFFD"), nil
}

// wrap encrypts a conversation key for one person: ECIES with a key of the moment, whose public point stands in front.
func (k ConversationKey) wrap(to *ecdh.PublicKey) ([]byte, error) {
	moment, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	shared, err := moment.ECDH(to)
	if err != nil {
		return nil, err
	}
	front := moment.PublicKey().Bytes()
	aead, nonce, err := stretch(shared, front)
	if err != nil {
		return nil, err
	}
	return aead.Seal(front, nonce, k.secret()[:], nil), nil
}

// unwrap undoes wrap. Its error is ErrSealed, whatever is wrong; the tag is compared in constant time.
func (k *Keys) unwrap(version string, wrapped []byte) (ConversationKey, error) {
	if len(wrapped) != wrappedSize {
		return ConversationKey{}, ErrSealed
	}
	moment, err := ecdh.P256().NewPublicKey(wrapped[:pointSize])
	if err != nil {
		return ConversationKey{}, ErrSealed
	}
	shared, err := k.identity().ECDH(moment)
	if err != nil {
		return ConversationKey{}, ErrSealed
	}
	aead, nonce, err := stretch(shared, wrapped[:pointSize])
	if err != nil {
		return ConversationKey{}, ErrSealed
	}
	secret, err := aead.Open(nil, nonce, wrapped[pointSize:], nil)
	if err != nil {
		return ConversationKey{}, ErrSealed
	}
	return ParseConversationKey(version, secret)
}

// stretch is the X9.63 derivation of a cipher and its nonce from what two keys share. One round of SHA-256 gives all 32
// bytes that are needed.
func stretch(shared, info []byte) (aead cipher.AEAD, nonce []byte, err error) {
	b := make([]byte, 0, len(shared)+4+len(info))
	b = append(b, shared...)
	b = binary.BigEndian.AppendUint32(b, 1)
	out := sha256.Sum256(append(b, info...))
	block, err := aes.NewCipher(out[:aesKeySize])
	if err != nil {
		return nil, nil, err
	}
	aead, err = cipher.NewGCMWithNonceSize(block, aesNonce)
	return aead, out[aesKeySize:], err
}

// decode64 reads base64 with or without padding.
func decode64(s string) ([]byte, error) {
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
}
