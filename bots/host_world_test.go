package bots_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/bots/bottest"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// Where people talk in these tests, and where the operators are told.
var (
	lounge = chat.Conversation{Account: "slack/team", ID: "C1"}
	ops    = chat.Conversation{Account: "slack/team", ID: "COPS"}
)

// world is a host, a store that is a map, a clock that stands still until it is moved, and people.
type world struct {
	tb     testing.TB
	host   *bots.Host
	can    chat.Can
	direct bool
	desk   string
	who    chat.Author
	n      int // events so far
	out    chat.Outcome
	acts   []chat.Act // of the last event, but for wakes
	asks   chat.Ref   // what was said last
	wakes  map[string]chat.Wake
	log    bytes.Buffer

	mu    sync.Mutex
	now   time.Time
	kept  map[string][]byte
	fails error // what reading the store gives
}

func ada() chat.Author { return chat.Author{ID: "U1", Name: "Ada", Handle: "ada"} }

// newWorld makes a world in which a bot called order listens.
func newWorld(tb testing.TB, b bots.Bot, set ...func(*bots.Config)) *world {
	tb.Helper()
	w := &world{
		tb: tb, kept: map[string][]byte{}, wakes: map[string]chat.Wake{}, now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC),
		can: chat.Can{Cards: true, Edit: true, Delete: true, React: true}, who: ada(),
	}
	w.start(b, set...)
	return w
}

// start makes a new host over the same store, as after a restart.
func (w *world) start(b bots.Bot, set ...func(*bots.Config)) {
	w.tb.Helper()
	cfg := bots.Config{
		Name: "order", Bot: b, Operators: ops, Env: bots.Env{
			State: w.state, Now: w.clock, Seed: 7,
			Log: slog.New(slog.NewTextHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		},
	}
	for _, s := range set {
		s(&cfg)
	}
	h, err := bots.New(cfg)
	if err != nil {
		w.tb.Fatal(err)
	}
	w.host = h
}

func (w *world) state(_ context.Context, key string) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.kept[key], w.fails
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// hear tells the bot that somebody did something.
func (w *world) hear(what chat.Happening) { w.tb.Helper(); w.deliver(w.told(what)) }

// told is the next event, as the router tells of it.
func (w *world) told(what chat.Happening) chat.Hear {
	w.n++
	ev := chat.Event{
		ID: chat.EventID(fmt.Sprint("e", w.n)), Conversation: lounge, Author: w.who, At: w.clock(), Direct: w.direct, What: what,
		Message: chat.MessageID(fmt.Sprint("m", w.n)),
	}
	return chat.Hear{
		Key: chat.Key(fmt.Sprint("k", w.n)), To: w.host.Talk(lounge), Event: ev, Desk: w.desk, Can: w.can,
	}
}

// deliver has the bot hear, and stores what comes of it as the router does.
func (w *world) deliver(in chat.Hear) {
	w.tb.Helper()
	out, err := w.host.Hear(w.tb.Context(), in)
	if err != nil {
		w.tb.Fatalf("Hear: %v", err)
	}
	w.store(out)
}

func (w *world) store(out chat.Outcome) {
	w.tb.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := bottest.Keep(w.kept, out.Keep); err != nil {
		w.tb.Fatal(err)
	}
	w.out, w.acts = out, nil
	for _, a := range out.Acts {
		switch a := a.(type) {
		case chat.Wake:
			w.wakes[a.Name] = a
			continue
		case chat.Unwake:
			delete(w.wakes, a.Name)
			continue
		case chat.Say:
			if a.Post.To != ops {
				w.asks = a.Ref
			}
		case chat.Reword, chat.Unsay, chat.Sign, chat.HandOff, chat.HandBack:
		}
		w.acts = append(w.acts, a)
	}
}

// sleep lets time pass, and tells of the wakes whose time has come.
func (w *world) sleep(d time.Duration) {
	w.tb.Helper()
	w.pass(d)
	w.out, w.acts = chat.Outcome{}, nil
	for _, name := range slices.Sorted(maps.Keys(w.wakes)) {
		if wake := w.wakes[name]; !wake.Due.After(w.clock()) {
			delete(w.wakes, name)
			w.n++
			wake.Hear.Key = chat.Key(fmt.Sprint("k", w.n))
			w.deliver(wake.Hear)
		}
	}
}

// say has somebody say something, and gives what the bot says about it.
func (w *world) say(words string) string {
	w.tb.Helper()
	w.hear(chat.Posted{Text: text.Plain(words)})
	return w.said()
}

// press has somebody press the button with this value of the question about.
func (w *world) press(about chat.Ref, value string) string {
	w.tb.Helper()
	in := w.told(chat.Pressed{Button: "ask", Value: value})
	in.About, in.Event.Message = about, about.Message
	w.deliver(in)
	return w.said()
}

// said are the messages of the last event, each on a line and with its buttons in brackets.
func (w *world) said() string {
	var lines []string
	for _, a := range w.acts {
		say, ok := a.(chat.Say)
		if !ok {
			continue
		}
		line := say.Post.Text.Body
		if say.Post.To != lounge {
			line = say.Post.To.String() + ": " + line
		}
		if say.Post.Card != nil {
			for _, b := range say.Post.Card.Buttons {
				line += " [" + b.Label + "]"
			}
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// talk has somebody say the first of each pair, and the bot must say the second.
func (w *world) talk(pairs ...string) {
	w.tb.Helper()
	for p := range slices.Chunk(pairs, 2) {
		if got := w.say(p[0]); got != p[1] {
			w.tb.Fatalf("to %q the bot said %q, want %q\n%s", p[0], got, p[1], w.log.String())
		}
	}
}

// dialogs counts those that are under way.
func (w *world) dialogs() int { return w.keys("bot/order/dialog/") }

func (w *world) keys(prefix string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for k := range w.kept {
		if strings.HasPrefix(k, prefix) {
			n++
		}
	}
	return n
}

// command is a trigger of this usage.
func command(usage string) bots.Trigger {
	c, err := bots.ParseUsage(usage)
	if err != nil {
		panic(err)
	}
	return bots.Trigger{ID: c.Name, Command: c, Help: "does " + c.Name}
}

// doing is a bot with triggers that all do the same.
func doing(f func(ctx context.Context, t *bots.Turn) error, triggers ...bots.Trigger) *bots.Func {
	return &bots.Func{Says: bots.Spec{Triggers: triggers}, Hears: f}
}

// replying is a bot that says what f gives.
func replying(f func(t *bots.Turn) string, triggers ...bots.Trigger) *bots.Func {
	return doing(func(_ context.Context, t *bots.Turn) error {
		words := f(t)
		if words == "" {
			return nil
		}
		return sayAll(t, words)
	}, triggers...)
}

// sayAll says words, one message each.
func sayAll(t *bots.Turn, words ...string) error {
	var all error
	for _, w := range words {
		_, err := t.Say(bots.Message{Text: w})
		all = errors.Join(all, err)
	}
	return all
}

func grants(list ...string) func(*bots.Config) {
	return func(c *bots.Config) {
		may, err := bots.ParseMay(list)
		if err != nil {
			panic(err)
		}
		c.Env.May = may
	}
}

const (
	failed   = "Sorry, that did not work. The people who look after me know about it."
	toOps    = "slack/team#COPS: "
	unwell   = toOps + "⚠️ The bot order did not work: "
	reminded = "I have not heard from you, so I have put this away. Just begin again."
)

func greeted() *regexp.Regexp { return regexp.MustCompile("^hi$") }
