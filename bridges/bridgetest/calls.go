package bridgetest

import (
	"slices"
	"strings"
	"testing"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// calls holds that a message that mentions the account says so, in one way on every platform: it is Addressed, and the
// mention is a span with the account's own ID. What is said beside it is not.
func calls(t *testing.T, w *world) {
	stage := needs[Calling](t, w, "every platform's people can call an account by its name")
	w.ready(t)
	w.posted(t, chat.Post{Key: "k-1", To: w.Talk(), Text: text.Plain("here I am")}) // some platforms echo it
	beside, call := w.call(t, stage, false), w.call(t, stage, true)
	if beside.Addressed || !call.Addressed || beside.Conversation != call.Conversation {
		t.Errorf("addressed is %v without a mention in %v, and %v with one in %v", beside.Addressed, beside.Conversation, call.Addressed, call.Conversation)
	}
	p, _ := call.What.(chat.Posted)
	i := slices.IndexFunc(p.Text.Spans, func(s text.Span) bool { return s.Kind == text.Mention && s.ID == string(stage.Self()) })
	if i < 0 {
		t.Fatalf("the person said %+v, want a mention of %v in it", p.Text, stage.Self())
	}
	if s := p.Text.Spans[i]; s.Start != 0 || !strings.HasPrefix(p.Text.Body, "@") || p.Text.Body[s.End:] != " what is on today?" {
		t.Errorf("the person said %+v, want a mention, a space and the words", p.Text)
	}
	for _, ev := range w.sink.Events() {
		if ev.Author.Self && ev.Author.ID != stage.Self() {
			t.Errorf("the account itself came as %+v, want %v", ev.Author, stage.Self())
		}
	}
}

// call has the person ask something where others are, and gives the event.
func (w *world) call(t *testing.T, stage Calling, called bool) chat.Event {
	t.Helper()
	id := stage.Call(t, called, "what is on today?")
	ev := w.happens(t, "call", func(ev chat.Event) bool {
		_, is := ev.What.(chat.Posted)
		return is && ev.Message == id
	})
	if ev.Direct || ev.Author.ID != w.Person() {
		t.Errorf("what the person said is %+v, want it by %v where others are", ev, w.Person())
	}
	return ev
}
