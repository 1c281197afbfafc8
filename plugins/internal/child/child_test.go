//go:build unix

package child_test

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/roost-im/roost/plugins/internal/child"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, cfg child.Config) *child.Child {
	t.Helper()
	c, err := child.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Kill()
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func read(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "run"), []byte("#!/bin/sh\nread x; echo \"$x $A\"; pwd; echo oops >&2; exit 3\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	c := start(t, child.Config{Exec: []string{"./run"}, Folder: dir, Env: []string{"A=b"}})
	if _, err := io.WriteString(c.In, "hello\n"); err != nil {
		t.Fatal(err)
	}
	if got := strings.Fields(read(t, c.Out)); !slices.Contains(got, "hello") || !slices.Contains(got, "b") || !strings.HasSuffix(got[2], filepath.Base(dir)) {
		t.Errorf("it says %q", got)
	}
	if got := read(t, c.Err); got != "oops\n" {
		t.Errorf("its errors are %q", got)
	}
	if got, want := c.How(), "ended with status 3"; got != want || !c.Exited() {
		t.Errorf("it %s, want %s", got, want)
	}
}

func TestKill(t *testing.T) {
	t.Parallel()
	c := start(t, child.Config{Exec: []string{"/bin/sh", "-c", "trap '' TERM INT HUP; sleep 1000 & wait; sleep 1000"}})
	c.Kill()
	c.Kill()
	if got, want := c.How(), "was ended by the signal: killed"; got != want || c.Exited() {
		t.Errorf("it %s, want %s", got, want)
	}
	if got := read(t, c.Out); got != "" { // nobody of the family holds it open any more
		t.Errorf("it says %q", got)
	}
}

func TestStartSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		exec []string
		want string
	}{
		"none":    {nil, "there is no program to run"},
		"unknown": {[]string{"no-such-program"}, "start no-such-program: executable file not found in $PATH"},
		"missing": {[]string{"./no-such-program"}, "start ./no-such-program: no such file or directory"},
		"no file": {[]string{"./"}, "start ./: permission denied"},
	} {
		if _, err := child.Start(child.Config{Exec: tc.exec, Folder: t.TempDir()}); err == nil || err.Error() != tc.want {
			t.Errorf("%s: Start says %v, want %s", name, err, tc.want)
		}
	}
}
