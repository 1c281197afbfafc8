package bridgetest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// questions holds that what a bot asks is text with buttons below and nothing else, or numbered lines where there are no
// buttons, and that whoever presses one is heard: between the two of them, in a room and in a thread.
func questions(t *testing.T, w *world) {
	if !w.conn.Traits().Cards {
		h := w.held(t, w.posted(t, question("k-1", w.Talk())))
		if want := "Which size do you want?\n1. Small\n2. Large"; h.Text != want {
			t.Errorf("the person reads %q, want %q", h.Text, want)
		}
		return
	}
	stage := needs[Pressing](t, w, "its connector's Traits say that cards keep their buttons")
	w.ready(t)
	for i, in := range w.places(t) {
		w.asks(t, stage, question(chat.Key(fmt.Sprintf("k-ask-%d", i)), in))
	}
}

// question asks which size.
func question(key chat.Key, to chat.Conversation) chat.Post {
	var b text.Builder
	b.Write("Which ")
	b.Span(text.Bold, text.Attrs{}, func() { b.Write("size") })
	b.Write(" do you want?")
	return chat.Post{Key: key, To: to, Text: b.Text(), Card: choices("small", "Small", "large", "Large")}
}

// choices is a card of buttons alone, of which each is a value and a label.
func choices(buttons ...string) *chat.Card {
	card := chat.Card{Numbered: true}
	for b := range slices.Chunk(buttons, 2) {
		card.Buttons = append(card.Buttons, chat.Button{ID: "choice:" + b[0], Label: b[1], Value: b[0]})
	}
	return &card
}

// asks has the account ask and the person answer, ask otherwise, and take the question back.
func (w *world) asks(t *testing.T, stage Pressing, p chat.Post) {
	t.Helper()
	at := chat.Ref{Conversation: p.To, Message: w.posted(t, p)}
	w.asked(t, stage, at, "Which size do you want?", "Small", "Large")
	w.answeredBy(t, stage, at, "Large", chat.Pressed{Button: "choice:large", Value: "large"})
	if !w.conn.Traits().Edit.Out {
		return
	}
	edit := chat.Edit{Key: "k-again", To: p.To, Messages: []chat.MessageID{at.Message}, Text: text.Plain("Are you sure?")}
	edit.Card = choices("yes", "Yes", "no", "No")
	w.done(t, edit)
	w.asked(t, stage, at, "Are you sure?", "Yes", "No")
	w.answeredBy(t, stage, at, "Yes", chat.Pressed{Button: "choice:yes", Value: "yes"})
	edit.Key, edit.Text, edit.Card = "k-over", text.Plain("Thank you."), nil
	w.done(t, edit)
	w.asked(t, stage, at, "Thank you.")
}

// asked checks that a message of the account reads so, with these buttons below.
func (w *world) asked(t *testing.T, stage Pressing, at chat.Ref, words string, buttons ...string) {
	t.Helper()
	all := w.Heard(t)
	if at.Conversation != w.Talk() {
		all = w.Stage.(Rooms).HeardIn(t, at.Conversation) // it is where places found a room
	}
	if h := among(all, at.Message); h.Text != words || len(h.Pings) > 0 {
		t.Errorf("in %v stands %+v, want %q", at.Conversation, h, words)
	}
	if got := stage.Buttons(t, at.Conversation, at.Message); !slices.Equal(got, buttons) {
		t.Errorf("in %v there are the buttons %q below it, want %q", at.Conversation, got, buttons)
	}
}

// answeredBy has the person press a button, and checks what is told of it.
func (w *world) answeredBy(t *testing.T, stage Pressing, at chat.Ref, label string, want chat.Pressed) {
	t.Helper()
	stage.Press(t, at.Conversation, at.Message, label)
	ev := w.happens(t, "press of "+label, func(ev chat.Event) bool {
		p, is := ev.What.(chat.Pressed)
		return is && p.Button == want.Button && p.Value == want.Value && ev.Conversation == at.Conversation
	})
	if ev.Message != at.Message || ev.ID == "" || ev.At.IsZero() || ev.Direct != (at.Conversation == w.Talk()) {
		t.Errorf("the press of %s is %+v, want it on %v, and direct in a direct conversation alone", label, ev, at)
	}
	if ev.Author.ID != w.Person() || ev.Author.Self {
		t.Errorf("%s was pressed by %+v, want %v", label, ev.Author, w.Person())
	}
}
