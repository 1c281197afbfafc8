package xsim

import (
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// The activity events of encrypted chats. https://docs.x.com/x-api/activity/introduction
const (
	chatReceived = "chat.received"
	chatSent     = "chat.sent"
	chatJoin     = "chat.conversation.join" // in the machine-readable description
	oldChatJoin  = "chat.conversation_join" // in the prose
)

// mail is an event as a telephone is given it.
type mail struct{ conversation, event string }

// pass gives an event to one user: to the telephone, and to who subscribed; mu is held.
func (s *Sim) pass(e *entry, user string) {
	if s.withholds(e, user) {
		if e.missed == nil {
			e.missed = map[string]bool{}
		}
		e.missed[user] = true
		return
	}
	if s.chats.phones[user] != nil {
		s.chats.inboxes[user] = append(s.chats.inboxes[user], mail{conversation: e.room.id, event: s.encoded(e, user)})
	}
	s.tell(e, user)
}

// tell emits an event to whoever subscribed to a user's. A message request is not told. mu is held.
func (s *Sim) tell(e *entry, user string) {
	kind := chatReceived
	if e.ev.Sender == user {
		kind = chatSent
	}
	if s.stance(e.room, user) == trusting && s.listens(kind, user) {
		s.emit(kind, user, s.chatPayload(e, user))
	}
}

// listens says whether anybody subscribed to a kind of event of a user; mu is held.
func (s *Sim) listens(kind, user string) bool {
	return slices.ContainsFunc(s.subscriptions, func(sub *subscription) bool {
		return sub.Type == kind && sub.Filter.UserID == user
	})
}

// chatPayload is an event as activity events tell it; mu is held.
func (s *Sim) chatPayload(e *entry, user string) object {
	ev, r := e.ev, e.room
	out := object{
		"conversation_id": r.path(), "id": ev.ID, "sender_id": ev.Sender, "encoded_event": s.encoded(e, user),
		"conversation_token": s.chatToken(r, user, e.age), "created_at_msec": fmt.Sprint(ev.At.UnixMilli()),
	}
	if s.chats.colons {
		out["conversation_id"] = r.id
	}
	if !ev.Signature.IsZero() {
		out["message_event_signature"] = s.jsonSignature(ev)
	}
	switch d := ev.Detail.(type) {
	case wire.KeyChange:
		out["conversation_key_version"] = d.Version
	case wire.MessageCreate:
		out["conversation_key_version"] = d.KeyVersion
		seen := [2]string{user, d.KeyVersion}
		if r.told[seen] && !s.chats.everyKey {
			break
		}
		if k := s.keyEvent(r, user, d.KeyVersion); k != nil {
			r.told[seen] = true
			out["conversation_key_change_event"] = s.encoded(k, user)
		}
	default:
	}
	return out
}

// keyEvent finds the key change of a version that a user may see; mu is held.
func (s *Sim) keyEvent(r *room, user, version string) *entry {
	for _, e := range slices.Backward(r.entries) {
		if k, is := e.change(); is && k.Version == version && s.shows(e, user) {
			return e
		}
	}
	return nil
}

// jsonSignature is an event's signature as JSON has it; mu is held.
func (s *Sim) jsonSignature(ev wire.Event) object {
	out := object{
		"signature": ev.Signature.Text(), "public_key_version": ev.Signature.KeyVersion, "signature_version": ev.Signature.Version,
	}
	if k, is := s.chats.directory.Keys(ev.Sender, ev.Signature.KeyVersion); is {
		out["signing_public_key"] = base64.StdEncoding.EncodeToString(k.Signing)
	}
	return out
}

// tellJoin tells users that they are in a conversation now; mu is held.
func (s *Sim) tellJoin(r *room, by string, users []string) {
	kind := chatJoin
	if s.oldNames {
		kind = oldChatJoin
	}
	for _, user := range users {
		s.emit(kind, user, object{
			"conversation_id": r.path(), "sender_id": by, "created_at_msec": fmt.Sprint(s.cfg.Now().UnixMilli()),
		})
	}
}
