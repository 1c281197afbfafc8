package script

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/roost-im/roost/bots"
)

// How long a Worker waits.
const (
	startTime  = 10 * time.Second       // for a process to start and to read its script
	stopTime   = 250 * time.Millisecond // for an event to end whose time is over, before its process is ended
	restFirst  = 100 * time.Millisecond // before a process is started again that was ended; twice as long each time
	restLast   = 30 * time.Second
	retriesMax = 1 // of an event in whose time the process was ended, perhaps not by its fault
)

// Worker is a bot whose script runs in a process of its own: one that allocates without end, or does not end at all, harms
// nobody else. The process has no environment but PATH, and it ends with this one. It is ended when it uses more memory than
// Options.Memory: it looks every 5 ms while it works, and after each event, where Linux also tells whether it had 128 MiB more at any
// time; 1 GiB more is refused there at once. One that was ended is started again by the next event. A Worker is safe for concurrent
// use; its process works on all events at once.
type Worker struct {
	cmd  []string
	load wireLoad
	spec *bots.Spec

	mu     sync.Mutex
	child  *child // nil: none runs
	ends   int    // processes that were ended, since one has done its work
	rest   time.Time
	last   string // why the last one ended
	closed bool
}

// NewWorker starts a script's process, and gives the bot that it declares. cmd is what calls WorkerMain: a program and its
// arguments. Errors of the script are those of Load. Close ends the process.
func NewWorker(cmd []string, name string, source []byte, opt Options) (*Worker, error) {
	if len(source) > SourceMax {
		return nil, tooLong(name, source)
	}
	if opt.Memory <= 0 {
		opt.Memory = DefaultMemory
	}
	w := &Worker{cmd: cmd, load: wireLoad{Name: name, Source: source, Options: opt}}
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	c, m, err := w.start(ctx)
	if err != nil {
		return nil, err
	}
	if w.spec, err = build(name, *m); err != nil {
		c.end("", 0)
		<-c.gone
		return nil, err
	}
	w.child = c
	return w, nil
}

// Spec is what the script declares.
func (w *Worker) Spec() *bots.Spec { return w.spec }

// Close ends the process.
func (w *Worker) Close() error {
	w.mu.Lock()
	c := w.child
	w.child, w.closed = nil, true
	w.mu.Unlock()
	if c != nil {
		c.end("the bot was closed", 0)
		<-c.gone
	}
	return nil
}

// Hear has the process run the script's function for the event. Its errors are those of Script.Hear, and one that wraps
// bots.ErrRunaway when the process was ended or did not answer.
func (w *Worker) Hear(ctx context.Context, t *bots.Turn) error {
	s := &session{ctx: ctx, stage: t, file: w.load.Name}
	first := down{Hear: occasion(t)}
	for try := 0; ; try++ {
		end, err := w.converse(ctx, s, first)
		if end == nil {
			return err
		}
		if end.guilty || try == retriesMax {
			return fmt.Errorf("%w: %s %s", bots.ErrRunaway, w.load.Name, end.reason)
		}
		s.again()
	}
}

// Migrate asks the script's function migrate.
func (w *Worker) Migrate(ctx context.Context, d bots.Past) (answers []string, ok bool, err error) {
	s := &session{ctx: ctx, file: w.load.Name}
	end, err := w.converse(ctx, s, down{Past: &d})
	if end != nil {
		return nil, false, fmt.Errorf("%w: %s %s", bots.ErrRunaway, w.load.Name, end.reason)
	}
	return s.past.Answers, s.past.OK, err
}

// ending is how a process ended in the middle of an event.
type ending struct {
	reason string
	guilty bool // it was the event's fault
}

// converse tells the process of an event and does what it calls for until it is done.
func (w *Worker) converse(ctx context.Context, s *session, first down) (*ending, error) {
	c, err := w.running(ctx)
	if err != nil {
		return nil, err
	}
	n, lines := c.open()
	defer c.close(n)
	first.N = n
	c.tell(first)
	over := ctx.Done()
	var late <-chan time.Time
	for {
		select {
		case u := <-lines:
			if u.Call == nil {
				w.worked()
				return nil, s.ended(u)
			}
			c.tell(down{N: n, Gave: s.perform(u.Call)})
		case <-over:
			c.tell(down{N: n, Stop: true})
			timer := time.NewTimer(stopTime)
			defer timer.Stop()
			over, late = nil, timer.C
		case <-late:
			c.end("did not answer", n)
			late = nil
		case <-c.gone:
			return w.lost(ctx, c, n)
		}
	}
}

// lost says what it means for event n that its process has ended.
func (w *Worker) lost(ctx context.Context, c *child, n int64) (*ending, error) {
	w.mu.Lock()
	if w.child == c {
		w.child = nil
		w.rest = time.Now().Add(min(restFirst<<min(w.ends, 10), restLast))
		w.ends++
	}
	closed := w.closed
	w.mu.Unlock()
	reason, guilty := c.why(n, w.load.Options.Memory)
	w.mu.Lock()
	w.last = reason
	w.mu.Unlock()
	switch err := ctx.Err(); {
	case closed:
		return nil, errors.New("the bot was closed")
	case errors.Is(err, context.Canceled):
		return nil, err
	}
	return &ending{reason: reason, guilty: guilty || ctx.Err() != nil}, nil
}

// worked says that a process has done its work.
func (w *Worker) worked() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ends = 0
}

// running is the process, started if there is none.
func (w *Worker) running(ctx context.Context) (*child, error) {
	for {
		w.mu.Lock()
		c, rest, last := w.child, time.Until(w.rest), w.last
		switch {
		case w.closed:
			w.mu.Unlock()
			return nil, errors.New("the bot was closed")
		case c != nil && !c.ended():
			w.mu.Unlock()
			return c, nil
		case rest <= 0:
			defer w.mu.Unlock()
			c, _, err := w.start(ctx)
			if err == nil {
				w.child = c
			}
			return c, err
		}
		w.mu.Unlock()
		timer := time.NewTimer(rest)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			if errors.Is(ctx.Err(), context.Canceled) {
				return nil, ctx.Err()
			}
			return nil, fmt.Errorf("%w: %s %s, and rests until it is started again", bots.ErrRunaway, w.load.Name, last)
		}
	}
}

// start starts a process and has it read the script.
func (w *Worker) start(ctx context.Context) (*child, *manifest, error) {
	c, err := spawn(ctx, w.cmd)
	if err != nil {
		return nil, nil, fmt.Errorf("start the worker of %s: %w", w.load.Name, err)
	}
	_, lines := c.open()
	defer c.close(0)
	c.tell(down{Load: &w.load})
	select {
	case u := <-lines:
		if u.Loaded != nil {
			return c, u.Loaded, nil
		}
		err = u.unloaded(w.load.Name)
	case <-c.gone:
		reason, _ := c.why(0, w.load.Options.Memory)
		err = fmt.Errorf("%w: %s %s", bots.ErrRunaway, w.load.Name, reason)
	case <-ctx.Done():
		err = fmt.Errorf("%w: %s did not start in time", bots.ErrRunaway, w.load.Name)
	}
	c.end("", 0)
	<-c.gone
	return nil, nil, err
}

// unloaded is why a script can't be loaded.
func (u *up) unloaded(file string) error {
	var all []error
	for _, f := range u.Faults {
		all = append(all, f.fault(file, nil))
	}
	switch {
	case u.Fault != nil:
		return u.Fault.fault(file, nil)
	case len(all) == 1:
		return all[0]
	case len(all) == 0:
		return errors.New("the worker said nothing of use")
	}
	return errors.Join(all...)
}

// session is one event with a worker. When its process ends by the fault of another one, it is told again, and the first
// calls are answered as they were before.
type session struct {
	ctx    context.Context //nolint:containedctx // of one Hear
	stage  stage
	file   string
	given  []wireGave
	next   int
	failed error // what the stage gave first
	past   wirePast
}

func (s *session) again() { s.next = 0 }

// perform does a call, or gives what it came to before.
func (s *session) perform(c *wireCall) *wireGave {
	if s.next < len(s.given) {
		s.next++
		return &s.given[s.next-1]
	}
	var g wireGave
	err := s.failed
	switch {
	case errors.Is(err, bots.ErrWaiting):
	case s.ctx.Err() != nil || s.stage == nil:
		err = errors.New("the event is over")
	default:
		g, err = c.perform(s.ctx, s.stage)
	}
	if err != nil {
		g = wireGave{Err: err.Error(), Waiting: errors.Is(err, bots.ErrWaiting)}
		if s.failed == nil {
			s.failed = err
		}
	}
	s.given = append(s.given, g)
	s.next++
	return &s.given[s.next-1]
}

// ended is how the event ended.
func (s *session) ended(u up) error {
	err := s.ctx.Err()
	switch {
	case errors.Is(s.failed, bots.ErrWaiting):
		return bots.ErrWaiting
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: %s did not end in time", bots.ErrRunaway, s.file)
	case err != nil:
		return err
	case u.Fault != nil:
		return u.Fault.fault(s.file, s.failed)
	case u.Past != nil:
		s.past = *u.Past
		return nil
	}
	return s.failed
}
