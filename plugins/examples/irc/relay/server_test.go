package relay_test

import (
	"bufio"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

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
