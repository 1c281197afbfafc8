package configs

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/route"
)

// How much a mirror may ask of each message.
const (
	maxWords    = 200 // in a list of authors or bots
	maxPatterns = 50
	maxPattern  = 500 // bytes
	maxTemplate = 200 // bytes
)

// leg is a conversation that a mirror claims.
type leg struct {
	route string
	at    chat.Conversation
	spot
}

// direction says which way a mirror works at one of its legs, as the mirror sees it.
type direction string

const (
	in   direction = "in"   // what is written here goes to the others
	out  direction = "out"  // what the others write comes here
	both direction = "both" // either
)

// Choices lists what a direction can be.
func (direction) Choices() []string { return []string{string(in), string(out), string(both)} }

func (p *planner) mirror(name string, raw at[rawMirror]) *route.Mirror {
	m := &route.Mirror{
		Name: name, Legs: p.between(name, raw),
		Names: route.Names{Name: string(raw.v.Name), Prefix: string(raw.v.Prefix)},
		Bots:  p.bots(raw.v.Bots),
		Skip:  p.filter(raw.v.Skip), Only: p.filter(raw.v.Only),
		Joins: raw.v.Joins != nil && *raw.v.Joins,
		Without: route.Without{
			Edits: no(raw.v.Edits), Deletes: no(raw.v.Deletes), Reactions: no(raw.v.Reactions), Pins: no(raw.v.Pins), Threads: no(raw.v.Threads),
		},
	}
	return m
}

// no says whether something is written, and false.
func no(written *bool) bool { return written != nil && !*written }

func (p *planner) between(name string, raw at[rawMirror]) []route.Leg {
	legs := raw.v.Between
	if legs.line == 0 {
		legs.spot = raw.key("between")
	}
	from, to := 0, 0
	var all []route.Leg
	for _, l := range legs.v {
		if l.v.Direction != out {
			from++
		}
		if l.v.Direction != in {
			to++
		}
		conv := chat.Conversation(l.v.At.v)
		if !p.located(l.v.At, l.spot) || !p.apart(all, conv, l.v.At.spot) {
			continue
		}
		p.legs = append(p.legs, leg{route: name, at: conv, spot: l.v.At.spot})
		one := route.Leg{At: conv, Silent: l.v.Direction == out, Deaf: l.v.Direction == in}
		if l.v.Bots != nil {
			one.Bots = append([]string{}, p.bots(*l.v.Bots)...)
		}
		all = append(all, one)
	}
	switch {
	case p.faulted(legs.path):
	case len(legs.v) < 2:
		p.fault(legs.spot, "", "wants two conversations at least")
	case from == 0 || to == 0:
		p.fault(legs.spot, "", "nothing can move: every leg is %s", legs.v[0].v.Direction)
	}
	return all
}

// apart reports a leg in the place of another one.
func (p *planner) apart(legs []route.Leg, conv chat.Conversation, s spot) bool {
	i := slices.IndexFunc(legs, func(l route.Leg) bool { return l.At.Place() == conv.Place() })
	switch {
	case i < 0:
		return true
	case legs[i].At == conv:
		p.fault(s, "", "is there twice")
	default:
		p.fault(s, "make two mirrors of it", "is in the same place as another leg")
	}
	return false
}

func (p *planner) bots(raw at[[]at[bot]]) []string {
	var bots []string
	for _, b := range raw.v {
		bots = append(bots, string(b.v))
	}
	p.few(len(bots), maxWords, raw.spot)
	return bots
}

func (p *planner) filter(raw rawFilter) route.Filter {
	var f route.Filter
	for _, a := range raw.Authors.v {
		f.Authors = append(f.Authors, string(a.v))
	}
	for _, t := range raw.Text.v {
		f.Text = append(f.Text, t.v.Regexp)
	}
	for _, k := range raw.Kinds.v {
		f.Kinds = append(f.Kinds, route.Kind(k.v))
	}
	p.few(len(f.Authors), maxWords, raw.Authors.spot)
	p.few(len(f.Text), maxPatterns, raw.Text.spot)
	return f
}

func (p *planner) few(n, most int, s spot) {
	if n > most {
		p.fault(s, "", "has %d entries, and %d are the most", n, most)
	}
}

// claims reports conversations that two routes claim.
func (p *planner) claims(platforms []Platform) {
	mirrored := map[chat.Conversation]string{}
	for _, l := range p.legs {
		if name, ok := p.surfaces[l.at.Place()]; ok {
			p.fault(l.spot, "", "is a surface of the desk %s, so it can't be mirrored", name)
		}
		direct, told := isDirect(l.at, platforms)
		desk, fed := p.fed[l.at.Account]
		switch other, taken := mirrored[l.at]; {
		case !told && fed:
			p.warn(l.spot, "", "the desk "+desk+" takes the direct messages of "+string(l.at.Account)+
				", so if this is a direct conversation nothing of it is mirrored")
		case direct && fed:
			p.fault(l.spot, "", "is a direct conversation, and the desk %s takes those of %s", desk, l.at.Account)
		case direct && taken:
			p.fault(l.spot, "", "is a direct conversation that the mirror %s has already", other)
		}
		mirrored[l.at] = l.route
	}
}

// isDirect says whether conv is a direct conversation; told is false when its platform's IDs don't tell.
func isDirect(conv chat.Conversation, platforms []Platform) (direct, told bool) {
	i := slices.IndexFunc(platforms, func(p Platform) bool { return p.Name == conv.Account.Platform() })
	if i < 0 || platforms[i].Direct == nil {
		return false, false
	}
	return platforms[i].Direct(conv.ID), true
}

// Words of a mirror.
type (
	template string
	bot      string
	kind     route.Kind
	pattern  struct{ *regexp.Regexp }
)

// UnmarshalText takes a line with variables in braces.
func (t *template) UnmarshalText(b []byte) error {
	s := string(b)
	if s == "" || len(s) > maxTemplate || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' }) {
		return wanted("wants a line of 1 to 200 bytes")
	}
	if err := route.CheckName(s); err != nil {
		return wanted(err.Error())
	}
	*t = template(s)
	return nil
}

// UnmarshalText takes any name without spaces around it.
func (t *bot) UnmarshalText(b []byte) error {
	if s := string(b); s == "" || strings.TrimSpace(s) != s {
		return wanted("wants a bot's name or ID, or all")
	}
	*t = bot(b)
	return nil
}

// Choices lists the kinds of a message.
func (kind) Choices() []string {
	var all []string
	for _, k := range route.Kinds() {
		all = append(all, string(k))
	}
	return all
}

// UnmarshalText takes a regular expression of RE2, whose time is bounded by the text's length.
// https://github.com/google/re2/wiki/Syntax
func (p *pattern) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 || len(b) > maxPattern {
		return wanted("wants a regular expression of 1 to 500 bytes")
	}
	p.Regexp, err = regexp.Compile(string(b))
	if e, ok := errors.AsType[*syntax.Error](err); ok {
		return wanted("is no regular expression: " + string(e.Code))
	}
	return err
}
