package slacksim

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"
)

const (
	maxSockets = 10 // https://docs.slack.dev/apis/events-api/using-socket-mode#connections
	maxAck     = 1 << 20
	sendWait   = 10 * time.Second
)

// socket is one Socket Mode connection. The fields below w are guarded by its mu.
type socket struct {
	cancel context.CancelFunc
	wake   chan struct{}
	w      *world

	out     [][]byte
	leaving bool // gets no more events
	closing bool // closes when out is empty
}

// pick takes sockets in turn, avoiding the last one when another is open.
func (c *courier) pick(last *socket) *socket {
	var fallback *socket
	for range c.sockets {
		c.turn++
		so := c.sockets[c.turn%len(c.sockets)]
		switch {
		case so.leaving:
		case so == last:
			fallback = so
		default:
			return so
		}
	}
	return fallback
}

// push queues a frame.
func (so *socket) push(frame []byte) {
	so.out = append(so.out, frame)
	select {
	case so.wake <- struct{}{}:
	default:
	}
}

// end says disconnect and closes the socket when that was sent.
func (so *socket) end(reason string) {
	if so.closing {
		return
	}
	so.leaving, so.closing = true, true
	so.push(disconnectFrame(reason))
}

func disconnectFrame(reason string) []byte {
	return mustJSON(obj{"type": "disconnect", "reason": reason, "debug_info": obj{"host": "applink-sim"}})
}

// connectionsOpen answers apps.connections.open with an address that works once.
func connectionsOpen(w *world, c *call) (obj, error) {
	ticket := newUUID()
	prune(w.courier.tickets, func(at time.Time) bool { return w.now().Sub(at) > hookLife })
	w.courier.tickets[ticket] = w.now()
	q := url.Values{"ticket": {ticket}, "app_id": {w.cfg.AppID}}
	return obj{"url": strings.Replace(c.base, "http", "ws", 1) + "/link/?" + q.Encode()}, nil
}

// serveSocket speaks Socket Mode on one connection until it ends.
func (w *world) serveSocket(rw http.ResponseWriter, r *http.Request) {
	if status := w.admit(r.URL.Query().Get("ticket")); status != http.StatusOK {
		http.Error(rw, http.StatusText(status), status)
		return
	}
	defer w.courier.life.Running.Done()
	// Clients send Origin: https://api.slack.com.
	conn, err := websocket.Accept(rw, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return // Accept has answered
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(maxAck)
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	so := &socket{cancel: cancel, wake: make(chan struct{}, 1), w: w}
	if !w.enter(so) {
		return
	}
	defer w.exit(so)
	done := make(chan struct{}, 2)
	go func() { so.write(ctx, conn); cancel(); done <- struct{}{} }()
	go func() { so.ping(ctx, conn); cancel(); done <- struct{}{} }()
	so.read(ctx, conn)
	cancel()
	<-done
	<-done
}

// admit redeems a ticket. After 200 the caller must call Running.Done.
func (w *world) admit(ticket string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.closed, w.courier.refuse:
		return http.StatusServiceUnavailable
	case w.courier.tickets[ticket].IsZero() || w.rev != "":
		return http.StatusForbidden
	}
	delete(w.courier.tickets, ticket)
	w.courier.life.Running.Add(1)
	return http.StatusOK
}

// enter greets a new socket and gives it what waited.
func (w *world) enter(so *socket) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return false
	}
	c := &w.courier
	c.sockets = append(c.sockets, so)
	if len(c.sockets) > maxSockets {
		so.end("too_many_websockets")
		return true
	}
	so.push(mustJSON(obj{
		"type": "hello", "num_connections": len(c.sockets), "connection_info": obj{"app_id": w.cfg.AppID},
		"debug_info": obj{"host": "applink-sim", "build_number": 1, "approximate_connection_time": 18060},
	}))
	w.unpark()
	w.bump()
	return true
}

func (w *world) exit(so *socket) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := &w.courier
	c.sockets = slices.DeleteFunc(c.sockets, func(other *socket) bool { return other == so })
	if !w.closed {
		w.bounced(so)
	}
	w.bump()
}

// write sends queued frames until the socket ends.
func (so *socket) write(ctx context.Context, conn *websocket.Conn) {
	for {
		so.w.mu.Lock()
		frames, closing := so.out, so.closing
		so.out = nil
		so.w.mu.Unlock()
		for _, frame := range frames {
			if err := send(ctx, conn, frame); err != nil {
				return
			}
		}
		if closing {
			_ = conn.Close(websocket.StatusNormalClosure, "")
			return
		}
		select {
		case <-so.wake:
		case <-ctx.Done():
			return
		}
	}
}

func send(ctx context.Context, conn *websocket.Conn, frame []byte) error {
	ctx, cancel := context.WithTimeout(ctx, sendWait)
	defer cancel()
	return conn.Write(ctx, websocket.MessageText, frame)
}

// ping keeps the connection alive: clients hang up when no ping comes for 30 s.
func (so *socket) ping(ctx context.Context, conn *websocket.Conn) {
	tick := time.NewTicker(so.w.cfg.Timing.PingEvery)
	defer tick.Stop()
	for {
		pong, cancel := context.WithTimeout(ctx, sendWait)
		err := conn.Ping(pong)
		cancel()
		if err != nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// read takes acknowledgements until the socket ends. What is none is ignored.
func (so *socket) read(ctx context.Context, conn *websocket.Conn) {
	for {
		_, frame, err := conn.Read(ctx)
		if err != nil {
			return
		}
		so.w.acknowledge(frame)
	}
}

// acknowledge settles the envelope that a frame names. mu is not held.
func (w *world) acknowledge(frame []byte) {
	var ack acknowledgement
	if json.Unmarshal(frame, &ack) != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if d := w.courier.pending[ack.EnvelopeID]; d != nil {
		w.confirm(d, ack.Payload)
	}
}

// DropSockets cuts every socket off without a word.
func (s *Sim) DropSockets() {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	for _, so := range s.w.courier.sockets {
		so.leaving = true
		so.cancel()
	}
}

// RefuseSockets switches whether new sockets are turned away with 503.
func (s *Sim) RefuseSockets(on bool) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.courier.refuse = on
}

// Disconnect tells every socket that it must go, with reason "warning" or "refresh_requested": it gets no more events, and is
// closed when Timing.Grace has passed.
func (s *Sim) Disconnect(reason string) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	for _, so := range s.w.courier.sockets {
		so.leaving = true
		so.push(disconnectFrame(reason))
		s.w.later(s.w.cfg.Timing.Grace, func() {
			so.closing = true
			so.push(nil)
		})
	}
}
