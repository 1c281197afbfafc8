package script_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/bots/script"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// BenchmarkEvent is one event for a command, from the host's door to the outcome.
func BenchmarkEvent(b *testing.B) {
	w := setup(b, `
def echo(text):
    return text
command("echo <text...>", echo)
`, func(c *bots.Config) { c.Rate = bots.Cooldown{N: 1 << 30, Per: time.Nanosecond} })
	in := chat.Hear{
		Key: "k1", To: chat.Conversation{Account: "bot/bot", ID: chat.ConversationID(place.String())},
		Event: chat.Event{
			ID: "e1", Conversation: place, Message: "m1", Author: ada(), What: chat.Posted{Text: text.Plain("/echo hello there")},
		},
	}
	b.ReportAllocs()
	for b.Loop() {
		w.now = w.now.Add(time.Second)
		out, err := w.host.Hear(b.Context(), in)
		if err != nil || len(out.Acts) != 1 {
			b.Fatal(out, err)
		}
	}
}

// BenchmarkReplay50 is the fiftieth answer of a dialog, from the host's door to the outcome.
func BenchmarkReplay50(b *testing.B) {
	w := setup(b, `
questions = ["Question %d?" % i for i in range(60)]
def form():
    got = []
    for question in questions:
        got.append(ask(question))
    return ", ".join(got)
command("form", form)
`, func(c *bots.Config) { c.Rate = bots.Cooldown{N: 1 << 30, Per: time.Nanosecond} })
	w.say("/form")
	for i := range 49 {
		w.say(fmt.Sprintf("this is answer no. %d", i))
	}
	in := chat.Hear{
		Key: "k50", To: chat.Conversation{Account: "bot/bot", ID: chat.ConversationID(place.String())},
		Event: chat.Event{
			ID: "e50", Conversation: place, Message: "m50", Author: ada(), What: chat.Posted{Text: text.Plain("this is the fiftieth")},
		},
	}
	b.ReportAllocs()
	for b.Loop() {
		w.now = w.now.Add(time.Second)
		out, err := w.host.Hear(b.Context(), in)
		if err != nil || len(out.Acts) != 2 {
			b.Fatal(out, err)
		}
		if say, ok := out.Acts[0].(chat.Say); !ok || !strings.HasPrefix(say.Post.Text.Body, "Question 50") {
			b.Fatal(out.Acts)
		}
	}
}

// BenchmarkLoad reads a script and runs its top level.
func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		load(b, order)
	}
}

// BenchmarkWorkerEvent is one event for a command of a script in a process of its own.
func BenchmarkWorkerEvent(b *testing.B) {
	src := "def echo(text):\n    return text\ncommand(\"echo <text...>\", echo)\n"
	w := setupBot(b, worker(b, src, script.Options{}), src, func(c *bots.Config) { c.Rate = bots.Cooldown{N: 1 << 30, Per: time.Nanosecond} })
	in := chat.Hear{
		Key: "k1", To: chat.Conversation{Account: "bot/bot", ID: chat.ConversationID(place.String())},
		Event: chat.Event{
			ID: "e1", Conversation: place, Message: "m1", Author: ada(), What: chat.Posted{Text: text.Plain("/echo hello there")},
		},
	}
	for b.Loop() {
		w.now = w.now.Add(time.Second)
		out, err := w.host.Hear(b.Context(), in)
		if err != nil || len(out.Acts) != 1 {
			b.Fatal(out, err)
		}
	}
}
