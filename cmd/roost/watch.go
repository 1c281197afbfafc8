package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/roost-im/roost/router"
	"github.com/roost-im/roost/router/chat"
)

const (
	watchBehind = 4096                   // steps that a watcher may be behind before it loses some
	watchBeat   = 20 * time.Second       // between empty lines on a stream without news
	watchLine   = 16 << 20               // bytes of one step, at most
	watchFirst  = 30 * time.Second       // how long a Roost that relays only while it is watched waits for that
	watchRetry  = 50 * time.Millisecond  // between two looks for a Roost that starts
	watchHead   = "application/x-ndjson" // one JSON object on each line
)

// watchers are those who look on while the router works. It never waits for them: who is too slow loses steps, and is told
// how many.
type watchers struct {
	must  func()        // called when the first watcher has gone, and without one nothing is relayed; nil: relay anyway
	first chan struct{} // closed when somebody watches
	left  chan struct{} // closed when the first of them has gone
	ended chan struct{} // closed by end: nobody may watch any more
	end   func()

	mu    sync.Mutex
	all   map[*watcher]bool
	began bool
}

func newWatchers() *watchers {
	w := &watchers{first: make(chan struct{}), left: make(chan struct{}), ended: make(chan struct{}), all: map[*watcher]bool{}}
	w.end = sync.OnceFunc(func() { close(w.ended) })
	return w
}

// watcher is one of them.
type watcher struct {
	lines chan []byte
	lost  int // under watchers.mu
}

// Watch tells all watchers of a step; it is a router.Config.Watch. Nothing is written where nobody watches.
func (w *watchers) Watch(s router.Step) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.all) == 0 {
		return
	}
	line, err := encodeStep(s)
	for one := range w.all {
		if err != nil {
			one.lost++
			continue
		}
		select {
		case one.lines <- line:
		default:
			one.lost++
		}
	}
}

// join adds a watcher until leave is called.
func (w *watchers) join() (one *watcher, leave func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	one = &watcher{lines: make(chan []byte, watchBehind)}
	w.all[one] = true
	first := !w.began
	if first {
		w.began = true
		close(w.first)
	}
	return one, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.all, one)
		if first {
			close(w.left)
		}
	}
}

// losses are how many steps a watcher has lost since it was asked last.
func (w *watchers) losses(one *watcher) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := one.lost
	one.lost = 0
	return n
}

// relay runs the router. Where somebody must watch it waits for that, but not for long.
func (w *watchers) relay(ctx context.Context, run func(context.Context) error) error {
	if w.must == nil {
		return run(ctx)
	}
	timer := time.NewTimer(watchFirst)
	defer timer.Stop()
	select {
	case <-w.first:
	case <-ctx.Done():
		return nil
	case <-timer.C:
		return fmt.Errorf("nobody has watched for %v", watchFirst)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return run(ctx) })
	g.Go(func() error {
		select {
		case <-w.left:
			w.must()
		case <-ctx.Done():
		}
		return nil
	})
	return g.Wait()
}

// ServeHTTP streams steps until whoever watches goes, a JSON object on each line. An empty line says only that it goes on.
func (w *watchers) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	out := http.NewResponseController(rw)
	// The deadlines of the server are for requests and answers that end.
	_ = out.SetReadDeadline(time.Time{})
	_ = out.SetWriteDeadline(time.Time{})
	rw.Header().Set("Content-Type", watchHead)
	rw.WriteHeader(http.StatusOK)
	one, leave := w.join()
	defer leave()
	beat := time.NewTicker(watchBeat)
	defer beat.Stop()
	for line := []byte("\n"); ; {
		if _, err := rw.Write(line); err != nil {
			return
		}
		if n := w.losses(one); n > 0 {
			_, _ = fmt.Fprintf(rw, "{\"lost\":%d}\n", n)
		}
		if out.Flush() != nil {
			return
		}
		select {
		case line = <-one.lines:
		case <-beat.C:
			line = []byte("\n")
		case <-r.Context().Done():
			return
		case <-w.ended:
			return
		}
	}
}

// wireStep is a router.Step as it crosses the socket, or how many of them are missing.
type wireStep struct {
	At       time.Time     `json:"at,omitzero"`
	Took     time.Duration `json:"took,omitempty"` // nanoseconds
	What     string        `json:"what,omitempty"`
	Event    *chat.Event   `json:"event,omitempty"`
	Delivery *wireDelivery `json:"delivery,omitempty"`
	Reason   string        `json:"reason,omitempty"`
	Lost     int           `json:"lost,omitempty"`
}

// wireDelivery is a delivery with its action as it is stored.
type wireDelivery struct {
	chat.Delivery
	Name   string
	Action json.RawMessage
}

// encodeStep writes a step on a line.
func encodeStep(s router.Step) ([]byte, error) {
	w := wireStep{At: s.At, Took: s.Took, What: s.What, Event: s.Event, Reason: s.Reason}
	if s.Delivery != nil {
		name, body, err := chat.EncodeAction(s.Delivery.Action)
		if err != nil {
			return nil, err
		}
		w.Delivery = &wireDelivery{Delivery: *s.Delivery, Name: name, Action: body}
		w.Delivery.Delivery.Action = nil
	}
	line, err := json.Marshal(w)
	return append(line, '\n'), err
}

// decodeStep reads what encodeStep wrote; lost is how many steps are missing before it.
func decodeStep(line []byte) (s router.Step, lost int, err error) {
	var w wireStep
	if err := json.Unmarshal(line, &w); err != nil {
		return s, 0, fmt.Errorf("step: %w", err)
	}
	s = router.Step{At: w.At, Took: w.Took, What: w.What, Event: w.Event, Reason: w.Reason}
	if w.Delivery != nil {
		d := w.Delivery.Delivery
		if d.Action, err = chat.DecodeAction(w.Delivery.Name, w.Delivery.Action); err != nil {
			return s, 0, fmt.Errorf("step: %w", err)
		}
		s.Delivery = &d
	}
	return s, w.Lost, nil
}

// watch tells of each step of the Roost that runs, and of how many were lost, until ctx or that Roost ends. begun is called
// once nothing is missed any more.
func (c *client) watch(ctx context.Context, begun func(), step func(router.Step), lost func(int)) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://roost/watch", http.NoBody)
	if err != nil {
		return err
	}
	endless := *c.http
	endless.Timeout = 0
	resp, err := endless.Do(req)
	if err != nil {
		return fmt.Errorf("watch the running roost: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("watch the running roost: %s", resp.Status)
	}
	if err := readSteps(resp.Body, begun, step, lost); err != nil && ctx.Err() == nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("watch the running roost: %w", err)
	}
	return nil
}

// readSteps tells of the steps that are on the lines of a stream. begun is called with the first line.
func readSteps(stream io.Reader, begun func(), step func(router.Step), lost func(int)) error {
	lines := bufio.NewScanner(stream)
	lines.Buffer(nil, watchLine)
	for first := true; lines.Scan(); first = false {
		if first {
			begun()
		}
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		s, n, err := decodeStep(lines.Bytes())
		switch {
		case err != nil:
			return err
		case n > 0:
			lost(n)
		default:
			step(s)
		}
	}
	return lines.Err()
}
