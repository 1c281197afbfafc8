package xsim_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/bridges/x/xsim"
)

func TestPhonesTalk(t *testing.T) {
	t.Parallel()
	m := joined(t)
	a, c := m.sim.Phone(alice), m.sim.Phone(carol)
	first := m.said(a.Say(carol, "hello"))
	if err := c.NewKey(alice); err != nil {
		t.Fatal(err)
	}
	second := m.said(c.Reply(alice, first.Sequence, "hello to you"))
	m.said(a.Edit(carol, first.Sequence, "hello, Carol"))
	m.said(c.Reply(alice, first.Sequence, "yes?"))
	m.said(c.Forge(alice, first.Sequence, "I owe you money", "really?"))
	m.said(c.React(alice, first.Sequence, "👍"))
	m.said(c.React(alice, first.Sequence, "🎉"))
	m.said(c.Unreact(alice, first.Sequence, "🎉"))
	m.said(c.Edit(alice, first.Sequence, "mine now")) // of what another wrote
	gone := m.said(c.SayWith(alice, "oops", xsim.File{Name: "x.png", Type: "image/png", Data: picture(t)}))
	if h := m.shown(a, carol, 5)[4]; len(h.Files) != 1 || h.Files[0].Type != "image/png" || string(h.Files[0].Data) != string(picture(t)) {
		t.Errorf("the picture: %+v", h.Broken)
	}
	if err := c.Delete(alice, true, gone.Sequence); err != nil {
		t.Fatal(err)
	}
	if err := a.Delete(carol, true, second.Sequence); err == nil {
		t.Error("what another wrote was deleted")
	}
	for _, p := range []*xsim.Phone{a, c} {
		with := carol
		if p == c {
			with = alice
		}
		all := m.shown(p, with, 5)
		if h := all[0]; h.Text != "hello, Carol" || !h.Edited || len(h.Reactions) != 1 || !slices.Equal(h.Reactions["👍"], []string{carol}) {
			t.Errorf("%s: the first is %+v", p.User(), h)
		}
		for i, want := range []xsim.Quote{
			1: {Sender: alice, Text: "hello", Proof: xchat.Proven}, 2: {Sender: alice, Text: "hello, Carol", Proof: xchat.Proven},
			3: {Sender: alice, Text: "I owe you money", Proof: xchat.Forged},
		} {
			if i == 0 {
				continue
			}
			want.MessageID, want.Sequence = first.MessageID, first.Sequence
			if all[i].Reply == nil || *all[i].Reply != want {
				t.Errorf("%s: reply %d is %+v, want %+v", p.User(), i, all[i].Reply, want)
			}
		}
		if h := all[4]; !h.Deleted || h.Text != "" || len(h.Files) != 0 {
			t.Errorf("%s: the last is %+v", p.User(), h)
		}
	}
	if _, err := a.Reply(carol, gone.Sequence, "to nothing"); err == nil {
		t.Error("a deleted message was replied to")
	}
}

func TestAReplyWithAPicture(t *testing.T) {
	t.Parallel()
	m := joined(t)
	a, c := m.sim.Phone(alice), m.sim.Phone(carol)
	first := m.said(a.Say(carol, "how does it look?"))
	m.said(c.ReplyWith(alice, first.Sequence, "so", xsim.File{Name: "x.png", Type: "image/png", Data: picture(t)}))
	h := m.shown(a, carol, 2)[1]
	if h.Reply == nil || h.Reply.Proof != xchat.Proven || h.Reply.Text != "how does it look?" || h.Text != "so" {
		t.Errorf("the reply is %+v to %+v", h, h.Reply)
	}
	if len(h.Files) != 1 || string(h.Files[0].Data) != string(picture(t)) {
		t.Errorf("the reply has %d files, want the picture", len(h.Files))
	}
}

func TestAPhoneWithNewKeys(t *testing.T) {
	t.Parallel()
	m := joined(t)
	a, c := m.sim.Phone(alice), m.sim.Phone(carol)
	m.said(a.Say(carol, "one"))
	before := c.Public()
	if err := c.Register(); err != nil {
		t.Fatal(err)
	}
	if now := c.Public(); now.Same(before) || now.Version == before.Version {
		t.Error("the keys are the old ones")
	}
	m.said(a.Say(carol, "two"))
	if err := a.NewKey(carol); err != nil {
		t.Fatal(err)
	}
	m.said(a.Say(carol, "three"))
	m.said(c.Say(alice, "four"))
	for _, p := range []*xsim.Phone{a, c} {
		with := map[string]string{alice: carol, carol: alice}[p.User()]
		for i, h := range m.shown(p, with, 4) {
			if want := []string{"one", "two", "three", "four"}[i]; h.Text != want || h.Unreadable != "" {
				t.Errorf("%s: message %d is %+v, want %q", p.User(), i, h, want)
			}
		}
	}
}

func TestPhonesInAGroup(t *testing.T) {
	t.Parallel()
	m := joined(t)
	if g := m.subscribe("chat.conversation_join", bot); g.at("data.subscription.event_type") != "chat.conversation.join" {
		t.Errorf("subscribed: %s", g.raw)
	}
	l := m.listen("")
	a, c := m.sim.Phone(alice), m.sim.Phone(carol)
	id, err := a.Group("friends", carol)
	if err != nil {
		t.Fatal(err)
	}
	m.said(a.Say(id, "before the bot"))
	if err := c.Add(id, bot); err == nil {
		t.Error("who is no admin brought somebody in")
	}
	if err := a.Add(id, bot); err != nil {
		t.Fatal(err)
	}
	if g := l.next(); g.at("data.payload.conversation_id") != id || g.at("data.payload.sender_id") != alice {
		t.Errorf("joined: %s", g.raw)
	}
	m.said(c.Say(id, "welcome"))
	var said []string
	for _, ev := range m.events(id) {
		if _, is := ev.Detail.(wire.MessageCreate); is {
			said = append(said, m.text(ev))
		} else if err := m.self.Verify(ev); err != nil {
			t.Errorf("%T: %v", ev.Detail, err)
		}
	}
	if !slices.Equal(said, []string{"welcome"}) {
		t.Errorf("the bot reads %q", said)
	}
	sent := m.send(id, m.payload(id, wire.Message{Text: "thank you"}))
	for _, p := range []*xsim.Phone{a, c} {
		if h := m.shown(p, id, 3)[2]; h.Text != "thank you" || h.Sender != bot || h.Conversation != id {
			t.Errorf("%s: %+v", p.User(), h)
		}
	}
	if err := a.Delete(id, true, sent.Sequence); err != nil {
		t.Errorf("an admin deletes: %v", err)
	}
	if h := m.shown(c, id, 3)[2]; !h.Deleted {
		t.Errorf("after the admin's delete: %+v", h)
	}
	g := m.get("/2/chat/conversations/" + id + "?chat_conversation.fields=group_name,type&expansions=member_ids,admin_ids")
	if g.at("data.group_name") != "friends" || g.at("data.type") != "group" || g.at("data.admin_ids.0") != alice || g.at("data.member_ids.2") != bot {
		t.Errorf("the group: %s", g.raw)
	}
	if err := c.Leave(id); err != nil {
		t.Fatal(err)
	}
	refused := &xsim.RefusedError{}
	if _, err := c.Say(id, "still here"); !errors.As(err, &refused) || refused.Type != wire.SenderNotGroupMember {
		t.Errorf("who left writes: %v", err)
	}
	if got := m.sim.ChatMembers(id); !slices.Equal(got, []string{alice, bot}) {
		t.Errorf("the members are %v", got)
	}
}

func TestTheBotMakesAGroup(t *testing.T) {
	t.Parallel()
	m := joined(t)
	m.sim.OldNames(true)
	m.sim.Tokens(carol)
	m.want(m.post("/2/activity/subscriptions", obj{"event_type": "chat.conversation.join", "filter": obj{"user_id": carol}}), http.StatusBadRequest)
	m.subscribe("chat.conversation_join", carol)
	l := m.listen("")
	g := m.post("/2/chat/conversations/group/initialize", nil)
	m.want(g, http.StatusOK)
	id := g.text("data.conversation_id")
	name, version := "team", m.clock.Now().UnixMilli()
	everybody := []string{bot, alice}
	r, err := m.author.RotateGroup([2]string{m.id(), m.id()}, id, wire.Sequence(version).String(), m.people(everybody...),
		wire.GroupChange{Kind: wire.GroupCreate, Members: everybody, Admins: []string{bot}, Title: &name})
	if err != nil {
		t.Fatal(err)
	}
	body := obj{
		"conversation_id": id, "conversation_key_version": r.Version, "conversation_participant_keys": r.Keys,
		"action_signatures": r.Actions, "group_members": everybody, "group_admins": []string{bot}, "group_name": "another",
	}
	m.want(m.post("/2/chat/conversations/group", body), http.StatusBadRequest)
	body["group_name"] = name
	g = m.post("/2/chat/conversations/group", body)
	m.want(g, http.StatusCreated)
	if again := m.post("/2/chat/conversations/group", body); string(again.raw) != string(g.raw) {
		t.Errorf("again: %s, want %s", again.raw, g.raw)
	}
	m.ring.Add(r.Key)
	m.send(id, m.payload(id, wire.Message{Text: "hi team"}))
	if h := m.shown(m.sim.Phone(alice), id, 1)[0]; h.Text != "hi team" {
		t.Errorf("alice sees %+v", h)
	}
	all := append(slices.Clone(everybody), carol)
	r, err = m.author.RotateGroup([2]string{m.id(), m.id()}, id, wire.Sequence(version+1).String(), m.people(all...),
		wire.GroupChange{Kind: wire.GroupMemberAdd, Members: []string{carol}, Current: everybody, Admins: []string{bot}})
	if err != nil {
		t.Fatal(err)
	}
	m.want(m.post("/2/chat/conversations/"+id+"/members", obj{
		"user_ids": []string{carol}, "conversation_key_version": r.Version, "conversation_participant_keys": r.Keys,
		"action_signatures": r.Actions,
	}), http.StatusOK)
	m.ring.Add(r.Key)
	if g := l.next(); g.at("data.payload.conversation_id") != id || g.at("data.event_type") != "chat.conversation_join" {
		t.Errorf("carol is told %s", g.raw)
	}
	m.send(id, m.payload(id, wire.Message{Text: "hi carol"}))
	if h := m.shown(m.sim.Phone(carol), id, 1)[0]; h.Text != "hi carol" {
		t.Errorf("carol sees %+v", h)
	}
}

func TestAKeyThatComesLate(t *testing.T) {
	t.Parallel()
	m := joined(t)
	a := m.sim.Phone(alice)
	l := m.follow()
	m.sim.WithholdKey(bot, alice, true)
	said := m.said(a.Say(bot, "early"))
	g := l.next()
	if ev := m.parse(g.text("data.payload.encoded_event")); ev.ID != said.MessageID || g.at("data.payload.conversation_key_change_event") != nil {
		t.Errorf("told %s", g.raw)
	}
	evs := m.events(alice)
	if _, err := m.self.Open(evs[0], m.ring); !errors.Is(err, xchat.ErrNoKey) {
		t.Errorf("without its key: %v", err)
	}
	m.sim.WithholdKey(bot, alice, false)
	if _, err := m.self.Adopt(m.nextEvent(l, "chat.received"), m.ring); err != nil {
		t.Fatal(err)
	}
	if got := m.text(evs[0]); got != "early" {
		t.Errorf("opened %q", got)
	}
	m.sim.WithholdKey(alice, bot, true)
	m.rotate(alice)
	m.send(alice, m.payload(alice, wire.Message{Text: "late"}))
	if h := m.shown(a, bot, 2)[1]; h.Unreadable == "" || h.Text != "" {
		t.Errorf("the phone shows without a key %+v", h)
	}
	m.sim.WithholdKey(alice, bot, false)
	if h := m.shown(a, bot, 2)[1]; h.Unreadable != "" || h.Text != "late" {
		t.Errorf("the phone shows with the key %+v", h)
	}
}

func TestInjectedEvents(t *testing.T) {
	t.Parallel()
	m := joined(t)
	a := m.sim.Phone(alice)
	room := alice + ":" + bot
	m.said(a.Say(bot, "sound"))
	m.events(alice)
	sent := m.send(alice, m.payload(alice, wire.Message{Text: "from the bot"}))
	l := m.follow()
	m.sim.Inject(room, "AAAA")
	m.sim.Inject(room, sent.Encode()) // replayed
	m.sim.Inject(room, sent.Encode(), func(ev *wire.Event) { ev.ID, ev.Signature = "unsigned", wire.Signature{} })
	m.sim.Inject(room, sent.Encode(), func(ev *wire.Event) { ev.ID = "renamed" })
	m.sim.Inject(room, sent.Encode(), func(ev *wire.Event) {
		d, _ := ev.Detail.(wire.MessageCreate)
		d.Contents = slices.Clone(d.Contents)
		d.Contents[30] ^= 1
		ev.ID, ev.Detail = "flipped", d
	})
	m.sim.Inject(room, sent.Encode(), func(ev *wire.Event) { ev.ID, ev.Conversation = "elsewhere", alice+":"+carol })
	stranger := m.said(m.sim.Phone(carol).Say(alice, "to alice alone"))
	for _, ev := range m.sim.ChatEvents(alice + ":" + carol) {
		m.sim.Inject(room, ev.Encode(), func(ev *wire.Event) { ev.Conversation = room })
	}
	all := a.Talk(bot)
	for _, h := range all[2:] {
		if h.Unreadable == "" || h.Text != "" {
			t.Errorf("the phone shows %+v", h)
		}
	}
	if len(all) != 2+1+4+2 || all[0].Text != "sound" || all[1].Text != "from the bot" {
		t.Errorf("the phone shows %d messages: %+v", len(all), all)
	}
	if g := l.next(); g.at("data.payload.encoded_event") != "AAAA" {
		t.Errorf("told %s", g.raw)
	}
	g := l.next()
	if g.at("data.payload.encoded_event") != sent.Encode() || g.at("data.event_type") != "chat.sent" {
		t.Errorf("told %s", g.raw)
	}
	g = m.get("/2/chat/conversations/" + alice + "/events?chat_message_event.fields=encoded_event&max_results=100")
	if strings.Count(string(g.raw), sent.Encode()) != 2 || !strings.Contains(string(g.raw), `"AAAA"`) {
		t.Errorf("listed: %s", g.raw)
	}
	if h := m.sim.Phone(carol).Talk(alice); len(h) != 1 || h[0].MessageID != stranger.MessageID {
		t.Errorf("carol sees %+v", h)
	}
	m.said(a.Say(bot, "still works"))
}

func TestALateFailureOnAPhone(t *testing.T) {
	t.Parallel()
	m := joined(t)
	a := m.sim.Phone(alice)
	m.sim.FailLate(true)
	m.said(a.Say(bot, "fine"))
	m.sim.FailChat(wire.RateLimitUpsell)
	m.said(a.Say(bot, "too much"))
	all := m.shown(a, bot, 2)
	if all[0].Failure != 0 || all[1].Failure != wire.RateLimitUpsell || all[1].Text != "too much" {
		t.Errorf("the phone shows %+v", all)
	}
}

func TestPhonesWriteAtOnce(t *testing.T) {
	t.Parallel()
	m := joined(t)
	a, c := m.sim.Phone(alice), m.sim.Phone(carol)
	const each = 20
	done := make(chan error, 2)
	for _, p := range []*xsim.Phone{a, c} {
		go func() {
			var all error
			for range each {
				_, err := p.Say(map[string]string{alice: carol, carol: alice}[p.User()], "x")
				all = errors.Join(all, err)
			}
			done <- all
		}()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	m.shown(a, carol, 2*each)
	m.shown(c, alice, 2*each)
}
