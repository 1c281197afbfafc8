package child

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// diesWithHost has the kernel kill the child when the thread that started it ends.
func diesWithHost(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGKILL }

// limit bounds the address space of a process that has just started; what it has mapped until then is not undone.
// https://man7.org/linux/man-pages/man2/getrlimit.2.html
func limit(pid int, memory uint64) error {
	if memory == 0 {
		return nil
	}
	err := unix.Prlimit(pid, unix.RLIMIT_AS, &unix.Rlimit{Cur: memory, Max: memory}, nil)
	if errors.Is(err, unix.ESRCH) {
		return nil // it has ended already, which says more
	}
	return err
}
