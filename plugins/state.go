package plugins

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/plugins/internal/rpc"
)

// stateKey is whose value of what name.
type stateKey struct {
	Of  bots.Scope `json:"of"` // default: talk
	Key string     `json:"key"`
}

func (k stateKey) scope() bots.Scope {
	if k.Of == "" {
		return bots.OfTalk
	}
	return k.Of
}

// value is the answer to state.get.
type value struct {
	Value json.RawMessage `json:"value"` // null: there is none
}

func stateGet(ctx context.Context, t *bots.Turn, c rpc.Call) (any, error) {
	var p struct {
		about
		stateKey
	}
	if err := c.Read(&p); err != nil {
		return nil, err
	}
	v, err := t.Get(ctx, p.scope(), p.Key)
	switch {
	case err != nil:
		return nil, stateError(err)
	case v == nil || !json.Valid(v):
		return value{json.RawMessage("null")}, nil
	}
	return value{v}, nil
}

func stateSet(ctx context.Context, t *bots.Turn, c rpc.Call) (any, error) {
	var p struct {
		about
		unbiddenly
		stateKey
		Value json.RawMessage `json:"value"`
	}
	if err := c.Read(&p); err != nil {
		return nil, err
	}
	if string(p.Value) == "null" {
		p.Value = nil
	}
	return nil, stateError(t.Set(ctx, p.scope(), p.Key, p.Value))
}

// stateError makes what is not the program's fault fatal: it can't know what it does when it does not know its state.
func stateError(err error) error {
	if err == nil || errors.Is(err, bots.ErrMayNot) {
		return err
	}
	return fatal{err}
}
