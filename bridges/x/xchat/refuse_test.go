package xchat_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// TestRefusedMessages changes one thing of a good message after the other.
func TestRefusedMessages(t *testing.T) {
	t.Parallel()
	w := setup(t)
	good := w.says(t, "m1", wire.Message{Text: "hush"})
	other := w.says(t, "m2", wire.Message{Text: "quiet"})
	create := func(ev wire.Event) wire.MessageCreate { m, _ := ev.Detail.(wire.MessageCreate); return m }
	with := func(change func(ev *wire.Event)) wire.Event {
		ev := bare(good)
		change(&ev)
		return given(t, ev)
	}
	withDetail := func(change func(m *wire.MessageCreate)) wire.Event {
		return with(func(ev *wire.Event) { m := create(*ev); change(&m); ev.Detail = m })
	}
	// signed is Alice's signature under something that no Author writes.
	signed := func(version int, m wire.MessageCreate, conversation string) wire.Event {
		return given(t, w.alice.Sign(w.alice.event("m3", conversation, m), version, nil))
	}
	unsealable := wire.MessageCreate{Contents: w.key.Seal(nil), KeyVersion: changed}
	for _, tc := range []struct {
		name string
		ev   wire.Event
		want error
	}{
		{"as it was", good, nil},
		{"unsigned", with(func(ev *wire.Event) { ev.Signature = wire.Signature{} }), xchat.ErrUnsigned},
		{"signature version 1", with(func(ev *wire.Event) { ev.Signature.Version = "1" }), xchat.ErrUnsigned},
		{"signature version 0", with(func(ev *wire.Event) { ev.Signature.Version = "0" }), xchat.ErrUnsigned},
		{"signature version -7", with(func(ev *wire.Event) { ev.Signature.Version = "-7" }), xchat.ErrUnsigned},
		{"signature version x is the newest", with(func(ev *wire.Event) { ev.Signature.Version = "x" }), nil},
		{"no signature version is the newest", with(func(ev *wire.Event) { ev.Signature.Version = "" }), nil},
		{"signature version 8 is the newest", with(func(ev *wire.Event) { ev.Signature.Version = "8" }), nil},
		{"a signature of 63 bytes", with(func(ev *wire.Event) { ev.Signature.Value = ev.Signature.Value[1:] }), xchat.ErrForged},
		{"a signature of 65 bytes", with(func(ev *wire.Event) { ev.Signature.Value = append(slices.Clone(ev.Signature.Value), 0) }), xchat.ErrForged},
		{"a signature with a zero between its halves", with(func(ev *wire.Event) { ev.Signature.Value = slices.Insert(slices.Clone(ev.Signature.Value), 32, 0) }), xchat.ErrForged},
		{"a signature of zeros", with(func(ev *wire.Event) { ev.Signature.Value = make([]byte, 64) }), xchat.ErrForged},
		{"a signature without its value", with(func(ev *wire.Event) { ev.Signature.Value = nil }), xchat.ErrForged},
		{"keys that X does not list", with(func(ev *wire.Event) { ev.Signature.KeyVersion = "2" }), xchat.ErrNoSigner},
		{"no version of the keys", with(func(ev *wire.Event) { ev.Signature.KeyVersion = "" }), xchat.ErrNoSigner},
		{"another signature", with(func(ev *wire.Event) { ev.Signature = other.Signature }), xchat.ErrForged},
		{"another ID", with(func(ev *wire.Event) { ev.ID = "m2" }), xchat.ErrForged},
		{"no ID", with(func(ev *wire.Event) { ev.ID = "" }), xchat.ErrUnsigned},
		{"the other sender", with(func(ev *wire.Event) { ev.Sender = "2222" }), xchat.ErrForged},
		{"a sender outside", with(func(ev *wire.Event) { ev.Sender = "9999" }), xchat.ErrForged},
		{"no sender", with(func(ev *wire.Event) { ev.Sender = "" }), xchat.ErrForged},
		{"another conversation of hers", with(func(ev *wire.Event) { ev.Conversation = "1111:3333" }), xchat.ErrForged},
		{"a group", with(func(ev *wire.Event) { ev.Conversation = groupID }), xchat.ErrForged},
		{"no conversation", with(func(ev *wire.Event) { ev.Conversation = "" }), xchat.ErrForged},
		{"another spelling of the conversation", with(func(ev *wire.Event) { ev.Conversation = "1111-2222" }), xchat.ErrForged},
		{"another version of the key", withDetail(func(m *wire.MessageCreate) { m.KeyVersion = "1700000000001" }), xchat.ErrForged},
		{"in the clear", withDetail(func(m *wire.MessageCreate) { m.KeyVersion = "" }), xchat.ErrUnsigned},
		{"the other's contents", withDetail(func(m *wire.MessageCreate) { m.Contents = create(other).Contents }), xchat.ErrForged},
		{"no contents", withDetail(func(m *wire.MessageCreate) { m.Contents = nil }), xchat.ErrForged},
		{"no message", with(func(ev *wire.Event) { ev.Detail = wire.Typing{} }), xchat.ErrUnsigned},
		{"signed in the clear", signed(7, wire.MessageCreate{Contents: wire.EncodeContent(wire.Message{Text: "hush"})}, pairID), xchat.ErrUnsigned},
		{"signed, without a key", signed(7, wire.MessageCreate{Contents: w.key.Seal(nil), KeyVersion: "5"}, pairID), xchat.ErrNoKey},
		{"signed, and sealed with another key", signed(7, wire.MessageCreate{Contents: xchat.NewConversationKey(changed).Seal(nil), KeyVersion: changed}, pairID), xchat.ErrSealed},
		{"signed, and too short", signed(7, wire.MessageCreate{Contents: make([]byte, 39), KeyVersion: changed}, pairID), xchat.ErrSealed},
		{"signed, and too long", signed(7, wire.MessageCreate{Contents: w.key.Seal(make([]byte, xchat.MostSealed)), KeyVersion: changed}, pairID), xchat.ErrSealed},
		{"signed, and nothing in it", signed(7, unsealable, pairID), wire.ErrMalformed},
		{"signed, and garbage in it", signed(7, wire.MessageCreate{Contents: w.key.Seal([]byte("garbage")), KeyVersion: changed}, pairID), wire.ErrMalformed},
		{"signed, and nested too deep", signed(7, wire.MessageCreate{Contents: w.key.Seal(deep(40)), KeyVersion: changed}, pairID), wire.ErrMalformed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			o, err := w.reader.Open(tc.ev, w.ring)
			if !errors.Is(err, tc.want) {
				t.Fatalf("it is %v, want %v", err, tc.want)
			}
			if err != nil && !reflect.DeepEqual(o.Content, wire.Content(nil)) || err == nil && !reflect.DeepEqual(o.Content, wire.Content(wire.Message{Text: "hush"})) {
				t.Errorf("it opens to %T although %v", o.Content, err)
			}
		})
	}
}

// deep is structs within each other.
func deep(n int) []byte {
	return append([]byte(strings.Repeat("\x0c\x00\x01", n)), make([]byte, n+1)...)
}

// TestACommaIsRefused holds that no event verifies of which two could have the same signed text.
func TestACommaIsRefused(t *testing.T) {
	t.Parallel()
	w := setup(t)
	title := "you, me"
	for _, tc := range []struct {
		name string
		ev   wire.Event
	}{
		{"in the ID", wire.Event{ID: "a,b", Sender: "1111", Conversation: pairID, Detail: wire.MarkRead{Until: 7}}},
		{"in the conversation", wire.Event{ID: "a", Sender: "1111", Conversation: "g1,2", Detail: wire.MarkRead{Until: 7}}},
		{"in the key's version", wire.Event{ID: "a", Sender: "1111", Conversation: pairID, Detail: wire.MessageCreate{KeyVersion: "1,2"}}},
		{"in a title", wire.Event{ID: "a", Sender: "1111", Conversation: groupID, Detail: wire.GroupChange{Kind: wire.GroupTitle, Title: &title}}},
		{"in a new group's title", wire.Event{ID: "a", Sender: "1111", Conversation: groupID, Detail: wire.GroupChange{Kind: wire.GroupCreate, Title: &title}}},
		{"in a member", wire.Event{ID: "a", Sender: "1111", Conversation: groupID, Detail: wire.GroupChange{Kind: wire.GroupMemberLeave, Members: []string{"1,2"}}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if _, err := xchat.SignedText(tc.ev, 7, nil); !errors.Is(err, xchat.ErrUnsignable) {
				t.Errorf("its signed text: %v, want ErrUnsignable", err)
			}
			if err := w.reader.Verify(given(t, w.alice.SignText(tc.ev, []byte("anything"), "7"))); !errors.Is(err, xchat.ErrUnsigned) {
				t.Errorf("it verifies with %v, want ErrUnsigned", err)
			}
		})
	}
	// What is joined the same and cut otherwise.
	one := wire.Event{ID: "a", Sender: "1111", Conversation: groupID, Detail: wire.GroupChange{Kind: wire.GroupMemberLeave, Members: []string{"1", "2"}}}
	two := one
	two.Detail = wire.GroupChange{Kind: wire.GroupMemberLeave, Members: []string{"1,2"}}
	two.Signature = w.alice.Sign(one, 7, nil).Signature
	if err := w.reader.Verify(given(t, two)); !errors.Is(err, xchat.ErrUnsigned) {
		t.Errorf("the signature of two members holds for one: %v", err)
	}
}

// TestRefusedDrafts holds what is not written at all.
func TestRefusedDrafts(t *testing.T) {
	t.Parallel()
	w := setup(t)
	good := xchat.Draft{ID: "m", Conversation: pairID, Content: wire.Message{Text: "hush"}}
	with := func(change func(d *xchat.Draft)) xchat.Draft { d := good; change(&d); return d }
	unregistered := w.alice
	unregistered.Version = ""
	for _, tc := range []struct {
		name string
		by   person
		d    xchat.Draft
		key  xchat.ConversationKey
		want error
	}{
		{"as it should be", w.alice, good, w.key, nil},
		{"without a key", w.alice, good, xchat.ConversationKey{}, xchat.ErrNoKey},
		{"without content", w.alice, with(func(d *xchat.Draft) { d.Content = nil }), w.key, xchat.ErrUnsignable},
		{"without ID", w.alice, with(func(d *xchat.Draft) { d.ID = "" }), w.key, xchat.ErrUnsignable},
		{"with an ID that is no text", w.alice, with(func(d *xchat.Draft) { d.ID = "a\xff" }), w.key, xchat.ErrUnsignable},
		{"with a comma", w.alice, with(func(d *xchat.Draft) { d.ID = "a,b" }), w.key, xchat.ErrUnsignable},
		{"without conversation", w.alice, with(func(d *xchat.Draft) { d.Conversation = "" }), w.key, xchat.ErrUnsignable},
		{"in others' conversation", w.alice, with(func(d *xchat.Draft) { d.Conversation = "2222:3333" }), w.key, xchat.ErrUnsignable},
		{"before the keys are registered", unregistered, good, w.key, xchat.ErrUnsignable},
		{"too long", w.alice, with(func(d *xchat.Draft) { d.Content = wire.Message{Text: strings.Repeat("a", xchat.MostSealed)} }), w.key, xchat.ErrTooLong},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if p, err := tc.by.Write(tc.d, tc.key); !errors.Is(err, tc.want) || err != nil && p != (xchat.Payload{}) {
				t.Errorf("it is %v, want %v", err, tc.want)
			}
		})
	}
	if _, err := w.alice.Delete("a,b", pairID, nil, true); !errors.Is(err, xchat.ErrUnsignable) {
		t.Errorf("a delete with a comma: %v, want ErrUnsignable", err)
	}
}

// TestTruncatedEvents cuts a message and a key change at every byte.
func TestTruncatedEvents(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, ev := range []wire.Event{w.says(t, "m1", wire.Message{Text: "hush"}), w.alice.changes(t, pairID, w.key, w.bob)} {
		b := unbase(t, ev.Encode())
		for n := range b {
			if _, err := wire.ParseEvent(base(b[:n])); !errors.Is(err, wire.ErrMalformed) {
				t.Fatalf("%d bytes of %d: %v, want ErrMalformed", n, len(b), err)
			}
		}
	}
	plain := wire.EncodeContent(wire.Message{Text: "hush", Entities: []wire.Entity{{Start: 1, End: 2, Kind: wire.URL}}})
	for n := range plain {
		ev := w.alice.Sign(w.alice.event("m", pairID, wire.MessageCreate{Contents: w.key.Seal(plain[:n]), KeyVersion: changed}), 7, nil)
		if _, err := w.reader.Open(ev, w.ring); !errors.Is(err, wire.ErrMalformed) {
			t.Fatalf("%d bytes of a content: %v, want ErrMalformed", n, err)
		}
	}
}

// TestFlippedBits flips every bit of a message: either it is refused, or nothing changes that is signed.
func TestFlippedBits(t *testing.T) {
	t.Parallel()
	w := setup(t)
	good := w.says(t, "m1", wire.Message{Text: "hush"})
	b := unbase(t, good.Encode())
	refused, harmless := 0, 0
	for bit := range 8 * len(b) {
		b[bit/8] ^= 1 << (bit % 8)
		ev, err := wire.ParseEvent(base(b))
		b[bit/8] ^= 1 << (bit % 8)
		if err != nil {
			refused++
			continue
		}
		o, err := w.reader.Open(ev, w.ring)
		if err != nil {
			refused++
			continue
		}
		harmless++
		m, _ := ev.Detail.(wire.MessageCreate)
		was, _ := good.Detail.(wire.MessageCreate)
		if ev.ID != good.ID || ev.Sender != good.Sender || ev.Conversation != good.Conversation || m.KeyVersion != was.KeyVersion ||
			!slices.Equal(m.Contents, was.Contents) || !reflect.DeepEqual(o.Content, wire.Content(wire.Message{Text: "hush"})) {
			t.Fatalf("with bit %d flipped it opens, and is another: %+v", bit, ev)
		}
	}
	if refused == 0 || harmless == 0 {
		t.Errorf("%d refused and %d harmless: one of them was not tried", refused, harmless)
	}
}

// TestOversizedEvents holds that what is too large is not even decoded.
func TestOversizedEvents(t *testing.T) {
	t.Parallel()
	if _, err := wire.ParseEvent(strings.Repeat("A", wire.MostEvent)); err != nil {
		t.Errorf("as large as can be, it is %v", err)
	}
	if _, err := wire.ParseEvent(strings.Repeat("A", wire.MostEvent+4)); !errors.Is(err, wire.ErrMalformed) {
		t.Errorf("larger, it is %v, want ErrMalformed", err)
	}
}

// TestReplayedMessages holds that the same message reads the same, so that whoever has its ID can tell.
func TestReplayedMessages(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ev := w.says(t, "m1", wire.Message{Text: "hush"})
	again := bare(ev)
	again.Sequence, again.Previous, again.Token, again.At = 99, 98, "token", again.At.Add(1e9)
	for _, ev := range []wire.Event{ev, ev, given(t, again)} {
		if o, err := w.reader.Open(ev, w.ring); err != nil || ev.ID != "m1" || !reflect.DeepEqual(o.Content, wire.Content(wire.Message{Text: "hush"})) {
			t.Errorf("it is %v, %v", o.Content, err)
		}
	}
}
