package discord

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

// A desk's commands are shown in the servers in which it has a surface, and a bot's in those in which it listens to a channel;
// those of bots that listen everywhere, or to direct messages, are shown everywhere or there. All are shown to everybody: who may
// use them is set in the server itself. A server may have 100 commands of its own beside 100 that are shown everywhere, and each
// call sets all of one of these lists.
// https://docs.discord.com/developers/interactions/application-commands#registering-a-command

// slash is a command as Discord has it, as far as it is ours to say.
// https://docs.discord.com/developers/interactions/application-commands#application-command-object
type slash struct {
	Type     int      `json:"type"`
	Name     string   `json:"name"`
	Help     string   `json:"description"`
	Options  []option `json:"options,omitempty"`
	Contexts []int    `json:"contexts,omitempty"` // where it is shown, when it is of no server
}

type option struct {
	Type     int      `json:"type"`
	Name     string   `json:"name"`
	Help     string   `json:"description"`
	Required bool     `json:"required,omitempty"`
	Most     int      `json:"max_length,omitempty"`
	Low      *float64 `json:"min_value,omitempty"`
	High     *float64 `json:"max_value,omitempty"`
	Choices  []pick   `json:"choices,omitempty"`
}

// pick is a choice of an option.
type pick struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// https://docs.discord.com/developers/interactions/application-commands#application-command-object-application-command-option-type
const (
	slashKind  = 1
	stringKind = 3
	userKind   = 6
	numberKind = 10
)

// https://docs.discord.com/developers/interactions/application-commands#application-command-object-application-command-structure
const (
	maxHelp    = 100
	maxOption  = 6000
	maxSlashes = 100
	maxOptions = 25
	maxVolume  = 8000 // characters of a command's names, descriptions and values together
	maxNumber  = 1e15 // up to which a bot takes one
)

// Contexts. https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object-interaction-context-types
const (
	inServers = 0
	inDirect  = 1
)

// everywhere is where commands are shown that are of no server.
const everywhere = "everywhere"

// slashes are the account's commands as Discord wants them.
func slashes(commands []bridges.Command) []slash {
	all := []slash{}
	for _, c := range commands {
		s := slash{Type: slashKind, Name: c.Name, Help: clip(c.Help, maxHelp)}
		if c.Form != nil {
			for _, f := range c.Form.Fields {
				s.Options = append(s.Options, optionOf(f))
			}
		}
		all = append(all, s)
	}
	return all
}

func optionOf(f chat.Field) option {
	o := option{Type: stringKind, Name: f.ID, Help: clip(firstOf(f.Label, f.ID), maxHelp), Required: !f.Optional}
	for _, c := range f.Choices[:min(maxChoices, len(f.Choices))] {
		o.Choices = append(o.Choices, pick{Name: clip(firstOf(c.Label, c.Value), maxChoice), Value: c.Value})
	}
	if len(o.Choices) == 0 {
		o.Most = maxOption
	}
	return o
}

// slashName is how commands and options are called here: bots take no other letters.
var slashName = regexp.MustCompile(`^[-_a-z0-9]{1,32}$`)

// slashOf is a bot's command as Discord wants it; ok is false when Discord would not have it, and with it none of its list.
func slashOf(c bridges.BotCommand) (s slash, ok bool) {
	s = slash{Type: slashKind, Name: c.Name, Help: clip(cmp.Or(strings.TrimSpace(c.Help), c.Name), maxHelp)}
	if !slashName.MatchString(c.Name) || len(c.Params) > maxOptions {
		return s, false
	}
	lenient := false
	for _, p := range c.Params {
		lenient = lenient || p.Optional // what is required comes first
		o := optionFor(p)
		o.Required = !lenient
		if !slashName.MatchString(p.Name) || slices.ContainsFunc(s.Options, func(x option) bool { return x.Name == p.Name }) {
			return s, false
		}
		s.Options = append(s.Options, o)
	}
	return s, s.volume() <= maxVolume
}

// optionFor is a parameter of a bot's as Discord asks for it. Choices that are too many, or too long, have to be typed.
func optionFor(p bridges.Param) option {
	o := option{Type: stringKind, Name: p.Name, Help: p.Name}
	switch p.Kind {
	case bridges.NumberParam:
		return option{Type: numberKind, Name: p.Name, Help: p.Name + ": a number", Low: new(-maxNumber), High: new(maxNumber)}
	case bridges.UserParam:
		return option{Type: userKind, Name: p.Name, Help: p.Name + ": somebody"}
	case bridges.DurationParam:
		o.Help = p.Name + ": a time, like 90s, 20m, 2h30m or 3d"
	case bridges.ChoiceParam:
		o.Help = clip(p.Name+": "+strings.Join(p.Choices, ", "), maxHelp)
		if len(p.Choices) <= maxChoices && !slices.ContainsFunc(p.Choices, func(c string) bool { return utf8.RuneCountInString(c) > maxChoice }) {
			for _, c := range p.Choices {
				o.Choices = append(o.Choices, pick{Name: c, Value: c})
			}
		}
	case bridges.TextParam, bridges.RestParam:
	}
	if len(o.Choices) == 0 {
		o.Most = maxText
	}
	return o
}

// volume counts what Discord limits in all.
func (s slash) volume() int {
	n := utf8.RuneCountInString(s.Name + s.Help)
	for _, o := range s.Options {
		n += utf8.RuneCountInString(o.Name + o.Help)
		for _, c := range o.Choices {
			n += utf8.RuneCountInString(c.Name + c.Value)
		}
	}
	return n
}

// signage is which commands are to be shown where: in servers, by their IDs, and everywhere.
type signage struct {
	c    *Connector
	want map[string][]slash
}

// signs are the account's commands where its desks and bots are.
func (c *Connector) signs() bridges.Signs {
	s := &signage{c: c}
	return bridges.Signs{Deps: c.deps, Places: s.places, Show: s.show}
}

// places lists where commands are to be shown now.
func (s *signage) places(ctx context.Context) ([]string, error) {
	s.want = map[string][]slash{}
	if len(s.c.deps.Commands) > 0 {
		for _, at := range s.c.deps.Surfaces {
			if err := s.hang(ctx, at, slashes(s.c.deps.Commands)...); err != nil {
				return nil, err
			}
		}
	}
	all, _ := s.c.deps.Menu.Now()
	for _, b := range all {
		if err := s.addBot(ctx, b); err != nil {
			return nil, err
		}
	}
	return sorted(s.want), nil
}

// addBot adds a bot's command.
func (s *signage) addBot(ctx context.Context, b bridges.BotCommand) error {
	command, ok := slashOf(b)
	if !ok {
		s.c.log.LogAttrs(ctx, slog.LevelWarn, "command not shown: Discord does not take it", slog.String("command", b.Name))
		return nil
	}
	switch {
	case b.Everywhere:
		s.add(everywhere, command, inServers, inDirect)
		return nil
	case b.Direct:
		s.add(everywhere, command, inDirect)
	}
	for _, at := range b.In {
		if slices.Contains(s.c.deps.Surfaces, at.Place()) { // what is said there is for the desk alone
			continue
		}
		if err := s.hang(ctx, at, command); err != nil {
			return err
		}
	}
	return nil
}

// hang adds commands where a conversation is. One that is not there any more is logged and left.
func (s *signage) hang(ctx context.Context, at chat.Conversation, commands ...slash) error {
	p, err := s.c.places.of(ctx, string(at.ID))
	if closed(err) {
		s.c.log.LogAttrs(ctx, slog.LevelWarn, "commands not shown", slog.String("channel", string(at.ID)), slog.Any("error", err))
		return nil
	}
	if err != nil {
		return err
	}
	for _, command := range commands {
		switch {
		case p.guild != "":
			s.add(p.guild, command)
		case p.dm():
			s.add(everywhere, command, inDirect)
		}
	}
	return nil
}

// add adds a command to a list, unless there is one of its name, which is shown where both are to be, or no room for it.
func (s *signage) add(where string, command slash, contexts ...int) {
	list := s.want[where]
	i := slices.IndexFunc(list, func(o slash) bool { return o.Name == command.Name })
	switch {
	case i >= 0:
		list[i].Contexts = union(list[i].Contexts, contexts)
	case len(list) < maxSlashes:
		command.Contexts = union(nil, contexts)
		s.want[where] = append(list, command)
	}
}

func union(a, b []int) []int {
	return slices.Compact(slices.Sorted(slices.Values(slices.Concat(a, b))))
}

// due are the commands of a list as Discord is to have it. What is shown everywhere is not shown in a server once more, but for
// a desk's, which comes first.
func (s *signage) due(where string) []slash {
	due := []slash{}
	for _, command := range s.want[where] {
		twice := where != everywhere && slices.ContainsFunc(s.want[everywhere], func(o slash) bool {
			return o.Name == command.Name && slices.Contains(o.Contexts, inServers)
		})
		if !twice || slices.ContainsFunc(s.c.deps.Commands, func(d bridges.Command) bool { return d.Name == command.Name }) {
			due = append(due, command)
		}
	}
	return due
}

// show has the commands of a list shown and no others, or none, unless it is so already.
func (s *signage) show(ctx context.Context, where string, shown bool) error {
	want := []slash{}
	if shown {
		want = s.due(where)
	}
	has, err := s.c.commandsIn(ctx, where)
	if err != nil {
		return withoutScope(err)
	}
	if sameSlashes(has, want) {
		return nil
	}
	self, err := s.c.whoami(ctx)
	if err != nil {
		return err
	}
	_, err = s.c.call(ctx, request{op: "discord: set commands", method: http.MethodPut, path: commandsAt(self.app, where), body: want}, nil)
	return withoutScope(err)
}

// commandsAt is where Discord has a list of commands.
func commandsAt(app, where string) string {
	if where == everywhere {
		return route("applications", app, "commands")
	}
	return route("applications", app, "guilds", where, "commands")
}

// commandsIn lists the bot's commands in a server, or everywhere.
func (c *Connector) commandsIn(ctx context.Context, where string) ([]slash, error) {
	self, err := c.whoami(ctx)
	if err != nil {
		return nil, err
	}
	var has []slash
	_, err = c.call(ctx, request{op: "discord: commands", method: http.MethodGet, path: commandsAt(self.app, where)}, &has)
	if where != everywhere {
		for i := range has {
			has[i].Contexts = nil // they say nothing in a server
		}
	}
	return has, err
}

// sameSlashes says whether two lists of commands are equal but for their order, which Discord does not keep.
func sameSlashes(a, b []slash) bool { return slices.Equal(written(a), written(b)) }

func written(list []slash) []string {
	var all []string
	for _, s := range list {
		s.Contexts = union(nil, s.Contexts)
		raw, _ := json.Marshal(s) // texts and numbers always encode
		all = append(all, string(raw))
	}
	slices.Sort(all)
	return all
}

const scopeMissing = "the bot was invited without the scope applications.commands"

// withoutScope names the reason for which Discord refuses a bot its commands in a server that it is in.
func withoutScope(err error) error {
	if said(err) != missingAccess {
		return err
	}
	return &chat.Error{Op: "discord: commands", Kind: chat.Refused, Reason: scopeMissing, Err: err}
}

// checkCommands looks whether the desks' servers let the bot have commands. Those that are not there yet come when the
// account runs.
func (c *Connector) checkCommands(ctx context.Context, servers []server) ([]chat.Finding, error) {
	var found []chat.Finding
	for _, s := range servers {
		_, err := c.commandsIn(ctx, s.ID)
		if err != nil && said(err) != missingAccess {
			return found, err
		}
		if err != nil {
			found = append(found, chat.Finding{
				Grade: chat.Warning, Name: s.Name + ": applications.commands", Text: "is missing: " + scopeMissing + ", so members have no slash commands",
				Mend: "open an invitation again that has the scopes bot and applications.commands; nothing is lost by that",
			})
		}
	}
	return found, nil
}
