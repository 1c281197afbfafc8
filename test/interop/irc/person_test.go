package interop_test

import (
	"bufio"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roost-im/roost/test/interop/clienttest"
)

// person is somebody on IRC with the simplest client: a socket.
type person struct {
	nick string
	conn net.Conn

	mu      sync.Mutex
	lines   []string
	changed chan struct{}
	over    bool
}

// visits has somebody come to the server, and into the lounge.
func (s *server) visits(t *testing.T, nick string) *person {
	t.Helper()
	p := &person{nick: nick, conn: s.dial(t), changed: make(chan struct{})}
	go p.read()
	t.Cleanup(func() {
		_ = p.conn.Close()
		if t.Failed() {
			t.Logf("%s heard:\n%s", nick, tail(strings.Join(p.heard(), "\n")))
		}
	})
	p.write(t, "NICK "+nick, "USER "+nick+" 0 * :"+nick)
	p.sees(t, "a welcome", func(line string) bool { return strings.Contains(line, " 001 "+nick+" ") })
	p.write(t, "JOIN "+lounge)
	p.sees(t, "the names in the lounge", func(line string) bool { return strings.Contains(line, " 366 ") })
	return p
}

func (p *person) read() {
	in := bufio.NewReader(p.conn)
	for {
		line, err := in.ReadString('\n')
		line = strings.TrimRight(line, "\r\n")
		if rest, ok := strings.CutPrefix(line, "PING "); ok {
			_, _ = fmt.Fprintf(p.conn, "PONG %s\r\n", rest)
		}
		p.mu.Lock()
		if line != "" {
			p.lines = append(p.lines, line)
		}
		p.over = err != nil
		close(p.changed)
		p.changed = make(chan struct{})
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (p *person) write(t *testing.T, lines ...string) {
	t.Helper()
	if _, err := p.conn.Write([]byte(strings.Join(lines, "\r\n") + "\r\n")); err != nil {
		t.Fatal(err)
	}
}

// says has them say something in a channel or to somebody.
func (p *person) says(t *testing.T, to, words string) {
	t.Helper()
	p.write(t, "PRIVMSG "+to+" :"+words)
}

func (p *person) heard() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.lines)
}

// sees waits for a line.
func (p *person) sees(t *testing.T, what string, ok func(line string) bool) {
	t.Helper()
	late := time.NewTimer(clienttest.Patient)
	defer late.Stop()
	for {
		p.mu.Lock()
		lines, changed, over := p.lines, p.changed, p.over
		p.mu.Unlock()
		if slices.ContainsFunc(lines, ok) {
			return
		}
		if over {
			t.Fatalf("the connection of %s ended before %s", p.nick, what)
		}
		select {
		case <-changed:
		case <-late.C:
			t.Fatalf("%s does not see %s", p.nick, what)
		}
	}
}

// message is something that Roost said.
type message struct{ from, to, words string }

// messages are what Roost has said, in order.
func (p *person) messages() []message {
	var all []message
	for _, line := range p.heard() {
		source, rest, _ := strings.Cut(strings.TrimPrefix(line, ":"), " ")
		to, words, ok := strings.Cut(strings.TrimPrefix(rest, "PRIVMSG "), " :")
		if from, _, _ := strings.Cut(source, "!"); ok && from == "roost" && strings.HasPrefix(rest, "PRIVMSG ") {
			all = append(all, message{source, to, words})
		}
	}
	return all
}

// reads waits for a message of Roost with certain words, exactly.
func (p *person) reads(t *testing.T, to, words string) {
	t.Helper()
	p.sees(t, fmt.Sprintf("%q", words), func(line string) bool {
		return strings.HasPrefix(line, ":roost!") && strings.HasSuffix(line, " PRIVMSG "+to+" :"+words)
	})
}
