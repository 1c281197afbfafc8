package interop_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/test/interop/clienttest"
	"github.com/roost-im/roost/test/lifetest"
)

// TestServerRestarts ends the server without a word and starts it again. What people in Slack say meanwhile arrives once.
func TestServerRestarts(t *testing.T) {
	t.Parallel()
	s := ngircd(t, false)
	alice := s.visits(t, "alice")
	w := setup(t, s)
	w.start(t, alice)
	w.relays(t, alice, "before")

	s.kill(t)
	waits(t, w.log, "not connected")
	for i := range 3 {
		w.says(fmt.Sprintf("meanwhile n%d", i))
	}
	s.start(t)
	bob := s.visits(t, "bob")
	bob.sees(t, "the last", func(line string) bool { return strings.HasSuffix(line, "meanwhile n2") })
	w.relays(t, bob, "after")
	if got, want := tokens(bob.messages(), words), []string{"n0", "n1", "n2", "after"}; !slices.Equal(got, want) {
		t.Errorf("IRC has %v, want %v", got, want)
	}
	if got, want := tokens(w.copies(), inSlack), []string{"before", "after"}; !slices.Equal(got, want) {
		t.Errorf("Slack has %v, want %v", got, want)
	}
	w.stop(t)
}

// TestPluginKilled ends the plugin's process at once, three times, in the middle of a talk. It is started again, in the order
// of the talk nothing comes twice, and what has not come is held, because nobody can know.
func TestPluginKilled(t *testing.T) {
	t.Parallel()
	s := ngircd(t, false)
	alice := s.visits(t, "alice")
	w := setup(t, s)
	w.start(t, alice)
	const many, kills = 90, 2
	var want []string
	for i := range many {
		token := fmt.Sprintf("n%03d", i)
		want = append(want, token)
		w.says("hello " + token)
		if (i+1)%(many/(kills+1)) == 0 && i+1 < many {
			alice.sees(t, "the talk at "+want[i-5], func(line string) bool { return strings.HasSuffix(line, want[i-5]) })
			kill(t, w.pluginPID(t))
		}
	}
	var got, held []string
	late := time.Now().Add(clienttest.Patient)
	for {
		got, held = tokens(alice.messages(), words), w.held(t)
		if len(missing(want, got, held)) == 0 {
			break
		}
		if time.Now().After(late) {
			t.Fatalf("neither arrived nor held: %v\nheld: %v\narrived: %v", missing(want, got, held), held, got)
		}
	}
	if !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) {
		t.Errorf("not in order, or twice: %v", got)
	}
	if len(held) > kills {
		t.Errorf("%d are held, want one for each kill at most: %v", len(held), held)
	}
	w.relays(t, alice, "after")
	w.stop(t)
}

// TestErgo has a server with echoes, labels and history: posts are confirmed by their echo, and what was said while Roost
// was away is told once, in order. It is tried where Ergo is installed.
func TestErgo(t *testing.T) {
	t.Parallel()
	s, ok := ergo(t)
	if !ok {
		t.Log("ergo is not on the PATH: https://ergo.chat")
		return
	}
	alice := s.visits(t, "alice")
	w := setup(t, s)
	w.start(t, alice)
	w.relays(t, alice, "before")
	w.stop(t)
	alice.sees(t, "Roost leave", func(line string) bool { return strings.HasPrefix(line, ":roost!") && strings.Contains(line, " QUIT ") })
	var want []string
	for i := range 250 { // more than a page
		want = append(want, fmt.Sprintf("n%03d", i))
		alice.says(t, lounge, "away "+want[i])
	}
	alice.write(t, "PING done")
	alice.sees(t, "all of it said", func(line string) bool { return strings.Contains(line, " PONG ") && strings.HasSuffix(line, "done") })
	w.start(t, nil)
	w.arrives(t, "away "+want[len(want)-1])
	w.relays(t, alice, "after")
	if got, want := tokens(w.copies(), inSlack), slices.Concat([]string{"before"}, want, []string{"after"}); !slices.Equal(got, want) {
		t.Errorf("Slack has %v", got)
	}
	kill(t, w.pluginPID(t))
	for i := range 5 {
		alice.says(t, lounge, fmt.Sprintf("killed k%d", i))
	}
	for i := range 5 {
		w.arrives(t, fmt.Sprintf("killed k%d", i))
	}
	w.relays(t, alice, "again")
	if got := tokens(w.copies(), inSlack); !slices.Equal(got[252:], []string{"k0", "k1", "k2", "k3", "k4", "again"}) {
		t.Errorf("Slack has %v", got[252:])
	}
	w.stop(t)
}

func words(m message) string { return m.words }

func inSlack(m slacksim.Message) string { return m.Text }

// missing are those of all that none of the others have.
func missing(all []string, others ...[]string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return slices.Contains(slices.Concat(others...), s) })
}

// waits waits until a log has words in it.
func waits(t *testing.T, log *lifetest.Logbook, words string) {
	t.Helper()
	late := time.NewTimer(clienttest.Patient)
	defer late.Stop()
	for {
		text, changed := log.Now()
		if strings.Contains(text, words) {
			return
		}
		select {
		case <-changed:
		case <-late.C:
			t.Fatalf("the log does not say %q", words)
		}
	}
}

// held are the last words of what Roost holds because it may have arrived.
func (w *world) held(t *testing.T) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, "deliveries", "--json", "--state", "held", "-c", filepath.Join(w.dir, "roost.yaml")).Output()
	if err != nil {
		t.Fatal(err)
	}
	var list struct{ Deliveries []struct{ Text string } }
	if err := json.Unmarshal(out, &list); err != nil {
		t.Fatal(err)
	}
	return tokens(list.Deliveries, func(d struct{ Text string }) string { return d.Text })
}

// pluginPID finds the plugin's process: a child of Roost.
func (w *world) pluginPID(t *testing.T) int {
	t.Helper()
	exe := filepath.Join(plugin, "roost-irc")
	late := time.Now().Add(clienttest.Patient)
	for time.Now().Before(late) {
		all, err := filepath.Glob("/proc/[0-9]*/exe")
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range all {
			dir := filepath.Dir(link)
			stat, err := os.ReadFile(filepath.Join(dir, "stat"))
			if to, _ := os.Readlink(link); err != nil || to != exe {
				continue
			}
			_, fields, _ := strings.Cut(string(stat), ") ")
			if parent := strings.Fields(fields)[1]; parent == strconv.Itoa(w.cmd.Process.Pid) {
				pid, err := strconv.Atoi(filepath.Base(dir))
				if err != nil {
					t.Fatal(err)
				}
				return pid
			}
		}
	}
	t.Fatal("the plugin does not run")
	return 0
}

func kill(t *testing.T, pid int) {
	t.Helper()
	p, err := os.FindProcess(pid)
	if err == nil {
		err = p.Kill()
	}
	if err != nil {
		t.Fatal(err)
	}
}
