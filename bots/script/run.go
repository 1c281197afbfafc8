package script

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	startime "go.starlark.net/lib/time"
	"go.starlark.net/starlark"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/router/chat"
)

// stage is what a script acts on: a *bots.Turn, or a worker's line to one.
type stage interface {
	speaker
	asker
	world
}

type speaker interface {
	Say(m bots.Message) (chat.Ref, error)
	Edit(of chat.Ref, m bots.Message) error
	Delete(of chat.Ref) error
	Remove() error
	React(emoji string, remove bool) error
	Typing(ctx context.Context)
	Words(key string, vars map[string]string) string
	Log(ctx context.Context, line string)
}

type asker interface {
	Ask(q bots.Question) (bots.Answer, error)
	HandOff(reason string) error
	Wake(name string, at time.Time, data []byte) error
	Unwake(name string) error
}

type world interface {
	Now() (time.Time, error)
	Rand() *rand.Rand
	Get(ctx context.Context, s bots.Scope, key string) ([]byte, error)
	Set(ctx context.Context, s bots.Scope, key string, value []byte) error
	HTTP(ctx context.Context, r bots.Request) (bots.Response, error)
	Secret(name string) (string, error)
}

// instance is the script's top level, run once. Its functions are called for one event at a time.
type instance struct {
	script   *Script
	names    starlark.StringDict // what the host gives to the script
	globals  starlark.StringDict
	handlers map[string]*handler
	builder  *builder // while the top level runs
	run      *run     // while an event is handled
}

// run is one event with a script.
type run struct {
	ctx    context.Context //nolint:containedctx // the methods of a Starlark value are given none
	stage  stage
	heard  *heard
	thread *starlark.Thread
	script *Script
	in     *instance
	rand   *rand.Rand
	wakes  int
	failed error // what the stage gave first; Starlark loses some errors
}

// doing makes a function that does something about an event.
func (in *instance) doing(name string, f func(*run, call) (starlark.Value, error)) *starlark.Builtin {
	return starlark.NewBuiltin(name, func(
		thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple,
	) (starlark.Value, error) {
		if in.run == nil {
			return nil, errors.New(name + tooEarly)
		}
		return f(in.run, call{thread: thread, name: name, args: args, kwargs: kwargs})
	})
}

const tooEarly = " works only in a function that is called for an event: at the top of the file nothing has happened yet"

// keep remembers what the stage gave.
func (r *run) keep(err error) error {
	if err != nil && r.failed == nil {
		r.failed = err
	}
	return err
}

// done is keep for what gives no value.
func (r *run) done(err error) (starlark.Value, error) { return starlark.None, r.keep(err) }

// called is the function that the event is for, and its arguments.
func (r *run) called() (*starlark.Function, starlark.Tuple, error) {
	if r.heard.Trigger == wokenID {
		return r.woken()
	}
	h := r.in.handlers[r.heard.Trigger]
	if h == nil {
		return nil, nil, &Fault{File: r.script.name, Line: 1, Reason: "there is no " + r.heard.Trigger}
	}
	args := make(starlark.Tuple, len(h.params))
	for i, name := range h.params {
		args[i] = r.argument(h, name)
		if args[i] == nil {
			args[i] = h.fn.ParamDefault(i)
		}
		if args[i] == nil {
			args[i] = starlark.None
		}
	}
	return h.fn, args, nil
}

// argument is what the event has for a parameter of a handler; nil: nothing.
func (r *run) argument(h *handler, name string) starlark.Value {
	if !slices.Contains(h.own, name) {
		return r.attr(name)
	}
	if v, ok := r.heard.Args[name]; ok {
		return paramValue(v)
	}
	if i := slices.Index(h.groups, name); i >= 0 && i < len(r.heard.Match) {
		return starlark.String(r.heard.Match[i])
	}
	return nil
}

// paramValue is an argument as scripts see it.
func paramValue(v bots.Value) starlark.Value {
	switch v.Kind {
	case bots.NumberParam:
		return number(v.Number)
	case bots.DurationParam:
		return startime.Duration(v.Duration)
	case bots.UserParam:
		return &person{p: v.Person}
	case bots.TextParam, bots.RestParam, bots.ChoiceParam:
	}
	return starlark.String(v.Text)
}

// number is an int when it is whole.
func number(f float64) starlark.Value {
	if i := int64(f); float64(i) == f {
		return starlark.MakeInt64(i)
	}
	return starlark.Float(f)
}

// put is what later() has kept.
type put struct {
	Fn   string          `json:"fn"`
	Args json.RawMessage `json:"args,omitempty"`
}

// woken is the function that later() has put off.
func (r *run) woken() (*starlark.Function, starlark.Tuple, error) {
	fault := func(format string, args ...any) (*starlark.Function, starlark.Tuple, error) {
		return nil, nil, &Fault{File: r.script.name, Line: 1, Reason: fmt.Sprintf(format, args...)}
	}
	var p put
	if err := json.Unmarshal([]byte(r.heard.Body), &p); err != nil {
		return fault("what later() has kept can't be read: %v", err)
	}
	fn, ok := r.in.globals[p.Fn].(*starlark.Function)
	if !ok {
		return fault("later() has put off %s, and the script has no such function any more", p.Fn)
	}
	if len(p.Args) == 0 {
		return fn, nil, nil
	}
	v, err := decode(p.Args)
	if err != nil {
		return fault("what later() has kept can't be read: %v", err)
	}
	list, ok := v.(*starlark.List)
	if !ok {
		return fault("what later() has kept can't be read")
	}
	args := make(starlark.Tuple, 0, list.Len())
	for item := range list.Elements() {
		args = append(args, item)
	}
	return fn, args, nil
}

// later is later(when, fn, *args, name=).
func (r *run) later(c call) (starlark.Value, error) {
	if len(c.args) < 2 {
		return nil, errors.New("it is written later(\"2h\", fn, …)")
	}
	rest := c.args[2:]
	short := call{thread: c.thread, name: c.name, args: c.args[:2], kwargs: c.kwargs}
	var when starlark.Value
	var fn *starlark.Function
	var name string
	if err := short.unpack("when", &when, "fn", &fn, "name?", &name); err != nil {
		return nil, err
	}
	if r.in.globals[fn.Name()] != starlark.Value(fn) {
		return nil, fmt.Errorf("%s is no function of the top of the file, so it could not be found again later", fn.Name())
	}
	if err := takes(fn, len(rest)); err != nil {
		return nil, err
	}
	at, err := r.due(when)
	if err != nil {
		return nil, err
	}
	p := put{Fn: fn.Name()}
	if p.Args, err = encode(starlark.NewList(rest)); err != nil {
		return nil, err
	}
	data, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	if name == "" {
		r.wakes++
		name = fn.Name() + "-" + string(r.heard.Key) + "-" + strconv.Itoa(r.wakes)
	}
	return starlark.String(name), r.keep(r.stage.Wake(name, at, data))
}

// takes says whether fn can be called with n arguments.
func takes(fn *starlark.Function, n int) error {
	most := fn.NumParams()
	least := 0
	for i := range most {
		if fn.ParamDefault(i) == nil {
			least++
		}
	}
	if n < least || n > most || fn.HasVarargs() || fn.HasKwargs() || fn.NumKwonlyParams() > 0 {
		return fmt.Errorf("%s can't be called with %d arguments", fn.Name(), n)
	}
	return nil
}

// due is when something shall be: a time, or a time span from now.
func (r *run) due(when starlark.Value) (time.Time, error) {
	if t, ok := when.(startime.Time); ok {
		return time.Time(t), nil
	}
	var span duration
	if err := span.Unpack(when); err != nil {
		return time.Time{}, err
	}
	if span <= 0 {
		return time.Time{}, fmt.Errorf("%s is not later than now", when.String())
	}
	now, err := r.stage.Now()
	return now.Add(time.Duration(span)), r.keep(err)
}

// cancel is cancel(name): what later() gave is put off for good.
func (r *run) cancel(c call) (starlark.Value, error) {
	var name string
	if err := c.unpack("name", &name); err != nil {
		return nil, err
	}
	return r.done(r.stage.Unwake(name))
}
