package bots_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/roost-im/roost/test/binary"
	"github.com/roost-im/roost/test/town"
)

// program is the path of the built command.
var program string

func TestMain(m *testing.M) {
	if file := os.Getenv(clockFile); file != "" {
		os.Exit(firing(file))
	}
	flag.Parse()
	os.Exit(binary.With(func(path string) int { program = path; return m.Run() }))
}

// stage is the four platforms and the files of one Roost.
type stage struct {
	*town.Town
	dir string
	log *os.File
}

func newStage(tb testing.TB) *stage {
	tb.Helper()
	s := &stage{dir: folder(tb)}
	var err error
	if s.Town, err = town.New(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Close)
	if s.log, err = os.Create(filepath.Join(s.dir, "roost.log")); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if tb.Failed() {
			tail(tb, s.log.Name())
		}
		_ = s.log.Close()
	})
	return s
}

// folder is where Roost's files are. It stays when the test fails, to be looked at.
func folder(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "roost-bots-") //nolint:usetesting // it has to outlive a failed test
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

func tail(tb testing.TB, path string) {
	tb.Helper()
	if b, err := os.ReadFile(path); err == nil {
		tb.Logf("the end of Roost's log:\n%s", b[max(0, len(b)-6000):])
	}
}

// write writes a file into the stage's folder.
func (s *stage) write(tb testing.TB, name, text string) {
	tb.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		tb.Fatal(err)
	}
}

// configure writes the configuration: the accounts, with extra settings of each, and what else there is.
func (s *stage) configure(tb testing.TB, extra map[string]string, parts ...string) {
	tb.Helper()
	text := s.Accounts(extra) + strings.Join(parts, "\n") + "\nweb: {listen: \"127.0.0.1:0\"}\nlog: {level: error}\n"
	s.write(tb, "roost.yaml", text)
}

func (s *stage) config() string { return filepath.Join(s.dir, "roost.yaml") }

// roost is one life of the process.
type roost struct {
	cmd  *exec.Cmd
	done chan error
}

// start begins a life.
func (s *stage) start(tb testing.TB) *roost {
	tb.Helper()
	cmd := exec.Command(program, "run", "-c", s.config()) //nolint:noctx // it is killed by hand: that is the test
	cmd.Stdout, cmd.Stderr = s.log, s.log
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	r := &roost{cmd: cmd, done: make(chan error, 1)}
	go func() { r.done <- cmd.Wait() }()
	return r
}

// kill ends a life without warning.
func (r *roost) kill(tb testing.TB) {
	tb.Helper()
	if err := r.cmd.Process.Kill(); err != nil {
		tb.Fatalf("kill: %v", err)
	}
	<-r.done
}

// terminate ends the last life as an operator would, and checks that it ends well and in time.
func (r *roost) terminate(tb testing.TB) {
	tb.Helper()
	if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		tb.Fatal(err)
	}
	select {
	case err := <-r.done:
		if err != nil {
			tb.Errorf("after SIGTERM: %v", err)
		}
	case <-time.After(10 * time.Second):
		tb.Error("still running 10 s after SIGTERM")
		r.kill(tb)
	}
}

// command runs roost with the stage's configuration, and gives what it prints.
func (s *stage) command(ctx context.Context, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, append(args, "-c", s.config())...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("roost %s: %w %s", args[0], err, errs.String())
	}
	return out, nil
}

// ledger is what "roost deliveries" says will not be tried again by itself.
type ledger struct {
	Count      map[string]int
	Deliveries []struct {
		ID                              int64
		State, Action, To, Reason, Text string
	}
}

func (s *stage) ledger(ctx context.Context) (ledger, error) {
	var l ledger
	out, err := s.command(ctx, "deliveries", "--json", "--dead", "--limit", "100000")
	if err != nil {
		return l, err
	}
	return l, json.Unmarshal(out, &l)
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
