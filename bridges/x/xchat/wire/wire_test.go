package wire_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/bridges/x/xchat/wire/wiretest"
)

// bare is an event without the memory of how it came.
func bare(ev wire.Event) wire.Event {
	return wire.Event{
		Sequence: ev.Sequence, Previous: ev.Previous, ID: ev.ID, Sender: ev.Sender, Conversation: ev.Conversation, Token: ev.Token,
		At: ev.At, Detail: ev.Detail, Signature: ev.Signature, Untrusted: ev.Untrusted,
	}
}

func decode(t rapid.TB, s string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func encode(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func TestContentIsReadAsWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := wiretest.Content().Draw(t, "content")
		if got, err := wire.ParseContent(wire.EncodeContent(want)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	})
}

func TestEventIsReadAsWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := wiretest.Event().Draw(t, "event")
		encoded := want.Encode()
		got, err := wire.ParseEvent(encoded)
		if err != nil || !reflect.DeepEqual(bare(got), want) {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
		if again := got.Encode(); again != encoded {
			t.Errorf("what came as %s goes as %s", encoded, again)
		}
	})
}

func TestDetailIsReadAsWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := wiretest.Detail().Draw(t, "detail")
		if got, err := wire.ParseDetail(wire.EncodeDetail(want)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
		m, ok := want.(wire.MessageCreate)
		if !ok {
			return
		}
		if got, err := wire.ParseMessageCreate(m.Encode()); err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("got %+v, %v, want %+v", got, err, m)
		}
	})
}

func TestSignatureIsReadAsWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.SliceOfN(rapid.Byte(), 1, 70).Draw(t, "value")
		want := wire.Signature{Value: value, KeyVersion: rapid.String().Draw(t, "key"), Version: rapid.String().Draw(t, "version")}
		if got, err := wire.ParseSignature(want.Encode()); err != nil || !reflect.DeepEqual(got, want) || got.IsZero() {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	})
}

// unknown draws a field that no struct of X's has today.
func unknown() *rapid.Generator[field] {
	return rapid.Custom(func(t *rapid.T) field {
		id := rapid.SampledFrom([]uint16{0, 99, 300, 0x7fff, 0x8000, 0xffff}).Draw(t, "id")
		values := []*node{
			{kind: 2, flat: []byte{1}},
			{kind: 4, flat: make([]byte, 8)},
			{kind: 13, flat: []byte{11, 8, 0, 0, 0, 1, 0, 0, 0, 1, 'k', 0, 0, 0, 7}},
			{kind: 14, flat: []byte{2, 0, 0, 0, 2, 0, 1}},
			{kind: 16, flat: make([]byte, 16)},
			{kind: kindBinary, flat: []byte{0, 0, 0, 2, 0xff, 0}},
			{kind: kindStruct, fields: []field{{id: 1, value: &node{kind: kindBinary, flat: []byte{0, 0, 0, 1, 'x'}}}}},
			{kind: kindList, elem: kindStruct, list: []*node{{kind: kindStruct}, {kind: kindStruct}}},
		}
		return field{id: id, value: rapid.SampledFrom(values).Draw(t, "value")}
	})
}

// sprinkle puts unknown fields into some structs of a value.
func sprinkle(t *rapid.T, b []byte) []byte {
	root, _ := grow(kindStruct, b)
	all := root.structs()
	for range rapid.IntRange(1, 4).Draw(t, "fields") {
		n := all[rapid.IntRange(0, len(all)-1).Draw(t, "struct")]
		n.insert(rapid.IntRange(0, len(n.fields)).Draw(t, "place"), unknown().Draw(t, "field"))
	}
	return root.append(nil)
}

// A field or a member of a union that nobody knows yet changes nothing, wherever it comes one day.
func TestUnknownFieldsChangeNoContent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := wiretest.Content().Filter(known).Draw(t, "content")
		if got, err := wire.ParseContent(sprinkle(t, wire.EncodeContent(want))); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	})
}

func TestUnknownFieldsChangeNoEvent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := wiretest.Event().Filter(knownEvent).Draw(t, "event")
		b := sprinkle(t, decode(t, want.Encode()))
		got, err := wire.ParseEvent(encode(b))
		if err != nil || !reflect.DeepEqual(bare(got), want) {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
		if got.Encode() != encode(b) {
			t.Error("an event does not go as it came")
		}
	})
}

// known says whether a content has no kind that is not used, which another unknown member would stand in for.
func known(c wire.Content) bool {
	switch c := c.(type) {
	case wire.Strange:
		return false
	case wire.Message:
		ok := knownAttachments(c.Attachments)
		if p := c.Reply; p != nil {
			ok = ok && knownAttachments(p.Attachments) && (p.Original == nil || knownEvent(*p.Original)) && (p.Edited == nil || knownEvent(*p.Edited))
			for _, ev := range p.KeyChanges {
				ok = ok && knownEvent(ev)
			}
		}
		return ok
	case wire.Edit, wire.Reaction:
	}
	return true
}

func knownAttachments(all []wire.Attachment) bool {
	for _, a := range all {
		if a.Media == nil && a.Post == nil && a.Link == nil {
			return false
		}
	}
	return true
}

func knownEvent(ev wire.Event) bool {
	_, other := ev.Detail.(wire.Other)
	return !other
}

// TestKindsThatAreNotUsed holds that what X adds is no fault.
func TestKindsThatAreNotUsed(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]wire.Content{
		"\x00":                                 wire.Strange{},           // no contents
		"\x0c\x00\x01\x00\x00":                 wire.Strange{},           // an empty union
		"\x0c\x00\x01\x0c\x00\x0d\x00\x00\x00": wire.Strange{Member: 13}, // accepting a request
		"\x0c\x00\x01\x0c\x7f\xff\x00\x00\x00": wire.Strange{Member: 1<<15 - 1},
		"\x0c\x00\x01\x02\x00\x01\x01\x00\x00": wire.Strange{}, // a message that is a truth
		"\x02\x00\x01\x01\x00":                 wire.Strange{},
	} {
		if got, err := wire.ParseContent([]byte(in)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%x is %+v, %v, want %+v", in, got, err, want)
		}
	}
	for in, want := range map[string]wire.Detail{
		"\x00":                             wire.Other{},
		"\x0c\x00\x08\x00\x00":             wire.Other{Member: 8},
		"\x0b\x00\x01\x00\x00\x00\x00\x00": wire.Other{},
		"\x0c\x00\x04\x00\x00":             wire.Other{Member: 4}, // a group's change without the change
		"\x0c\x00\x04\x0c\x00\x01\x0c\x00\x0c\x00\x00\x00\x00": wire.Other{Member: 4}, // settings of a group
		"\x0c\x00\x09\x0c\x00\x01\x0c\x00\x03\x00\x00\x00\x00": wire.Other{Member: 9}, // muted
		"\x0c\x00\x09\x0c\x00\x01\x0c\x00\x02\x00\x00\x00\x00": wire.TTLChange{},
		"\x0c\x00\x06\x0b\x00\x01\x00\x00\x00\x00\x00\x00":     wire.Typing{},
	} {
		if got, err := wire.ParseDetail(encode([]byte(in))); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%x is %+v, %v, want %+v", in, got, err, want)
		}
	}
}

func TestMalformed(t *testing.T) {
	t.Parallel()
	two := "\x0c\x00\x06\x00\x0c\x00\x01\x00\x00" // typing, and a message
	parse := map[string]func(string) error{
		"event":     func(s string) error { _, err := wire.ParseEvent(s); return err },
		"detail":    func(s string) error { _, err := wire.ParseDetail(s); return err },
		"message":   func(s string) error { _, err := wire.ParseMessageCreate(s); return err },
		"signature": func(s string) error { _, err := wire.ParseSignature(s); return err },
		"content": func(s string) error {
			b, _ := base64.StdEncoding.DecodeString(s)
			_, err := wire.ParseContent(b)
			return err
		},
	}
	for _, tc := range []struct{ name, what, in string }{
		{"nothing", "event", ""},
		{"nothing", "detail", ""},
		{"nothing", "message", ""},
		{"nothing", "signature", ""},
		{"nothing", "content", ""},
		{"no base64", "event", "!!!"},
		{"no base64", "detail", "A"},
		{"no base64", "message", "-_"},
		{"no base64", "signature", "AA\x00"},
		{"too long", "event", strings.Repeat("A", wire.MostEvent+4)},
		{"too long", "detail", strings.Repeat("A", wire.MostEvent+4)},
		{"two members", "detail", encode([]byte(two))},
		{"two members", "event", encode([]byte("\x0c\x00\x07" + two + "\x00"))},
		{"two members", "content", encode([]byte("\x0c\x00\x01\x0c\x00\x02\x00\x0c\x00\x04\x00\x00\x00"))},
		{"a group's two changes", "detail", encode([]byte("\x0c\x00\x04\x0c\x00\x01\x0c\x00\x02\x00\x0c\x00\x03\x00\x00\x00\x00"))},
		{"too deep", "event", encode([]byte(strings.Repeat("\x0c\x00\x01", 40) + strings.Repeat("\x00", 41)))},
	} {
		if err := parse[tc.what](tc.in); !errors.Is(err, wire.ErrMalformed) {
			t.Errorf("%s, %s: %v, want ErrMalformed", tc.what, tc.name, err)
		}
	}
}

// TestErrorsShowNothing holds that what can't be read does not come out in the error.
func TestErrorsShowNothing(t *testing.T) {
	t.Parallel()
	plain := wire.EncodeContent(wire.Message{Text: "hushhush"})
	for n := range plain {
		if _, err := wire.ParseContent(plain[:n]); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

func TestOddValues(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]wire.Sequence{"1": 1, "18446744073709551615": 1<<64 - 1, "18446744073709551616": 0, "-1": 0, "": 0, "x": 0, "1 ": 0} {
		if got := wire.ParseSequence(in); got != want {
			t.Errorf("ParseSequence(%q) = %d, want %d", in, got, want)
		}
	}
	for _, ms := range []string{"", "x", "-1", "0", "9223372036854775807", "1125899906842625"} {
		ev, err := wire.ParseEvent(encode(fmt.Appendf(nil, "\x0b\x00\x06\x00\x00\x00%c%s\x00", len(ms), ms)))
		if err != nil || !ev.At.IsZero() {
			t.Errorf("a time of %q is %v, %v, want none", ms, ev.At, err)
		}
	}
	// Of a union the known member counts alone, and its number is no stranger's.
	odd, err := wire.ParseContent([]byte("\x0c\x00\x01\x0c\x00\x01" +
		"\x0f\x00\x02\x0c\x00\x00\x00\x02" + "\x0c\x00\x03\x0c\x00\x63\x00\x0c\x00\x04\x00\x00\x00" + "\x0c\x00\x03\x0c\x00\x63\x00\x00\x00" +
		"\x0f\x00\x03\x0c\x00\x00\x00\x02" + "\x0c\x00\x63\x00\x0c\x00\x02\x00\x00" + "\x0c\x00\x63\x00\x00" + "\x00\x00\x00"))
	want := wire.Message{
		Entities: []wire.Entity{{Kind: wire.URL}, {Kind: 99}}, Attachments: []wire.Attachment{{Post: &wire.PostRef{}}, {Member: 99}},
	}
	if err != nil || !reflect.DeepEqual(odd, wire.Content(want)) {
		t.Errorf("it is %+v, %v, want %+v", odd, err, want)
	}
	for _, ms := range []string{"\xff\xff\xff\xff\xff\xff\xff\xff", "\x80\x00\x00\x00\x00\x00\x00\x00", "\x7f\xff\xff\xff\xff\xff\xff\xff", "\x00\x00\x00\x00\x00\x00\x00\x00"} {
		if m, err := wire.ParseMessageCreate(encode([]byte("\x0a\x00\x67" + ms + "\x00"))); err != nil || m.TTL != 0 {
			t.Errorf("a time to live of %x is %v, %v, want none", ms, m.TTL, err)
		}
	}
	long := wire.Message{Attachments: []wire.Attachment{{Media: &wire.Media{Duration: -time.Second, Size: -1, Width: -2}}}}
	got, err := wire.ParseContent(wire.EncodeContent(long))
	if m, ok := got.(wire.Message); err != nil || !ok || *m.Attachments[0].Media != (wire.Media{}) {
		t.Errorf("negative sizes are %+v, %v", got, err)
	}
	// A signature that is no base64 is none, and not its beginning.
	sig, err := wire.ParseSignature(encode([]byte("\x0b\x00\x01\x00\x00\x00\x05AAAA!\x00")))
	if err != nil || sig.Value != nil {
		t.Errorf("a signature that is no base64 is %x, %v", sig.Value, err)
	}
}
