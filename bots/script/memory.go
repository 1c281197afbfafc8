package script

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// watchEvery is how often a process that works looks at its memory. One that makes a single great value can't look until it is made.
const watchEvery = 5 * time.Millisecond

// passing is how much more a process may have for a moment, with its garbage.
const passing = 128 << 20

// ceiling ends this process when it uses more memory than it may. The system could only refuse address space: Go's runtime takes more
// of that than it uses, how much is chance, and it can't go on everywhere without.
type ceiling struct {
	memory, most uint64 // what may be used beyond what is used now, and in all
	peak         uint64 // what may be had at any time, as far as the system tells
}

// newCeiling lets the process use so many bytes more than it does now; 0 and less: DefaultMemory.
func newCeiling(memory int64) *ceiling {
	if memory <= 0 {
		memory = DefaultMemory
	}
	c := &ceiling{memory: uint64(memory), most: used() + uint64(memory), peak: peak(0) + uint64(memory) + passing}
	debug.SetMemoryLimit(int64(c.most) - memory/4) //nolint:gosec // far below what an int64 holds
	return c
}

// used is how much memory the process has and has a use for.
func used() uint64 {
	all := []metrics.Sample{
		{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}, {Name: "/memory/classes/heap/free:bytes"},
	}
	metrics.Read(all)
	return all[0].Value.Uint64() - all[1].Value.Uint64() - all[2].Value.Uint64()
}

// check ends the process when it uses too much even without its garbage.
func (c *ceiling) check() {
	if used() <= c.most {
		return
	}
	runtime.GC()
	if used() > c.most {
		end()
	}
}

// end ends the process because of its memory.
func end() {
	fmt.Fprintln(os.Stderr, outOfMemory)
	os.Exit(2)
}

// watch checks until stop is called, which checks a last time, and what was used in the meantime.
func (c *ceiling) watch() (stop func()) {
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(watchEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				c.check()
			case <-done:
				return
			}
		}
	}()
	return func() {
		close(done)
		c.check()
		if peak(c.peak) > c.peak {
			end()
		}
	}
}
