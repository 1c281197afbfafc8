package router_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/roost-im/roost/router"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// town is a connector whose platform is this process and has everything: threads, edits, deletions, reactions, cards
// and files. People do things in it, and it keeps what Roost makes of that.
type town struct {
	account chat.Account
	traits  chat.Traits
	echo    func(chat.Event) chat.Event            // what the platform shows of our own posts; nil: nothing
	fail    func(chat.Action) error                // why an action does not work; nil: all do
	run     func(context.Context, chat.Sink) error // nil: runs until the end
	files   map[string]string                      // bytes by source
	single  bool                                   // an account has one reaction on a message

	echoes chan chat.Event

	mu       sync.Mutex
	sink     chat.Sink
	n        int
	runs     int
	closed   bool
	fetched  int
	messages []*message
	threads  map[chat.ThreadID]bool // that are there
}

// message is one message in a town.
type message struct {
	id        chat.MessageID
	at        chat.Conversation
	post      chat.Post
	files     []string // bytes
	reactions []string
	pinned    bool
	deleted   bool
}

func newTown(a chat.Account) *town {
	return &town{
		account: a, echoes: make(chan chat.Event, 100), files: map[string]string{}, threads: map[chat.ThreadID]bool{},
		traits: chat.Traits{
			Platform: "Town", Text: text.Limit{Max: 1000}, Repeat: chat.Keyed, Reply: true, Threads: true, Cards: true, Persona: true,
			Files: chat.FileTraits{Count: 4, Size: 1000},
			Edit:  chat.Ability{In: true, Out: true}, Delete: chat.Ability{In: true, Out: true}, React: chat.Ability{In: true, Out: true},
			Pin: chat.Ability{In: true, Out: true},
		},
	}
}

func (m *town) opened() router.Account {
	return router.Account{Open: func() (chat.Connector, error) { return m, nil }}
}

func (m *town) place(id string) chat.Conversation {
	return chat.Conversation{Account: m.account, ID: chat.ConversationID(id)}
}

// Run hands in what is echoed until ctx ends.
func (m *town) Run(ctx context.Context, sink chat.Sink) error {
	m.mu.Lock()
	m.sink = sink
	m.runs++
	m.mu.Unlock()
	if m.run != nil {
		return m.run(ctx, sink)
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case ev := <-m.echoes:
			if err := sink.Accept(ctx, chat.Batch{Events: []chat.Event{ev}}); err != nil {
				return err
			}
		}
	}
}

func (m *town) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	return nil
}

func (m *town) Traits() chat.Traits { return m.traits }

func (m *town) refused(a chat.Action) error {
	if m.fail == nil {
		return nil
	}
	return m.fail(a)
}

func gone() error { return &chat.Error{Op: "town", Kind: chat.Gone} }

// Post keeps the message and echoes it.
func (m *town) Post(ctx context.Context, p chat.Post) (chat.Receipt, error) {
	if err := m.refused(p); err != nil {
		return chat.Receipt{}, err
	}
	files, err := contents(ctx, p.Files)
	if err != nil {
		return chat.Receipt{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if p.To.Thread != "" && !m.threads[p.To.Thread] {
		return chat.Receipt{}, gone()
	}
	if p.ReplyTo != "" && slices.ContainsFunc(m.messages, func(x *message) bool { return x.id == p.ReplyTo && x.at != p.To }) {
		return chat.Receipt{}, &chat.Error{Op: "town", Kind: chat.Refused, Reason: "a reply stays in its thread"}
	}
	id := m.addLocked(p.To, p, files)
	if m.echo != nil {
		m.echoes <- m.echo(chat.Event{
			ID: chat.EventID("echo-" + id), Conversation: p.To, Message: id, At: time.Now(), What: chat.Posted{Text: p.Text},
		})
	}
	return chat.Receipt{Messages: []chat.MessageID{id}}, nil
}

func contents(ctx context.Context, files []chat.File) ([]string, error) {
	var all []string
	for _, f := range files {
		r, err := f.Content.Open(ctx)
		if err != nil {
			return nil, err
		}
		b, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			return nil, err
		}
		all = append(all, string(b))
	}
	return all, nil
}

func (m *town) addLocked(at chat.Conversation, p chat.Post, files []string) chat.MessageID {
	m.n++
	id := chat.MessageID(fmt.Sprint("m", m.n))
	m.messages = append(m.messages, &message{id: id, at: at, post: p, files: files})
	return id
}

// Edit changes a message.
func (m *town) Edit(_ context.Context, e chat.Edit) (chat.Receipt, error) {
	return chat.Receipt{}, m.change(e, e.Messages[0], func(x *message) { x.post.Text, x.post.Card = e.Text, e.Card })
}

// Delete takes messages back.
func (m *town) Delete(_ context.Context, d chat.Delete) error {
	var errs []error
	for _, id := range d.Messages {
		if err := m.change(d, id, func(x *message) { x.deleted = true }); chat.KindOf(err) != chat.Gone {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// React puts an emoji on a message or takes it off.
func (m *town) React(_ context.Context, r chat.React) error {
	return m.change(r, r.Message, func(x *message) {
		x.reactions = slices.DeleteFunc(x.reactions, func(e string) bool { return e == r.Emoji || m.single && !r.Remove })
		if !r.Remove {
			x.reactions = append(x.reactions, r.Emoji)
		}
	})
}

// Pin pins a message or takes the pin off.
func (m *town) Pin(_ context.Context, p chat.Pin) error {
	return m.change(p, p.Message, func(x *message) { x.pinned = !p.Remove })
}

func (m *town) change(a chat.Action, id chat.MessageID, f func(*message)) error {
	if err := m.refused(a); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, x := range m.messages {
		if at := a.Target(); x.id == id && (x.at == at || at.Thread == chat.ThreadID("t"+id)) && !x.deleted {
			f(x)
			return nil
		}
	}
	return gone()
}

// Open starts a thread that hangs on a message, or begins with its card or title.
func (m *town) Open(_ context.Context, o chat.Open) (chat.Receipt, chat.Conversation, error) {
	if err := m.refused(o); err != nil {
		return chat.Receipt{}, chat.Conversation{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var r chat.Receipt
	root := o.Root
	if root == "" {
		begins := chat.Post{To: o.To, Card: &o.Card}
		if o.Bare {
			begins = chat.Post{To: o.To, Text: text.Plain("🧵 " + o.Title)}
		}
		root = m.addLocked(o.To, begins, nil)
		r.Messages = []chat.MessageID{root}
	}
	return r, m.hangLocked(o.To, root), nil
}

// hangLocked makes a thread on a message; it is named by that.
func (m *town) hangLocked(at chat.Conversation, root chat.MessageID) chat.Conversation {
	at.Thread = chat.ThreadID("t" + string(root))
	m.threads[at.Thread] = true
	return at
}

// branches has people begin a thread on a message.
func (m *town) branches(at chat.Conversation, root chat.MessageID) chat.Conversation {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.hangLocked(at, root)
}

// closes removes a thread and what is in it.
func (m *town) closes(at chat.Conversation) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.threads, at.Thread)
	for _, x := range m.messages {
		x.deleted = x.deleted || x.at == at
	}
}

// Fetch opens a file that somebody attached.
func (m *town) Fetch(_ context.Context, f chat.File) (io.ReadCloser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fetched++
	b, ok := m.files[f.Source]
	if !ok {
		return nil, gone()
	}
	return io.NopCloser(strings.NewReader(b)), nil
}

// person is somebody in a town.
func person(name string) chat.Author {
	return chat.Author{ID: chat.PersonID(strings.ToLower(name)), Name: name}
}

// happens has something happen in the town, and returns when Roost has stored it.
func (m *town) happens(ctx context.Context, ev chat.Event) error {
	m.mu.Lock()
	m.n++
	if ev.ID == "" {
		ev.ID = chat.EventID(fmt.Sprint("e", m.n))
	}
	ev.At = time.Now()
	sink := m.sink
	m.mu.Unlock()
	if sink == nil {
		return errors.New("the connector does not run")
	}
	return sink.Accept(ctx, chat.Batch{Events: []chat.Event{ev}})
}

// says has somebody write, and gives the message.
func (m *town) says(ctx context.Context, who string, at chat.Conversation, w chat.Posted) (chat.MessageID, error) {
	m.mu.Lock()
	id := m.addLocked(at, chat.Post{To: at, Text: w.Text}, nil)
	m.mu.Unlock()
	direct := strings.HasPrefix(string(at.ID), "dm")
	ev := chat.Event{Conversation: at, Message: id, Author: person(who), Direct: direct, What: w}
	if root, ok := strings.CutPrefix(string(at.Thread), "t"); ok {
		ev.Root = chat.MessageID(root)
	}
	return id, m.happens(ctx, ev)
}

// in lists what reads in a place and its threads, deleted messages left out.
func (m *town) in(at chat.Conversation) []string {
	var all []string
	for _, x := range m.list(at) {
		if x.post.Card != nil {
			all = append(all, "["+x.post.Card.Title+"]")
			continue
		}
		all = append(all, x.post.Text.Body)
	}
	return all
}

func (m *town) list(at chat.Conversation) []message {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []message
	for _, x := range m.messages {
		if !x.deleted && (x.at == at || at.Thread == "" && x.at.Place() == at) {
			all = append(all, *x)
		}
	}
	return all
}

// reads finds the message in a place that reads like this.
func (m *town) reads(at chat.Conversation, said string) (message, bool) {
	for _, x := range m.list(at) {
		if x.post.Text.Body == said || x.post.Card != nil && x.post.Card.Title == said {
			return x, true
		}
	}
	return message{}, false
}

func (m *town) ran() (runs int, closed bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.runs, m.closed
}
