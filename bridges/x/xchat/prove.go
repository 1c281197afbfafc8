package xchat

import (
	"crypto/subtle"
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// Proof is what is known of a reply's preview.
type Proof int

// The degrees of proof.
const (
	Unproven Proof = iota // there is no preview, or it brings no original, or the original's key or signer is not known here
	Proven                // its original is signed, and says what the preview says
	Forged                // it says what its original does not, or its original is none
)

// Quoted is the message that a reply answers, from its own signed original. Its Sequence alone is not signed: it is the
// word of whoever replied, so a message that is known by ID goes before one that is known by Sequence.
type Quoted struct {
	Sender   string // user ID
	ID       string
	Sequence wire.Sequence
	Text     string // whole, and as it was edited, if it was
}

// prove compares a preview with the original that it brings.
func (r *Reader) prove(reply wire.Event, p wire.Preview, ring *Keyring) (Proof, Quoted) {
	if p.Original == nil {
		return Unproven, Quoted{}
	}
	said, err := r.original(reply, p, ring)
	if err != nil {
		return doubt(err), Quoted{}
	}
	// Both texts are UTF-8, so one that begins the other ends between two characters.
	if !claims(p, *p.Original) || !subset(p.Attachments, said.Attachments) || !strings.HasPrefix(said.Text, p.Text) || !subset(p.Entities, said.Entities) {
		return Forged, Quoted{}
	}
	return Proven, Quoted{Sender: p.Original.Sender, ID: p.Original.ID, Sequence: p.Original.Sequence, Text: said.Text}
}

// original is the message that a reply brings, as it was edited, if it was.
func (r *Reader) original(reply wire.Event, p wire.Preview, ring *Keyring) (wire.Message, error) {
	original, err := r.quote(reply, *p.Original, p.KeyChanges, ring)
	if err != nil {
		return wire.Message{}, err
	}
	said, ok := original.(wire.Message)
	if !ok {
		return wire.Message{}, ErrForged
	}
	if p.Edited == nil {
		return said, nil
	}
	edited, err := r.quote(reply, *p.Edited, p.KeyChanges, ring)
	if err != nil {
		return wire.Message{}, err
	}
	edit, ok := edited.(wire.Edit)
	if !ok || p.Edited.Sender != p.Original.Sender || edit.Target != p.Original.Sequence {
		return wire.Message{}, ErrForged
	}
	said.Text, said.Entities = edit.Text, edit.Entities
	return said, nil
}

// doubt is the proof of a preview that does not hold: what can't be checked here may still be so.
func doubt(err error) Proof {
	if errors.Is(err, ErrNoKey) || errors.Is(err, ErrNoSigner) {
		return Unproven
	}
	return Forged
}

// quote opens an event that a reply brings. It must be of the same conversation.
func (r *Reader) quote(reply, ev wire.Event, changes []wire.Event, ring *Keyring) (wire.Content, error) {
	if ev.Conversation != reply.Conversation {
		return nil, ErrForged
	}
	o, err := r.open(ev, func(version string) (ConversationKey, bool) {
		if key, ok := ring.Key(version); ok {
			return key, true
		}
		return r.brought(reply.Conversation, changes, version)
	})
	return o.Content, err
}

// mostBrought is how many key changes of one version a reply may bring; each costs two signatures' worth of time.
const mostBrought = 4

// brought is a key of the conversation that a reply brings for its original.
func (r *Reader) brought(conversation string, changes []wire.Event, version string) (ConversationKey, bool) {
	tries := 0
	for _, ev := range changes {
		change, ok := ev.Detail.(wire.KeyChange)
		if !ok || change.Version != version || ev.Conversation != conversation {
			continue
		}
		if key, err := r.keyOf(ev); err == nil {
			return key.ConversationKey, true
		}
		if tries++; tries == mostBrought {
			break
		}
	}
	return ConversationKey{}, false
}

// Gives says whether a key change gives a key of its conversation, and is signed so that a reply can bring it: everybody whom the
// key was given to then believes what the reply quotes from under it.
func (r *Reader) Gives(ev wire.Event, key ConversationKey) bool {
	k, err := r.keyOf(ev)
	return err == nil && k.trust == checked && k.Version == key.Version && subtle.ConstantTimeCompare(k.Secret()[:], key.Secret()[:]) == 1
}

// claims says whether what a preview says of its original's envelope is so. What it leaves out is.
func claims(p wire.Preview, original wire.Event) bool {
	return (p.Sender == "" || p.Sender == original.Sender) &&
		(p.ID == "" || p.ID == original.ID) &&
		(p.Sequence == 0 || p.Sequence == original.Sequence)
}

// subset says whether all of some are among all.
func subset[T any](some, all []T) bool {
	for _, s := range some {
		if !slices.ContainsFunc(all, func(a T) bool { return reflect.DeepEqual(a, s) }) {
			return false
		}
	}
	return true
}
