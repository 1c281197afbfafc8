// Package binary is the roost command as a program of its own, for the tests that run it as its users do: bench, browser,
// crash and e2e.
package binary

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// With builds the command, calls run with its path, whose last part is roost, and removes it. What run returns is the exit
// status; when the command can't be built or removed, the reason is written to the standard error and the status is 1. A
// TestMain calls it once for all tests of its package:
//
//	func TestMain(m *testing.M) {
//		os.Exit(binary.With(func(path string) int { program = path; return m.Run() }))
//	}
func With(run func(path string) int) int {
	code, err := with(run)
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

func with(run func(path string) int) (code int, err error) {
	dir, err := os.MkdirTemp("", "roost-test-")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "roost")
	cmd := exec.CommandContext(context.Background(), "go", "build", "-o", path, "github.com/roost-im/roost/cmd/roost") //nolint:gosec // the path is made above
	if out, err := cmd.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("build: %w\n%s", err, out)
	}
	return run(path), nil
}
