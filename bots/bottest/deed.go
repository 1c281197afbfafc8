package bottest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// do lets one step of the chat happen. Its error says why that can't be.
func (w *world) do(ctx context.Context, l line) error {
	w.did = nil
	if err := w.deed(ctx, l); err != nil {
		return err
	}
	return w.advance(ctx, w.clock())
}

func (w *world) deed(ctx context.Context, l line) error {
	switch l.verb {
	case beginning:
		return w.begin(ctx)
	case "@":
		return w.move(ctx, l.arg)
	case "@restart":
		return w.restart(ctx)
	case "@stop":
		w.stop()
	case "@crash":
		w.crash = true
	case "@replace":
		return w.replace(ctx, l.arg)
	case theHook:
		return w.callHook(ctx, l)
	default:
		return w.arrange(ctx, l)
	}
	return nil
}

// arrange is what a transcript says about the world while the chat goes on.
func (w *world) arrange(ctx context.Context, l line) error {
	switch l.verb {
	case "@fail":
		w.mu.Lock()
		defer w.mu.Unlock()
		w.failing = true
	case "@handback":
		delete(w.muted, w.here)
	case "@role":
		f := words(l.arg)
		w.roles[personID(f[0])] = f[1:]
	case "@http":
		p, err := parsePage(l.arg)
		if err != nil {
			return err
		}
		w.web.add(p)
	default:
		return w.act(ctx, l)
	}
	return nil
}

// begin starts the bot.
func (w *world) begin(ctx context.Context) error {
	if err := w.start(ctx); err != nil {
		return err
	}
	if w.set.in != "" {
		c, err := w.conversation(w.set.in)
		w.here = c
		return err
	}
	return nil
}

func (w *world) move(ctx context.Context, arg string) error {
	to, zone, err := readClock(arg, w.clock(), w.set.zone)
	if err != nil {
		return err
	}
	w.set.zone = zone
	if to.Before(w.clock()) {
		return fmt.Errorf("the clock can't go back: it is %s already", w.clock().In(zone).Format("2006-01-02 15:04:05 MST"))
	}
	return w.advance(ctx, to)
}

// replace makes the bot another one, as a new version of its file does.
func (w *world) replace(ctx context.Context, name string) error {
	w.bot.Path = beside(w.bot.Path, name)
	if w.down {
		return nil // it begins with the new one
	}
	cfg, err := w.config(ctx)
	if err != nil {
		return err
	}
	if err := w.host.Replace(cfg.Bot, cfg.Source); err != nil {
		return fmt.Errorf("%s: %w", w.bot.Path, err)
	}
	return w.fire(ctx)
}

// callHook is a webhook's call.
func (w *world) callHook(ctx context.Context, l line) error {
	if w.down {
		return errors.New("the bot is stopped, so nobody answers a webhook")
	}
	if err := w.host.Hook(ctx, l.arg, "", []byte(l.text)); err != nil {
		return err
	}
	return w.drain(ctx)
}

// act is what a person does.
func (w *world) act(ctx context.Context, l line) error {
	h, err := w.event(l)
	if err != nil {
		return err
	}
	w.here = h.Event.Conversation
	if err := w.what(l, &h); err != nil {
		return err
	}
	if w.down {
		w.pending = append(w.pending, h)
		return nil
	}
	return w.hear(ctx, h)
}

// hear tells the bot of what a person did, if it wants to hear of it.
func (w *world) hear(ctx context.Context, h chat.Hear) error {
	if h.Desk != "" && w.muted[h.Event.Conversation] {
		return nil // people have the case
	}
	h.To = w.talk(h.Event.Conversation)
	wish := w.host.Wants(h.Event)
	now := wish.Now
	if !now && wish.Kept != "" {
		w.mu.Lock()
		_, now = w.state[wish.Kept]
		w.mu.Unlock()
	}
	if reason := w.host.Quarantined(); !now && reason != "" {
		w.trouble("the bot is quarantined: " + reason)
	}
	if !now {
		return nil
	}
	return w.tell(ctx, h)
}

// event is what all events of a person have in common.
func (w *world) event(l line) (chat.Hear, error) {
	who := chat.Author{ID: personID(l.who), Name: l.who, Handle: string(personID(l.who))}
	w.people[who.ID] = who
	place := l.place
	if place == "" {
		if place = w.set.in; place == "" {
			place = l.who
		}
	}
	at, err := w.conversation(place)
	if err != nil {
		return chat.Hear{}, err
	}
	direct := w.room(at).direct
	if direct != "" && direct != who.ID {
		return chat.Hear{}, fmt.Errorf("%s can't be in the direct conversation of %s", l.who, place)
	}
	h := chat.Hear{Can: chat.CanOf(w.traitsOf(at)), Event: chat.Event{
		ID: chat.EventID(w.id("e")), Conversation: at, Author: who, At: w.clock(), Direct: direct != "",
	}}
	if direct != "" {
		h.Desk = w.set.desk
	}
	return h, nil
}

// what fills in what the person did.
func (w *world) what(l line, h *chat.Hear) error {
	r := w.room(h.Event.Conversation)
	switch l.verb {
	case says, sends:
		w.post(l, h)
	case replies:
		m := r.last(func(m *message) bool { return m.by == "" }, l.count)
		if m == nil {
			return errors.New("there is no message of the bot to reply to")
		}
		p := w.post(l, h)
		p.ReplyTo, h.Event.What = m.id, p
		h.Event.Addressed, h.About = true, m.ref
	case edits, deletes:
		return w.change(l, h, r)
	case reacts, unreacts, pins:
		m := r.last(func(*message) bool { return true }, l.count)
		if m == nil {
			return errors.New("there is no message here")
		}
		w.concern(h, m)
		if h.Event.What = (chat.Reacted{Emoji: l.arg, Removed: l.verb == unreacts}); l.verb == pins {
			h.Event.What = chat.Pinned{}
		}
	case presses, picks:
		return w.press(l, h, r)
	case joins:
		h.Event.What = chat.Joined{}
	case leaves:
		h.Event.What = chat.Left{}
	}
	return nil
}

// change edits or deletes a message of the person.
func (w *world) change(l line, h *chat.Hear, r *room) error {
	m := r.last(func(m *message) bool { return m.by == h.Event.Author.ID }, l.count)
	if m == nil {
		return fmt.Errorf("%s has said nothing here that could be changed", l.who)
	}
	h.Event.Message = m.id
	if h.Event.What = (chat.Deleted{}); l.verb == edits {
		h.Event.What = chat.Edited{Text: w.spoken(l.text, &h.Event)}
	}
	m.gone = l.verb == deletes
	return nil
}

// concern makes m the message that the event is about.
func (w *world) concern(h *chat.Hear, m *message) {
	h.Event.Message = m.id
	if m.by == "" {
		h.About = m.ref
	}
}

// post is a message of a person.
func (w *world) post(l line, h *chat.Hear) chat.Posted {
	ev := &h.Event
	ev.Message = chat.MessageID(w.id("m"))
	p := chat.Posted{Text: w.spoken(l.text, ev)}
	if l.verb == sends {
		for name := range strings.FieldsSeq(l.arg) {
			p.Files = append(p.Files, chat.File{Name: name, Size: 1000, Account: w.account, Source: name})
		}
	}
	ev.What = p
	r := w.room(ev.Conversation)
	r.messages = append(r.messages, &message{ref: ev.Ref(), id: ev.Message, by: ev.Author.ID, words: l.text})
	return p
}

// last is the nth last message that is still there.
func (r *room) last(is func(*message) bool, n int) *message {
	for _, m := range slices.Backward(r.messages) {
		if m.gone || !is(m) {
			continue
		}
		if n--; n == 0 {
			return m
		}
	}
	return nil
}

// press presses the button of a message; where there are no buttons, picks writes its number.
func (w *world) press(l line, h *chat.Hear, r *room) error {
	if l.verb == picks && !w.traitsOf(h.Event.Conversation).Cards {
		n := w.numberOf(l.arg, r)
		if n == 0 {
			return fmt.Errorf("no message of the bot here has a choice %q", l.arg)
		}
		l.verb, l.text = says, strconv.Itoa(n)
		w.post(l, h)
		return nil
	}
	is := func(b chat.Button) bool { return strings.EqualFold(oneLine(b.Label), oneLine(l.arg)) }
	m := r.last(func(m *message) bool { return l.named && m.by == "" || slices.ContainsFunc(m.buttons, is) }, l.count)
	if m == nil {
		return fmt.Errorf("no message of the bot here has a button %q", l.arg)
	}
	i := slices.IndexFunc(m.were, is)
	if i < 0 {
		return fmt.Errorf("the message %q has no button %q", text.Snippet(text.Plain(m.words), 40), l.arg)
	}
	w.concern(h, m)
	h.Event.What = chat.Pressed{Button: m.were[i].ID, Value: m.were[i].Value}
	return nil
}

// numberOf is the number of a choice of the bot's last message that has it; 0: none has.
func (w *world) numberOf(label string, r *room) int {
	for _, m := range slices.Backward(r.messages) {
		i := slices.IndexFunc(m.choices, func(c string) bool { return strings.EqualFold(oneLine(c), oneLine(label)) })
		if i >= 0 && m.by == "" {
			return i + 1
		}
	}
	return 0
}

// spoken is what a person says. @bot calls the bot, and @name mentions somebody.
func (w *world) spoken(s string, ev *chat.Event) text.Text {
	var b text.Builder
	for {
		i := strings.IndexByte(s, '@')
		if i < 0 {
			break
		}
		name := nameForm.FindString(s[i+1:])
		if name == "" || i > 0 && !strings.ContainsAny(s[i-1:i], " \t\n(,") {
			b.Write(s[:i+1])
			s = s[i+1:]
			continue
		}
		name = strings.TrimRight(name, ".-")
		b.Write(s[:i])
		id := string(personID(name))
		if name == theBot || strings.EqualFold(name, w.name) {
			ev.Addressed, id = true, string(chat.BotAccount(w.name))
		}
		b.Span(text.Mention, text.Attrs{ID: id, Name: name}, func() { b.Write("@" + name) })
		s = s[i+1+len(name):]
	}
	b.Write(s)
	return b.Text()
}
