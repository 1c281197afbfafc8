package discord_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/discord/discordsim"
	"github.com/roost-im/roost/router/chat"
)

func card(state chat.Mark) chat.Card {
	return chat.Card{
		Title: "Bea *B*", State: state, Body: "wrote on **X**", Facts: []chat.Fact{{Name: "Handle", Value: "@bea_b"}}, Footer: "reply: send",
		Buttons: []chat.Button{
			{ID: "claim", Label: "Claim", Value: "c-1", Style: chat.Primary},
			{ID: "block", Label: "Block", Value: "c-1", Style: chat.Danger, Ask: "Block Bea for good?"},
			{ID: "snooze", Label: "Snooze", Value: "c-1", Form: &chat.Form{Title: "Snooze", Fields: []chat.Field{
				{ID: "until", Label: "Until", Choices: []chat.Choice{{Value: "tomorrow", Label: "Tomorrow"}, {Value: "monday", Label: "Monday"}}},
				{ID: "why", Label: "Why", Optional: true, Long: true},
			}}},
		},
	}
}

// shownButton is a button as Discord shows it.
type shownButton struct {
	Label string `json:"label"`
	ID    string `json:"custom_id"`
}

// buttons are those of a message, row by row.
func buttons(t *testing.T, m discordsim.Message) (all []shownButton) {
	t.Helper()
	var rows []struct {
		Components []shownButton `json:"components"`
	}
	if m.Components != nil {
		must(t, json.Unmarshal(m.Components, &rows))
	}
	for _, row := range rows {
		all = append(all, row.Components...)
	}
	return all
}

// pressable finds the custom ID of a button on a message.
func pressable(t *testing.T, m discordsim.Message, label string) string {
	t.Helper()
	for _, b := range buttons(t, m) {
		if b.Label == label {
			return b.ID
		}
	}
	t.Fatalf("there is no button %q in %s", label, m.Components)
	return ""
}

func TestACaseIsAPostInAForum(t *testing.T) {
	t.Parallel()
	r := start(t, discordsim.Config{})
	o := chat.Open{Key: "k-1", To: r.board(), Title: "Bea @everyone", Card: card(chat.MarkOpen)}
	receipt, conv := r.opens(t, o)
	if again, same := r.opens(t, o); same != conv || !slices.Equal(again.Messages, receipt.Messages) {
		t.Errorf("the same Open again gave %v, want %v", same, conv)
	}
	threads := r.Threads(r.forum)
	if len(threads) != 1 || threads[0].Name != "Bea everyone" || conv.Thread != chat.ThreadID(threads[0].ID) {
		t.Fatalf("the forum has %+v, want one post", threads)
	}
	r.tagged(t, conv, "open", false)
	m, _ := r.Message(string(conv.Thread), string(receipt.Messages[0]))
	if !strings.Contains(string(m.Embeds), `Bea \\*B\\*`) || len(m.Pings) > 0 {
		t.Errorf("the card is %s", m.Embeds)
	}
	for _, tc := range []struct {
		state    chat.Mark
		archived bool
	}{{chat.MarkClaimed, false}, {chat.MarkClosed, true}, {chat.MarkOpen, false}} {
		c := card(tc.state)
		edit := chat.Edit{Key: "k-2", To: conv, Messages: receipt.Messages, Card: &c}
		if _, err := r.conn.Edit(t.Context(), edit); err != nil {
			t.Fatalf("%s: %v", tc.state, err)
		}
		r.tagged(t, conv, string(tc.state), tc.archived)
	}
}

// tagged checks the mark of a forum's post.
func (r *run) tagged(t *testing.T, conv chat.Conversation, want string, archived bool) {
	t.Helper()
	var forum, post discordsim.Channel
	for _, ch := range append(r.Channels(), r.Threads(r.forum)...) {
		switch ch.ID {
		case r.forum:
			forum = ch
		case string(conv.Thread):
			post = ch
		}
	}
	var names []string
	for _, id := range post.Applied {
		names = append(names, forum.Tags[slices.Index(forum.TagIDs, id)])
	}
	if !slices.Equal(names, []string{want}) || post.Archived != archived {
		t.Errorf("the post has the tags %q and archived %v, want %s and %v", names, post.Archived, want, archived)
	}
}

func TestACaseIsAThreadOnItsCard(t *testing.T) {
	t.Parallel()
	r := start(t, discordsim.Config{})
	receipt, conv := r.opens(t, chat.Open{Key: "k-1", To: r.Room(), Title: "Bea", Card: card(chat.MarkOpen)})
	if string(receipt.Messages[0]) != string(conv.Thread) {
		t.Errorf("the card is %v and its thread %v", receipt.Messages, conv)
	}
	c := card(chat.MarkClosed)
	c.Title = "Bea, closed"
	if _, err := r.conn.Edit(t.Context(), chat.Edit{To: conv, Messages: receipt.Messages, Card: &c}); err != nil {
		t.Fatal(err)
	}
	if m, _ := r.Message(r.room, string(receipt.Messages[0])); !strings.Contains(string(m.Embeds), "Bea, closed") {
		t.Errorf("the card is %s", m.Embeds)
	}
	if th := r.Threads(r.room); !th[0].Archived {
		t.Error("the closed case's thread is not archived")
	}
	must(t, r.conn.React(t.Context(), chat.React{To: conv, Message: receipt.Messages[0], Emoji: "✅"}))
	if _, _, err := r.conn.Open(t.Context(), chat.Open{Key: "k-9", To: r.Talk(), Title: "x"}); !chat.IsUnsupported(err) {
		t.Errorf("a thread in a direct message = %v, want ErrUnsupported", err)
	}
}

func TestButtonsQuestionsAndForms(t *testing.T) {
	t.Parallel()
	r := start(t, discordsim.Config{})
	receipt, conv := r.opens(t, chat.Open{Key: "k-1", To: r.board(), Title: "Bea", Card: card(chat.MarkOpen)})
	post := string(conv.Thread)
	m, _ := r.Message(post, string(receipt.Messages[0]))

	must(t, r.Sim.Press(r.ada, post, m.ID, pressable(t, m, "Claim")))
	e, p := bridgetest.Happens(t, r.Sink, func(_ chat.Event, p chat.Pressed) bool { return p.Button == "claim" })
	if p.Value != "c-1" || e.Conversation != conv || string(e.Message) != m.ID || e.Author.ID != r.Person() {
		t.Errorf("the press is %+v %+v", e, p)
	}

	must(t, r.Sim.Press(r.ada, post, m.ID, pressable(t, m, "Block")))
	var ask discordsim.Message
	r.sees(t, func(v *discordsim.View) bool {
		all := v.Messages(post)
		ask = all[len(all)-1]
		return ask.Only == r.ada
	})
	if !strings.Contains(ask.Content, "for good?") {
		t.Errorf("the question is %q", ask.Content)
	}
	must(t, r.Sim.Press(r.ada, post, ask.ID, pressable(t, ask, "Block")))
	e, _ = bridgetest.Happens(t, r.Sink, func(_ chat.Event, p chat.Pressed) bool { return p.Button == "block" })
	if string(e.Message) != m.ID {
		t.Errorf("the confirmed press is about %s, want the card %s", e.Message, m.ID)
	}

	must(t, r.Sim.Press(r.ada, post, m.ID, pressable(t, m, "Snooze")))
	r.sees(t, func(v *discordsim.View) bool { return len(v.Modals(r.ada)) == 1 })
	must(t, r.SubmitModal(r.ada, r.Modals(r.ada)[0].ID, map[string]string{"0": "1", "1": "busy"}))
	_, p = bridgetest.Happens(t, r.Sink, func(_ chat.Event, p chat.Pressed) bool { return p.Button == "snooze" })
	if p.Fields["until"] != "monday" || p.Fields["why"] != "busy" {
		t.Errorf("the form came as %v", p.Fields)
	}
}

func TestAPressThatIsNotTakenSaysSo(t *testing.T) {
	t.Parallel()
	r := start(t, discordsim.Config{})
	c := card(chat.MarkOpen)
	m := r.posts(t, chat.Post{Key: "k-1", To: r.Room(), Card: &c})
	r.Full(math.MaxInt)
	must(t, r.Sim.Press(r.ada, r.room, m.ID, pressable(t, m, "Claim")))
	r.sees(t, func(v *discordsim.View) bool {
		all := v.Messages(r.room)
		last := all[len(all)-1]
		return last.Only == r.ada && strings.Contains(last.Content, "try again")
	})
	r.Refuse(nil)
	must(t, r.Sim.Press(r.ada, r.room, m.ID, pressable(t, m, "Claim")))
	bridgetest.Happens(t, r.Sink, func(_ chat.Event, p chat.Pressed) bool { return p.Button == "claim" })
}

func TestAForumThatTheBotMayNotChange(t *testing.T) {
	t.Parallel()
	r := start(t, discordsim.Config{})
	r.SetPermission(r.forum, discordsim.PermManageChannels, false)
	_, conv := r.opens(t, chat.Open{Key: "k-1", To: r.board(), Title: "Bea", Card: card(chat.MarkOpen)})
	if conv.Thread == "" {
		t.Error("no post was opened")
	}
	if _, err := r.conn.Post(t.Context(), chat.Post{Key: "k-2", To: r.board(), Text: plain("into the forum itself")}); chat.KindOf(err) != chat.Refused {
		t.Errorf("a message into a forum = %v, want Refused", err)
	}
}
