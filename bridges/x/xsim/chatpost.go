package xsim

import (
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// posted is the body that sends a message.
type posted = xchat.Payload

// The sizes of what can't be larger.
const (
	mostMessageID = 200
	mostSequences = 100          // in one delete
	mostMembers   = 256          // of a group
	sizeOfWrapped = 65 + 32 + 16 // of a conversation key
	sizeOfSigned  = 64
	oldestSigning = 2 // of the versions of the signed text
	newestSigning = 7
)

func sendChatMessage(c *call) (reply, error) {
	var body posted
	if err := c.decode(&body); err != nil {
		return reply{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	_, r, err := c.place()
	if err != nil {
		return reply{}, err
	}
	done, err := c.postChat(c.who.user, r, body)
	if err != nil {
		return reply{}, err
	}
	c.pay(c.cfg.ChatSend)
	return answer(http.StatusCreated, object{"data": object{"encoded_message_event": done}})
}

// postChat takes a message and tells what X answers: the event as it is stored now, or a failure. mu is held.
func (s *Sim) postChat(user string, r *room, body posted) (encoded string, err error) {
	ev, err := s.readPost(user, r, body)
	if err != nil {
		return "", err
	}
	bytes := body.Message + " " + body.Signature
	if old := r.find(func(e *entry) bool { return e.ev.ID == ev.ID && e.ev.Sender == user && e.posted != "" }); old != nil {
		if !s.chats.repeats && old.posted == bytes {
			return s.encoded(old, user), nil
		}
		if old.posted != bytes {
			return "", invalid("message_id", ev.ID, "Another message has this id.")
		}
	}
	if why := s.refuses(user, r, ev); why != 0 {
		return s.fail(user, r, ev, why), nil
	}
	if !r.group() {
		s.accept(user, r.others(user)[0])
	}
	return s.encoded(s.put(r, &entry{ev: ev, posted: bytes}), user), nil
}

// readPost reads a message as an event and finds what makes the call wrong; mu is held.
func (s *Sim) readPost(user string, r *room, body posted) (wire.Event, error) {
	if body.MessageID == "" || len(body.MessageID) > mostMessageID {
		return wire.Event{}, invalid("message_id", body.MessageID, "An id has 1 to 200 bytes.")
	}
	m, err := wire.ParseMessageCreate(body.Message)
	if err != nil {
		return wire.Event{}, invalid("encoded_message_create_event", "", "This is no message: "+err.Error())
	}
	var sig wire.Signature
	if body.Signature != "" {
		sig, err = wire.ParseSignature(body.Signature)
	}
	if err != nil {
		return wire.Event{}, invalid("encoded_message_event_signature", "", "This is no signature: "+err.Error())
	}
	if r == nil {
		return wire.Event{}, notFound("conversation", "id", "to write to; it has no key yet")
	}
	if err := s.reachable(user, r.id, r.members); err != nil {
		return wire.Event{}, err
	}
	if !s.knowsToken(r, user, body.Token) {
		return wire.Event{}, invalid("conversation_token", "", "This is no token of yours for this conversation.")
	}
	return wire.Event{ID: body.MessageID, Sender: user, Conversation: r.id, Detail: m, Signature: sig}, nil
}

// reachable refuses to write to people who have no keys, and to one who is blocked or blocks; mu is held.
func (s *Sim) reachable(user, id string, members []string) error {
	for _, m := range members {
		if s.newestKeys(m) == "" {
			return forbidden("UNAUTHORIZED_REQUESTING_USER: not everybody in this conversation has registered keys.")
		}
		if id[0] != 'g' && (s.blocks[[2]string{m, user}] || s.blocks[[2]string{user, m}]) {
			return forbidden("This user takes no messages from you.")
		}
	}
	return nil
}

// find is the newest event that matches; mu is held.
func (r *room) find(match func(*entry) bool) *entry {
	for _, e := range slices.Backward(r.entries) {
		if match(e) {
			return e
		}
	}
	return nil
}

// at is the newest event with a sequence id; mu is held.
func (r *room) at(n wire.Sequence) *entry {
	return r.find(func(e *entry) bool { return n != 0 && e.ev.Sequence == n })
}

// refuses says with which failure a message is answered, 0 when with none; mu is held.
func (s *Sim) refuses(user string, r *room, ev wire.Event) wire.FailureType {
	if len(s.chats.failures) > 0 {
		next := s.chats.failures[0]
		s.chats.failures = s.chats.failures[1:]
		return next
	}
	m, _ := ev.Detail.(wire.MessageCreate)
	switch {
	case !slices.Contains(r.members, user):
		return wire.SenderNotGroupMember
	case len(m.Contents) == 0:
		return wire.EmptyDetail
	case len(m.Contents) > s.cfg.ChatContents:
		return wire.ContentsTooLarge
	case m.KeyVersion == "":
		return wire.OnlyEncryptedAllowed
	}
	if why := s.refusesSignature(ev); why != 0 {
		return why
	}
	switch {
	case m.KeyVersion != r.version:
		return wire.NonLatestKeyVersion
	case !r.group() && s.stance(r, r.others(user)[0]) == distrusting:
		return wire.RecipientNotTrusted
	}
	return 0
}

// refusesSignature says what is wrong with a signature, 0 when nothing is; mu is held.
func (s *Sim) refusesSignature(ev wire.Event) wire.FailureType {
	if ev.Signature.IsZero() {
		return wire.SignatureNotVerified
	}
	if n, err := strconv.Atoi(ev.Signature.Version); err != nil || n < oldestSigning || n > newestSigning {
		return wire.InvalidSignatureVersion
	}
	reader := xchat.Reader{Directory: s.chats.directory}
	switch err := reader.Verify(ev); {
	case err == nil:
		return 0
	case errors.Is(err, xchat.ErrForged):
		return wire.InvalidSenderSignature
	default: // the public keys of that version are not registered
		return wire.SignatureNotVerified
	}
}

// fail answers a message with a failure: at once, or, when it is late, after an event as if all was well. mu is held.
func (s *Sim) fail(user string, r *room, ev wire.Event, why wire.FailureType) string {
	failure := &entry{
		ev: wire.Event{ID: ev.ID, Sender: user, Detail: wire.Failure{Type: why}}, audience: []string{user},
	}
	if !s.chats.late {
		failure.room = r
		failure.ev.Conversation, failure.ev.At = r.id, s.cfg.Now().UTC()
		failure.ev.Sequence = wire.ParseSequence(s.nextID())
		return s.encoded(failure, user)
	}
	ev.At, ev.Previous, ev.Sequence = s.cfg.Now().UTC(), r.last, wire.ParseSequence(s.nextID())
	answer := s.encoded(&entry{room: r, ev: ev}, user)
	s.put(r, failure)
	return answer
}
