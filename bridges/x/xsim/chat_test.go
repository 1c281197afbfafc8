package xsim_test

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/bridges/x/xsim"
)

func TestAChatGoesBothWays(t *testing.T) {
	t.Parallel()
	m := joined(t)
	phone := m.sim.Phone(alice)
	hello := m.said(phone.Say(bot, "hello bot"))
	evs := m.events(alice)
	if len(evs) != 1 || m.text(evs[0]) != "hello bot" || evs[0].Sequence != hello.Sequence || evs[0].ID != hello.MessageID {
		t.Fatalf("the bot is told %+v", evs)
	}
	sent := m.send(alice, m.payload(alice, wire.Message{Text: "hello alice"}))
	if sent.Sender != bot || sent.Sequence == 0 || sent.Previous != hello.Sequence || sent.At.IsZero() || sent.Token == "" {
		t.Errorf("the stored event is %+v", sent)
	}
	all := m.shown(phone, bot, 2)
	if h := all[1]; h.Text != "hello alice" || h.Sender != bot || h.Unreadable != "" || h.MessageID != sent.ID || h.Sequence != sent.Sequence {
		t.Errorf("the phone shows %+v", h)
	}
	if all[0].Text != "hello bot" || all[0].Sender != alice {
		t.Errorf("the phone shows of its own %+v", all[0])
	}
}

func TestTheBotBeginsAChat(t *testing.T) {
	t.Parallel()
	m := joined(t)
	first := m.rotate(alice)
	g := m.post("/2/chat/conversations/"+alice+"/keys", first)
	m.want(g, http.StatusOK) // the same again is the same
	m.send(alice, m.payload(alice, wire.Message{Text: "one"}))
	m.rotate(alice)
	m.send(alice, m.payload(alice, wire.Message{Text: "two"}))
	for i, h := range m.shown(m.sim.Phone(alice), bot, 2) {
		if want := []string{"one", "two"}[i]; h.Text != want {
			t.Errorf("message %d is %+v, want %q", i, h, want)
		}
	}
	if n := len(m.sim.ChatEvents(bot + ":" + alice)); n != 4 {
		t.Errorf("X holds %d events, want 4", n)
	}
}

func TestPublicKeysAreChecked(t *testing.T) {
	t.Parallel()
	m := joined(t)
	keys, err := xchat.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := keys.Registration("7")
	if err != nil {
		t.Fatal(err)
	}
	mine, err := m.keys.Registration("7")
	if err != nil {
		t.Fatal(err)
	}
	unbound, wrongPrint, named := fresh, fresh, fresh
	unbound.PublicKey.IdentitySignature = mine.PublicKey.IdentitySignature
	wrongPrint.PublicKey.Fingerprint = mine.PublicKey.Fingerprint
	named.GenerateVersion = false
	for name, tc := range map[string]struct {
		user   string
		body   any
		status int
	}{
		"unbound": {bot, unbound, 400}, "fingerprint": {bot, wrongPrint, 400}, "another's": {alice, fresh, 403},
		"named": {bot, named, 200},
	} {
		if g := m.post("/2/users/"+tc.user+"/public_keys", tc.body); g.status != tc.status {
			t.Errorf("%s: %d, want %d: %s", name, g.status, tc.status, g.raw)
		}
	}
	g := m.post("/2/users/"+bot+"/public_keys", named)
	if g.status != http.StatusTooManyRequests && g.status != http.StatusConflict {
		t.Errorf("the same version again: %d %s", g.status, g.raw)
	}
	g = m.post("/2/users/"+bot+"/public_keys", fresh)
	if g.status != http.StatusTooManyRequests || g.header.Get("X-User-Limit-24hour-Reset") == "" {
		t.Errorf("the sixth registration of a day: %d %v", g.status, g.header)
	}
	rows, _ := m.get("/2/users/" + bot + "/public_keys?public_key.fields=public_key_version").at("data").([]any)
	if len(rows) != 2 || len(rows[0].(map[string]any)) != 1 || rows[1].(map[string]any)["public_key_version"] != "7" {
		t.Errorf("the rows are %v", rows)
	}
	several, _ := m.get("/2/users/public_keys?ids=" + alice + "," + carol).at("data").([]any)
	if len(several) != 2 {
		t.Errorf("two users have %v", several)
	}
}

func TestTrustIsEarned(t *testing.T) {
	t.Parallel()
	m := joined(t)
	m.rotate(alice)
	m.sim.Distrust(alice, bot)
	p := m.payload(alice, wire.Message{Text: "buy"})
	for range 2 {
		if f, is := m.send(alice, p).Detail.(wire.Failure); !is || f.Type != wire.RecipientNotTrusted {
			t.Fatalf("distrusted: %+v", f)
		}
	}
	m.said(m.sim.Phone(alice).Say(bot, "who are you?"))
	if _, is := m.send(alice, p).Detail.(wire.MessageCreate); !is {
		t.Error("after the answer it is still refused")
	}
	m.sim.Distrust(carol, bot)
	m.sim.Trust(carol, bot)
	m.ring = &xchat.Keyring{}
	m.rotate(carol)
	if _, is := m.send(carol, m.payload(carol, wire.Message{Text: "hi"})).Detail.(wire.MessageCreate); !is {
		t.Error("after Trust it is still refused")
	}
}

func TestMessageRequests(t *testing.T) {
	t.Parallel()
	m := joined(t)
	m.subscribe("chat.received", bot)
	l := m.listen("")
	m.sim.Screen(bot, carol)
	m.said(m.sim.Phone(carol).Say(bot, "may I?"))
	m.said(m.sim.Phone(alice).Say(bot, "me too"))
	if g := l.next(); g.at("data.payload.sender_id") != alice {
		t.Errorf("the request is told: %s", g.raw)
	}
	g := m.get("/2/chat/conversations?chat_conversation.fields=id,updated_at,type&expansions=participant_ids&user.fields=username")
	rows, _ := g.at("data").([]any)
	if len(rows) != 1 || g.at("data.0.id") != alice+":"+bot || g.at("meta.has_message_requests") != true || g.at("includes.users.1.id") == nil {
		t.Errorf("listed: %s", g.raw)
	}
	g = m.get("/2/chat/conversations/" + carol + "/events?chat_message_event.fields=encoded_event,is_trusted")
	if ev := m.parse(g.text("data.0.encoded_event")); g.at("data.0.is_trusted") != false || !ev.Untrusted {
		t.Errorf("the request's event: %s", g.raw)
	}
	m.sim.Trust(bot, carol)
	told := map[any]int{} // alice's key change was the first that came
	for range 3 {
		told[l.next().at("data.payload.sender_id")]++
	}
	if told[alice] != 1 || told[carol] != 2 {
		t.Errorf("told after Trust: %v", told)
	}
	if g := m.get("/2/chat/conversations"); g.at("meta.result_count") != 2.0 || g.at("meta.has_message_requests") != false {
		t.Errorf("after Trust: %s", g.raw)
	}
}

func TestRepeatsAreFolded(t *testing.T) {
	t.Parallel()
	m := joined(t)
	m.rotate(alice)
	p := m.payload(alice, wire.Message{Text: "once"})
	first := m.send(alice, p)
	if again := m.send(alice, p); again.Encode() != first.Encode() {
		t.Errorf("again: %+v, want %+v", again, first)
	}
	other := m.payload(alice, wire.Message{Text: "other"})
	other.MessageID = p.MessageID
	m.want(m.post("/2/chat/conversations/"+alice+"/messages", other), http.StatusBadRequest)
	if n := len(m.events(alice)); n != 1 {
		t.Errorf("%d events, want 1", n)
	}
	m.sim.FoldRepeats(false)
	second := m.send(alice, p)
	if second.Sequence <= first.Sequence || second.ID != first.ID || second.Previous != first.Sequence {
		t.Errorf("not folded: %+v after %+v", second, first)
	}
	if n := len(m.events(alice)); n != 2 {
		t.Errorf("%d events, want 2", n)
	}
	m.shown(m.sim.Phone(alice), bot, 1) // a telephone shows one message of an id
}

func TestWhoCannotBeWrittenTo(t *testing.T) {
	t.Parallel()
	m := joined(t)
	m.rotate(alice)
	p := m.payload(alice, wire.Message{Text: "x"})
	m.sim.Block(alice, bot, true)
	m.want(m.post("/2/chat/conversations/"+alice+"/messages", p), http.StatusForbidden)
	m.sim.Block(alice, bot, false)
	const dave = "44"
	m.sim.AddUser(xsim.User{ID: dave})
	for path, status := range map[string]int{
		alice + ":" + bot: 400, "x": 400, alice + "-" + carol: 403, "45": 404, dave: 404, "g5": 404, carol: 404, bot: 403,
		alice + "-" + bot: 201, // the same again, by another name
	} {
		want := status
		if g := m.post("/2/chat/conversations/"+path+"/messages", p); g.status != want {
			t.Errorf("%s: %d, want %d: %s", path, g.status, want, g.raw)
		}
	}
	r, err := m.author.Rotate(m.id(), dave, "5", m.people(bot, alice))
	if err != nil {
		t.Fatal(err)
	}
	if g := m.post("/2/chat/conversations/"+dave+"/keys", r); g.status != 403 || !strings.Contains(string(g.raw), "UNAUTHORIZED_REQUESTING_USER") {
		t.Errorf("a key for who has none: %d %s", g.status, g.raw)
	}
	wrong := p
	wrong.Token = "sim.0"
	wrong.MessageID = "other"
	m.want(m.post("/2/chat/conversations/"+alice+"/messages", wrong), http.StatusBadRequest)
}

func TestStoredHoldsNoPlaintext(t *testing.T) {
	t.Parallel()
	m := joined(t)
	m.subscribe("chat.received", bot)
	m.subscribe("chat.sent", bot)
	phone := m.sim.Phone(alice)
	const secretly = "the eagle has landed"
	said := m.said(phone.SayWith(bot, secretly+" 1", xsim.File{Name: "plan of " + secretly, Data: bytes.Repeat([]byte(secretly), 500)}))
	m.events(alice)
	m.send(alice, m.payload(alice, wire.Message{Text: secretly + " 2"}))
	m.said(phone.Edit(bot, said.Sequence, secretly+" 3"))
	m.said(phone.Reply(bot, said.Sequence, secretly+" 4"))
	all := m.sim.Stored()
	if len(all) < 30 {
		t.Fatalf("only %d byte strings are stored", len(all))
	}
	for _, b := range all {
		if bytes.Contains(b, []byte("eagle")) {
			t.Fatalf("plaintext is stored: %q", b)
		}
	}
	found := false
	for _, b := range all {
		found = found || bytes.Contains(b, []byte(said.MessageID))
	}
	if !found {
		t.Error("what is stored does not even hold the message id")
	}
}

func TestWhatChatsCost(t *testing.T) {
	t.Parallel()
	m := joined(t, func(c *xsim.Config) { c.ChatRead, c.ChatSend, c.ChatContents = 1, 5, 500 })
	m.rotate(alice)
	m.send(alice, m.payload(alice, wire.Message{Text: "one"}))
	m.said(m.sim.Phone(alice).Say(bot, "two"))
	for range 2 { // the same day costs nothing again
		if n := len(m.events(alice)); n != 2 {
			t.Fatalf("%d events", n)
		}
	}
	if got := m.sim.Spent(); got != 5+2*1 {
		t.Errorf("spent %v, want $0.007", got)
	}
	long := m.send(alice, m.payload(alice, wire.Message{Text: strings.Repeat("x", 500)}))
	if f, is := long.Detail.(wire.Failure); !is || f.Type != wire.ContentsTooLarge {
		t.Errorf("too long: %+v", long)
	}
}

func TestOutsidersSeeNothing(t *testing.T) {
	t.Parallel()
	m := joined(t)
	id, err := m.sim.Phone(alice).Group("ours", carol)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"", "/events"} {
		if g := m.get("/2/chat/conversations/" + id + path); g.status != http.StatusNotFound && g.status != http.StatusForbidden {
			t.Errorf("%s: %d %s", path, g.status, g.raw)
		}
	}
	m.want(m.get("/2/chat/conversations/"+alice+"-"+carol+"/events"), http.StatusForbidden)
	if g := m.get("/2/chat/conversations"); g.at("meta.result_count") != 0.0 {
		t.Errorf("listed: %s", g.raw)
	}
	m.want(m.post("/2/chat/media/upload/initialize", obj{"conversation_id": id, "total_bytes": 5}), http.StatusForbidden)
}

func TestPhoneRefusedError(t *testing.T) {
	t.Parallel()
	m := joined(t)
	m.sim.Distrust(carol, alice)
	_, err := m.sim.Phone(alice).Say(carol, "x")
	if refused, is := errors.AsType[*xsim.RefusedError](err); !is || refused.Type != wire.RecipientNotTrusted {
		t.Errorf("refused with %v", err)
	}
}
