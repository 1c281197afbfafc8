package script

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"

	"github.com/roost-im/roost/bots"
)

// WorkerMain is the process of a Worker: the program that NewWorker starts calls it with its standard input and output, and
// exits with what it returns. It ends with its input.
func WorkerMain(stdin io.Reader, stdout io.Writer) int {
	p := &process{out: stdout, events: map[int64]*told{}}
	lines := bufio.NewScanner(stdin)
	lines.Buffer(nil, lineMax+1)
	for lines.Scan() {
		var d down
		if err := json.Unmarshal(lines.Bytes(), &d); err != nil {
			return 1
		}
		if !p.take(d) {
			return 1
		}
	}
	return 0
}

// process is a script in a process of its own.
type process struct {
	script *Script // set by the first line, before anything else, and memory, too
	memory *ceiling

	mu     sync.Mutex
	out    io.Writer
	events map[int64]*told
}

// told is an event that the process was told of.
type told struct {
	gave chan wireGave
	stop context.CancelFunc
}

// take does what a line says; ok is false when the process can't go on.
func (p *process) take(d down) (ok bool) {
	switch {
	case d.Load != nil:
		return p.load(d.Load)
	case p.script == nil:
		return false
	case d.Hear != nil:
		ctx, stop := context.WithCancel(context.Background())
		e := &told{gave: make(chan wireGave, 1), stop: stop}
		p.mu.Lock()
		p.events[d.N] = e
		p.mu.Unlock()
		go p.hear(ctx, d.N, e, d.Hear)
	case d.Past != nil:
		go p.migrate(d.N, *d.Past)
	default:
		p.mu.Lock()
		e := p.events[d.N]
		p.mu.Unlock()
		if e != nil && d.Stop {
			e.stop()
		}
		if e != nil && d.Gave != nil {
			e.gave <- *d.Gave
		}
	}
	return true
}

// load limits the process and reads its script.
func (p *process) load(l *wireLoad) bool {
	p.memory = newCeiling(l.Options.Memory)
	if err := backstop(p.memory); err != nil {
		p.say(up{Fault: &wireFault{Line: 1, Reason: "limit the worker: " + err.Error()}})
		return false
	}
	stop := p.memory.watch()
	s, err := Load(l.Name, l.Source, l.Options)
	stop()
	if err != nil {
		p.say(up{Faults: faultsOf(err)})
		return false
	}
	p.script = s
	p.say(up{Loaded: &s.manifest})
	return true
}

func (p *process) hear(ctx context.Context, n int64, e *told, h *heard) {
	limitCPU()
	stop := p.memory.watch()
	err := p.script.hear(ctx, remote{func(c wireCall) wireGave {
		p.say(up{N: n, Call: &c})
		return <-e.gave
	}}, h)
	stop()
	e.stop()
	p.mu.Lock()
	delete(p.events, n)
	p.mu.Unlock()
	if err != nil && !errors.Is(err, bots.ErrWaiting) {
		p.say(up{N: n, Fault: faultOf(err)})
		return
	}
	p.say(up{N: n, Done: true})
}

func (p *process) migrate(n int64, d bots.Past) {
	limitCPU()
	stop := p.memory.watch()
	answers, ok, err := p.script.Migrate(context.Background(), d)
	stop()
	if err != nil {
		p.say(up{N: n, Fault: faultOf(err)})
		return
	}
	p.say(up{N: n, Past: &wirePast{Answers: answers, OK: ok}})
}

// say writes a line. What can't be written is said as a fault; a host that does not listen any more ends the input too.
func (p *process) say(u up) {
	b, err := line(u)
	if err != nil {
		b, _ = line(up{N: u.N, Fault: &wireFault{Line: 1, Reason: err.Error()}})
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = p.out.Write(b)
}
