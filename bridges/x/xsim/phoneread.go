package xsim

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/secretstream"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// talk is one conversation on a telephone.
type talk struct {
	lines  []*line
	byID   map[[2]string]*line // by sender and message id
	edits  map[wire.Sequence]wire.Event
	keys   map[string]wire.Event // key changes, by version
	read   map[string]wire.Sequence
	typing map[string]int
	failed map[string]wire.FailureType // by message id
}

// line is a message, and the events that it is made of.
type line struct {
	Heard

	event wire.Event // signed; of an edit without its original, the edit
	said  wire.Message
	alone bool // the original is not there
}

func (l *line) copy() Heard {
	h := l.Heard
	h.Files, h.Broken = slices.Clone(h.Files), slices.Clone(h.Broken)
	h.Reactions = map[string][]string{}
	for emoji, users := range l.Reactions {
		h.Reactions[emoji] = slices.Clone(users)
	}
	if h.Reply != nil {
		h.Reply = new(*h.Reply)
	}
	return h
}

// talk is a conversation, opened when there is none; p.mu is held.
func (p *Phone) talk(id string) *talk {
	if p.talks[id] == nil {
		p.talks[id] = &talk{
			byID: map[[2]string]*line{}, edits: map[wire.Sequence]wire.Event{}, keys: map[string]wire.Event{},
			read: map[string]wire.Sequence{}, typing: map[string]int{}, failed: map[string]wire.FailureType{},
		}
	}
	return p.talks[id]
}

// at is the message with a sequence id.
func (t *talk) at(n wire.Sequence) *line {
	for _, l := range slices.Backward(t.lines) {
		if n != 0 && l.Sequence == n {
			return l
		}
	}
	return nil
}

// catchUp reads what has come; p.mu is held.
func (p *Phone) catchUp() {
	s := p.sim
	s.mu.Lock()
	fresh := slices.Clone(s.chats.inboxes[p.user][p.read:])
	s.mu.Unlock()
	p.read += len(fresh)
	for _, m := range fresh {
		p.take(m)
	}
}

// take reads one event; p.mu is held.
func (p *Phone) take(m mail) {
	t := p.talk(m.conversation)
	ev, err := wire.ParseEvent(m.event)
	if err != nil {
		t.lines = append(t.lines, &line{Heard: Heard{Conversation: m.conversation, Unreadable: err.Error()}})
		return
	}
	if ev.Conversation != m.conversation {
		p.unreadable(t, m, ev, "it was written in another conversation")
		return
	}
	switch d := ev.Detail.(type) {
	case wire.KeyChange:
		p.adopt(t, m, ev, d)
	case wire.MessageCreate:
		p.open(t, m, ev)
	case wire.MessageDelete:
		p.erase(t, ev, d)
	case wire.MarkRead: // X's own word: it is not signed
		t.read[ev.Sender] = max(t.read[ev.Sender], d.Until)
	case wire.Typing:
		t.typing[ev.Sender]++
	case wire.Failure:
		if ev.Sender != p.user {
			return
		}
		t.failed[ev.ID] = d.Type
		if l := t.byID[[2]string{p.user, ev.ID}]; l != nil {
			l.Failure = d.Type
		}
	default:
	}
}

// unreadable shows that there is something that can't be shown; p.mu is held.
func (p *Phone) unreadable(t *talk, m mail, ev wire.Event, why string) {
	t.lines = append(t.lines, &line{Heard: Heard{
		Conversation: m.conversation, Sender: ev.Sender, MessageID: ev.ID, Sequence: ev.Sequence, At: ev.At, Unreadable: why,
	}})
}

// adopt takes the key of a key change, with whichever of the person's keys it is for; p.mu is held.
func (p *Phone) adopt(t *talk, m mail, ev wire.Event, change wire.KeyChange) {
	err := xchat.ErrNotForUs
	for _, me := range slices.Backward(p.selves) {
		_, wrong := me.Adopt(ev, p.ring(m.conversation))
		if wrong == nil {
			err = nil
			break
		}
		if !errors.Is(wrong, xchat.ErrNotForUs) {
			err = wrong
		}
	}
	if err != nil {
		if !errors.Is(err, xchat.ErrNotForUs) {
			p.unreadable(t, m, ev, err.Error())
		}
		return
	}
	t.keys[change.Version] = ev
	late := p.late
	p.late = nil
	for _, m := range late {
		p.take(m)
	}
}

// open reads a message; p.mu is held.
func (p *Phone) open(t *talk, m mail, ev wire.Event) {
	seen := [2]string{ev.Sender, ev.ID}
	old := t.byID[seen]
	if old != nil && old.Unreadable == "" { // X may bring it twice
		return
	}
	o, err := p.self().Open(ev, p.ring(m.conversation))
	if err != nil {
		p.putOff(t, m, ev, err)
		return
	}
	if old != nil {
		t.lines = slices.DeleteFunc(t.lines, func(l *line) bool { return l == old })
	}
	l := &line{event: ev, Heard: Heard{
		Conversation: m.conversation, Sender: ev.Sender, MessageID: ev.ID, Sequence: ev.Sequence, At: ev.At,
		Reactions: map[string][]string{},
	}}
	if ev.Sender == p.user {
		l.Failure = t.failed[ev.ID]
	}
	t.byID[seen] = l
	switch c := o.Content.(type) {
	case wire.Message:
		p.show(l, o, c)
		t.lines = append(t.lines, l)
	case wire.Edit:
		p.edit(t, l, c)
	case wire.Reaction:
		t.react(ev.Sender, c)
	case wire.Strange:
		l.Unreadable = fmt.Sprintf("a kind of message that this app does not know, %d", c.Member)
		t.lines = append(t.lines, l)
	}
}

// putOff shows a message that can't be opened, and tries again with the next key when that may help. p.mu is held.
func (p *Phone) putOff(t *talk, m mail, ev wire.Event, why error) {
	mayCome := errors.Is(why, xchat.ErrNoKey)
	if mayCome {
		p.late = append(p.late, m)
	}
	seen := [2]string{ev.Sender, ev.ID}
	if t.byID[seen] != nil {
		return
	}
	p.unreadable(t, m, ev, why.Error())
	if mayCome { // its signature holds, so it is this message
		t.byID[seen] = t.lines[len(t.lines)-1]
	}
}

// show fills in what a message says; p.mu is held.
func (p *Phone) show(l *line, o xchat.Opened, said wire.Message) {
	l.said, l.Text = said, said.Text
	if r := said.Reply; r != nil {
		l.Reply = &Quote{Sender: r.Sender, MessageID: r.ID, Sequence: r.Sequence, Text: r.Text, Proof: o.Proof}
		if o.Proof == xchat.Proven {
			l.Reply = &Quote{
				Sender: o.Quoted.Sender, MessageID: o.Quoted.ID, Sequence: o.Quoted.Sequence, Text: o.Quoted.Text, Proof: o.Proof,
			}
		}
	}
	for _, a := range said.Attachments {
		if a.Media == nil {
			continue
		}
		if f, err := p.file(l.Conversation, *a.Media, o.Key); err == nil {
			l.Files = append(l.Files, f)
		} else {
			l.Broken = append(l.Broken, a.Media.Name+": "+err.Error())
		}
	}
}

// file opens a file that lies at X.
func (p *Phone) file(conversation string, m wire.Media, key xchat.ConversationKey) (File, error) {
	sealed := p.sim.sealedIn(conversation, m.HashKey)
	if sealed == nil {
		return File{}, errors.New("it is not at X")
	}
	plain, err := io.ReadAll(secretstream.NewReader(bytes.NewReader(sealed), key.Secret()))
	if err != nil {
		return File{}, err
	}
	if int64(len(plain)) != m.Size {
		return File{}, fmt.Errorf("it has %d bytes, and the message says %d", len(plain), m.Size)
	}
	return File{Name: m.Name, Type: http.DetectContentType(plain), Data: plain}, nil
}

// edit changes a message, or shows the edit in its place when the message is not there; p.mu is held.
func (p *Phone) edit(t *talk, l *line, c wire.Edit) {
	old := t.at(c.Target)
	if old != nil && (old.Sender != l.Sender || old.Unreadable != "") {
		return // nobody edits what others wrote
	}
	before, again := t.edits[c.Target]
	t.edits[c.Target] = l.event
	if again {
		p.sim.supersede(l.Conversation, before.Sequence)
	}
	p.sim.supersede(l.Conversation, c.Target)
	if old == nil {
		l.Sequence, l.alone = c.Target, true
		t.lines = append(t.lines, l)
		old = l
	}
	old.Text, old.Edited = c.Text, true
}

// supersede notes that an edit stands for an event.
func (s *Sim) supersede(conversation string, n wire.Sequence) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.chats.rooms[conversation]; r != nil {
		if e := r.at(n); e != nil {
			e.superseded = true
		}
	}
}

// react puts an emoji on a message, or takes it off.
func (t *talk) react(user string, c wire.Reaction) {
	l := t.at(c.Target)
	if l == nil {
		return
	}
	users := slices.DeleteFunc(l.Reactions[c.Emoji], func(u string) bool { return u == user })
	if !c.Removed {
		users = append(users, user)
	}
	if len(users) == 0 {
		maps.DeleteFunc(l.Reactions, func(emoji string, _ []string) bool { return emoji == c.Emoji })
		return
	}
	l.Reactions[c.Emoji] = users
}

// erase takes messages off the screen, when who says so may; p.mu is held.
func (p *Phone) erase(t *talk, ev wire.Event, d wire.MessageDelete) {
	if p.self().Verify(ev) != nil || !d.ForAll && ev.Sender != p.user {
		return
	}
	admin := p.sim.isAdmin(ev.Conversation, ev.Sender)
	for _, n := range d.Sequences {
		if l := t.at(n); l != nil && (!d.ForAll || l.Sender == ev.Sender || admin) {
			l.Text, l.Files, l.Reply, l.Deleted = "", nil, nil, true
		}
	}
}

// isAdmin says whether a user is an admin of a group, which only X can know.
func (s *Sim) isAdmin(conversation, user string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.chats.rooms[conversation]
	return r != nil && slices.Contains(r.admins, user)
}
