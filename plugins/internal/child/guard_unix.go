//go:build unix

package child

import (
	"os"
	"os/exec"
	"syscall"
)

// guard kills its process group when the host is no longer there. A nil guard is none.
type guard struct {
	cmd  *exec.Cmd
	hold *os.File // as long as the host holds it, the guard waits
}

// vigil waits for the end of its input, deaf to what the group may do to itself, and kills the group.
const vigil = `trap "" HUP INT TERM QUIT; read -r _; kill -KILL 0`

// startGuard starts a guard; nil where there is no shell.
func startGuard() *guard {
	r, w, err := os.Pipe()
	if err != nil {
		return nil
	}
	defer func() { _ = r.Close() }()
	cmd := exec.Command("/bin/sh", "-c", vigil) //nolint:noctx // it lives until the child has ended
	cmd.Stdin, cmd.Env = r, []string{}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if cmd.Start() != nil {
		_ = w.Close()
		return nil
	}
	return &guard{cmd: cmd, hold: w}
}

// end kills the group, guard included, and returns when the guard is gone.
func (g *guard) end() {
	if g == nil {
		return
	}
	_ = syscall.Kill(-g.cmd.Process.Pid, syscall.SIGKILL)
	_ = g.cmd.Wait()
	_ = g.hold.Close()
}

// apart puts the child into the guard's group, or into one of its own.
func apart(cmd *exec.Cmd, g *guard) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if g != nil {
		cmd.SysProcAttr.Pgid = g.cmd.Process.Pid
	}
	diesWithHost(cmd.SysProcAttr)
}

// kill kills the child's group. The guard is in it; it is not waited for yet, so the group's ID is nobody else's.
func kill(cmd *exec.Cmd, g *guard) {
	group := cmd.Process.Pid
	if g != nil {
		group = g.cmd.Process.Pid
	}
	_ = syscall.Kill(-group, syscall.SIGKILL)
}
