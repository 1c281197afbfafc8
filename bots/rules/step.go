package rules

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/configs/strict"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// step is one thing that a rule does.
type step struct {
	at  strict.Spot
	act action
}

// The kinds of step.
type (
	reply struct {
		texts   []words // one of them is said
		choices []choice
		files   []string
		only    bool
		quote   bool
		to      chat.Conversation
	}
	edit  struct{ reply }
	react struct {
		emoji  string
		remove bool
	}
	set struct {
		scope bots.Scope
		key   string
		value any // nil: it is removed
		expr  *formula
	}
	ask struct {
		reply

		kind    bots.ParamKind
		timeout time.Duration
		as      string
		late    []step
	}
	handOff struct{ reason words }
	run     struct {
		at    strict.Value
		name  string
		steps *shared
	}
	remove struct{}
	typing struct{}
	wake   struct {
		id    string // by which its steps are found when the time has come
		as    string // one of this name replaces the one before; empty: each is its own
		after words
		steps []step
	}
	unwake struct{ as string }
	branch struct {
		cond            *formula
		then, otherwise []step
	}
)

// choice is one of several things to press or to answer.
type choice struct {
	label words
	value words
	id    string
	style chat.Style
}

// deepest is how deep steps may lie in one another.
const deepest = 8

// steps reads a list of steps, or one.
func (l *loader) steps(v strict.Value, in *scope) []step {
	if l.deep++; l.deep > deepest {
		v.Fault("put the inner ones under define:", "steps lie more than %d deep in one another", deepest)
		l.deep--
		return nil
	}
	defer func() { l.deep-- }()
	var all []step
	for _, item := range itemsOf(v) {
		entries := item.Entries()
		if len(entries) == 0 && item.Kind() == strict.Table {
			item.Fault("", "does nothing")
		}
		all = append(all, l.actions(entries, in)...)
	}
	return all
}

// actions reads the actions of one mapping, in their order.
func (l *loader) actions(entries []strict.Entry, in *scope) []step {
	known := l.verbs()
	var all []step
	for _, e := range entries {
		switch read, ok := known[e.Key]; {
		case e.Key == "do":
			all = append(all, l.steps(e.Value, in)...)
		case e.Key == "choices":
			l.choicesOf(all, e, in)
		case e.Key == "if":
			all = append(all, step{e.At, l.branch(e, entries, in)})
		case e.Key == "then" || e.Key == "else":
			if !slices.ContainsFunc(entries, func(o strict.Entry) bool { return o.Key == "if" }) {
				l.Fault(e.At, "", "there is no if to it")
			}
		case !ok:
			names := append(slices.Collect(maps.Keys(known)), "do", "if", "choices")
			slices.Sort(names)
			l.Fault(e.At, strict.DidYouMean(e.Key, names), "unknown key")
		default:
			if a := read(e.Value, in); a != nil {
				all = append(all, step{e.At, a})
			}
		}
	}
	return all
}

// verbs are what a step can do.
func (l *loader) verbs() map[string]func(strict.Value, *scope) action {
	return map[string]func(strict.Value, *scope) action{
		"reply":    func(v strict.Value, in *scope) action { return l.reply(v, in) },
		"edit":     l.edit,
		"ask":      l.ask,
		"react":    l.react,
		"set":      l.set,
		"hand_off": func(v strict.Value, in *scope) action { return &handOff{l.words(v, in)} },
		"run":      l.run,
		"remove":   func(v strict.Value, _ *scope) action { l.yes(v); return &remove{} },
		"typing":   func(v strict.Value, _ *scope) action { l.yes(v); return &typing{} },
		"wake":     l.wake,
		"unwake": func(v strict.Value, _ *scope) action {
			w, _ := textOf(v)
			return &unwake{w}
		},
	}
}

// answerName is how an answer is called that has no other name.
const answerName = "answer"

// answerOf is how the answer to a question is called.
func answerOf(v strict.Value) string {
	if v.Kind() == strict.Table {
		for _, e := range v.Quiet().Entries() {
			if w, ok := textOf(e.Value); e.Key == "as" && ok {
				return w
			}
		}
	}
	return answerName
}

func (l *loader) ask(v strict.Value, in *scope) action {
	a := &ask{as: answerName}
	if in.unattended {
		v.Fault("", "nobody is there to answer")
	}
	if v.Kind() != strict.Table {
		a.texts = l.sayings(v, in)
		return a
	}
	known := l.saying(&a.reply, in)
	delete(known, "to")
	delete(known, "text")
	maps.Copy(known, map[string]func(strict.Value){
		"question": func(v strict.Value) { a.texts = l.sayings(v, in) },
		"choices":  func(v strict.Value) { a.choices = l.choices(v, in, false) },
		"type":     func(v strict.Value) { a.kind = l.paramKind(v) },
		"timeout":  func(v strict.Value) { a.timeout = l.duration(v) },
		"late":     func(v strict.Value) { a.late = l.steps(v, in) },
		"as": func(v strict.Value) {
			if a.as, _ = textOf(v); !isName(a.as) || reserved(a.as) || a.as == "text" {
				v.Fault("use lower-case letters, digits and _", "%q is no name for an answer, or it is taken", a.as)
			}
		},
	})
	fields(v, known)
	if len(a.texts) == 0 {
		v.Fault("write question:", "asks nothing")
	}
	if a.kind != "" && len(a.choices) > 0 {
		v.Fault("leave type out", "an answer that is one of several choices has no type")
	}
	return a
}

func (l *loader) paramKind(v strict.Value) bots.ParamKind {
	kinds := []string{string(bots.TextParam), string(bots.NumberParam), string(bots.DurationParam), string(bots.UserParam)}
	s, _ := textOf(v)
	if !slices.Contains(kinds, s) {
		v.Fault(strict.DidYouMean(s, kinds), "%q is no type", s)
	}
	return bots.ParamKind(s)
}

func (*loader) duration(v strict.Value) time.Duration {
	s, ok := textOf(v)
	if !ok {
		return 0
	}
	d, err := parseDuration(s)
	if err != nil {
		v.Fault("", "%v", err)
	}
	return d
}

// parseDuration reads a length of time as people write one.
func parseDuration(s string) (time.Duration, error) {
	v, err := bots.Param{Name: "time", Kind: bots.DurationParam}.Value(text.Plain(s), "")
	return v.Duration, err
}

func (l *loader) react(v strict.Value, _ *scope) action {
	r := &react{}
	if v.Kind() == strict.Table {
		fields(v, map[string]func(strict.Value){
			"emoji":  func(v strict.Value) { r.emoji, _ = textOf(v) },
			"remove": func(v strict.Value) { r.remove = l.yes(v) },
		})
	} else {
		r.emoji, _ = textOf(v)
	}
	if r.emoji == "" || len(r.emoji) > 64 {
		v.Fault("write react: 👍", "wants an emoji")
	}
	return r
}

// sets are several values that are set at once, in their order.
type sets []step

func (l *loader) set(v strict.Value, in *scope) action {
	var all sets
	for _, e := range v.Entries() {
		scope, key, ok := strings.Cut(e.Key, ".")
		if !ok || !isScope(scope) || !isName(key) {
			l.Fault(e.At, "write person.count, talk.count or bot.count", "%s is no part of the state", e.Key)
			continue
		}
		in.read([]string{scope, key}, e.Value)
		s := &set{scope: bots.Scope(scope), key: key}
		if literal, ok := e.Value.Literal(); ok {
			s.value = literal
		} else if s.expr = l.formula(e.Value, in); s.expr == nil {
			continue
		}
		all = append(all, step{e.At, s})
	}
	return all
}

func (l *loader) run(v strict.Value, in *scope) action {
	if !v.IsWord() {
		s := &shared{steps: l.steps(v, in)}
		return &run{at: v, steps: s}
	}
	name, _ := textOf(v)
	r := &run{at: v, name: name}
	l.runs = append(l.runs, r)
	for _, by := range l.where {
		if s := l.defined[by]; s != nil {
			s.runs = append(s.runs, name)
		}
	}
	return r
}

func (l *loader) wake(v strict.Value, in *scope) action {
	w := &wake{id: hash(v.Source())}
	fields(v, map[string]func(strict.Value){
		"after": func(v strict.Value) {
			if w.after = l.words(v, in); len(w.after) == 1 {
				l.duration(v)
			}
		},
		"as": func(v strict.Value) { w.as, _ = textOf(v) },
		"do": func(v strict.Value) { w.steps = l.steps(v, in) },
	})
	if w.after == nil || w.steps == nil {
		v.Fault("write {after: 2h, do: {reply: …}}", "wants after and do")
	}
	if w.as != "" {
		w.id = "as " + w.as
	}
	if o := l.wakes[w.id]; o != nil && w.as != "" {
		v.Fault("", "two are called %s", w.as)
	}
	l.wakes[w.id] = w
	return w
}

func (l *loader) branch(e strict.Entry, entries []strict.Entry, in *scope) action {
	b := &branch{cond: l.condition(e.Value, in)}
	found := false
	for _, o := range entries {
		switch o.Key {
		case "then":
			b.then, found = l.steps(o.Value, in), true
		case "else":
			b.otherwise, found = l.steps(o.Value, in), true
		}
	}
	if !found {
		l.Fault(e.At, "a condition of the whole rule stands beside its when:, and the rule has no then: nor else:", "if wants then: or else:")
	}
	return b
}
