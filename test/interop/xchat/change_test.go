package interop_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// TestKeyChange gives a conversation of two its first key and two more, by turns, each adopted on both sides.
func TestKeyChange(t *testing.T) {
	t.Parallel()
	for _, first := range sides {
		t.Run("first by "+string(first), func(t *testing.T) {
			t.Parallel()
			w := setup(t, 2)
			a, b := w.people[0], w.people[1]
			r := w.room("22:1111111111", a, b)
			c := r.prepare(first, a)
			if c.Conversation != r.id {
				t.Errorf("the conversation is %s, want %s", c.Conversation, r.id)
			}
			r.adopt(r.happen(a, c.Actions[0]), c)
			r.rotate(first.other(), b)
			r.rotate(first, b)
		})
	}
}

// TestOlderKey replays a key change after a newer one: both sides go on writing with the newer key.
func TestOlderKey(t *testing.T) {
	t.Parallel()
	w := setup(t, 2)
	r := w.pair()
	a, b := w.people[0], w.people[1]
	b.must("setCacheKeys", nil, true)
	older := r.changes[0]
	newer := r.rotate(theirs, a)
	version := newer.Detail.(wire.KeyChange).Version
	r.batch(b, newer)
	for _, name := range []string{"replayed", "replayed again"} {
		if added, err := r.reader(b).Adopt(older, r.rings[b.User]); added || err != nil {
			t.Errorf("%s: adopted %v, %v", name, added, err)
		}
		if key := r.latest(b); key.Version != version {
			t.Errorf("%s: our latest is %s, want %s", name, key.Version, version)
		}
		if got := r.batch(b, older); got.Keys.Latest != version {
			t.Errorf("%s: the SDK's latest is %s, want %s", name, got.Keys.Latest, version)
		}
		var sent payload
		b.must("encryptMessage", &sent, object{"conversationId": r.id, "text": "with which key?"})
		if sent.KeyVersion != version {
			t.Errorf("%s: the SDK writes with %s, want %s", name, sent.KeyVersion, version)
		}
	}
}

// TestBadKeyChange changes one thing of a key change after the other. The SDK shows what it thinks of one by leaving out its key.
// Three things are decided otherwise on our side, each on purpose. We keep a key to read with alone whose signer X does not
// list, as X's documents advise for groups that somebody left (https://docs.x.com/xchat/groups); the SDK leaves that to who calls
// it. The SDK reads with a key whose signature is of a version before 6, whatever the signature; we verify that, too. And the
// SDK lets anybody whose keys are listed change the key of two other people.
func TestBadKeyChange(t *testing.T) {
	t.Parallel()
	w := setup(t, 3)
	type (
		ev = *wire.Event
		kc = *wire.KeyChange
	)
	for _, by := range sides {
		r := w.pair()
		a, b, stranger := w.people[0], w.people[1], w.people[2]
		c := r.prepare(by, a)
		good := r.happen(a, c.Actions[0])
		other := r.happen(a, r.prepare(ours, a).Actions[0]).Detail.(wire.KeyChange)
		var others change // we don't sign what is not ours to change
		params := object{"conversationId": r.id, "publicKeys": recipients([]person{stranger, b})}
		stranger.must("prepareConversationKeyChange", &others, params)
		nothing, all := does{}, does{ours: true, weWrite: true, theirs: true, theyWrite: true}
		for _, tc := range []struct {
			name   string
			want   error
			does   does
			change func(ev, kc)
		}{
			{"as it was", nil, all, func(ev, kc) {}},
			{"another version", xchat.ErrForged, nothing, func(_ ev, k kc) { k.Version = "9" + k.Version }},
			{"another ID", xchat.ErrForged, nothing, func(e ev, _ kc) { e.ID += "0" }},
			{"another conversation", xchat.ErrForged, nothing, func(e ev, _ kc) { e.Conversation = group }},
			{"another sender", xchat.ErrForged, nothing, func(e ev, _ kc) { e.Sender, e.Signature.KeyVersion = b.User, b.Version }},
			{"unlisted keys", nil, does{ours: true}, func(e ev, _ kc) { e.Signature.KeyVersion = "1" }},
			{"a flipped bit", xchat.ErrForged, nothing, func(e ev, _ kc) { e.Signature.Value = flip(e.Signature.Value) }},
			{"half a signature", xchat.ErrForged, nothing, func(e ev, _ kc) { e.Signature.Value = e.Signature.Value[:32] }},
			{"no signature", xchat.ErrUnsigned, nothing, func(e ev, _ kc) { e.Signature = wire.Signature{} }},
			{"an outdated signature", xchat.ErrUnsigned, does{theirs: true}, func(e ev, _ kc) { e.Signature.Version = "1" }},
			{"another key", xchat.ErrForged, nothing, func(_ ev, k kc) { k.Keys = other.Keys }},
			{"for others", xchat.ErrNotForUs, nothing, func(_ ev, k kc) { k.Keys = without(k.Keys, b.User) }},
			{"for other keys of ours", xchat.ErrNotForUs, nothing, func(_ ev, k kc) { k.Keys = forVersion(k.Keys, "1") }},
			{"broken", xchat.ErrSealed, nothing, func(_ ev, k kc) { k.Keys = broken(k.Keys) }},
			{"by a stranger", xchat.ErrForged, does{theirs: true, theyWrite: true}, func(e ev, k kc) {
				*e = unparsed(r.happen(stranger, others.Actions[0]))
				*k = e.Detail.(wire.KeyChange)
			}},
		} {
			made, keys := unparsed(good), good.Detail.(wire.KeyChange)
			tc.change(&made, &keys)
			made.Detail = keys
			ev, version := w.parse(made.Encode()), keys.Version
			ring := copied(t, r.rings[b.User])
			added, err := r.reader(b).Adopt(ev, ring)
			_, read := ring.Key(version)
			latest, _ := ring.Latest()
			first := &xchat.Keyring{}
			_, _ = r.reader(b).Adopt(ev, first)
			if _, writes := first.Latest(); writes != tc.does.weWrite {
				t.Errorf("%s, %s: as the first key, we write with it: %v, want %v", by, tc.name, writes, tc.does.weWrite)
			}
			chat := w.fresh(b)
			got := r.batch(chat, r.changes[0], ev)
			_, has := got.Keys.Keys[version]
			is := does{read, latest.Version == version, has, got.Keys.Latest == version}
			if added != read || !errors.Is(err, tc.want) || is != tc.does {
				t.Errorf("%s, %s: %+v, want %+v\nwe say %v, the SDK %v", by, tc.name, is, tc.does, err, got.Errors)
			}
		}
	}
}

// does is who reads and who writes with a key.
type does struct{ ours, weWrite, theirs, theyWrite bool }

func copied(t *testing.T, ring *xchat.Keyring) *xchat.Keyring {
	t.Helper()
	kept, err := ring.Keep()
	if err != nil {
		t.Fatal(err)
	}
	if ring, err = xchat.ParseKeyring(kept); err != nil {
		t.Fatal(err)
	}
	return ring
}

// unparsed is an event of the same content, which encodes what is changed in it.
func unparsed(ev wire.Event) wire.Event {
	return wire.Event{
		Sequence: ev.Sequence, Previous: ev.Previous, ID: ev.ID, Sender: ev.Sender, Conversation: ev.Conversation, Token: ev.Token,
		At: ev.At, Detail: ev.Detail, Signature: ev.Signature, Untrusted: ev.Untrusted,
	}
}

func flip(b []byte) []byte {
	b = slices.Clone(b)
	b[len(b)/2] ^= 1
	return b
}

// without leaves out somebody's key.
func without(keys []wire.WrappedKey, user string) []wire.WrappedKey {
	return slices.DeleteFunc(slices.Clone(keys), func(w wire.WrappedKey) bool { return w.User == user })
}

// forVersion is the keys for public keys of another version.
func forVersion(keys []wire.WrappedKey, version string) []wire.WrappedKey {
	return each(keys, func(w wire.WrappedKey) wire.WrappedKey { w.PublicKeyVersion = version; return w })
}

// broken is keys that can't be unwrapped.
func broken(keys []wire.WrappedKey) []wire.WrappedKey {
	return each(keys, func(w wire.WrappedKey) wire.WrappedKey { w.Key = encode(flip([]byte(w.Key))); return w })
}
