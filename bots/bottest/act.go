package bottest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// triesMost is how often one event is told before it counts as failed.
const triesMost = 5

// tell has the bot hear something, and applies what it makes of it, as the router does.
func (w *world) tell(ctx context.Context, h chat.Hear) error {
	if w.down {
		w.pending = append(w.pending, h)
		return nil
	}
	h.Key = chat.Key(w.id("k"))
	for range triesMost {
		out, err := w.host.Hear(ctx, h)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case w.crash:
			w.crash = false
			w.forgive()
			w.stop()
			if err := w.start(ctx); err != nil {
				return err
			}
		case err != nil && chat.KindOf(err) == chat.Refused:
			w.trouble(chat.Reason(err))
			return nil
		case err == nil && w.keep(out.Keep):
			w.apply(out, h)
			return nil
		}
	}
	w.trouble(fmt.Sprintf("the event was heard %d times, and nothing came of it", triesMost))
	return nil
}

// forgive forgets what went wrong in a process that died.
func (w *world) forgive() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.troubles = nil
}

// trouble says that something is wrong with the bot.
func (w *world) trouble(words string) {
	w.did = append(w.did, done{place: w.placed(w.here), verb: fails, words: text.Plain(words)})
}

// keep stores what a bot wants kept; false: it read something that has changed.
func (w *world) keep(ks []chat.Kept) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return Keep(w.state, ks) == nil
}

// apply does what the bot wants done about h.
func (w *world) apply(out chat.Outcome, h chat.Hear) {
	w.mu.Lock()
	troubles := w.troubles
	w.troubles = nil
	w.mu.Unlock()
	for _, t := range troubles {
		w.trouble(t)
	}
	at := h.Event.Conversation
	withPeople := h.Desk != "" && w.muted[at]
	for _, a := range out.Acts {
		if withPeople && concerns(a) == at {
			continue // what is said to a contact whom people have is not said
		}
		w.one(a, h.Desk)
	}
}

// concerns is the conversation that an act is seen in; zero when it is no message.
func concerns(a chat.Act) chat.Conversation {
	switch a := a.(type) {
	case chat.Say:
		return a.Post.To
	case chat.Reword:
		return a.Ref.Conversation
	case chat.Unsay:
		return a.Ref.Conversation
	case chat.HandOff:
		return a.At
	case chat.Sign, chat.HandBack, chat.Wake, chat.Unwake:
	}
	return chat.Conversation{}
}

func (w *world) one(a chat.Act, desk string) {
	switch a := a.(type) {
	case chat.Say:
		w.say(a)
	case chat.Reword:
		w.reword(a)
	case chat.Unsay:
		w.unsay(a)
	case chat.Sign:
		w.sign(a.React)
	case chat.HandOff:
		if desk != "" {
			w.muted[a.At] = true
			w.did = append(w.did, done{place: w.placed(a.At), verb: handsOff, words: text.Plain(a.Reason)})
		}
	case chat.HandBack:
		delete(w.muted, a.At)
		w.did = append(w.did, done{place: w.placed(a.At), verb: handsBack})
	case chat.Wake:
		w.unwake(a.Hear.To, a.Name)
		w.count++
		w.wakes = append(w.wakes, wake{a, w.count})
	case chat.Unwake:
		w.unwake(a.Talk, a.Name)
	}
}

func (w *world) unwake(talk chat.Conversation, name string) {
	w.wakes = slices.DeleteFunc(w.wakes, func(o wake) bool { return o.Hear.To == talk && o.Name == name })
}

// say puts a message of the bot into its conversation.
func (w *world) say(a chat.Say) {
	p := a.Post
	t := w.traitsOf(p.To)
	m := &message{ref: a.Ref, id: chat.MessageID(w.id("m")), words: p.Text.Body}
	d := done{place: w.placed(p.To), verb: says, words: p.Text, answers: p.ReplyTo != ""}
	if p.Card != nil {
		d.show(p.Card, t)
		m.choices = d.labels
		if t.Cards {
			m.buttons, m.were = p.Card.Buttons, p.Card.Buttons
		}
	}
	r := w.room(p.To)
	r.messages = append(r.messages, m)
	switch names := fileNames(p.Files); {
	case p.Only != "":
		d.verb, d.arg = whispers, w.person(p.Only).Name
	case names != "":
		d.verb, d.arg = sends, names
	case d.answers:
		d.verb = replies
	}
	parts := chat.Parts(p, t)
	for i, part := range parts {
		d := d
		d.words = part.Text.Trim()
		if i > 0 {
			d.verb, d.arg, d.labels = says, "", nil
		}
		w.did = append(w.did, d)
	}
}

// show puts a card's choices on what is said, as the platform shows them.
func (d *done) show(c *chat.Card, t chat.Traits) {
	if !t.Cards && !c.Numbered {
		return
	}
	d.lines = !t.Cards
	for _, b := range c.Buttons {
		d.labels = append(d.labels, b.Label)
	}
}

func fileNames(files []chat.File) string {
	names := make([]string, 0, len(files))
	for _, f := range files {
		names = append(names, f.Name)
	}
	return strings.Join(names, " ")
}

// traitsOf are the abilities of a conversation's platform.
func (w *world) traitsOf(c chat.Conversation) chat.Traits {
	if c.Account.Platform() == w.platform {
		return w.traits
	}
	if t, ok := Traits(c.Account.Platform()); ok {
		return t
	}
	return w.traits
}

// find is the message that a Ref means, and how many of the bot's own were said in its conversation since, it included.
func (w *world) find(ref chat.Ref) (*message, int) {
	n := 0
	for _, m := range slices.Backward(w.room(ref.Conversation).messages) {
		if m.by == "" && !m.gone {
			n++
		}
		if m.ref == ref {
			return m, n
		}
	}
	return nil, 0
}

func (w *world) reword(a chat.Reword) {
	m, n := w.find(a.Ref)
	t := w.traitsOf(a.Ref.Conversation)
	if m == nil || m.gone || !t.Edit.Out {
		return
	}
	d := done{place: w.placed(a.Ref.Conversation), verb: edits, count: n, words: a.Edit.Text}
	// By this a question that is answered loses its buttons and shows the answer. Every dialog is full of it.
	d.aside = len(m.buttons) > 0 && a.Edit.Card == nil && strings.HasPrefix(a.Edit.Text.Body, m.words)
	m.words, m.buttons = a.Edit.Text.Body, nil
	if a.Edit.Card != nil {
		d.show(a.Edit.Card, t)
		if t.Cards {
			m.buttons, m.were = a.Edit.Card.Buttons, a.Edit.Card.Buttons
		}
	}
	w.did = append(w.did, d)
}

func (w *world) unsay(a chat.Unsay) {
	m, n := w.find(a.Ref)
	if m == nil || m.gone || !w.traitsOf(a.Ref.Conversation).Delete.Out {
		return
	}
	m.gone = true
	d := done{place: w.placed(a.Ref.Conversation), verb: removes}
	if m.by == "" {
		d.verb, d.count = deletes, n
	}
	w.did = append(w.did, d)
}

func (w *world) sign(r chat.React) {
	if !w.traitsOf(r.To).React.Out {
		return
	}
	d := done{place: w.placed(r.To), verb: reacts, arg: r.Emoji}
	if r.Remove {
		d.verb = unreacts
	}
	w.did = append(w.did, d)
}
