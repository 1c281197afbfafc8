package discordsim

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Press uses a button or menu of a message (an ephemeral one too); values are the options chosen of a menu: values, or ids of users,
// roles or channels. The bot gets INTERACTION_CREATE.
func (s *Sim) Press(user, channel, message, customID string, values ...string) error {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	_, m, err := w.at(channel, message)
	if err != nil {
		return err
	}
	if w.users[user] == nil {
		return fmt.Errorf("%w: %s", ErrNoUser, user)
	}
	control := findComponent(m.components, customID)
	if control == nil || control["disabled"] == true || m.only != "" && m.only != user {
		return fmt.Errorf("%w: %s", ErrNoControl, customID)
	}
	kind := compType(control)
	data := obj{"component_type": kind, "custom_id": customID, "id": control["id"]}
	if isSelect(kind) {
		if kind == compSelect && !offers(control, values) {
			return fmt.Errorf("%w: %s has not all of %v", ErrNoControl, customID, values)
		}
		data["values"] = list(values)
	}
	if isSelect(kind) && kind != compSelect {
		w.resolve(data, channel, values)
	}
	in := &interaction{kind: interComponent, Interaction: Interaction{User: user, Channel: channel, Message: message, Action: customID, Values: values}}
	w.interact(in, data, m)
	return nil
}

// offers says whether a menu has all of the values.
func offers(control obj, values []string) bool {
	options, _ := control["options"].([]any)
	for _, v := range values {
		if !slices.ContainsFunc(options, func(o any) bool { m, _ := o.(obj); return m["value"] == v }) {
			return false
		}
	}
	return true
}

// resolve puts the users, members and channels that ids name into an interaction's data, which has no "resolved" without any: clients
// tell the menus of users, roles and channels from others by that.
func (w *world) resolve(data obj, channel string, ids []string) {
	users, members, channels := obj{}, obj{}, obj{}
	g := w.guilds[w.channels[channel].Guild]
	for _, id := range ids {
		if w.users[id] != nil {
			users[id] = w.wireUser(id)
			if g != nil && g.has(id) {
				members[id] = w.wirePartialMember(g, id)
			}
		}
		if ch := w.channels[id]; ch != nil {
			channels[id] = w.wireChannel(ch)
		}
	}
	out := obj{}
	for key, found := range map[string]obj{"users": users, "members": members, "channels": channels} {
		if len(found) > 0 {
			out[key] = found
		}
	}
	if len(out) > 0 {
		data["resolved"] = out
	}
}

// Slash uses a command by its name, "name sub" and "name group sub" for subcommands. Options are given as text and sent as their type
// asks. The bot gets INTERACTION_CREATE.
func (s *Sim) Slash(user, channel, command string, options map[string]string) error {
	return s.slash(typedCommand{user, channel, command, "", options})
}

// Complete asks for the suggestions of an option while a person types it; those that come are the Choices of the Interaction.
func (s *Sim) Complete(user, channel, command, option, typed string) error {
	return s.slash(typedCommand{user, channel, command, option, map[string]string{option: typed}})
}

// typedCommand is a command as a person types it; focused is the option that still has the cursor.
type typedCommand struct {
	user, channel, name, focused string
	options                      map[string]string
}

func (s *Sim) slash(in typedCommand) error {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	ch := w.channels[in.channel]
	switch {
	case ch == nil:
		return fmt.Errorf("%w: %s", ErrNoChannel, in.channel)
	case w.users[in.user] == nil:
		return fmt.Errorf("%w: %s", ErrNoUser, in.user)
	}
	path := strings.Fields(strings.TrimPrefix(in.name, "/"))
	cmd := w.slashCommand(ch, path)
	if cmd == nil {
		return fmt.Errorf("%w: %s", ErrNoCommand, in.name)
	}
	given, ok := arguments(cmd.def, path[1:], in.focused, in.options)
	if !ok || !w.meets(given) {
		return fmt.Errorf("%w: %s with %v", ErrNoCommand, in.name, in.options)
	}
	ids := slices.Collect(maps.Values(in.options))
	data := obj{"id": cmd.id, "name": cmd.name, "type": cmd.kind, "options": given}
	w.resolve(data, in.channel, ids)
	if cmd.guild != "" {
		data["guild_id"] = cmd.guild
	}
	kind := interCommand
	if in.focused != "" {
		kind = interAutocomplete
	}
	w.interact(&interaction{kind: kind, Interaction: Interaction{User: in.user, Channel: in.channel, Action: cmd.name}}, data, nil)
	return nil
}

// meets says whether the people who are named by options are there.
func (w *world) meets(given []obj) bool {
	return !slices.ContainsFunc(given, func(o obj) bool {
		id, _ := o["value"].(string)
		return o["type"] == optUser && w.users[id] == nil
	})
}

// slashCommand finds a command by its name: the guild's own before a global one.
func (w *world) slashCommand(ch *channel, path []string) *command {
	if len(path) == 0 {
		return nil
	}
	for _, known := range slices.Concat(w.scopedCommands(ch.Guild), w.scopedCommands("")) {
		if known.name == path[0] && known.kind == 1 && known.offered(ch) {
			return known
		}
	}
	return nil
}

// Types of options.
const (
	optSub     = 1
	optGroup   = 2
	optInteger = 4
	optBoolean = 5
	optUser    = 6
	optNumber  = 10
	optLast    = 11
)

// arguments builds the options of a command: down the subcommands of path, then each value as its type asks. ok is false when one is
// unknown, missing or of another type.
func arguments(def obj, path []string, focused string, options map[string]string) (given []obj, ok bool) {
	known := optionsOf(def)
	if len(path) > 0 {
		for _, o := range known {
			if t := compType(o); o["name"] == path[0] && (t == optSub || t == optGroup) {
				inner, ok := arguments(o, path[1:], focused, options)
				return []obj{{"name": path[0], "type": t, "options": inner}}, ok
			}
		}
		return nil, false
	}
	given = []obj{}
	for _, o := range known {
		name, _ := o["name"].(string)
		text, has := options[name]
		switch {
		case has:
			one, fits := argument(o, text, focused)
			if !fits {
				return nil, false
			}
			given = append(given, one)
		case o["required"] == true && focused == "":
			return nil, false
		}
	}
	return given, len(given) == len(options)
}

// argument is one option with its value; the one that is being typed stays text.
func argument(o obj, text, focused string) (obj, bool) {
	out := obj{"name": o["name"], "type": compType(o)}
	if focused != "" && o["name"] == focused {
		out["focused"], out["value"] = true, text
		return out, true
	}
	v, fits := valueOf(compType(o), text)
	out["value"] = v
	return out, fits && takes(o, v) || focused != ""
}

func optionsOf(def obj) []obj {
	raw, _ := def["options"].([]any)
	var out []obj
	for _, r := range raw {
		if o, ok := r.(obj); ok {
			out = append(out, o)
		}
	}
	return out
}

// valueOf reads an option's text as its type asks.
func valueOf(kind int, text string) (any, bool) {
	var v any
	var err error
	switch kind {
	case optInteger:
		v, err = strconv.ParseInt(text, 10, 64)
	case optBoolean:
		v, err = strconv.ParseBool(text)
	case optNumber:
		v, err = strconv.ParseFloat(text, 64)
	default:
		v = text
	}
	return v, err == nil
}

// SubmitModal sends a form that is open, with the text of each field by its custom_id; it closes. Fields without text are sent empty.
func (s *Sim) SubmitModal(user, modalID string, values map[string]string) error {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.IndexFunc(w.modals, func(m *modal) bool { return m.ID == modalID && m.User == user })
	if i < 0 {
		return fmt.Errorf("%w: %s", ErrNoModal, modalID)
	}
	m := w.modals[i]
	for id := range values {
		if findComponent(m.components, id) == nil {
			return fmt.Errorf("%w: %s", ErrNoControl, id)
		}
	}
	ch := w.channels[m.channel]
	if ch == nil {
		return fmt.Errorf("%w: %s", ErrNoChannel, m.channel)
	}
	w.modals = slices.Delete(w.modals, i, i+1)
	data := obj{"custom_id": m.CustomID, "components": filled(m.components, values)}
	in := &interaction{kind: interModal, Interaction: Interaction{User: user, Channel: m.channel, Message: m.message, Action: m.CustomID}}
	w.interact(in, data, ch.find(m.message))
	return nil
}

// filled is what a form sends: its rows and labels, with the value of each field.
func filled(components []obj, values map[string]string) []obj {
	out := []obj{}
	for _, c := range components {
		one := obj{"type": compType(c), "id": c["id"]}
		switch id, field := c["custom_id"].(string); {
		case field && isSelect(compType(c)):
			one["custom_id"], one["values"] = id, strings.Fields(values[id])
		case field:
			one["custom_id"], one["value"] = id, values[id]
		case compType(c) == compLabel:
			if below := filled(children(c), values); len(below) > 0 {
				one["component"] = below[0]
			}
		default:
			one["components"] = filled(children(c), values)
		}
		out = append(out, one)
	}
	return out
}
