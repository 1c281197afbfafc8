package interop_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// refused checks that neither side reads an event, and that our reason is the right one.
func (r *room) refused(reader person, ev wire.Event, name string, want error) {
	r.Helper()
	ev = r.parse(ev.Encode())
	if o, err := r.reader(reader).Open(ev, r.rings[reader.User]); !errors.Is(err, want) {
		r.Errorf("%s: we read %+v, %v, want %v", name, o.Content, err, want)
	}
	var got json.RawMessage
	if err := reader.try("decryptEvent", &got, ev.Encode(), r.keys[reader.User], r.signers()); err == nil {
		r.Errorf("%s: the SDK reads %s", name, got)
	}
}

// noKey checks that neither side reads without the key, nor when nobody's public keys are listed.
func (r *room) noKey(ev wire.Event) {
	r.Helper()
	reader := r.people[1]
	if _, err := r.reader(reader).Open(ev, &xchat.Keyring{}); !errors.Is(err, xchat.ErrNoKey) {
		r.Errorf("without a key: %v, want ErrNoKey", err)
	}
	var got json.RawMessage
	if err := reader.try("decryptEvent", &got, ev.Encode(), object{}, r.signers()); err == nil {
		r.Errorf("without a key: the SDK reads %s", got)
	}
	alone := r.reader(reader)
	alone.Directory = &xchat.Directory{}
	if _, err := alone.Open(ev, r.rings[reader.User]); !errors.Is(err, xchat.ErrNoSigner) {
		r.Errorf("without public keys: %v, want ErrNoSigner", err)
	}
	if err := reader.try("decryptEvent", &got, ev.Encode(), r.keys[reader.User], r.signers()[1:2]); err == nil {
		r.Errorf("without public keys: the SDK reads %s", got)
	}
	unbound := r.signers()
	for i := range unbound {
		unbound[i].Binding = unbound[(i+1)%len(unbound)].Binding
	}
	if err := reader.try("decryptEvent", &got, ev.Encode(), r.keys[reader.User], unbound); err == nil {
		r.Errorf("with unbound public keys: the SDK reads %s", got)
	}
	if n := (&xchat.Directory{}).Learn(ev.Sender, []xchat.PublicKeys{{
		Version: "1", Identity: reader.Identity, Signing: reader.Signing, Binding: r.people[0].Binding,
	}}); n != 1 {
		r.Errorf("we learn unbound public keys")
	}
}

// TestCut gives both sides every beginning of an event, and the event with bytes behind it.
func TestCut(t *testing.T) {
	t.Parallel()
	r := setup(t, 2).pair()
	b := r.people[1]
	n := note{from: r.people[0], content: wire.Message{Text: "cut"}}
	ev := r.write(theirs, &n)
	whole := decode(t, ev.Encode())
	for size := range whole {
		cut := encode(whole[:size])
		if _, err := wire.ParseEvent(cut); !errors.Is(err, wire.ErrMalformed) {
			t.Errorf("of %d bytes: %v, want ErrMalformed", size, err)
		}
		if err := b.try("decryptEvent", nil, cut, r.keys[b.User], r.signers()[:1]); err == nil {
			t.Errorf("of %d bytes: the SDK reads it", size)
		}
	}
	more := r.parse(encode(append(slices.Clone(whole), "more"...)))
	r.check(ours, b, more, n)
	var got json.RawMessage
	b.must("decryptEvent", &got, encode(append(slices.Clone(whole), "more"...)), r.keys[b.User], r.signers())
	r.compare(got, ev, n)
}

// TestFlipped flips a bit of each byte of an event. What either side reads then is the message; only what X says of it may be
// another thing.
func TestFlipped(t *testing.T) {
	t.Parallel()
	r := setup(t, 2).pair()
	b := r.people[1]
	n := note{from: r.people[0], content: wire.Message{Text: "flip"}}
	ev := r.write(theirs, &n)
	whole := decode(t, ev.Encode())
	type words struct{ id, sender, conversation, text string }
	want := words{ev.ID, ev.Sender, ev.Conversation, "flip"}
	read := map[side]int{}
	for i := range whole {
		flipped := slices.Clone(whole)
		flipped[i] ^= 1 << (i % 8)
		if ev, o, err := r.open(b, encode(flipped)); err == nil {
			read[ours]++
			m, _ := o.Content.(wire.Message)
			if got := (words{ev.ID, ev.Sender, ev.Conversation, m.Text}); got != want {
				t.Errorf("byte %d: we read %+v", i, got)
			}
		}
		var got struct {
			Type, ID, SenderID, ConversationID string
			Content                            struct{ Text string }
		}
		if err := b.try("decryptEvent", &got, encode(flipped), r.keys[b.User], r.signers()[:1]); err == nil && got.Type == "message" {
			read[theirs]++
			if got := (words{got.ID, got.SenderID, got.ConversationID, got.Content.Text}); got != want {
				t.Errorf("byte %d: the SDK reads %+v", i, got)
			}
		}
	}
	if read[ours] == 0 || read[theirs] == 0 || read[ours] > len(whole)/3 {
		t.Errorf("with %d bytes, one after the other, we read %d events and the SDK %d", len(whole), read[ours], read[theirs])
	}
}

func (r *room) open(reader person, encoded string) (wire.Event, xchat.Opened, error) {
	ev, err := wire.ParseEvent(encoded)
	if err != nil {
		return wire.Event{}, xchat.Opened{}, err
	}
	o, err := r.reader(reader).Open(ev, r.rings[reader.User])
	return ev, o, err
}
