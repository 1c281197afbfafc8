package discordsim

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// What a command may be.
// https://docs.discord.com/developers/interactions/application-commands#application-command-object-application-command-structure
const (
	maxSlashes = 100  // in a guild, and global
	maxOptions = 25   // of a command, and choices of an option
	maxVolume  = 8000 // characters of all names, descriptions and values
)

var slashName = regexp.MustCompile(`^[-_'\p{L}\p{N}\p{M}]{1,32}$`)

// goodName says whether a command or an option may be called so: in lower case, where there is one.
func goodName(name string) bool { return slashName.MatchString(name) && strings.ToLower(name) == name }

// full says whether there is no room for another slash command.
func (w *world) full(cmd *command) bool {
	n := 0
	for _, o := range w.scopedCommands(cmd.guild) {
		if o.kind == 1 && o.name != cmd.name {
			n++
		}
	}
	return cmd.kind == 1 && n >= maxSlashes
}

// checkOptions checks the options of a command or subcommand.
func checkOptions(t *tree, at string, def obj) {
	raw, _ := def["options"].([]any)
	t.most(at+"options", len(raw), maxOptions)
	seen, lenient := map[string]bool{}, false
	for i, o := range optionsOf(def) {
		here := at + "options." + strconv.Itoa(i) + "."
		name, _ := o["name"].(string)
		about, _ := o["description"].(string)
		switch {
		case !goodName(name):
			t.add(here+"name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
		case seen[name]:
			t.add(at+"options", "APPLICATION_COMMAND_OPTIONS_NAME_INVALID", "Option names must be unique")
		}
		seen[name] = true
		t.size(here+"description", about, 1, 100)
		if kind := compType(o); kind < optSub || kind > optLast {
			t.add(here+"type", "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}.")
		}
		if o["required"] == true && lenient {
			t.add(here[:len(here)-1], "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", "Required options must be placed before non-required options")
		}
		lenient = lenient || o["required"] != true
		checkChoices(t, here, o)
		checkOptions(t, here, o)
	}
}

func checkChoices(t *tree, at string, o obj) {
	raw, _ := o["choices"].([]any)
	t.most(at+"choices", len(raw), maxOptions)
	for i, one := range raw {
		choice, _ := one.(obj)
		here := at + "choices." + strconv.Itoa(i) + "."
		name, _ := choice["name"].(string)
		t.size(here+"name", name, 1, 100)
		if value, ok := choice["value"].(string); ok {
			t.size(here+"value", value, 1, 100)
		}
	}
}

// volume counts the characters that Discord limits in all.
func volume(def obj) int {
	n := 0
	for _, key := range []string{"name", "description", "value"} {
		s, _ := def[key].(string)
		n += len([]rune(s))
	}
	for _, key := range []string{"options", "choices"} {
		raw, _ := def[key].([]any)
		for _, one := range raw {
			if o, ok := one.(obj); ok {
				n += volume(o)
			}
		}
	}
	return n
}

// contexts are where a command can be used; nil: everywhere.
func (cmd *command) contexts() []int {
	raw, _ := cmd.def["contexts"].([]any)
	var out []int
	for _, one := range raw {
		if n, ok := one.(float64); ok {
			out = append(out, int(n))
		}
	}
	return out
}

// offered says whether people can choose a command in a channel.
func (cmd *command) offered(ch *channel) bool {
	context := 1
	if ch.Guild != "" {
		context = 0
	}
	in := cmd.contexts()
	return in == nil || slices.Contains(in, context)
}

// takes says whether an option takes a value: one of its choices, if it has any, and within its bounds.
func takes(o obj, v any) bool {
	if n, ok := v.(int64); ok {
		v = float64(n)
	}
	choices, _ := o["choices"].([]any)
	if len(choices) > 0 && !slices.ContainsFunc(choices, func(c any) bool { m, _ := c.(obj); return m["value"] == v }) {
		return false
	}
	least, low := o["min_value"].(float64)
	most, high := o["max_value"].(float64)
	if n, ok := v.(float64); ok {
		return (!low || n >= least) && (!high || n <= most)
	}
	if s, ok := v.(string); ok {
		longest, long := o["max_length"].(float64)
		return !long || len([]rune(s)) <= int(longest)
	}
	return true
}
