package configs

import (
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/roost-im/roost/configs/strict"
	"github.com/roost-im/roost/router/chat"
)

// accounts decodes the accounts with their platforms' decoders.
func (d *decoder) accounts(raw map[string]at[strict.Value], platforms []Platform) map[chat.Account]Account {
	names := make([]string, 0, len(platforms))
	for _, p := range platforms {
		names = append(names, p.Name)
	}
	accounts := make(map[chat.Account]Account, len(raw))
	for _, key := range inOrder(raw) {
		b := raw[key]
		name, err := chat.ParseAccount(key)
		if err != nil {
			d.Fault(b.Spot, "", "%v", chat.ErrBadAccount)
			continue
		}
		i := slices.Index(names, name.Platform())
		if plugin, ok := d.pluginAccount(b, i < 0); ok {
			accounts[name] = plugin
			continue
		}
		if i < 0 {
			d.Fault(b.Spot, strict.DidYouMean(name.Platform(), names), "unknown platform %s", name.Platform())
			continue
		}
		accounts[name] = d.account(b, platforms[i])
	}
	return accounts
}

// PluginAccount is the settings of an account whose connector is a plugin.
type PluginAccount struct {
	Folder string // the plugin's, with its plugin.yaml
	Config any    // what the plugin wants to be told; may hold secrets
}

type rawPlugin struct {
	Plugin path `yaml:"plugin"`
	Config free `yaml:"config"`
}

// pluginAccount decodes an account whose connector is a plugin: one on a platform that nothing else knows. ok is false when
// it has none.
func (d *decoder) pluginAccount(b at[strict.Value], unknown bool) (Account, bool) {
	if !unknown || b.v.Key("plugin").IsZero() {
		return Account{}, false
	}
	list := b.v.Entries()
	a := Account{Platform: "plugin", Uncertain: Hold, Line: b.Line}
	list = d.own(list, "uncertain", &a.Uncertain)
	list = d.own(list, "pace", &a.Pace)
	var raw rawPlugin
	d.fill(reflect.ValueOf(&raw).Elem(), list, "uncertain", "pace")
	a.Settings = PluginAccount{Folder: d.beside(string(raw.Plugin)), Config: raw.Config.v}
	return a, true
}

func (d *decoder) account(b at[strict.Value], p Platform) Account {
	a := Account{Platform: p.Name, Uncertain: Hold, Line: b.Line}
	before := d.Len()
	list := entries(b.v)
	list = d.own(list, "uncertain", &a.Uncertain)
	list = d.own(list, "pace", &a.Pace)
	settings, err := p.Decode(d.strictly(list))
	if err != nil && !errors.Is(err, errReported) {
		d.Fault(b.Spot, "", "%s", d.scrub(err.Error()))
	}
	a.Settings = settings
	if d.Len() > before {
		return a
	}
	if v, ok := settings.(interface{ Validate() error }); ok {
		for _, err := range strict.Apart(v.Validate()) {
			d.invalid(err, list, b.Spot)
		}
	}
	return a
}

// own decodes a key of an account that is the same on every platform, and takes it off the list.
func (d *decoder) own(list []strict.Entry, key string, into any) []strict.Entry {
	i := slices.IndexFunc(list, func(e strict.Entry) bool { return e.Key == key })
	if i < 0 {
		return list
	}
	d.value(list[i].Value, reflect.ValueOf(into).Elem())
	if pace, ok := into.(**chat.Pace); ok && *pace != nil {
		for _, r := range []chat.Rate{(*pace).Conversation, (*pace).Account} {
			if r.Every < 0 || r.Burst < 0 || (r.Every > 0) != (r.Burst > 0) {
				list[i].Value.Fault("", "a rate has both every and burst, or neither, and neither is less than nothing")
			}
		}
	}
	return slices.Delete(list, i, i+1)
}

// invalid reports what a platform said about its settings, at the key that the words begin with.
func (d *decoder) invalid(err error, list []strict.Entry, s strict.Spot) {
	text := err.Error()
	first, rest, _ := strings.Cut(text, " ")
	key, colon := strings.CutSuffix(first, ":")
	if i := slices.IndexFunc(list, func(e strict.Entry) bool { return e.Key == key }); i >= 0 {
		s.Line, s.Column = list[i].At.Line, list[i].At.Column
		if colon {
			s, text = s.Key(key), rest
		}
	}
	d.Fault(s, "", "%s", d.scrub(text))
}

// inOrder lists the keys of m as they stand in the file.
func inOrder[T any](m map[string]at[T]) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		if m[a].Line != m[b].Line {
			return m[a].Line - m[b].Line
		}
		return m[a].Column - m[b].Column
	})
	return keys
}
