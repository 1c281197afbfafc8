package rules

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr/types"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/configs/strict"
	"github.com/roost-im/roost/router/schedule"
)

// loader makes a bot of a tree, and collects what is wrong with it.
type loader struct {
	*strict.File

	opt      Options
	spec     *bots.Spec
	zone     *time.Location
	zoneName string

	rules   []*rule
	defined map[string]*shared // by name: what define holds, and rules with a name
	wakes   map[string]*wake
	answers types.Map // the names of all answers in the file
	asked   types.Map // the arguments of all rules
	runs    []*run
	buttons []button
	where   []string // the shared steps that are being read
	deep    int
}

// shared are steps that others run.
type shared struct {
	name  string
	steps []step
	runs  []string // the names of what they run
}

// button is one that a person can press, and its place.
type button struct {
	id string
	at strict.Value
}

// load reads the file in two goes: what it says of names first, because steps may use names that come later.
func (l *loader) load(root strict.Value) {
	l.spec = &bots.Spec{Texts: bots.Texts{}, Locale: l.opt.Locale}
	l.defined, l.wakes = map[string]*shared{}, map[string]*wake{}
	l.answers, l.asked = types.Map{}, types.Map{}
	l.zone, l.zoneName = time.UTC, l.opt.Zone
	var rules, define strict.Value
	locale := ""
	fields(root, map[string]func(strict.Value){
		"help":     func(v strict.Value) { l.spec.Help, _ = textOf(v) },
		"locale":   func(v strict.Value) { locale, _ = textOf(v) },
		"zone":     func(v strict.Value) { l.zoneName, _ = textOf(v); l.setZone(v) },
		"prefixes": func(v strict.Value) { l.spec.Prefixes = textsOf(v) },
		"machines": func(v strict.Value) { l.spec.Machines = flagOf(v) },
		"texts":    l.texts,
		"define":   func(v strict.Value) { define = v },
		"rules":    func(v strict.Value) { rules = v },
	})
	if l.zone == time.UTC && l.zoneName != "" {
		l.setZone(root)
	}
	if l.spec.Locale == "" {
		l.spec.Locale = locale
	}
	if rules.IsZero() {
		root.Fault("write rules: and what the bot answers to", "there are no rules")
		return
	}
	heads := l.heads(rules)
	l.names(define)
	for _, h := range heads {
		l.body(h)
	}
	l.checkRuns()
	l.checkButtons()
	l.checkOrder()
	for _, r := range l.rules {
		l.spec.Triggers = append(l.spec.Triggers, r.trigger)
	}
	// An earlier version of the file may have had something to do later.
	l.spec.Triggers = append(l.spec.Triggers, bots.Trigger{ID: wokenID, Kind: bots.Woken})
}

func (l *loader) setZone(v strict.Value) {
	s, err := schedule.Parse("@daily", l.zoneName) // it knows which zones are the same on every machine
	if err != nil {
		v.Fault("", "%v", err)
		return
	}
	l.zone = s.Next(time.Unix(0, 0)).Location()
}

// texts reads texts by locale and key.
func (l *loader) texts(v strict.Value) {
	for _, locale := range v.Entries() {
		texts := map[string]string{}
		for _, e := range locale.Value.Entries() {
			if t, ok := textOf(e.Value); ok {
				texts[e.Key] = t
			}
		}
		l.spec.Texts[locale.Key] = texts
	}
}

// head is a rule of which only its beginning is read.
type head struct {
	rule  *rule
	scope *scope
	cond  strict.Value // zero: there is none
	when  strict.Value
	steps []strict.Entry
}

// rulesMost is how many rules a file may have.
const rulesMost = 400

// heads reads when each rule acts, and which names there are.
func (l *loader) heads(v strict.Value) []head {
	if v.Kind() != strict.List {
		v.Fault("write a list: each rule begins with - when:", "wants a list of rules, is %v", v.Kind())
		return nil
	}
	items := itemsOf(v)
	if len(items) > rulesMost {
		v.Fault("", "has more than %d rules", rulesMost)
		return nil
	}
	ids := map[string]int{}
	var heads []head
	for _, item := range items {
		h := head{rule: &rule{at: item}}
		for _, e := range item.Entries() {
			switch e.Key {
			case "when":
				h.when = e.Value
			case "name":
				h.rule.name, _ = textOf(e.Value)
			default:
				h.steps = append(h.steps, e)
			}
		}
		h.takeIf()
		if h.when.IsZero() {
			item.Fault("write when: command, pattern, mention, message, event, press, hook or schedule", "does not say when")
			continue
		}
		before := l.Len()
		l.when(&h)
		if l.Len() > before {
			continue
		}
		h.rule.id = l.name(h.rule, ids)
		h.rule.trigger.ID = h.rule.id
		maps.Copy(l.asked, h.scope.args)
		l.rules = append(l.rules, h.rule)
		heads = append(heads, h)
	}
	return heads
}

// takeIf makes an if beside when, without then and else, the condition of the whole rule.
func (h *head) takeIf() {
	named := func(keys ...string) int {
		return slices.IndexFunc(h.steps, func(e strict.Entry) bool { return slices.Contains(keys, e.Key) })
	}
	if i := named("if"); i >= 0 && named("then", "else") < 0 {
		h.cond = h.steps[i].Value
		h.steps = slices.Delete(h.steps, i, i+1)
	}
}

// body reads what a rule does.
func (l *loader) body(h head) {
	h.scope.own = l.known(h.scope.args)
	if !h.cond.IsZero() {
		h.rule.cond = l.condition(h.cond, h.scope)
	}
	name := h.rule.name
	if name != "" {
		l.where = append(l.where, name)
		defer func() { l.where = l.where[:len(l.where)-1] }()
	}
	if len(h.steps) == 0 {
		h.rule.at.Fault("write reply: or another action", "does nothing")
		return
	}
	h.rule.steps = l.actions(h.steps, h.scope)
	if name != "" {
		l.defined[name].steps = h.rule.steps
	}
}

// known are args and the answers of the file.
func (l *loader) known(args types.Map) types.Map {
	own := types.Map{}
	maps.Copy(own, l.answers)
	maps.Copy(own, args)
	return own
}

// names reads what is defined, and how the answers are called.
func (l *loader) names(define strict.Value) {
	var entries []strict.Entry
	if !define.IsZero() {
		entries = define.Entries()
	}
	for _, e := range entries {
		l.share(e.Key, e.Value)
	}
	for _, r := range l.rules {
		if r.name != "" {
			l.share(r.name, r.at)
		}
		l.findAnswers(r.at)
	}
	for _, e := range entries {
		l.findAnswers(e.Value)
	}
	in := &scope{l: l, args: l.asked, own: l.known(l.asked)}
	for _, e := range entries {
		l.where = append(l.where, e.Key)
		l.defined[e.Key].steps = l.steps(e.Value, in)
		l.where = l.where[:len(l.where)-1]
	}
}

func (l *loader) share(name string, v strict.Value) {
	switch {
	case !isName(strings.ReplaceAll(name, "-", "_")):
		v.Fault("use lower-case letters, digits, - and _", "%q is no name", name)
	case l.defined[name] != nil:
		v.Fault("", "the name %s is there twice", name)
		return
	}
	l.defined[name] = &shared{name: name}
}

// findAnswers looks for the names of answers, wherever a rule asks.
func (l *loader) findAnswers(v strict.Value) {
	switch {
	case v.Kind() == strict.List:
		for _, item := range itemsOf(v) {
			l.findAnswers(item)
		}
	case v.Kind() == strict.Table:
		for _, e := range v.Quiet().Entries() {
			if e.Key == "ask" {
				l.answers[answerOf(e.Value)] = types.Any // nil before it is there
			}
			l.findAnswers(e.Value)
		}
	}
}

// checkRuns looks for names that are not there, and for steps that run themselves.
func (l *loader) checkRuns() {
	for _, r := range l.runs {
		if r.steps = l.defined[r.name]; r.steps == nil {
			r.at.Fault(strict.DidYouMean(r.name, slices.Sorted(maps.Keys(l.defined))), "nothing is called %s", r.name)
		}
	}
	const done = 2
	seen := map[string]int{}
	var visit func(name string) bool
	visit = func(name string) bool {
		if seen[name] > 0 {
			return seen[name] == done
		}
		seen[name] = 1
		if s := l.defined[name]; s != nil && slices.ContainsFunc(s.runs, func(n string) bool { return !visit(n) }) {
			return false
		}
		seen[name] = done
		return true
	}
	for _, r := range l.runs {
		if !visit(r.name) {
			r.at.Fault("let it end somewhere", "%s runs itself", r.name)
			return
		}
	}
}

// checkButtons looks for buttons that nobody answers to.
func (l *loader) checkButtons() {
	for _, b := range l.buttons {
		if !slices.ContainsFunc(l.rules, func(r *rule) bool { return r.trigger.Button != "" && presses(r.trigger.Button, b.id) }) {
			b.at.Fault("add a rule - when: {press: '"+b.id+"'}, or ask instead of reply", "nothing answers to the button %q", b.id)
		}
	}
}

// checkOrder refuses limits that would not hold: of a rule that may act because the condition of an earlier one does not
// hold nobody asks who may use it, nor how often.
func (l *loader) checkOrder() {
	for i, r := range l.rules {
		if len(r.trigger.Roles) == 0 && r.trigger.Cooldown.N == 0 || r.trigger.Command != nil {
			continue
		}
		for j, o := range l.rules {
			if o.cond != nil && mayFollow(r, o, j < i) {
				r.at.Fault("put it before that rule", "roles and cooldown don't hold behind the rule in line %d, which has an if", o.at.At.Line)
				break
			}
		}
	}
}

// mayFollow says whether r may act on an event that hit o first; earlier says that o stands before it.
func mayFollow(r, o *rule, earlier bool) bool {
	if isWords(&r.trigger) {
		return o.trigger.Command != nil || earlier && isWords(&o.trigger)
	}
	return earlier && alike(&o.trigger, &r.trigger)
}

func isName(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == "" && s[0] > '9' && len(s) <= 32
}
