package webhook

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// nameMost is how many graphemes of a name are shown.
const nameMost = 80

// toggle is the last state that a reaction or a pin was brought into, and the key with which that was sent.
type toggle struct {
	removed bool
	key     string
}

// Post sends one message. Its ID is its key, unless the program answers another one.
func (c *Connector) Post(ctx context.Context, p chat.Post) (chat.Receipt, error) {
	out := c.begin("post", string(p.Key), p.To)
	out.Message = out.ID
	out.ReplyTo, out.Only, out.Hops = string(p.ReplyTo), string(p.Only), p.Hops
	out.words(p.Text, p.Quote, p.As, p.Card)
	if err := c.perform(ctx, &out, p.Files); err != nil {
		return chat.Receipt{}, err
	}
	r := chat.Receipt{Messages: []chat.MessageID{chat.MessageID(out.Message)}}
	if went := out.thread(p.To); went != p.To {
		r.Conversation = went
	}
	return r, nil
}

// Edit sends how a message reads now.
func (c *Connector) Edit(ctx context.Context, e chat.Edit) (chat.Receipt, error) {
	if len(e.Messages) == 0 {
		return chat.Receipt{}, &chat.Error{Op: "webhook: edit", Kind: chat.Gone, Reason: "the message to edit is not known here"}
	}
	// Parts of one message are edited with one key.
	key := ""
	if e.Key != "" {
		key = derived("e", string(e.Key), string(e.Messages[0]))
	}
	out := c.begin("edit", key, e.To)
	out.Message, out.ReplyTo = string(e.Messages[0]), string(e.ReplyTo)
	out.words(e.Text, e.Quote, e.As, e.Card)
	if err := c.perform(ctx, &out, nil); err != nil {
		return chat.Receipt{}, err
	}
	return chat.Receipt{Messages: e.Messages[:1]}, nil
}

// Delete sends which messages shall be taken back, one by one. One that the program does not have any more is done.
func (c *Connector) Delete(ctx context.Context, d chat.Delete) error {
	for _, m := range d.Messages {
		out := c.begin("delete", derived("d", d.To.String(), string(m)), d.To)
		out.Message = string(m)
		if err := c.perform(ctx, &out, nil); err != nil && chat.KindOf(err) != chat.Gone {
			return err
		}
	}
	return nil
}

// React sends that an emoji shall be on a message, or shall not.
func (c *Connector) React(ctx context.Context, r chat.React) error {
	out := c.begin("react", c.toggled(r.Remove, "react", r.To.String(), string(r.Message), r.Emoji), r.To)
	out.Message, out.Emoji, out.Removed = string(r.Message), r.Emoji, r.Remove
	return c.perform(ctx, &out, nil)
}

// Pin sends that a message shall be pinned, or shall not.
func (c *Connector) Pin(ctx context.Context, p chat.Pin) error {
	out := c.begin("pin", c.toggled(p.Remove, "pin", p.To.String(), string(p.Message)), p.To)
	out.Message, out.Removed = string(p.Message), p.Remove
	return c.perform(ctx, &out, nil)
}

// Open sends that a thread shall begin. Its ID is the message that it hangs on, or else the key, unless the program answers
// another one.
func (c *Connector) Open(ctx context.Context, o chat.Open) (chat.Receipt, chat.Conversation, error) {
	out := c.begin("open", string(o.Key), o.To)
	out.Topic, out.Thread = o.Title, out.ID
	if o.Bare {
		out.Root = string(o.Root)
		if out.Root != "" {
			out.Thread = out.Root
		}
	} else {
		out.Message = out.ID
		out.words(text.Text{}, nil, nil, &o.Card)
	}
	if err := c.perform(ctx, &out, nil); err != nil {
		return chat.Receipt{}, chat.Conversation{}, err
	}
	var r chat.Receipt
	if out.Message != "" {
		r.Messages = []chat.MessageID{chat.MessageID(out.Message)}
	}
	return r, out.thread(o.To), nil
}

// tooLarge says that a file is.
func (c *Connector) tooLarge(f chat.File) error {
	return &chat.Error{
		Op: "webhook: files", Kind: chat.Refused, Reason: fmt.Sprintf("%s is larger than %d MiB", f.Name, c.traits.Files.Size>>20),
	}
}

// begin is an action of a type. Without a key it gets one that it has in this try alone.
func (c *Connector) begin(kind, key string, to chat.Conversation) outgoing {
	if key == "" {
		key = "r" + strings.ToLower(rand.Text())
	}
	return outgoing{ID: key, Type: kind, At: c.now().UTC(), Conversation: string(to.ID), Thread: string(to.Thread)}
}

// words sets what a message says. A card has its words as text, too, for programs that show no cards.
func (o *outgoing) words(t text.Text, q *chat.Quote, as *chat.Persona, c *chat.Card) {
	if c != nil {
		o.Card = &card{c.Title, *c}
		if t.Empty() {
			t = c.Plain()
		}
	}
	o.Text, o.Spans = toWire(t)
	if q != nil {
		o.Quote = &quote{Name: q.Name, Text: q.Text.Body}
	}
	if as != nil {
		o.Author = &author{Name: text.Name(as.Name, nameMost), Avatar: as.Avatar}
	}
}

// thread is the conversation to with the thread that o is in.
func (o *outgoing) thread(to chat.Conversation) chat.Conversation {
	to.Thread = chat.ThreadID(o.Thread)
	return to
}

// derived is a key that is the same for the same parts.
func derived(mark string, parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return mark + hex.EncodeToString(sum[:12])
}

// toggled is the key for bringing what parts name into a state: that of the last try, if that was for the same state.
func (c *Connector) toggled(removed bool, parts ...string) string {
	name := strings.Join(parts, "\x00")
	last, fresh := c.states.Get(name)
	if !fresh || last.removed != removed {
		last = toggle{removed: removed, key: "t" + strings.ToLower(rand.Text())}
		c.states.Put(name, last)
	}
	return last.key
}

// perform pushes an action, writes it down for readers, or both. out has the IDs then that the program gave. The program
// is first: what it refuses was not said, and what it has already it folds when writing down is tried again.
func (c *Connector) perform(ctx context.Context, out *outgoing, files []chat.File) error {
	for _, f := range files {
		if f.Content == nil {
			return &chat.Error{Op: "webhook: " + out.Type, Kind: chat.Refused, Reason: "the bytes of " + f.Name + " are not there any more"}
		}
		if f.Size > c.traits.Files.Size {
			return c.tooLarge(f)
		}
	}
	if c.cfg.URL != "" {
		if err := c.push(ctx, out, files); err != nil {
			return err
		}
	}
	if c.cfg.journals() {
		return c.note(ctx, out, files)
	}
	return nil
}
