// Package clienttest runs other people's clients as programs of their own, and waits for what they say line by line.
package clienttest

import (
	"bufio"
	"context"
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

// Patient is how long a client gets for everything.
const Patient = 40 * time.Second

var installed sync.Map //nolint:gochecknoglobals // what the installation of each package came to: once for all tests of a folder

// Node makes sure that the npm packages of the test's folder are there, and gives the program that runs scripts. Where Node.js
// or the packages cannot be had it skips the test, and fails it in CI.
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
	if _, err := os.Stat(filepath.Join("node_modules", pkg)); err == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "npm", "ci").CombinedOutput()
	if err != nil {
		return fmt.Errorf("npm ci: %w\n%s", err, out)
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

// Start runs a program with these words in its environment until the test ends, or Patient is over.
func Start(t *testing.T, env []string, program string, args ...string) *Child {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patient)
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
			c.lines <- s.Text()
		}
		c.ended <- cmd.Wait()
		close(c.lines)
	}()
	t.Cleanup(func() {
		cancel()
		for range c.lines { // until the child has ended
		}
	})
	return c
}

// Line waits for the next line that begins with word, and gives its fields.
func (c *Child) Line(t *testing.T, word string) []string {
	t.Helper()
	for text := range c.lines {
		fields := strings.Fields(text)
		if len(fields) > 0 && fields[0] == word {
			return fields
		}
		t.Log(text)
	}
	t.Fatalf("the client ended without saying %s: %v", word, <-c.ended)
	return nil
}

// Finish closes the client's input and checks that it says DONE and ends well.
func (c *Child) Finish(t *testing.T) []string {
	t.Helper()
	_ = c.stdin.Close()
	done := c.Line(t, "DONE")
	for text := range c.lines {
		t.Log(text)
	}
	if err := <-c.ended; err != nil {
		t.Errorf("the client ended with %v", err)
	}
	return done
}
