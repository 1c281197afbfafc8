package xchat

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// Author seals and signs what one account writes. It is safe for concurrent use.
type Author struct {
	Keys    *Keys
	User    string // the account's own ID
	Version string // of its registered public keys
}

// Draft is something to be written. No verb prints what that is, and no encoder writes it.
type Draft struct {
	ID           string // of the message, chosen by the caller: the same for every try
	Conversation string // in any of the forms that ConversationID takes
	Content      wire.Content
	TTL          time.Duration // the conversation's; 0: for ever
	Silent       bool          // nobody's telephone rings
}

// String shows what kind of thing it is, and nothing of it.
func (d Draft) String() string { return fmt.Sprintf("draft of %T", d.Content) }

// Format is String for every verb.
func (d Draft) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, d.String()) }

// MarshalText is String.
func (d Draft) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Payload is what X is given with POST /2/chat/conversations/{id}/messages. Each sealing is another one, so for a repeat
// the same Payload must be given.
type Payload struct {
	MessageID string `json:"message_id"`
	Message   string `json:"encoded_message_create_event"`
	Signature string `json:"encoded_message_event_signature"`
	Token     string `json:"conversation_token,omitempty"`
}

// ErrTooLong says that a message has more bytes than a Reader would open.
var ErrTooLong = errors.New("it is too long")

// Write seals a draft with the conversation's key and signs it. Its error wraps ErrNoKey when the key is the zero value,
// ErrTooLong, or ErrUnsignable, also for a draft without content.
func (a Author) Write(d Draft, key ConversationKey) (Payload, error) {
	p, err := a.write(d, key)
	if err != nil {
		return Payload{}, fmt.Errorf("xchat: write message %.64q: %w", d.ID, err)
	}
	return p, nil
}

func (a Author) write(d Draft, key ConversationKey) (Payload, error) {
	switch {
	case key.IsZero():
		return Payload{}, ErrNoKey
	case d.Content == nil:
		return Payload{}, ErrUnsignable
	}
	m := wire.MessageCreate{
		Contents: key.seal(wire.EncodeContent(d.Content)), KeyVersion: key.Version, Notify: !d.Silent, TTL: d.TTL,
	}
	if len(m.Contents) > mostSealed {
		return Payload{}, ErrTooLong
	}
	sig, err := a.sign(d.ID, ConversationID(d.Conversation, a.User), m, nil)
	if err != nil {
		return Payload{}, err
	}
	return Payload{MessageID: d.ID, Message: m.Encode(), Signature: sig.Encode()}, nil
}

// sign signs what the account does in a conversation.
func (a Author) sign(id, conversation string, what wire.Detail, key *ConversationKey) (wire.Signature, error) {
	if !belongs(a.User, conversation) || !digits(a.Version) {
		return wire.Signature{}, ErrUnsignable
	}
	ev := wire.Event{ID: id, Sender: a.User, Conversation: conversation, Detail: what}
	text, err := signedText(ev, newestSigned, key)
	if err != nil {
		return wire.Signature{}, err
	}
	return wire.Signature{Value: a.Keys.sign(text), KeyVersion: a.Version, Version: fmt.Sprint(newestSigned)}, nil
}

// Action is something that the account does to a conversation, signed, as X takes it in action_signatures.
type Action struct {
	MessageID string          `json:"message_id"`
	Detail    string          `json:"encoded_message_event_detail"`
	Signature ActionSignature `json:"message_event_signature"`
}

// ActionSignature is the signature of an Action.
type ActionSignature struct {
	Value      string `json:"signature"`
	KeyVersion string `json:"public_key_version"`
	Version    string `json:"signature_version"`
}

// act signs a detail as an Action.
func (a Author) act(id, conversation string, what wire.Detail, key *ConversationKey) (Action, error) {
	sig, err := a.sign(id, conversation, what, key)
	if err != nil {
		return Action{}, fmt.Errorf("xchat: sign action %.64q: %w", id, err)
	}
	return Action{
		MessageID: id, Detail: wire.EncodeDetail(what),
		Signature: ActionSignature{Value: sig.Text(), KeyVersion: sig.KeyVersion, Version: sig.Version},
	}, nil
}

// Delete signs that messages are taken back, for everybody or for the account alone. id is the action's own. Its error wraps
// ErrUnsignable.
func (a Author) Delete(id, conversation string, messages []wire.Sequence, forAll bool) (Action, error) {
	return a.act(id, ConversationID(conversation, a.User), wire.MessageDelete{Sequences: messages, ForAll: forAll}, nil)
}

// Rotation gives a conversation a new key.
type Rotation struct {
	Key     ConversationKey `json:"-"`
	Version string          `json:"conversation_key_version"`
	Keys    []WrappedKey    `json:"conversation_participant_keys"`
	Actions []Action        `json:"action_signatures"`
}

// WrappedKey is a new key for one participant, as X takes it.
type WrappedKey struct {
	User             string `json:"user_id"`
	Key              string `json:"encrypted_conversation_key"`
	PublicKeyVersion string `json:"public_key_version"`
}

// Rotate makes a new key of a version for people, and signs it. People are everybody in the conversation, the account itself
// among them. The version is the moment in milliseconds. Its error wraps ErrUnbound when somebody's keys are not Bound, and
// ErrUnsignable.
func (a Author) Rotate(id, conversation, version string, people []PublicKeys) (Rotation, error) {
	if !digits(version) {
		return Rotation{}, fmt.Errorf("xchat: make key of version %.64q: %w", version, ErrUnsignable)
	}
	r := Rotation{Key: NewConversationKey(version), Version: version}
	change := wire.KeyChange{Version: version}
	for _, p := range people {
		if err := p.Bound(); err != nil {
			return Rotation{}, fmt.Errorf("xchat: wrap key for %.64q: %w", p.User, err)
		}
		identity, err := point(p.Identity)
		if err != nil {
			return Rotation{}, fmt.Errorf("xchat: wrap key for %.64q: %w", p.User, err)
		}
		wrapped, err := r.Key.wrap(identity)
		if err != nil {
			return Rotation{}, fmt.Errorf("xchat: wrap key for %.64q: %w", p.User, err)
		}
		w := wire.WrappedKey{User: p.User, Key: base64.StdEncoding.EncodeToString(wrapped), PublicKeyVersion: p.Version}
		change.Keys = append(change.Keys, w)
		r.Keys = append(r.Keys, WrappedKey(w))
	}
	act, err := a.act(id, ConversationID(conversation, a.User), change, &r.Key)
	if err != nil {
		return Rotation{}, err
	}
	r.Actions = []Action{act}
	return r, nil
}

// RotateGroup is Rotate for a group that is made, or that somebody comes into: it signs that, too. change is a GroupCreate
// or a GroupMemberAdd, without the key's version. ids are those of the two actions.
func (a Author) RotateGroup(ids [2]string, group, version string, people []PublicKeys, change wire.GroupChange) (Rotation, error) {
	r, err := a.Rotate(ids[0], group, version, people)
	if err != nil {
		return Rotation{}, err
	}
	change.KeyVersion = version
	act, err := a.act(ids[1], group, change, nil)
	if err != nil {
		return Rotation{}, err
	}
	r.Actions = append(r.Actions, act)
	return r, nil
}

// ConversationID is a conversation's ID as events carry it and signatures cover it: of two people A:B with the smaller ID
// first, also when it was written with a dash, the other way round, or as the other person's ID alone. Anything else stays.
func ConversationID(id, self string) string {
	a, b, pair := strings.Cut(id, ":")
	if !pair {
		a, b, pair = strings.Cut(id, "-")
	}
	if !pair && digits(id) && digits(self) {
		a, b, pair = id, self, true
	}
	if !pair || !digits(a) || !digits(b) {
		return id
	}
	if newer(a, b) {
		a, b = b, a
	}
	return a + ":" + b
}
