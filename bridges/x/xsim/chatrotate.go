package xsim

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// keysBody is the body that gives a conversation a key, and part of those that change a group.
type keysBody struct {
	Conversation string             `json:"conversation_id"` // of a new group alone
	Version      string             `json:"conversation_key_version"`
	Keys         []xchat.WrappedKey `json:"conversation_participant_keys"`
	Actions      []chatAction       `json:"action_signatures"`
	Ratchet      string             `json:"base64_encoded_key_rotation"`
}

// chatAction is an action as X takes it: what xchat writes, and what the simulator has no use for.
type chatAction struct {
	MessageID string `json:"message_id"`
	Detail    string `json:"encoded_message_event_detail"`
	Signature struct {
		xchat.ActionSignature
		Signing string   `json:"signing_public_key"`
		Infos   []object `json:"message_signing_key_info_list"`
	} `json:"message_event_signature"`
	Payload string `json:"signature_payload"`
}

// event is the action as an event of a conversation.
func (a chatAction) event(user, id string) (wire.Event, error) {
	const name = "action_signatures"
	what, err := wire.ParseDetail(a.Detail)
	if err != nil {
		return wire.Event{}, invalid(name, a.MessageID, "The detail can't be read: "+err.Error())
	}
	value, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(a.Signature.Value, "="))
	n, wrong := strconv.Atoi(a.Signature.Version)
	if err != nil || len(value) != sizeOfSigned || wrong != nil || n < oldestSigning || n > newestSigning ||
		a.MessageID == "" || len(a.MessageID) > mostMessageID {
		return wire.Event{}, invalid(name, a.MessageID, "The id or the signature is malformed.")
	}
	return wire.Event{
		ID: a.MessageID, Sender: user, Conversation: id, Detail: what,
		Signature: wire.Signature{Value: value, KeyVersion: a.Signature.KeyVersion, Version: a.Signature.Version},
	}, nil
}

func changeChatKey(c *call) (reply, error) {
	var body keysBody
	if err := c.decode(&body); err != nil {
		return reply{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	id, r, err := c.place()
	if err != nil {
		return reply{}, err
	}
	e, err := c.rotateKey(c.who.user, id, r, body)
	if err != nil {
		return reply{}, err
	}
	return data(object{"conversation_id": id, "sequence_id": e.ev.Sequence.String()})
}

// rotateKey gives a conversation a new key, and begins one of two people that had none; mu is held.
func (s *Sim) rotateKey(user, id string, r *room, body keysBody) (*entry, error) {
	members := strings.Split(id, ":")
	if r != nil {
		members = r.members
	}
	if !slices.Contains(members, user) {
		return nil, forbidden("You are not in this conversation.")
	}
	if err := s.reachable(user, id, members); err != nil {
		return nil, err
	}
	ev, err := s.readRotation(user, id, members, body)
	if err != nil {
		return nil, err
	}
	if r == nil {
		r = s.open(id, members)
	}
	if old := r.find(func(e *entry) bool { return e.ev.ID == ev.ID && e.ev.Sender == user }); old != nil && !s.chats.repeats {
		return old, nil
	}
	if r.version != "" && !numberLess(r.version, body.Version) {
		return nil, invalid("conversation_key_version", body.Version, "The conversation has a key that is as new: "+r.version+".")
	}
	r.version = body.Version
	return s.put(r, &entry{ev: ev}), nil
}

// readRotation reads a key change as an event and holds that it is for exactly the members. Whether its signature is right
// only they can tell: it covers the key, which X does not have. mu is held.
func (s *Sim) readRotation(user, id string, members []string, body keysBody) (wire.Event, error) {
	if !isID(body.Version) {
		return wire.Event{}, invalid("conversation_key_version", body.Version, "A version is a number.")
	}
	if err := s.checkWrapped(members, body.Keys); err != nil {
		return wire.Event{}, err
	}
	ev, err := action[wire.KeyChange](user, id, body.Actions)
	if err != nil {
		return wire.Event{}, err
	}
	change, _ := ev.Detail.(wire.KeyChange)
	signed := make([]xchat.WrappedKey, len(change.Keys))
	for i, w := range change.Keys {
		signed[i] = xchat.WrappedKey(w)
	}
	if change.Version != body.Version || !sameSet(signed, body.Keys) {
		return wire.Event{}, invalid("action_signatures", "", "The key change that is signed is another one.")
	}
	if _, is := s.chats.directory.Keys(user, ev.Signature.KeyVersion); !is {
		return wire.Event{}, invalid("action_signatures", ev.Signature.KeyVersion, "You registered no keys of this version.")
	}
	return ev, nil
}

// checkWrapped holds that there is one key for each member, wrapped for keys that are registered; mu is held.
func (s *Sim) checkWrapped(members []string, keys []xchat.WrappedKey) error {
	const name = "conversation_participant_keys"
	var users []string
	for _, k := range keys {
		users = append(users, k.User)
		b, err := base64.StdEncoding.DecodeString(k.Key)
		if err != nil || len(b) != sizeOfWrapped {
			return invalid(name, k.User, "This is no encrypted conversation key.")
		}
		if _, is := s.chats.directory.Keys(k.User, k.PublicKeyVersion); !is {
			return invalid(name, k.User, "The user has no public keys of this version.")
		}
	}
	if !sameSet(users, members) {
		return invalid(name, "", "There has to be one key for each participant.")
	}
	return nil
}

// action finds the action of a kind among those that were signed.
func action[D wire.Detail](user, id string, all []chatAction) (wire.Event, error) {
	for _, a := range all {
		ev, err := a.event(user, id)
		if err != nil {
			return wire.Event{}, err
		}
		if _, is := ev.Detail.(D); is {
			return ev, nil
		}
	}
	return wire.Event{}, invalid("action_signatures", "", "A signed action is missing.")
}

// sameSet says whether two lists have the same elements, each once.
func sameSet[T comparable](a, b []T) bool {
	seen := map[T]bool{}
	for _, v := range a {
		seen[v] = true
	}
	for _, v := range b {
		if !seen[v] {
			return false
		}
	}
	return len(a) == len(b) && len(seen) == len(a)
}
