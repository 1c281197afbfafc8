package xsim

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// FoldRepeats says what X does with a message that is posted again, byte for byte under the same message id: it answers
// with the event that is there and tells nobody, or, on false, makes a second event. X's documents leave it open; it folds.
func (s *Sim) FoldRepeats(on bool) { s.flip(func(c *chats) { c.repeats = !on }) }

// FailLate answers a message that fails with an event as if all was well, and tells the failure afterwards, under the same
// message id, by chat.sent and in the list of events. On false, as at first, the answer is the failure and there is nothing
// else. X's documents leave it open.
func (s *Sim) FailLate(on bool) { s.flip(func(c *chats) { c.late = on }) }

// KeysInline lists key changes among the events instead of in the metadata; X's documents and its users disagree.
func (s *Sim) KeysInline(on bool) { s.flip(func(c *chats) { c.inline = on }) }

// KeepEdited lists messages beside the edits that replace them. X lists the edits alone. It can't know what is an edit
// until somebody's telephone has read it, so there has to be a Phone in the conversation.
func (s *Sim) KeepEdited(on bool) { s.flip(func(c *chats) { c.both = on }) }

// OwnItemIDs gives the items of event lists ids that are not the events' sequence ids; users of X disagree on what they are.
func (s *Sim) OwnItemIDs(on bool) { s.flip(func(c *chats) { c.ownIDs = on }) }

// TellKeysAlways puts the key change into every activity event of a message, as in captures of X. Otherwise only the first
// message with a key brings it to each receiver.
func (s *Sim) TellKeysAlways(on bool) { s.flip(func(c *chats) { c.everyKey = on }) }

// ColonIDs writes the conversation ids of activity events with a colon, as in captures of X, and not with a dash.
func (s *Sim) ColonIDs(on bool) { s.flip(func(c *chats) { c.colons = on }) }

func (s *Sim) flip(change func(*chats)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.chats)
	s.bump()
}

// FailChat answers the next messages of encrypted chats with these failures, one each.
func (s *Sim) FailChat(with ...wire.FailureType) {
	s.flip(func(c *chats) { c.failures = append(c.failures, with...) })
}

// Distrust makes a user refuse what another writes first: it is answered with failure 7 until the user writes to them, or
// Trust is called.
func (s *Sim) Distrust(user, other string) { s.take(user, other, distrusting) }

// Screen makes what another writes first to a user wait as a message request until the user answers, or Trust is called:
// the conversation is not listed and not told by activity events, and its events are not trusted.
func (s *Sim) Screen(user, other string) { s.take(user, other, requesting) }

// Trust lets a user take what another writes; what waited as a message request is told now.
func (s *Sim) Trust(user, other string) { s.take(user, other, trusting) }

func (s *Sim) take(user, other string, as stance) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mustUser(user)
	s.mustUser(other)
	if as == trusting {
		s.accept(user, other)
	} else {
		s.chats.stances[[2]string{user, other}], s.chats.since[[2]string{user, other}] = as, s.chats.placed
	}
	s.bump()
}

// WithholdKey keeps the key changes of a conversation from a user, so that messages come before their keys. On false they
// are told, and so are those that were kept back. A conversation may be named by the other user's id.
func (s *Sim) WithholdKey(user, conversation string, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := roomID(conversation, user)
	key := [2]string{user, id}
	was := s.chats.withheld[key]
	s.chats.withheld[key] = on
	if r := s.chats.rooms[id]; r != nil && was && !on {
		for _, e := range r.entries {
			if _, is := e.change(); is && e.missed[user] {
				delete(e.missed, user)
				s.pass(e, user)
			}
		}
	}
	s.bump()
}

// roomID is the canonical id of a conversation that was named in any way.
func roomID(conversation, self string) string { return xchat.ConversationID(conversation, self) }

// Inject puts an event into a conversation as if X had: any bytes, unsigned, changed, come before, or a stranger's. It is
// told to everybody in the conversation and listed, as it is, or, with changes, as they leave it. It panics when there is
// no such conversation, and when something that is no event should be changed.
func (s *Sim) Inject(conversation, encoded string, changes ...func(*wire.Event)) {
	ev, err := wire.ParseEvent(encoded)
	if len(changes) > 0 {
		if err != nil {
			panic("xsim: change what is no event: " + err.Error())
		}
		ev = Fresh(ev)
		for _, change := range changes {
			change(&ev)
		}
		encoded = ev.Encode()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.chats.rooms[roomID(conversation, "")]
	if r == nil {
		panic("xsim: no conversation " + conversation)
	}
	r.foreign = true
	if ev.Detail == nil {
		ev.Detail = wire.Other{}
	}
	if ev.At.IsZero() {
		ev.At = s.cfg.Now().UTC()
	}
	s.lay(&entry{
		room: r, ev: ev, raw: encoded, age: len(r.entries) / tokenTurns, audience: slices.Clone(r.members), hidden: map[string]bool{},
	}, s.cfg.Now())
}

// Fresh is an event without the bytes that it was read from, so that it is encoded from its fields and can be changed.
func Fresh(ev wire.Event) wire.Event {
	return wire.Event{
		Sequence: ev.Sequence, Previous: ev.Previous, ID: ev.ID, Sender: ev.Sender, Conversation: ev.Conversation, Token: ev.Token,
		At: ev.At, Detail: ev.Detail, Signature: ev.Signature, Untrusted: ev.Untrusted,
	}
}

// ChatEvents are the events of an encrypted conversation as X holds them, oldest first.
func (v View) ChatEvents(conversation string) []wire.Event {
	s := v.sim
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.chats.rooms[roomID(conversation, "")]
	if r == nil {
		return nil
	}
	var out []wire.Event
	for _, e := range r.entries {
		if e.gone {
			continue
		}
		raw := e.raw
		if raw == "" {
			raw = e.ev.Encode()
		}
		ev, err := wire.ParseEvent(raw)
		if err != nil {
			ev = wire.Event{Detail: wire.Other{}}
		}
		out = append(out, ev)
	}
	return out
}

// ChatMembers are those who are in an encrypted conversation now.
func (v View) ChatMembers(conversation string) []string {
	s := v.sim
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.chats.rooms[roomID(conversation, "")]; r != nil {
		return slices.Clone(r.members)
	}
	return nil
}

// Stored is every byte string that X holds of encrypted chats: events and what is in them, signatures, files, names,
// public keys, and the activity events. No plaintext is among them but what people write into the clear: the names of new
// groups, and what is injected.
func (v View) Stored() [][]byte {
	s := v.sim
	s.mu.Lock()
	defer s.mu.Unlock()
	var out [][]byte
	add := func(all ...string) {
		for _, one := range all {
			out = append(out, []byte(one))
		}
	}
	for user, all := range s.chats.keys {
		for _, k := range all {
			add(user, k.version, k.identity, k.signing, k.binding)
		}
	}
	for _, r := range s.chats.rooms {
		add(r.id, strings.Join(r.members, " "), r.title, r.avatar, r.version)
		for _, e := range r.entries {
			out = append(out, e.stored()...)
		}
	}
	for _, b := range s.chats.blobs {
		add(b.hash, b.room)
		out = append(out, slices.Clone(b.data))
		for _, part := range b.segments {
			out = append(out, slices.Clone(part))
		}
	}
	for _, d := range s.history {
		if strings.HasPrefix(d.kind, "chat.") {
			out = append(out, slices.Clone(d.body))
		}
	}
	return out
}

// unbase reads base64 with or without padding; nothing when it is none.
func unbase(s string) []byte {
	b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
	if err != nil {
		return nil
	}
	return b
}

// stored is everything that X holds of an event; mu is held.
func (e *entry) stored() [][]byte {
	out := [][]byte{[]byte(e.raw), []byte(e.posted), []byte(e.ev.ID), e.ev.Signature.Value}
	encoded := e.raw
	if encoded == "" {
		encoded = e.ev.Encode()
	}
	out = append(out, []byte(encoded), unbase(encoded))
	for part := range strings.SplitSeq(e.posted, " ") {
		out = append(out, unbase(part))
	}
	switch d := e.ev.Detail.(type) {
	case wire.MessageCreate:
		out = append(out, slices.Clone(d.Contents))
	case wire.KeyChange:
		for _, k := range d.Keys {
			out = append(out, unbase(k.Key))
		}
	default:
	}
	return out
}
