//go:build linux

package e2e_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestAnotherUser asks as a user to whom neither the database nor the control socket belongs.
func TestAnotherUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		return // only root can be another user; TestNoPermission of cmd/roost takes rights away instead
	}
	s := newStage(t)
	d := s.start(t)
	for _, dir := range []string{filepath.Dir(program), s.dir, filepath.Dir(s.dir)} {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	ask := func(want string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), program, "deliveries", "-c", s.config())
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		var errs bytes.Buffer
		cmd.Stderr = &errs
		if err := cmd.Run(); err == nil || !strings.Contains(errs.String(), want) {
			t.Errorf("deliveries = %v %q, want %q", err, errs.String(), want)
		}
	}
	ask("roost.yaml: it may not be read by this user")
	if err := os.Chmod(s.config(), 0o644); err != nil {
		t.Fatal(err)
	}
	ask("a Roost runs with this configuration, and only its own user may ask it (")
	d.stop(t)
	ask("roost.db: this user may not write the database or its folder")
}
