//go:build unix

package plugins_test

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/roost-im/roost/plugins"
)

// gone says whether a process is no longer there, or is but a zombie that nobody has buried yet.
func gone(pid int) bool {
	if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
		return true
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && strings.Contains(string(stat), ") Z ")
}

// whoIs reads "family 12" and "orphan 13" from what is logged.
func whoIs(t *testing.T, log *bufio.Scanner) map[string]int {
	t.Helper()
	found := map[string]int{}
	for len(found) < 2 && log.Scan() {
		for _, name := range []string{"family", "orphan"} {
			if _, rest, ok := strings.Cut(log.Text(), `line="`+name+" "); ok {
				pid, err := strconv.Atoi(strings.TrimSuffix(rest, `"`))
				if err != nil {
					t.Fatal(err)
				}
				found[name] = pid
			}
		}
	}
	return found
}

func TestChildrenDieWithTheHost(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), asProgram+"=host")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	found := whoIs(t, bufio.NewScanner(out))
	if len(found) < 2 {
		t.Fatalf("found %v of the family", found)
	}
	if gone(found["family"]) || gone(found["orphan"]) {
		t.Fatal("the family is gone before the host is")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	w := &world{t: t}
	w.until(func() bool { return gone(found["family"]) && gone(found["orphan"]) })
}

func TestCloseEndsTheWholeFamily(t *testing.T) {
	t.Parallel()
	w := setup(t, plugins.Config{Manifest: own(t, "family")})
	if got := w.say("hello"); got != "fine" {
		t.Fatalf("it says %q, want fine", got)
	}
	w.until(func() bool { return strings.Contains(w.Log.String(), "orphan ") })
	found := whoIs(t, bufio.NewScanner(strings.NewReader(w.Log.String())))
	began := time.Now()
	_ = w.Program.Close()
	w.until(func() bool { return gone(found["family"]) && gone(found["orphan"]) })
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}
