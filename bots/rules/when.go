package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/expr-lang/expr/types"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/configs/strict"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/schedule"
)

// kinds are the events that a rule can name.
func kinds() []string {
	return []string{
		string(bots.Edited), string(bots.Deleted), string(bots.Reacted), string(bots.Pinned), string(bots.Joined), string(bots.Left),
	}
}

// when reads what a rule acts on.
func (l *loader) when(h *head) {
	t := &h.rule.trigger
	h.scope = &scope{l: l, args: types.Map{}}
	v := h.when
	if v.IsWord() {
		l.whenWord(v, t)
		return
	}
	var set []string
	is := func(key string, read func(strict.Value)) func(strict.Value) {
		return func(v strict.Value) { set = append(set, key); read(v) }
	}
	plan, before := plan{zone: l.zoneName}, l.Len()
	fields(v, map[string]func(strict.Value){
		"command":  is("command", func(v strict.Value) { l.command(v, t, h.scope) }),
		"pattern":  is("pattern", func(v strict.Value) { l.pattern(v, t, h.scope) }),
		"mention":  is("mention", func(v strict.Value) { t.Mention = l.yes(v) }),
		"message":  is("message", func(v strict.Value) { t.Any = l.yes(v) }),
		"event":    is("event", func(v strict.Value) { l.event(v, t) }),
		"press":    is("press", func(v strict.Value) { t.Button, _ = textOf(v) }),
		"hook":     is("hook", func(v strict.Value) { l.hook(v, t, h.scope) }),
		"schedule": is("schedule", func(v strict.Value) { plan.spec = v; h.scope.unattended = true }),
		"zone":     func(v strict.Value) { plan.zone, _ = textOf(v); plan.extra = append(plan.extra, v) },
		"to":       func(v strict.Value) { plan.to = l.place(v); plan.extra = append(plan.extra, v) },
		"missed":   func(v strict.Value) { plan.missed = l.policy(v); plan.extra = append(plan.extra, v) },
		"if": func(v strict.Value) {
			if !h.cond.IsZero() {
				v.Fault("join them with and", "the rule has an if already")
			}
			h.cond = v
		},
		"roles":    func(v strict.Value) { t.Roles = textsOf(v) },
		"cooldown": func(v strict.Value) { l.cooldown(v, t) },
		"help":     func(v strict.Value) { t.Help, _ = textOf(v) },
	})
	if len(set) == 0 && l.Len() > before {
		return // most likely it is written wrong
	}
	if len(set) != 1 {
		what := "nothing"
		if len(set) > 1 {
			what = strings.Join(set, " and ")
		}
		v.Fault("write one of command, pattern, mention, message, event, press, hook and schedule", "acts on %s", what)
		return
	}
	l.planned(plan, h.rule)
}

// whenWord reads when: joined.
func (l *loader) whenWord(v strict.Value, t *bots.Trigger) {
	switch w, _ := textOf(v); {
	case w == "mention":
		t.Mention = true
	case w == "message":
		t.Any = true
	case slices.Contains(kinds(), w):
		t.Kind = bots.Kind(w)
	default:
		v.Fault(strict.DidYouMean(w, append(kinds(), "mention", "message")), "%q is nothing that happens", w)
	}
}

func (l *loader) yes(v strict.Value) bool {
	if !flagOf(v) {
		v.Fault("leave it out", "can only be true")
	}
	return true
}

// reserved are names that stand for something already, so that no argument may have them.
func reserved(name string) bool {
	_, taken := common()[name]
	return taken && name != "text" || name == "args" || name == "texts"
}

func (l *loader) command(v strict.Value, t *bots.Trigger, in *scope) {
	line, ok := textOf(v)
	if !ok {
		return
	}
	c, err := bots.ParseUsage(strings.TrimPrefix(strings.TrimSpace(line), "/"))
	if err != nil {
		v.Fault("", "%v", err)
		return
	}
	t.Command = c
	for _, r := range l.rules {
		if r.trigger.Command != nil && r.trigger.Command.Name == c.Name {
			v.Fault("use if: within one rule", "the command %s is there twice, first in line %d", c.Name, r.at.At.Line)
		}
	}
	for _, p := range c.Params {
		l.argument(v, p.Name, in)
		in.args[p.Name] = typeOf(p.Kind)
		if p.Optional {
			in.args[p.Name] = types.Any
		}
	}
}

func (l *loader) argument(v strict.Value, name string, in *scope) {
	if reserved(name) {
		v.Fault("call it something else", "the name %s is taken", name)
	}
	in.args[name] = types.String
}

// patternMax is how long a pattern may be, in bytes.
const patternMax = 1000

func (l *loader) pattern(v strict.Value, t *bots.Trigger, in *scope) {
	s, ok := textOf(v)
	if !ok {
		return
	}
	if len(s) > patternMax {
		v.Fault("make several rules of it", "is longer than %d bytes", patternMax)
		return
	}
	re, err := regexp.Compile(s)
	if err != nil {
		reason, at := err.Error(), v.At
		if se, ok := errors.AsType[*syntax.Error](err); ok {
			reason = fmt.Sprintf("%s: `%s`", se.Code, short(se.Expr))
			at = v.Within(1, max(strings.Index(s, se.Expr), 0))
		}
		l.Fault(at, "patterns are RE2: https://github.com/google/re2/wiki/Syntax", "is no pattern: %s", reason)
		return
	}
	t.Pattern = re
	for _, name := range re.SubexpNames() {
		if name != "" {
			l.argument(v, name, in)
		}
	}
}

func (l *loader) event(v strict.Value, t *bots.Trigger) {
	w, ok := textOf(v)
	if ok && !slices.Contains(kinds(), w) {
		v.Fault(strict.DidYouMean(w, kinds()), "%q is no event", w)
	}
	t.Kind = bots.Kind(w)
}

func (l *loader) hook(v strict.Value, t *bots.Trigger, in *scope) {
	t.Hook, _ = textOf(v)
	in.unattended = true
	if !isName(strings.ReplaceAll(t.Hook, "-", "_")) {
		v.Fault("use lower-case letters, digits, - and _", "%q is no name for a webhook", t.Hook)
	}
}

func (l *loader) cooldown(v strict.Value, t *bots.Trigger) {
	s, ok := textOf(v)
	if !ok {
		return
	}
	var err error
	if t.Cooldown, err = bots.ParseCooldown(s); err != nil {
		v.Fault("", "%v", err)
	}
}

// plan is a schedule as it is written.
type plan struct {
	spec   strict.Value
	zone   string
	to     chat.Conversation
	missed schedule.Policy
	extra  []strict.Value
}

func (l *loader) planned(p plan, r *rule) {
	t := &r.trigger
	if p.spec.IsZero() {
		for _, v := range p.extra {
			v.Fault("", "is for a schedule alone")
		}
		return
	}
	spec, ok := textOf(p.spec)
	if !ok {
		return
	}
	s, err := schedule.Parse(spec, p.zone)
	if err != nil {
		p.spec.Fault("", "%v", err)
		return
	}
	r.spec = strings.Join(strings.Fields(spec), " ")
	t.Schedule = &bots.Schedule{Schedule: s, Missed: p.missed, To: p.to}
	if len(t.Roles) > 0 || t.Cooldown.N > 0 {
		p.spec.Fault("leave roles and cooldown out", "nobody does this")
	}
}

func (l *loader) policy(v strict.Value) schedule.Policy {
	s, ok := textOf(v)
	if !ok {
		return schedule.Policy{}
	}
	p, err := schedule.ParsePolicy(s)
	if err != nil {
		v.Fault("", "%v", err)
	}
	return p
}

func (l *loader) place(v strict.Value) chat.Conversation {
	s, ok := textOf(v)
	if !ok {
		return chat.Conversation{}
	}
	c, err := chat.ParseConversation(s)
	if err != nil {
		v.Fault("", "%v", err)
	}
	return c
}

// name makes the ID of a rule. It is made of what the rule acts on and not of its place, so that a dialog finds it in a
// later version of the file.
func (*loader) name(r *rule, ids map[string]int) string {
	t, id := &r.trigger, ""
	switch {
	case r.name != "":
		id = "rule:" + r.name
	case t.Command != nil:
		id = "command:" + t.Command.Name
	case t.Pattern != nil:
		id = "pattern:" + hash(t.Pattern.String())
	case t.Kind != "":
		id = "event:" + string(t.Kind)
	case t.Button != "":
		id = "press:" + hash(t.Button)
	case t.Hook != "":
		id = "hook:" + t.Hook
	case t.Schedule != nil:
		id = "schedule:" + hash(t.Schedule.To.String()+r.spec)
	case t.Mention:
		id = "mention"
	default:
		id = "message"
	}
	if ids[id]++; ids[id] > 1 {
		id = fmt.Sprintf("%s#%d", id, ids[id])
	}
	return id
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:6])
}

// presses says whether a button is what a rule says; a star at its end stands for anything.
func presses(pattern, button string) bool {
	if head, open := strings.CutSuffix(pattern, "*"); open {
		return strings.HasPrefix(button, head)
	}
	return pattern == button
}

// isWords says whether a trigger is one of messages, but no command.
func isWords(t *bots.Trigger) bool { return t.Pattern != nil || t.Mention || t.Any }

// alike says whether two triggers may be hit by one event that is no message.
func alike(a, b *bots.Trigger) bool {
	return a.Kind != "" && a.Kind == b.Kind || a.Button != "" && b.Button != "" || a.Hook != "" && a.Hook == b.Hook
}
