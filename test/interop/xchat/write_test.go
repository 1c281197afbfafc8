package interop_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/crypto/nacl/secretbox"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// note is something that somebody writes.
type note struct {
	from    person
	content wire.Content
	target  *wire.Event // of an edit or a reaction: the SDK is given it instead of its sequence
	ttl     time.Duration
	silent  bool // always false for what the SDK knows no choice of
	proof   xchat.Proof
	quoted  xchat.Quoted
	key     xchat.ConversationKey // it was written with
}

// payload is a message that the SDK wrote.
type payload struct {
	ID         string `json:"messageId"`
	Message    string `json:"encryptedContent"`
	Signature  string `json:"encodedEventSignature"`
	KeyVersion string `json:"conversationKeyVersion"`
	Notify     bool   `json:"shouldNotify"`
}

// write has somebody write from one side, and gives what X sends.
func (r *room) write(by side, n *note) wire.Event {
	r.Helper()
	n.key = r.latest(n.from)
	p := r.seal(by, *n)
	m, sig := r.parts(p)
	if by == theirs {
		r.sameBytes(p, *n)
	}
	if m.KeyVersion != n.key.Version || m.Notify == n.silent || m.TTL != n.ttl || m.Request {
		r.Errorf("%s wrote %+v, want the key version %s, notify %v and TTL %v", by, m, n.key.Version, !n.silent, n.ttl)
	}
	if sig.KeyVersion != n.from.Version || sig.Version != "7" || len(sig.Value) != 64 {
		r.Errorf("%s signed with %+v", by, sig)
	}
	return r.deliver(n.from.User, p.ID, m, sig)
}

// parts are what a payload says, and its signature.
func (r *room) parts(p payload) (wire.MessageCreate, wire.Signature) {
	r.Helper()
	m, err := wire.ParseMessageCreate(p.Message)
	if err != nil {
		r.Fatal(err)
	}
	sig, err := wire.ParseSignature(p.Signature)
	if err != nil {
		r.Fatal(err)
	}
	return m, sig
}

// sameBytes checks that we write the same bytes as the SDK.
func (r *room) sameBytes(p payload, n note) {
	r.Helper()
	m, sig := r.parts(p)
	if m.Encode() != p.Message || sig.Encode() != p.Signature {
		r.Errorf("the SDK writes %s, signed %s;\nwe write %s, signed %s", p.Message, p.Signature, m.Encode(), sig.Encode())
	}
	plain, ok := secretbox.Open(nil, m.Contents[24:], (*[24]byte)(m.Contents), n.key.Secret())
	if ours := wire.EncodeContent(n.content); !ok || !bytes.Equal(plain, ours) {
		r.Errorf("the SDK writes %T as\n%q,\nwe write\n%q", n.content, plain, ours)
	}
}

func (r *room) seal(by side, n note) payload {
	r.Helper()
	if by == ours {
		made, err := n.from.author().Write(xchat.Draft{
			ID: r.newID(), Conversation: r.id, Content: n.content, TTL: n.ttl, Silent: n.silent,
		}, n.key)
		if err != nil {
			r.Fatal(err)
		}
		return payload{ID: made.MessageID, Message: made.Message, Signature: made.Signature, KeyVersion: n.key.Version, Notify: !n.silent}
	}
	method, params := n.params()
	params["conversationId"] = r.id
	params["conversationKey"], params["conversationKeyVersion"] = octets(n.key.Secret()[:]), n.key.Version
	var p payload
	n.from.must(method, &p, params)
	if p.KeyVersion != n.key.Version || p.Notify == n.silent {
		r.Errorf("the SDK gives %+v, want the key version %s and notify %v", p, n.key.Version, !n.silent)
	}
	return p
}

// params is how the SDK is told to write a note.
func (n note) params() (method string, o object) {
	switch c := n.content.(type) {
	case wire.Message:
		o = object{"text": c.Text, "shouldNotify": !n.silent}
		some(o, "entities", each(c.Entities, entityTuple))
		some(o, "attachments", each(c.Attachments, descriptor))
		if n.ttl > 0 {
			o["ttlMsec"] = n.ttl.Milliseconds()
		}
		if c.Reply == nil {
			return "encryptMessage", o
		}
		n.quote(*c.Reply, o)
		return "encryptReply", o
	case wire.Edit:
		o = some(object{"updatedText": c.Text}, "entities", each(c.Entities, entityTuple))
		n.aim(c.Target, o)
		return "encryptEdit", o
	case wire.Reaction:
		o = object{"emoji": c.Emoji}
		n.aim(c.Target, o)
		if c.Removed {
			return "encryptRemoveReaction", o
		}
		return "encryptAddReaction", o
	case wire.Strange:
	}
	panic(fmt.Sprintf("the SDK can't write %T", n.content))
}

// aim tells the SDK what is edited or reacted to.
func (n note) aim(target wire.Sequence, o object) {
	if n.target != nil {
		o["targetEvent"] = n.target.Encode()
	} else {
		o["targetMessageSequenceId"] = target.String()
	}
}

// quote tells the SDK what is answered: the original, out of which it makes the preview itself, or, where there is none and where
// it is a forgery, what the preview says.
func (n note) quote(p wire.Preview, o object) {
	if p.Original != nil {
		o["replyToEvent"] = p.Original.Encode()
	}
	if p.Edited != nil {
		o["replyToEditEvent"] = p.Edited.Encode()
	}
	if len(p.KeyChanges) > 0 {
		o["replyToCkces"] = each(p.KeyChanges, wire.Event.Encode)
	}
	if p.Original != nil && n.proof != xchat.Forged {
		return
	}
	o["replyToSequenceId"], o["replyToSenderId"], o["replyToText"] = p.Sequence.String(), p.Sender, p.Text
	some(o, "replyToEntities", each(p.Entities, entityTuple))
	if !named(p.Attachments) {
		some(o, "replyToAttachments", each(p.Attachments, descriptor))
	}
}

// named says whether there are files with IDs, which the SDK is not told: it takes them from the original.
func named(all []wire.Attachment) bool {
	return slices.ContainsFunc(all, func(a wire.Attachment) bool { return a.Media != nil && a.Media.ID != "" })
}

func entityTuple(e wire.Entity) []any { return []any{e.Start, e.End, entityNames[e.Kind]} }

// descriptor is an attachment as the SDK is told of it.
func descriptor(a wire.Attachment) object {
	switch m := a.Media; {
	case m != nil:
		o := object{
			"attachment_type": "media", "media_hash_key": m.HashKey, "width": m.Width, "height": m.Height, "filesize_bytes": m.Size,
			"filename": m.Name, "media_type": m.Kind,
		}
		if m.Duration > 0 {
			o["duration_millis"] = m.Duration.Milliseconds()
		}
		return o
	case a.Post != nil:
		return object{"attachment_type": "post", "rest_id": orNull(a.Post.ID), "post_url": orNull(a.Post.URL)}
	default:
		return object{"attachment_type": "url", "url": a.Link.URL, "display_title": orNull(a.Link.Title)}
	}
}

// check has somebody read on one side, and compares all that is to be read with what was written.
func (r *room) check(on side, reader person, ev wire.Event, n note) {
	r.Helper()
	if on == ours {
		r.checkOurs(reader, ev, n)
		return
	}
	var got json.RawMessage
	if err := reader.try("decryptEvent", &got, ev.Encode(), r.keys[reader.User], r.signers()); err != nil {
		r.Errorf("the SDK refuses %T of %s: %v", n.content, n.from.User, err)
		return
	}
	r.compare(got, ev, n)
}

// compare compares what the SDK shows with what was written.
func (r *room) compare(got json.RawMessage, ev wire.Event, n note) {
	r.Helper()
	if d := difference(r.T, shown(ev, n.content, n.proof), got); d != "" {
		r.Errorf("the SDK reads %T of %s otherwise (-want +got):\n%s", n.content, n.from.User, d)
	}
}

func (r *room) checkOurs(reader person, ev wire.Event, n note) {
	r.Helper()
	o, err := r.reader(reader).Open(ev, r.rings[reader.User])
	if err != nil {
		r.Errorf("we refuse %T of %s: %v", n.content, n.from.User, err)
		return
	}
	if d := cmp.Diff(n.content, o.Content, cmpopts.IgnoreUnexported(wire.Event{}), cmpopts.EquateEmpty()); d != "" {
		r.Errorf("we read %T of %s otherwise (-want +got):\n%s", n.content, n.from.User, d)
	}
	if o.Proof != n.proof || o.Quoted != n.quoted {
		r.Errorf("we read a reply of %s with proof %v and quote %+v, want %v and %+v", n.from.User, o.Proof, o.Quoted, n.proof, n.quoted)
	}
	if o.Key.Version != n.key.Version || string(o.Key.Secret()[:]) != string(n.key.Secret()[:]) {
		r.Errorf("we read %T of %s with the key %v, want %v", n.content, n.from.User, o.Key, n.key)
	}
}

// tell writes from one side, reads on the other, and gives what X sent.
func (r *room) tell(by side, n note) wire.Event {
	r.Helper()
	ev := r.write(by, &n)
	for _, p := range r.people {
		r.check(by.other(), p, ev, n)
	}
	return ev
}
