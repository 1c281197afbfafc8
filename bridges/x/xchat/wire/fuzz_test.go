package wire_test

import (
	"encoding/json"
	"os"
	"reflect"
	"testing"

	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/bridges/x/xchat/wire/wiretest"
)

const seeds = 30 // of each kind, drawn anew by their number

// FuzzParseEvent holds that an event goes as it came, and that what is read of it, written anew, reads the same.
func FuzzParseEvent(f *testing.F) {
	b, err := os.ReadFile("../testdata/sdk_vectors.json")
	if err != nil {
		f.Fatal(err)
	}
	var vectors map[string]any
	if err := json.Unmarshal(b, &vectors); err != nil {
		f.Fatal(err)
	}
	for _, name := range []string{"message", "key_change", "failure", "garbage", "reply_valid", "reply_forged"} {
		s, ok := vectors["event_"+name+"_b64"].(string)
		if !ok {
			f.Fatalf("there is no vector of %s", name)
		}
		f.Add(s)
	}
	for n := range seeds {
		f.Add(wiretest.Event().Example(n).Encode())
	}
	f.Fuzz(func(t *testing.T, encoded string) {
		ev, err := wire.ParseEvent(encoded)
		if err != nil {
			return
		}
		again, err := wire.ParseEvent(ev.Encode())
		if err != nil || !reflect.DeepEqual(again, ev) {
			t.Fatalf("it comes as %+v and goes as %+v, %v", ev, again, err)
		}
		anew, err := wire.ParseEvent(bare(ev).Encode())
		if err != nil || !same(bare(anew), bare(ev)) {
			t.Fatalf("it comes as %+v and is written as %+v, %v", ev, anew, err)
		}
	})
}

// same is equality of events, with no contents equal to empty ones.
func same(a, b wire.Event) bool {
	for _, ev := range []*wire.Event{&a, &b} {
		if m, ok := ev.Detail.(wire.MessageCreate); ok && len(m.Contents) == 0 {
			m.Contents = nil
			ev.Detail = m
		}
		if len(ev.Signature.Value) == 0 {
			ev.Signature.Value = nil
		}
		if ev.Signature.IsZero() {
			ev.Signature = wire.Signature{}
		}
	}
	return reflect.DeepEqual(a, b)
}

// FuzzParseContent holds that what is read of a content, written anew, reads the same. The first writing may be another
// one: it leaves out what we don't know.
func FuzzParseContent(f *testing.F) {
	for n := range seeds {
		f.Add(wire.EncodeContent(wiretest.Content().Example(n)))
	}
	f.Add([]byte("\x0c\x00\x01\x0c\x00\x01\x0f\x00\x02\x0c\x00\x00\x00\x01\x0c\x00\x03\x0c\x00\x04\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, plain []byte) {
		c, err := wire.ParseContent(plain)
		if err != nil {
			return
		}
		once := wire.EncodeContent(c)
		again, err := wire.ParseContent(once)
		if err != nil {
			t.Fatalf("%+v can't be read again: %v", c, err)
		}
		if twice := wire.EncodeContent(again); !reflect.DeepEqual(twice, once) {
			t.Fatalf("%+v, read again, is %+v", c, again)
		}
	})
}
