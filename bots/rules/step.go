package rules

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// step is one thing that a rule does.
type step struct {
	at  spot
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
		at    value
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
func (l *loader) steps(v value, in *scope) []step {
	if l.deep++; l.deep > deepest {
		v.fault("put the inner ones under define:", "steps lie more than %d deep in one another", deepest)
		l.deep--
		return nil
	}
	defer func() { l.deep-- }()
	var all []step
	for _, item := range v.list() {
		entries := item.entries()
		if len(entries) == 0 && item.isMap() {
			item.fault("", "does nothing")
		}
		all = append(all, l.actions(entries, in)...)
	}
	return all
}

// actions reads the actions of one mapping, in their order.
func (l *loader) actions(entries []entry, in *scope) []step {
	known := l.verbs()
	var all []step
	for _, e := range entries {
		switch read, ok := known[e.key]; {
		case e.key == "do":
			all = append(all, l.steps(e.value, in)...)
		case e.key == "choices":
			l.choicesOf(all, e, in)
		case e.key == "if":
			all = append(all, step{e.at, l.branch(e, entries, in)})
		case e.key == "then" || e.key == "else":
			if !slices.ContainsFunc(entries, func(o entry) bool { return o.key == "if" }) {
				l.add(e.at, "", "there is no if to it")
			}
		case !ok:
			names := append(slices.Collect(maps.Keys(known)), "do", "if", "choices")
			slices.Sort(names)
			l.add(e.at, nearest(e.key, names), "unknown key")
		default:
			if a := read(e.value, in); a != nil {
				all = append(all, step{e.at, a})
			}
		}
	}
	return all
}

// verbs are what a step can do.
func (l *loader) verbs() map[string]func(value, *scope) action {
	return map[string]func(value, *scope) action{
		"reply":    func(v value, in *scope) action { return l.reply(v, in) },
		"edit":     l.edit,
		"ask":      l.ask,
		"react":    l.react,
		"set":      l.set,
		"hand_off": func(v value, in *scope) action { return &handOff{l.words(v, in)} },
		"run":      l.run,
		"remove":   func(v value, _ *scope) action { l.yes(v); return &remove{} },
		"typing":   func(v value, _ *scope) action { l.yes(v); return &typing{} },
		"wake":     l.wake,
		"unwake": func(v value, _ *scope) action {
			w, _ := v.word()
			return &unwake{w}
		},
	}
}

// answerName is how an answer is called that has no other name.
const answerName = "answer"

// answerOf is how the answer to a question is called.
func answerOf(v value) string {
	if v.isMap() {
		for _, e := range (value{&faults{}, v.node, v.spot}).entries() {
			if w, ok := e.value.word(); e.key == "as" && ok {
				return w
			}
		}
	}
	return answerName
}

func (l *loader) ask(v value, in *scope) action {
	a := &ask{as: answerName}
	if in.unattended {
		v.fault("", "nobody is there to answer")
	}
	if !v.isMap() {
		a.texts = l.sayings(v, in)
		return a
	}
	known := l.saying(&a.reply, in)
	delete(known, "to")
	delete(known, "text")
	maps.Copy(known, map[string]func(value){
		"question": func(v value) { a.texts = l.sayings(v, in) },
		"choices":  func(v value) { a.choices = l.choices(v, in, false) },
		"type":     func(v value) { a.kind = l.paramKind(v) },
		"timeout":  func(v value) { a.timeout = l.duration(v) },
		"late":     func(v value) { a.late = l.steps(v, in) },
		"as": func(v value) {
			if a.as, _ = v.word(); !isName(a.as) || reserved(a.as) || a.as == "text" {
				v.fault("use lower-case letters, digits and _", "%q is no name for an answer, or it is taken", a.as)
			}
		},
	})
	v.fields(known)
	if len(a.texts) == 0 {
		v.fault("write question:", "asks nothing")
	}
	if a.kind != "" && len(a.choices) > 0 {
		v.fault("leave type out", "an answer that is one of several choices has no type")
	}
	return a
}

func (l *loader) paramKind(v value) bots.ParamKind {
	kinds := []string{string(bots.TextParam), string(bots.NumberParam), string(bots.DurationParam), string(bots.UserParam)}
	s, _ := v.word()
	if !slices.Contains(kinds, s) {
		v.fault(nearest(s, kinds), "%q is no type", s)
	}
	return bots.ParamKind(s)
}

func (*loader) duration(v value) time.Duration {
	s, ok := v.word()
	if !ok {
		return 0
	}
	d, err := parseDuration(s)
	if err != nil {
		v.fault("", "%v", err)
	}
	return d
}

// parseDuration reads a length of time as people write one.
func parseDuration(s string) (time.Duration, error) {
	v, err := bots.Param{Name: "time", Kind: bots.DurationParam}.Value(text.Plain(s), "")
	return v.Duration, err
}

func (l *loader) react(v value, _ *scope) action {
	r := &react{}
	if v.isMap() {
		v.fields(map[string]func(value){
			"emoji":  func(v value) { r.emoji, _ = v.word() },
			"remove": func(v value) { r.remove = l.yes(v) },
		})
	} else {
		r.emoji, _ = v.word()
	}
	if r.emoji == "" || len(r.emoji) > 64 {
		v.fault("write react: 👍", "wants an emoji")
	}
	return r
}

// sets are several values that are set at once, in their order.
type sets []step

func (l *loader) set(v value, in *scope) action {
	var all sets
	for _, e := range v.entries() {
		scope, key, ok := strings.Cut(e.key, ".")
		if !ok || !isScope(scope) || !isName(key) {
			l.add(e.at, "write person.count, talk.count or bot.count", "%s is no part of the state", e.key)
			continue
		}
		in.read([]string{scope, key}, e.value)
		s := &set{scope: bots.Scope(scope), key: key}
		if literal, ok := e.value.literal(); ok {
			s.value = literal
		} else if s.expr = l.formula(e.value, in); s.expr == nil {
			continue
		}
		all = append(all, step{e.at, s})
	}
	return all
}

func (l *loader) run(v value, in *scope) action {
	if !v.isWord() {
		s := &shared{steps: l.steps(v, in)}
		return &run{at: v, steps: s}
	}
	name, _ := v.word()
	r := &run{at: v, name: name}
	l.runs = append(l.runs, r)
	for _, by := range l.where {
		if s := l.defined[by]; s != nil {
			s.runs = append(s.runs, name)
		}
	}
	return r
}

func (l *loader) wake(v value, in *scope) action {
	w := &wake{id: hash(v.node.String())}
	v.fields(map[string]func(value){
		"after": func(v value) {
			if w.after = l.words(v, in); len(w.after) == 1 {
				l.duration(v)
			}
		},
		"as": func(v value) { w.as, _ = v.word() },
		"do": func(v value) { w.steps = l.steps(v, in) },
	})
	if w.after == nil || w.steps == nil {
		v.fault("write {after: 2h, do: {reply: …}}", "wants after and do")
	}
	if w.as != "" {
		w.id = "as " + w.as
	}
	if o := l.wakes[w.id]; o != nil && w.as != "" {
		v.fault("", "two are called %s", w.as)
	}
	l.wakes[w.id] = w
	return w
}

func (l *loader) branch(e entry, entries []entry, in *scope) action {
	b := &branch{cond: l.condition(e.value, in)}
	found := false
	for _, o := range entries {
		switch o.key {
		case "then":
			b.then, found = l.steps(o.value, in), true
		case "else":
			b.otherwise, found = l.steps(o.value, in), true
		}
	}
	if !found {
		l.add(e.at, "a condition of the whole rule stands beside its when:, and the rule has no then: nor else:", "if wants then: or else:")
	}
	return b
}
