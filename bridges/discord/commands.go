package discord

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

// Slash commands are shown in the servers in which a desk has a surface, and to everybody there: who may use them is
// set in the server itself.

// slash is a command as Discord has it, as far as it is ours to say.
// https://docs.discord.com/developers/interactions/application-commands#application-command-object
type slash struct {
	Type    int      `json:"type"`
	Name    string   `json:"name"`
	Help    string   `json:"description"`
	Options []option `json:"options,omitempty"`
}

type option struct {
	Type     int    `json:"type"`
	Name     string `json:"name"`
	Help     string `json:"description"`
	Required bool   `json:"required,omitempty"`
	Most     int    `json:"max_length,omitempty"`
	Choices  []pick `json:"choices,omitempty"`
}

// pick is a choice of an option, and what somebody said for an option.
type pick struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

const (
	slashKind  = 1
	stringKind = 3
	maxHelp    = 100
	maxOption  = 6000 // https://docs.discord.com/developers/interactions/application-commands#application-command-object-application-command-option-structure
)

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

// signs are the account's commands in the servers of its desks.
func (c *Connector) signs() bridges.Signs {
	return bridges.Signs{Deps: c.deps, Places: c.deskGuilds, Show: c.showCommands}
}

// deskGuilds lists the servers in which the account is a surface of a desk.
func (c *Connector) deskGuilds(ctx context.Context) ([]string, error) {
	var guilds []string
	if len(c.deps.Commands) == 0 {
		return nil, nil
	}
	for _, at := range c.deps.Surfaces {
		p, err := c.places.of(ctx, string(at.ID))
		if closed(err) {
			c.log.LogAttrs(ctx, slog.LevelWarn, "commands not shown", slog.String("channel", string(at.ID)), slog.Any("error", err))
			continue
		}
		if err != nil {
			return nil, err
		}
		if p.guild != "" && !slices.Contains(guilds, p.guild) {
			guilds = append(guilds, p.guild)
		}
	}
	return guilds, nil
}

// showCommands has a server show the commands and no others, or none, unless it does so already.
func (c *Connector) showCommands(ctx context.Context, guild string, shown bool) error {
	want := []slash{}
	if shown {
		want = slashes(c.deps.Commands)
	}
	has, err := c.commandsIn(ctx, guild)
	if err != nil {
		return withoutScope(err)
	}
	if sameSlashes(has, want) {
		return nil
	}
	self, err := c.whoami(ctx)
	if err != nil {
		return err
	}
	_, err = c.call(ctx, request{
		op: "discord: set commands", method: http.MethodPut, path: route("applications", self.app, "guilds", guild, "commands"), body: want,
	}, nil)
	return withoutScope(err)
}

// commandsIn lists the bot's commands in a server.
func (c *Connector) commandsIn(ctx context.Context, guild string) ([]slash, error) {
	self, err := c.whoami(ctx)
	if err != nil {
		return nil, err
	}
	var has []slash
	_, err = c.call(ctx, request{
		op: "discord: commands", method: http.MethodGet, path: route("applications", self.app, "guilds", guild, "commands"),
	}, &has)
	return has, err
}

// sameSlashes says whether two lists of commands are equal but for their order, which Discord does not keep.
func sameSlashes(a, b []slash) bool { return slices.Equal(written(a), written(b)) }

func written(list []slash) []string {
	var all []string
	for _, s := range list {
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

// commanded takes a slash command: in a case's thread it is a press of the button of its name. It is accepted first, and
// answered then, so that only who gave it sees the answer.
func (in *intake) commanded(ctx context.Context, i interaction) error {
	n := slices.IndexFunc(in.c.deps.Commands, func(c bridges.Command) bool { return c.Name == i.Data.Name })
	if n < 0 {
		return in.tell(ctx, i, "Roost does not know this command any more.")
	}
	cmd := in.c.deps.Commands[n]
	ok, err := in.inCase(ctx, i.Channel)
	if err != nil {
		return errors.Join(err, in.tell(ctx, i, "Roost could not look up where this is. Please try again."))
	}
	if !ok {
		return in.tell(ctx, i, "There is no case here. Use /"+cmd.Name+" in the post or thread of a case.")
	}
	if err := in.accept(ctx, i, "", chat.Pressed{Button: cmd.Name, Fields: i.chosen(cmd.Form)}); err != nil {
		return errors.Join(err, in.tell(ctx, i, "Roost could not take that down. Please try again."))
	}
	return in.tell(ctx, i, "✓ /"+cmd.Name)
}

// inCase says whether a channel is a thread that a desk may have opened for a case: one in a surface, and of nobody else.
func (in *intake) inCase(ctx context.Context, channel string) (bool, error) {
	within, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	p, err := in.c.places.of(within, channel)
	if err != nil {
		return false, err
	}
	if !p.thread() || p.owner != "" && p.owner != in.self.user {
		return false, nil
	}
	return slices.Contains(in.c.deps.Surfaces, in.c.conversation(p).Place()), nil
}

// chosen is what was said for the fields of a form.
func (i interaction) chosen(form *chat.Form) map[string]string {
	if form == nil {
		return nil
	}
	fields := map[string]string{}
	for _, o := range i.Data.Options {
		if slices.ContainsFunc(form.Fields, func(f chat.Field) bool { return f.ID == o.Name }) {
			fields[o.Name] = o.Value
		}
	}
	return fields
}
