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
	"testing"
	"time"

	"github.com/roost-im/roost/test/binary"
	"github.com/roost-im/roost/test/lifetest"
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
	s := &stage{dir: lifetest.Folder(tb)}
	var err error
	if s.Town, err = town.New(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Close)
	s.log = lifetest.Log(tb, s.dir)
	return s
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

// start begins a life.
func (s *stage) start(tb testing.TB) *lifetest.Life {
	tb.Helper()
	return lifetest.Begin(tb, program, s.config(), s.log)
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
