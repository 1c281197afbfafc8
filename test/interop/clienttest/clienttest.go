// Package clienttest runs other people's clients as programs of their own, and waits for what they say line by line.
package clienttest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Patient is how long a client gets for what is waited for.
const Patient = 40 * time.Second

const life = 2 * time.Minute // of a client

var installed sync.Map //nolint:gochecknoglobals // what the installation of each package came to: once for all tests of a folder

// Node makes sure that the npm packages of the test's folder are there, as seen by one of them or a file in it, and gives the
// program that runs scripts. Where Node.js or the packages cannot be had it skips the test, and fails it in CI.
func Node(t *testing.T, pkg string) string {
	t.Helper()
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			missing(t, "%s is not installed, so the JavaScript clients are not tried: %v", tool, err)
		}
	}
	once, _ := installed.LoadOrStore(pkg, sync.OnceValue(func() error { return install(pkg) }))
	if err := once.(func() error)(); err != nil {
		missing(t, "the JavaScript clients could not be installed: %v", err)
	}
	return "node"
}

func install(pkg string) error {
	at := filepath.Join("node_modules", filepath.FromSlash(pkg))
	if _, err := os.Stat(at); err == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "npm", "ci").CombinedOutput()
	if err != nil {
		return fmt.Errorf("npm ci: %w\n%s", err, out)
	}
	if _, err := os.Stat(at); err != nil {
		return fmt.Errorf("npm ci has not brought it: %w", err)
	}
	return nil
}

// Python gives a Python that has the module, which comes from Debian. Where there is none it skips the test, and fails it in CI.
func Python(t *testing.T, module string) string {
	t.Helper()
	for _, name := range []string{"/usr/bin/python3", "python3"} {
		if exec.CommandContext(t.Context(), name, "-c", "import "+module).Run() == nil { //nolint:gosec // the tests name the module
			return name
		}
	}
	missing(t, "Python has no module %[1]s, so that client is not tried; to have it: sudo apt-get install python3-%[1]s", module)
	return ""
}

func missing(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// Child is a running client.
type Child struct {
	lines chan string
	stdin io.Closer
	ended chan error
}

// Start runs a program with these words in its environment until the test ends; one that needs more than two minutes is killed,
// and the test fails. What the program says is shown when the test fails; of what is not waited for Line finds a thousand lines.
func Start(t *testing.T, env []string, program string, args ...string) *Child {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), life)
	cmd := exec.CommandContext(ctx, program, args...) //nolint:gosec // the tests name their own scripts
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = t.Output()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &Child{lines: make(chan string, 1000), stdin: stdin, ended: make(chan error, 1)}
	go func() {
		for s := bufio.NewScanner(stdout); s.Scan(); {
			_, _ = fmt.Fprintln(t.Output(), s.Text())
			select {
			case c.lines <- s.Text():
			default: // it only talks on, as servers do
			}
		}
		c.ended <- cmd.Wait()
		close(c.lines)
	}()
	t.Cleanup(func() {
		late := errors.Is(ctx.Err(), context.DeadlineExceeded)
		cancel()
		for range c.lines { // until the child has ended
		}
		if late {
			t.Errorf("%s was still needed after %v", program, life)
		}
	})
	return c
}

// Line waits for the next line that begins with word, and gives its fields.
func (c *Child) Line(t *testing.T, word string) []string {
	t.Helper()
	late := time.NewTimer(Patient)
	defer late.Stop()
	for {
		select {
		case text, talks := <-c.lines:
			if !talks {
				t.Fatalf("the client ended without saying %s: %v", word, <-c.ended)
			}
			if fields := strings.Fields(text); len(fields) > 0 && fields[0] == word {
				return fields
			}
		case <-late.C:
			t.Fatalf("the client does not say %s", word)
		}
	}
}

// Finish closes the client's input and checks that it says DONE and ends well.
func (c *Child) Finish(t *testing.T) []string {
	t.Helper()
	_ = c.stdin.Close()
	done := c.Line(t, "DONE")
	for range c.lines { // until the client has ended
	}
	if err := <-c.ended; err != nil {
		t.Errorf("the client ended with %v", err)
	}
	return done
}
