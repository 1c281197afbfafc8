package interop_test

import (
	"encoding/base64"
	"strconv"
	"testing"

	"github.com/roost-im/roost/bridges/x/xchat"
)

// person is somebody whose keys both sides hold.
type person struct {
	xchat.PublicKeys
	instance // of the SDK, whose session is theirs
	keys     *xchat.Keys
}

func (p person) author() xchat.Author {
	return xchat.Author{Keys: p.keys, User: p.User, Version: p.Version}
}

// world is some people, and what X lists of them.
type world struct {
	*testing.T
	sdk       *sdk
	directory *xchat.Directory
	people    []person
}

// users are the first people of each world: the IDs of two have other lengths, and those of the others are like today's.
var users = []string{"22", "1111111111", "1893412345678901234", "1893412345678901235"}

// setup makes a world of n people. Every other one's keys are made by the SDK, and the rest by us.
func setup(t *testing.T, n int) *world {
	t.Helper()
	w := &world{T: t, sdk: startSDK(t), directory: &xchat.Directory{}}
	for i, user := range users[:n] {
		keys := madeByUs(t)
		chat := w.sdk.newInstance(t, user)
		if i%2 == 0 {
			keys = madeBySDK(t, chat)
		}
		w.settle(chat, keys, user, strconv.Itoa(1700000000000+i))
	}
	w.list()
	return w
}

// settle registers somebody's keys under a version.
func (w *world) settle(chat instance, keys *xchat.Keys, user, version string) {
	w.Helper()
	chat.must("importKeys", nil, octets(keys.Blob()), version)
	chat.must("setIdentity", nil, user, version)
	p := person{PublicKeys: keys.Public(), instance: chat, keys: keys}
	p.User, p.Version = user, version
	if n := w.directory.Learn(user, []xchat.PublicKeys{p.PublicKeys}); n != 0 {
		w.Fatalf("the keys of %s are not bound", user)
	}
	w.people = append(w.people, p)
}

// fresh is somebody whose SDK remembers nothing of what it has read.
func (w *world) fresh(p person) person {
	w.Helper()
	p.instance = w.sdk.newInstance(w.T, p.User+" again")
	p.must("importKeys", nil, octets(p.keys.Blob()), p.Version)
	p.must("setIdentity", nil, p.User, p.Version)
	p.must("setSigningKeys", nil, w.signers())
	return p
}

// list tells everybody's SDK everybody's public keys.
func (w *world) list() {
	w.Helper()
	for _, p := range w.people {
		p.must("setSigningKeys", nil, w.signers())
	}
}

func (w *world) signers() []signer {
	all := make([]signer, len(w.people))
	for i, p := range w.people {
		all[i] = signer{p.User, p.Version, encode(p.Signing), encode(p.Identity), encode(p.Binding)}
	}
	return all
}

// signer is a person's public keys as the SDK verifies with them.
type signer struct {
	User     string `json:"userId"`
	Version  string `json:"publicKeyVersion"`
	Signing  string `json:"publicKey"`
	Identity string `json:"identityPublicKey"`
	Binding  string `json:"identityPublicKeySignature"`
}

// recipient is a person's public key as the SDK wraps keys for it.
type recipient struct {
	User     string `json:"userId"`
	Identity string `json:"publicKey"`
	Version  string `json:"keyVersion"`
}

func recipients(people []person) []recipient {
	all := make([]recipient, len(people))
	for i, p := range people {
		all[i] = recipient{p.User, encode(p.Identity), p.Version}
	}
	return all
}

func publics(people []person) []xchat.PublicKeys {
	all := make([]xchat.PublicKeys, len(people))
	for i, p := range people {
		all[i] = p.PublicKeys
	}
	return all
}

func madeByUs(t *testing.T) *xchat.Keys {
	t.Helper()
	keys, err := xchat.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func madeBySDK(t *testing.T, chat instance) *xchat.Keys {
	t.Helper()
	var blob octets
	chat.must("generateKeypairs", nil)
	chat.must("exportKeys", &blob)
	keys, err := xchat.ParseBlob(blob)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func encode(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func decode(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatalf("%q is no base64: %v", s, err)
	}
	return b
}
