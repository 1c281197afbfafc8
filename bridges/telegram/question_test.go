package telegram_test

import (
	"slices"
	"testing"

	"github.com/roost-im/roost/bridges/telegram/telegramsim"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

func TestAQuestionIsItsTextAndItsButtonsAlone(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	var b text.Builder
	b.Span(text.Bold, text.Attrs{}, func() { b.Write("Tea") })
	b.Write(" or coffee?")
	card := &chat.Card{Numbered: true, Buttons: []chat.Button{{ID: "tea", Label: "Tea"}, {ID: "coffee", Label: "Coffee"}}}
	id := r.posts(t, chat.Post{To: r.Talk(), Text: b.Text(), Card: card})
	m := r.message(t, r.ada, id)
	bold := telegramsim.Entity{Type: "bold", Length: 3}
	if m.Text != "Tea or coffee?" || !slices.Equal(m.Entities, []telegramsim.Entity{bold}) || !slices.Equal(labels(m), []string{"Tea", "Coffee"}) {
		t.Errorf("the question is %q, %+v with %q", m.Text, m.Entities, labels(m))
	}
	if _, err := r.conn.Post(t.Context(), chat.Post{To: r.Talk(), Card: card}); chat.KindOf(err) != chat.Refused {
		t.Errorf("buttons that ask nothing = %v, want Refused", err)
	}
}
