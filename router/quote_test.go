package router_test

import (
	"testing"
	"testing/synctest"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// Where a platform has no answers, what is answered stands in front in words, from the contact to the team and back.
func TestWhatIsAnsweredIsQuoted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, x, slack := office(t, 0)
		x.traits.Reply, slack.traits.Reply = false, false
		dm := x.place("dm-jane")
		w.says(t, x, "Jane", dm, "when do you open?")
		in := slack.thread(t)
		w.says(t, slack, "Ann", in, "at nine")
		w.says(t, slack, "Ann", in, "// she never listens")
		answer := func(from *town, who string, at chat.Conversation, words string, to chat.MessageID) {
			t.Helper()
			if _, err := from.says(t.Context(), who, at, chat.Posted{Text: text.Plain(words), ReplyTo: to}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		hours, _ := x.reads(dm, "at nine")
		answer(x, "Jane", dm, "on Sundays, too?", hours.id)
		asked, _ := slack.reads(in, "when do you open?")
		answer(slack, "Ann", in, "and we close at six", asked.id)
		told, _ := slack.reads(in, "at nine")
		answer(slack, "Ann", in, "ten on Sundays", told.id)
		note, _ := slack.reads(in, "// she never listens")
		answer(slack, "Ann", in, "see you", note.id)
		if m, ok := slack.reads(in, "Ann: at nine\non Sundays, too?"); !ok || m.post.As.Name != "Jane" {
			t.Errorf("the thread reads %q, want that Jane answers Ann", slack.in(in))
		}
		reads(t, x, dm, "when do you open?", "at nine", "on Sundays, too?", "Jane: when do you open?\nand we close at six", "at nine\nten on Sundays", "see you")
	})
}
