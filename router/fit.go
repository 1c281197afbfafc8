package router

import (
	"strings"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// cut makes each post small enough for its platform: one delivery is one message there. What its platform has no means
// for becomes the post that stands for it, so that this is cut, keyed and looked for like any other.
func (r *Router) cut(ds []chat.Delivery) []chat.Delivery {
	all := make([]chat.Delivery, 0, len(ds))
	for _, d := range ds {
		t, runs := r.traits(d.Action.Target().Account)
		if runs {
			d = able(d, t)
		}
		d = astray(d)
		post, ok := d.Action.(chat.Post)
		if !ok {
			all = append(all, d)
			continue
		}
		parts := chat.Parts(post, t)
		for n, p := range parts {
			one := d
			one.Action = p
			if len(parts) > 1 {
				one.Part, one.Parts = n, len(parts)
			}
			if n > 0 {
				one.Answers = chat.Ref{} // the first part answers for all of them
			}
			all = append(all, one)
		}
	}
	return all
}

// able is d, or the post that stands for it, as a platform with traits t can perform it.
func able(d chat.Delivery, t chat.Traits) chat.Delivery {
	switch a := d.Action.(type) {
	case chat.Post:
		d.Action = *nameless(lined(&a, t), t)
	case chat.Edit:
		a.Else = nameless(a.Else, t)
		if a.Else != nil && !t.Edit.Out {
			d.Action, d.Source, d.Of = *a.Else, d.Of, chat.Ref{}
			return d
		}
		whole := nameless(lined(&chat.Post{Text: a.Text, As: a.As, Card: a.Card}, t), t)
		a.Text, a.As, a.Card = whole.Text, whole.As, whole.Card
		d.Action = a
	case chat.Delete:
		return instead(d, a.Else, t.Delete.Out)
	case chat.React:
		nearest, ok := a.Emoji, true
		if t.Emoji != nil {
			nearest, ok = t.Emoji(a.Emoji)
		}
		if ok {
			a.Emoji = nearest
			d.Action = a
		}
		return instead(d, a.Else, ok && t.React.Out)
	case chat.Pin:
		return instead(d, a.Else, t.Pin.Out)
	case chat.Open, chat.Hear:
	}
	return d
}

// instead is d where it can be done, and otherwise the post that stands for it, as an answer to what d is about.
func instead(d chat.Delivery, post *chat.Post, can bool) chat.Delivery {
	if post != nil && !can {
		d.Action, d.Answers, d.Of = *post, d.Of, chat.Ref{}
	}
	return d
}

// astray is d without the twin that a post in its place would go to: any other action goes where its message is.
func astray(d chat.Delivery) chat.Delivery {
	switch d.Action.(type) {
	case chat.Post, chat.Open:
	case chat.Edit, chat.Delete, chat.React, chat.Pin, chat.Hear:
		if d.Within.IsThread() {
			d.Within, d.Loose = chat.Ref{}, false
		}
	}
	return d
}

// lined is p with the buttons of its card as numbered lines, where the platform has no buttons and they can be answered so.
func lined(p *chat.Post, t chat.Traits) *chat.Post {
	if p.Card == nil || !p.Card.Numbered || t.Cards {
		return p
	}
	q := *p
	q.Card = nil
	if lines := p.Card.Lines(); !p.Text.Empty() {
		q.Text = text.Join(p.Text, text.Plain("\n"), lines)
	} else {
		q.Text = lines
	}
	return &q
}

// nameless is p with its author's name in front of its text, where the platform can't show it.
func nameless(p *chat.Post, t chat.Traits) *chat.Post {
	if p == nil || p.As == nil || t.Persona {
		return p
	}
	q := *p
	q.As = nil
	if p.Card == nil {
		q.Text = prefixed(*p.As, p.Text)
	}
	return &q
}

// prefixed puts a name in front of x; what stands behind the name is not bold. A block begins on a line of its own, and
// of a message without words only the name is left.
func prefixed(as chat.Persona, x text.Text) text.Text {
	prefix := as.Prefix
	if prefix == "" {
		prefix = as.Name + ": "
	}
	name := strings.TrimRight(prefix, " :;,-–—»|·•")
	rest := prefix[len(name):]
	var b text.Builder
	if name != "" {
		b.Span(text.Bold, text.Attrs{}, func() { b.Write(name) })
	}
	switch {
	case x.Empty():
		return b.Text()
	case startsBlock(x):
		rest = strings.TrimRight(rest, " ") + "\n"
	}
	b.Write(rest)
	b.Add(x)
	return b.Text()
}

func startsBlock(x text.Text) bool {
	for _, s := range x.Spans {
		if s.Start > 0 {
			break
		}
		switch s.Kind {
		case text.Quote, text.Pre, text.ListItem, text.Heading:
			return true
		case text.Bold, text.Italic, text.Underline, text.Strike, text.Code, text.Link, text.Mention, text.Emoji, text.Spoiler:
		}
	}
	return false
}
