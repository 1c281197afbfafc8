package relay_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/roost-im/roost/plugins"
	"github.com/roost-im/roost/plugins/examples/irc/relay"
	"github.com/roost-im/roost/router/chat"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

// server is an IRC server that does what the test says.
type server struct {
	t    *testing.T
	l    net.Listener
	caps string // what it offers; empty: it does not know CAP
	deny func(line string) []string
	now  chan *client // who has connected
}

// client is the plugin as the server sees it.
type client struct {
	t     *testing.T
	s     *server
	nc    net.Conn
	lines chan string // what it writes after the registration, but for PING and PONG
	seen  []string    // what it wrote until then
	pings chan string // what it wants back, of the PINGs that are not answered

	nick string
	user bool

	mu   sync.Mutex
	hold bool // PINGs are not answered
}

// serve starts a server. What deny gives is said instead of what the server would answer.
func serve(t *testing.T, caps string, deny func(line string) []string) *server {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, l: l, caps: caps, deny: deny, now: make(chan *client, 10)}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			c := &client{t: t, s: s, nc: nc, lines: make(chan string, 1000), pings: make(chan string, 1000)}
			all.Go(c.serve)
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		all.Wait()
	})
	return s
}

// serve reads what the plugin writes, and lets it in.
func (c *client) serve() {
	defer func() { _ = c.nc.Close() }()
	in, done := bufio.NewReader(c.nc), false
	for {
		line, err := in.ReadString('\n')
		if line = strings.TrimRight(line, "\r\n"); err != nil {
			close(c.lines)
			return
		}
		verb, rest, _ := strings.Cut(line, " ")
		if !done {
			c.seen = append(c.seen, line)
			done = c.registers(verb, rest, line)
			continue
		}
		switch verb {
		case "PING":
			c.mu.Lock()
			hold := c.hold
			c.mu.Unlock()
			if hold {
				c.pings <- rest
			} else {
				c.says(":irc.test PONG irc.test " + rest)
			}
		case "PONG":
		default:
			c.lines <- line
		}
	}
}

// registers answers a line of the registration, and says whether that is over.
func (c *client) registers(verb, rest, line string) bool {
	if c.s.deny != nil {
		if said := c.s.deny(line); said != nil {
			c.says(said...)
			return false
		}
	}
	switch {
	case verb == "CAP" && c.s.caps == "":
		c.says(":irc.test 421 * CAP :Unknown command")
	case line == "CAP LS 302":
		first, last, _ := strings.Cut(c.s.caps, " ")
		c.says(":irc.test CAP * LS * :"+first, ":irc.test CAP * LS :"+last)
	case strings.HasPrefix(line, "CAP REQ "):
		c.says(":irc.test CAP * ACK " + strings.TrimPrefix(line, "CAP REQ "))
	case line == "AUTHENTICATE PLAIN":
		c.says("AUTHENTICATE +")
	case verb == "AUTHENTICATE":
		c.says(":irc.test 903 roost :SASL authentication successful")
	case verb == "NICK":
		c.nick = rest
	case verb == "USER":
		c.user = true
	}
	if line == "CAP END" || c.user && c.nick != "" && c.s.caps == "" {
		c.says("@time=2026-01-01T00:00:00.000Z :irc.test 001 "+c.nick+" :Welcome", ":irc.test 005 "+c.nick+" CASEMAPPING=ascii CHANTYPES=# PREFIX=(ov)@+ BOT=B :are supported",
			":irc.test 422 "+c.nick+" :No MOTD")
		c.s.now <- c
		return true
	}
	return false
}

func (c *client) says(lines ...string) {
	_, _ = c.nc.Write([]byte(strings.Join(lines, "\r\n") + "\r\n")) // who has gone hears nothing
}

// holds makes the server answer no PING from now on.
func (c *client) holds() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hold = true
}

// writes waits until the plugin writes a line that begins so, and gives it.
func (c *client) writes(begin string) string {
	c.t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		select {
		case line, ok := <-c.lines:
			if !ok {
				c.t.Fatalf("the plugin went without writing %q", begin)
			}
			if strings.HasPrefix(line, begin) {
				return line
			}
		case <-late.C:
			c.t.Fatalf("the plugin does not write %q", begin)
		}
	}
}

// letsIn waits for the plugin in the room, and shows it who is there.
func (c *client) letsIn() {
	c.t.Helper()
	c.writes("JOIN #room")
	c.says(":"+c.nick+"!~r@host JOIN #room", ":irc.test 353 "+c.nick+" = #room :@alice +bob roost", ":irc.test 366 "+c.nick+" #room :End")
}

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
		To: chat.Conversation{Account: "irc/test", ID: chat.ConversationID(to)}, Text: plain(words),
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

// label is the label of a line.
func label(line string) string {
	id, _, _ := strings.Cut(strings.TrimPrefix(line, "@label="), " ")
	return id
}

// pinged waits until the plugin has pinged the server since that answers no more, and gives the word that it wants back.
func (c *client) pinged() string {
	c.t.Helper()
	select {
	case word := <-c.pings:
		return word
	case <-time.After(patience):
		c.t.Fatal("it does not ping")
		return ""
	}
}

func asError(err error) (*chat.Error, bool) { return errors.AsType[*chat.Error](err) }
