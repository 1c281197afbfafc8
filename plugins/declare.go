package plugins

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/plugins/internal/rpc"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/schedule"
)

// declaration is what a program answers to initialize. One that declares nothing hears every message.
type declaration struct {
	API       int                          `json:"api"`
	Help      string                       `json:"help"`
	Texts     map[string]map[string]string `json:"texts"`
	Prefixes  []string                     `json:"prefixes"`
	Machines  bool                         `json:"machines"`
	Parallel  int                          `json:"parallel"`
	Commands  []declaredCommand            `json:"commands"`
	Patterns  []declaredPattern            `json:"patterns"`
	Events    []string                     `json:"events"`
	Schedules []declaredSchedule           `json:"schedules"`
	Buttons   []string                     `json:"buttons"`
	Hooks     []string                     `json:"hooks"`
	Traits    json.RawMessage              `json:"traits"` // of a connector
	Reply     json.RawMessage              `json:"reply"`  // means nothing here: of programs that answer everything alike
}

type declaredCommand struct {
	Usage    string   `json:"usage"`
	Help     string   `json:"help"`
	Roles    []string `json:"roles"`
	Cooldown string   `json:"cooldown"`
}

type declaredPattern struct {
	ID       string   `json:"id"`
	Pattern  string   `json:"pattern"`
	Help     string   `json:"help"`
	Roles    []string `json:"roles"`
	Cooldown string   `json:"cooldown"`
}

type declaredSchedule struct {
	ID     string `json:"id"`
	Spec   string `json:"spec"`
	Zone   string `json:"zone"`
	Missed string `json:"missed"`
	To     string `json:"to"`
}

// The kinds of event that are no bots.Kind.
const (
	kindCommand  = "command"
	kindPattern  = "pattern"
	kindMention  = "mention"
	kindMessage  = "message"
	kindPressed  = "pressed"
	kindSchedule = "schedule"
	kindHook     = "hook"
)

// What a declaration may come to.
const (
	parallelMax = 64
	patternMax  = 1000 // bytes
)

// wants is what a trigger is called in the protocol.
type wants struct{ kind, name string }

// declares reads the answer to initialize. null and {} declare nothing.
func declares(raw json.RawMessage) (*declaration, error) {
	d := &declaration{}
	if len(raw) == 0 || string(raw) == "null" {
		return d, nil
	}
	if raw[0] != '{' {
		return nil, rpc.Wants("its result", raw, "an object")
	}
	if err := rpc.Strictly(raw, d); err != nil {
		return nil, err
	}
	switch {
	case d.API != 0 && d.API != API:
		return nil, fmt.Errorf("it speaks api %d, Roost speaks api %d", d.API, API)
	case d.Parallel < 0 || d.Parallel > parallelMax:
		return nil, fmt.Errorf("parallel is %d; it can be 1 to %d", d.Parallel, parallelMax)
	}
	return d, nil
}

// speccing makes a Spec of a declaration.
type speccing struct {
	spec  *bots.Spec
	names map[string]wants
}

// add adds a trigger that is called w in the protocol.
func (s *speccing) add(w wants, t bots.Trigger) error {
	t.ID = w.kind + ":" + w.name
	if w.kind == kindSchedule {
		t.ID = w.name // it is the name of its calls
	}
	if _, twice := s.names[t.ID]; twice {
		return fmt.Errorf("the %s %q is there twice", w.kind, w.name)
	}
	s.names[t.ID] = w
	s.spec.Triggers = append(s.spec.Triggers, t)
	return nil
}

// spec is the declaration as bots takes it, and the names of its triggers by their IDs.
func (d *declaration) spec(locale string) (*bots.Spec, map[string]wants, error) {
	s := &speccing{
		spec:  &bots.Spec{Help: d.Help, Locale: locale, Texts: d.Texts, Prefixes: d.Prefixes, Machines: d.Machines},
		names: map[string]wants{},
	}
	for _, add := range []func(*speccing) error{d.commands, d.patterns, d.schedules, d.others, d.events} {
		if err := add(s); err != nil {
			return nil, nil, err
		}
	}
	if len(s.spec.Triggers) == 0 {
		if err := s.add(wants{kind: kindMessage}, bots.Trigger{Any: true}); err != nil {
			return nil, nil, err
		}
	}
	for _, k := range []bots.Kind{bots.Woken, bots.Answered, bots.Sent} { // what follows from its own calls
		if err := s.add(wants{kind: string(k)}, bots.Trigger{Kind: k}); err != nil {
			return nil, nil, err
		}
	}
	return s.spec, s.names, nil
}

func (d *declaration) commands(s *speccing) error {
	for _, c := range d.Commands {
		usage, err := bots.ParseUsage(strings.TrimLeft(c.Usage, "/!"))
		if err != nil {
			return fmt.Errorf("the command %q: %w", c.Usage, err)
		}
		cooldown, err := bots.ParseCooldown(c.Cooldown)
		if err != nil {
			return fmt.Errorf("the command %q: %w", c.Usage, err)
		}
		t := bots.Trigger{Command: usage, Help: c.Help, Roles: c.Roles, Cooldown: cooldown}
		if err := s.add(wants{kindCommand, usage.Name}, t); err != nil {
			return err
		}
	}
	return nil
}

func (d *declaration) patterns(s *speccing) error {
	for _, p := range d.Patterns {
		if len(p.Pattern) > patternMax || p.Pattern == "" {
			return fmt.Errorf("the pattern %.40q has %d bytes; it can have 1 to %d", p.Pattern, len(p.Pattern), patternMax)
		}
		re, err := regexp.Compile(p.Pattern)
		if err != nil {
			return fmt.Errorf("the pattern %q: %w", p.Pattern, err)
		}
		cooldown, err := bots.ParseCooldown(p.Cooldown)
		if err != nil {
			return fmt.Errorf("the pattern %q: %w", p.Pattern, err)
		}
		if p.ID == "" {
			p.ID = p.Pattern
		}
		t := bots.Trigger{Pattern: re, Help: p.Help, Roles: p.Roles, Cooldown: cooldown}
		if err := s.add(wants{kindPattern, p.ID}, t); err != nil {
			return err
		}
	}
	return nil
}

func (d *declaration) schedules(s *speccing) error {
	for _, w := range d.Schedules {
		if w.ID == "" {
			w.ID = w.Spec
		}
		parsed, err := schedule.Parse(w.Spec, w.Zone)
		if err != nil {
			return fmt.Errorf("the schedule %s: %w", w.ID, err)
		}
		missed, err := schedule.ParsePolicy(w.Missed)
		if err != nil {
			return fmt.Errorf("the schedule %s: %w", w.ID, err)
		}
		sched := &bots.Schedule{Schedule: parsed, Missed: missed}
		if w.To != "" {
			if sched.To, err = chat.ParseConversation(w.To); err != nil {
				return fmt.Errorf("the schedule %s: to: %w", w.ID, err)
			}
		}
		if err := s.add(wants{kindSchedule, w.ID}, bots.Trigger{Schedule: sched}); err != nil {
			return err
		}
	}
	return nil
}

func (d *declaration) others(s *speccing) error {
	for _, b := range d.Buttons {
		if err := s.add(wants{kindPressed, b}, bots.Trigger{Button: b}); err != nil {
			return err
		}
	}
	for _, h := range d.Hooks {
		if err := s.add(wants{kindHook, h}, bots.Trigger{Hook: h}); err != nil {
			return err
		}
	}
	return nil
}

// events come last, and of these any message: the first trigger that matches has an event.
func (d *declaration) events(s *speccing) error {
	kinds := []bots.Kind{bots.Edited, bots.Deleted, bots.Reacted, bots.Pinned, bots.Joined, bots.Left}
	order := slices.Clone(d.Events)
	slices.SortStableFunc(order, func(a, b string) int {
		rank := map[string]int{kindMention: 1, kindMessage: 2}
		return rank[a] - rank[b]
	})
	for _, name := range order {
		t := bots.Trigger{Kind: bots.Kind(name)}
		switch {
		case name == kindMention:
			t = bots.Trigger{Mention: true}
		case name == kindMessage:
			t = bots.Trigger{Any: true}
		case !slices.Contains(kinds, t.Kind):
			return fmt.Errorf("there is no event %q; it can be message, mention, edited, deleted, reacted, pinned, joined or left", name)
		}
		if err := s.add(wants{kind: name}, t); err != nil {
			return err
		}
	}
	return nil
}
