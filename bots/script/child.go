package script

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"time"
)

// child is the process of a Worker.
type child struct {
	cmd  *exec.Cmd
	gone chan struct{} // closed when the process has ended

	writing sync.Mutex
	in      io.WriteCloser

	mu     sync.Mutex
	events map[int64]chan up
	last   int64
	alone  bool   // no other event was there when it ended
	reason string // why it was ended; empty: it was not, or it ended by itself
	guilty int64  // the event for which it was ended; 0: none
	err    error  // what Wait gave
	buf    []byte // of a line that is not whole yet
	stderr head
}

// spawn starts a process.
func spawn(ctx context.Context, command []string) (*child, error) {
	if len(command) == 0 {
		return nil, errors.New("there is no command")
	}
	c := &child{gone: make(chan struct{}), events: map[int64]chan up{}, last: -1}
	c.cmd = exec.CommandContext(context.WithoutCancel(ctx), command[0], command[1:]...) //nolint:gosec // the program itself
	c.cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	c.cmd.Stdout, c.cmd.Stderr = c, &c.stderr
	c.cmd.WaitDelay = time.Second
	bind(c.cmd)
	var err error
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	started := make(chan error)
	go c.live(started)
	return c, <-started
}

// live starts the process and waits for its end, on a thread of its own: where the process is bound to its parent, that is
// the thread that started it. https://github.com/golang/go/issues/27505
func (c *child) live(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(c.gone)
	err := c.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	err = c.cmd.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err, c.alone = err, len(c.events) <= 1
}

// Write takes what the process says. It is called by one goroutine.
func (c *child) Write(b []byte) (int, error) {
	c.buf = append(c.buf, b...)
	for {
		one, rest, ok := bytes.Cut(c.buf, []byte{'\n'})
		if !ok {
			break
		}
		c.take(one)
		c.buf = rest
	}
	if len(c.buf) > lineMax {
		c.end("wrote a line that is too long", 0)
		c.buf = nil
	}
	return len(b), nil
}

func (c *child) take(one []byte) {
	var u up
	if err := json.Unmarshal(one, &u); err != nil {
		c.end("wrote what is no line of a worker", 0)
		return
	}
	c.mu.Lock()
	lines := c.events[u.N]
	c.mu.Unlock()
	if lines == nil {
		return // the event is over
	}
	select {
	case lines <- u:
	default:
		c.end("said more than it was asked", u.N)
	}
}

// open begins an event; the first one, which has the number 0, is that the script is read.
func (c *child) open() (int64, <-chan up) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	lines := make(chan up, 1) // a process waits for what each of its calls came to
	c.events[c.last] = lines
	return c.last, lines
}

func (c *child) close(n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.events, n)
}

// tellTime is how long a process may take to read a line.
const tellTime = time.Second

// tell writes a line. A process that does not read it is ended.
func (c *child) tell(d down) {
	b, err := line(d)
	if err != nil {
		c.end("was to be told too much", d.N)
		return
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	if f, ok := c.in.(interface{ SetWriteDeadline(t time.Time) error }); ok {
		_ = f.SetWriteDeadline(time.Now().Add(tellTime))
	}
	if _, err := c.in.Write(b); errors.Is(err, os.ErrDeadlineExceeded) {
		c.end("did not listen", 0)
	}
}

// end ends the process, because of event guilty; 0: because of none.
func (c *child) end(reason string, guilty int64) {
	c.mu.Lock()
	if c.reason == "" {
		c.reason, c.guilty = reason, guilty
	}
	c.mu.Unlock()
	if c.cmd.Process != nil {
		_ = c.cmd.Process.Kill()
	}
}

func (c *child) ended() bool {
	select {
	case <-c.gone:
		return true
	default:
		return false
	}
}

// why says why the process has ended, and whether event n is to blame for it. It is called when the process is gone.
func (c *child) why(n, memory int64) (reason string, guilty bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reason != "" {
		return c.reason, c.guilty == n
	}
	words := c.stderr.String()
	switch {
	case memoryWords.MatchString(words):
		reason = fmt.Sprintf("used more than %d MiB", memory>>20)
	case strings.Contains(words, "SIGXCPU"):
		reason = "used too much of the processor"
	case strings.Contains(words, "stack overflow") || strings.Contains(words, "stack exceeds"):
		reason = "nested its data too deep"
	default:
		first, _, _ := strings.Cut(strings.TrimSpace(words), "\n")
		reason = fmt.Sprintf("ended: %v %s", c.err, first)
	}
	return reason, c.alone
}

// outOfMemory is what a process says that ends because of its memory.
const outOfMemory = "out of memory"

// memoryWords is that, and what Go's runtime, or its race detector, says when the system refuses memory.
var memoryWords = regexp.MustCompile(
	outOfMemory + "|cannot allocate memory|failed to create new OS thread|failed to allocate|address space collisions")

// head is the beginning of what a process complains of.
type head struct {
	mu  sync.Mutex
	buf []byte
}

// headMax is how much of it is kept.
const headMax = 4 << 10

func (t *head) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, b[:min(len(b), headMax-len(t.buf))]...)
	return len(b), nil
}

func (t *head) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.buf)
}
