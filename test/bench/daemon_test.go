package bench_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/test/binary"
)

const patience = time.Minute // for whatever should happen

// program is the path of the command, built once for all benchmarks.
var program string

func TestMain(m *testing.M) {
	os.Exit(binary.With(func(path string) int { program = path; return m.Run() }))
}

// secret is that of all accounts.
const secret = "a-secret-of-thirty-two-characters"

// daemon is a Roost that runs.
type daemon struct {
	cmd *exec.Cmd
	url string // of its webhooks
}

// run starts a Roost that brings what is said to webhook/in#room to webhook/out-1#room and so on, each of which sends to
// the address that to gives for it. It returns when the webhook answers.
func run(b *testing.B, outs int, to func(n int) string) *daemon {
	b.Helper()
	listen := freeAddress(b)
	var c strings.Builder
	fmt.Fprintf(&c, "web: {listen: %q}\nlog: {level: error}\naccounts:\n  webhook/in: {secret: %s}\n", listen, secret)
	legs := []string{"{at: webhook/in#room, direction: in}"}
	for n := range outs {
		fmt.Fprintf(&c, "  webhook/out-%d: {secret: %s, url: %q, allow_private: true}\n", n, secret, to(n))
		legs = append(legs, fmt.Sprintf("{at: webhook/out-%d#room, direction: out}", n))
	}
	fmt.Fprintf(&c, "routes:\n  relay: {mirror: [%s]}\n", strings.Join(legs, ", "))
	d := launch(b, c.String())
	d.url = "http://" + listen + "/hooks/webhook/in"
	until(b, "the webhook to answer", func() bool { return d.say("hello") == nil })
	return d
}

// launch starts a Roost with a configuration. It ends with the benchmark.
func launch(b *testing.B, config string) *daemon {
	b.Helper()
	file := filepath.Join(b.TempDir(), "roost.yaml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		b.Fatal(err)
	}
	d := &daemon{cmd: exec.CommandContext(context.Background(), program, "run", "-c", file)}
	d.cmd.Stderr = b.Output()
	if err := d.cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { d.end(b) })
	return d
}

func (d *daemon) end(b *testing.B) {
	b.Helper()
	_ = d.cmd.Process.Signal(os.Interrupt)
	if err := d.cmd.Wait(); err != nil {
		b.Errorf("roost ended with %v", err)
	}
}

// memory is how much of the machine's memory the daemon has, in megabytes.
func (d *daemon) memory(b *testing.B) float64 {
	b.Helper()
	status, err := os.Open(fmt.Sprintf("/proc/%d/status", d.cmd.Process.Pid))
	if err != nil {
		b.Skipf("no way to tell the memory of a process here: %v", err)
	}
	defer func() { _ = status.Close() }()
	for lines := bufio.NewScanner(status); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "VmRSS:"); ok {
			kb, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 64)
			if err != nil {
				b.Fatal(err)
			}
			return kb * 1024 / 1e6
		}
	}
	b.Fatal("the status of the process does not tell its memory")
	return 0
}

// load is the machine's load average over one minute.
func load() float64 {
	raw, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(raw), " ")
	f, _ := strconv.ParseFloat(first, 64) // 0 where there is none
	return f
}

func freeAddress(b *testing.B) string {
	b.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// until waits for something that nobody tells of.
func until(b *testing.B, what string, holds func() bool) {
	b.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		if time.Now().After(deadline) {
			b.Fatalf("waited %v for %s", patience, what)
		}
		<-tick.C
	}
}
