package slack_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/router/chat"
)

func card() chat.Card {
	return chat.Card{
		Title: "Ada & <Co>", Image: "https://example.com/a.png", Body: "wrote *hello*",
		Facts:  []chat.Fact{{Name: "Handle", Value: "@ada <!channel>"}, {Name: "Platform", Value: "X"}},
		Footer: "Open · unassigned",
		Buttons: []chat.Button{
			{ID: "claim", Label: "Claim", Value: "case-1", Style: chat.Primary},
			{ID: "close", Label: "Close", Style: chat.Danger, Ask: "Close this case?"},
			{ID: "snooze", Label: "An hour", Value: "1h"},
			{ID: "snooze", Label: "A day", Value: "24h"},
			{ID: "reply", Label: "Reply", Value: "case-1", Form: &chat.Form{
				Title: "Reply", Submit: "Send",
				Fields: []chat.Field{
					{ID: "text", Label: "Text", Long: true},
					{ID: "note", Label: "Note", Optional: true},
					{ID: "tone", Label: "Tone", Initial: "kind", Choices: []chat.Choice{{Value: "kind", Label: "Kind"}, {Value: "firm", Label: "Firm"}}},
				},
			}},
		},
	}
}

// actionIDs are the action IDs of a message's buttons, in order.
func actionIDs(t *testing.T, m slacksim.Message) []string {
	t.Helper()
	var ids []string
	for _, b := range blocksOf(t, m) {
		if b["type"] != "actions" {
			continue
		}
		for _, e := range b["elements"].([]any) {
			ids = append(ids, e.(map[string]any)["action_id"].(string))
		}
	}
	return ids
}

func TestACardKeepsItsPartsAndSaysThemPlainly(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	c := card()
	for i := range 12 {
		c.Facts = append(c.Facts, chat.Fact{Name: fmt.Sprint("Fact ", i), Value: strings.Repeat("x", 3000)})
	}
	receipt, thread, err := r.conn.Open(t.Context(), chat.Open{Key: "k", To: r.place(), Title: "unused", Card: c})
	must(t, err)
	if thread.Thread != chat.ThreadID(receipt.Messages[0]) || thread.Place() != r.place() {
		t.Errorf("the thread is %v, want the card's in %v", thread, r.place())
	}
	m, _ := r.Message(r.room, string(receipt.Messages[0]))
	var kinds []string
	for _, b := range blocksOf(t, m) {
		kinds = append(kinds, b["type"].(string))
	}
	if diff := cmp.Diff([]string{"header", "section", "section", "context", "actions"}, kinds); diff != "" {
		t.Errorf("the card's blocks (-want +got):\n%s", diff)
	}
	if got := pings(m); len(got) > 0 {
		t.Errorf("the card notifies %q", got)
	}
	for _, want := range []string{"Ada &amp; &lt;Co&gt;", "Handle: @ada &lt;!channel&gt;", "Open · unassigned"} {
		if !strings.Contains(m.Text, want) {
			t.Errorf("the card's text %q lacks %q", m.Text, want)
		}
	}
}

func TestACardGoesOutWithoutAPictureThatSlackCantLoad(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	r.Sim.Fail("chat.postMessage", slacksim.Fault{Error: "invalid_blocks", Times: 1})
	r.Sim.Fail("chat.update", slacksim.Fault{Error: "invalid_blocks", Times: 1})
	c := card()
	m := r.posts(t, chat.Post{To: r.place(), Card: &c})
	_, err := r.conn.Edit(t.Context(), chat.Edit{To: r.place(), Messages: []chat.MessageID{chat.MessageID(m.TS)}, Card: &c})
	must(t, err)
	m, _ = r.Message(r.room, m.TS)
	if strings.Contains(string(m.Blocks), c.Image) || !m.Edited {
		t.Errorf("the card is %s, want it without its picture", m.Blocks)
	}
	r.Sim.Fail("chat.postMessage", slacksim.Fault{Error: "invalid_blocks"})
	if _, err := r.conn.Post(t.Context(), chat.Post{To: r.place(), Card: &c}); chat.KindOf(err) != chat.Refused {
		t.Errorf("post = %v, want Refused", err)
	}
}

func TestAPressedButtonSaysWhichAndWho(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	c := card()
	_, thread, err := r.conn.Open(t.Context(), chat.Open{Key: "k", To: r.place(), Card: c})
	must(t, err)
	m := r.posts(t, chat.Post{To: thread, Card: &c})
	ids := actionIDs(t, m)
	must(t, r.Sim.Press(r.ada, r.room, m.TS, ids[3], ""))
	e, h := bridgetest.Happens(t, r.Sink, func(chat.Event, chat.Pressed) bool { return true })
	if diff := cmp.Diff(chat.Pressed{Button: "snooze", Value: "24h"}, h); diff != "" {
		t.Errorf("pressed (-want +got):\n%s", diff)
	}
	if e.Conversation != thread || string(e.Message) != m.TS || e.Author.ID != r.Person() || e.At.IsZero() || e.Author.Name == "" {
		t.Errorf("pressed as %+v, want by Ada on %v in %v", e, m.TS, thread)
	}
	r.sees(t, func(v *slacksim.View) bool { in := v.Interactions(); return len(in) == 1 && in[0].Acked })
}

func TestAFormIsFilledAcrossARestart(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	c := card()
	m := r.posts(t, chat.Post{To: r.place(), Card: &c})
	must(t, r.Sim.Press(r.ada, r.room, m.TS, actionIDs(t, m)[4], ""))
	r.sees(t, func(v *slacksim.View) bool { return len(v.Views()) == 1 && v.Interactions()[0].Acked })
	must(t, r.Stop())
	r.again(t)
	view := r.Views()[0]
	if view.Title != "Reply" {
		t.Errorf("the form is called %q, want Reply", view.Title)
	}
	must(t, r.SubmitView(r.ada, view.ID, map[string]string{"text/value": "dear\nAda", "tone/value": "firm"}))
	e, h := bridgetest.Happens(t, r.Sink, func(chat.Event, chat.Pressed) bool { return true })
	want := chat.Pressed{Button: "reply", Value: "case-1", Fields: map[string]string{"text": "dear\nAda", "note": "", "tone": "firm"}}
	if diff := cmp.Diff(want, h); diff != "" {
		t.Errorf("pressed (-want +got):\n%s", diff)
	}
	if e.Conversation != r.place() || string(e.Message) != m.TS || e.Author.ID != r.Person() {
		t.Errorf("filled as %+v, want by Ada on %v", e, m.TS)
	}
	r.sees(t, func(v *slacksim.View) bool { return len(v.Views()) == 0 })
}

func TestAFilledFormThatWasNotAcceptedStaysOpen(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{Timing: slacksim.Timing{AckWait: 200_000_000}})
	c := card()
	m := r.posts(t, chat.Post{To: r.place(), Card: &c})
	must(t, r.Sim.Press(r.ada, r.room, m.TS, actionIDs(t, m)[4], ""))
	r.sees(t, func(v *slacksim.View) bool { return len(v.Views()) == 1 })
	r.Refuse(func(b chat.Batch) error {
		if len(b.Events) > 0 {
			return bridgetest.ErrFull
		}
		return nil
	})
	must(t, r.SubmitView(r.ada, r.Views()[0].ID, map[string]string{"text/value": "x"}))
	r.sees(t, func(v *slacksim.View) bool { in := v.Interactions(); return in[len(in)-1].Failed != "" })
	if n := len(r.Views()); n != 1 {
		t.Errorf("%d forms are open, want the one that failed", n)
	}
}

func TestCardsThatSlackCantShowAreRefused(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	big := &chat.Form{Title: "Big"}
	for i := range 5 {
		big.Fields = append(big.Fields, chat.Field{ID: fmt.Sprint(i), Label: strings.Repeat("y", 500)})
	}
	for name, c := range map[string]chat.Card{
		"empty":            {},
		"too many buttons": {Title: "x", Buttons: make([]chat.Button, 26)},
		"too big a form":   {Title: "x", Buttons: []chat.Button{{ID: "b", Label: "b", Form: big}}},
		"too many facts":   {Title: "x", Facts: make([]chat.Fact, 600)},
	} {
		if _, err := r.conn.Post(t.Context(), chat.Post{To: r.place(), Card: &c}); chat.KindOf(err) != chat.Refused {
			t.Errorf("%s: post = %v, want Refused", name, err)
		}
	}
}
