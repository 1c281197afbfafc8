package browser_test

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/roost-im/roost/test/binary"
)

const (
	childLife = 10 * time.Minute // of a sandbox
	journeys  = 6                // at once: they wait more than they work
)

var long = flag.Bool("long", false, "each desk answers each person, which takes a minute more")

// patience is how long one thing may take to happen.
func patience() time.Duration {
	if *long {
		return 90 * time.Second
	}
	return 20 * time.Second
}

// program is the path of the command, built once for all tests.
var program string

func TestMain(m *testing.M) {
	os.Exit(binary.With(func(path string) int {
		program = path
		defer shared.end()
		flag.Parse()
		if err := flag.Set("test.parallel", strconv.Itoa(max(journeys, runtime.GOMAXPROCS(0)))); err != nil {
			_, _ = fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}))
}

// chromium is one browser for all tests. Each test has windows and cookies of its own in it.
type chromium struct {
	start sync.Once
	tab   func() (context.Context, context.CancelFunc)
	stop  []func()
	err   error
}

// shared is the browser. It takes a second to start, and does so with the first test that needs it.
var shared chromium

func (c *chromium) run() {
	path := chromiumPath()
	if path == "" {
		c.err = errors.New("there is no Chromium; sudo apt-get install chromium")
		return
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-component-update", true),
		chromedp.Flag("blink-settings", "primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4")) // a mouse
	ctx, endProcess := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, endBrowser := chromedp.NewContext(ctx)
	c.stop = []func(){endBrowser, endProcess}
	c.err = chromedp.Do(ctx)
	c.tab = func() (context.Context, context.CancelFunc) {
		return chromedp.NewContext(ctx, chromedp.WithNewBrowserContext())
	}
}

func (c *chromium) end() {
	for _, stop := range c.stop {
		stop()
	}
}

// chromiumPath is where the browser is; empty when there is none. The names are those that make test looks for.
func chromiumPath() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "headless-shell"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// needs skips the test for a lack. In CI that is a failure.
func needs(t *testing.T, lack error) {
	t.Helper()
	switch {
	case lack == nil:
	case os.Getenv("CI") == "true":
		t.Fatalf("the sandbox is not tried in a browser: %v", lack)
	default:
		t.Skipf("the sandbox is not tried in a browser: %v", lack)
	}
}

var printed = regexp.MustCompile(`http://127\.0\.0\.1:\d+/`)

// sandbox runs "roost sandbox" until the end of the test and returns the address that it prints.
func sandbox(t *testing.T, flags ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), childLife)
	cmd := exec.CommandContext(ctx, program, append([]string{"sandbox", "--listen", "127.0.0.1:0"}, flags...)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = patience()
	cmd.Stderr = t.Output()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		err := cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != 0 {
			t.Errorf("the sandbox ended with %d: %v", code, err)
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	address := printed.FindString(line)
	if address == "" {
		t.Fatalf("the sandbox printed %q (%v), and no address", line, err)
	}
	return address
}
