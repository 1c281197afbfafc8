package interop_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math/big"
	"slices"
	"testing"

	"github.com/roost-im/roost/bridges/x/xchat"
)

// TestBlob carries keys from each side to the other and back.
func TestBlob(t *testing.T) {
	t.Parallel()
	s := startSDK(t)
	for _, tc := range []struct {
		name string
		keys func(instance) *xchat.Keys
	}{
		{"made by us", func(instance) *xchat.Keys { return madeByUs(t) }},
		{"made by the SDK", func(i instance) *xchat.Keys { return madeBySDK(t, i) }},
	} {
		keys := tc.keys(s.newInstance(t, tc.name))
		i := s.newInstance(t, tc.name+", imported")
		i.must("importKeys", nil, octets(keys.Blob()), "1")
		var blob octets
		if i.must("exportKeys", &blob); !bytes.Equal(blob, keys.Blob()) {
			t.Errorf("%s: the SDK exports another blob than it imported", tc.name)
		}
		again, err := xchat.ParseBlobText(encode(blob) + "\n")
		if err != nil || !bytes.Equal(again.Blob(), blob) {
			t.Errorf("%s: we export another blob than we imported: %v", tc.name, err)
		}
		i.checkPublic(keys.Public())
	}
}

// checkPublic compares the public side of somebody's keys with what the SDK makes of the same keys.
func (i instance) checkPublic(want xchat.PublicKeys) {
	i.Helper()
	var public struct{ Identity, Signing string }
	i.must("getPublicKeys", &public)
	bare := xchat.PublicKeys{Identity: decode(i.T, public.Identity), Signing: decode(i.T, public.Signing)}
	if !want.Same(bare) || !bare.Same(want) {
		i.Error("the SDK derives other public keys")
	}
	var fingerprint string
	if i.must("getPublicKeyFingerprint", &fingerprint); fingerprint != want.Fingerprint() || fingerprint != bare.Fingerprint() {
		i.Errorf("the fingerprint is %s and %s, for the SDK it is %s", want.Fingerprint(), bare.Fingerprint(), fingerprint)
	}
	for key, registered := range map[string]bool{
		encode(want.Identity): true, public.Identity: true, encode(want.Signing): false, public.Signing: false,
		encode(madeByUs(i.T).Public().Identity): false,
	} {
		var matches bool
		if i.must("matchesRegisteredKey", &matches, key); matches != registered {
			i.Errorf("for the SDK %s is the registered key: %v, want %v", key, matches, registered)
		}
		if got := want.Same(xchat.PublicKeys{Identity: decode(i.T, key), Signing: want.Signing}); got != registered {
			i.Errorf("for us %s is the registered key: %v, want %v", key, got, registered)
		}
	}
}

// TestBadBlob shows both sides what is no blob. The SDK takes one of the identity alone, with which one can't write.
func TestBadBlob(t *testing.T) {
	t.Parallel()
	i := startSDK(t).newInstance(t, "nobody")
	good := madeByUs(t).Blob()
	order := elliptic.P256().Params().N.Bytes()
	for _, tc := range []struct {
		name string
		blob []byte
	}{
		{"nothing", nil},
		{"a byte", good[:1]},
		{"half of a key", good[:16]},
		{"one byte less", good[:63]},
		{"one byte more", append(slices.Clone(good), 0)},
		{"twice", append(slices.Clone(good), good...)},
		{"identity is zero", append(make([]byte, 32), good[32:]...)},
		{"signing is zero", append(slices.Clone(good[:32]), make([]byte, 32)...)},
		{"identity is the order", append(slices.Clone(order), good[32:]...)},
		{"signing is the order", append(slices.Clone(good[:32]), order...)},
	} {
		if _, err := xchat.ParseBlob(tc.blob); !errors.Is(err, xchat.ErrBlob) {
			t.Errorf("%s: %v, want ErrBlob", tc.name, err)
		}
		if err := i.try("importKeys", nil, octets(tc.blob), "1"); err == nil {
			t.Errorf("%s: the SDK imports it", tc.name)
		}
	}
}

// registration is the payload that the SDK makes.
type registration struct {
	PublicKey struct {
		IdentitySignature string `json:"identityPublicKeySignature"`
		Identity          string `json:"publicKey"`
		Fingerprint       string `json:"publicKeyFingerprint"`
		Method            string `json:"registrationMethod"`
		Signing           string `json:"signingPublicKey"`
		SigningSignature  string `json:"signingPublicKeySignature"`
	} `json:"publicKey"`
	Version         string `json:"version"`
	GenerateVersion bool   `json:"generateVersion"`
}

// TestRegistration registers the same keys from both sides: all that is not a signature is equal, and the signatures hold on
// the other side.
func TestRegistration(t *testing.T) {
	t.Parallel()
	i := startSDK(t).newInstance(t, "somebody")
	var theirs registration
	i.must("generateKeypairs", &theirs)
	var blob octets
	i.must("exportKeys", &blob)
	keys, err := xchat.ParseBlob(blob)
	if err != nil {
		t.Fatal(err)
	}
	made, err := keys.Registration(theirs.Version)
	if err != nil {
		t.Fatal(err)
	}
	ours := registration(made)
	listed := func(r registration) xchat.PublicKeys {
		return xchat.PublicKeys{
			Identity: decode(t, r.PublicKey.Identity), Signing: decode(t, r.PublicKey.Signing),
			Binding: decode(t, r.PublicKey.IdentitySignature),
		}
	}
	for name, r := range map[string]registration{"ours": ours, "the SDK's": theirs} {
		if err := listed(r).Bound(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var bound, reverse bool
		if i.must("verifyKeyBinding", &bound, r.PublicKey.Identity, r.PublicKey.Signing, r.PublicKey.IdentitySignature); !bound {
			t.Errorf("%s: the SDK says that the keys are not bound", name)
		}
		signature, signing := decode(t, r.PublicKey.SigningSignature), decode(t, r.PublicKey.Signing)
		i.must("verify", &reverse, r.PublicKey.Identity, octets(signature), octets(signing))
		if !reverse || !holds(t, decode(t, r.PublicKey.Identity), signature, signing) {
			t.Errorf("%s: the identity key has not signed the signing key", name)
		}
	}
	ours.PublicKey.IdentitySignature = theirs.PublicKey.IdentitySignature
	ours.PublicKey.SigningSignature = theirs.PublicKey.SigningSignature
	if ours != theirs {
		t.Errorf("we register %+v, the SDK %+v", ours, theirs)
	}
	i.checkUnbound(listed(theirs))
}

// checkUnbound changes one thing of the public keys after the other.
func (i instance) checkUnbound(good xchat.PublicKeys) {
	i.Helper()
	other := madeByUs(i.T).Public()
	flipped := slices.Clone(good.Binding)
	flipped[40] ^= 1
	for _, tc := range []struct {
		name string
		keys xchat.PublicKeys
	}{
		{"another identity", xchat.PublicKeys{Identity: other.Identity, Signing: good.Signing, Binding: good.Binding}},
		{"another signing key", xchat.PublicKeys{Identity: good.Identity, Signing: other.Signing, Binding: good.Binding}},
		{"another binding", xchat.PublicKeys{Identity: good.Identity, Signing: good.Signing, Binding: other.Binding}},
		{"a flipped bit", xchat.PublicKeys{Identity: good.Identity, Signing: good.Signing, Binding: flipped}},
		{"a short binding", xchat.PublicKeys{Identity: good.Identity, Signing: good.Signing, Binding: good.Binding[:63]}},
		{"no binding", xchat.PublicKeys{Identity: good.Identity, Signing: good.Signing}},
		{"keys that are none", xchat.PublicKeys{Identity: good.Identity[:90], Signing: good.Signing, Binding: good.Binding}},
	} {
		if err := tc.keys.Bound(); !errors.Is(err, xchat.ErrUnbound) {
			i.Errorf("%s: %v, want ErrUnbound", tc.name, err)
		}
		var bound bool
		err := i.try("verifyKeyBinding", &bound, encode(tc.keys.Identity), encode(tc.keys.Signing), encode(tc.keys.Binding))
		if err == nil && bound {
			i.Errorf("%s: the SDK says that the keys are bound", tc.name)
		}
	}
}

// holds verifies a signature with the standard library alone.
func holds(t *testing.T, spki, signature, said []byte) bool {
	t.Helper()
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), spki[len(spki)-65:])
	if err != nil || len(signature) != 64 {
		t.Fatalf("key %s, signature of %d bytes: %v", hex.EncodeToString(spki), len(signature), err)
	}
	sum := sha256.Sum256(said)
	return ecdsa.Verify(key, sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
}
