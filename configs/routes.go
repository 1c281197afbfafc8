package configs

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/roost-im/roost/configs/strict"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
)

// Route is a rule that turns events into deliveries: a desk or a mirror, and never both.
type Route struct {
	Desk   *Desk
	Mirror *Mirror
	Line   int // where it stands in the file
}

// Desk is a desk's settings and the accounts whose direct messages it takes. An account feeds one desk at most.
type Desk struct {
	desk.Desk
	From []chat.Account
}

// What a desk does when its settings say nothing. The marks are those that package desk itself falls back to.
const (
	defaultNoteMark = "//"
	defaultSendMark = "!"
	defaultHold     = 5 * time.Second
	defaultRevive   = 72 * time.Hour
	maxHold         = time.Hour
)

var routeForm = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)

// planner checks routes against the accounts and against each other.
type planner struct {
	*decoder
	known    []string
	fed      map[chat.Account]string      // the desk that takes an account's direct messages
	surfaces map[chat.Conversation]string // the last desk that shows its cases there
	legs     []leg
}

func (d *decoder) planner(accounts []string) *planner {
	return &planner{decoder: d, known: accounts, fed: map[chat.Account]string{}, surfaces: map[chat.Conversation]string{}}
}

func (p *planner) routes(raw map[string]at[rawRoute], platforms []Platform) map[string]Route {
	d := p.decoder
	routes := make(map[string]Route, len(raw))
	for _, name := range inOrder(raw) {
		r := raw[name]
		if !routeForm.MatchString(name) {
			d.Fault(r.Spot, "", "the name of a route is lower-case letters, digits, _ and -")
		}
		route := Route{Line: r.Line}
		switch {
		case r.v.Desk != nil && r.v.Mirror != nil:
			d.Fault(r.Spot, "make two routes of it", "is a desk and a mirror")
		case r.v.Desk != nil:
			route.Desk = p.desk(name, *r.v.Desk)
		case r.v.Mirror != nil:
			route.Mirror = p.mirror(name, *r.v.Mirror)
		case !d.Faulted(r.Path):
			d.Fault(r.Spot, "give it a desk or a mirror", "does nothing")
		}
		routes[name] = route
	}
	p.claims(platforms)
	return routes
}

func (p *planner) desk(name string, raw at[rawDesk]) *Desk {
	from := p.from(name, raw)
	surfaces := p.on(name, raw)
	dk := desk.Desk{
		Name: name, Surfaces: surfaces,
		NoteMark: string(or(raw.v.NoteMark, defaultNoteMark)), SendMark: string(or(raw.v.SendMark, defaultSendMark)),
		Hold: or(raw.v.Hold, defaultHold), Revive: or(raw.v.Revive, defaultRevive), Remind: p.remind(raw.v.Remind),
	}
	if dk.Hold < 0 || dk.Hold > maxHold {
		p.Fault(raw.v.Hold.Spot, "", "wants 0s to %v", maxHold)
	}
	if dk.Revive < 0 {
		p.Fault(raw.v.Revive.Spot, "", "wants 0s or more")
	}
	if strings.HasPrefix(dk.SendMark, dk.NoteMark) && !p.Faulted(raw.Key("note_mark").Path) {
		p.Fault(raw.Spot, "", "send_mark begins with note_mark, so nothing could be sent with it")
	}
	return &Desk{Desk: dk, From: from}
}

// or is what is written, or the default where nothing is.
func or[T any](written *at[T], byDefault T) T {
	if written == nil {
		return byDefault
	}
	return written.v
}

func (p *planner) from(name string, raw at[rawDesk]) []chat.Account {
	s := raw.Key("from")
	if len(raw.v.From) == 0 && !p.Faulted(s.Path) {
		p.Fault(s, "name the accounts whose direct messages it takes", "is missing")
	}
	from := make([]chat.Account, 0, len(raw.v.From))
	for _, f := range raw.v.From {
		a := chat.Account(f.v)
		if !p.exists(a, f.Spot) {
			continue
		}
		switch other, fed := p.fed[a]; {
		case fed && other == name:
			p.Fault(f.Spot, "", "is there twice")
			continue
		case fed:
			p.Fault(f.Spot, "", "feeds the desk %s already; an account feeds one desk", other)
			continue
		}
		p.fed[a] = name
		from = append(from, a)
	}
	return from
}

// exists reports an account that is not there. One that could not be read has been reported.
func (p *planner) exists(a chat.Account, s strict.Spot) bool {
	if a == "" {
		return false
	}
	if !slices.Contains(p.known, string(a)) {
		p.Fault(s, strict.DidYouMean(string(a), p.known), "there is no such account")
		return false
	}
	return true
}

func (p *planner) on(name string, raw at[rawDesk]) []desk.Surface {
	s := raw.Key("on")
	if len(raw.v.On) == 0 && !p.Faulted(s.Path) {
		p.Fault(s, "name the places where it shows its cases", "is missing")
	}
	everywhere := p.members(raw.v.Members)
	var surfaces []desk.Surface
	var first chat.Account
	for _, o := range raw.v.On {
		at := chat.Conversation(o.v.At.v)
		if !p.located(o.v.At, o.Spot) || !p.surface(name, at, o.v.At.Spot) {
			continue
		}
		sf := desk.Surface{At: at, Reply: desk.Send, Members: everywhere}
		if o.v.Members != nil {
			sf.Members = p.members(o.v.Members)
		} else if first == "" {
			first = at.Account
		} else if first.Platform() != at.Account.Platform() && len(everywhere) > 0 {
			p.Fault(raw.v.Members.Spot, "give each surface its own members", "the desk is on two platforms, where people have different IDs")
			everywhere = nil
		}
		if r := o.v.Reply; r != nil {
			sf.Reply = desk.Mode(*r)
		} else if raw.v.Reply != nil {
			sf.Reply = desk.Mode(*raw.v.Reply)
		}
		surfaces = append(surfaces, sf)
	}
	return surfaces
}

// located reports an item without a conversation, and one on an account that is not there.
func (p *planner) located(where at[place], item strict.Spot) bool {
	if where.Line == 0 {
		if !p.Faulted(item.Path) {
			p.Fault(item.Key("at"), "", "is missing")
		}
		return false
	}
	return p.exists(where.v.Account, where.Spot)
}

func (p *planner) surface(name string, at chat.Conversation, s strict.Spot) bool {
	if at.Thread != "" {
		p.Fault(s, "write "+at.Place().String(), "is a thread; a desk is on the channel, group or forum and opens the threads itself")
		return false
	}
	if p.surfaces[at] == name {
		p.Fault(s, "", "is there twice")
		return false
	}
	p.surfaces[at] = name
	return true
}

func (p *planner) members(raw *at[[]at[person]]) []chat.PersonID {
	if raw == nil {
		return nil
	}
	ids := make([]chat.PersonID, 0, len(raw.v))
	for _, m := range raw.v {
		if slices.Contains(ids, chat.PersonID(m.v)) && m.v != "" {
			p.Fault(m.Spot, "", "is there twice")
			continue
		}
		ids = append(ids, chat.PersonID(m.v))
	}
	return ids
}
