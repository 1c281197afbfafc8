package rules

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr/types"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/configs/strict"
	"github.com/roost-im/roost/router/chat"
)

// scope is what the texts and expressions of a rule know.
type scope struct {
	l          *loader
	own        types.Map // arguments, groups of a pattern, and answers
	args       types.Map // arguments and groups alone
	unattended bool      // nobody did it: a schedule or a webhook
}

// somebody is how a person is known.
func somebody() types.Map {
	return types.Map{"name": types.String, "id": types.String, "handle": types.String}
}

// common is what every rule knows.
func common() types.Map {
	state := types.TypeOf(map[string]any{})
	return types.Map{
		"user": somebody(), "text": types.String, "desk": types.String, "platform": types.String, "direct": types.Bool,
		"hour": types.Int, "weekday": types.String, "value": types.String, "emoji": types.String, "removed": types.Bool,
		"body": types.String, "person": state, "talk": state, "bot": state, "config": types.Map{},
	}
}

// types are what an expression can be made of.
func (s *scope) types() types.Map {
	all := common()
	all["config"] = settings(s.l.opt.Config)
	maps.Copy(all, s.own)
	all["args"] = s.args
	return all
}

// settings are the types of what the operator wants the rules to know.
func settings(config map[string]any) types.Map {
	known := types.Map{}
	for name, v := range config {
		switch v.(type) {
		case string:
			known[name] = types.String
		case float64:
			known[name] = types.Float64
		case bool:
			known[name] = types.Bool
		default:
			known[name] = types.Any
		}
	}
	return known
}

// knows says whether a path stands for something; the hint says what is meant instead.
func (s *scope) knows(path []string) (hint string, ok bool) {
	all := s.types()
	known := slices.Sorted(maps.Keys(all))
	of, ok := all[path[0]]
	if !ok {
		return strict.DidYouMean(path[0], known), false
	}
	if isScope(path[0]) && s.own[path[0]] == nil {
		return "write {" + path[0] + ".something}", len(path) == 2
	}
	fields, isMap := of.(types.Map)
	switch {
	case len(path) == 1 && path[0] != "args":
		return "", true
	case !isMap || len(path) > 2:
		return "", false
	case len(path) == 2 && fields[path[1]] != nil:
		return "", true
	}
	return strict.DidYouMean(path[len(path)-1], slices.Sorted(maps.Keys(fields))), false
}

// read notes that a part of the state is read or set.
func (s *scope) read(path []string, v strict.Value) {
	if s.unattended && path[0] == string(bots.OfPerson) {
		v.Fault("use talk or bot", "nobody does this, so there is no person")
	}
}

// lookup is what a path stands for now; nil where there is nothing.
func (p *play) lookup(ctx context.Context, path []string) (any, error) {
	name, rest := path[0], path[1:]
	if v, ok := p.vars[name]; ok {
		return field(v, rest), nil
	}
	switch name {
	case "args":
		if len(rest) == 0 {
			return p.args, nil
		}
		return p.args[rest[0]], nil
	case string(bots.OfPerson), string(bots.OfTalk), string(bots.OfBot):
		return p.get(ctx, bots.Scope(name), strings.Join(rest, "."))
	case "user":
		return field(known(p.turn.Person()), rest), nil
	case "config":
		return field(p.bot.config, rest), nil
	case "hour", "weekday":
		now, err := p.clock()
		if name == "hour" {
			return now.Hour(), err
		}
		return strings.ToLower(now.Weekday().String()), err
	}
	return p.happened(name), nil
}

// happened is what the event says of itself.
func (p *play) happened(name string) any {
	here := p.turn.Here()
	switch name {
	case "text":
		return strings.TrimSpace(p.turn.Text().Body)
	case "desk":
		return p.turn.Desk()
	case "platform":
		return here.Account.Platform()
	case "direct":
		return p.turn.Hear().Event.Direct
	}
	none := map[string]any{"value": "", "emoji": "", "removed": false, "body": ""}
	switch w := p.turn.Hear().Event.What.(type) {
	case chat.Pressed:
		none["value"] = w.Value
	case chat.Reacted:
		none["emoji"], none["removed"] = w.Emoji, w.Removed
	case chat.Pinned:
		none["removed"] = w.Removed
	case chat.Called:
		none["body"] = strings.ToValidUTF8(string(w.Body), "\uFFFD")
	case chat.Posted, chat.Edited, chat.Deleted, chat.Joined, chat.Left, chat.Typing, chat.Read, chat.Bounced:
	}
	return none[name]
}

// field is a part of v.
func field(v any, path []string) any {
	if len(path) == 0 {
		return v
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	return field(m[path[0]], path[1:])
}

// known is how a person is known to rules.
func known(who bots.Person) map[string]any {
	name := who.Name
	if name == "" {
		name = who.Handle
	}
	return map[string]any{"name": name, "id": string(who.ID), "handle": who.Handle}
}

// clock is the time in the file's zone. It stands still until the next answer, so that a rule sees one hour.
func (p *play) clock() (time.Time, error) {
	if p.now.IsZero() {
		now, err := p.turn.Now()
		if err != nil {
			return now, err
		}
		p.now = now.In(p.bot.zone)
	}
	return p.now, nil
}

func (p *play) get(ctx context.Context, of bots.Scope, key string) (any, error) {
	b, err := p.turn.Get(ctx, of, key)
	if err != nil || b == nil {
		return nil, err
	}
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		return nil, fmt.Errorf("%s.%s holds what rules did not write: %w", of, key, err)
	}
	return v, nil
}

// meant is an argument or an answer as rules know it.
func meant(v bots.Value) any {
	switch v.Kind {
	case bots.NumberParam:
		return v.Number
	case bots.DurationParam:
		return v.Duration
	case bots.UserParam:
		return known(v.Person)
	case bots.TextParam, bots.ChoiceParam, bots.RestParam:
	}
	return v.Text
}

// typeOf is the type of what meant gives.
func typeOf(kind bots.ParamKind) types.Type {
	switch kind {
	case bots.NumberParam:
		return types.Float64
	case bots.DurationParam:
		return types.TypeOf(time.Duration(0))
	case bots.UserParam:
		return somebody()
	case bots.TextParam, bots.ChoiceParam, bots.RestParam:
	}
	return types.String
}
