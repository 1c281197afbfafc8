package xsim_test

import (
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
