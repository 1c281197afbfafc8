package script

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.starlark.net/starlark"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/configs/strict"
)

// handler is a function of the script that is called for a trigger.
type handler struct {
	fn     *starlark.Function
	params []string // of fn
	own    []string // what the trigger itself gives: the arguments of the command, or the named groups of the pattern
	groups []string // of the pattern, by number
}

// declaring makes a function of the top level.
func (in *instance) declaring(name string, f func(*instance, call) error) *starlark.Builtin {
	return starlark.NewBuiltin(name, func(
		thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple,
	) (starlark.Value, error) {
		if in.builder == nil {
			return nil, fmt.Errorf("%s belongs at the top of the file, not into a function that is called later", name)
		}
		return starlark.None, f(in, call{thread: thread, name: name, args: args, kwargs: kwargs})
	})
}

// command is command("usage", fn, help=, roles=, cooldown=).
func (in *instance) command(c call) error {
	d := decl{Kind: kindCommand}
	var fn *starlark.Function
	if err := c.unpack(
		"usage", &d.Of, "fn", &fn, "help?", &d.Help, "roles?", (*words)(&d.Roles), "cooldown?", &d.Cooldown,
	); err != nil {
		return err
	}
	return in.declare(c, d, fn)
}

// on is on("kind", fn) and, for what has a second word, on("kind", "word", fn).
func (in *instance) on(c call) error {
	d := decl{}
	var first, second starlark.Value
	if err := c.unpack(
		"kind", &d.Kind, "of", &first, "fn?", &second, "help?", &d.Help, "roles?", (*words)(&d.Roles), "cooldown?", &d.Cooldown,
	); err != nil {
		return err
	}
	if !slices.Contains(onKinds(), d.Kind) {
		return fmt.Errorf("on(%q) is nothing that happens%s", d.Kind, didYouMean(d.Kind, onKinds()))
	}
	fn, _ := first.(*starlark.Function)
	if takesOf(d.Kind) {
		of, ok := starlark.AsString(first)
		if fn, _ = second.(*starlark.Function); !ok || fn == nil {
			return fmt.Errorf("it is written on(%q, \"…\", fn)", d.Kind)
		}
		d.Of = of
	} else if fn == nil || second != nil {
		return fmt.Errorf("it is written on(%q, fn)", d.Kind)
	}
	return in.declare(c, d, fn)
}

// every is every("0 9 * * 1-5", fn, tz=, to=, missed=, name=).
func (in *instance) every(c call) error {
	d := decl{Kind: kindEvery, Every: &decEvery{}}
	var fn *starlark.Function
	if err := c.unpack(
		"spec", &d.Of, "fn", &fn, "tz?", &d.Every.Zone, "to?", &d.Every.To, "missed?", &d.Every.Missed, "name?", &d.ID,
	); err != nil {
		return err
	}
	if d.ID == "" {
		d.ID = fn.Name()
	}
	return in.declare(c, d, fn)
}

// declare adds a declaration and looks whether its function fits it.
func (in *instance) declare(c call, d decl, fn *starlark.Function) error {
	at := c.thread.CallFrame(1).Pos
	d.Line, d.Column = int(at.Line), int(at.Col)
	t, err := in.builder.add(d)
	if err != nil {
		return err
	}
	params, err := paramsOf(fn)
	if err != nil {
		return err
	}
	h := &handler{fn: fn, params: params, own: argumentsOf(t)}
	if t.Pattern != nil {
		h.groups = t.Pattern.SubexpNames()
	}
	in.handlers[t.ID] = h
	return h.fits()
}

func paramsOf(fn *starlark.Function) ([]string, error) {
	if fn.HasVarargs() || fn.HasKwargs() || fn.NumKwonlyParams() > 0 {
		return nil, fmt.Errorf("%s has a * among its parameters; a function that is called for an event names each of them", fn.Name())
	}
	params := make([]string, fn.NumParams())
	for i := range params {
		params[i], _ = fn.Param(i)
	}
	return params, nil
}

// argumentsOf are the arguments that a trigger itself gives: those of the command, or the groups of the pattern.
func argumentsOf(t *bots.Trigger) []string {
	var names []string
	switch {
	case t.Command != nil:
		for _, p := range t.Command.Params {
			names = append(names, p.Name)
		}
	case t.Pattern != nil:
		names = slices.DeleteFunc(slices.Clone(t.Pattern.SubexpNames()), func(n string) bool { return n == "" })
	}
	return names
}

// fits says which of the function's parameters nothing is given for, and which argument of the command it does not take.
func (h *handler) fits() error {
	known := slices.Concat(h.own, eventAttrs())
	for i, p := range h.params {
		if h.fn.ParamDefault(i) == nil && !slices.Contains(known, p) {
			hint := ""
			if n := strict.Nearest(p, known); n != "" {
				hint = "; did you mean " + n + "?"
			}
			return fmt.Errorf("%s wants %s, which nothing here gives%s", h.fn.Name(), p, hint)
		}
	}
	for _, a := range h.own {
		if !slices.Contains(h.params, a) {
			return fmt.Errorf("%s does not take %s; write def %s(%s)", h.fn.Name(), a, h.fn.Name(), strings.Join(h.own, ", "))
		}
	}
	return nil
}

// about is bot(help=, prefixes=, machines=).
func (in *instance) about(c call) error {
	if len(c.args) > 0 {
		return errors.New("it is written bot(help=\"…\", prefixes=[…], machines=True)")
	}
	m := &in.builder.manifest
	if err := c.unpack("help?", &m.Help, "prefixes?", (*words)(&m.Prefixes), "machines?", &m.Machines); err != nil {
		return err
	}
	for _, p := range m.Prefixes {
		if p == "" || strings.ContainsAny(p, " \t\n") {
			return fmt.Errorf("%q is no prefix for commands: it has no spaces", p)
		}
	}
	return nil
}

// words is texts({"en": {"key": "text"}}, locale=).
func (in *instance) words(c call) error {
	var all *starlark.Dict
	m := &in.builder.manifest
	if err := c.unpack("texts", &all, "locale?", &m.Locale); err != nil {
		return err
	}
	if m.Texts != nil {
		return errors.New("texts(…) is there already; all locales go into one")
	}
	m.Texts = bots.Texts{}
	for _, item := range all.Items() {
		locale, ok := starlark.AsString(item[0])
		table, is := item[1].(*starlark.Dict)
		if !ok || !is {
			return errors.New("it is written texts({\"en\": {\"greeting\": \"Hello {name}\"}})")
		}
		m.Texts[locale] = map[string]string{}
		for _, entry := range table.Items() {
			key, ok := starlark.AsString(entry[0])
			text, is := starlark.AsString(entry[1])
			if !ok || !is {
				return fmt.Errorf("in the texts for %s, %s: %s is no text", locale, entry[0], entry[1])
			}
			m.Texts[locale][key] = text
		}
	}
	if _, there := m.Texts[m.Locale]; m.Locale != "" && !there {
		return fmt.Errorf("there are no texts for the locale %q", m.Locale)
	}
	return nil
}
