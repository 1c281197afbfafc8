package route

import (
	"strings"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// Names says how authors are shown. Both are templates in which {name}, {handle}, {platform}, {account} and {place} stand
// for what the author is called, and where they wrote. {handle} is the name of those who have none.
type Names struct {
	Name   string // default "{name}"
	Prefix string // what stands in front of the text where a message can't bear the name; default: Name and ": "
}

// nameMax is how long a name may be, in graphemes.
const nameMax = 80

// person makes a display name harmless.
func person(name string) string { return text.Name(name, nameMax) }

// who is the author's name.
func (p *planner) who() string {
	if p.name == "" {
		p.name = person(nameOf(p.ev.Author))
	}
	return p.name
}

// as is how the author appears in a mirror.
func (p *planner) as(m *Mirror) *chat.Persona {
	as := &chat.Persona{Name: p.who(), Avatar: p.ev.Author.Avatar}
	if m.Names == (Names{}) {
		return as
	}
	fill := p.filler()
	if m.Names.Name != "" {
		as.Name = fill.Replace(m.Names.Name)
	}
	if m.Names.Prefix != "" {
		as.Prefix = fill.Replace(m.Names.Prefix)
	}
	return as
}

// filler fills a template in. What is filled in is not looked at again.
func (p *planner) filler() *strings.Replacer {
	a := p.ev.Conversation.Account
	handle, platform := p.who(), a.Platform()
	if p.ev.Author.Handle != "" {
		handle = person(p.ev.Author.Handle)
	}
	if t, ok := p.mem.Traits(a); ok && t.Platform != "" {
		platform = t.Platform
	}
	return strings.NewReplacer(
		"{name}", p.who(), "{handle}", handle, "{platform}", platform, "{account}", a.Name(), "{place}", person(string(p.from.ID)),
	)
}

func nameOf(a chat.Author) string {
	switch {
	case a.Name != "":
		return a.Name
	case a.Handle != "":
		return a.Handle
	}
	return string(a.ID)
}
