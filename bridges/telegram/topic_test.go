package telegram_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges/telegram/telegramsim"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

func asError(t *testing.T, err error) *chat.Error {
	t.Helper()
	e, ok := errors.AsType[*chat.Error](err)
	if !ok {
		t.Fatalf("%v is no *chat.Error", err)
	}
	return e
}

func (r *run) opens(t *testing.T, o chat.Open) (chat.Receipt, chat.Conversation) {
	t.Helper()
	receipt, err := chat.Do(t.Context(), r.conn, o)
	must(t, err)
	return receipt, receipt.Conversation
}

func TestACaseHasATopicThatShowsHowItStands(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	card := chat.Card{Title: "Jane", State: chat.MarkOpen, Body: "where is it?", Buttons: []chat.Button{{ID: "claim", Label: "Claim"}}}
	receipt, opened := r.opens(t, chat.Open{Key: "k", To: in(r.forum), Title: "Jane\n@doe <!channel>", Card: card})
	if opened.Place() != in(r.forum) || len(receipt.Messages) != 1 {
		t.Fatalf("opened %v with %v", opened, receipt.Messages)
	}
	topic := func() telegramsim.Topic { all := r.Topics(r.forum); return all[len(all)-1] }
	if got := topic(); got.Name != "🟢 Jane doe ‹!channel›" || decimal(got.ID) != string(opened.Thread) {
		t.Errorf("the topic is %+v", got)
	}
	if m := r.message(t, r.forum, receipt.Messages[0]); !strings.HasPrefix(m.Text, "Jane\nwhere is it?") || m.Thread != topic().ID || len(m.Buttons) != 1 {
		t.Errorf("the card is %+v", m)
	}
	for _, tc := range []struct {
		state  chat.Mark
		name   string
		closed bool
	}{{chat.MarkClaimed, "🔵 Jane", false}, {chat.MarkClosed, "✅ Jane", true}, {chat.MarkClosed, "✅ Jane", true}, {chat.MarkOpen, "🟢 Jane", false}} {
		card.State = tc.state
		_, err := chat.Do(t.Context(), r.conn, chat.Edit{To: opened, Messages: receipt.Messages, Card: &card})
		must(t, err)
		if got := topic(); got.Name != tc.name || got.Closed != tc.closed {
			t.Errorf("%s: the topic is %+v, want %q, closed %v", tc.state, got, tc.name, tc.closed)
		}
	}
	r.says(t, r.bob, r.forum, telegramsim.Draft{Text: "I'm on it", Thread: topic().ID})
	if e, _ := r.Hears(t, "I'm on it"); e.Conversation != opened || e.Topic != "Jane" {
		t.Errorf("heard in %v, %q", e.Conversation, e.Topic)
	}
}

func TestATopicIsNotOpenedTwice(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	o := chat.Open{Key: "k", To: in(r.forum), Title: "Jane", Card: chat.Card{Title: "Jane"}}
	r.Sim.Fail("sendMessage", telegramsim.Fault{Times: 1, Throttle: 1e9})
	if _, err := chat.Do(t.Context(), r.conn, o); chat.KindOf(err) != chat.Throttled {
		t.Fatalf("open = %v, want Throttled", err)
	}
	r.opens(t, o)
	if n := len(r.Topics(r.forum)); n != 1 {
		t.Errorf("%d topics were made, want one", n)
	}
	bare, opened := r.opens(t, chat.Open{Key: "k2", To: in(r.forum), Title: strings.Repeat("é", 300), Bare: true, Root: "7"})
	if len(bare.Messages) != 0 || opened.Thread == "" {
		t.Errorf("a bare topic is %v with %v, want no message", opened, bare.Messages)
	}
}

func TestWhereThereAreNoTopicsNoneIsOpened(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	_, err := chat.Do(t.Context(), r.conn, chat.Open{Key: "k", To: in(r.room), Title: "x", Card: chat.Card{Title: "x"}})
	if !chat.IsUnsupported(err) || !strings.Contains(chat.Reason(err), "topics are switched off") {
		t.Errorf("open = %v, want unsupported", err)
	}
	receipt, opened := r.opens(t, chat.Open{Key: "k2", To: in(r.room), Title: "x", Bare: true})
	if len(receipt.Messages) != 0 || opened != in(r.room) {
		t.Errorf("a bare one gives %v with %v, want the group itself", opened, receipt.Messages)
	}
	must(t, r.Demote(r.Bot().ID, r.forum))
	_, err = chat.Do(t.Context(), r.conn, chat.Open{Key: "k", To: in(r.forum), Title: "x", Card: chat.Card{Title: "x"}})
	if chat.KindOf(err) != chat.Refused || !strings.Contains(chat.Reason(err), "administrator") {
		t.Errorf("open without the right = %v, want Refused", err)
	}
}

func TestATopicThatIsClosedIsOpenedToWrite(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	topic := r.CreateTopic(r.ada, r.forum, "T")
	must(t, r.CloseTopic(r.ada, r.forum, topic))
	r.Sim.Fail("sendMessage", telegramsim.Fault{Times: 1, Error: "Bad Request: TOPIC_CLOSED"})
	m := r.message(t, r.forum, r.posts(t, chat.Post{To: r.topic(topic), Text: text.Plain("still here")}))
	if all := r.Topics(r.forum); m.Thread != topic || !all[0].Closed {
		t.Errorf("posted as %+v into %+v, want it closed again", m, all[0])
	}
	must(t, r.DeleteTopic(r.ada, r.forum, topic))
	if _, err := r.conn.Post(t.Context(), chat.Post{To: r.topic(topic), Text: text.Plain("gone")}); chat.KindOf(err) != chat.Gone {
		t.Errorf("post into a deleted topic = %v, want Gone", err)
	}
}

func TestAGroupThatBecameASupergroupKeepsItsIdentity(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	old := r.posts(t, chat.Post{To: in(r.room), Text: text.Plain("before")})
	super := r.Migrate(r.room)
	id := r.posts(t, chat.Post{To: in(r.room), Text: text.Plain("after"), ReplyTo: old, Quote: &chat.Quote{Name: "Ada", Text: text.Plain("before")}})
	if !strings.HasPrefix(string(id), decimal(super)+":") {
		t.Errorf("the message is %q, want one of %d", id, super)
	}
	r.says(t, r.bob, super, telegramsim.Draft{Text: "hello there"})
	e, _ := r.Hears(t, "hello there")
	if e.Conversation != in(r.room) || !strings.HasPrefix(string(e.Message), decimal(super)+":") {
		t.Errorf("heard as %q in %v, want in %v", e.Message, e.Conversation, in(r.room))
	}
	_, err := chat.Do(t.Context(), r.conn, chat.Edit{To: in(r.room), Messages: []chat.MessageID{id}, Text: text.Plain("after all")})
	must(t, err)
	_, err = chat.Do(t.Context(), r.conn, chat.React{To: in(r.room), Message: e.Message, Emoji: "👍"})
	must(t, err)
	if _, err = chat.Do(t.Context(), r.conn, chat.Edit{To: in(r.room), Messages: []chat.MessageID{old}, Text: text.Plain("x")}); chat.KindOf(err) != chat.Gone {
		t.Errorf("edit of what was before = %v, want Gone", err)
	}
	must(t, r.Stop())
	r.again(t)
	r.says(t, r.bob, super, telegramsim.Draft{Text: "after a restart"})
	if e, _ := r.Hears(t, "after a restart"); e.Conversation != in(r.room) {
		t.Errorf("after a restart it is %v, want %v", e.Conversation, in(r.room))
	}
	found, err := chat.Check(t.Context(), r.conn)
	must(t, err)
	if _, ok := findings(found)["group "+decimal(r.room)]; !ok {
		t.Errorf("check says %v, and not that the group moved", found)
	}
	// The operator follows: the routes name the new number.
	r.posts(t, chat.Post{To: in(super), Text: text.Plain("by its new number")})
	r.says(t, r.bob, super, telegramsim.Draft{Text: "plain again"})
	if e, _ := r.Hears(t, "plain again"); e.Conversation != in(super) || strings.Contains(string(e.Message), ":") {
		t.Errorf("heard as %q in %v, want in %v", e.Message, e.Conversation, in(super))
	}
}

func findings(all []chat.Finding) map[string]chat.Finding {
	by := map[string]chat.Finding{}
	for _, f := range all {
		by[f.Name] = f
	}
	return by
}
