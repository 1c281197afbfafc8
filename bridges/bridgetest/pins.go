package bridgetest

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

func pins(t *testing.T, w *world) {
	w.ready(t)
	m := w.Say(t, "keep this")
	w.hears(t, []string{"keep this"})
	traits := w.conn.Traits().Pin
	if traits.In {
		w.pinsIn(t, m)
	}
	if traits.Out {
		w.pinsOut(t, m)
	} else if err := w.try(t, chat.Pin{To: w.Talk(), Message: m}); !chat.IsUnsupported(err) {
		t.Errorf("pin = %v, want ErrUnsupported", err)
	}
}

// pinsIn has the person pin a message and take the pin off again.
func (w *world) pinsIn(t *testing.T, m chat.MessageID) {
	t.Helper()
	board := needs[Pinboard](t, w, "its connector's Traits say that pins come in")
	for _, on := range []bool{true, false} {
		told := board.Pin(t, m, on)
		if on && !told {
			t.Errorf("%T lets nobody pin, and its connector's Traits say that pins come in", w.Stage)
		}
		if told {
			w.happens(t, "pin", func(ev chat.Event) bool {
				p, is := ev.What.(chat.Pinned)
				return is && p.Removed != on && ev.Message == m && ev.Author.ID == w.Person()
			})
		}
	}
}

// pinsOut has the account pin a message and take the pin off again.
func (w *world) pinsOut(t *testing.T, m chat.MessageID) {
	t.Helper()
	board := needs[Pinboard](t, w, "its connector's Traits say that it can pin")
	a := chat.Pin{To: w.Talk(), Message: m}
	for _, a.Remove = range []bool{false, false, true, true} { // done already is done
		if err := w.try(t, a); err != nil {
			t.Errorf("pin with remove %v = %v", a.Remove, err)
		}
		if is := slices.Contains(board.Pinned(t), m); is == a.Remove {
			t.Errorf("after a pin with remove %v pinned is %v", a.Remove, is)
		}
	}
}

// answers holds what a connector says of replies: natively where it can, and readable everywhere.
func answers(t *testing.T, w *world) {
	w.ready(t)
	const question, answer = "what is the time?", "late"
	m := w.Say(t, question)
	w.hears(t, []string{question})
	post := chat.Post{Key: "k-1", To: w.Talk(), Text: text.Plain(answer), ReplyTo: m, Quote: &chat.Quote{Name: "Ada", Text: text.Plain(question)}}
	if w.conn.Traits().Reply {
		w.answered(t, m, question)
		if h := w.held(t, w.posted(t, post)); h.ReplyTo != m {
			t.Errorf("%q answers %q, want %q", h.Text, h.ReplyTo, m)
		}
	} else {
		h := w.held(t, w.posted(t, w.conn.Traits().Quoted(post)))
		reads(t, h.Text, "Ada", question, answer)
	}
	w.answersAtLength(t, m)
}

// answered has the person answer a message that asks a question.
func (w *world) answered(t *testing.T, m chat.MessageID, question string) {
	t.Helper()
	stage := needs[Answering](t, w, "its connector's Traits say that messages can be answered")
	id := stage.Answer(t, m, "soon enough")
	w.happens(t, "answer", func(ev chat.Event) bool {
		p, is := ev.What.(chat.Posted)
		return is && ev.Message == id && p.ReplyTo == m && (p.Quote == nil || p.Quote.Text.Body == question)
	})
}

// answersAtLength has the account answer with as much as a message takes: a quote gives way before words do.
func (w *world) answersAtLength(t *testing.T, to chat.MessageID) {
	t.Helper()
	traits := w.conn.Traits()
	if traits.Text.Max == 0 {
		return // the platform sets no limit
	}
	long := strings.Repeat("x", traits.Text.Max)
	quote := &chat.Quote{Name: "Ada", Text: text.Plain("tell me everything")}
	id := w.posted(t, chat.Post{Key: "k-2", To: w.Talk(), Text: text.Plain(long), ReplyTo: to, Quote: quote})
	if h := w.held(t, id); h.Text != long {
		t.Errorf("of an answer of %d letters stand %d", len(long), len(h.Text))
	}
}

// try performs an action that may fail.
func (w *world) try(t *testing.T, a chat.Action) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	_, err := w.do(ctx, a)
	return err
}

// posted performs a post that must succeed, and gives its message.
func (w *world) posted(t *testing.T, p chat.Post) chat.MessageID {
	t.Helper()
	return w.done(t, p).Messages[0]
}

// done performs an action that must succeed and, when it is a post, give one message.
func (w *world) done(t *testing.T, a chat.Action) chat.Receipt {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	r, err := w.do(ctx, a)
	if err != nil {
		t.Fatalf("%T = %v", a, err)
	}
	if _, is := a.(chat.Post); is && len(r.Messages) != 1 {
		t.Fatalf("the receipt of a post names %q, want one message", r.Messages)
	}
	return r
}
