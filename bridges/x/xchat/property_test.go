package xchat_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/bridges/x/xchat/wire/wiretest"
)

// TestWhatIsWrittenIsOpened writes anything, anywhere, and has the other one read it.
func TestWhatIsWrittenIsOpened(t *testing.T) {
	t.Parallel()
	w := setup(t)
	rapid.Check(t, func(t *rapid.T) {
		d := xchat.Draft{
			ID:           rapid.StringMatching(`[0-9a-f-]{1,36}`).Draw(t, "id"),
			Conversation: rapid.SampledFrom([]string{"1111:2222", "2222:1111", "1111-2222", "2222", groupID}).Draw(t, "conversation"),
			Content:      wiretest.Content().Draw(t, "content"),
			TTL:          time.Duration(rapid.Int64Range(0, 1<<40).Draw(t, "ttl")) * time.Millisecond,
			Silent:       rapid.Bool().Draw(t, "silent"),
		}
		key := xchat.NewConversationKey(rapid.StringMatching(`[1-9][0-9]{0,19}`).Draw(t, "version"))
		ring := &xchat.Keyring{}
		ring.Add(key)
		p, err := w.alice.Write(d, key)
		if err != nil {
			t.Fatal(err)
		}
		m, err := wire.ParseMessageCreate(p.Message)
		if err != nil || m.Notify == d.Silent || m.TTL != d.TTL || m.KeyVersion != key.Version || p.MessageID != d.ID {
			t.Fatalf("the message is %+v, %v", m, err)
		}
		sig, err := wire.ParseSignature(p.Signature)
		if err != nil || sig.KeyVersion != w.alice.Version || sig.Version != "7" {
			t.Fatalf("the signature is %+v, %v", sig, err)
		}
		ev := w.alice.event(d.ID, xchat.ConversationID(d.Conversation, w.alice.User), m)
		ev.Signature = sig
		ev, err = wire.ParseEvent(ev.Encode())
		if err != nil {
			t.Fatal(err)
		}
		o, err := w.reader.Open(ev, ring)
		if err != nil || !reflect.DeepEqual(o.Content, d.Content) || o.Key.Version != key.Version {
			t.Fatalf("it is %+v, %v, want %+v", o.Content, err, d.Content)
		}
		if o.Proof == xchat.Proven {
			t.Errorf("a preview that was made up is proven: %+v", o.Content)
		}
	})
}

// TestWhatLeavesIsSealed holds that nothing of what was written leaves in the clear.
func TestWhatLeavesIsSealed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	quoted := w.says(t, "m0", wire.Message{Text: hush})
	all := spellings([]byte(hush))
	for _, c := range []wire.Content{
		wire.Message{Text: hush},
		wire.Message{Attachments: []wire.Attachment{{Media: &wire.Media{Name: hush}}, {Link: &wire.Link{Title: hush}}}},
		wire.Message{Text: "yes", Reply: &wire.Preview{Text: hush, Original: &quoted}},
		wire.Message{Forwarded: new(hush)},
		wire.Edit{Target: 7, Text: hush},
		wire.Reaction{Target: 7, Emoji: hush},
	} {
		p, err := w.alice.Write(xchat.Draft{ID: "m", Conversation: pairID, Content: c}, w.key)
		if err != nil {
			t.Fatal(err)
		}
		out := p.Message + p.Signature + string(unbase(t, p.Message)) + string(unbase(t, p.Signature))
		for _, s := range all {
			if strings.Contains(out, s) {
				t.Errorf("%T leaves as %s", c, s)
			}
		}
	}
}

// TestEachSealingIsAnother holds that the same words look like others each time.
func TestEachSealingIsAnother(t *testing.T) {
	t.Parallel()
	w := setup(t)
	seen := map[string]bool{}
	for range 50 {
		p, err := w.alice.Write(xchat.Draft{ID: "m", Conversation: pairID, Content: wire.Message{Text: hush}}, w.key)
		if err != nil {
			t.Fatal(err)
		}
		rot, err := w.alice.Rotate("c", pairID, "5", []xchat.PublicKeys{w.bob.listed()})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []string{p.Message, rot.Keys[0].Key, string(rot.Key.Secret()[:])} {
			if seen[s] {
				t.Fatal("something comes twice")
			}
			seen[s] = true
		}
	}
}
