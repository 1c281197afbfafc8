package main

import (
	"cmp"
	"maps"
	"slices"
	"sync"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/configs"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
)

// deskDeps gives a connector what f's desks want of its account: nothing where none shows its cases, or where people
// have no commands.
func deskDeps(f *configs.File, p platform, deps bridges.Deps) bridges.Deps {
	if !p.commands {
		return deps
	}
	if deps.Surfaces = surfaces(f, deps.Account); deps.Surfaces != nil {
		for _, c := range desk.Commands() {
			deps.Commands = append(deps.Commands, bridges.Command(c))
		}
	}
	return deps
}

// surfaces are the places of an account in which f's desks show their cases, in order.
func surfaces(f *configs.File, name chat.Account) []chat.Conversation {
	var all []chat.Conversation
	for _, r := range f.Routes {
		if r.Desk == nil {
			continue
		}
		for _, on := range r.Desk.Surfaces {
			if on.At.Account == name {
				all = append(all, on.At)
			}
		}
	}
	slices.SortFunc(all, func(a, b chat.Conversation) int { return cmp.Compare(a.ID, b.ID) })
	return slices.Compact(all)
}

// changed lists the accounts that have to be opened again when f follows was: those with other settings, and those of
// whose places with commands there are others.
func changed(was, f *configs.File, diff configs.Changes) []chat.Account {
	names := slices.Clone(diff.Accounts.Changed)
	for name := range f.Accounts {
		if p, _ := platformOf(name); p.commands && !slices.Equal(surfaces(was, name), surfaces(f, name)) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// menus are what people can tell the bots, by account. The zero value is ready to use.
type menus struct {
	mu  sync.Mutex
	all map[chat.Account]*bridges.Menu
}

// of is the menu of an account, the same each time.
func (m *menus) of(name chat.Account) *bridges.Menu {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.all[name] == nil {
		if m.all == nil {
			m.all = map[chat.Account]*bridges.Menu{}
		}
		m.all[name] = &bridges.Menu{}
	}
	return m.all[name]
}

// set makes the menus say what bots listen for, as f has them.
func (m *menus) set(f *configs.File, players map[string]*player) {
	for name := range f.Accounts {
		if p, _ := platformOf(name); p.commands {
			m.of(name).Set(menuOf(f, name, players))
		}
	}
}

// again makes the menus say what bots listen for that have changed.
func (m *menus) again(h *house) {
	h.turn.Lock()
	defer h.turn.Unlock()
	m.set(h.current(), h.cast.playing())
}

// playing are the bots that are there.
func (c *cast) playing() map[string]*player {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.runs)
}

// menuOf lists what bots listen for on an account.
func menuOf(f *configs.File, name chat.Account, players map[string]*player) []bridges.BotCommand {
	var all []bridges.BotCommand
	for _, bot := range slices.Sorted(maps.Keys(players)) {
		p := players[bot]
		where, some := ears(f, name, p.settled)
		if !some {
			continue
		}
		for _, c := range commandsOf(p.host.Spec()) {
			c.In, c.Direct, c.Everywhere = where.In, where.Direct, where.Everywhere
			all = append(all, c)
		}
	}
	return all
}

// ears is where on an account a bot listens; some is false where it does not.
func ears(f *configs.File, name chat.Account, b configs.Bot) (where bridges.BotCommand, some bool) {
	where.Everywhere = slices.Contains(b.Hears, name)
	for _, at := range b.Places {
		if at.Account == name {
			where.In = append(where.In, at)
		}
	}
	for _, r := range b.Routes {
		switch route := f.Routes[r]; {
		case route.Desk != nil:
			where.Direct = where.Direct || slices.Contains(route.Desk.From, name)
		case route.Mirror != nil:
			for _, leg := range route.Mirror.Legs {
				if leg.At.Account == name {
					where.In = append(where.In, leg.At)
				}
			}
		}
	}
	return where, where.Everywhere || where.Direct || len(where.In) > 0
}

// slash is what a command begins with that people choose from a list.
const slash = "/"

// commandsOf are the commands of a bot. One that has other prefixes does not answer to what is chosen from a list.
func commandsOf(spec *bots.Spec) []bridges.BotCommand {
	if len(spec.Prefixes) > 0 && !slices.Contains(spec.Prefixes, slash) {
		return nil
	}
	var all []bridges.BotCommand
	for _, t := range spec.Triggers {
		if t.Command == nil {
			continue
		}
		c := bridges.BotCommand{Name: t.Command.Name, Help: cmp.Or(t.Help, t.Command.Usage())}
		for _, p := range t.Command.Params {
			c.Params = append(c.Params, bridges.Param{
				Name: p.Name, Kind: bridges.ParamKind(p.Kind), Choices: p.Choices, Optional: p.Optional,
			})
		}
		all = append(all, c)
	}
	return all
}
