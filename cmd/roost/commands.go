package main

import (
	"cmp"
	"slices"

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
