package xchat

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/big"
)

const (
	scalarSize = 32
	pointSize  = 65 // 0x04, x and y
	blobSize   = 2 * scalarSize
	halfSize   = 32 // of each half of a signature
)

// Keys are an account's private keys: identity, which opens conversation keys, and signing. They are made once and kept;
// whoever has them reads and writes as the account. No verb prints them. They are safe for concurrent use.
type Keys struct {
	// A func, because fmt asks nothing in an unexported field for its methods, and looks into pointers there when a verb does
	// not fit.
	private func() (identity *ecdh.PrivateKey, signing *ecdsa.PrivateKey)
}

func hide(identity *ecdh.PrivateKey, signing *ecdsa.PrivateKey) *Keys {
	return &Keys{private: func() (*ecdh.PrivateKey, *ecdsa.PrivateKey) { return identity, signing }}
}

func (k *Keys) identity() *ecdh.PrivateKey {
	identity, _ := k.private()
	return identity
}

func (k *Keys) signing() *ecdsa.PrivateKey {
	_, signing := k.private()
	return signing
}

// NewKeys makes keys that nobody has had before.
func NewKeys() (*Keys, error) {
	identity, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("xchat: make keys: %w", err)
	}
	signing, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("xchat: make keys: %w", err)
	}
	return hide(identity, signing), nil
}

// ErrBlob says that bytes are no keys.
var ErrBlob = errors.New("xchat: this is no key blob: it must be 64 bytes, the identity key and the signing key")

// ParseBlob reads what X's own SDK exports: the two private numbers, identity first, 32 bytes each. It returns ErrBlob for
// anything else, also for a blob of the identity alone, with which nothing can be sent.
func ParseBlob(blob []byte) (*Keys, error) {
	if len(blob) != blobSize {
		return nil, ErrBlob
	}
	identity, err := ecdh.P256().NewPrivateKey(blob[:scalarSize])
	if err != nil {
		return nil, ErrBlob // the cause may show the number
	}
	signing, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), blob[scalarSize:])
	if err != nil {
		return nil, ErrBlob
	}
	return hide(identity, signing), nil
}

// ParseBlobText is ParseBlob of base64, with or without padding and white space around it.
func ParseBlobText(s string) (*Keys, error) {
	b, err := decode64(string(bytes.TrimSpace([]byte(s))))
	if err != nil {
		return nil, ErrBlob
	}
	return ParseBlob(b)
}

// Blob is the keys as X's own SDK exports them. It is not encrypted.
func (k *Keys) Blob() []byte {
	signing, err := k.signing().Bytes()
	if err != nil {
		panic(err) // NewKeys and ParseBlob make sound keys only
	}
	return append(k.identity().Bytes(), signing...)
}

// String shows that there are keys, and none of them.
func (k *Keys) String() string { return "xchat keys" }

// Format is String for every verb.
func (k *Keys) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// Public is the keys' public side, with the signature that binds its halves.
func (k *Keys) Public() PublicKeys {
	identity := spki(k.identity().PublicKey())
	return PublicKeys{Identity: identity, Signing: k.signingSPKI(), Binding: k.sign(identity)}
}

func (k *Keys) signingSPKI() []byte {
	p, err := k.signing().PublicKey.ECDH()
	if err != nil {
		panic(err) // on P-256 there is one
	}
	return spki(p)
}

// Registration is what X is given with POST /2/users/{id}/public_keys. Version is a moment in milliseconds; X answers
// with the one that it chose. https://docs.x.com/xchat/getting-started
type Registration struct {
	PublicKey struct {
		IdentitySignature string `json:"identity_public_key_signature"` // by the signing key
		Identity          string `json:"public_key"`
		Fingerprint       string `json:"public_key_fingerprint"`
		Method            string `json:"registration_method"`
		Signing           string `json:"signing_public_key"`
		SigningSignature  string `json:"signing_public_key_signature"` // by the identity key
	} `json:"public_key"`
	Version         string `json:"version"`
	GenerateVersion bool   `json:"generate_version"`
}

// Registration is how the keys' public side is registered.
func (k *Keys) Registration(version string) (Registration, error) {
	pub := k.Public()
	identity, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), k.identity().Bytes())
	if err != nil {
		return Registration{}, fmt.Errorf("xchat: register: %w", err)
	}
	var r Registration
	enc := base64.StdEncoding.EncodeToString
	r.PublicKey.IdentitySignature = enc(pub.Binding)
	r.PublicKey.Identity = enc(pub.Identity)
	r.PublicKey.Fingerprint = pub.Fingerprint()
	r.PublicKey.Method = "CustomPin"
	r.PublicKey.Signing = enc(pub.Signing)
	r.PublicKey.SigningSignature = enc(sign(identity, pub.Signing))
	r.Version, r.GenerateVersion = version, true
	return r, nil
}

// PublicKeys are one person's public keys of one version, as X lists them.
type PublicKeys struct {
	User     string
	Version  string // digits; larger is newer
	Identity []byte // SPKI, or the bare point
	Signing  []byte // SPKI, or the bare point
	Binding  []byte // the signing key's signature of Identity, in the encoding in which it is listed
}

// ErrUnbound says that a person's two keys don't belong together, so the server or somebody in between has changed one.
var ErrUnbound = errors.New("xchat: the public keys don't belong together")

// Bound returns nil when the signing key has signed the identity key, and ErrUnbound otherwise. Keys that are not bound
// must not be used.
func (p PublicKeys) Bound() error {
	if _, err := point(p.Identity); err != nil {
		return ErrUnbound
	}
	signing, err := verifier(p.Signing)
	if err != nil || !verify(signing, p.Binding, p.Identity) {
		return ErrUnbound
	}
	return nil
}

// Same says whether both are the same keys, whatever their encoding; X lists SPKI where its SDK shows the bare point.
func (p PublicKeys) Same(o PublicKeys) bool {
	return sameKey(p.Identity, o.Identity) && sameKey(p.Signing, o.Signing)
}

// Fingerprint is what two people can compare: SHA-256 of the identity key's SPKI in base64 for URLs, without padding. It
// is empty when the identity is no key.
func (p PublicKeys) Fingerprint() string {
	identity, err := point(p.Identity)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(spki(identity))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func sameKey(a, b []byte) bool {
	if len(a) < pointSize || len(b) < pointSize {
		return false
	}
	return subtle.ConstantTimeCompare(a[len(a)-pointSize:], b[len(b)-pointSize:]) == 1
}

// spki is a public key as SubjectPublicKeyInfo, which has 91 bytes.
func spki(p *ecdh.PublicKey) []byte {
	b, err := x509.MarshalPKIXPublicKey(p)
	if err != nil {
		panic(err) // P-256 is known there
	}
	return b
}

// point reads a public key in either encoding.
func point(b []byte) (*ecdh.PublicKey, error) {
	if len(b) < pointSize {
		return nil, errors.New("xchat: this is no public key")
	}
	p, err := ecdh.P256().NewPublicKey(b[len(b)-pointSize:])
	if err != nil || len(b) != pointSize && !bytes.Equal(b, spki(p)) {
		return nil, errors.New("xchat: this is no public key")
	}
	return p, nil
}

// verifier reads a public key in either encoding, to verify signatures with it.
func verifier(b []byte) (*ecdsa.PublicKey, error) {
	p, err := point(b)
	if err != nil {
		return nil, err
	}
	return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), p.Bytes())
}

// sign signs msg with the signing key: r and s, 32 bytes each.
func (k *Keys) sign(msg []byte) []byte { return sign(k.signing(), msg) }

func sign(key *ecdsa.PrivateKey, msg []byte) []byte {
	sum := sha256.Sum256(msg)
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		panic(err) // the keys are sound, and crypto/rand does not fail
	}
	sig := make([]byte, 2*halfSize)
	r.FillBytes(sig[:halfSize])
	s.FillBytes(sig[halfSize:])
	return sig
}

// verify says whether sig is the signature of msg.
func verify(key *ecdsa.PublicKey, sig, msg []byte) bool {
	if len(sig) != 2*halfSize {
		return false
	}
	sum := sha256.Sum256(msg)
	r, s := new(big.Int).SetBytes(sig[:halfSize]), new(big.Int).SetBytes(sig[halfSize:])
	return ecdsa.Verify(key, sum[:], r, s)
}
