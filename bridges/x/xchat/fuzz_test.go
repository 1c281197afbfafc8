package xchat_test

import (
	"bytes"
	"testing"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/bridges/x/xchat/wire/wiretest"
)

// FuzzUnwrap holds that nothing unwraps but what was wrapped: in the vectors there is one such thing.
func FuzzUnwrap(f *testing.F) {
	v := readVectors(f)
	r := v.reader(f)
	change, ok := parse(f, v.KeyChange).Detail.(wire.KeyChange)
	if !ok {
		f.Fatal("the vector is no key change")
	}
	good := unbase(f, change.Keys[0].Key)
	f.Add(good)
	f.Add(good[:65])
	f.Add(append(bytes.Clone(good[:65]), make([]byte, 48)...))
	f.Add(make([]byte, len(good)))
	f.Fuzz(func(t *testing.T, wrapped []byte) {
		key, err := r.Keys.Unwrap("5", wrapped)
		if err != nil {
			if !key.IsZero() {
				t.Error("there is a key and an error")
			}
			return
		}
		if !bytes.Equal(wrapped, good) || !bytes.Equal(key.Secret()[:], unbase(t, v.ConversationKey)) {
			t.Errorf("%x unwraps", wrapped)
		}
	})
}

// FuzzOpen holds that nothing opens, verifies or becomes a key to write with but what the vectors' account has signed: the
// messages in the vectors, and an event of each other kind.
func FuzzOpen(f *testing.F) {
	v := readVectors(f)
	r, ring := v.reader(f), &xchat.Keyring{}
	if _, err := r.Adopt(parse(f, v.KeyChange), ring); err != nil {
		f.Fatal(err)
	}
	key, _ := ring.Latest()
	account := person{xchat.Author{Keys: r.Keys, User: v.Sender, Version: v.SigningVersion}}
	signed := map[string]bool{} // texts
	add := func(ev wire.Event, version int) {
		text, err := xchat.SignedText(ev, version, &key)
		if err != nil {
			f.Fatal(err)
		}
		signed[string(text)] = true
		f.Add(unbase(f, ev.Encode()))
	}
	for _, s := range []string{v.Message, v.ReplyValid, v.ReplyForged, v.KeyChange} {
		add(parse(f, s), 7)
	}
	for _, tc := range signedTexts(key) {
		for version := range tc.text {
			add(account.Sign(account.event("e", groupID, tc.what), version, &key), version)
		}
	}
	for n := range 20 {
		f.Add(unbase(f, wiretest.Event().Example(n).Encode()))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		ev, err := wire.ParseEvent(base(b))
		if err != nil {
			return
		}
		// known says whether the account signed it, in any form.
		known := func() bool {
			for version := 2; version <= 7; version++ {
				if text, err := xchat.SignedText(ev, version, &key); err == nil && signed[string(text)] {
					return true
				}
			}
			return false
		}
		if o, err := r.Open(ev, ring); err == nil && !known() {
			t.Errorf("it opens to %+v", o.Content)
		}
		if err := r.Verify(ev); err == nil && !known() {
			t.Errorf("it verifies: %+v", ev)
		}
		fresh := &xchat.Keyring{}
		_, err = r.Adopt(ev, fresh)
		if got, ok := fresh.Latest(); ok && (err != nil || !known() || got.Version != key.Version || !has(fresh, key)) {
			t.Errorf("it becomes the latest key, of version %s", got.Version)
		}
	})
}

// FuzzParseBlob holds that a blob is 64 bytes, goes as it came, and makes keys that belong together.
func FuzzParseBlob(f *testing.F) {
	v := readVectors(f)
	f.Add(v.Blob)
	f.Add(v.Blob + "\n")
	f.Add(v.IdentityPrivate)
	f.Add(base(bytes.Repeat([]byte{0xff}, 64)))
	f.Add(base(make([]byte, 64)))
	f.Fuzz(func(t *testing.T, s string) {
		keys, err := xchat.ParseBlobText(s)
		if (err == nil) != (keys != nil) {
			t.Fatalf("keys: %v, %v", keys != nil, err)
		}
		if err != nil {
			return
		}
		blob := keys.Blob()
		again, err := xchat.ParseBlob(blob)
		if err != nil || len(blob) != 64 || !bytes.Equal(again.Blob(), blob) {
			t.Fatalf("it goes as %d bytes, %v", len(blob), err)
		}
		if !keys.Public().Same(again.Public()) || keys.Public().Bound() != nil {
			t.Error("the public keys don't belong together")
		}
	})
}

// FuzzParseKeyring holds that a ring is kept as it was read.
func FuzzParseKeyring(f *testing.F) {
	ring := &xchat.Keyring{}
	for _, version := range []string{"1", "1700000000000", "007"} {
		key, err := xchat.ParseConversationKey(version, make([]byte, 32))
		if err != nil {
			f.Fatal(err)
		}
		ring.Add(key)
	}
	kept, err := ring.Keep()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(kept)
	f.Add(bytes.ReplaceAll(kept, []byte(`"trust":2`), []byte(`"trust":0`)))
	f.Add(bytes.ReplaceAll(kept, []byte(`"1"`), []byte(`"01"`)))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := xchat.ParseKeyring(b)
		if err != nil {
			return
		}
		once, err := r.Keep()
		if err != nil {
			t.Fatal(err)
		}
		again, err := xchat.ParseKeyring(once)
		if err != nil {
			t.Fatalf("what is kept can't be read: %v", err)
		}
		twice, err := again.Keep()
		if err != nil || !bytes.Equal(once, twice) || latest(r) != latest(again) {
			t.Errorf("%s is kept as %s, and then as %s, %v", b, once, twice, err)
		}
		key, ok := r.Latest()
		if held, have := r.Key(key.Version); ok && (!have || !bytes.Equal(held.Secret()[:], key.Secret()[:])) {
			t.Error("the latest key is not there")
		}
	})
}
