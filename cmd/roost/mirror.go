package main

import (
	"github.com/roost-im/roost/configs"
	"github.com/roost-im/roost/router/route"
)

// mirror is a mirror of the configuration, as the router takes it.
func mirror(name string, m *configs.Mirror) route.Mirror {
	out := route.Mirror{
		Name: name, Names: route.Names{Name: m.Name, Prefix: m.Prefix}, Bots: m.Bots, Skip: filter(m.Skip), Only: filter(m.Only),
		Joins: m.Joins,
		Without: route.Without{
			Edits: !m.Edits, Deletes: !m.Deletes, Reactions: !m.Reactions, Threads: !m.Threads, Pins: !m.Pins,
		},
	}
	for _, l := range m.Legs {
		out.Legs = append(out.Legs, route.Leg{
			At: l.At, Silent: l.Direction == configs.Out, Deaf: l.Direction == configs.In, Bots: l.Bots,
		})
	}
	return out
}

func filter(f configs.Filter) route.Filter {
	out := route.Filter{Authors: f.Authors, Text: f.Text}
	for _, k := range f.Kinds {
		out.Kinds = append(out.Kinds, route.Kind(k))
	}
	return out
}
