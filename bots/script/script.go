package script

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/roost-im/roost/bots"
)

// What a script may come to.
const (
	// SourceMax is how many bytes a script has at most.
	SourceMax = 64 << 10
	// DefaultSteps is how many steps a script may do about one event when Options don't say; an endless loop of the
	// cheapest kind ends after some 10 ms, and one that does more in each round after some 50 ms.
	DefaultSteps = 1_000_000
	// DefaultMemory is how much a Worker's process may use when Options don't say.
	DefaultMemory = 256 << 20
	// loadTime is how long the top level of a script may take.
	loadTime = time.Second
)

// Options are what a script is given. The zero value of each field is the default that it names.
type Options struct {
	Config map[string]any `json:"config,omitempty"` // the script's config; plain data, as of a file
	Steps  uint64         `json:"steps,omitempty"`  // per event, and for the top level; default DefaultSteps
	Memory int64          `json:"memory,omitempty"` // bytes that a Worker's process may use; default DefaultMemory
}

// Script is a bot written in Starlark. It is made by Load and safe for concurrent use.
type Script struct {
	name     string
	program  *starlark.Program
	config   starlark.Value
	steps    uint64
	manifest manifest
	spec     *bots.Spec
	pool     sync.Pool // of *instance: an event needs one of its own
}

// Load reads a script and runs its top level. name is that of its file, for errors. Those are *Fault, or several joined, with
// a line and a column; one that wraps bots.ErrRunaway says that the top level used more than it may.
func Load(name string, source []byte, opt Options) (*Script, error) {
	if len(source) > SourceMax {
		return nil, tooLong(name, source)
	}
	s := &Script{name: name, steps: opt.Steps}
	if s.steps == 0 {
		s.steps = DefaultSteps
	}
	var err error
	if s.config, err = frozenConfig(opt.Config); err != nil {
		return nil, &Fault{File: name, Line: 1, Reason: "its config: " + err.Error(), Err: err}
	}
	file, err := dialect().Parse(name, source, 0)
	if err != nil {
		return nil, s.unreadable(err)
	}
	if err := s.lint(file); err != nil {
		return nil, err
	}
	names := (&instance{script: s}).predeclared()
	if s.program, err = starlark.FileProgram(file, names.Has); err != nil {
		return nil, s.unreadable(err)
	}
	in, builder, err := s.instance()
	if err != nil {
		return nil, err
	}
	if s.manifest, s.spec, err = builder.finish(in.globals); err != nil {
		return nil, &Fault{File: name, Line: 1, Reason: err.Error(), Err: err}
	}
	s.pool.Put(in)
	return s, nil
}

func tooLong(name string, source []byte) error {
	reason := fmt.Sprintf("the script has %d bytes, and %d at most are read", len(source), SourceMax)
	return &Fault{File: name, Line: 1, Reason: reason}
}

// dialect is the Starlark that scripts are written in.
func dialect() *syntax.FileOptions {
	return &syntax.FileOptions{Set: true, While: true, TopLevelControl: true}
}

func frozenConfig(config map[string]any) (starlark.Value, error) {
	if len(config) == 0 {
		config = map[string]any{}
	}
	b, err := json.Marshal(config)
	if err != nil {
		return nil, err
	}
	v, err := decode(b)
	if err != nil {
		return nil, err
	}
	v.Freeze()
	return v, nil
}

// instance runs the top level once. What it makes is for one event at a time, because what a script knows of the event
// (user, event, state) is found by it; its globals are the same as every other's, since nothing at the top level can
// differ.
func (s *Script) instance() (*instance, *builder, error) {
	in := &instance{script: s, handlers: map[string]*handler{}, builder: newBuilder(s.name)}
	thread := s.thread(in)
	timer := time.AfterFunc(loadTime, func() { thread.Cancel("") })
	defer timer.Stop()
	in.names = in.predeclared()
	globals, err := s.program.Init(thread, in.names)
	globals.Freeze()
	if err != nil {
		return nil, nil, s.fault(err, in.runaway(thread, timer))
	}
	b := in.builder
	in.builder, in.globals = nil, globals
	return in, b, nil
}

// thread is a new thread of the script. It never prints, loads nothing, and stops after as many steps as it may do.
func (s *Script) thread(in *instance) *starlark.Thread {
	thread := &starlark.Thread{Name: s.name, Print: in.print, Load: noModules}
	thread.SetMaxExecutionSteps(s.steps)
	return thread
}

func noModules(*starlark.Thread, string) (starlark.StringDict, error) {
	return nil, errors.New("a bot is one file: it can't load another one")
}

// Spec is what the script declares.
func (s *Script) Spec() *bots.Spec { return s.spec }

// Hear runs the function that the script has for the event. Its errors are ErrWaiting, what ended ctx, and *Fault, which wraps
// what a Turn gave, and bots.ErrRunaway when the script did too much or took too long.
func (s *Script) Hear(ctx context.Context, t *bots.Turn) error {
	return s.hear(ctx, t, occasion(t))
}

func (s *Script) hear(ctx context.Context, st stage, h *heard) error {
	in, err := s.free()
	if err != nil {
		return err
	}
	r := &run{ctx: ctx, stage: st, heard: h, thread: s.thread(in), script: s, in: in}
	in.run, in.names["here"] = r, starlark.String(h.Here.String())
	err = r.play()
	in.run = nil
	s.pool.Put(in)
	return err
}

// free is an instance that nobody uses.
func (s *Script) free() (*instance, error) {
	if in, ok := s.pool.Get().(*instance); ok {
		return in, nil
	}
	in, _, err := s.instance()
	return in, err
}

// play calls the handler.
func (r *run) play() error {
	if r.ctx.Done() != nil {
		stop := context.AfterFunc(r.ctx, func() { r.thread.Cancel("") })
		defer stop()
	}
	fn, args, err := r.called()
	if err != nil {
		return err
	}
	v, err := starlark.Call(r.thread, fn, args, nil)
	switch {
	case errors.Is(r.failed, bots.ErrWaiting):
		return bots.ErrWaiting
	case err == nil && r.failed != nil:
		err = r.failed
	}
	if err != nil {
		return r.script.fault(err, r.ended())
	}
	return r.answer(fn, v)
}

// ended says why the thread was stopped from outside; nil: it was not.
func (r *run) ended() error {
	switch err := r.ctx.Err(); {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: it did not end in time", bots.ErrRunaway)
	case err != nil:
		return err
	}
	return r.script.spent(r.thread)
}

// spent is an ErrRunaway when a thread has done more steps than it may.
func (s *Script) spent(thread *starlark.Thread) error {
	if thread.ExecutionSteps() < s.steps {
		return nil
	}
	return fmt.Errorf("%w: it did more than %d steps; is there a loop without an end?", bots.ErrRunaway, s.steps)
}

func (in *instance) runaway(thread *starlark.Thread, timer *time.Timer) error {
	if !timer.Stop() {
		return fmt.Errorf("%w: its top level did not end within %v", bots.ErrRunaway, loadTime)
	}
	return in.script.spent(thread)
}

// answer says what a handler has returned.
func (r *run) answer(fn *starlark.Function, v starlark.Value) error {
	var err error
	switch v := v.(type) {
	case starlark.NoneType:
	case starlark.String:
		if v != "" {
			_, err = r.stage.Say(bots.Message{Text: string(v)})
		}
	default:
		err = fmt.Errorf("%s returned %s; a handler returns a text, which is said, or nothing", fn.Name(), article(v))
	}
	if err == nil {
		return nil
	}
	return r.script.faultAt(fn.Position(), err)
}

// Migrate asks the script's function migrate what becomes of a dialog that an earlier version began.
func (s *Script) Migrate(ctx context.Context, d bots.Past) (answers []string, ok bool, err error) {
	in, err := s.free()
	if err != nil {
		return nil, false, err
	}
	defer s.pool.Put(in)
	fn, is := in.globals[migrateName].(*starlark.Function)
	if !is {
		return nil, false, nil
	}
	thread := s.thread(in)
	stop := context.AfterFunc(ctx, func() { thread.Cancel("") })
	defer stop()
	v, err := starlark.Call(thread, fn, starlark.Tuple{pastValue(d)}, nil)
	if err != nil {
		return nil, false, s.fault(err, s.spent(thread))
	}
	if v == starlark.None {
		return nil, false, nil
	}
	if answers, err = texts(v); err != nil {
		return nil, false, s.faultAt(fn.Position(), fmt.Errorf("migrate returned %s; it returns a list of texts, or None", article(v)))
	}
	return answers, true, nil
}

// print logs what the script prints; at the top level there is nobody to tell.
func (in *instance) print(_ *starlark.Thread, line string) {
	if in.run != nil {
		in.run.stage.Log(in.run.ctx, line)
	}
}

// decode reads plain data.
func decode(b []byte) (starlark.Value, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return plain(v)
}
