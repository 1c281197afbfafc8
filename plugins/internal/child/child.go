// Package child runs a program that is no longer there when its host is not.
//
// A child is the leader's equal in a process group of its own, whose leader is a guard: a shell that waits for the host's
// end of a pipe to close and then kills the group. So a host that is killed takes its children with it, and what they
// started; on Linux the kernel kills the child itself besides (PR_SET_PDEATHSIG), for machines without a shell.
//
// We chose a shell, not a second run of the host's own program, because nothing needs to be wired into anybody's main
// function; it costs a process of some 700 KiB for each child.
package child

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"
)

// Config says what to run.
type Config struct {
	Exec   []string // the program and its arguments; a program with a slash is relative to Folder
	Folder string   // in which it runs
	Env    []string // all that it gets besides PATH
	Memory uint64   // bytes of address space that it may have; 0: no limit
}

// Child is a program that runs. Its input and output are pipes.
type Child struct {
	In  *os.File // its standard input
	Out *os.File // its standard output
	Err *os.File // its standard error

	cmd   *exec.Cmd
	guard *guard
	once  sync.Once
	ended chan struct{}
	state *os.ProcessState
}

// linger is how long the output of a child that has ended may still be read.
const linger = 500 * time.Millisecond

// Start starts a program. Its errors say what is wrong with it.
func Start(cfg Config) (*Child, error) {
	if len(cfg.Exec) == 0 {
		return nil, errors.New("there is no program to run")
	}
	c := &Child{ended: make(chan struct{})}
	theirs, err := c.pipes()
	defer func() {
		for _, f := range theirs {
			_ = f.Close()
		}
	}()
	if err != nil {
		return nil, errors.Join(err, c.closeAll())
	}
	c.guard = startGuard()
	c.cmd = command(cfg)
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = theirs[0], theirs[1], theirs[2]
	apart(c.cmd, c.guard)
	started := make(chan error)
	go c.live(started)
	if err := <-started; err != nil {
		c.guard.end()
		return nil, errors.Join(fmt.Errorf("start %s: %w", cfg.Exec[0], plain(err)), c.closeAll())
	}
	if err := limit(c.cmd.Process.Pid, cfg.Memory); err != nil {
		c.Kill()
		<-c.ended
		return nil, errors.Join(fmt.Errorf("limit the memory of %s: %w", cfg.Exec[0], err), c.closeAll())
	}
	return c, nil
}

// command is the command without its files.
func command(cfg Config) *exec.Cmd {
	name := cfg.Exec[0]
	if strings.ContainsRune(name, '/') && !filepath.IsAbs(name) {
		name = filepath.Join(cfg.Folder, name)
		if abs, err := filepath.Abs(name); err == nil {
			name = abs
		}
	}
	cmd := exec.Command(name, cfg.Exec[1:]...) //nolint:noctx,gosec // it lives until Kill; to run it is what plugins are for
	cmd.Dir = cfg.Folder
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH")}, cfg.Env...)
	return cmd
}

// plain takes the system call's name off an error of starting.
func plain(err error) error {
	if pe, ok := errors.AsType[*os.PathError](err); ok {
		return pe.Err
	}
	if ee, ok := errors.AsType[*exec.Error](err); ok {
		return ee.Err
	}
	return err
}

// pipes makes the pipes; theirs are the ends that the child gets.
func (c *Child) pipes() (theirs []*os.File, err error) {
	for _, mine := range []**os.File{&c.In, &c.Out, &c.Err} {
		r, w, err := os.Pipe()
		if err != nil {
			return theirs, fmt.Errorf("make a pipe: %w", err)
		}
		if mine == &c.In {
			r, w = w, r
		}
		*mine = r
		theirs = append(theirs, w)
	}
	return theirs, nil
}

func (c *Child) closeAll() error {
	var errs []error
	for _, f := range []*os.File{c.In, c.Out, c.Err} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}

// live starts the child and stays with it until it has ended, on one thread: on Linux a child dies with the thread that
// started it. https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html
func (c *Child) live(started chan<- error) {
	runtime.LockOSThread() // for good: the thread ends with the goroutine
	err := c.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	_ = c.cmd.Wait() // ProcessState says it all
	c.state = c.cmd.ProcessState
	c.Kill() // what it started
	c.guard.end()
	until := time.Now().Add(linger)
	_ = c.Out.SetReadDeadline(until) // somebody who has left the group may hold it open
	_ = c.Err.SetReadDeadline(until)
	_ = c.In.Close()
	close(c.ended)
}

// Kill ends the child, and everything that it started and that is still of its group.
func (c *Child) Kill() { c.once.Do(func() { kill(c.cmd, c.guard) }) }

// Ended is closed when the child has ended.
func (c *Child) Ended() <-chan struct{} { return c.ended }

// How says how a child that has ended did: "ended with status 1", "was ended by the signal killed".
func (c *Child) How() string {
	<-c.ended
	if code := c.state.ExitCode(); code >= 0 {
		return fmt.Sprintf("ended with status %d", code)
	}
	return "was ended by the " + strings.TrimSuffix(c.state.String(), " (core dumped)")
}

// Exited says whether a child that has ended did so by itself.
func (c *Child) Exited() bool {
	<-c.ended
	return c.state.ExitCode() >= 0
}

// Close lets go of the child's output. It has ended.
func (c *Child) Close() error {
	<-c.ended
	return errors.Join(c.Out.Close(), c.Err.Close())
}

var _ io.Closer = (*Child)(nil)
