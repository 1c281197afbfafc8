package slack_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// question is what a bot asks: text, and buttons below.
func question(to chat.Conversation) chat.Post {
	var b text.Builder
	b.Span(text.Bold, text.Attrs{}, func() { b.Write("Tea") })
	b.Write(" or coffee?")
	return chat.Post{To: to, Text: b.Text(), Card: &chat.Card{Numbered: true, Buttons: []chat.Button{
		{ID: "tea", Label: "Tea"}, {ID: "coffee", Label: "Coffee"},
	}}}
}

func TestAQuestionIsItsTextAndItsButtonsAlone(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	p := question(r.Talk())
	m := r.posts(t, p)
	kinds := func(m slacksim.Message) (kinds []string) {
		for _, b := range blocksOf(t, m) {
			kinds = append(kinds, b["type"].(string))
		}
		return kinds
	}
	if diff := cmp.Diff([]string{"rich_text", "actions"}, kinds(m)); diff != "" || m.Text != "*Tea* or coffee?" {
		t.Errorf("the question is %q with the blocks (-want +got):\n%s", m.Text, diff)
	}
	_, err := r.conn.Edit(t.Context(), chat.Edit{To: p.To, Messages: []chat.MessageID{chat.MessageID(m.TS)}, Text: plainText("Tea.")})
	must(t, err)
	m, _ = r.Message(r.im, m.TS)
	if diff := cmp.Diff([]string{"rich_text"}, kinds(m)); diff != "" || m.Text != "Tea." {
		t.Errorf("answered it is %q with the blocks (-want +got):\n%s", m.Text, diff)
	}
	p.Text = text.Text{}
	if _, err := r.conn.Post(t.Context(), p); chat.KindOf(err) != chat.Refused {
		t.Errorf("buttons that ask nothing = %v, want Refused", err)
	}
}
