package configs

import (
	"cmp"
	"errors"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/roost-im/roost/configs/strict"
	"github.com/roost-im/roost/router/chat"
)

// Mirror is two or more conversations that show the same talk, each in another place.
type Mirror struct {
	Legs   []Leg
	Name   string   // how people are shown where a message can bear a name, with variables in braces; empty: as they are called
	Prefix string   // what stands in front of the text elsewhere, likewise; empty: Name and a colon
	Bots   []string // names or IDs of the bots that are carried, or "all"
	Skip   Filter   // what is not carried
	Only   Filter   // what alone is carried
	// What is carried besides messages: all of it by default but Joins.
	Edits, Deletes, Reactions, Threads, Pins, Joins bool
}

// Leg is one conversation of a mirror.
type Leg struct {
	At        chat.Conversation
	Direction Direction // default Both
	Bots      []string  // replaces the mirror's Bots here; nil: those hold
}

// Filter picks messages. An empty list picks nothing and demands nothing.
type Filter struct {
	Authors []string // IDs or handles
	Text    []*regexp.Regexp
	Kinds   []Kind
}

// Direction says which way a mirror works at one of its legs.
type Direction string

// The directions of a leg, as the mirror sees them.
const (
	In   Direction = "in"   // what is written here goes to the others
	Out  Direction = "out"  // what the others write comes here
	Both Direction = "both" // either
)

// Choices lists what a Direction can be.
func (Direction) Choices() []string { return []string{string(In), string(Out), string(Both)} }

// Kind is what a message is: it has words, a picture, and so on, or answers another one.
type Kind string

// Choices lists what a Kind can be.
func (Kind) Choices() []string { return []string{"text", "image", "video", "audio", "file", "reply"} }

// nameVariables lists what can stand between braces in a Name or Prefix.
func nameVariables() []string { return []string{"name", "handle", "platform", "account", "place"} }

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
	strict.Spot
}

func (p *planner) mirror(name string, raw at[rawMirror]) *Mirror {
	m := raw.v
	return &Mirror{
		Legs: p.between(name, raw), Name: string(m.Name), Prefix: string(m.Prefix), Bots: p.bots(m.Bots),
		Skip: p.filter(m.Skip), Only: p.filter(m.Only),
		Edits: unlessOff(m.Edits), Deletes: unlessOff(m.Deletes), Reactions: unlessOff(m.Reactions),
		Threads: unlessOff(m.Threads), Pins: unlessOff(m.Pins), Joins: m.Joins,
	}
}

// unlessOff says whether a switch is on that is on by default.
func unlessOff(written *bool) bool { return written == nil || *written }

func (p *planner) between(name string, raw at[rawMirror]) []Leg {
	legs := raw.v.Between
	if legs.Line == 0 {
		legs.Spot = raw.Key("between")
	}
	from, to := 0, 0
	var all []Leg
	for _, l := range legs.v {
		if l.v.Direction != Out {
			from++
		}
		if l.v.Direction != In {
			to++
		}
		conv := chat.Conversation(l.v.At.v)
		if !p.located(l.v.At, l.Spot) || !p.apart(all, conv, l.v.At.Spot) {
			continue
		}
		p.legs = append(p.legs, leg{route: name, at: conv, Spot: l.v.At.Spot})
		one := Leg{At: conv, Direction: cmp.Or(l.v.Direction, Both)}
		if l.v.Bots != nil {
			one.Bots = append([]string{}, p.bots(*l.v.Bots)...)
		}
		all = append(all, one)
	}
	switch {
	case p.Faulted(legs.Path):
	case len(legs.v) < 2:
		p.Fault(legs.Spot, "", "wants two conversations at least")
	case from == 0 || to == 0:
		p.Fault(legs.Spot, "", "nothing can move: every leg is %s", legs.v[0].v.Direction)
	}
	return all
}

// apart reports a leg in the place of another one.
func (p *planner) apart(legs []Leg, conv chat.Conversation, s strict.Spot) bool {
	i := slices.IndexFunc(legs, func(l Leg) bool { return l.At.Place() == conv.Place() })
	switch {
	case i < 0:
		return true
	case legs[i].At == conv:
		p.Fault(s, "", "is there twice")
	default:
		p.Fault(s, "make two mirrors of it", "is in the same place as another leg")
	}
	return false
}

func (p *planner) bots(raw at[[]at[bot]]) []string {
	var bots []string
	for _, b := range raw.v {
		bots = append(bots, string(b.v))
	}
	p.few(len(bots), maxWords, raw.Spot)
	return bots
}

func (p *planner) filter(raw rawFilter) Filter {
	var f Filter
	for _, a := range raw.Authors.v {
		f.Authors = append(f.Authors, string(a.v))
	}
	for _, t := range raw.Text.v {
		f.Text = append(f.Text, t.v.Regexp)
	}
	for _, k := range raw.Kinds.v {
		f.Kinds = append(f.Kinds, k.v)
	}
	p.few(len(f.Authors), maxWords, raw.Authors.Spot)
	p.few(len(f.Text), maxPatterns, raw.Text.Spot)
	return f
}

func (p *planner) few(n, most int, s strict.Spot) {
	if n > most {
		p.Fault(s, "", "has %d entries, and %d are the most", n, most)
	}
}

// claims reports conversations that two routes claim.
func (p *planner) claims(platforms []Platform) {
	mirrored := map[chat.Conversation]string{}
	for _, l := range p.legs {
		if name, ok := p.surfaces[l.at.Place()]; ok {
			p.Fault(l.Spot, "", "is a surface of the desk %s, so it can't be mirrored", name)
		}
		direct, told := isDirect(l.at, platforms)
		desk, fed := p.fed[l.at.Account]
		switch other, taken := mirrored[l.at]; {
		case !told && fed:
			p.warnings.Fault(l.Spot, "", "the desk %s takes the direct messages of %s, so if this is a direct conversation "+
				"nothing of it is mirrored", desk, l.at.Account)
		case direct && fed:
			p.Fault(l.Spot, "", "is a direct conversation, and the desk %s takes those of %s", desk, l.at.Account)
		case direct && taken:
			p.Fault(l.Spot, "", "is a direct conversation that the mirror %s has already", other)
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
	pattern  struct{ *regexp.Regexp }
)

// UnmarshalText takes a line with variables in braces.
func (t *template) UnmarshalText(b []byte) error {
	s := string(b)
	if s == "" || len(s) > maxTemplate || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' }) {
		return wanted("wants a line of 1 to 200 bytes")
	}
	for _, after, found := strings.Cut(s, "{"); found; _, after, found = strings.Cut(after, "{") {
		variable, _, closed := strings.Cut(after, "}")
		if !closed || !slices.Contains(nameVariables(), variable) {
			return wanted("wants one of " + strings.Join(nameVariables(), ", ") + " between { and }")
		}
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
