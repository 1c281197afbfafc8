package script

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.starlark.net/starlark"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/schedule"
)

// What declarations may come to.
const (
	declsMost  = 400
	patternMax = 1000 // bytes
)

// decl is one declaration of a script, as it was written. It is plain data, so that a worker can tell of it.
type decl struct {
	ID       string    `json:"id"`
	Kind     string    `json:"kind"` // command, every, or what on() takes
	Of       string    `json:"of,omitempty"`
	Help     string    `json:"help,omitempty"`
	Roles    []string  `json:"roles,omitempty"`
	Cooldown string    `json:"cooldown,omitempty"`
	Every    *decEvery `json:"every,omitempty"`
	Line     int       `json:"line"`
	Column   int       `json:"column"`
}

// decEvery is what only a schedule has.
type decEvery struct {
	Zone   string `json:"zone,omitempty"`
	To     string `json:"to,omitempty"`
	Missed string `json:"missed,omitempty"`
}

// manifest is all that a script declares.
type manifest struct {
	Decls    []decl     `json:"decls"`
	Help     string     `json:"help,omitempty"`
	Prefixes []string   `json:"prefixes,omitempty"`
	Machines bool       `json:"machines,omitempty"`
	Texts    bots.Texts `json:"texts,omitempty"`
	Locale   string     `json:"locale,omitempty"`
	Migrate  bool       `json:"migrate,omitempty"`
}

// builder makes a Spec of declarations, one after the other.
type builder struct {
	file     string
	manifest manifest
	triggers []bots.Trigger
	lines    map[string]int // by ID: where it was declared
}

func newBuilder(file string) *builder { return &builder{file: file, lines: map[string]int{}} }

// The kinds of event that on() takes by name alone.
var happenings = []bots.Kind{ //nolint:gochecknoglobals // a table
	bots.Edited, bots.Deleted, bots.Reacted, bots.Pinned, bots.Joined, bots.Left,
}

// The kinds of declaration, but for happenings.
const (
	kindCommand = "command"
	kindEvery   = "every"
	kindPattern = "pattern"
	kindMention = "mention"
	kindMessage = "message"
	kindPress   = "press"
	kindHook    = "hook"
)

// onKinds are all that on() takes.
func onKinds() []string {
	kinds := []string{kindPattern, kindMention, kindMessage, kindPress, kindHook}
	for _, k := range happenings {
		kinds = append(kinds, string(k))
	}
	return kinds
}

// takesOf says whether a kind has a second word: a pattern, a button, a hook.
func takesOf(kind string) bool { return kind == kindPattern || kind == kindPress || kind == kindHook }

// add adds a declaration. An error says what is wrong with it.
func (b *builder) add(d decl) (*bots.Trigger, error) {
	if len(b.triggers) == declsMost {
		return nil, fmt.Errorf("a script has %d declarations at most", declsMost)
	}
	t := bots.Trigger{Help: d.Help, Roles: d.Roles}
	var err error
	if t.Cooldown, err = bots.ParseCooldown(d.Cooldown); err != nil {
		return nil, err
	}
	if err := d.into(&t); err != nil {
		return nil, err
	}
	if d.ID == "" {
		d.ID = d.defaultID(&t)
	}
	if line, there := b.lines[d.ID]; there {
		return nil, fmt.Errorf("%s is there already, in line %d", d.title(&t), line)
	}
	t.ID = d.ID
	b.lines[d.ID] = d.Line
	b.triggers = append(b.triggers, t)
	b.manifest.Decls = append(b.manifest.Decls, d)
	return &t, nil
}

// into makes t of d.
func (d *decl) into(t *bots.Trigger) (err error) {
	switch d.Kind {
	case kindCommand:
		t.Command, err = usage(d.Of)
	case kindPattern:
		t.Pattern, err = pattern(d.Of)
	case kindMention:
		t.Mention = true
	case kindMessage:
		t.Any = true
	case kindPress:
		t.Button = d.Of
	case kindHook:
		t.Hook, err = hook(d.Of)
	case kindEvery:
		t.Schedule, err = d.schedule()
	default:
		if !slices.Contains(happenings, bots.Kind(d.Kind)) {
			return fmt.Errorf("on(%q) is nothing that happens%s", d.Kind, didYouMean(d.Kind, onKinds()))
		}
		t.Kind = bots.Kind(d.Kind)
	}
	return err
}

var (
	hookForm = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,63}$`)
	nameForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]{0,63}$`)
)

func usage(line string) (*bots.Command, error) {
	c, err := bots.ParseUsage(line)
	switch {
	case err != nil:
		return nil, fmt.Errorf("the usage %w", err)
	case c.Name == "cancel":
		return nil, errors.New("the command cancel is every bot's own: it ends a dialog")
	}
	return c, nil
}

func hook(name string) (string, error) {
	if !hookForm.MatchString(name) {
		return "", fmt.Errorf("%q is no name for a hook: lower-case letters, digits, - and _", name)
	}
	return name, nil
}

func pattern(expr string) (*regexp.Regexp, error) {
	if expr == "" || len(expr) > patternMax {
		return nil, fmt.Errorf("a pattern has 1 to %d bytes", patternMax)
	}
	p, err := regexp.Compile(expr)
	if err != nil {
		return nil, fmt.Errorf("the pattern: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return p, nil
}

func (d *decl) schedule() (*bots.Schedule, error) {
	if !nameForm.MatchString(d.ID) {
		return nil, fmt.Errorf("%q is no name for a schedule: letters, digits, - and _; give it one with name=", d.ID)
	}
	every := d.Every
	if every == nil {
		every = &decEvery{}
	}
	s := &bots.Schedule{}
	var err error
	if s.Schedule, err = schedule.Parse(d.Of, every.Zone); err != nil {
		return nil, err
	}
	if s.Missed, err = schedule.ParsePolicy(every.Missed); err != nil {
		return nil, err
	}
	if every.To != "" {
		s.To, err = chat.ParseConversation(every.To)
	}
	return s, err
}

// defaultID names a trigger after what it is, so that a dialog finds it again in a later version of the script.
func (d *decl) defaultID(t *bots.Trigger) string {
	switch {
	case t.Command != nil:
		return "command:" + t.Command.Name
	case takesOf(d.Kind):
		return d.Kind + ":" + d.Of
	}
	return "on:" + d.Kind
}

// title is how an error calls a declaration.
func (d *decl) title(t *bots.Trigger) string {
	switch {
	case t.Command != nil:
		return "the command " + t.Command.Name
	case t.Schedule != nil:
		return "a schedule called " + d.ID + " (give this one another name=)"
	case takesOf(d.Kind):
		return fmt.Sprintf("on(%q, %q)", d.Kind, d.Of)
	}
	return fmt.Sprintf("on(%q)", d.Kind)
}

const (
	migrateName = "migrate"
	wokenID     = "later" // of the trigger for what later() has put off
)

// finish is what the script declares in all.
func (b *builder) finish(globals starlark.StringDict) (manifest, *bots.Spec, error) {
	if fn, ok := globals[migrateName].(*starlark.Function); ok {
		if fn.NumParams() != 1 {
			return manifest{}, nil, errors.New("migrate takes one argument: the dialog as it was")
		}
		b.manifest.Migrate = true
	}
	spec, err := b.spec()
	return b.manifest, spec, err
}

func (b *builder) spec() (*bots.Spec, error) {
	if len(b.triggers) == 0 {
		return nil, errors.New("the script answers to nothing: it needs a command(…), an on(…) or an every(…) at its top level")
	}
	m := b.manifest
	return &bots.Spec{
		Help: m.Help, Texts: m.Texts, Locale: m.Locale, Migrate: m.Migrate, Prefixes: m.Prefixes, Machines: m.Machines,
		Triggers: append(slices.Clip(b.triggers), bots.Trigger{ID: wokenID, Kind: bots.Woken}),
	}, nil
}

// build makes a Spec of a manifest that a worker has told of. Its errors are *Fault.
func build(file string, m manifest) (*bots.Spec, error) {
	b := newBuilder(file)
	for _, d := range m.Decls {
		if _, err := b.add(d); err != nil {
			return nil, &Fault{File: file, Line: d.Line, Column: d.Column, Reason: inWords(err.Error()), Err: err}
		}
	}
	m.Decls = b.manifest.Decls
	b.manifest = m
	spec, err := b.spec()
	if err != nil {
		return nil, &Fault{File: file, Line: 1, Reason: err.Error(), Err: err}
	}
	return spec, nil
}
