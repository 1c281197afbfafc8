package relay_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/roost-im/roost/plugins"
	"github.com/roost-im/roost/plugins/examples/irc/relay"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

// world is the plugin in the connector that speaks for it.
type world struct {
	*plugins.Connector

	t      *testing.T
	server *server
	sink   *sink
	ended  chan error
}

// sink is a store.
type sink struct {
	mu      sync.Mutex
	cursor  []byte
	fails   int // so often Accept fails
	tries   [][]chat.Event
	events  []chat.Event
	changed chan struct{}
}

var errFull = errors.New("the disk is full")

// Accept keeps a batch.
func (s *sink) Accept(_ context.Context, b chat.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() {
		close(s.changed)
		s.changed = make(chan struct{})
	}()
	s.tries = append(s.tries, b.Events)
	if s.fails > 0 {
		s.fails--
		return errFull
	}
	s.events = append(s.events, b.Events...)
	if b.Cursor != nil {
		s.cursor = b.Cursor
	}
	return nil
}

// Cursor is the last that was kept.
func (s *sink) Cursor(context.Context) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cursor, nil
}

// open makes the plugin with settings, which go on behind the server, the nick and the room.
func open(t *testing.T, s *server, settings map[string]any) *world {
	t.Helper()
	m, err := plugins.Open("..")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]any{
		"server": s.l.Addr().String(), "tls": false, "nick": "roost", "channels": []any{"#room"},
		"flood": map[string]any{"every": 0, "burst": 1},
	}
	maps.Copy(all, settings)
	c, err := plugins.NewConnector(t.Context(), "irc/test", plugins.Config{Manifest: m, Settings: all, Serve: relay.Serve})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return &world{t: t, Connector: c, server: s, sink: &sink{changed: make(chan struct{})}, ended: make(chan error, 1)}
}

// runs has the plugin run until the test ends.
func (w *world) runs() {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.ended <- w.Run(ctx, w.sink)
	}()
	w.t.Cleanup(func() {
		cancel()
		<-done
	})
}

// connects waits for the plugin at the server.
func (w *world) connects() *client {
	w.t.Helper()
	select {
	case c := <-w.server.now:
		return c
	case err := <-w.ended:
		w.t.Fatalf("it ended: %v", err)
	case <-time.After(patience):
		w.t.Fatal("it does not connect")
	}
	return nil
}

// settles has it run, in the room.
func (w *world) settles() *client {
	w.t.Helper()
	w.runs()
	c := w.connects()
	c.letsIn()
	w.waits("it is in the room", func() bool {
		_, err := w.post("#room", "hello")
		return err == nil
	})
	c.writes("PRIVMSG #room hello")
	return c
}

func (w *world) post(to, words string) (chat.Receipt, error) {
	return w.Post(context.Background(), chat.Post{
		To: chat.Conversation{Account: "irc/test", ID: chat.ConversationID(to)}, Text: text.Plain(words),
	})
}

// posts posts in the background; what became of it comes through the channel.
func (w *world) posts(to, words string) <-chan posted {
	out := make(chan posted, 1)
	go func() {
		r, err := w.post(to, words)
		out <- posted{r, err}
	}()
	return out
}

type posted struct {
	chat.Receipt

	err error
}

// waits waits until something is so, looking again whenever something is stored or a moment has passed.
func (w *world) waits(what string, ok func() bool) {
	w.t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	for !ok() {
		w.sink.mu.Lock()
		changed := w.sink.changed
		w.sink.mu.Unlock()
		select {
		case <-changed:
		case <-time.After(20 * time.Millisecond):
		case <-late.C:
			w.t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// hears waits for so many events, and gives them as lines.
func (w *world) hears(n int) []string {
	w.t.Helper()
	var all []string
	w.waits(fmt.Sprintf("%d events", n), func() bool {
		w.sink.mu.Lock()
		defer w.sink.mu.Unlock()
		all = nil
		for _, ev := range w.sink.events {
			all = append(all, show(ev))
		}
		return len(all) >= n
	})
	return all
}

// show is an event as a line.
func show(ev chat.Event) string {
	line := fmt.Sprintf("%s %s %s(%s)", chat.HappeningName(ev.What), ev.Conversation.ID, ev.Author.Name, ev.Author.ID)
	if ev.Direct {
		line += " direct"
	}
	if ev.Author.Bot {
		line += " bot"
	}
	if ev.Author.Self {
		line += " self"
	}
	if said, ok := ev.What.(chat.Posted); ok {
		line += ": " + said.Text.Body
	}
	return line
}

// settlesWithLabels is settles on a server that confirms by labels.
func (w *world) settlesWithLabels() *client {
	w.t.Helper()
	w.runs()
	c := w.connects()
	c.letsIn()
	var result <-chan posted
	w.waits("it is in the room", func() bool {
		result = w.posts("#room", "hello")
		select {
		case got := <-result:
			return got.err == nil
		case line := <-c.lines:
			if !strings.HasPrefix(line, "@label=") {
				return false
			}
			c.says("@label=" + label(line) + " :irc.test ACK")
			return (<-result).err == nil
		}
	})
	return c
}

func asError(err error) (*chat.Error, bool) { return errors.AsType[*chat.Error](err) }
