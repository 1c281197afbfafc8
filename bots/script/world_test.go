package script_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/bots/bottest"
	"github.com/roost-im/roost/bots/script"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// world is a host with one bot, a store that is a map, and a clock that stands still.
type world struct {
	tb    testing.TB
	host  *bots.Host
	can   chat.Can
	log   bytes.Buffer
	acts  []chat.Act // of the last event
	wakes map[string]chat.Wake
	n     int

	mu   sync.Mutex
	now  time.Time
	kept map[string][]byte
}

// place is where people talk.
var place = chat.Conversation{Account: "slack/team", ID: "C1"}

type setting func(*bots.Config)

func may(grants ...string) setting {
	return func(c *bots.Config) {
		m, err := bots.ParseMay(grants)
		if err != nil {
			panic(err)
		}
		c.Env.May = m
	}
}

func client(c *http.Client) setting { return func(cfg *bots.Config) { cfg.Env.Client = c } }

func secrets(m map[string]string) setting {
	return func(c *bots.Config) {
		c.Env.Secret = func(name string) (string, bool) { s, ok := m[name]; return s, ok }
	}
}

func load(tb testing.TB, source string) *script.Script {
	tb.Helper()
	s, err := script.Load("bot.star", []byte(source), script.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func setup(tb testing.TB, source string, set ...setting) *world {
	tb.Helper()
	return setupBot(tb, load(tb, source), source, set...)
}

func setupBot(tb testing.TB, b bots.Bot, source string, set ...setting) *world {
	tb.Helper()
	w := &world{
		tb: tb, kept: map[string][]byte{}, wakes: map[string]chat.Wake{}, now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC),
		can: chat.Can{Cards: true, Edit: true, Delete: true, React: true},
	}
	w.start(b, source, set...)
	return w
}

// start makes a new host over the same store, as after a restart.
func (w *world) start(b bots.Bot, source string, set ...setting) {
	w.tb.Helper()
	cfg := bots.Config{
		Name: "bot", Bot: b, Source: []byte(source),
		Load: func(source []byte) (bots.Bot, error) { return script.Load("bot.star", source, script.Options{}) },
		Env: bots.Env{
			State: func(_ context.Context, key string) ([]byte, error) {
				w.mu.Lock()
				defer w.mu.Unlock()
				return w.kept[key], nil
			},
			Now: func() time.Time { return w.now },
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

func ada() chat.Author { return chat.Author{ID: "U1", Name: "Ada", Handle: "ada"} }

// hear tells the bot of an event and stores what comes of it.
func (w *world) hear(what chat.Happening) {
	w.hearEvent(chat.Event{Conversation: place, Author: ada(), What: what})
}

func (w *world) hearEvent(ev chat.Event) {
	w.tb.Helper()
	w.n++
	ev.ID, ev.At = chat.EventID(fmt.Sprint("e", w.n)), w.now
	if _, called := ev.What.(chat.Called); !called {
		ev.Message = chat.MessageID(fmt.Sprint("m", w.n))
	}
	w.deliver(chat.Hear{
		Key: chat.Key(fmt.Sprint("k", w.n)), Can: w.can, Event: ev,
		To: chat.Conversation{Account: "bot/bot", ID: chat.ConversationID(place.String())},
	})
}

func (w *world) deliver(in chat.Hear) {
	w.tb.Helper()
	out, err := w.host.Hear(w.tb.Context(), in)
	if err != nil {
		w.tb.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := bottest.Keep(w.kept, out.Keep); err != nil {
		w.tb.Fatal(err)
	}
	w.acts = out.Acts
	for _, a := range out.Acts {
		if wake, ok := a.(chat.Wake); ok {
			w.wakes[wake.Name] = wake
		}
		if un, ok := a.(chat.Unwake); ok {
			delete(w.wakes, un.Name)
		}
	}
}

// wake fires the wakes that are due by the time now+d.
func (w *world) wake(d time.Duration) {
	w.tb.Helper()
	w.now = w.now.Add(d)
	for name, wake := range w.wakes {
		if wake.Due.After(w.now) {
			continue
		}
		delete(w.wakes, name)
		w.n++
		wake.Hear.Key = chat.Key(fmt.Sprint("k", w.n))
		w.deliver(wake.Hear)
	}
}

// say has Ada say something, and gives what the bot says about it.
func (w *world) say(words string) string {
	w.tb.Helper()
	w.hear(chat.Posted{Text: text.Plain(words)})
	return w.said()
}

// said are the messages of the last event, one a line, with their buttons in brackets.
func (w *world) said() string {
	var lines []string
	for _, a := range w.acts {
		say, ok := a.(chat.Say)
		if !ok {
			continue
		}
		line := say.Post.Text.Body
		if say.Post.Card != nil {
			for _, b := range say.Post.Card.Buttons {
				line += " [" + b.Label + "]"
			}
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// talk has Ada say the first of each pair, and the bot must say the second.
func (w *world) talk(pairs ...string) {
	w.tb.Helper()
	for p := range slices.Chunk(pairs, 2) {
		if got := w.say(p[0]); got != p[1] {
			w.tb.Fatalf("to %q the bot said %q, want %q\n%s", p[0], got, p[1], w.log.String())
		}
	}
}

// roundTrip answers every web request with an empty page, when it returns.
type roundTrip func()

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) {
	f()
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
}

func clientOf(f roundTrip) *http.Client { return &http.Client{Transport: f} }
