package xsim

import (
	"slices"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// eraseBody is the body that takes messages back.
type eraseBody struct {
	Sequences []string     `json:"sequence_ids"`
	Action    string       `json:"delete_message_action"`
	Actions   []chatAction `json:"action_signatures"`
	Hashes    []string     `json:"media_hash_keys"`
}

func deleteChatMessages(c *call) (reply, error) {
	var body eraseBody
	if err := c.decode(&body); err != nil {
		return reply{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r, err := c.begun()
	if err != nil {
		return reply{}, err
	}
	if err := c.erase(c.who.user, r, body); err != nil {
		return reply{}, err
	}
	return data(object{"deleted": true})
}

// erase takes messages back; mu is held.
func (s *Sim) erase(user string, r *room, body eraseBody) error {
	all := body.Action == "delete_for_all"
	if !all && body.Action != "delete_for_self" {
		return invalid("delete_message_action", body.Action, "The action has to be delete_for_all or delete_for_self.")
	}
	ev, err := s.readErase(user, r, body, all)
	if err != nil {
		return err
	}
	found, err := r.erasable(user, body.Sequences, all)
	if err != nil {
		return err
	}
	told := &entry{ev: ev}
	if !all {
		told.audience = []string{user}
	}
	for _, e := range found {
		if all { // nothing of it is kept
			e.gone, e.raw, e.posted, e.ev.Detail = true, "", "", wire.MessageCreate{}
		} else {
			e.hidden[user] = true
		}
	}
	if all {
		s.dropBlobs(user, r, body.Hashes)
	}
	s.put(r, told)
	return nil
}

// erasable are the messages with some sequence ids, when a user may take all of them back; mu is held.
func (r *room) erasable(user string, sequences []string, all bool) ([]*entry, error) {
	if n := len(sequences); n < 1 || n > mostSequences {
		return nil, invalid("sequence_ids", "", "There have to be 1 to 100 values.")
	}
	var found []*entry
	for _, n := range sequences {
		e := r.at(wire.ParseSequence(n))
		if e == nil || e.gone || !slices.Contains(e.audience, user) {
			return nil, notFound("message", "sequence_id", n)
		}
		if _, is := e.ev.Detail.(wire.MessageCreate); !is {
			return nil, invalid("sequence_ids", n, "This is no message.")
		}
		if all && e.ev.Sender != user && !slices.Contains(r.admins, user) {
			return nil, forbidden("You take back for everybody what you wrote, and as an admin what others wrote.")
		}
		found = append(found, e)
	}
	return found, nil
}

// dropBlobs forgets files of a user's; mu is held.
func (s *Sim) dropBlobs(user string, r *room, hashes []string) {
	for _, h := range hashes {
		if b := s.chats.blobs[h]; b != nil && b.room == r.id && b.owner == user {
			delete(s.chats.blobs, h)
		}
	}
}

// readErase reads a delete as an event and verifies it; mu is held.
func (s *Sim) readErase(user string, r *room, body eraseBody, all bool) (wire.Event, error) {
	ev, err := action[wire.MessageDelete](user, r.id, body.Actions)
	if err != nil {
		return wire.Event{}, err
	}
	d, _ := ev.Detail.(wire.MessageDelete)
	var signed []string
	for _, n := range d.Sequences {
		signed = append(signed, n.String())
	}
	if d.ForAll != all || !slices.Equal(signed, body.Sequences) {
		return wire.Event{}, invalid("action_signatures", "", "The delete that is signed is another one.")
	}
	if !slices.Contains(r.members, user) {
		return wire.Event{}, forbidden("You are not in this conversation.")
	}
	return ev, s.holds(ev)
}

// holds refuses an action whose signature does not hold; mu is held.
func (s *Sim) holds(ev wire.Event) error {
	reader := xchat.Reader{Directory: s.chats.directory}
	if err := reader.Verify(ev); err != nil {
		return invalid("action_signatures", ev.ID, "The signature does not hold: "+err.Error())
	}
	return nil
}

func readChat(c *call) (reply, error) {
	var body struct {
		Until string `json:"seen_until_sequence_id"`
	}
	if err := c.decode(&body); err != nil {
		return reply{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r, err := c.begun()
	if err != nil {
		return reply{}, err
	}
	if err := c.markRead(c.who.user, r, wire.ParseSequence(body.Until)); err != nil {
		return reply{}, err
	}
	return data(object{"success": true})
}

// markRead tells that a user has read up to an event; mu is held.
func (s *Sim) markRead(user string, r *room, until wire.Sequence) error {
	if e := r.at(until); e == nil || !slices.Contains(e.audience, user) {
		return invalid("seen_until_sequence_id", until.String(), "There is no such event in this conversation.")
	}
	s.put(r, &entry{fleeting: true, ev: wire.Event{
		ID: newMessageID(), Sender: user, Detail: wire.MarkRead{Until: until, At: s.cfg.Now().UTC()},
	}})
	return nil
}

func typeInChat(c *call) (reply, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, err := c.begun()
	if err != nil {
		return reply{}, err
	}
	if err := c.typing(c.who.user, r); err != nil {
		return reply{}, err
	}
	return data(object{"success": true})
}

// typing tells the others that a user is writing; mu is held.
func (s *Sim) typing(user string, r *room) error {
	if !slices.Contains(r.members, user) {
		return forbidden("You are not in this conversation.")
	}
	s.put(r, &entry{fleeting: true, audience: r.others(user), ev: wire.Event{
		ID: newMessageID(), Sender: user, Detail: wire.Typing{},
	}})
	return nil
}

// newMessageID is an id as clients give their messages: a random UUID.
func newMessageID() string {
	h := secret(16)
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-a" + h[17:20] + "-" + h[20:]
}
