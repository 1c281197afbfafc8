package chat_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/roost-im/roost/router/chat"
)

func TestActionsReadBackWhatTheyWrite(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := actions().Draw(t, "action")
		name, body, err := chat.EncodeAction(a)
		if err != nil {
			t.Fatal(err)
		}
		got, err := chat.DecodeAction(name, body)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(a, got, cmpopts.EquateEmpty()); diff != "" || name != chat.ActionName(got) {
			t.Fatalf("%s (-wrote +read):\n%s", name, diff)
		}
		if got.Target() != a.Target() {
			t.Fatalf("target %v, want %v", got.Target(), a.Target())
		}
	})
	if _, _, err := chat.EncodeAction(nil); err == nil {
		t.Error("EncodeAction(nil) = nil error")
	}
	if _, err := chat.DecodeAction("dance", nil); err == nil {
		t.Error("DecodeAction of an unknown name = nil error")
	}
	if _, err := chat.DecodeAction("post", []byte("{")); err == nil {
		t.Error("DecodeAction of half a body = nil error")
	}
}

func TestEventsReadBackWhatTheyWrite(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ev := events().Draw(t, "event")
		b, err := json.Marshal(ev)
		if err != nil {
			t.Fatal(err)
		}
		var got chat.Event
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(ev, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%s (-wrote +read):\n%s", b, diff)
		}
	})
	var ev chat.Event
	for _, s := range []string{`{}`, `{"kind":"dance"}`, `{"kind":"posted","what":3}`, `[`} {
		if err := json.Unmarshal([]byte(s), &ev); err == nil {
			t.Errorf("Unmarshal(%s) = nil error", s)
		}
	}
	if _, err := json.Marshal(chat.Event{}); err == nil {
		t.Error("Marshal of an event without a happening = nil error")
	}
}
