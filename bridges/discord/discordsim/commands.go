package discordsim

import (
	"encoding/json"
	"maps"
	"slices"
)

// command is an application command: its definition as it was given, with what Discord adds.
type command struct {
	id, guild, name string
	kind            int // 1 slash, 2 on a user, 3 on a message
	def             obj
}

func commandRoutes() []route {
	out := []route{
		{method: "POST", path: "/interactions/{interaction}/{token}/callback", serve: callback, open: true},
	}
	for _, base := range []string{"/applications/{app}/commands", "/applications/{app}/guilds/{guild}/commands"} {
		out = append(out,
			route{method: "GET", path: base, serve: listCommands}, route{method: "POST", path: base, serve: createCommand},
			route{method: "PUT", path: base, serve: replaceCommands}, route{method: "GET", path: base + "/{command}", serve: readCommand},
			route{method: "PATCH", path: base + "/{command}", serve: editCommand}, route{method: "DELETE", path: base + "/{command}", serve: deleteCommand})
	}
	return out
}

// commandScope checks the application and the guild of a call.
func (w *world) commandScope(c *call) error {
	if c.args["app"] != w.cfg.ApplicationID {
		return errUnknownApp
	}
	if _, scoped := c.args["guild"]; scoped {
		if _, err := w.guildOf(c); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) scopedCommands(guild string) []*command {
	var out []*command
	for _, cmd := range w.commands {
		if cmd.guild == guild {
			out = append(out, cmd)
		}
	}
	return out
}

// makeCommand checks a definition and adds what Discord adds. https://docs.discord.com/developers/interactions/application-commands
func (w *world) makeCommand(guild string, def obj, t *tree, at string) *command {
	kind := 1
	if n, ok := def["type"].(float64); ok {
		kind = int(n)
	}
	name, _ := def["name"].(string)
	about, _ := def["description"].(string)
	if kind == 1 {
		t.size(at+"description", about, 1, 100)
		if !goodName(name) {
			t.add(at+"name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
		}
		checkOptions(t, at, def)
		if n := volume(def); n > maxVolume {
			t.add(at+"name", "APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size (8000)")
		}
	} else {
		t.size(at+"name", name, 1, 32)
	}
	cmd := &command{id: w.newID(), guild: guild, name: name, kind: kind, def: def}
	def["id"], def["application_id"], def["version"], def["type"], def["description"] = cmd.id, w.cfg.ApplicationID, w.newID(), kind, about
	for key, v := range map[string]any{
		"default_member_permissions": nil, "name_localizations": nil, "description_localizations": nil, "nsfw": false,
		"integration_types": []int{0}, "contexts": nil,
	} {
		if def[key] == nil {
			def[key] = v
		}
	}
	if guild != "" {
		def["guild_id"] = guild
	} else {
		def["dm_permission"] = true
	}
	return cmd
}

// keepCommand stores a command in the place of one with its name and kind.
func (w *world) keepCommand(cmd *command) (replaced bool) {
	for i, old := range w.commands {
		if old.guild == cmd.guild && old.name == cmd.name && old.kind == cmd.kind {
			cmd.id = old.id
			cmd.def["id"] = old.id
			w.commands[i] = cmd
			return true
		}
	}
	w.commands = append(w.commands, cmd)
	return false
}

func (w *world) wireCommands(guild string) []obj {
	out := []obj{}
	for _, cmd := range w.scopedCommands(guild) {
		out = append(out, cmd.def)
	}
	return out
}

func listCommands(w *world, c *call) (any, error) {
	if err := w.commandScope(c); err != nil {
		return nil, err
	}
	return w.wireCommands(c.args["guild"]), nil
}

func createCommand(w *world, c *call) (any, error) {
	if err := w.commandScope(c); err != nil {
		return nil, err
	}
	def := obj{}
	if err := c.into(&def); err != nil {
		return nil, err
	}
	if def == nil { // the body was null
		def = obj{}
	}
	t := &tree{}
	cmd := w.makeCommand(c.args["guild"], def, t, "")
	if err := t.fault(); err != nil {
		return nil, err
	}
	if w.full(cmd) {
		return nil, errMaxCommands
	}
	c.status = 201
	if w.keepCommand(cmd) {
		c.status = 200
	}
	w.bump()
	return cmd.def, nil
}

// makeCommands checks a whole list of definitions.
func (w *world) makeCommands(guild string, defs []obj) ([]*command, error) {
	t, slashes := &tree{}, 0
	var fresh []*command
	for i, def := range defs {
		if def == nil {
			def = obj{}
		}
		cmd := w.makeCommand(guild, def, t, string(mustJSON(i))+".")
		if slices.ContainsFunc(fresh, func(o *command) bool { return o.kind == cmd.kind && o.name == cmd.name }) {
			t.add(string(mustJSON(i))+".name", "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")
		}
		if cmd.kind == 1 {
			slashes++
		}
		fresh = append(fresh, cmd)
	}
	if err := t.fault(); err != nil {
		return nil, err
	}
	if slashes > maxSlashes {
		return nil, errMaxCommands
	}
	return fresh, nil
}

// replaceCommands leaves exactly these.
func replaceCommands(w *world, c *call) (any, error) {
	if err := w.commandScope(c); err != nil {
		return nil, err
	}
	var defs []obj
	if err := c.into(&defs); err != nil {
		return nil, err
	}
	guild := c.args["guild"]
	fresh, err := w.makeCommands(guild, defs)
	if err != nil {
		return nil, err
	}
	old := w.commands
	w.commands = slices.DeleteFunc(slices.Clone(old), func(cmd *command) bool { return cmd.guild == guild })
	for _, cmd := range fresh {
		for _, before := range old { // one that stays keeps its id
			if before.guild == guild && before.name == cmd.name && before.kind == cmd.kind {
				cmd.id, cmd.def["id"] = before.id, before.id
			}
		}
		w.keepCommand(cmd)
	}
	w.bump()
	return w.wireCommands(guild), nil
}

// commandOf finds the command that a call names.
func (w *world) commandOf(c *call) (*command, error) {
	if err := w.commandScope(c); err != nil {
		return nil, err
	}
	for _, cmd := range w.commands {
		if cmd.id == c.args["command"] && cmd.guild == c.args["guild"] {
			return cmd, nil
		}
	}
	return nil, errUnknownCommand
}

func readCommand(w *world, c *call) (any, error) {
	cmd, err := w.commandOf(c)
	if err != nil {
		return nil, err
	}
	return cmd.def, nil
}

func editCommand(w *world, c *call) (any, error) {
	cmd, err := w.commandOf(c)
	if err != nil {
		return nil, err
	}
	next := maps.Clone(cmd.def)
	if err := c.into(&next); err != nil {
		return nil, err
	}
	if next == nil { // the body was null
		next = maps.Clone(cmd.def)
	}
	name, _ := next["name"].(string)
	t := &tree{}
	if !goodName(name) && cmd.kind == 1 {
		t.add("name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
	}
	if err := t.fault(); err != nil {
		return nil, err
	}
	next["id"], next["application_id"], next["version"], next["type"] = cmd.id, w.cfg.ApplicationID, w.newID(), cmd.kind
	cmd.name, cmd.def = name, next
	w.bump()
	return cmd.def, nil
}

func deleteCommand(w *world, c *call) (any, error) {
	cmd, err := w.commandOf(c)
	if err != nil {
		return nil, err
	}
	w.commands = slices.DeleteFunc(w.commands, func(other *command) bool { return other == cmd })
	w.bump()
	return nil, nil //nolint:nilnil // no body
}

// Command is a command that the bot has registered.
type Command struct {
	ID, Guild   string // Guild is "" when it is global
	Name        string
	Kind        int // 1 slash, 2 on a user, 3 on a message
	Description string
	Options     json.RawMessage // as they were given
	Contexts    []int           // where a global one can be used: 0 guilds, 1 direct messages with the bot; nil: everywhere
}

// Commands are the registered commands, global and of guilds.
func (v View) Commands() []Command {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	var out []Command
	for _, cmd := range v.w.commands {
		about, _ := cmd.def["description"].(string)
		c := Command{ID: cmd.id, Guild: cmd.guild, Name: cmd.name, Kind: cmd.kind, Description: about, Contexts: cmd.contexts()}
		if cmd.def["options"] != nil {
			c.Options = mustJSON(cmd.def["options"])
		}
		out = append(out, c)
	}
	return out
}
