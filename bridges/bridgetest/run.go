package bridgetest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// Run holds a connector to every promise of its contract. open makes a new stage with nothing on it.
func Run(t *testing.T, open func(t *testing.T) Stage) {
	t.Helper()
	for _, tc := range []struct {
		name string
		test func(*testing.T, *world)
	}{
		{"events come in order", inOrder},
		{"an event that was not accepted comes again", notAccepted},
		{"nothing is lost or doubled across a dropped connection", dropped},
		{"what was said while the connection was down comes", whileDown},
		{"what was said while the process was down comes", whileStopped},
		{"a second delivery has the same id", twice},
		{"own posts are known as such", echoes},
		{"people's edits, deletes and reactions come", peopleChange},
		{"events of unknown kinds are skipped and counted", odd},
		{"files come with their bytes", filesIn},
		{"a post arrives", posts},
		{"text of any kind arrives and pings nobody", hardTexts},
		{"long text becomes several messages in order", longText},
		{"files are carried out", filesOut},
		{"declared abilities work and others are refused", abilities},
		{"slow down is heeded", throttled},
		{"an answer that was not read is uncertain", swallowed},
		{"a platform that does not answer is uncertain", hanging},
		{"a failing platform is tried again", failing},
		{"a revoked token logs the account out", revoked},
		{"pins go both ways", pins},
		{"threads are opened and heard", threads},
		{"what is deleted meanwhile is gone", vanished},
		{"whoever is taken out of a room is told so", expelled},
		{"an answer names what it answers", answers},
		{"a post by another name is edited and deleted", personas},
		{"several files are one message", album},
		{"a hundred mentions ping nobody", mentions},
		{"a file without bytes gets a clear answer", emptyFile},
		{"a file beyond the limit is refused with the reason", largeFile},
		{"a file that can't be read is no message", unreadableFile},
		{"a file that is lost is told so", lostFile},
		{"people see the account type where it does", types},
		{"a question shows its answers", questions},
		{"whoever calls the account is known to do so", calls},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.test(t, newWorld(t, open))
		})
	}
}

func inOrder(t *testing.T, w *world) {
	w.ready(t)
	w.hears(t, w.say(t, "in order", 20))
	for _, ev := range w.sink.Events() {
		p, ok := ev.What.(chat.Posted)
		if !ok || ev.Author.Self {
			continue
		}
		if ev.ID == "" || ev.Message == "" || ev.At.IsZero() || !ev.Direct {
			t.Errorf("event %+v lacks its ID, message, time or directness", ev)
		}
		if ev.Conversation != w.Talk() || ev.Author.ID != w.Person() {
			t.Errorf("%q came from %v in %v, want %v in %v", p.Text.Body, ev.Author.ID, ev.Conversation, w.Person(), w.Talk())
		}
	}
}

func notAccepted(t *testing.T, w *world) {
	w.ready(t)
	w.sink.Full(2)
	said := w.say(t, "again", 3)
	if !w.sink.Within(limit, func(events []chat.Event) bool { return len(filter(posted(events), said)) >= len(said) }) {
		// A connector whose platform does not deliver again must catch up after a new start at the latest.
		if !w.catchesUp() {
			return
		}
		w.restart(t)
	}
	w.hears(t, said)
}

func dropped(t *testing.T, w *world) {
	w.ready(t)
	var said []string
	for range 3 {
		said = append(said, w.say(t, "before "+time.Now().Format("05.000000"), 2)...)
		w.Drop(t)
		said = append(said, w.say(t, "after "+time.Now().Format("05.000000"), 2)...)
	}
	w.hears(t, said)
}

func whileDown(t *testing.T, w *world) {
	w.ready(t)
	if !w.catchesUp() {
		return
	}
	w.Down(t, true)
	w.Drop(t)
	said := w.say(t, "while down", 3)
	w.Down(t, false)
	w.hears(t, said)
}

func whileStopped(t *testing.T, w *world) {
	w.ready(t)
	if !w.catchesUp() {
		return
	}
	w.hears(t, w.say(t, "before", 2))
	w.stop(t)
	said := w.say(t, "while stopped", 5)
	w.restart(t)
	w.hears(t, said)
}

// catchesUp says whether the platform can be asked for what was missed. Where it can't, a loss is no fault.
func (w *world) catchesUp() bool { return w.conn.Traits().CatchUp > 0 }

func twice(t *testing.T, w *world) {
	w.ready(t)
	said := w.say(t, "twice", 3)
	w.hears(t, said)
	w.Redeliver(t)
	last := w.say(t, "last", 1)
	w.hears(t, append(said, last...))
}

func echoes(t *testing.T, w *world) {
	w.ready(t)
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	if _, err := w.do(ctx, chat.Post{Key: "k-1", To: w.Talk(), Text: text.Plain("an echo of mine")}); err != nil {
		t.Fatal(err)
	}
	w.hears(t, w.say(t, "answer", 1))
	w.restart(t)
	w.hears(t, append([]string{"answer 0"}, w.say(t, "more", 1)...))
	for _, said := range posted(w.sink.Events()) {
		if said == "an echo of mine" {
			t.Error("the account's own post came in as somebody else's")
		}
	}
}

func peopleChange(t *testing.T, w *world) {
	w.ready(t)
	m := w.Say(t, "first words")
	w.hears(t, []string{"first words"})
	traits := w.conn.Traits()
	for _, tc := range []struct {
		name     string
		done, in bool // the platform lets people do it; the connector says that it comes
		so       func(chat.Happening) bool
	}{
		{"reaction", w.React(t, m, "👍"), traits.React.In, func(h chat.Happening) bool {
			r, ok := h.(chat.Reacted)
			return ok && r.Emoji == "👍" && !r.Removed
		}},
		{"edit", w.Edit(t, m, "better words"), traits.Edit.In, func(h chat.Happening) bool {
			e, ok := h.(chat.Edited)
			return ok && e.Text.Body == "better words"
		}},
		{"deletion", w.Delete(t, m), traits.Delete.In, func(h chat.Happening) bool {
			_, ok := h.(chat.Deleted)
			return ok
		}},
	} {
		if tc.in && !tc.done {
			t.Errorf("%T has no %s, and its connector's Traits say that it comes", w.Stage, tc.name)
		}
		if tc.in && tc.done {
			w.happens(t, tc.name, func(ev chat.Event) bool { return ev.Message == m && tc.so(ev.What) })
		}
	}
}

// happens waits for an event that is so.
func (w *world) happens(t *testing.T, what string, so func(chat.Event) bool) chat.Event {
	t.Helper()
	var found chat.Event
	if !w.sink.Within(limit, func(events []chat.Event) bool {
		i := slices.IndexFunc(events, so)
		if i >= 0 {
			found = events[i]
		}
		return i >= 0
	}) {
		t.Errorf("the %s did not come; received %+v", what, w.sink.Events())
	}
	return found
}

func odd(t *testing.T, w *world) {
	w.ready(t)
	w.Odd(t)
	w.hears(t, w.say(t, "after the odd one", 1))
	select {
	case <-w.odd:
	case <-time.After(limit):
		t.Error("the unknown event was not counted")
	}
}
