package bench_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// The load speaks HTTP by hand: it shares two cores with what it measures, and net/http on both of its sides would take one
// of them.

// caller makes one request after another on one connection.
type caller struct {
	conn net.Conn
	in   *bufio.Reader
	out  []byte
}

func call(ctx context.Context, address string) (*caller, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &caller{conn: conn, in: bufio.NewReader(conn)}, nil
}

// post sends a body with a signature and gives the status of the answer.
func (c *caller) post(address, path, signature, body string) (status string, err error) {
	c.out = fmt.Appendf(c.out[:0], "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nRoost-Signature: %s\r\nContent-Length: %d\r\n\r\n%s",
		path, address, signature, len(body), body)
	if _, err := c.conn.Write(c.out); err != nil {
		return "", err
	}
	first, length, err := head(c.in)
	if err != nil {
		return "", err
	}
	_, err = c.in.Discard(length)
	_, status, _ = strings.Cut(first, " ")
	return status, err
}

var errNoLength = errors.New("no Content-Length")

// head reads the head of a request or an answer: its first line, and how long its body is.
func head(in *bufio.Reader) (first string, length int, err error) {
	length = -1
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return "", 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case first == "":
			first = string(line)
		case len(line) == 0 && length < 0:
			return first, 0, errNoLength
		case len(line) == 0:
			return first, length, nil
		}
		if name, value, ok := bytes.Cut(line, []byte(":")); ok && bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return "", 0, err
			}
		}
	}
}

// listener takes requests and answers each with 200.
type listener struct {
	URL string

	socket net.Listener
	serve  func(path string, body []byte)
	busy   sync.WaitGroup

	mu    sync.Mutex
	conns []net.Conn
}

func listen(b *testing.B, serve func(path string, body []byte)) *listener {
	b.Helper()
	var lc net.ListenConfig
	socket, err := lc.Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	l := &listener{URL: "http://" + socket.Addr().String(), socket: socket, serve: serve}
	l.busy.Go(l.accept)
	b.Cleanup(l.close)
	return l
}

func (l *listener) accept() {
	for {
		conn, err := l.socket.Accept()
		if err != nil {
			return
		}
		l.mu.Lock()
		l.conns = append(l.conns, conn)
		l.mu.Unlock()
		l.busy.Go(func() { l.talk(conn) })
	}
}

// talk answers requests until the other side hangs up.
func (l *listener) talk(conn net.Conn) {
	in := bufio.NewReader(conn)
	var body []byte
	for {
		first, length, err := head(in)
		if err != nil {
			return
		}
		if cap(body) < length {
			body = make([]byte, length)
		}
		body = body[:length]
		if _, err := io.ReadFull(in, body); err != nil {
			return
		}
		_, path, _ := strings.Cut(first, " ")
		path, _, _ = strings.Cut(path, " ")
		l.serve(path, body)
		if _, err := conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")); err != nil {
			return
		}
	}
}

func (l *listener) close() {
	_ = l.socket.Close()
	l.mu.Lock()
	for _, c := range l.conns {
		_ = c.Close()
	}
	l.mu.Unlock()
	l.busy.Wait()
}
