package script

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// cpuMost is how many seconds of a processor's time a worker's process may use from the beginning of its last event on.
const cpuMost = 10

// spare is how much address space beyond its memory a process may take: several times what Go's runtime takes and does not use.
const spare = 1 << 30

// backstop has the system refuse what c would see too late, and lets the process write no core.
func backstop(c *ceiling) error {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return err
	}
	first, _, _ := bytes.Cut(b, []byte{' '})
	pages, err := strconv.ParseInt(string(first), 10, 40)
	if err != nil {
		return fmt.Errorf("read /proc/self/statm: %w", err)
	}
	most := uint64(max(0, pages*int64(os.Getpagesize()))) + spare + c.memory
	if err := unix.Setrlimit(unix.RLIMIT_AS, &unix.Rlimit{Cur: most, Max: most}); err != nil {
		return err
	}
	return unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
}

// peak is how much memory the process had at most at any time, if that is more than some; 0: it is not, or the system does not tell.
func peak(than uint64) uint64 {
	var all unix.Rusage // quick to have, but it counts the process that started this one, too
	if unix.Getrusage(unix.RUSAGE_SELF, &all) != nil || uint64(max(0, all.Maxrss))<<10 <= than {
		return 0
	}
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(b) {
		if f := bytes.Fields(line); len(f) == 3 && string(f[0]) == "VmHWM:" {
			kib, _ := strconv.ParseUint(string(f[1]), 10, 53) // what is no number is nothing
			return kib << 10
		}
	}
	return 0
}

// limitCPU has the system end the process when it has used cpuMost seconds more. The host's own deadline comes first; this
// one is for a host that can't keep it.
func limitCPU() {
	var used unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &used) != nil {
		return
	}
	seconds := uint64(max(0, used.Utime.Sec+used.Stime.Sec)) + cpuMost
	_ = unix.Setrlimit(unix.RLIMIT_CPU, &unix.Rlimit{Cur: seconds, Max: unix.RLIM_INFINITY})
}

// bind has the process end with this one, however that ends.
func bind(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
