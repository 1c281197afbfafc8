package telegram_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/telegram/telegramsim"
	"github.com/roost-im/roost/router/chat"
)

func commands() []bridges.Command {
	return []bridges.Command{
		{Name: "claim", Help: "Make this case yours"},
		{Name: "snooze", Help: "Put this case away until later", Form: &chat.Form{Title: "Snooze", Fields: []chat.Field{
			{ID: "for", Label: "For how long?", Choices: []chat.Choice{{Value: "1h", Label: "1 hour"}, {Value: "24h", Label: "a day"}}},
		}}},
		{Name: "reply", Help: "Write to the contact", Form: &chat.Form{Title: "Reply", Fields: []chat.Field{
			{ID: "text", Label: "What they shall read", Long: true}, {ID: "tone", Label: "Tone", Optional: true},
		}}},
		{Name: "later", Help: "Write to the contact later", Form: &chat.Form{Title: "Later", Fields: []chat.Field{
			{ID: "for", Label: "In how long"}, {ID: "text", Label: "The words", Long: true},
		}}},
	}
}

// desked has a connector run whose forum is a surface of a desk, with the topic of a case.
func desked(t *testing.T) (r *run, topic chat.Conversation) {
	t.Helper()
	r = prepare(t, telegramsim.Config{})
	r.deps.Commands, r.deps.Surfaces = commands(), []chat.Conversation{in(r.forum)}
	r.again(t)
	_, topic = r.opens(t, chat.Open{Key: "k", To: in(r.forum), Title: "Jane", Card: card()})
	return r, topic
}

// orders has Bob write in a topic of the forum, and returns the message.
func (r *run) orders(t *testing.T, topic chat.Conversation, words string) int {
	t.Helper()
	return number(r.says(t, r.bob, r.forum, telegramsim.Draft{Text: words, Thread: number(chat.MessageID(topic.Thread))}))
}

// unheard checks that nothing was received as a message but these texts.
func (r *run) unheard(t *testing.T, but ...string) {
	t.Helper()
	for _, e := range r.Until(t, "all", func([]chat.Event) bool { return true }) {
		if p, ok := e.What.(chat.Posted); ok && !slices.Contains(but, p.Text.Body) {
			t.Errorf("%q came as a message", p.Text.Body)
		}
	}
}

func TestCommandsAreShownInTheDesksGroup(t *testing.T) {
	t.Parallel()
	r, _ := desked(t)
	calls := func(method string, n int) {
		t.Helper()
		r.sees(t, method, func(v *telegramsim.View) bool { return len(v.Calls(method)) == n })
	}
	calls("setMyCommands", 1)
	scope := `{"type":"chat","chat_id":` + decimal(r.forum) + `}`
	want := map[string]string{
		"scope": scope, "commands": `[{"command":"claim","description":"Make this case yours"},` +
			`{"command":"snooze","description":"Put this case away until later"},{"command":"reply","description":"Write to the contact"},` +
			`{"command":"later","description":"Write to the contact later"}]`,
	}
	if diff := cmp.Diff(want, r.Calls("setMyCommands")[0].Params); diff != "" {
		t.Errorf("they are set so (-want +got):\n%s", diff)
	}
	must(t, r.Stop())
	r.again(t)
	calls("getMyCommands", 2)
	r.says(t, r.ada, r.ada, telegramsim.Draft{Text: "still there?"})
	r.Hears(t, "still there?")
	calls("setMyCommands", 1)

	// The desk moves to another group, and then there is none.
	must(t, r.Stop())
	r.deps.Surfaces = []chat.Conversation{in(r.room)}
	r.again(t)
	calls("setMyCommands", 2)
	calls("deleteMyCommands", 1)
	if got := r.Calls("deleteMyCommands")[0].Params["scope"]; got != scope {
		t.Errorf("they are taken away from %s, want %s", got, scope)
	}
	must(t, r.Stop())
	r.deps.Commands, r.deps.Surfaces = nil, nil
	r.again(t)
	r.sees(t, "the last ones taken away", func(v *telegramsim.View) bool {
		return slices.ContainsFunc(v.Calls("deleteMyCommands"), func(c telegramsim.Request) bool {
			return strings.Contains(c.Params["scope"], decimal(r.room))
		})
	})
}

func TestACommandInACaseIsAPress(t *testing.T) {
	t.Parallel()
	r, topic := desked(t)
	for _, tc := range []struct {
		words string
		want  chat.Pressed
	}{
		{"/claim", chat.Pressed{Button: "claim"}},
		{"/claim@" + r.Bot().Username + " please", chat.Pressed{Button: "claim"}},
		{"/SNOOZE 2h30m", chat.Pressed{Button: "snooze", Fields: map[string]string{"for": "2h30m"}}},
		{"/snooze\n A day ", chat.Pressed{Button: "snooze", Fields: map[string]string{"for": "24h"}}},
		{"/later  2h\n See you soon", chat.Pressed{Button: "later", Fields: map[string]string{"for": "2h", "text": "See you soon"}}},
	} {
		id := r.orders(t, topic, tc.words)
		e, p := bridgetest.Happens(t, r.Sink, func(e chat.Event, _ chat.Pressed) bool { return strings.HasSuffix(string(e.ID), ":"+decimal(id)) })
		if diff := cmp.Diff(tc.want, p); diff != "" {
			t.Errorf("%q is pressed so (-want +got):\n%s", tc.words, diff)
		}
		if e.Conversation != topic || e.Message != "" || e.Author.Name != "Bob" || e.At.IsZero() {
			t.Errorf("%q came as %+v", tc.words, e)
		}
		r.sees(t, "the command vanish", func(v *telegramsim.View) bool { m, _ := v.Message(r.forum, id); return m.Deleted })
	}
	r.unheard(t)
}

func TestWhatACommandWasNotToldIsAsked(t *testing.T) {
	t.Parallel()
	r, topic := desked(t)
	answer := func(question int, words string) {
		t.Helper()
		r.says(t, r.bob, r.forum, telegramsim.Draft{Text: words, ReplyTo: question, Thread: number(chat.MessageID(topic.Thread))})
	}
	id := r.orders(t, topic, "/snooze")
	answer(r.asked(t, r.forum, "2. a day"), "2")
	e, p := bridgetest.Happens(t, r.Sink, func(_ chat.Event, p chat.Pressed) bool { return p.Button == "snooze" })
	if diff := cmp.Diff(map[string]string{"for": "24h"}, p.Fields); diff != "" || p.Value != "" || e.Conversation != topic {
		t.Errorf("snooze came as %+v (-want +got):\n%s", e, diff)
	}
	r.sees(t, "the command vanish", func(v *telegramsim.View) bool { m, _ := v.Message(r.forum, id); return m.Deleted })
	r.orders(t, topic, "/later 2h")
	answer(r.asked(t, r.forum, "In how long"), "2h")
	answer(r.asked(t, r.forum, "The words"), "hello")
	_, p = bridgetest.Happens(t, r.Sink, func(_ chat.Event, p chat.Pressed) bool { return p.Button == "later" })
	if diff := cmp.Diff(map[string]string{"for": "2h", "text": "hello"}, p.Fields); diff != "" {
		t.Errorf("later (-want +got):\n%s", diff)
	}
	r.orders(t, topic, "/reply hello")
	answer(r.asked(t, r.forum, "What they shall read"), "/claim your prize")
	answer(r.asked(t, r.forum, "Tone"), "-")
	_, p = bridgetest.Happens(t, r.Sink, func(_ chat.Event, p chat.Pressed) bool { return p.Button == "reply" })
	if diff := cmp.Diff(map[string]string{"text": "/claim your prize", "tone": ""}, p.Fields); diff != "" {
		t.Errorf("reply (-want +got):\n%s", diff)
	}
	r.unheard(t)
}

func TestACommandOutsideACaseSaysSo(t *testing.T) {
	t.Parallel()
	r, _ := desked(t)
	for _, at := range []chat.Conversation{in(r.forum), r.topic(r.CreateTopic(r.ada, r.forum, "my own"))} {
		id := r.orders(t, at, "/claim")
		r.sees(t, "a hint", func(v *telegramsim.View) bool {
			return slices.ContainsFunc(v.Messages(r.forum), func(m telegramsim.Message) bool {
				return m.ReplyTo == id && m.Text == "There is no case here. Use /claim in the topic of a case."
			})
		})
	}
	r.unheard(t)
}

func TestWhatIsNoCommandIsAMessage(t *testing.T) {
	t.Parallel()
	r, topic := desked(t)
	var said []string
	for _, words := range []string{"/clam", "/claim@another_bot", "please /claim", "/", "claim"} {
		r.orders(t, topic, words)
		r.Hears(t, words)
		said = append(said, words)
	}
	r.says(t, r.bob, r.room, telegramsim.Draft{Text: "/claim"})
	e, _ := r.Hears(t, "/claim")
	if e.Conversation != in(r.room) {
		t.Errorf("%+v, want it in the group that is no surface", e)
	}
	r.unheard(t, append(said, "/claim")...)
	r.Until(t, "no press", func(events []chat.Event) bool {
		return !slices.ContainsFunc(events, func(e chat.Event) bool { _, pressed := e.What.(chat.Pressed); return pressed })
	})
}

func TestACommandIsStoredBeforeItVanishes(t *testing.T) {
	t.Parallel()
	r, topic := desked(t)
	refused := make(chan struct{}, 1)
	r.Refuse(func(b chat.Batch) error {
		if len(b.Events) == 0 {
			return nil
		}
		select {
		case refused <- struct{}{}:
		default:
		}
		return bridgetest.ErrFull
	})
	id := r.orders(t, topic, "/claim")
	<-refused
	if m, _ := r.Message(r.forum, id); m.Deleted {
		t.Error("the command is gone and not stored")
	}
	r.Refuse(nil)
	bridgetest.Happens(t, r.Sink, func(_ chat.Event, p chat.Pressed) bool { return p.Button == "claim" })
}
