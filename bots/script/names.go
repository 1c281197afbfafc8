package script

import (
	"maps"

	"go.starlark.net/lib/json"
	startime "go.starlark.net/lib/time"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"

	"github.com/roost-im/roost/bots"
)

// predeclared are the names that the host gives to a script, besides those of the language.
func (in *instance) predeclared() starlark.StringDict {
	names := starlark.StringDict{
		"config": in.script.config,
		"event":  event{in},
		"here":   starlark.String(""),
		"http":   in.http(),
		"json":   json.Module,
		"state":  in.state(),
		"user":   &person{in: in},
		"button": starlark.NewBuiltin("button", newButton),
		"escape": starlark.NewBuiltin("escape", escape),
	}
	for name, f := range map[string]func(*instance, call) error{
		"bot": (*instance).about, "command": (*instance).command, "every": (*instance).every, "on": (*instance).on,
		"texts": (*instance).words,
	} {
		names[name] = in.declaring(name, f)
	}
	for name, f := range map[string]func(*run, call) (starlark.Value, error){
		"ask": (*run).ask, "cancel": (*run).cancel, "choice": (*run).choice, "confirm": (*run).confirm, "delete": (*run).unsay,
		"edit": (*run).edit, "hand_off": (*run).handOff, "later": (*run).later, "log": (*run).log, "now": (*run).now,
		"random": (*run).random, "react": (*run).react, "remove": (*run).remove, "say": (*run).say, "secret": (*run).secret,
		"t": (*run).text, "typing": (*run).typing, "unreact": (*run).react,
	} {
		names[name] = in.doing(name, f)
	}
	names["time"] = clockless(names["now"])
	return names
}

// clockless is Starlark's module time with a clock that is the Turn's.
func clockless(now starlark.Value) starlark.Value {
	members := maps.Clone(startime.Module.Members)
	members["now"] = now
	return &starlarkstruct.Module{Name: "time", Members: members}
}

// escape is escape("text"): what people wrote says itself, and is no markup.
func escape(
	thread *starlark.Thread, fn *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple,
) (starlark.Value, error) {
	var text string
	c := call{thread: thread, name: fn.Name(), args: args, kwargs: kwargs}
	if err := c.unpack("text", &text); err != nil {
		return nil, err
	}
	return starlark.String(bots.Escape(text)), nil
}
