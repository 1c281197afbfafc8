package script

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// cpuMost is how many seconds of a processor's time a worker's process may use from the beginning of its last event on.
const cpuMost = 10

// spare is address space that a process takes besides memory. Go's runtime takes it 64 MiB at a time, begins at a random place in
// the first of them, and so may need the second one at once; and where it is built with cgo, each thread has a stack of 8 MiB.
const spare = 128 << 20

// limit has the system refuse memory beyond what the process has now and memory bytes more, and lets it write no core. What is refused
// is address space, so a script can have up to spare more.
func limit(memory int64) error {
	if memory <= 0 {
		memory = DefaultMemory
	}
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return err
	}
	first, _, _ := bytes.Cut(b, []byte{' '})
	pages, err := strconv.ParseInt(string(first), 10, 40)
	if err != nil {
		return fmt.Errorf("read /proc/self/statm: %w", err)
	}
	most := uint64(max(0, pages*int64(os.Getpagesize())+spare+memory))
	if err := unix.Setrlimit(unix.RLIMIT_AS, &unix.Rlimit{Cur: most, Max: most}); err != nil {
		return err
	}
	debug.SetMemoryLimit(memory / 4 * 3)
	return unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
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
