package xchat_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/big"
	"slices"
	"strconv"
	"testing"

	"github.com/roost-im/roost/bridges/x/xchat"
)

// order is P-256's: private numbers are from 1 to it, without it.
func order() []byte { return elliptic.P256().Params().N.Bytes() }

func plus(b []byte, n int64) []byte {
	return new(big.Int).Add(new(big.Int).SetBytes(b), big.NewInt(n)).FillBytes(make([]byte, 32))
}

func TestBlobs(t *testing.T) {
	t.Parallel()
	one, zero, largest := plus(nil, 1), make([]byte, 32), plus(order(), -1)
	for _, tc := range []struct {
		name string
		blob []byte
		want error
	}{
		{"the smallest", slices.Concat(one, one), nil},
		{"the largest", slices.Concat(largest, largest), nil},
		{"nothing", nil, xchat.ErrBlob},
		{"one byte", []byte{1}, xchat.ErrBlob},
		{"31 bytes", one[1:], xchat.ErrBlob},
		{"32 bytes, the identity alone", one, xchat.ErrBlob},
		{"63 bytes", slices.Concat(one, one)[1:], xchat.ErrBlob},
		{"65 bytes", slices.Concat(one, one, []byte{0}), xchat.ErrBlob},
		{"96 bytes", slices.Concat(one, one, one), xchat.ErrBlob},
		{"zeros", make([]byte, 64), xchat.ErrBlob},
		{"a zero identity", slices.Concat(zero, one), xchat.ErrBlob},
		{"a zero signing key", slices.Concat(one, zero), xchat.ErrBlob},
		{"the curve's order first", slices.Concat(order(), one), xchat.ErrBlob},
		{"the curve's order second", slices.Concat(one, order()), xchat.ErrBlob},
		{"beyond it", slices.Concat(plus(order(), 1), one), xchat.ErrBlob},
		{"far beyond it", bytes.Repeat([]byte{0xff}, 64), xchat.ErrBlob},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			keys, err := xchat.ParseBlob(tc.blob)
			if !errors.Is(err, tc.want) || (keys == nil) != (tc.want != nil) {
				t.Fatalf("it is %v, want %v", err, tc.want)
			}
			if err == nil && !bytes.Equal(keys.Blob(), tc.blob) {
				t.Error("it is another one when it is exported again")
			}
			if s := base(tc.blob); len(tc.blob) > 0 {
				if _, err := xchat.ParseBlobText(s); !errors.Is(err, tc.want) {
					t.Errorf("as text it is %v, want %v", err, tc.want)
				}
			}
		})
	}
}

func TestBlobTexts(t *testing.T) {
	t.Parallel()
	keys, err := xchat.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	blob := keys.Blob()
	for _, s := range []string{base(blob), raw(blob), " " + base(blob) + "\r\n", "\t" + raw(blob)} {
		if got, err := xchat.ParseBlobText(s); err != nil || !bytes.Equal(got.Blob(), blob) {
			t.Errorf("%d characters: %v", len(s), err)
		}
	}
	for _, s := range []string{"", "=", "AAAA", hex.EncodeToString(blob), base64.URLEncoding.EncodeToString(bytes.Repeat([]byte{0xfb}, 64)), string(blob), base(blob) + "!"} {
		if _, err := xchat.ParseBlobText(s); !errors.Is(err, xchat.ErrBlob) {
			t.Errorf("%q: %v, want ErrBlob", s, err)
		}
	}
	another, err := xchat.NewKeys()
	if err != nil || bytes.Equal(another.Blob(), blob) {
		t.Errorf("two keys are the same, %v", err)
	}
}

// bind is public keys of other making: whatever they are, Alice's signing key has signed the identity.
func bind(t *testing.T, identity []byte) xchat.PublicKeys {
	t.Helper()
	alice := newPerson(t, "1111")
	p := alice.listed()
	p.Identity, p.Binding = identity, alice.SignText(alice.event("e", pairID, nil), identity, "7").Signature.Value
	return p
}

func TestPublicKeys(t *testing.T) {
	t.Parallel()
	keys, err := xchat.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	good := keys.Public()
	point := good.Identity[len(good.Identity)-65:]
	x, y := new(big.Int).SetBytes(point[1:33]), new(big.Int).SetBytes(point[33:])
	offCurve := slices.Clone(point)
	offCurve[64] ^= 1
	other, err := ecdh.P384().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := x509.MarshalPKIXPublicKey(other.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	otherCurve := slices.Clone(good.Identity) // says that it is of another curve, and is of ours
	otherCurve[22] ^= 1
	with := func(change func(p *xchat.PublicKeys)) xchat.PublicKeys { p := good; change(&p); return p }
	for _, tc := range []struct {
		name string
		p    xchat.PublicKeys
		want error
	}{
		{"as they are made", good, nil},
		{"an identity as the bare point", bind(t, point), nil},
		{"a signing key as the bare point", with(func(p *xchat.PublicKeys) { p.Signing = p.Signing[26:] }), nil},
		{"an identity in another encoding than was signed", with(func(p *xchat.PublicKeys) { p.Identity = point }), xchat.ErrUnbound},
		{"an identity off the curve", bind(t, offCurve), xchat.ErrUnbound},
		{"an identity off the curve, as SPKI", bind(t, slices.Concat(good.Identity[:26], offCurve)), xchat.ErrUnbound},
		{"a compressed identity", bind(t, elliptic.MarshalCompressed(elliptic.P256(), x, y)), xchat.ErrUnbound},
		{"a hybrid identity", bind(t, slices.Concat([]byte{6 + point[64]&1}, point[1:])), xchat.ErrUnbound},
		{"the point at infinity", bind(t, []byte{0}), xchat.ErrUnbound},
		{"65 zeros", bind(t, make([]byte, 65)), xchat.ErrUnbound},
		{"SPKI of another curve", bind(t, p384), xchat.ErrUnbound},
		{"SPKI that names another curve", bind(t, otherCurve), xchat.ErrUnbound},
		{"something before the SPKI", bind(t, slices.Concat([]byte{0}, good.Identity)), xchat.ErrUnbound},
		{"something after the point", bind(t, slices.Concat(point, []byte{0})), xchat.ErrUnbound},
		{"no identity", bind(t, nil), xchat.ErrUnbound},
		{"no signing key", with(func(p *xchat.PublicKeys) { p.Signing = nil }), xchat.ErrUnbound},
		{"a signing key off the curve", with(func(p *xchat.PublicKeys) { p.Signing = offCurve }), xchat.ErrUnbound},
		{"another identity", with(func(p *xchat.PublicKeys) { p.Identity = p.Signing }), xchat.ErrUnbound},
		{"another signing key", with(func(p *xchat.PublicKeys) { p.Signing = p.Identity }), xchat.ErrUnbound},
		{"no binding", with(func(p *xchat.PublicKeys) { p.Binding = nil }), xchat.ErrUnbound},
		{"a wrong binding", with(func(p *xchat.PublicKeys) { p.Binding = bind(t, p.Identity).Binding }), xchat.ErrUnbound},
		{"a short binding", with(func(p *xchat.PublicKeys) { p.Binding = p.Binding[1:] }), xchat.ErrUnbound},
		{"nothing", xchat.PublicKeys{}, xchat.ErrUnbound},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if err := tc.p.Bound(); !errors.Is(err, tc.want) {
				t.Errorf("bound: %v, want %v", err, tc.want)
			}
			d := &xchat.Directory{}
			tc.p.Version = "1"
			_, _ = d.Learn("7", []xchat.PublicKeys{tc.p}), tc.p.Fingerprint()
			if _, ok := d.Keys("7", "1"); ok != (tc.want == nil) || !d.Knows("7") {
				t.Errorf("the directory has it: %v", ok)
			}
		})
	}
	if !good.Same(with(func(p *xchat.PublicKeys) { p.Identity, p.Signing = point, p.Signing[26:] })) {
		t.Error("the same keys in another encoding are not the same")
	}
	for name, other := range map[string]xchat.PublicKeys{
		"another identity":    with(func(p *xchat.PublicKeys) { p.Identity = p.Signing }),
		"another signing key": with(func(p *xchat.PublicKeys) { p.Signing = p.Identity }),
		"none":                {},
	} {
		if good.Same(other) || other.Same(good) || name == "none" && other.Same(other) {
			t.Errorf("%s: they are the same", name)
		}
	}
	if f := good.Fingerprint(); len(f) != 43 || f != with(func(p *xchat.PublicKeys) { p.Identity = point }).Fingerprint() || (xchat.PublicKeys{}).Fingerprint() != "" {
		t.Errorf("the fingerprint is %q", f)
	}
}

// What is registered is what others hold to, and both halves have signed each other.
func TestRegistration(t *testing.T) {
	t.Parallel()
	keys, err := xchat.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	reg, err := keys.Registration("1700000000000")
	if err != nil {
		t.Fatal(err)
	}
	k := reg.PublicKey
	listed := xchat.PublicKeys{Identity: unbase(t, k.Identity), Signing: unbase(t, k.Signing), Binding: unbase(t, k.IdentitySignature)}
	crossed := xchat.PublicKeys{Identity: listed.Signing, Signing: listed.Identity, Binding: unbase(t, k.SigningSignature)}
	if err := errors.Join(listed.Bound(), crossed.Bound()); err != nil || k.Fingerprint != listed.Fingerprint() || len(listed.Identity) != 91 {
		t.Errorf("the keys: %v; the fingerprint is %s", err, k.Fingerprint)
	}
	b, err := json.Marshal(reg)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(b, &got); err != nil || got["version"] != "1700000000000" || got["generate_version"] != true {
		t.Errorf("it is %s, %v", b, err)
	}
}

func TestDirectory(t *testing.T) {
	t.Parallel()
	d, p := &xchat.Directory{}, newPerson(t, "1111")
	version := func(n int) xchat.PublicKeys { l := p.listed(); l.Version = strconv.Itoa(n); return l }
	if _, ok := d.Latest("1111"); ok || d.Knows("1111") {
		t.Error("an empty directory knows somebody")
	}
	var all []xchat.PublicKeys
	for n := 120; n > 0; n-- { // newest first
		all = append(all, version(n))
	}
	odd := p.listed()
	odd.Version = "new"
	if n := d.Learn("1111", append(all, odd)); n != 1 {
		t.Errorf("%d are refused, want the one whose version is no number", n)
	}
	if got, ok := d.Latest("1111"); !ok || got.Version != "120" || got.User != "1111" {
		t.Errorf("the latest is %s", got.Version)
	}
	if _, ok := d.Keys("1111", "21"); !ok {
		t.Error("of a hundred, the newest are not held")
	}
	if _, ok := d.Keys("1111", "20"); ok {
		t.Error("more than a hundred are held")
	}
	d.Learn("1111", nil)
	if _, ok := d.Latest("1111"); ok || !d.Knows("1111") {
		t.Error("what X lists no more is still there")
	}
	d.Learn("1111", []xchat.PublicKeys{version(9), version(10)})
	if got, _ := d.Latest("1111"); got.Version != "10" {
		t.Errorf("of 9 and 10, the latest is %s", got.Version)
	}
}

func TestConversationIDs(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ id, self, want string }{
		{"1111:2222", "1111", "1111:2222"},
		{"2222:1111", "1111", "1111:2222"},
		{"1111-2222", "1111", "1111:2222"},
		{"2222-1111", "1111", "1111:2222"},
		{"2222", "1111", "1111:2222"},
		{"1111", "2222", "1111:2222"},
		{"99", "100", "99:100"}, // by number, not by letter
		{"100-99", "100", "99:100"},
		{"1893412345678901234", "22", "22:1893412345678901234"},
		{"1111", "1111", "1111:1111"},
		{"g1893412345678901234", "1111", "g1893412345678901234"},
		{"g1-2", "1111", "g1-2"},
		{"", "1111", ""},
		{"2222", "", "2222"},
		{"1:2:3", "1", "1:2:3"},
		{"1-2-3", "1", "1-2-3"},
		{"1-2:3", "1", "1-2:3"},
		{"a:b", "1", "a:b"},
		{":", "1", ":"},
		{"1:", "1", "1:"},
		{"111111111111111111111", "1", "111111111111111111111"}, // no ID has 21 digits
	} {
		if got := xchat.ConversationID(tc.id, tc.self); got != tc.want {
			t.Errorf("ConversationID(%q, %q) = %q, want %q", tc.id, tc.self, got, tc.want)
		}
	}
}
