package xchat

import (
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// Proof is what is known of a reply's preview.
type Proof int

// The degrees of proof.
const (
	Unproven Proof = iota // there is no preview, or it brings no original
	Proven                // its original is signed, and says what the preview says
	Forged                // it says what its original does not
)

// Quoted is the message that a reply answers, from its own signed original.
type Quoted struct {
	Sender   string // user ID
	ID       string // signed
	Sequence wire.Sequence
	Text     string // whole, and as it was edited, if it was
}

// prove compares a preview with the original that it brings.
func (r *Reader) prove(reply wire.Event, p wire.Preview, ring *Keyring) (Proof, Quoted) {
	if p.Original == nil {
		return Unproven, Quoted{}
	}
	original, ok := r.quote(reply, *p.Original, p.KeyChanges, ring)
	said, isMessage := original.(wire.Message)
	if !ok || !isMessage || !claims(p, *p.Original) || !subset(p.Attachments, said.Attachments) {
		return Forged, Quoted{}
	}
	text, entities := said.Text, said.Entities
	if p.Edited != nil {
		edited, ok := r.quote(reply, *p.Edited, p.KeyChanges, ring)
		edit, isEdit := edited.(wire.Edit)
		if !ok || !isEdit || p.Edited.Sender != p.Original.Sender || edit.Target != p.Original.Sequence {
			return Forged, Quoted{}
		}
		text, entities = edit.Text, edit.Entities
	}
	if !begins(text, p.Text) || !subset(p.Entities, entities) {
		return Forged, Quoted{}
	}
	return Proven, Quoted{Sender: p.Original.Sender, ID: p.Original.ID, Sequence: p.Original.Sequence, Text: text}
}

// quote opens an event that a reply brings. It must be of the same conversation.
func (r *Reader) quote(reply, ev wire.Event, changes []wire.Event, ring *Keyring) (wire.Content, bool) {
	if ev.Conversation == "" || ev.Conversation != reply.Conversation {
		return nil, false
	}
	o, err := r.open(ev, func(version string) (ConversationKey, bool) {
		if key, ok := ring.Key(version); ok {
			return key, true
		}
		return r.brought(changes, version)
	})
	return o.Content, err == nil
}

// brought is a key that the reply brings for its original.
func (r *Reader) brought(changes []wire.Event, version string) (ConversationKey, bool) {
	for _, ev := range changes {
		if change, ok := ev.Detail.(wire.KeyChange); ok && change.Version == version {
			if key, _, err := r.keyOf(ev); err == nil {
				return key, true
			}
		}
	}
	return ConversationKey{}, false
}

// claims says whether what a preview says of its original's envelope is so. What it leaves out is.
func claims(p wire.Preview, original wire.Event) bool {
	return (p.Sender == "" || p.Sender == original.Sender) &&
		(p.ID == "" || p.ID == original.ID) &&
		(p.Sequence == 0 || p.Sequence == original.Sequence)
}

// begins says whether a preview's text is the beginning of the whole, cut between two characters.
func begins(whole, preview string) bool {
	return strings.HasPrefix(whole, preview) && (len(whole) == len(preview) || utf8.RuneStart(whole[len(preview)]))
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
