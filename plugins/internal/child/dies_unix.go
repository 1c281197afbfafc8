//go:build unix && !linux

package child

import "syscall"

// diesWithHost does nothing: only Linux has it. The guard is there.
func diesWithHost(*syscall.SysProcAttr) {}
