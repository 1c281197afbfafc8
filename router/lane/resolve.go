package lane

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
	"github.com/roost-im/roost/router/text"
)

// resolve fills in what could not be known before the delivery's turn: its thread, the copies it is about, its files.
func (r *Runner) resolve(ctx context.Context, at *attempt) error {
	if at.looksUp() {
		err := r.cfg.Store.Read(ctx, func(v store.Reader) error { return r.lookUp(v, at) })
		if err != nil {
			return err
		}
	}
	at.action = named(quoted(at.action, at.traits), at.Key(r.cfg.Store.Word()))
	if post, ok := at.action.(chat.Post); ok {
		return r.attach(ctx, at, post)
	}
	return nil
}

// looksUp says whether a delivery needs to know what earlier ones became.
func (at *attempt) looksUp() bool {
	return !at.Within.IsZero() || !at.Of.IsZero() || !at.Answers.IsZero()
}

// named is a with its key. Of an action and its Else only one is performed, so they share it.
func named(a chat.Action, k chat.Key) chat.Action {
	instead := func(post *chat.Post) *chat.Post {
		if post == nil {
			return nil
		}
		p := *post
		p.Key = k
		return &p
	}
	switch a := a.(type) {
	case chat.Post:
		a.Key = k
		return a
	case chat.Edit:
		a.Key, a.Else = k, instead(a.Else)
		return a
	case chat.Delete:
		a.Else = instead(a.Else)
		return a
	case chat.React:
		a.Else = instead(a.Else)
		return a
	case chat.Pin:
		a.Else = instead(a.Else)
		return a
	case chat.Open:
		a.Key = k
		return a
	case chat.Hear:
		a.Key = k
		return a
	}
	return a
}

func (r *Runner) lookUp(v store.View, at *attempt) error {
	to, err := target(v, at)
	if err != nil {
		return err
	}
	_, opens := at.Action.(chat.Open)
	var messages []chat.MessageID
	if !at.Of.IsZero() {
		in, found, err := copiesIn(v, at.Of, to)
		if err != nil {
			return err
		}
		if len(found) == 0 && !opens {
			return &chat.Error{Op: "lane", Kind: chat.Gone, Reason: "the message that this is about is not there"}
		}
		messages = found
		if in.Thread != "" {
			to = in
		}
	}
	var answers chat.MessageID
	if !at.Answers.IsZero() {
		in, found, err := copiesIn(v, at.Answers, to)
		if err != nil {
			return err
		}
		if outside := at.Loose && in.Thread != to.Thread; len(found) > 0 && !outside {
			answers = found[0]
		}
	}
	at.action = resolved(at.Action, to, messages, answers)
	return nil
}

// target is where the action of a delivery goes: into the thread that it belongs in, if it belongs in one.
func target(v store.View, at *attempt) (chat.Conversation, error) {
	to := at.Action.Target()
	if at.Within.IsZero() {
		return to, nil
	}
	thread, err := threadOf(v, at.Within, to)
	if at.Loose && err != nil && chat.KindOf(err) == chat.Gone {
		return to, nil
	}
	return thread, err
}

// resolved is a with what was looked up put in.
func resolved(a chat.Action, to chat.Conversation, messages []chat.MessageID, answers chat.MessageID) chat.Action {
	var first chat.MessageID
	if messages != nil {
		first = messages[0]
	}
	switch a := a.(type) {
	case chat.Post:
		a.To, a.ReplyTo = to, cmp.Or(answers, a.ReplyTo)
		return a
	case chat.Edit:
		a.To, a.Else, a.ReplyTo = to, within(a.Else, to), cmp.Or(answers, a.ReplyTo)
		if messages != nil {
			a.Messages = messages
		}
		return a
	case chat.Delete:
		a.To, a.Else = to, within(a.Else, to)
		if messages != nil {
			a.Messages = messages
		}
		return a
	case chat.React:
		a.To, a.Else, a.Message = to, within(a.Else, to), cmp.Or(first, a.Message)
		return a
	case chat.Pin:
		a.To, a.Else, a.Message = to, within(a.Else, to), cmp.Or(first, a.Message)
		return a
	case chat.Open:
		a.Root = cmp.Or(first, a.Root)
		return a
	case chat.Hear:
	}
	return a
}

// quoted is a with the quote in its text, where it can't be a reply.
func quoted(a chat.Action, t chat.Traits) chat.Action {
	switch a := a.(type) {
	case chat.Post:
		if a.ReplyTo == "" || !t.Reply {
			return t.Quoted(a)
		}
	case chat.Edit:
		if a.ReplyTo == "" || !t.Reply {
			a.Text, a.Quote = t.Quoted(chat.Post{Text: a.Text, Quote: a.Quote}).Text, nil
			return a
		}
	case chat.Delete, chat.React, chat.Pin, chat.Open, chat.Hear:
	}
	return a
}

func within(post *chat.Post, to chat.Conversation) *chat.Post {
	if post == nil {
		return nil
	}
	p := *post
	p.To = to
	return &p
}

// threadOf finds the thread in to's place that card opened last. A thread is itself in its own place.
func threadOf(v store.View, card chat.Ref, to chat.Conversation) (chat.Conversation, error) {
	if card.IsThread() && card.Conversation.Place() == to.Place() {
		return card.Conversation, nil
	}
	found, err := v.Copies(card)
	if err != nil {
		return to, err
	}
	slices.Reverse(found)
	for _, c := range found {
		if c.Source.Same(card) && c.Dest.Conversation.Place() == to.Place() {
			return c.Dest.Conversation, nil
		}
	}
	// A forum's posts and a topic's conversation may be places of their own.
	for _, c := range found {
		if !card.IsThread() && c.Source.Same(card) && c.Dest.Conversation.Account == to.Account {
			return c.Dest.Conversation, nil
		}
	}
	return to, &chat.Error{Op: "lane", Kind: chat.Gone, Reason: "its thread could not be opened"}
}

// copiesIn lists the copies of ref in to's place and says in which thread they are, parts in order and the newest of each
// part: an edit may have put a new message in the place of one that was gone. A message without a copy in its own place
// stands for itself there.
func copiesIn(v store.View, ref chat.Ref, to chat.Conversation) (in chat.Conversation, messages []chat.MessageID, err error) {
	ref, found, err := originally(v, ref)
	if err != nil {
		return to, nil, err
	}
	part := -1
	for _, c := range found {
		if !c.Source.Same(ref) || c.Dest.Conversation.Place() != to.Place() {
			continue
		}
		if c.Part == part {
			messages = messages[:len(messages)-1]
		}
		part = c.Part
		in = c.Dest.Conversation
		messages = append(messages, c.Dest.Message)
	}
	if messages == nil && ref.Conversation.Place() == to.Place() && ref.SaidBy() == "" {
		return ref.Conversation, []chat.MessageID{ref.Message}, nil
	}
	return in, messages, nil
}

// originally is the original of a message that has turned out meanwhile to be a copy, and its copies; the message itself
// when it is none.
func originally(v store.View, ref chat.Ref) (chat.Ref, []chat.Copy, error) {
	found, err := v.Copies(ref)
	if i := slices.IndexFunc(found, func(c chat.Copy) bool { return c.Dest.Same(ref) && !c.Source.Same(ref) }); err == nil && i >= 0 {
		ref = found[i].Source
		found, err = v.Copies(ref)
	}
	return ref, found, err
}

// attach makes the files of a post readable, and puts a line into its text for each that can't be carried.
func (r *Runner) attach(ctx context.Context, at *attempt, p chat.Post) error {
	if len(p.Files) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, r.timeout(p))
	defer cancel()
	last := at.Tries+1 >= r.cfg.Tries
	var files []chat.File
	for _, f := range p.Files {
		content, size, err := r.content(ctx, at, f)
		switch {
		case err == nil:
			f.Content, f.Size = content, size
			files = append(files, f)
		case errors.Is(err, ErrLimit) && r.linked(ctx, &p, f, at.traits):
		case chat.KindOf(err) == chat.Refused || chat.KindOf(err) == chat.Gone || last:
			at.lacking = append(at.lacking, Lacking{File: f, Reason: chat.Reason(err), Limit: errors.Is(err, ErrLimit)})
		default:
			return err
		}
	}
	p.Files, p.Text = files, mention(p.Text, at.lacking, at.traits)
	at.action = p
	return nil
}

// linked puts a link to a file that the platform does not take under the text of p, where files can be linked to and there
// is room for it.
func (r *Runner) linked(ctx context.Context, p *chat.Post, f chat.File, t chat.Traits) bool {
	if r.cfg.Link == nil {
		return false
	}
	url, err := r.cfg.Link(ctx, f)
	if err != nil || url == "" {
		return false
	}
	with, ok := under(p.Text, "📎 "+text.Name(f.Name, 80)+": "+url, t)
	if ok {
		p.Text = with
	}
	return ok
}

// under puts a line under x, if there is room for it.
func under(x text.Text, line string, t chat.Traits) (text.Text, bool) {
	with := text.Plain(line)
	if !x.Empty() {
		with = text.Join(x, text.Plain("\n"+line))
	}
	return with, t.Text.Max == 0 || t.SizeOf(with) <= t.Text.Max
}

// mention puts a line under x for each file that is lacking. Where there is no room for all of them it says how many
// there are, and where there is none for that either, x stays as it is: its author is told anyway.
func mention(x text.Text, lacking []Lacking, t chat.Traits) text.Text {
	if len(lacking) == 0 {
		return x
	}
	lines := make([]string, 0, len(lacking))
	for _, l := range lacking {
		lines = append(lines, fmt.Sprintf("[%s could not be carried over: %s]", text.Name(l.File.Name, 80), l.Reason))
	}
	for _, said := range []string{strings.Join(lines, "\n"), fmt.Sprintf("[files that could not be carried over: %d]", len(lacking))} {
		if with, ok := under(x, said, t); ok {
			return with
		}
	}
	return x
}

func (r *Runner) content(ctx context.Context, at *attempt, f chat.File) (chat.Content, int64, error) {
	limit := at.traits.Files.Limit(f.Type)
	if at.traits.Files.Count == 0 || limit == 0 {
		return nil, 0, beyond(at.traits.Platform + " takes no files of this kind")
	}
	if f.Size > limit {
		return nil, 0, tooLarge(f.Size, limit, at.traits.Platform)
	}
	if r.cfg.Content == nil {
		return nil, 0, chat.Unsupported("lane: file", "files can't be carried")
	}
	content, size, err := r.cfg.Content(ctx, f)
	if err != nil {
		return nil, 0, err
	}
	switch {
	case size == 0:
		return nil, 0, beyond("it is empty") // most platforms refuse it, and with it the text beside it
	case size > limit:
		return nil, 0, tooLarge(size, limit, at.traits.Platform)
	}
	return content, size, nil
}

func tooLarge(size, limit int64, platform string) error {
	return beyond(fmt.Sprintf("it is %s, and %s takes %s at most", megabytes(size), platform, megabytes(limit)))
}

// ErrLimit marks a file that a platform's limits keep out, or our own: whoever sent it can send another.
var ErrLimit = errors.New("beyond a limit")

func beyond(reason string) error {
	return &chat.Error{Op: "lane: file", Kind: chat.Refused, Reason: reason, Err: ErrLimit}
}

// megabytes is a size as people write it.
func megabytes(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%.0f kB", float64(n)/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}
