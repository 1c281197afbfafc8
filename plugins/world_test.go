package plugins_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/bots/bottest"
	"github.com/roost-im/roost/plugins"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// asProgram is set where the test's own program is to be another one: see programs_test.go.
const asProgram = "PLUGIN_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if name := os.Getenv(asProgram); name != "" {
		os.Exit(beProgram(name))
	}
	goleak.VerifyTestMain(m)
}

// place is where people talk in tests.
func place(id string) chat.Conversation {
	return chat.Conversation{Account: "slack/team", ID: chat.ConversationID(id)}
}

// world is a bot in its host, and a store.
type world struct {
	t       testing.TB
	Program *plugins.Program
	Host    *bots.Host
	Log     *journal

	mu   sync.Mutex
	keep map[string][]byte
	n    int
}

// journal is a log that can be read.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.String()
}

// folder writes a plugin.
func folder(tb testing.TB, manifest string, files map[string]string) string {
	tb.Helper()
	dir := tb.TempDir()
	if files == nil {
		files = map[string]string{}
	}
	files[plugins.ManifestName] = manifest
	for name, body := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	return dir
}

// own is the manifest of a program of programs_test.go, with more lines behind.
func own(tb testing.TB, program string, more ...string) *plugins.Manifest {
	tb.Helper()
	lines := append([]string{
		"api: 1", "name: bot", fmt.Sprintf("run: {exec: [%q], env: {%s: %s}}", os.Args[0], asProgram, program),
	}, more...)
	m, err := plugins.Open(folder(tb, strings.Join(lines, "\n")+"\n", nil))
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// setup has a plugin in its host.
func setup(tb testing.TB, cfg plugins.Config) *world {
	tb.Helper()
	w := &world{t: tb, keep: map[string][]byte{}, Log: &journal{}}
	cfg.Log = slog.New(slog.NewTextHandler(w.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	p, err := plugins.New(tb.Context(), cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = p.Close() })
	w.Program = p
	w.Host, err = bots.New(bots.Config{
		Name: "bot", Bot: p, Time: p.Time(), Home: place("home"), Operators: place("ops"),
		Env: bots.Env{State: w.state, Now: time.Now, May: cfg.Manifest.May, Folder: cfg.Manifest.Folder},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

func (w *world) state(_ context.Context, key string) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.keep[key], nil
}

// posted is a message of alice in a channel.
func (w *world) posted(at chat.Conversation, words string) chat.Hear {
	w.mu.Lock()
	w.n++
	n := w.n
	w.mu.Unlock()
	return chat.Hear{
		Key: chat.Key(fmt.Sprintf("k%d", n)), To: w.talk(at), Can: chat.Can{Edit: true, React: true},
		Event: chat.Event{
			ID: chat.EventID(fmt.Sprintf("e%d", n)), Conversation: at, Message: chat.MessageID(fmt.Sprintf("m%d", n)),
			Author: chat.Author{ID: "U1", Name: "Alice", Handle: "alice"}, At: time.Now().UTC(),
			What: chat.Posted{Text: text.Plain(words)},
		},
	}
}

func (w *world) talk(at chat.Conversation) chat.Conversation {
	return chat.Conversation{Account: chat.BotAccount("bot"), ID: chat.ConversationID(at.String())}
}

// hear tells the bot of something, and keeps what comes of it.
func (w *world) hear(h chat.Hear) chat.Outcome {
	w.t.Helper()
	out, err := w.Host.Hear(context.Background(), h)
	if err != nil {
		w.t.Fatalf("hear %s: %v", h.Event.ID, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := bottest.Keep(w.keep, out.Keep); err != nil {
		w.t.Fatal(err)
	}
	return out
}

// say says something, and gives what the bot says to it, a line each; what it says elsewhere has the place in front.
func (w *world) say(words string) string {
	w.t.Helper()
	return said(w.hear(w.posted(place("C1"), words)))
}

func said(out chat.Outcome) string {
	var lines []string
	for _, a := range out.Acts {
		switch a := a.(type) {
		case chat.Say:
			line := a.Post.Text.Body
			if a.Post.Card != nil {
				for _, b := range a.Post.Card.Buttons {
					line += " [" + b.Label + "]"
				}
			}
			if a.Post.To != place("C1") {
				line = a.Post.To.String() + ": " + line
			}
			lines = append(lines, line)
		case chat.Reword:
			lines = append(lines, "edit: "+a.Edit.Text.Body)
		case chat.Unsay:
			lines = append(lines, "delete")
		case chat.Sign:
			lines = append(lines, "react: "+a.React.Emoji)
		case chat.HandOff:
			lines = append(lines, "hand off: "+a.Reason)
		case chat.Wake, chat.Unwake, chat.HandBack:
		}
	}
	return strings.Join(lines, "\n")
}
