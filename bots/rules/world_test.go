package rules_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/bots/bottest"
	"github.com/roost-im/roost/bots/rules"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// place is where people talk.
var place = chat.Conversation{Account: "slack/team", ID: "C1"}

// world is a host with a bot of rules, a store that is a map, and a clock that stands still.
type world struct {
	tb     testing.TB
	source string
	config map[string]any
	host   *bots.Host
	can    chat.Can
	direct bool
	desk   string
	roles  []string
	may    bots.May
	author chat.Author
	about  chat.Ref
	log    bytes.Buffer
	lines  []string // what the bot did about the last event
	said   chat.Ref // its last message
	wakes  map[string]chat.Wake
	n      int
	now    time.Time
	kept   map[string][]byte
}

func setup(tb testing.TB, source string) *world {
	tb.Helper()
	return setupWith(tb, source, nil)
}

func setupWith(tb testing.TB, source string, config map[string]any) *world {
	tb.Helper()
	w := &world{
		tb: tb, source: source, config: config, kept: map[string][]byte{}, wakes: map[string]chat.Wake{},
		now: time.Date(2026, 3, 2, 7, 30, 0, 0, time.UTC), // a Monday
		can: chat.Can{Cards: true, Edit: true, Delete: true, React: true}, author: chat.Author{ID: "U1", Name: "Ada *L*", Handle: "ada"},
	}
	w.restart()
	return w
}

// restart makes a new host over the same store.
func (w *world) restart() {
	w.tb.Helper()
	load := func(source []byte) (bots.Bot, error) {
		return rules.Load("bot.yaml", source, rules.Options{Config: w.config})
	}
	b, err := load([]byte(w.source))
	if err != nil {
		w.tb.Fatal(err)
	}
	w.host, err = bots.New(bots.Config{
		Name: "order", Bot: b, Source: []byte(w.source), Load: load,
		Env: bots.Env{
			State: func(_ context.Context, key string) ([]byte, error) { return w.kept[key], nil },
			Now:   func() time.Time { return w.now },
			Roles: func(bots.Person) []string { return w.roles },
			May:   w.may,
			Log:   slog.New(slog.NewTextHandler(&w.log, nil)),
			Seed:  1,
		},
	})
	if err != nil {
		w.tb.Fatal(err)
	}
}

// say has the author say something, and returns what the bot does about it.
func (w *world) say(words string) []string {
	w.tb.Helper()
	return w.hear(chat.Posted{Text: text.Plain(words)})
}

func (w *world) hear(what chat.Happening) []string {
	w.tb.Helper()
	w.n++
	ev := chat.Event{
		ID: chat.EventID(fmt.Sprint("e", w.n)), Message: chat.MessageID(fmt.Sprint("m", w.n)), Conversation: place, Author: w.author,
		At: w.now, Direct: w.direct, What: what,
	}
	if _, called := what.(chat.Called); called {
		ev.Message, ev.Author = "", chat.Author{}
	}
	return w.deliver(chat.Hear{
		Key: chat.Key(fmt.Sprint("k", w.n)), Can: w.can, Desk: w.desk, About: w.about, Event: ev,
		To: chat.Conversation{Account: "bot/order", ID: chat.ConversationID(place.String())},
	})
}

func (w *world) deliver(in chat.Hear) []string {
	w.tb.Helper()
	lost, err := w.host.Hear(w.tb.Context(), in)
	if err != nil {
		w.tb.Fatal(err)
	}
	out, err := w.host.Hear(w.tb.Context(), in) // as after a crash before the first was stored
	if err != nil {
		w.tb.Fatal(err)
	}
	if diff := cmp.Diff(lost, out); diff != "" && !strings.Contains(w.log.String(), "bot failed") {
		w.tb.Errorf("heard again it does something else: -first +again\n%s", diff)
	}
	if err := bottest.Keep(w.kept, out.Keep); err != nil {
		w.tb.Fatal(err)
	}
	w.lines = nil
	for _, a := range out.Acts {
		w.act(a)
	}
	return w.lines
}

// act writes down what the bot does, and does it as far as this world can.
func (w *world) act(a chat.Act) {
	line := ""
	switch a := a.(type) {
	case chat.Say:
		w.said = a.Ref
		line = "say" + postLine(a.Post)
	case chat.Reword:
		line = "edit: " + a.Edit.Text.Body + cardLine(a.Edit.Card)
	case chat.Unsay:
		line = "remove " + string(a.Ref.Message)
	case chat.Sign:
		line = "react " + a.React.Emoji
		if a.React.Remove {
			line += " off"
		}
	case chat.HandOff:
		line = "hand off: " + a.Reason
	case chat.HandBack:
		line = "hand back"
	case chat.Wake:
		w.wakes[a.Name] = a
		if !strings.HasPrefix(a.Name, "late:") {
			line = "wake in " + a.Due.Sub(w.now).String()
		}
	case chat.Unwake:
		delete(w.wakes, a.Name)
	}
	if line != "" {
		w.lines = append(w.lines, line)
	}
}

func postLine(p chat.Post) string {
	s := ""
	if p.To != place {
		s += " to " + p.To.String()
	}
	if p.Only != "" {
		s += " to " + string(p.Only) + " alone"
	}
	if p.ReplyTo != "" {
		s += " about " + string(p.ReplyTo)
	}
	s += ": " + p.Text.Body
	for _, f := range p.Files {
		s += " <" + f.Source + ">"
	}
	return s + cardLine(p.Card)
}

func cardLine(c *chat.Card) string {
	if c == nil {
		return ""
	}
	var labels []string
	for _, b := range c.Buttons {
		l := b.Label
		if b.Value != b.Label {
			l += "=" + b.Value
		}
		labels = append(labels, l)
	}
	return " [" + strings.Join(labels, "|") + "]"
}

// pass lets time pass, and wakes what is due.
func (w *world) pass(d time.Duration) []string {
	w.tb.Helper()
	w.now = w.now.Add(d)
	var all []string
	for name, wake := range w.wakes {
		if wake.Due.After(w.now) {
			continue
		}
		delete(w.wakes, name)
		w.n++
		wake.Hear.Key = chat.Key(fmt.Sprint("k", w.n))
		all = append(all, w.deliver(wake.Hear)...)
	}
	return all
}
