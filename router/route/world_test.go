package route_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/route"
	"github.com/roost-im/roost/router/text"
)

func place(n int) chat.Conversation {
	return chat.Conversation{Account: chat.Account(fmt.Sprintf("p%d/a", n%3)), ID: chat.ConversationID(fmt.Sprint("c", n))}
}

func thread(n int, id chat.ThreadID) chat.Conversation {
	at := place(n)
	at.Thread = id
	return at
}

func ref(at chat.Conversation, id chat.MessageID) chat.Ref {
	return chat.Ref{Conversation: at, Message: id}
}

// past is a Memory that is told what follows: it does at once what deliveries ask for.
type past struct {
	copies    []chat.Copy
	kept      map[string]string
	reactions []chat.Reaction
	traits    map[chat.Account]chat.Traits
	err       error
	n         int
}

func newPast() *past { return &past{kept: map[string]string{}, traits: map[chat.Account]chat.Traits{}} }

func (p *past) Family(r chat.Ref) (route.Kin, error) {
	for _, c := range p.copies {
		if c.Dest.Same(r) {
			return route.Kin{Original: c.Source, Hops: c.Hops}, p.err
		}
	}
	return route.Kin{Original: r}, p.err
}

func (p *past) Twin(of chat.Ref, at chat.Conversation) (route.Twin, error) {
	switch p.kept[route.TwinKey(of, at)] {
	case route.TwinAsked:
		return route.Asked, p.err
	case route.TwinRefused:
		return route.Refused, p.err
	}
	if n, _ := p.Parts(of, at); n > 0 {
		return route.Opened, p.err
	}
	return route.Missing, p.err
}

func (p *past) Parts(of chat.Ref, at chat.Conversation) (int, error) {
	return len(p.in(of, at)), p.err
}

// in lists the copies of a message, or of a thread, in a place.
func (p *past) in(of chat.Ref, at chat.Conversation) (found []chat.Ref) {
	for _, c := range p.copies {
		if c.Source.Same(of) && c.Dest.Conversation.Place() == at.Place() {
			found = append(found, c.Dest)
		}
	}
	return found
}

func (p *past) Reactions(of chat.Ref) (found []chat.Reaction, err error) {
	for _, r := range p.reactions {
		if r.Of.Same(of) {
			found = append(found, r)
		}
	}
	return found, p.err
}

func (p *past) Traits(a chat.Account) (chat.Traits, bool) {
	t, ok := p.traits[a]
	return t, ok
}

// keeps remembers what a result asks to be remembered.
func (p *past) keeps(res route.Result) {
	for k, v := range res.Keep {
		if p.kept[k] = string(v); v == nil {
			delete(p.kept, k)
		}
	}
	for _, r := range res.Unreact {
		p.reactions = slices.DeleteFunc(p.reactions, func(o chat.Reaction) bool { return o == r })
	}
	for _, r := range res.React {
		if !slices.Contains(p.reactions, r) {
			p.reactions = append(p.reactions, r)
		}
	}
}

// copied is the copy that a post makes.
func (p *past) copied(d chat.Delivery, post chat.Post) chat.Copy {
	p.n++
	at := post.To
	if found := p.in(d.Within, at); d.Within.IsThread() && len(found) > 0 {
		at = found[len(found)-1].Conversation
	} else if d.Within.IsThread() && d.Within.Conversation.Place() == at {
		at = d.Within.Conversation
	}
	return chat.Copy{Source: d.Source, Dest: ref(at, chat.MessageID(fmt.Sprint("copy", p.n))), Hops: post.Hops}
}

// performs does what deliveries ask for.
func (p *past) performs(tb rapid.TB, ds []chat.Delivery) {
	tb.Helper()
	for _, d := range ds {
		switch a := d.Action.(type) {
		case chat.Post:
			if !d.Source.IsZero() {
				p.copies = append(p.copies, p.copied(d, a))
			}
		case chat.Open:
			p.n++
			at := a.To
			at.Thread = chat.ThreadID(fmt.Sprint("twin", p.n))
			p.copies = append(p.copies, chat.Copy{Source: d.Source, Dest: at.ThreadRef()})
			d.State = chat.Sent
			res, mine, err := route.Ended(d, true, false, p)
			if err != nil || !mine {
				tb.Fatalf("the end of %+v is %+v, %v; want that it is a twin's", d, res, err)
			}
			p.keeps(res)
		case chat.Edit, chat.Delete, chat.React, chat.Pin, chat.Hear:
		}
	}
}

func event(at chat.Conversation, what chat.Happening) chat.Event {
	return chat.Event{ID: "e", Conversation: at, Message: "m", Author: chat.Author{ID: "ada", Name: "Ada"}, What: what}
}

func posted(said string) chat.Posted { return chat.Posted{Text: text.Plain(said)} }

// mirror shows the same talk in the places with these numbers.
func mirror(n ...int) route.Mirror {
	m := route.Mirror{Name: "m"}
	for _, i := range n {
		m.Legs = append(m.Legs, route.Leg{At: place(i)})
	}
	return m
}

func plan(t *testing.T, p *past, ev chat.Event, ms ...route.Mirror) route.Result {
	t.Helper()
	res, err := route.NewTable(ms).Plan(ev, p)
	if err != nil {
		t.Fatal(err)
	}
	p.keeps(res)
	return res
}

// told is a delivery in words.
func told(d chat.Delivery) string {
	var s strings.Builder
	fmt.Fprintf(&s, "%v: ", d.Action.Target())
	switch a := d.Action.(type) {
	case chat.Post:
		s.WriteString("post" + by(a.As) + fmt.Sprintf(" %q", a.Text.Body) + quoting(a.Quote))
	case chat.Edit:
		s.WriteString("edit" + by(a.As) + fmt.Sprintf(" %q", a.Text.Body) + quoting(a.Quote) + instead(a.Else))
	case chat.Delete:
		s.WriteString("delete" + instead(a.Else))
	case chat.Pin:
		s.WriteString(map[bool]string{true: "unpin", false: "pin"}[a.Remove] + instead(a.Else))
	case chat.React:
		s.WriteString(map[bool]string{true: "unreact ", false: "react "}[a.Remove] + a.Emoji + instead(a.Else))
	case chat.Open:
		fmt.Fprintf(&s, "open %q", a.Title)
	case chat.Hear:
		s.WriteString("hear")
	}
	for _, about := range []struct {
		word string
		ref  chat.Ref
	}{{"source", d.Source}, {"of", d.Of}, {"answers", d.Answers}, {"within", d.Within}} {
		if !about.ref.IsZero() {
			fmt.Fprintf(&s, ", %s %v", about.word, about.ref)
		}
	}
	if d.Loose {
		s.WriteString(", loose")
	}
	return s.String()
}

func by(as *chat.Persona) string {
	if as == nil {
		return ""
	}
	if as.Prefix != "" {
		return " as " + as.Name + " (" + as.Prefix + ")"
	}
	return " as " + as.Name
}

func quoting(q *chat.Quote) string {
	if q == nil {
		return ""
	}
	return fmt.Sprintf(" quoting %s %q", q.Name, q.Text.Body)
}

func instead(p *chat.Post) string {
	if p == nil {
		return ""
	}
	return fmt.Sprintf(" or %q", p.Text.Body)
}

// follows fails unless exactly these deliveries follow.
func follows(t *testing.T, ds []chat.Delivery, want ...string) {
	t.Helper()
	var got []string
	for _, d := range ds {
		got = append(got, told(d))
		if d.Lane != chat.LaneTo(d.Action.Target()) {
			t.Errorf("%s is in lane %s", told(d), d.Lane)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("follows\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}
