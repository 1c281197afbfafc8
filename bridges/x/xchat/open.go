package xchat

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// Why something can't be believed or opened. Each is wrapped with what it was about.
var (
	// ErrNoKey says that the conversation's key of that version is not there. It may come yet.
	ErrNoKey = errors.New("the conversation's key is not there")
	// ErrNoSigner says that X lists no such public keys of the sender. It may do so yet, if they are new.
	ErrNoSigner = errors.New("the sender's public keys are not listed")
	// ErrForged says that the signature does not hold, or that its signer does not belong in the conversation, or that the event
	// names none. It never will.
	ErrForged = errors.New("the signature does not hold")
	// ErrUnsigned says that there is no signature, or an outdated one, or that the kind of event knows none, or that a comma in
	// one of its parts would let the signature stand for another event, too.
	ErrUnsigned = errors.New("it is not signed")
	// ErrSealed says that the key is there and does not open it.
	ErrSealed = errors.New("it can't be opened")
	// ErrNotForUs says that a key change has no key for the account, or one for other public keys than it has.
	ErrNotForUs = errors.New("the key is not for this account")
)

// Reader opens what others wrote to one account. It is safe for concurrent use.
type Reader struct {
	Keys      *Keys
	User      string // the account's own ID
	Version   string // of its registered public keys
	Directory *Directory
}

// Verify returns nil when an event's signature holds and its sender belongs to the conversation; otherwise an error that
// wraps ErrNoSigner, ErrForged or ErrUnsigned. Key changes are Adopt's.
//
// A new group's conversation is not signed, and the lists of a GroupMemberAdd are signed as one: where one ends and the next
// begins is X's word. Whether the sender may do what the event says is X's to judge, too.
func (r *Reader) Verify(ev wire.Event) error {
	if err := r.verify(ev, nil); err != nil {
		return fmt.Errorf("xchat: verify event %.64q: %w", ev.ID, err)
	}
	return nil
}

func (r *Reader) verify(ev wire.Event, key *ConversationKey) error {
	version := signedVersion(ev.Signature.Version)
	switch {
	case ev.Signature.IsZero() || version < oldestSigned:
		return ErrUnsigned
	case !belongs(ev.Sender, ev.Conversation):
		return ErrForged
	}
	text, err := signedText(ev, version, key)
	if err != nil {
		return ErrUnsigned
	}
	signer, ok := r.Directory.Keys(ev.Sender, ev.Signature.KeyVersion)
	if !ok {
		return ErrNoSigner
	}
	pub, err := verifier(signer.Signing)
	if err != nil || !verify(pub, ev.Signature.Value, text) {
		return ErrForged
	}
	return nil
}

// belongs says whether somebody can write in a conversation: of two people's, the two. Who is in a group is X's to say. What
// is no conversation's ID, or none at all, would let one signature stand for several conversations, so nobody belongs there.
func belongs(user, conversation string) bool {
	if strings.HasPrefix(conversation, "g") {
		return true
	}
	a, b, pair := strings.Cut(conversation, ":")
	return pair && digits(a) && digits(b) && (user == a || user == b)
}

// Adopt takes the key of a key change into the ring, which must be that of the event's conversation. added says that the
// ring is another one now, and must be kept. The error wraps ErrNotForUs, ErrForged, ErrUnsigned or ErrSealed, and the ring
// is then as it was. When the signer's public keys are not in the Directory there is no error: the key is taken to read with
// alone, and Adopt can be called again once they are.
func (r *Reader) Adopt(ev wire.Event, ring *Keyring) (added bool, err error) {
	key, err := r.keyOf(ev)
	if err != nil {
		return false, fmt.Errorf("xchat: adopt key change %.64q: %w", ev.ID, err)
	}
	return ring.add(key), nil
}

// keyOf is the key of a key change.
func (r *Reader) keyOf(ev wire.Event) (held, error) {
	change, ok := ev.Detail.(wire.KeyChange)
	if !ok || !digits(change.Version) {
		return held{}, ErrUnsigned
	}
	if !belongs(ev.Sender, ev.Conversation) {
		return held{}, ErrForged
	}
	key, err := r.unwrapOwn(change)
	if err != nil {
		return held{}, err
	}
	switch err := r.verify(ev, &key); {
	case err == nil && signedVersion(ev.Signature.Version) >= keyFrom:
		return held{key, checked}, nil
	case err == nil:
		return held{key, former}, nil
	case errors.Is(err, ErrNoSigner): // who left a group is not listed any more
		return held{key, readOnly}, nil
	default:
		return held{}, err
	}
}

// mostTries is how many copies of a new key are tried; each costs a tenth of a millisecond. There is one for each version of
// the account's public keys, if X does not leave out those of other versions.
const mostTries = 16

// unwrapOwn opens the account's own copy of a new key.
func (r *Reader) unwrapOwn(change wire.KeyChange) (ConversationKey, error) {
	err, tries := ErrNotForUs, 0
	for _, w := range change.Keys {
		if w.User != r.User || w.PublicKeyVersion != "" && r.Version != "" && w.PublicKeyVersion != r.Version {
			continue
		}
		if tries++; tries > mostTries {
			break
		}
		wrapped, wrong := decode64(w.Key)
		if wrong != nil {
			err = ErrSealed
			continue
		}
		key, wrong := r.Keys.unwrap(change.Version, wrapped)
		if wrong == nil {
			return key, nil
		}
		err = ErrSealed
	}
	return ConversationKey{}, err
}

// Opened is what somebody wrote, and is known to have written. No verb prints what that is, and no encoder writes it.
type Opened struct {
	Content wire.Content
	Key     ConversationKey // it was sealed with; its files are, too
	Proof   Proof           // of the preview of a wire.Message that is a reply
	Quoted  Quoted          // when Proof is Proven
}

// String shows what kind of thing it is, and nothing of it.
func (o Opened) String() string { return fmt.Sprintf("opened %T", o.Content) }

// Format is String for every verb.
func (o Opened) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, o.String()) }

// MarshalText is String.
func (o Opened) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// Open opens a MessageCreate with the ring of its conversation. Its error wraps ErrNoKey, ErrNoSigner, ErrForged, ErrUnsigned, ErrSealed, or
// wire.ErrMalformed when what was sealed is no content. A message in the clear is ErrUnsigned: nobody can know who wrote it.
func (r *Reader) Open(ev wire.Event, ring *Keyring) (Opened, error) {
	o, err := r.open(ev, ring.Key)
	if err != nil {
		return Opened{}, fmt.Errorf("xchat: open message %.64q: %w", ev.ID, err)
	}
	if m, ok := o.Content.(wire.Message); ok && m.Reply != nil {
		o.Proof, o.Quoted = r.prove(ev, *m.Reply, ring)
	}
	return o, nil
}

// open opens a message with one of the keys, once its signature holds.
func (r *Reader) open(ev wire.Event, keys func(version string) (ConversationKey, bool)) (Opened, error) {
	m, ok := ev.Detail.(wire.MessageCreate)
	if !ok || m.KeyVersion == "" {
		return Opened{}, ErrUnsigned
	}
	if err := r.verify(ev, nil); err != nil {
		return Opened{}, err
	}
	key, ok := keys(m.KeyVersion)
	if !ok {
		return Opened{}, ErrNoKey
	}
	plain, err := key.open(m.Contents)
	if err != nil {
		return Opened{}, ErrSealed
	}
	content, err := wire.ParseContent(plain)
	return Opened{Content: content, Key: key}, err
}
