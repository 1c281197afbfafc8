// Package lifetest is one Roost on a machine, for tests that end it and begin it again: its folder, its log, its lives.
package lifetest

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// patience is how long a life that shall end may go on.
const patience = 10 * time.Second

// Folder is where Roost's files are. It stays when the test fails, to be looked at.
func Folder(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "roost-life-") //nolint:usetesting // it has to outlive a failed test
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if tb.Failed() {
			tb.Logf("the files are in %s", dir)
			return
		}
		_ = os.RemoveAll(dir)
	})
	return dir
}

// Log is a file in a folder for what all lives write. Its end is shown when the test fails.
func Log(tb testing.TB, dir string) *os.File {
	tb.Helper()
	const shown = 6000 // bytes
	log, err := os.Create(filepath.Join(dir, "roost.log"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if b, err := os.ReadFile(log.Name()); err == nil && tb.Failed() {
			tb.Logf("the end of Roost's log:\n%s", b[max(0, len(b)-shown):])
		}
		_ = log.Close()
	})
	return log
}

// Life is one life of "roost run".
type Life struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	err  error         // how it ended, then
}

// Begin begins a life of the program with a configuration; what it writes goes to log.
func Begin(tb testing.TB, program, config string, log *os.File) *Life {
	tb.Helper()
	cmd := exec.Command(program, "run", "-c", config) //nolint:noctx,gosec // it is killed by hand: that is the test
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	l := &Life{cmd: cmd, done: make(chan struct{})}
	go func() {
		l.err = cmd.Wait()
		close(l.done)
	}()
	return l
}

// Kill ends a life without warning.
func (l *Life) Kill(tb testing.TB) {
	tb.Helper()
	if err := l.cmd.Process.Kill(); err != nil {
		tb.Fatalf("kill: %v", err)
	}
	<-l.done
}

// Terminate ends the last life as an operator would, and checks that it ends well and in time.
func (l *Life) Terminate(tb testing.TB) {
	tb.Helper()
	if err := l.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		tb.Fatal(err)
	}
	select {
	case <-l.done:
		if l.err != nil {
			tb.Errorf("after SIGTERM: %v", l.err)
		}
	case <-time.After(patience):
		tb.Errorf("still running %v after SIGTERM", patience)
		l.Kill(tb)
	}
}
