package xsim_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/bridges/x/xsim"
)

// follow subscribes the bot to its chats and listens.
func (m *member) follow() *listener {
	m.Helper()
	m.subscribe("chat.received", bot)
	m.subscribe("chat.sent", bot)
	return m.listen("")
}

// nextEvent is the next event on a stream, of the kind that is wanted.
func (m *member) nextEvent(l *listener, kind string) wire.Event {
	m.Helper()
	g := l.next()
	if g.at("data.event_type") != kind {
		m.Fatalf("told %s, want %s", g.raw, kind)
	}
	return m.parse(g.text("data.payload.encoded_event"))
}

func TestChatsAreTold(t *testing.T) {
	t.Parallel()
	m := joined(t)
	l := m.follow()
	phone := m.sim.Phone(alice)
	said := m.said(phone.Say(bot, "hi"))
	change := m.nextEvent(l, "chat.received")
	if _, err := m.self.Adopt(change, m.ring); err != nil {
		t.Fatalf("the key change: %v", err)
	}
	g := l.next()
	version := change.Detail.(wire.KeyChange).Version
	for path, want := range map[string]any{
		"conversation_id": alice + "-" + bot, "id": said.MessageID, "sender_id": alice, "conversation_key_version": version,
		"message_event_signature.signature_version": "7", "created_at_msec": stampOf(m),
	} {
		if got := g.at("data.payload." + path); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	ev := m.parse(g.text("data.payload.encoded_event"))
	if m.text(ev) != "hi" || ev.Previous != change.Sequence || ev.Token != g.text("data.payload.conversation_token") {
		t.Errorf("told %+v", ev)
	}
	if k := m.parse(g.text("data.payload.conversation_key_change_event")); k.Sequence != change.Sequence {
		t.Errorf("the first message brings %+v", k)
	}
	key, _ := m.self.Directory.Latest(alice)
	if g.text("data.payload.message_event_signature.signing_public_key") == "" || key.Version != g.text("data.payload.message_event_signature.public_key_version") {
		t.Errorf("signature: %s", g.raw)
	}
	m.said(phone.Say(bot, "again"))
	if g := l.next(); g.at("data.payload.conversation_key_change_event") != nil {
		t.Errorf("the second message brings the key again: %s", g.raw)
	}
	m.sim.TellKeysAlways(true)
	m.sim.ColonIDs(true)
	m.said(phone.Say(bot, "always"))
	if g := l.next(); g.at("data.payload.conversation_key_change_event") == nil || g.at("data.payload.conversation_id") != alice+":"+bot {
		t.Errorf("as captured: %s", g.raw)
	}
	m.send(alice, m.payload(alice, wire.Message{Text: "out"}))
	if out := m.nextEvent(l, "chat.sent"); m.text(out) != "out" {
		t.Errorf("sent: %+v", out)
	}
	if got := m.sim.Spent(); got != 4*10 {
		t.Errorf("spent %v, want four received events", got)
	}
}

func stampOf(m *member) string { return wire.Sequence(m.clock.Now().UnixMilli()).String() }

func TestEveryKindIsTold(t *testing.T) {
	t.Parallel()
	m := joined(t)
	phone := m.sim.Phone(alice)
	said := m.said(phone.Say(bot, "hi"))
	m.events(alice)
	l := m.follow()
	m.said(phone.Edit(bot, said.Sequence, "hi!"))
	m.said(phone.React(bot, said.Sequence, "👍"))
	for _, err := range []error{phone.Typing(bot), phone.Read(bot, said.Sequence), phone.Delete(bot, true, said.Sequence), phone.NewKey(bot)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []wire.Detail{
		wire.MessageCreate{}, wire.MessageCreate{}, wire.Typing{}, wire.MarkRead{}, wire.MessageDelete{}, wire.KeyChange{},
	} {
		ev := m.nextEvent(l, "chat.received")
		if kindOf(ev.Detail) != kindOf(want) || ev.Sender != alice {
			t.Fatalf("event %d is %T of %s, want %T", i, ev.Detail, ev.Sender, want)
		}
		switch d := ev.Detail.(type) {
		case wire.MessageCreate:
			if o, err := m.self.Open(ev, m.ring); err != nil {
				t.Errorf("event %d: %+v, %v", i, o, err)
			}
		case wire.MarkRead:
			if d.Until != said.Sequence {
				t.Errorf("read until %s, want %s", d.Until, said.Sequence)
			}
		case wire.MessageDelete:
			if err := m.self.Verify(ev); err != nil || !d.ForAll {
				t.Errorf("deleted %+v: %v", d, err)
			}
		default:
		}
	}
	for path, body := range map[string]any{"read": obj{"seen_until_sequence_id": said.Sequence.String()}, "typing": nil} {
		m.want(m.post("/2/chat/conversations/"+alice+"/"+path, body), http.StatusOK)
	}
	if s := phone.Signals(bot); s.Read[bot] != said.Sequence || s.Typing[bot] != 1 || s.Typing[alice] != 0 {
		t.Errorf("the phone sees %+v", s)
	}
	if read := m.nextEvent(l, "chat.sent"); kindOf(read.Detail) != kindOf(wire.MarkRead{}) {
		t.Errorf("the bot's own mark is told as %T", read.Detail)
	}
	m.want(m.post("/2/chat/conversations/"+alice+"/read", obj{"seen_until_sequence_id": "5"}), http.StatusBadRequest)
	m.want(m.post("/2/chat/conversations/"+carol+"/typing", nil), http.StatusNotFound)
}

func kindOf(d wire.Detail) string {
	switch d.(type) {
	case wire.MessageCreate:
		return "create"
	case wire.KeyChange:
		return "key"
	case wire.MessageDelete:
		return "delete"
	case wire.MarkRead:
		return "read"
	case wire.Typing:
		return "typing"
	case wire.GroupChange:
		return "group"
	case wire.Failure:
		return "failure"
	case wire.TTLChange, wire.Other:
	}
	return "other"
}

func TestGapsAreSeen(t *testing.T) {
	t.Parallel()
	m := joined(t)
	phone := m.sim.Phone(alice)
	first := m.said(phone.Say(bot, "one"))
	l := m.follow()
	m.sim.LoseEvents(2)
	second := m.said(phone.Say(bot, "two"))
	third := m.said(phone.Say(bot, "three"))
	m.said(phone.Say(bot, "four"))
	ev := m.nextEvent(l, "chat.received")
	if ev.Previous != third.Sequence {
		t.Errorf("previous of the fourth is %s, want %s", ev.Previous, third.Sequence)
	}
	var got []wire.Sequence
	for _, ev := range m.events(alice) {
		got = append(got, ev.Sequence)
	}
	if want := []wire.Sequence{first.Sequence, second.Sequence, third.Sequence, ev.Sequence}; !slices.Equal(got, want) {
		t.Errorf("listed %v, want %v", got, want)
	}
	m.clock.Add(time.Minute)
	back := m.listen("?backfill_minutes=5")
	if ev := m.nextEvent(back, "chat.received"); ev.Previous != third.Sequence {
		t.Errorf("backfill begins with %+v", ev)
	}
	m.sim.DeliverTwice(true)
	m.said(phone.Say(bot, "five"))
	if a, b := l.next(), l.next(); a.text("data.event_uuid") != b.text("data.event_uuid") {
		t.Errorf("twice: %s, %s", a.raw, b.raw)
	}
}

func TestEventLists(t *testing.T) {
	t.Parallel()
	m := joined(t)
	phone := m.sim.Phone(alice)
	for _, text := range []string{"1", "2", "3"} {
		m.said(phone.Say(bot, text))
		if text == "2" {
			if err := phone.NewKey(bot); err != nil {
				t.Fatal(err)
			}
		}
	}
	const path = "/2/chat/conversations/" + alice + "/events"
	g := m.get(path + "?max_results=2&chat_message_event.fields=encoded_event,previous_id,sender_id,created_at,conversation_id,conversation_token,is_trusted,message_event_signature")
	rows, _ := g.at("data").([]any)
	keys, _ := g.at("meta.conversation_key_events").([]any)
	if len(rows) != 2 || len(keys) != 2 || g.at("meta.has_more") != true {
		t.Fatalf("the first page: %s", g.raw)
	}
	newest := m.parse(g.text("data.0.encoded_event"))
	if g.at("data.0.id") != newest.Sequence.String() || g.at("data.0.previous_id") != newest.Previous.String() || g.at("data.0.sender_id") != alice ||
		g.at("data.0.conversation_id") != alice+":"+bot || g.text("data.0.conversation_token") == "" {
		t.Errorf("the newest: %v", rows[0])
	}
	g = m.get(path + "?max_results=2&pagination_token=" + g.text("meta.next_token"))
	rows, _ = g.at("data").([]any)
	if len(rows) != 1 || len(rows[0].(map[string]any)) != 1 || g.at("meta.has_more") != false || g.at("meta.next_token") != nil {
		t.Errorf("the last page, with nothing asked for: %s", g.raw)
	}
	m.sim.KeysInline(true)
	m.sim.OwnItemIDs(true)
	g = m.get(path + "?chat_message_event.fields=encoded_event")
	rows, _ = g.at("data").([]any)
	if len(rows) != 5 || g.at("meta.conversation_key_events") != nil || g.text("data.0.id") == newest.Sequence.String() {
		t.Errorf("with inline keys: %s", g.raw)
	}
	m.want(m.get(path+"?chat_message_event.fields=sequence_id"), http.StatusBadRequest)
	g = m.get("/2/chat/conversations/" + carol + "/events")
	if g.status != 200 || g.at("meta.result_count") != 0.0 {
		t.Errorf("a conversation that has not begun: %s", g.raw)
	}
}

func TestConversationsAreListed(t *testing.T) {
	t.Parallel()
	m := joined(t)
	m.said(m.sim.Phone(carol).Say(bot, "first"))
	m.clock.Add(time.Second)
	m.said(m.sim.Phone(alice).Say(bot, "second"))
	const path = "/2/chat/conversations?max_results=1&chat_conversation.fields=updated_at,created_at,type,is_muted"
	g := m.get(path)
	if g.at("data.0.id") != alice+":"+bot || g.at("meta.has_more") != true {
		t.Errorf("page one: %s", g.raw)
	}
	g = m.get(path + "&pagination_token=" + g.text("meta.next_token"))
	if g.at("data.0.id") != bot+":"+carol && g.at("data.0.id") != carol+":"+bot || g.at("meta.has_more") != false {
		t.Errorf("page two: %s", g.raw)
	}
	g = m.get("/2/chat/conversations/" + alice + "?chat_conversation.fields=type&expansions=participant_ids")
	if g.at("data.type") != "direct" || g.at("data.id") != alice+":"+bot || g.at("includes.users.0.id") != alice {
		t.Errorf("one: %s", g.raw)
	}
	m.want(m.get("/2/chat/conversations/g77"), http.StatusNotFound)
}

func TestEditsReplace(t *testing.T) {
	t.Parallel()
	m := joined(t)
	phone := m.sim.Phone(alice)
	said := m.said(phone.Say(bot, "draft"))
	m.said(phone.Edit(bot, said.Sequence, "better"))
	m.said(phone.Edit(bot, said.Sequence, "best"))
	evs := m.events(alice)
	if len(evs) != 1 || evs[0].Sequence == said.Sequence {
		t.Fatalf("%d events are listed", len(evs))
	}
	o, err := m.self.Open(evs[0], m.ring)
	if e, is := o.Content.(wire.Edit); err != nil || !is || e.Text != "best" || e.Target != said.Sequence {
		t.Errorf("listed: %+v, %v", o.Content, err)
	}
	m.sim.KeepEdited(true)
	if n := len(m.events(alice)); n != 3 {
		t.Errorf("%d events are listed, want 3", n)
	}
	mine := m.send(alice, m.payload(alice, wire.Message{Text: "mine"}))
	m.send(alice, m.payload(alice, wire.Edit{Target: mine.Sequence, Text: "mine, mended"}))
	m.sim.KeepEdited(false)
	if n := len(m.events(alice)); n != 2 {
		t.Errorf("%d events are listed after the bot's edit, want 2", n)
	}
	if h := m.shown(phone, bot, 2)[1]; h.Text != "mine, mended" || !h.Edited || h.Sequence != mine.Sequence {
		t.Errorf("the phone shows %+v", h)
	}
}

func TestDeletes(t *testing.T) {
	t.Parallel()
	m := joined(t)
	phone := m.sim.Phone(alice)
	theirs := m.said(phone.Say(bot, "theirs"))
	m.events(alice)
	mine := m.send(alice, m.payload(alice, wire.Message{Text: "mine"}))
	erase := func(n wire.Sequence, all bool, change func(obj)) got {
		act, err := m.author.Delete(m.id(), alice, []wire.Sequence{n}, all)
		if err != nil {
			t.Fatal(err)
		}
		body := obj{"sequence_ids": []string{n.String()}, "delete_message_action": "delete_for_self", "action_signatures": []xchat.Action{act}}
		if all {
			body["delete_message_action"] = "delete_for_all"
		}
		if change != nil {
			change(body)
		}
		return m.post("/2/chat/conversations/"+alice+"/messages/delete", body)
	}
	for name, tc := range map[string]struct {
		got  got
		want int
	}{
		"another's": {erase(theirs.Sequence, true, nil), 403},
		"unknown":   {erase(5, true, nil), 404},
		"unsigned":  {erase(mine.Sequence, true, func(b obj) { b["action_signatures"] = []xchat.Action{} }), 400},
		"signed for another": {erase(mine.Sequence, true, func(b obj) {
			b["sequence_ids"] = []string{theirs.Sequence.String()}
		}), 400},
		"forged": {erase(mine.Sequence, true, func(b obj) {
			all, _ := b["action_signatures"].([]xchat.Action)
			all[0].MessageID = "other"
		}), 400},
	} {
		if tc.got.status != tc.want {
			t.Errorf("%s: %d, want %d: %s", name, tc.got.status, tc.want, tc.got.raw)
		}
	}
	m.want(erase(theirs.Sequence, false, nil), http.StatusOK)
	m.want(erase(mine.Sequence, true, nil), http.StatusOK)
	all := m.shown(phone, bot, 2)
	if all[0].Deleted || all[0].Text != "theirs" || !all[1].Deleted || all[1].Text != "" {
		t.Errorf("the phone shows %+v", all)
	}
	for _, ev := range m.events(alice) {
		if _, is := ev.Detail.(wire.MessageDelete); !is {
			t.Errorf("the bot is still told %+v", ev)
		}
	}
}

func TestScopesOfChats(t *testing.T) {
	t.Parallel()
	m := joined(t)
	narrow := m.sim.Grant(bot, "users.read", "tweet.read")
	for _, path := range []string{"/2/chat/conversations", "/2/users/" + alice + "/public_keys", "/2/chat/media/" + alice + "/aa"} {
		if g := m.with(narrow.Access, "GET", path, nil); g.status != 403 || !strings.Contains(string(g.raw), "scope") {
			t.Errorf("%s: %d %s", path, g.status, g.raw)
		}
	}
	m.sim.Fail(xsim.ChatEvents, xsim.Fault{Throttle: true})
	m.want(m.get("/2/chat/conversations/"+alice+"/events"), http.StatusTooManyRequests)
}
