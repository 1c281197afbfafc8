//go:build !linux

package script

import (
	"os/exec"
	"runtime/debug"
)

// limit makes the process collect its garbage early; this system does not refuse it more.
func limit(memory int64) error {
	if memory <= 0 {
		memory = DefaultMemory
	}
	debug.SetMemoryLimit(memory / 4 * 3)
	return nil
}

// limitCPU does nothing: the host's deadline is the only one.
func limitCPU() {}

// bind does nothing: the process ends with its input.
func bind(*exec.Cmd) {}
