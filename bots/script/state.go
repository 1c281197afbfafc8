package script

import (
	"errors"
	"fmt"

	"go.starlark.net/starlark"

	"github.com/roost-im/roost/bots"
)

// state is the value of that name; its attributes are the scopes.
type state struct{ person, talk, bot *scope }

func (in *instance) state() state {
	of := func(s bots.Scope) *scope {
		sc := &scope{in: in, of: s}
		sc.get = in.doing("state."+string(s)+".get", sc.getOr)
		sc.pop = in.doing("state."+string(s)+".pop", sc.popOr)
		return sc
	}
	return state{of(bots.OfPerson), of(bots.OfTalk), of(bots.OfBot)}
}

var (
	_ starlark.HasAttrs  = state{}
	_ starlark.HasSetKey = (*scope)(nil)
	_ starlark.HasAttrs  = (*scope)(nil)
	_ starlark.Container = (*scope)(nil)
)

func (s state) String() string        { return "state" }
func (s state) Type() string          { return "state" }
func (s state) Freeze()               {}
func (s state) Truth() starlark.Bool  { return true }
func (s state) Hash() (uint32, error) { return 0, errors.New("state is no key") }
func (s state) AttrNames() []string   { return []string{"bot", "person", "talk"} }

// Attr is a scope.
func (s state) Attr(name string) (starlark.Value, error) {
	switch bots.Scope(name) {
	case bots.OfPerson:
		return s.person, nil
	case bots.OfTalk:
		return s.talk, nil
	case bots.OfBot:
		return s.bot, nil
	}
	return nil, nil //nolint:nilnil // Starlark's word for no such attribute
}

// scope is a part of the state. What it gives are copies: a change of one is kept when it is put back.
type scope struct {
	in       *instance
	of       bots.Scope
	get, pop *starlark.Builtin
}

func (s *scope) String() string        { return "state." + string(s.of) }
func (s *scope) Type() string          { return "state" }
func (s *scope) Freeze()               {}
func (s *scope) Truth() starlark.Bool  { return true }
func (s *scope) Hash() (uint32, error) { return 0, errors.New("state is no key") }
func (s *scope) AttrNames() []string   { return []string{"get", "pop"} }

// Attr is a method.
func (s *scope) Attr(name string) (starlark.Value, error) {
	switch name {
	case "get":
		return s.get, nil
	case "pop":
		return s.pop, nil
	}
	return nil, nil //nolint:nilnil // Starlark's word for no such attribute
}

// Get is state.person[key].
func (s *scope) Get(key starlark.Value) (v starlark.Value, found bool, err error) {
	name, r, err := s.at(key)
	if err != nil {
		return nil, false, err
	}
	raw, err := r.stage.Get(r.ctx, s.of, name)
	if err != nil || raw == nil {
		return nil, false, r.keep(err)
	}
	if v, err = decode(raw); err != nil {
		return nil, false, fmt.Errorf("what is kept as %q can't be read: %w", name, err)
	}
	return v, true, nil
}

// Has is key in state.person.
func (s *scope) Has(key starlark.Value) (bool, error) {
	_, found, err := s.Get(key)
	return found, err
}

// SetKey is state.person[key] = v.
func (s *scope) SetKey(key, v starlark.Value) error {
	name, r, err := s.at(key)
	if err != nil {
		return err
	}
	raw, err := encode(v)
	if err != nil {
		return fmt.Errorf("%s[%q]: %w", s, name, err)
	}
	return r.keep(r.stage.Set(r.ctx, s.of, name, raw))
}

func (s *scope) at(key starlark.Value) (string, *run, error) {
	if s.in.run == nil {
		return "", nil, errors.New("state" + tooEarly)
	}
	name, ok := starlark.AsString(key)
	if !ok {
		return "", nil, fmt.Errorf("%s is kept by names, which are texts; %s is %s", s, key, article(key))
	}
	return name, s.in.run, nil
}

func (s *scope) getOr(_ *run, c call) (starlark.Value, error) {
	var key, or starlark.Value = nil, starlark.None
	if err := c.unpack("key", &key, "default?", &or); err != nil {
		return nil, err
	}
	v, found, err := s.Get(key)
	if err != nil || found {
		return v, err
	}
	return or, nil
}

func (s *scope) popOr(r *run, c call) (starlark.Value, error) {
	var key, or starlark.Value
	if err := c.unpack("key", &key, "default?", &or); err != nil {
		return nil, err
	}
	v, found, err := s.Get(key)
	switch {
	case err != nil:
		return nil, err
	case !found && or == nil:
		return nil, fmt.Errorf("nothing is kept as %s; give a default", key)
	case !found:
		return or, nil
	}
	name, _ := starlark.AsString(key)
	return v, r.keep(r.stage.Set(r.ctx, s.of, name, nil))
}
