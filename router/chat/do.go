package chat

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// Do performs an action through c. It is the one place that knows which connector can do what: an action that c has no
// means for becomes its Else where it has one, and is refused (errors.Is ErrUnsupported) where it has none. So does one that
// c says is unsupported although Traits allow it: some conversations of an account can do less than others. An Else is cut
// into Parts, and answers what the action is about.
// The receipt of an Open carries the new conversation; the receipt of an Edit lists the parts that are left, or its Else.
func Do(ctx context.Context, c Connector, a Action) (Receipt, error) {
	switch a := a.(type) {
	case Post:
		return c.Post(ctx, a)
	case Edit:
		return doEdit(ctx, c, a)
	case Delete:
		return doDelete(ctx, c, a)
	case React:
		return doReact(ctx, c, a)
	case Pin:
		return doPin(ctx, c, a)
	case Open:
		return doOpen(ctx, c, a)
	case Hear:
		return doHear(ctx, c, a)
	}
	return Receipt{}, fmt.Errorf("do: %T is no action", a)
}

func doEdit(ctx context.Context, c Connector, a Edit) (Receipt, error) {
	if e, ok := c.(editor); ok && c.Traits().Edit.Out {
		r, err := edit(ctx, e, a)
		if begun := len(r.Messages) > 0; begun || !gives(err, a.Else) {
			return r, err
		}
	}
	return instead(ctx, c, a.Else, a.ReplyTo, Unsupported("edit", "messages can't be edited here"))
}

func doDelete(ctx context.Context, c Connector, a Delete) (Receipt, error) {
	if d, ok := c.(Deleter); ok && c.Traits().Delete.Out {
		if err := d.Delete(ctx, a); !gives(err, a.Else) {
			return Receipt{}, err
		}
	}
	var about MessageID
	if len(a.Messages) > 0 {
		about = a.Messages[0]
	}
	return instead(ctx, c, a.Else, about, Unsupported("delete", "messages can't be deleted here"))
}

func doReact(ctx context.Context, c Connector, a React) (Receipt, error) {
	if r, ok := c.(Reactor); ok && c.Traits().React.Out {
		if err := r.React(ctx, a); !gives(err, a.Else) {
			return Receipt{}, err
		}
	}
	return instead(ctx, c, a.Else, a.Message, Unsupported("react", "there are no reactions here"))
}

func doPin(ctx context.Context, c Connector, a Pin) (Receipt, error) {
	if p, ok := c.(Pinner); ok && c.Traits().Pin.Out {
		if err := p.Pin(ctx, a); !gives(err, a.Else) {
			return Receipt{}, err
		}
	}
	return instead(ctx, c, a.Else, a.Message, Unsupported("pin", "messages can't be pinned here"))
}

func doOpen(ctx context.Context, c Connector, a Open) (Receipt, error) {
	o, ok := c.(Opener)
	if !ok || !c.Traits().Threads {
		return Receipt{}, Unsupported("open", "threads can't be opened here")
	}
	r, conv, err := o.Open(ctx, a)
	if err == nil {
		r.Conversation = conv
	}
	return r, err
}

func doHear(ctx context.Context, c Connector, a Hear) (Receipt, error) {
	h, ok := c.(Hearer)
	if !ok {
		return Receipt{}, Unsupported("hear", "no bot listens here")
	}
	outcome, err := h.Hear(ctx, a)
	return Receipt{Outcome: &outcome}, err
}

// gives says whether an action that ended so becomes the post that stands for it.
func gives(err error, post *Post) bool { return post != nil && IsUnsupported(err) }

// instead posts what stands for an action that c has no means for, as an answer to a message if it answers none; where nothing
// stands for it, it is refused.
func instead(ctx context.Context, c Connector, post *Post, about MessageID, refused error) (Receipt, error) {
	if post == nil {
		return Receipt{}, refused
	}
	p, t := *post, c.Traits()
	p.ReplyTo = cmp.Or(p.ReplyTo, about)
	var done Receipt
	for _, part := range Parts(p, t) {
		if part.ReplyTo == "" || !t.Reply {
			part = t.Quoted(part)
		}
		r, err := c.Post(ctx, part)
		r.Messages = append(done.Messages, r.Messages...)
		if done = r; err != nil {
			return done, err
		}
	}
	return done, nil
}

// editor is a connector that can edit.
type editor interface {
	Connector
	Editor
}

// edit makes the parts of one message read like the new text: the first ones are edited, surplus ones deleted, missing
// ones posted behind. Parts that have nothing but files stay. Repeating it after a failure comes to the same, because posts
// carry keys.
func edit(ctx context.Context, c editor, a Edit) (Receipt, error) {
	if len(a.Messages) == 0 {
		return Receipt{}, &Error{Op: "edit", Kind: Gone, Reason: "the message to edit is not known here"}
	}
	whole := Post{To: a.To, Text: a.Text, ReplyTo: a.ReplyTo, Quote: a.Quote, As: a.As, Card: a.Card, Number: a.Number}
	if a.Else != nil {
		whole.Hops = a.Else.Hops
	}
	parts := []Post{whole}
	if a.Card == nil {
		parts = Parts(whole, c.Traits())
	}
	words := a.Messages[:max(len(a.Messages)-filesAlone(a.Files, c.Traits().Files.Count), 1)]
	rest := a.Messages[len(words):]
	a.Messages = words
	var done Receipt
	for i, p := range parts {
		r, err := editPart(ctx, c, a, p, i)
		if err != nil {
			return done, err
		}
		done.Left = r.Left
		done.Messages = append(done.Messages, r.Messages...)
	}
	done.Messages = append(done.Messages, rest...)
	if len(words) > len(parts) {
		if d, ok := c.(Deleter); ok && c.Traits().Delete.Out {
			return done, d.Delete(ctx, Delete{To: a.To, Messages: words[len(parts):]})
		}
	}
	return done, nil
}

// filesAlone is how many messages have nothing but files, where so many are taken in each.
func filesAlone(files, each int) int {
	if each <= 0 || files <= each {
		return 0
	}
	return (files - 1) / each
}

// editPart makes the i-th part of a read like p: by editing its message, or by a new one where it has none or where the
// one that it had is gone, as those are that an earlier, shorter edit took away.
func editPart(ctx context.Context, c editor, a Edit, p Post, i int) (Receipt, error) {
	if i < len(a.Messages) {
		one := Edit{
			Key: a.Key, To: a.To, Messages: a.Messages[i : i+1], Text: p.Text, ReplyTo: p.ReplyTo, Quote: p.Quote, As: a.As, Card: p.Card,
		}
		r, err := c.Edit(ctx, one)
		if err == nil {
			return Receipt{Messages: one.Messages, Left: r.Left}, nil
		}
		if i == 0 || KindOf(err) != Gone {
			return Receipt{}, err
		}
	}
	p.Key = a.Key.part(i)
	return c.Post(ctx, p)
}

// Find asks c whether a arrived. known is false when c can't tell (it is no Finder); then found means nothing.
func Find(ctx context.Context, c Connector, a Action, since time.Time) (r Receipt, found, known bool, err error) {
	f, ok := c.(Finder)
	if !ok || c.Traits().Repeat != ReadBack {
		return Receipt{}, false, false, nil
	}
	r, found, err = f.Find(ctx, a, since)
	return r, found, err == nil, err
}

// Type shows people in a conversation that the account is writing, for some seconds. A connector that has no means for it
// shows nothing.
func Type(ctx context.Context, c Connector, at Conversation) error {
	if tc, ok := c.(Typer); ok && c.Traits().Types {
		return tc.Type(ctx, at)
	}
	return nil
}

// Fetch opens the bytes of a file through the connector that it came from. The caller closes what it gets.
func Fetch(ctx context.Context, c Connector, f File) (io.ReadCloser, error) {
	if fc, ok := c.(Fetcher); ok {
		return fc.Fetch(ctx, f)
	}
	return nil, Unsupported("fetch", "files can't be fetched from here")
}

// Check asks c whether its account works. A connector that can't tell has no findings.
func Check(ctx context.Context, c Connector) ([]Finding, error) {
	if cc, ok := c.(Checker); ok {
		return cc.Check(ctx)
	}
	return nil, nil
}

// Close lets go of what c holds besides a run, if it holds anything. It is not used after that.
func Close(c Connector) {
	if cc, ok := c.(io.Closer); ok {
		_ = cc.Close()
	}
}

// IsUnsupported says whether err means that the platform has no means for what was asked.
func IsUnsupported(err error) bool { return errors.Is(err, errors.ErrUnsupported) }
