package discord_test

import (
	"testing"

	"github.com/roost-im/roost/bridges/discord/discordsim"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

func TestAQuestionIsItsTextAndItsButtonsAlone(t *testing.T) {
	t.Parallel()
	r := start(t, discordsim.Config{})
	var b text.Builder
	b.Span(text.Bold, text.Attrs{}, func() { b.Write("Tea") })
	b.Write(" or coffee?")
	card := &chat.Card{Numbered: true, Buttons: []chat.Button{{ID: "tea", Label: "Tea"}, {ID: "coffee", Label: "Coffee"}}}
	m := r.posts(t, chat.Post{Key: "k-1", To: r.Talk(), Text: b.Text(), Card: card})
	if m.Content != "**Tea** or coffee?" || m.Embeds != nil || len(buttons(t, m)) != 2 {
		t.Errorf("the question is %q with %s and %s", m.Content, m.Embeds, m.Components)
	}
	if _, err := r.conn.Post(t.Context(), chat.Post{Key: "k-2", To: r.Talk(), Card: card}); chat.KindOf(err) != chat.Refused {
		t.Errorf("buttons that ask nothing = %v, want Refused", err)
	}
}

func TestAnEditTakesACardAway(t *testing.T) {
	t.Parallel()
	r := start(t, discordsim.Config{})
	c := card(chat.MarkOpen)
	m := r.posts(t, chat.Post{Key: "k-1", To: r.Room(), Card: &c})
	edit := chat.Edit{Key: "k-2", To: r.Room(), Messages: []chat.MessageID{chat.MessageID(m.ID)}, Text: plain("that's settled")}
	if _, err := r.conn.Edit(t.Context(), edit); err != nil {
		t.Fatal(err)
	}
	if m, _ := r.Message(r.room, m.ID); m.Content != "that's settled" || m.Embeds != nil || m.Components != nil {
		t.Errorf("what is left is %q with %s and %s", m.Content, m.Embeds, m.Components)
	}
}

func TestAnEditLeavesThePreviewsOfWhatBearsAName(t *testing.T) {
	t.Parallel()
	r := start(t, discordsim.Config{})
	m := r.posts(t, chat.Post{Key: "k-1", To: r.Room(), Text: plain("see https://example.com"), As: persona()})
	must(t, r.Unfurl(r.room, m.ID, "https://example.com", "Example"))
	edit := chat.Edit{
		Key: "k-2", To: r.Room(), Messages: []chat.MessageID{chat.MessageID(m.ID)}, Text: plain("look: https://example.com"), As: persona(),
	}
	if _, err := r.conn.Edit(t.Context(), edit); err != nil {
		t.Fatal(err)
	}
	if m, _ := r.Message(r.room, m.ID); m.Content != "look: https://example.com" || m.Embeds == nil {
		t.Errorf("after the edit it is %q with %s", m.Content, m.Embeds)
	}
}
