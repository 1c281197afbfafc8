package configs

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/configs/strict"
	"github.com/roost-im/roost/router/chat"
)

// Bot is a participant that answers: made of a script, of rules, or a plugin.
type Bot struct {
	Kind    BotKind
	Path    string              // of the script, the rules or the plugin's folder
	Routes  []string            // the desks and mirrors in which it listens
	Places  []chat.Conversation // the conversations, with their threads
	Hears   []chat.Account      // the accounts everywhere on which it listens
	Locale  string              // the language of its texts; empty: as the bot says
	Values  map[string]any      // what the bot itself wants to be told; nothing, booleans, numbers, text, lists and maps
	Secrets map[string]bridges.Secret
	May     []string // what it may do besides answering
	Worker  bool     // a script runs in a process of its own, with limits on its memory
	Limits  BotLimits
	Hook    bridges.Secret // callers of its webhooks show it; without one they are all refused
	Line    int            // where it stands in the file
}

// BotKind is what a bot is made of.
type BotKind string

// The kinds of bot.
const (
	BotScript BotKind = "script"
	BotRules  BotKind = "rules"
	BotPlugin BotKind = "plugin"
)

// BotLimits is how much a bot may use. The zero value of each is the default of its kind.
type BotLimits struct {
	Time     time.Duration // for one event, 10 ms to 5 minutes
	Memory   int64         // bytes, of a plugin or a worker; 16 MiB at least
	Messages int           // a minute; 1 to 10,000
	Drain    time.Duration // how long dialogs go on with an earlier text, to 30 days
}

// Who is somebody with a role.
type Who struct {
	Account chat.Account
	Person  chat.PersonID
}

// The file as it is written.
type (
	rawBot struct {
		Script  *at[path]                     `yaml:"script"`
		Rules   *at[path]                     `yaml:"rules"`
		Plugin  *at[path]                     `yaml:"plugin"`
		In      []at[ear]                     `yaml:"in"`
		Locale  locale                        `yaml:"locale"`
		Config  free                          `yaml:"config"`
		Secrets map[string]at[bridges.Secret] `yaml:"secrets"`
		May     []at[string]                  `yaml:"may"`
		Worker  bool                          `yaml:"worker"`
		Limits  rawBotLimits                  `yaml:"limits"`
		Hook    bridges.Secret                `yaml:"hook_token"`
	}
	rawBotLimits struct {
		Time     at[time.Duration] `yaml:"time"`
		Memory   at[size]          `yaml:"memory"`
		Messages at[int]           `yaml:"messages"`
		Drain    at[time.Duration] `yaml:"drain"`
	}
	// free is a value of any form.
	free   struct{ v any }
	ear    string
	who    Who
	locale string
)

var (
	botForm    = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)
	secretForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,63}$`)
	localeForm = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
)

// UnmarshalText takes a language tag.
func (l *locale) UnmarshalText(b []byte) error {
	if !localeForm.Match(b) {
		return wanted("wants a language, as in en or pt-BR")
	}
	*l = locale(b)
	return nil
}

// UnmarshalText takes an account, a colon and a person's ID there.
func (w *who) UnmarshalText(b []byte) error {
	name, id, ok := strings.Cut(string(b), ":")
	a, err := chat.ParseAccount(name)
	if !ok || err != nil || id == "" {
		return wanted("wants an account and a person's ID there, as in slack/team:U0ANN")
	}
	*w = who{Account: a, Person: chat.PersonID(id)}
	return nil
}

// participants checks the bots against the accounts and the routes.
func (p *planner) participants(raw map[string]at[rawBot], routes map[string]Route) map[string]Bot {
	bots := make(map[string]Bot, len(raw))
	for _, name := range inOrder(raw) {
		r := raw[name]
		if !botForm.MatchString(name) {
			p.Fault(r.Spot, "", "the name of a bot is lower-case letters, digits, _ and -")
		}
		bots[name] = p.bot(r, routes)
	}
	return bots
}

func (p *planner) bot(r at[rawBot], routes map[string]Route) Bot {
	b := Bot{
		Locale: string(r.v.Locale), Worker: r.v.Worker, Hook: r.v.Hook, Line: r.Line, Limits: p.botLimits(r.v.Limits),
		Secrets: map[string]bridges.Secret{},
	}
	b.Kind, b.Path = p.made(r)
	if b.Worker && b.Kind != BotScript && b.Kind != "" {
		p.Fault(r.Key("worker"), "", "is for scripts alone")
	}
	p.ears(&b, r, routes)
	switch v := r.v.Config.v.(type) {
	case nil:
	case map[string]any:
		b.Values = v
	default:
		p.Fault(r.Key("config"), "write key: value", "wants keys and values")
	}
	for name, s := range r.v.Secrets {
		if !secretForm.MatchString(name) {
			p.Fault(s.Spot, "", "the name of a secret is letters, digits and _")
		}
		b.Secrets[name] = s.v
	}
	for _, m := range r.v.May {
		b.May = append(b.May, m.v)
	}
	return b
}

// made is what a bot is made of.
func (p *planner) made(r at[rawBot]) (kind BotKind, file string) {
	for _, k := range []struct {
		kind BotKind
		at   *at[path]
	}{{BotScript, r.v.Script}, {BotRules, r.v.Rules}, {BotPlugin, r.v.Plugin}} {
		switch {
		case k.at == nil:
		case kind != "":
			p.Fault(k.at.Spot, "make two bots of it", "is made of a %s already", kind)
		default:
			kind, file = k.kind, p.beside(string(k.at.v))
		}
	}
	if kind == "" && !p.Faulted(r.Path) {
		p.Fault(r.Spot, "give it script: FILE, rules: FILE or plugin: FOLDER", "is made of nothing")
	}
	return kind, file
}

// ears are where a bot listens: routes by name, accounts, and conversations.
func (p *planner) ears(b *Bot, r at[rawBot], routes map[string]Route) {
	if len(r.v.In) == 0 && !p.Faulted(r.Key("in").Path) {
		p.Fault(r.Key("in"), "name the desks, mirrors, conversations or accounts where it listens", "is missing")
	}
	for _, e := range r.v.In {
		word := string(e.v)
		switch {
		case strings.Contains(word, "#"):
			c, err := chat.ParseConversation(word)
			if err != nil {
				p.Fault(e.Spot, "", "%v", chat.ErrBadConversation)
				continue
			}
			if p.exists(c.Account, e.Spot) {
				b.Places = append(b.Places, c)
			}
		case strings.Contains(word, "/"):
			a, err := chat.ParseAccount(word)
			if err != nil {
				p.Fault(e.Spot, "", "%v", chat.ErrBadAccount)
				continue
			}
			if p.exists(a, e.Spot) {
				b.Hears = append(b.Hears, a)
			}
		case word != "":
			if _, ok := routes[word]; !ok {
				p.Fault(e.Spot, strict.DidYouMean(word, slices.Sorted(maps.Keys(routes))), "there is no route %s", word)
				continue
			}
			b.Routes = append(b.Routes, word)
		}
	}
}

func (p *planner) botLimits(raw rawBotLimits) BotLimits {
	l := BotLimits{
		Time: raw.Time.v, Memory: int64(raw.Memory.v), Messages: raw.Messages.v, Drain: raw.Drain.v,
	}
	check := func(s strict.Spot, ok bool, want string) {
		if s.Line > 0 && !ok {
			p.Fault(s, "", "wants %s", want)
		}
	}
	check(raw.Time.Spot, l.Time >= 10*time.Millisecond && l.Time <= 5*time.Minute, "10ms to 5m")
	check(raw.Memory.Spot, l.Memory >= 16<<20, "16 MiB or more")
	check(raw.Messages.Spot, l.Messages >= 1 && l.Messages <= 10_000, "1 to 10000")
	check(raw.Drain.Spot, l.Drain >= 0 && l.Drain <= 30*24*time.Hour, "0s to 30d")
	return l
}

// people are who has each role.
func (p *planner) people(raw map[string][]at[who]) map[string][]Who {
	roles := make(map[string][]Who, len(raw))
	for name, list := range raw {
		for _, w := range list {
			if p.exists(w.v.Account, w.Spot) {
				roles[name] = append(roles[name], Who(w.v))
			}
		}
	}
	return roles
}

// freeDepth is how deep a free value may be nested.
const freeDepth = 20

// free decodes a value of any form.
func (d *decoder) free(n strict.Value, depth int) any {
	if depth > freeDepth {
		n.Fault("", "is nested more than %d deep", freeDepth)
		return nil
	}
	switch n.Kind() { //nolint:exhaustive // the others are words
	case strict.Empty:
		return nil
	case strict.List:
		list := []any{}
		for _, item := range n.Items() {
			list = append(list, d.free(item, depth+1))
		}
		return list
	case strict.Table:
		m := map[string]any{}
		for _, e := range n.Entries() {
			m[e.Key] = d.free(e.Value, depth+1)
		}
		return m
	}
	literal, ok := n.Literal()
	switch flag, isFlag := literal.(bool); {
	case isFlag:
		return flag
	case ok:
		var f float64
		d.basic(word{text: n.Word()}, reflect.ValueOf(&f).Elem(), n.At)
		return f
	}
	var text string
	d.value(n, reflect.ValueOf(&text).Elem())
	return text
}
