package telegram_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/telegram/telegramsim"
	"github.com/roost-im/roost/router/chat"
)

func card() chat.Card {
	return chat.Card{
		Title: "Jane", Body: "where is my parcel?", Facts: []chat.Fact{{Name: "Platform", Value: "x/acme"}}, Footer: "open",
		Image: "https://example.com/jane.png",
		Buttons: []chat.Button{
			{ID: "claim", Label: "Claim", Value: "case-1", Style: chat.Primary},
			{ID: "block", Label: "Block", Value: "case-1", Style: chat.Danger, Ask: "Block Jane?"},
			{ID: "snooze", Label: "Snooze", Value: "case-1", Form: &chat.Form{Title: "Snooze", Fields: []chat.Field{{
				ID: "for", Label: "For how long?", Choices: []chat.Choice{{Value: "1h", Label: "1 hour"}, {Value: "24h", Label: "a day"}},
			}}}},
			{ID: "reply", Label: "Reply", Value: "case-1", Form: &chat.Form{Title: "Reply", Fields: []chat.Field{
				{ID: "text", Label: "To Jane", Long: true},
				{ID: "tone", Label: "Tone", Choices: []chat.Choice{{Value: "firm", Label: "Firm"}, {Value: "kind", Label: "Kind"}}},
				{ID: "note", Label: "Note", Optional: true},
			}}},
		},
	}
}

// labels are the buttons of a message, row by row.
func labels(m telegramsim.Message) (all []string) {
	for _, row := range m.Buttons {
		for _, b := range row {
			all = append(all, b.Text)
		}
	}
	return all
}

// presses has somebody press the button of that label.
func (r *run) presses(t *testing.T, who, where int64, id chat.MessageID, label string) {
	t.Helper()
	for _, row := range r.message(t, where, id).Buttons {
		for _, b := range row {
			if b.Text == label {
				if n := len(b.Data); n == 0 || n > 64 {
					t.Errorf("the button %q carries %d bytes, want 1 to 64", label, n)
				}
				must(t, r.Sim.Press(who, where, number(id), b.Data))
				return
			}
		}
	}
	t.Fatalf("there is no button %q", label)
}

// shows waits until a message has these buttons.
func (r *run) shows(t *testing.T, where int64, id chat.MessageID, want ...string) {
	t.Helper()
	r.sees(t, strings.Join(want, ", "), func(v *telegramsim.View) bool {
		m, _ := v.Message(where, number(id))
		return slices.Equal(labels(m), want)
	})
}

var plainButtons = []string{"Claim", "Block", "Snooze", "Reply"}

func TestAPressedButtonSaysWhichAndWho(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	c := card()
	topic := r.topic(r.CreateTopic(r.ada, r.forum, "T"))
	id := r.posts(t, chat.Post{To: topic, Card: &c})
	if m := r.message(t, r.forum, id); m.Text != "Jane\nwhere is my parcel?\nPlatform: x/acme\nopen" || !slices.Equal(labels(m), plainButtons) {
		t.Errorf("the card is %q with %v", m.Text, labels(m))
	}
	r.presses(t, r.bob, r.forum, id, "Claim")
	e, p := bridgetest.Happens(t, r.Sink, func(chat.Event, chat.Pressed) bool { return true })
	if diff := cmp.Diff(chat.Pressed{Button: "claim", Value: "case-1"}, p); diff != "" {
		t.Errorf("pressed (-want +got):\n%s", diff)
	}
	if e.Conversation != topic || e.Message != id || e.Author.Name != "Bob" || e.Author.Self || e.At.IsZero() {
		t.Errorf("pressed as %+v", e)
	}
	r.sees(t, "an answer", func(v *telegramsim.View) bool { return v.Answers()[0].Done })
}

func TestAPressIsAnsweredOnlyAfterItIsStored(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	c := card()
	id := r.posts(t, chat.Post{To: in(r.room), Card: &c})
	failed := make(chan struct{})
	var once bool
	r.Refuse(func(b chat.Batch) error {
		if len(b.Events) == 0 {
			return nil
		}
		if !once {
			once = true
			close(failed)
		}
		return bridgetest.ErrFull
	})
	r.presses(t, r.bob, r.room, id, "Claim")
	<-failed
	if r.Answers()[0].Done {
		t.Error("the press was answered and is not stored")
	}
	r.Refuse(nil)
	bridgetest.Happens(t, r.Sink, func(_ chat.Event, p chat.Pressed) bool { return p.Button == "claim" })
	r.sees(t, "an answer", func(v *telegramsim.View) bool { return v.Answers()[0].Done })
}

func TestAButtonThatAsksNeedsASecondPress(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	c := card()
	id := r.posts(t, chat.Post{To: in(r.room), Card: &c})
	r.presses(t, r.bob, r.room, id, "Block")
	r.shows(t, r.room, id, "Block", "Cancel")
	r.sees(t, "the question", func(v *telegramsim.View) bool { return v.Answers()[0].Text == "Block Jane?" })
	r.presses(t, r.bob, r.room, id, "Cancel")
	r.shows(t, r.room, id, plainButtons...)
	r.presses(t, r.bob, r.room, id, "Block")
	r.shows(t, r.room, id, "Block", "Cancel")
	must(t, r.Stop())
	r.again(t)
	r.presses(t, r.ada, r.room, id, "Block")
	if e, p := bridgetest.Happens(t, r.Sink, func(chat.Event, chat.Pressed) bool { return true }); p.Button != "block" || e.Author.Name != "Ada Lovelace" {
		t.Errorf("pressed %+v by %+v, want block by Ada", p, e.Author)
	}
	r.shows(t, r.room, id, plainButtons...)
}

func TestAFormOfOneChoiceIsButtons(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	c := card()
	id := r.posts(t, chat.Post{To: in(r.room), Card: &c})
	r.presses(t, r.bob, r.room, id, "Snooze")
	r.shows(t, r.room, id, "1 hour", "a day", "Cancel")
	r.presses(t, r.bob, r.room, id, "a day")
	_, p := bridgetest.Happens(t, r.Sink, func(chat.Event, chat.Pressed) bool { return true })
	want := chat.Pressed{Button: "snooze", Value: "case-1", Fields: map[string]string{"for": "24h"}}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Errorf("pressed (-want +got):\n%s", diff)
	}
	r.shows(t, r.room, id, plainButtons...)
}

// asked waits for the bot's newest question in a topic, which has these words in it.
func (r *run) asked(t *testing.T, where int64, words string) int {
	t.Helper()
	var id int
	r.sees(t, words, func(v *telegramsim.View) bool {
		all := v.Messages(where)
		for _, m := range slices.Backward(all) {
			if m.From == r.Bot().ID && !m.Deleted && strings.Contains(m.Text, words) {
				id = m.ID
				return true
			}
		}
		return false
	})
	return id
}

func TestAFormIsAskedQuestionByQuestionAcrossARestart(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	c := card()
	topic := r.CreateTopic(r.ada, r.forum, "T")
	id := r.posts(t, chat.Post{To: r.topic(topic), Card: &c})
	r.presses(t, r.bob, r.forum, id, "Reply")
	answer := func(question int, words string) {
		t.Helper()
		r.says(t, r.bob, r.forum, telegramsim.Draft{Text: words, ReplyTo: question, Thread: topic})
	}
	q := r.asked(t, r.forum, "To Jane")
	if m, _ := r.Message(r.forum, q); !slices.Equal(m.Pings, []int64{r.bob}) || m.Thread != topic {
		t.Errorf("the question is %+v, want it to be Bob's", m)
	}
	r.says(t, r.ada, r.forum, telegramsim.Draft{Text: "not mine to answer", ReplyTo: q, Thread: topic})
	r.Hears(t, "not mine to answer")
	answer(q, "dear Jane")
	tone := r.asked(t, r.forum, "Tone")
	answer(tone, "loud")
	r.asked(t, r.forum, "one of these numbers")
	r.sees(t, "the question before vanish", func(v *telegramsim.View) bool { m, _ := v.Message(r.forum, tone); return m.Deleted })
	must(t, r.Stop())
	r.again(t)
	answer(r.asked(t, r.forum, "one of these numbers"), "1")
	answer(r.asked(t, r.forum, "Note"), "-")
	e, p := bridgetest.Happens(t, r.Sink, func(chat.Event, chat.Pressed) bool { return true })
	want := chat.Pressed{Button: "reply", Value: "case-1", Fields: map[string]string{"text": "dear Jane", "tone": "firm", "note": ""}}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Errorf("pressed (-want +got):\n%s", diff)
	}
	if e.Message != id || e.Conversation != r.topic(topic) || e.Author.Name != "Bob" {
		t.Errorf("filled as %+v", e)
	}
	r.sees(t, "no question left", func(v *telegramsim.View) bool {
		return !slices.ContainsFunc(v.Messages(r.forum), func(m telegramsim.Message) bool {
			return !m.Deleted && strings.Contains(m.Text, "Reply to this message")
		})
	})
	for _, e := range r.Until(t, "all", func([]chat.Event) bool { return true }) {
		if posted, ok := e.What.(chat.Posted); ok && posted.Text.Body == "dear Jane" {
			t.Error("the answer to a form is a message, too")
		}
	}
}

func TestAButtonThatNobodyKnowsSaysSo(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	c := card()
	id := r.posts(t, chat.Post{To: in(r.room), Card: &c})
	must(t, r.Stop())
	r.keep.Forget()
	r.again(t)
	r.presses(t, r.bob, r.room, id, "Claim")
	r.sees(t, "an answer", func(v *telegramsim.View) bool { return strings.Contains(v.Answers()[0].Text, "not known") })
}
