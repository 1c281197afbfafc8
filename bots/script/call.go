package script

import (
	"fmt"
	"slices"
	"strings"
	"time"

	startime "go.starlark.net/lib/time"
	"go.starlark.net/starlark"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/router/text"
)

// call is one call of a function that the host gives to scripts.
type call struct {
	thread *starlark.Thread
	name   string
	args   starlark.Tuple
	kwargs []starlark.Tuple
}

// unpack puts the arguments into variables, as starlark.UnpackArgs does, and names the nearest argument when one is not
// known: the library looks through half of them only.
func (c call) unpack(pairs ...any) error {
	for _, kw := range c.kwargs {
		name, _ := starlark.AsString(kw[0])
		known := make([]string, 0, len(pairs)/2)
		for i := 0; i < len(pairs); i += 2 {
			p, _ := pairs[i].(string)
			known = append(known, strings.TrimRight(p, "?"))
		}
		if !slices.Contains(known, name) {
			return fmt.Errorf("%s has no argument %s%s", c.name, name, didYouMean(name, known))
		}
	}
	return starlark.UnpackArgs(c.name, c.args, c.kwargs, pairs...)
}

// none is unpack for a function without arguments.
func (c call) none() error { return c.unpack() }

// duration is an argument that is a time span: "10m", "2h30m", "3d", or a value of the module time.
type duration time.Duration

// Unpack reads v.
func (d *duration) Unpack(v starlark.Value) error {
	switch v := v.(type) {
	case starlark.NoneType:
		return nil
	case startime.Duration:
		*d = duration(v)
		return nil
	case starlark.String:
		if v == "" {
			return nil
		}
		span, err := bots.Param{Kind: bots.DurationParam}.Value(text.Plain(string(v)), "")
		*d = duration(span.Duration)
		return err
	}
	return fmt.Errorf("%s is no time span; it is written like \"90s\", \"20m\", \"2h30m\" or \"3d\"", article(v))
}

// words is an argument that is a list of texts.
type words []string

// Unpack reads v.
func (w *words) Unpack(v starlark.Value) error {
	list, err := texts(v)
	*w = list
	return err
}

// texts reads a list of texts; None is none.
func texts(v starlark.Value) ([]string, error) {
	if v == starlark.None {
		return nil, nil
	}
	seq, ok := v.(starlark.Sequence)
	if !ok {
		return nil, fmt.Errorf("it is %s and must be a list of texts, like [\"one\", \"two\"]", article(v))
	}
	list := make([]string, 0, seq.Len())
	for item := range starlark.Elements(seq) {
		s, ok := starlark.AsString(item)
		if !ok {
			return nil, fmt.Errorf("there is %s in a list of texts", article(item))
		}
		list = append(list, s)
	}
	return list, nil
}

// choices is an argument that is a list of things to press: texts, pairs of a label and a value, buttons.
type choices []bots.Choice

// Unpack reads v.
func (c *choices) Unpack(v starlark.Value) error {
	if v == starlark.None {
		return nil
	}
	seq, ok := v.(starlark.Sequence)
	if !ok {
		return fmt.Errorf("it is %s and must be a list, like [\"S\", \"M\"]", article(v))
	}
	for item := range starlark.Elements(seq) {
		one, err := choiceOf(item)
		if err != nil {
			return err
		}
		*c = append(*c, one)
	}
	return nil
}

func choiceOf(v starlark.Value) (bots.Choice, error) {
	switch v := v.(type) {
	case starlark.String:
		if v != "" {
			return bots.Choice{Label: string(v)}, nil
		}
	case button:
		return bots.Choice(v), nil
	case starlark.Tuple:
		if label, value, ok := pairOf(v); ok {
			return bots.Choice{Label: label, Value: value}, nil
		}
	}
	return bots.Choice{}, fmt.Errorf("%s is no choice; one is a text, a pair (label, value) or a button()", v.String())
}

func pairOf(t starlark.Tuple) (label, value string, ok bool) {
	if len(t) != 2 {
		return "", "", false
	}
	label, ok1 := starlark.AsString(t[0])
	value, ok2 := starlark.AsString(t[1])
	return label, value, ok1 && ok2 && label != ""
}

// said is an argument that is a text to be shown to people.
type said string

// Unpack reads v.
func (s *said) Unpack(v starlark.Value) error {
	t, ok := v.(starlark.String)
	if !ok {
		return fmt.Errorf("it is %s and must be a text; str() makes one", article(v))
	}
	*s = said(t)
	return nil
}
