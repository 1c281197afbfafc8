package interop_test

import (
	"encoding/json"
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// failureNames are the SDK's names of the failures, as X numbers them from 1 on.
var failureNames = []string{
	"emptyDetail", "internalError", "contentsTooLarge", "tooManyMessages", "invalidSenderSignature", "nonLatestKeyVersion",
	"recipientNotTrusted", "recipientKeyChanged", "onlyEncryptedMessagesAllowed", "requesterNotAdmin", "flaggedAsSpam",
	"rateLimitUpsell", "signatureFailedToVerifyAgainstPublicKey", "genericError", "senderNotGroupMember", "invalidSignatureVersion",
	"invalidPinRequest", "tooManyPins",
}

// TestUnsigned shows the SDK what bears no signature, as X sends it.
func TestUnsigned(t *testing.T) {
	t.Parallel()
	r := setup(t, 2).pair()
	a, b := r.people[0], r.people[1]
	shows := func(what wire.Detail, want object) {
		ev := r.deliver(a.User, r.newID(), what, wire.Signature{})
		var got json.RawMessage
		b.must("decryptEvent", &got, ev.Encode(), object{}, r.signers())
		all := envelope(ev, "")
		maps.Copy(all, want)
		if d := difference(t, all, got); d != "" {
			t.Errorf("the SDK reads %+v otherwise (-want +got):\n%s", what, d)
		}
		if err := r.reader(b).Verify(ev); !errors.Is(err, xchat.ErrUnsigned) {
			t.Errorf("%+v: %v, want ErrUnsigned", what, err)
		}
	}
	for i, name := range failureNames {
		shows(wire.Failure{Type: wire.FailureType(i + 1)}, object{"type": "failure", "failure": name})
	}
	if wire.TooManyPins != wire.FailureType(len(failureNames)) {
		t.Errorf("we know %d failures, the SDK %d", wire.TooManyPins, len(failureNames))
	}
	shows(wire.Failure{Type: 99}, object{"type": "failure", "failure": "unknown"})
	shows(wire.Typing{}, object{"type": "typing"})
	shows(wire.Other{Member: 77}, object{"type": "unknown", "eventTypeId": nil})
}

// TestEnvelope reads all that X may leave out of an event, on both sides.
func TestEnvelope(t *testing.T) {
	t.Parallel()
	r := setup(t, 2).pair()
	a, b := r.people[0], r.people[1]
	n := note{from: a, content: wire.Message{Text: "bare"}}
	for _, by := range sides {
		ev := unparsed(r.write(by, &n))
		ev.Previous, ev.Token, ev.Untrusted = 0, "", true
		ev = r.parse(ev.Encode())
		for _, on := range sides {
			r.check(on, b, ev, n)
		}
		ev = unparsed(ev)
		ev.Sequence, ev.At = 0, time.Time{}
		var got struct {
			Sequence *string `json:"sequenceId"`
			Created  *int64  `json:"createdAtMsec"`
			Content  struct{ Text string }
		}
		b.must("decryptEvent", &got, ev.Encode(), r.keys[b.User], r.signers())
		if got.Sequence != nil || got.Created != nil || got.Content.Text != "bare" {
			t.Errorf("the SDK reads %+v, want no sequence and no time", got)
		}
		ev = r.parse(ev.Encode())
		if ev.Sequence != 0 || !ev.At.IsZero() || !ev.Untrusted || ev.Token != "" || ev.Previous != 0 {
			t.Errorf("we read %+v, want what X left out to be nothing", ev)
		}
		r.check(ours, b, ev, n)
	}
}

// TestTexts seals single texts, as names of groups are, on each side for the other.
func TestTexts(t *testing.T) {
	t.Parallel()
	i := startSDK(t).newInstance(t, "anybody")
	key, other := xchat.NewConversationKey("1"), xchat.NewConversationKey("1")
	secret := octets(key.Secret()[:])
	for _, text := range []string{"", "a", "Projekt Grün 🌱", "a\x00b", "{}", "שלום"} {
		var sealed, opened string
		i.must("encrypt", &sealed, text, secret)
		if got, err := key.OpenText(sealed); err != nil || got != text {
			t.Errorf("we open %q as %q, %v", text, got, err)
		}
		if i.must("decrypt", &opened, key.SealText(text), secret); opened != text {
			t.Errorf("the SDK opens %q as %q", text, opened)
		}
		for name, bad := range map[string]string{
			"cut":            sealed[:len(sealed)-4],
			"flipped":        encode(flip(decode(t, sealed))),
			"of another key": other.SealText(text),
			"no base64":      "?" + sealed[1:],
			"nothing":        "",
			"a nonce alone":  encode(decode(t, sealed)[:24]),
		} {
			if got, err := key.OpenText(bad); err == nil {
				t.Errorf("%s: we open %q as %q", name, text, got)
			}
			if err := i.try("decrypt", &opened, bad, secret); err == nil {
				t.Errorf("%s: the SDK opens %q as %q", name, text, opened)
			}
		}
	}
}
