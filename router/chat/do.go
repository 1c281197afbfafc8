package chat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/roost-im/roost/router/text"
)

// Do performs an action through c. It is the one place that knows which connector can do what: an action that c has no
// means for becomes its Else where it has one, and is refused (errors.Is ErrUnsupported) where it has none.
// The receipt of an Open carries the new conversation; the receipt of an Edit lists the parts that are left.
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
	case Open:
		return doOpen(ctx, c, a)
	}
	return Receipt{}, fmt.Errorf("do: %T is no action", a)
}

func doEdit(ctx context.Context, c Connector, a Edit) (Receipt, error) {
	if e, ok := c.(editor); ok && c.Traits().Edit.Out {
		return edit(ctx, e, a)
	}
	return instead(ctx, c, a.Else, "edit", "messages can't be edited here")
}

func doDelete(ctx context.Context, c Connector, a Delete) (Receipt, error) {
	if d, ok := c.(Deleter); ok && c.Traits().Delete.Out {
		return Receipt{}, d.Delete(ctx, a)
	}
	return instead(ctx, c, a.Else, "delete", "messages can't be deleted here")
}

func doReact(ctx context.Context, c Connector, a React) (Receipt, error) {
	if r, ok := c.(Reactor); ok && c.Traits().React.Out {
		return Receipt{}, r.React(ctx, a)
	}
	return instead(ctx, c, a.Else, "react", "there are no reactions here")
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

func instead(ctx context.Context, c Connector, post *Post, op, reason string) (Receipt, error) {
	if post == nil {
		return Receipt{}, Unsupported(op, reason)
	}
	return c.Post(ctx, *post)
}

// editor is a connector that can edit.
type editor interface {
	Connector
	Editor
}

// edit makes the parts of one message read like the new text: the first ones are edited, surplus ones deleted, missing
// ones posted behind. Repeating it after a failure comes to the same, because posts carry keys.
func edit(ctx context.Context, c editor, a Edit) (Receipt, error) {
	if len(a.Messages) == 0 {
		return Receipt{}, &Error{Op: "edit", Kind: Gone, Reason: "the message to edit is not known here"}
	}
	whole := Post{To: a.To, Text: a.Text, As: a.As, Card: a.Card}
	if a.Else != nil {
		whole.Hops = a.Else.Hops
	}
	parts := []Post{whole}
	if a.Card == nil {
		parts = Parts(whole, c.Traits())
	}
	var done Receipt
	for i, p := range parts {
		r, err := editPart(ctx, c, a, p, i)
		if err != nil {
			return done, err
		}
		done.Left = r.Left
		done.Messages = append(done.Messages, r.Messages...)
	}
	if len(a.Messages) > len(parts) {
		if d, ok := c.(Deleter); ok && c.Traits().Delete.Out {
			return done, d.Delete(ctx, Delete{To: a.To, Messages: a.Messages[len(parts):]})
		}
	}
	return done, nil
}

// editPart makes the i-th part of a read like p: by editing its message, or by a new one where it has none or where the
// one that it had is gone, as those are that an earlier, shorter edit took away.
func editPart(ctx context.Context, c editor, a Edit, p Post, i int) (Receipt, error) {
	if i < len(a.Messages) {
		one := Edit{Key: a.Key, To: a.To, Messages: a.Messages[i : i+1], Text: p.Text, As: a.As, Card: p.Card}
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

// Parts cuts a post into the messages that a platform with traits t takes for it, in order: text within its limit, files
// within its count. All parts but the first have keys of their own, made from p.Key if there is one. A post that fits is
// returned as it is. Files that are too big or of a kind that t does not take are the caller's care (FileTraits.Limit);
// where t takes none at all, all of them are on the last part.
func Parts(p Post, t Traits) []Post {
	if (len(p.Files) <= t.Files.Count || t.Files.Count <= 0) && (t.Text.Max == 0 || t.SizeOf(p.Text) <= t.Text.Max) {
		return []Post{p}
	}
	texts := []text.Text{p.Text}
	if t.Text.Max > 0 {
		texts = text.Split(p.Text, t.SizeOf, t.Text.Max)
	}
	first := p
	first.Text, first.Files = text.Text{}, nil
	parts := []Post{first}
	for _, x := range texts {
		if x.Empty() {
			continue
		}
		if !parts[0].Text.Empty() {
			parts = append(parts, first)
		}
		parts[len(parts)-1].Text = x
	}
	parts = withFiles(parts, p, t.Files.Count)
	for i := range parts[1:] {
		parts[i+1].Key = p.Key.part(i + 1)
		parts[i+1].ReplyTo = ""
		parts[i+1].Card = nil
	}
	return parts
}

// withFiles puts the files on the last part of the text, and as many further messages as they need behind it.
func withFiles(parts []Post, p Post, count int) []Post {
	files := p.Files
	if count <= 0 {
		count = len(files)
	}
	last := &parts[len(parts)-1]
	n := min(count, len(files))
	last.Files, files = files[:n], files[n:]
	for len(files) > 0 {
		n = min(count, len(files))
		more := p
		more.Text, more.Files = text.Text{}, files[:n]
		parts, files = append(parts, more), files[n:]
	}
	return parts
}

// IsUnsupported says whether err means that the platform has no means for what was asked.
func IsUnsupported(err error) bool { return errors.Is(err, errors.ErrUnsupported) }
