package xchat_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// Key changes as they come, in a conversation of two and in a group.
func TestKeyChanges(t *testing.T) {
	t.Parallel()
	w := setup(t)
	unlisted := newPerson(t, "4444")
	key := xchat.NewConversationKey("1700000000005")
	good := w.alice.changes(t, pairID, key, w.alice, w.bob)
	with := func(change func(ev *wire.Event)) wire.Event {
		ev := bare(good)
		change(&ev)
		return given(t, ev)
	}
	withDetail := func(change func(d *wire.KeyChange)) wire.Event {
		return with(func(ev *wire.Event) {
			d, _ := ev.Detail.(wire.KeyChange)
			d.Keys = slices.Clone(d.Keys)
			change(&d)
			ev.Detail = d
		})
	}
	at := func(version int, to ...person) wire.Event {
		return given(t, w.alice.Sign(w.alice.change(t, pairID, key, to...), version, &key))
	}
	elsewhere := bare(w.alice.changes(t, "1111:3333", key, w.bob))
	elsewhere.Conversation = pairID
	nowhere := w.mallory.change(t, "", key, w.bob)
	nowhere = w.mallory.SignText(nowhere, fmt.Appendf(nil, "ConversationKeyChangeEvent,%s,9999,%s,%s", nowhere.ID, key.Version, raw(key.Secret()[:])), "7")
	for _, tc := range []struct {
		name        string
		ev          wire.Event
		want        error
		read, write bool
	}{
		{"as it was", good, nil, true, true},
		{"for the account alone, as X passes it on", at(7, w.bob), nil, true, true},
		{"version 6", at(6, w.alice, w.bob), nil, true, true},
		{"version 5, whole", at(5, w.alice, w.bob), nil, true, true},
		{"version 2, whole", at(2, w.bob), nil, true, true},
		{"version 5, of which X passes on a part", with(func(ev *wire.Event) {
			*ev = at(5, w.alice, w.bob)
			d, _ := ev.Detail.(wire.KeyChange)
			ev.Detail = wire.KeyChange{Version: d.Version, Keys: d.Keys[1:]}
			*ev = bare(*ev)
		}), xchat.ErrForged, false, false},
		{"version 7 that says 5", with(func(ev *wire.Event) { ev.Signature.Version = "5" }), xchat.ErrForged, false, false},
		{"version 5 that says 7", with(func(ev *wire.Event) { *ev = bare(at(5, w.bob)); ev.Signature.Version = "7" }), xchat.ErrForged, false, false},
		{"version 1", with(func(ev *wire.Event) { ev.Signature.Version = "1" }), xchat.ErrUnsigned, false, false},
		{"unsigned", with(func(ev *wire.Event) { ev.Signature = wire.Signature{} }), xchat.ErrUnsigned, false, false},
		{"another version of the key", withDetail(func(d *wire.KeyChange) { d.Version = "1700000000006" }), xchat.ErrForged, false, false},
		{"a version that is no number", withDetail(func(d *wire.KeyChange) { d.Version = "new" }), xchat.ErrUnsigned, false, false},
		{"a version that is far too long", withDetail(func(d *wire.KeyChange) { d.Version = "111111111111111111111" }), xchat.ErrUnsigned, false, false},
		{"another key in it", withDetail(func(d *wire.KeyChange) {
			wrapped, _ := w.key.Wrap(w.bob.listed())
			d.Keys[1].Key = base(wrapped)
		}), xchat.ErrForged, false, false},
		{"from another conversation", given(t, elsewhere), xchat.ErrForged, false, false},
		{"without conversation", with(func(ev *wire.Event) { ev.Conversation = "" }), xchat.ErrForged, false, false},
		{"signed without conversation", given(t, nowhere), xchat.ErrForged, false, false},
		{"by a stranger", w.mallory.changes(t, pairID, key, w.mallory, w.alice, w.bob), xchat.ErrForged, false, false},
		{"by a stranger, for nobody here", w.mallory.changes(t, pairID, key, w.mallory), xchat.ErrForged, false, false},
		{"by a stranger, spelled otherwise", w.mallory.changes(t, "1111-2222", key, w.mallory, w.bob), xchat.ErrForged, false, false},
		{"by a stranger in her name", with(func(ev *wire.Event) {
			*ev = bare(w.mallory.changes(t, pairID, key, w.bob))
			ev.Sender = "1111"
		}), xchat.ErrForged, false, false},
		{"by keys of hers that are not listed", with(func(ev *wire.Event) { ev.Signature.KeyVersion = "2" }), nil, true, false},
		{"in a group", w.alice.changes(t, groupID, key, w.alice, w.bob), nil, true, true},
		{"in a group, as X passes it on", w.alice.changes(t, groupID, key, w.bob), nil, true, true},
		{"in a group, by somebody who is not listed", unlisted.changes(t, groupID, key, unlisted, w.bob), nil, true, false},
		{"in a group, by a stranger in her name", with(func(ev *wire.Event) {
			*ev = bare(w.mallory.changes(t, groupID, key, w.bob))
			ev.Sender = "1111"
		}), xchat.ErrForged, false, false},
		{"for nobody", withDetail(func(d *wire.KeyChange) { d.Keys = nil }), xchat.ErrNotForUs, false, false},
		{"for another account", withDetail(func(d *wire.KeyChange) { d.Keys = d.Keys[:1] }), xchat.ErrNotForUs, false, false},
		{"for other public keys", withDetail(func(d *wire.KeyChange) { d.Keys[1].PublicKeyVersion = "2" }), xchat.ErrNotForUs, false, false},
		{"for public keys of no version", withDetail(func(d *wire.KeyChange) { d.Keys[1].PublicKeyVersion = "" }), nil, true, true},
		{"wrapped for somebody else", withDetail(func(d *wire.KeyChange) { d.Keys[1].Key = d.Keys[0].Key }), xchat.ErrSealed, false, false},
		{"wrapped in what is no base64", withDetail(func(d *wire.KeyChange) { d.Keys[1].Key = "!" }), xchat.ErrSealed, false, false},
		{"wrapped in nothing", withDetail(func(d *wire.KeyChange) { d.Keys[1].Key = "" }), xchat.ErrSealed, false, false},
		{"the second copy is the good one", withDetail(func(d *wire.KeyChange) {
			d.Keys = append([]wire.WrappedKey{{User: "2222", Key: d.Keys[0].Key}}, d.Keys...)
		}), nil, true, true},
		{"more copies than are tried", withDetail(func(d *wire.KeyChange) {
			d.Keys = append(slices.Repeat([]wire.WrappedKey{{User: "2222", Key: d.Keys[0].Key}}, xchat.MostTries), d.Keys...)
		}), xchat.ErrSealed, false, false},
		{"no key change", with(func(ev *wire.Event) { ev.Detail = wire.Typing{} }), xchat.ErrUnsigned, false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			ring := &xchat.Keyring{}
			added, err := w.reader.Adopt(tc.ev, ring)
			if !errors.Is(err, tc.want) || added != (tc.want == nil) {
				t.Fatalf("adopt: %v, %v, want %v", added, err, tc.want)
			}
			_, writes := ring.Latest()
			if has(ring, key) != tc.read || writes != tc.write {
				t.Errorf("it reads: %v, want %v; it writes: %v, want %v", has(ring, key), tc.read, writes, tc.write)
			}
			if again, _ := w.reader.Adopt(tc.ev, ring); again {
				t.Error("the second time it is new again")
			}
		})
	}
}

// A key change that comes when its signer is not listed yet is written with once the signer is.
func TestKeyChangeBeforeItsSigner(t *testing.T) {
	t.Parallel()
	w := setup(t)
	late := newPerson(t, "4444")
	key := xchat.NewConversationKey("5")
	ev, ring := late.changes(t, groupID, key, w.bob), &xchat.Keyring{}
	if added, err := w.reader.Adopt(ev, ring); !added || err != nil || latest(ring) != "" {
		t.Fatalf("adopt: %v, %v; latest %q", added, err, latest(ring))
	}
	w.reader.Directory.Learn(late.User, []xchat.PublicKeys{late.listed()})
	if added, err := w.reader.Adopt(ev, ring); !added || err != nil || latest(ring) != "5" {
		t.Errorf("adopt again: %v, %v; latest %q", added, err, latest(ring))
	}
}

// Of two key changes with one version, the signed one stays, in whatever order they come.
func TestTwoKeysOfOneVersion(t *testing.T) {
	t.Parallel()
	w := setup(t)
	unlisted := newPerson(t, "4444")
	newest := xchat.NewConversationKey("9")
	one, two, stranger := xchat.NewConversationKey("5"), xchat.NewConversationKey("5"), xchat.NewConversationKey("5")
	signed, second := w.alice.changes(t, groupID, one, w.bob), w.alice.changes(t, groupID, two, w.bob)
	unsigned := unlisted.changes(t, groupID, stranger, w.bob)
	for i, order := range [][]wire.Event{
		{signed, unsigned}, {unsigned, signed}, {signed, second}, {unsigned, signed, second, unsigned},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			ring := &xchat.Keyring{}
			ring.Add(newest) // an older key change must not be spoilt because there is a newer one
			for _, ev := range order {
				if _, err := w.reader.Adopt(ev, ring); err != nil {
					t.Fatal(err)
				}
			}
			if !has(ring, one) {
				t.Error("the first signed key is not there")
			}
			if latest(ring) != newest.Version {
				t.Errorf("the latest is %s, want %s", latest(ring), newest.Version)
			}
		})
	}
}

// An older key that comes again can be read with, and not written with.
func TestOlderKeyReplayed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	older, newer := xchat.NewConversationKey("5"), xchat.NewConversationKey("10")
	ring := &xchat.Keyring{}
	for _, ev := range []wire.Event{
		w.alice.changes(t, pairID, newer, w.bob), w.alice.changes(t, pairID, older, w.bob), w.alice.changes(t, pairID, older, w.bob),
	} {
		if _, err := w.reader.Adopt(ev, ring); err != nil {
			t.Fatal(err)
		}
	}
	if latest(ring) != "10" {
		t.Errorf("the latest is %q, want 10", latest(ring))
	}
	if o, err := w.reader.Open(w.alice.writes(t, "m", pairID, wire.Message{Text: "old"}, older), ring); err != nil || o.Key.Version != "5" {
		t.Errorf("with the older key: %v, %v", o, err)
	}
}

// Every bit of a key change, flipped: it is refused, or at most read with, or it is the same key.
func TestFlippedBitsOfAKeyChange(t *testing.T) {
	t.Parallel()
	w := setup(t)
	key := xchat.NewConversationKey("1700000000005")
	b := unbase(t, w.alice.changes(t, pairID, key, w.alice, w.bob).Encode())
	harmless := 0
	for bit := range 8 * len(b) {
		b[bit/8] ^= 1 << (bit % 8)
		ev, err := wire.ParseEvent(base(b))
		b[bit/8] ^= 1 << (bit % 8)
		if err != nil {
			continue
		}
		ring := &xchat.Keyring{}
		if _, err := w.reader.Adopt(ev, ring); err == nil {
			harmless++
		}
		if got, ok := ring.Latest(); ok && (got.Version != key.Version || !has(ring, key)) {
			t.Fatalf("with bit %d flipped another key is written with, of version %s", bit, got.Version)
		}
	}
	if harmless == 0 {
		t.Error("no flipped bit is harmless, not even in the token")
	}
}

func TestRotate(t *testing.T) {
	t.Parallel()
	w := setup(t)
	people := []xchat.PublicKeys{w.alice.listed(), w.bob.listed()}
	rot, err := w.alice.Rotate("c1", "2222", "5", people) // the other person's ID stands for the pair
	if err != nil {
		t.Fatal(err)
	}
	sig := rot.Actions[0].Signature
	detail, err := wire.ParseDetail(rot.Actions[0].Detail)
	if err != nil {
		t.Fatal(err)
	}
	ev := w.alice.event("c1", pairID, detail)
	ev.Signature = wire.Signature{Value: unbase(t, sig.Value+"=="), KeyVersion: sig.KeyVersion, Version: sig.Version}
	for _, p := range []person{w.alice, w.bob} {
		ring := &xchat.Keyring{}
		if added, err := p.reader(t, w.alice, w.bob).Adopt(given(t, ev), ring); !added || err != nil || !has(ring, rot.Key) || latest(ring) != "5" {
			t.Errorf("%s adopts it: %v, %v", p.User, added, err)
		}
	}
	unbound := w.bob.listed()
	unbound.Binding = w.alice.listed().Binding
	if _, err := w.alice.Rotate("c2", pairID, "6", []xchat.PublicKeys{unbound}); !errors.Is(err, xchat.ErrUnbound) {
		t.Errorf("for keys that are not bound: %v, want ErrUnbound", err)
	}
	for _, tc := range []struct{ id, conversation, version string }{
		{"c,3", pairID, "6"}, {"", pairID, "6"}, {"c3", "2222:3333", "6"}, {"c3", pairID, "new"}, {"c3", pairID, ""},
	} {
		if _, err := w.alice.Rotate(tc.id, tc.conversation, tc.version, people); !errors.Is(err, xchat.ErrUnsignable) {
			t.Errorf("Rotate(%q, %q, %q): %v, want ErrUnsignable", tc.id, tc.conversation, tc.version, err)
		}
	}
}

func TestRotateGroup(t *testing.T) {
	t.Parallel()
	w := setup(t)
	title, comma := "team", "you, me"
	people := []xchat.PublicKeys{w.alice.listed(), w.bob.listed()}
	made := wire.GroupChange{Kind: wire.GroupCreate, Members: []string{"1111", "2222"}, Admins: []string{"1111"}, Title: &title}
	rot, err := w.alice.RotateGroup([2]string{"c1", "c2"}, groupID, "5", people, made)
	if err != nil || len(rot.Actions) != 2 {
		t.Fatalf("%d actions, %v", len(rot.Actions), err)
	}
	detail, err := wire.ParseDetail(rot.Actions[1].Detail)
	if g, ok := detail.(wire.GroupChange); err != nil || !ok || g.KeyVersion != "5" || *g.Title != title {
		t.Fatalf("the group is %+v, %v", detail, err)
	}
	ev := w.alice.event("c2", groupID, detail)
	sig := rot.Actions[1].Signature
	ev.Signature = wire.Signature{Value: unbase(t, sig.Value+"=="), KeyVersion: sig.KeyVersion, Version: sig.Version}
	if err := w.reader.Verify(given(t, ev)); err != nil {
		t.Errorf("the new group: %v", err)
	}
	made.Title = &comma
	if _, err := w.alice.RotateGroup([2]string{"c1", "c2"}, groupID, "5", people, made); !errors.Is(err, xchat.ErrUnsignable) {
		t.Errorf("a title with a comma: %v, want ErrUnsignable", err)
	}
}
