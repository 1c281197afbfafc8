package sqlite

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/roost-im/roost/router/store"
)

// call is one Admit, Change or Settle on its way through the writer.
type call struct {
	ctx  context.Context //nolint:containedctx // the call waits in a queue; its turn is skipped when ctx has ended
	run  func(*tx) error
	err  error
	done chan struct{}
}

// errAgain means that a call failed after it had written something, so its group must run with savepoints.
var errAgain = errors.New("once more, carefully")

// writer is the one goroutine that writes. It takes all calls that wait, runs them in one transaction, commits once
// and then answers all of them.
//
// A group runs without savepoints at first, because calls hardly ever fail after their first write. When one does, the
// whole group is rolled back and runs again, each call in its own savepoint.
type writer struct {
	store *Store
	conn  *conn
	batch int

	mu      sync.Mutex
	queue   []*call
	closed  bool
	arrived chan struct{} // holds one token when queue may be not empty
	ended   chan struct{}
}

func newWriter(s *Store, c *conn, batch int) *writer {
	return &writer{store: s, conn: c, batch: batch, arrived: make(chan struct{}, 1), ended: make(chan struct{})}
}

// do has run called in a transaction and returns after its commit.
func (w *writer) do(ctx context.Context, run func(*tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c := &call{ctx: ctx, run: run, done: make(chan struct{})}
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return store.ErrClosed
	}
	w.queue = append(w.queue, c)
	w.mu.Unlock()
	w.signal()
	<-c.done
	return c.err
}

func (w *writer) signal() {
	select {
	case w.arrived <- struct{}{}:
	default:
	}
}

// close lets the calls that wait end, and then the writer.
func (w *writer) close() {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.signal()
	<-w.ended
}

// loop runs until close.
func (w *writer) loop() {
	defer close(w.ended)
	for {
		group, closed := w.next()
		if len(group) > 0 {
			w.group(group)
			continue
		}
		if closed {
			return
		}
		<-w.arrived
	}
}

// next takes the calls of one group out of the queue.
func (w *writer) next() (group []*call, closed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := min(len(w.queue), w.batch)
	group, w.queue = w.queue[:n:n], w.queue[n:]
	return group, w.closed
}

// group runs and answers calls. Those whose callers don't wait any more are skipped.
func (w *writer) group(group []*call) {
	live := make([]*call, 0, len(group))
	for _, c := range group {
		if c.err = c.ctx.Err(); c.err == nil {
			live = append(live, c)
		}
	}
	if len(live) > 0 {
		t := newTx(w.store, w.conn)
		err := w.attempt(t, live, false)
		if errors.Is(err, errAgain) {
			t.reset()
			err = w.attempt(t, live, true)
		}
		if err == nil {
			t.publish()
		}
		t.release()
		for _, c := range live {
			if err != nil {
				c.err = err
			}
		}
	}
	for _, c := range group {
		close(c.done)
	}
}

// attempt runs calls in one transaction. An error means that nothing of any of them is stored.
func (w *writer) attempt(t *tx, calls []*call, careful bool) (err error) {
	if err := w.conn.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			w.conn.rollback()
		}
	}()
	for _, c := range calls {
		if careful {
			err = w.careful(t, c)
		} else {
			err = w.quick(t, c)
		}
		if err != nil {
			return err
		}
	}
	if err := t.finish(); err != nil {
		return err
	}
	return w.conn.exec("COMMIT")
}

// quick runs a call; if it fails after having written, the transaction can't go on.
func (w *writer) quick(t *tx, c *call) error {
	before := w.conn.writes
	c.err = shielded(t, c.run)
	if c.err != nil && w.conn.writes != before {
		if errors.Is(c.err, store.ErrFull) {
			return c.err
		}
		return errAgain
	}
	return nil
}

// careful runs a call in a savepoint. It returns an error only when the transaction can't go on.
func (w *writer) careful(t *tx, c *call) error {
	if err := w.conn.exec("SAVEPOINT one"); err != nil {
		return err
	}
	mark := t.mark()
	c.err = shielded(t, c.run)
	if c.err == nil {
		return w.conn.exec("RELEASE one")
	}
	if errors.Is(c.err, store.ErrFull) {
		return c.err
	}
	t.back(mark)
	if err := w.conn.exec("ROLLBACK TO one"); err != nil {
		return err
	}
	return w.conn.exec("RELEASE one")
}

// shielded turns a panic of a plan into an error.
func shielded(t *tx, run func(*tx) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("plan panicked: %v\n%s", p, debug.Stack())
		}
	}()
	return run(t)
}
