package configs

import (
	"cmp"
	"maps"
	"reflect"
	"slices"

	"github.com/roost-im/roost/router/chat"
)

// Changes says what a new configuration makes different. It names things and shows no settings.
type Changes struct {
	Accounts Delta[chat.Account]
	Routes   Delta[string]
	Bots     Delta[string]
	Sections []string // of delivery, store, web, files and log, those that differ
}

// Delta lists names, in order.
type Delta[T cmp.Ordered] struct{ Added, Changed, Removed []T }

// IsZero says whether nothing is different.
func (c Changes) IsZero() bool {
	return c.Accounts.IsZero() && c.Routes.IsZero() && c.Bots.IsZero() && len(c.Sections) == 0
}

// IsZero says whether nothing is different.
func (d Delta[T]) IsZero() bool { return len(d.Added)+len(d.Changed)+len(d.Removed) == 0 }

// Diff compares two configurations, secrets included. Where something stands in its file makes no difference. An old of
// nil is an empty configuration.
func Diff(old, now *File) Changes {
	if old == nil {
		old = &File{}
	}
	c := Changes{
		Accounts: delta(old.Accounts, now.Accounts, func(a Account) Account { a.Line = 0; return a }),
		Routes:   delta(old.Routes, now.Routes, func(r Route) Route { r.Line = 0; return r }),
		Bots:     delta(old.Bots, now.Bots, func(b Bot) Bot { b.Line = 0; return b }),
	}
	for _, s := range []struct {
		name string
		same bool
	}{
		{"delivery", old.Delivery == now.Delivery},
		{"store", old.Store == now.Store},
		{"web", old.Web == now.Web},
		{"files", old.Files == now.Files},
		{"log", old.Log == now.Log},
	} {
		if !s.same {
			c.Sections = append(c.Sections, s.name)
		}
	}
	return c
}

func delta[K cmp.Ordered, V any](old, now map[K]V, core func(V) V) Delta[K] {
	var d Delta[K]
	for _, k := range slices.Sorted(maps.Keys(now)) {
		if was, ok := old[k]; !ok {
			d.Added = append(d.Added, k)
		} else if !reflect.DeepEqual(core(was), core(now[k])) {
			d.Changed = append(d.Changed, k)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(old)) {
		if _, ok := now[k]; !ok {
			d.Removed = append(d.Removed, k)
		}
	}
	return d
}
