// Package rules makes bots of YAML: when something happens, something is done.
//
//	rules:
//	  - when: {command: 'echo <text...>', help: repeat the text}
//	    reply: '{text}'
//
// A file is read whole before anything of it runs: an unknown key, a pattern or expression that does not compile, a name
// in braces that nothing is known of, a button that nobody answers to are faults with their line and column, all told at
// once. Nothing in a file is code that could loop, and what it does is bounded by its size.
//
// A rule acts on the event that it is told of when it is the first that fits; when its condition (if) does not hold, the
// next rule that fits the same event does. Its actions run in the order in which they are written. One that asks waits for
// the answer, for days and over restarts: the rule is run again from its beginning, and the Turn replays what was before.
package rules

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"time"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/configs/strict"
	"github.com/roost-im/roost/router/chat"
)

// Options are what an operator says of a bot. The zero value of each field leaves it to the file.
type Options struct {
	Locale string // of the texts that are used
	Zone   string // of hour, weekday and schedules, where the file names none
	// Config is what the operator wants the rules to know: {config.name}. Plain data, as of a file.
	Config map[string]any
}

// Load makes a bot of a file of rules, called name in what is wrong with it. Its errors hold a *Fault for each thing that
// is wrong; Faults lists them.
func Load(name string, source []byte, opt Options) (bots.Bot, error) {
	l := &loader{File: fileOf(name), opt: opt}
	if root, ok := l.Parse(source); ok {
		l.load(root)
	}
	if err := wrong(l.File); err != nil {
		return nil, err
	}
	b := &bot{file: name, zone: l.zone, config: opt.Config, spec: l.spec, rules: l.rules, byID: map[string]int{}, wakes: l.wakes}
	for i, r := range l.rules {
		b.byID[r.id] = i
	}
	return b, nil
}

// bot is a file of rules, ready to run.
type bot struct {
	file   string
	zone   *time.Location
	config map[string]any
	spec   *bots.Spec
	rules  []*rule
	byID   map[string]int
	wakes  map[string]*wake
}

// rule is what is done when something happens.
type rule struct {
	id      string
	name    string // by which others run it; may be empty
	at      strict.Value
	trigger bots.Trigger
	spec    string   // of its schedule
	cond    *formula // nil: there is none
	steps   []step
}

// Spec is what the file declares.
func (b *bot) Spec() *bots.Spec { return b.spec }

// wokenID is the trigger of what wakes.
const wokenID = "woken"

// Hear runs the first rule that fits and whose condition holds.
func (b *bot) Hear(ctx context.Context, t *bots.Turn) error {
	if t.Trigger() == wokenID {
		return b.woken(ctx, t)
	}
	first, ok := b.byID[t.Trigger()]
	if !ok {
		return fmt.Errorf("%s has no rule %s", b.file, t.Trigger())
	}
	if done, err := b.try(ctx, t, first, t.Match()); done || err != nil {
		return err
	}
	for i, r := range b.rules {
		if i == first || i < first && b.rules[first].trigger.Command == nil {
			continue
		}
		groups, fits := r.follows(b.rules[first], t)
		if !fits {
			continue
		}
		if done, err := b.try(ctx, t, i, groups); done || err != nil {
			return err
		}
	}
	return nil
}

// try runs a rule if its condition holds.
func (b *bot) try(ctx context.Context, t *bots.Turn, i int, groups []string) (done bool, err error) {
	r := b.rules[i]
	p := &play{bot: b, turn: t, vars: map[string]any{}, args: map[string]any{}}
	p.take(r.trigger.Pattern, groups)
	if r.trigger.ID == t.Trigger() {
		p.takeArgs(t.Args())
	}
	if r.cond != nil {
		if holds, err := p.holds(ctx, r.cond); err != nil || !holds {
			return false, err
		}
	}
	return true, p.run(ctx, r.steps)
}

// follows says whether r may act on an event that hit another rule first, whose condition did not hold.
func (r *rule) follows(first *rule, t *bots.Turn) (groups []string, ok bool) {
	ev := t.Hear().Event
	switch w := ev.What.(type) {
	case chat.Posted:
		return r.followsWords(first, ev, w)
	case chat.Pressed:
		return nil, r.trigger.Button != "" && presses(r.trigger.Button, w.Button)
	case chat.Edited, chat.Deleted, chat.Reacted, chat.Pinned, chat.Joined, chat.Left, chat.Typing, chat.Read, chat.Bounced, chat.Called:
	}
	return nil, alike(&r.trigger, &first.trigger)
}

func (r *rule) followsWords(first *rule, ev chat.Event, said chat.Posted) (groups []string, ok bool) {
	switch t := &r.trigger; {
	case t.Pattern != nil:
		groups = t.Pattern.FindStringSubmatch(said.Text.Trim().Body)
		return groups, groups != nil
	case t.Mention:
		return nil, ev.Addressed || ev.Direct || first.trigger.Mention
	default:
		return nil, t.Any
	}
}

// play is one run of a rule.
type play struct {
	bot   *bot
	turn  *bots.Turn
	vars  map[string]any // what the rule knows by name
	args  map[string]any
	now   time.Time
	rand  *rand.Rand
	said  chat.Ref // the message that was said last
	wakes int
	steps int
}

// take makes arguments of a pattern's groups.
func (p *play) take(pattern *regexp.Regexp, groups []string) {
	if pattern == nil {
		return
	}
	for i, name := range pattern.SubexpNames() {
		if name != "" && i < len(groups) {
			p.args[name], p.vars[name] = groups[i], groups[i]
		}
	}
}

func (p *play) takeArgs(args bots.Args) {
	for name, v := range args {
		p.args[name], p.vars[name] = meant(v), meant(v)
	}
}

// stepsMost is how many steps one event may take. Steps that run others can make many of few lines.
const stepsMost = 1000

// errEnd says that the rule is at its end.
var errEnd = errors.New("the rule ends here")

// run does steps from the first to the last.
func (p *play) run(ctx context.Context, steps []step) error {
	err := p.do(ctx, steps)
	if errors.Is(err, errEnd) {
		return nil
	}
	return err
}

func (p *play) do(ctx context.Context, steps []step) error {
	for _, s := range steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		if p.steps++; p.steps > stepsMost {
			return fmt.Errorf("%s: %w: it takes more than %d steps", p.bot.file, bots.ErrRunaway, stepsMost)
		}
		err := s.act.do(ctx, p)
		switch {
		case err == nil:
		case errors.Is(err, bots.ErrWaiting), errors.Is(err, errEnd), errors.As(err, new(*placed)):
			return err
		default:
			return &placed{fmt.Sprintf("%s:%d:%d: %s", p.bot.file, s.at.Line, s.at.Column, s.at.Path), err}
		}
	}
	return nil
}

// placed is an error of a step and its place.
type placed struct {
	where string
	err   error
}

// Error is the place and the error.
func (p *placed) Error() string { return p.where + ": " + p.err.Error() }

// Unwrap gives the error.
func (p *placed) Unwrap() error { return p.err }
