package e2e_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/roost-im/roost/test/binary"
	"github.com/roost-im/roost/test/lifetest"
)

// program is the path of the built command.
var program string

func TestMain(m *testing.M) {
	os.Exit(binary.With(func(path string) int { program = path; return m.Run() }))
}

// daemon is one running "roost run".
type daemon struct {
	cmd  *exec.Cmd
	log  *lifetest.Logbook
	web  string        // its address
	done chan struct{} // closed when it has ended
}

var webAddress = regexp.MustCompile(`web=(http://\S+)`)

// start runs Roost and returns when it says that it runs.
func (s *stage) start(t *testing.T) *daemon {
	t.Helper()
	d := s.launch(t)
	d.says(t, "roost is running")
	d.web = webAddress.FindStringSubmatch(d.log.String())[1]
	return d
}

// launch runs Roost.
func (s *stage) launch(t *testing.T) *daemon {
	t.Helper()
	d := &daemon{log: lifetest.NewLogbook(), done: make(chan struct{})}
	d.cmd = exec.Command(program, "run", "-c", s.config()) //nolint:noctx // it is ended by signals: that is the test
	d.cmd.Dir = s.dir
	d.cmd.Stdout, d.cmd.Stderr = d.log, d.log
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = d.cmd.Wait() // the exit code tells
		close(d.done)
	}()
	t.Cleanup(func() {
		_ = d.cmd.Process.Kill()
		<-d.done
		if t.Failed() {
			text := d.log.String()
			t.Logf("Roost's log ends:\n%s", text[max(0, len(text)-8000):])
		}
	})
	return d
}

// says waits until the log has words in it.
func (d *daemon) says(t *testing.T, words string) {
	t.Helper()
	d.sees(t, words, func(text string) bool { return strings.Contains(text, words) })
}

// sees waits until the log is as ok wants it.
func (d *daemon) sees(t *testing.T, what string, ok func(text string) bool) {
	t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		text, changed := d.log.Now()
		if ok(text) {
			return
		}
		select {
		case <-changed:
		case <-d.done:
			if text, _ := d.log.Now(); ok(text) {
				return
			}
			t.Fatalf("Roost ended and never said %q", what)
		case <-timer.C:
			t.Fatalf("Roost did not say %q within %v", what, patience)
		}
	}
}

// signal sends a signal.
func (d *daemon) signal(t *testing.T, sig syscall.Signal) {
	t.Helper()
	if err := d.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// ends waits until it has ended and gives the exit code.
func (d *daemon) ends(t *testing.T, within time.Duration) int {
	t.Helper()
	select {
	case <-d.done:
		return d.cmd.ProcessState.ExitCode()
	case <-time.After(within):
		t.Fatalf("still running after %v", within)
		return 0
	}
}

// stop ends it as an operator does.
func (d *daemon) stop(t *testing.T) {
	t.Helper()
	d.signal(t, syscall.SIGTERM)
	if code := d.ends(t, 10*time.Second); code != 0 {
		t.Errorf("after SIGTERM: exit code %d, want 0", code)
	}
}

// get asks its web address.
func (d *daemon) get(t *testing.T, path string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.web+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return do(t, req)
}

func do(t *testing.T, req *http.Request) (int, string) {
	t.Helper()
	c := http.Client{Timeout: patience}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", req.Method, req.URL, err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// result is how a command ended.
type result struct {
	code     int
	out, err string
}

// roost runs one command with the stage's configuration.
func (s *stage) roost(t *testing.T, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, append(args, "-c", s.config())...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// post calls a webhook.
func (d *daemon) post(t *testing.T, path, token, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.web+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Idempotency-Key", "call-"+body)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return do(t, req)
}
