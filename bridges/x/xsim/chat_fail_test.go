package xsim_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

func TestFailures(t *testing.T) {
	t.Parallel()
	m := joined(t)
	old := m.rotate(alice)
	m.rotate(alice)
	stranger, err := xchat.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	text := wire.Message{Text: "x"}
	write := func(a xchat.Author, key xchat.ConversationKey) xchat.Payload {
		p, err := a.Write(xchat.Draft{ID: m.id(), Conversation: alice, Content: text}, key)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	newest, _ := m.ring.Latest()
	unsigned, outdated, plain, large := write(m.author, newest), write(m.author, newest), write(m.author, newest), write(m.author, newest)
	unsigned.Signature = ""
	sig, err := wire.ParseSignature(outdated.Signature)
	if err != nil {
		t.Fatal(err)
	}
	sig.Version = "1"
	outdated.Signature = sig.Encode()
	plain.Message = wire.MessageCreate{Contents: []byte("x")}.Encode()
	large.Message = wire.MessageCreate{Contents: make([]byte, 200<<10), KeyVersion: newest.Version}.Encode()
	for name, tc := range map[string]struct {
		payload xchat.Payload
		want    wire.FailureType
	}{
		"older key":       {write(m.author, old.Key), wire.NonLatestKeyVersion},
		"another's keys":  {write(xchat.Author{Keys: stranger, User: bot, Version: m.author.Version}, newest), wire.InvalidSenderSignature},
		"unknown version": {write(xchat.Author{Keys: m.keys, User: bot, Version: "99"}, newest), wire.SignatureNotVerified},
		"unsigned":        {unsigned, wire.SignatureNotVerified},
		"outdated":        {outdated, wire.InvalidSignatureVersion},
		"in the clear":    {plain, wire.OnlyEncryptedAllowed},
		"too large":       {large, wire.ContentsTooLarge},
	} {
		ev := m.send(alice, tc.payload)
		if f, is := ev.Detail.(wire.Failure); !is || f.Type != tc.want || ev.ID != tc.payload.MessageID || ev.Sender != bot {
			t.Errorf("%s: %+v, want failure %d", name, ev, tc.want)
		}
	}
	m.sim.FailChat(wire.FlaggedAsSpam, wire.TooManyMessages)
	for _, want := range []wire.FailureType{wire.FlaggedAsSpam, wire.TooManyMessages} {
		if f, is := m.send(alice, m.payload(alice, text)).Detail.(wire.Failure); !is || f.Type != want {
			t.Errorf("planned: %+v, want %d", f, want)
		}
	}
	if n := len(m.events(alice)); n != 0 {
		t.Errorf("%d events of failures are listed", n)
	}
	if all := m.sim.Phone(alice).Talk(bot); len(all) != 0 {
		t.Errorf("the phone shows %+v", all)
	}
}

func TestLateFailures(t *testing.T) {
	t.Parallel()
	m := joined(t)
	m.subscribe("chat.sent", bot)
	m.rotate(alice)
	l := m.listen("")
	m.sim.FailLate(true)
	m.sim.FailChat(wire.FlaggedAsSpam)
	p := m.payload(alice, wire.Message{Text: "spam"})
	if ev := m.send(alice, p); ev.ID != p.MessageID || ev.Sequence == 0 {
		t.Errorf("at first: %+v", ev)
	} else if _, is := ev.Detail.(wire.MessageCreate); !is {
		t.Errorf("at first: %+v", ev)
	}
	told := m.parse(l.next().text("data.payload.encoded_event"))
	if f, is := told.Detail.(wire.Failure); !is || f.Type != wire.FlaggedAsSpam || told.ID != p.MessageID {
		t.Errorf("told: %+v", told)
	}
	evs := m.events(alice)
	if len(evs) != 1 || evs[0].ID != p.MessageID {
		t.Errorf("listed: %+v", evs)
	}
	if all := m.sim.Phone(alice).Talk(bot); len(all) != 0 {
		t.Errorf("the phone shows %+v", all)
	}
}

func TestKeyChangesAreChecked(t *testing.T) {
	t.Parallel()
	m := joined(t)
	first := m.rotate(alice)
	fresh := func(version string, users ...string) xchat.Rotation {
		r, err := m.author.Rotate(m.id(), alice, version, m.people(users...))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	other := fresh("9999999999999", bot, alice)
	unsigned, swapped, unknown, broken := other, other, other, other
	unsigned.Actions = nil
	swapped.Keys = fresh("9999999999999", bot, alice).Keys
	unknown.Keys = slices.Clone(other.Keys)
	unknown.Keys[0].PublicKeyVersion = "5"
	broken.Actions = slices.Clone(other.Actions)
	broken.Actions[0].Signature.Value = "AAAA"
	for name, r := range map[string]xchat.Rotation{
		"without one": fresh("9999999999998", bot), "with another": fresh("9999999999998", bot, alice, carol),
		"as old": fresh(first.Version, bot, alice), "older": fresh("5", bot, alice),
		"unsigned": unsigned, "signed for others": swapped, "unknown public keys": unknown, "broken signature": broken,
	} {
		if g := m.post("/2/chat/conversations/"+alice+"/keys", r); g.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, g.status, g.raw)
		}
	}
	m.want(m.post("/2/chat/conversations/"+alice+"/keys", other), http.StatusOK)
}

func TestForgedGroups(t *testing.T) {
	t.Parallel()
	m := joined(t)
	id := m.post("/2/chat/conversations/group/initialize", nil).text("data.conversation_id")
	name, all := "team", []string{bot, alice}
	r, err := m.author.RotateGroup([2]string{m.id(), m.id()}, id, "1795176000999", m.people(all...),
		wire.GroupChange{Kind: wire.GroupCreate, Members: all, Admins: []string{bot}, Title: &name})
	if err != nil {
		t.Fatal(err)
	}
	r.Actions[1].MessageID = "renamed"
	m.want(m.post("/2/chat/conversations/group", obj{
		"conversation_id": id, "conversation_key_version": r.Version, "conversation_participant_keys": r.Keys,
		"action_signatures": r.Actions, "group_members": all, "group_name": name,
	}), http.StatusBadRequest)
}

func TestForgedDeletes(t *testing.T) {
	t.Parallel()
	m := joined(t)
	a := m.sim.Phone(alice)
	m.said(a.Say(bot, "begin"))
	m.events(alice)
	sent := m.send(alice, m.payload(alice, wire.Message{Text: "stays"}))
	m.sim.Inject(alice+":"+bot, wire.Event{
		Sequence: sent.Sequence + 1, ID: "forged", Sender: bot, Conversation: alice + ":" + bot, Signature: sent.Signature,
		Detail: wire.MessageDelete{Sequences: []wire.Sequence{sent.Sequence}, ForAll: true},
	}.Encode())
	if h := m.shown(a, bot, 2)[1]; h.Deleted || h.Text != "stays" {
		t.Errorf("after a forged delete the phone shows %+v", h)
	}
}
