package xchat_test

import (
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// The sizes of a message: a usual one, and a very long one.
var sizes = []struct {
	name string
	text string
}{{"140", strings.Repeat("hush ", 28)}, {"10000", strings.Repeat("hush ", 2000)}}

func BenchmarkOpen(b *testing.B) {
	w := setup(b)
	for _, s := range sizes {
		encoded := w.says(b, "m", wire.Message{Text: s.text}).Encode()
		b.Run(s.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ev, err := wire.ParseEvent(encoded)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := w.reader.Open(ev, w.ring); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkWrite(b *testing.B) {
	w := setup(b)
	for _, s := range sizes {
		d := xchat.Draft{ID: "m", Conversation: pairID, Content: wire.Message{Text: s.text}}
		b.Run(s.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := w.alice.Write(d, w.key); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAdopt(b *testing.B) {
	w := setup(b)
	ev := w.alice.changes(b, pairID, w.key, w.alice, w.bob)
	for b.Loop() {
		if added, err := w.reader.Adopt(ev, &xchat.Keyring{}); !added || err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAdoptHostile is the dearest key change that fits in an event.
func BenchmarkAdoptHostile(b *testing.B) {
	w := setup(b)
	ev := w.alice.change(b, pairID, w.key, w.mallory)
	d, _ := ev.Detail.(wire.KeyChange)
	d.Keys[0].User, d.Keys[0].PublicKeyVersion = "2222", ""
	for range 5000 {
		d.Keys = append(d.Keys, d.Keys[0])
	}
	ev.Detail = d
	for b.Loop() {
		if added, err := w.reader.Adopt(ev, w.ring); added || err == nil {
			b.Fatal("it is adopted")
		}
	}
}

func BenchmarkProve(b *testing.B) {
	w := setup(b)
	said := w.says(b, "m1", wire.Message{Text: sizes[0].text})
	key := xchat.NewConversationKey("1700000000001")
	former := w.alice.writes(b, "m1", pairID, wire.Message{Text: sizes[0].text}, key)
	change := w.alice.changes(b, pairID, key, w.bob)
	for _, bc := range []struct {
		name string
		p    wire.Preview
	}{
		{"original", wire.Preview{Text: sizes[0].text, Original: &said}},
		{"original and key", wire.Preview{Text: sizes[0].text, Original: &former, KeyChanges: []wire.Event{change}}},
	} {
		ev := w.alice.writes(b, "r", pairID, wire.Message{Text: "yes", Reply: &bc.p}, w.key)
		b.Run(bc.name, func(b *testing.B) {
			for b.Loop() {
				if o, err := w.reader.Open(ev, w.ring); err != nil || o.Proof != xchat.Proven {
					b.Fatalf("it is %d, %v", o.Proof, err)
				}
			}
		})
	}
}
