package main

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"time"

	"github.com/roost-im/roost/configs"
	"github.com/roost-im/roost/web/sandbox"
)

const (
	againAfter = 15 * time.Second // until a Roost that was killed starts by itself
	engineStop = 12 * time.Second // that a Roost may take to stop: its own ten, and what the machine takes
)

// engine is the Roost of the sandbox: a process of its own, so that it can be killed. It relays only while the engine
// watches it (run --watched), so it is not there any more when the sandbox isn't, however that ended.
type engine struct {
	program string
	path    string        // of the configuration
	file    *configs.File // the same, read
	page    *sandbox.Page
	err     io.Writer // takes what Roost says
	kills   chan struct{}
	starts  chan struct{}
	up      chan struct{} // closed when it runs for the first time
}

func newEngine(program, path string, f *configs.File, page *sandbox.Page, err io.Writer) *engine {
	return &engine{
		program: program, path: path, file: f, page: page, err: err,
		kills: make(chan struct{}, 1), starts: make(chan struct{}, 1), up: make(chan struct{}),
	}
}

// kill ends Roost at once, as a lack of power would.
func (e *engine) kill() { poke(e.kills) }

// start starts Roost now, when it was killed.
func (e *engine) start() { poke(e.starts) }

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// drain forgets an order that came too late.
func drain(c chan struct{}) {
	select {
	case <-c:
	default:
	}
}

// run runs Roost until ctx ends, and again a moment after it has ended otherwise. One that does not even come to running
// is an error.
func (e *engine) run(ctx context.Context) error {
	for {
		drain(e.kills)
		if err := e.once(ctx); err != nil || ctx.Err() != nil {
			return err
		}
		drain(e.starts)
		e.page.Stands(sandbox.Process{State: sandbox.Killed, Again: time.Now().Add(againAfter)})
		timer := time.NewTimer(againAfter)
		select {
		case <-timer.C:
		case <-e.starts:
		case <-ctx.Done():
		}
		timer.Stop()
		if ctx.Err() != nil {
			return nil
		}
	}
}

// once runs one process to its end.
func (e *engine) once(ctx context.Context) error {
	cmd := exec.Command(e.program, "run", "--watched", "-c", e.path) //nolint:gosec,noctx // ourselves; it is stopped below
	cmd.Stderr, cmd.WaitDelay = e.err, time.Second
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start Roost: %w", err)
	}
	pid := cmd.Process.Pid
	e.page.Stands(sandbox.Process{State: sandbox.Starting, PID: pid})
	var result error
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		result = cmd.Wait()
	}()
	watching, leave := context.WithCancel(ctx)
	defer leave()
	begun, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		e.watch(watching, func() { close(begun) })
	}()
	defer func() { leave(); <-watched }()
	ran, killed := false, false
	for {
		select {
		case <-begun:
			begun, ran = nil, true
			e.page.Stands(sandbox.Process{State: sandbox.Running, PID: pid})
			e.first()
		case <-e.kills:
			killed = true
			_ = cmd.Process.Kill() // it may have ended by itself
		case <-ended:
			if !ran && !killed && result != nil {
				return fmt.Errorf("the sandbox's Roost has ended: %w", result)
			}
			return nil
		case <-ctx.Done():
			e.stop(cmd, ended, ran)
			return nil
		}
	}
}

// first tells that Roost runs for the first time.
func (e *engine) first() {
	select {
	case <-e.up:
	default:
		close(e.up)
	}
}

// stop waits for a Roost to end that is watched no more, but not for ever. One that was never watched relays nothing.
func (e *engine) stop(cmd *exec.Cmd, ended <-chan struct{}, ran bool) {
	patience := engineStop
	if !ran {
		patience = 0
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-ended:
	case <-timer.C:
		_ = cmd.Process.Kill() // it may end just now
		<-ended
	}
}

// watch tells the page what Roost does, from its first step on, until it or ctx ends. begun is called when it has begun.
func (e *engine) watch(ctx context.Context, begun func()) {
	tick := time.NewTicker(watchRetry)
	defer tick.Stop()
	for {
		c, err := find(ctx, e.file)
		if c != nil {
			err = c.watch(ctx, begun, e.page.Watch, e.page.Missed)
			_ = c.Close()
			if err == nil {
				return
			}
		}
		if err != nil && ctx.Err() == nil {
			_, _ = fmt.Fprintln(e.err, "roost sandbox:", err)
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
