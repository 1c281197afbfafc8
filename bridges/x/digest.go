package x

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/router/chat"
)

// bounceWait is how long the failure of a message is held back.
const bounceWait = 5 * time.Second

// digest takes events of one conversation in. What it comes to is kept after the sink has stored the events; if the
// process dies between, the same events come again, and are stored once.
type digest struct {
	t     *encrypted
	one   *talk // its mu is held
	next  place
	stay  bool // something before these events is missing, or may be: where to go on stays
	rung  bool // the ring is another one
	full  bool // no more can wait
	found []chat.Event
}

// take takes events in, oldest first.
func (d *digest) take(ctx context.Context, sink chat.Sink, all []wire.Event) error {
	for _, ev := range all {
		if err := d.event(ctx, ev); err != nil {
			return err
		}
		if d.full {
			break // what is more stays at X until a key is there
		}
		if !d.stay {
			d.next.Last = max(d.next.Last, ev.Sequence)
		}
	}
	if err := d.tryWaiting(ctx); err != nil {
		return err
	}
	d.tellWaiting(ctx)
	fresh := d.t.c.recent.without(d.found)
	if len(fresh) > 0 {
		if err := sink.Accept(ctx, chat.Batch{Events: fresh}); err != nil {
			return fmt.Errorf("x: accept: %w", err)
		}
		d.t.c.recent.add(fresh...)
	}
	return d.commit(ctx)
}

// commit keeps what changed.
func (d *digest) commit(ctx context.Context) error {
	before := d.one.at
	if before.same(d.next) && !d.rung {
		return nil
	}
	d.one.at = d.next
	if err := d.t.talks.save(ctx, d.one); err != nil {
		d.one.at = before
		return err
	}
	return nil
}

// event takes one event in. Its error is one that another try may not have: what can't be believed or read is skipped.
func (d *digest) event(ctx context.Context, ev wire.Event) error {
	if !d.t.within(d.one, ev) {
		return nil
	}
	switch ev.Detail.(type) {
	case wire.KeyChange:
		added, err := d.t.adopt(ctx, d.one, ev)
		d.rung = d.rung || added
		return d.t.unless(ctx, ev, err)
	case wire.MessageCreate:
		return d.message(ctx, ev, waiting{})
	case wire.Typing:
		d.happened(ctx, ev, chat.Typing{}, "")
	case wire.Failure:
		d.failed(ctx, ev)
	case wire.MessageDelete, wire.MarkRead, wire.GroupChange, wire.TTLChange:
		// X takes read marks without a signature, so that nobody read what somebody is said to have read can't be ruled out.
		if _, read := ev.Detail.(wire.MarkRead); !read || !ev.Signature.IsZero() {
			if err := d.t.verified(ctx, ev); err != nil {
				return d.t.unless(ctx, ev, err)
			}
		}
		d.changed(ctx, ev)
	case wire.Other:
	}
	return nil
}

// changed takes in what is verified and no message.
func (d *digest) changed(ctx context.Context, ev wire.Event) {
	switch what := ev.Detail.(type) {
	case wire.MessageDelete:
		for _, s := range what.Sequences {
			if what.ForAll && !d.erase(s) {
				d.happened(ctx, ev, chat.Deleted{}, messageID(s))
			}
		}
	case wire.MarkRead:
		d.happened(ctx, ev, chat.Read{}, messageID(what.Until))
	case wire.TTLChange:
		d.next.TTL = what.TTL
	case wire.GroupChange:
		d.moved(ctx, ev, what)
	case wire.MessageCreate, wire.KeyChange, wire.Typing, wire.Failure, wire.Other:
	}
}

// moved tells who came into a group, or left it.
func (d *digest) moved(ctx context.Context, ev wire.Event, what wire.GroupChange) {
	var happening chat.Happening
	switch what.Kind {
	case wire.GroupMemberAdd:
		happening = chat.Joined{}
	case wire.GroupMemberLeave:
		happening = chat.Left{}
	case wire.GroupCreate, wire.GroupTitle, wire.GroupAvatar, wire.GroupAdminAdd, wire.GroupAdminRemove:
		return
	}
	base := d.base(ctx, ev, what.Members...)
	r := d.t.c.reader(d.t.own.user)
	d.found = append(d.found, r.moves(base, what.Members, happening)...)
}

// happened tells something about a message, or about none.
func (d *digest) happened(ctx context.Context, ev wire.Event, what chat.Happening, about chat.MessageID) {
	e := d.base(ctx, ev)
	e.ID += chat.EventID("/" + string(about))
	e.Message, e.What = about, what
	d.found = append(d.found, e)
}

// base is an event without what happened.
func (d *digest) base(ctx context.Context, ev wire.Event, who ...string) chat.Event {
	d.t.c.people.meet(ctx, append(who, ev.Sender))
	r := d.t.c.reader(d.t.own.user)
	id, direct := r.place(xchat.ConversationID(ev.Conversation, d.t.own.user))
	e := chat.Event{
		ID: eventID(ev), Conversation: chat.Conversation{Account: d.t.c.account, ID: id}, Direct: direct,
		Author: r.author(ev.Sender), At: ev.At,
	}
	if e.At.IsZero() {
		e.At = d.t.c.now().UTC()
	}
	return e
}

// eventID names an event by what its sender signed, so that one that is told again under another number is the same.
func eventID(ev wire.Event) chat.EventID {
	sum := sha256.Sum256([]byte(ev.Conversation + "\n" + ev.Sender + "\n" + ev.ID))
	return chat.EventID(chatMark + hex.EncodeToString(sum[:12]))
}

// message opens a message and takes in what it says. was is how it waited, if it did.
func (d *digest) message(ctx context.Context, ev wire.Event, was waiting) error {
	if d.next.isOver(ev) {
		return nil
	}
	o, err := d.t.open(ctx, d.one, ev)
	if errors.Is(err, xchat.ErrNoKey) || errors.Is(err, xchat.ErrNoSigner) && !d.late(was) {
		return d.wait(ctx, ev, was)
	}
	if err != nil {
		return d.t.unless(ctx, ev, err)
	}
	if d.awaits(about(o.Content)) {
		was.Told = true // of what it is about
		return d.wait(ctx, ev, was)
	}
	d.t.remember(d.one.id, ev, o.Content)
	return d.opened(ctx, ev, o, was)
}

// opened takes in what a message says.
func (d *digest) opened(ctx context.Context, ev wire.Event, o xchat.Opened, was waiting) error {
	e := d.base(ctx, ev)
	if !e.Author.Self && e.Direct && !e.At.Before(d.next.WayAt) {
		d.next.Way, d.next.WayAt = byChat, e.At
	}
	if e.What, e.Message = d.t.says(ev, o); e.What == nil {
		return nil
	}
	if edit, ok := o.Content.(wire.Edit); ok {
		if !d.mayEdit(ev, edit.Target) {
			return d.t.unless(ctx, ev, errEdit)
		}
		d.next.over(bygone{Sequence: edit.Target, Sender: ev.Sender})
	}
	if p, ok := e.What.(chat.Posted); ok {
		d.next.note(wrote{Sequence: ev.Sequence, Sender: ev.Sender})
		e.Addressed = bridges.Mentions(p, d.t.own.user)
		if was.Told { // what the team was told of becomes what it says
			e.ID += "/opened"
			e.What = chat.Edited(p)
		}
	}
	d.found = append(d.found, e)
	return nil
}

// failed has it told that X did not carry on what the account wrote, once that is known as written: the failure may come
// before whoever wrote has noted the message.
func (d *digest) failed(ctx context.Context, ev wire.Event) {
	f, _ := ev.Detail.(wire.Failure)
	d.t.c.log.LogAttrs(ctx, slog.LevelWarn, "x did not carry a message on", slog.String("message", shown(ev)), slog.Int("failure", int(f.Type)))
	d.next.Waiting = append(d.next.Waiting, waiting{Event: ev.Encode(), Since: d.t.c.now().UTC(), Told: true})
	time.AfterFunc(bounceWait, d.t.c.wake)
}

// idSize is how long the IDs of our messages are.
const idSize = len("00000000-0000-0000-0000-000000000000")

// shown is a message's ID for the log, which somebody else has chosen.
func shown(ev wire.Event) string { return cut(ev.ID, idSize) }

// bounce tells of a failure, if the message is ours.
func (d *digest) bounce(ctx context.Context, ev wire.Event, f wire.Failure) error {
	if len(ev.ID) > idSize {
		return nil // none of ours
	}
	l, err := d.t.outbox.letter(ctx, ev.ID)
	if err != nil || l == nil || l.Message == "" {
		return err
	}
	e := d.base(ctx, ev)
	if e.Direct { // it is the other one who did not get it
		e.Author = d.t.c.reader(d.t.own.user).author(string(e.Conversation.ID))
	}
	e.ID += "/bounced"
	e.Message, e.What = l.Message, chat.Bounced{Reason: chat.Reason(failed(f.Type))}
	d.found = append(d.found, e)
	return nil
}

// errEdit says that somebody edits what somebody else wrote.
var errEdit = errors.New("it edits somebody else's message")

// within says whether an event is one of the conversation in whose list it stands. If X mixed them up, a key that a stranger
// has set for us could be the one that we write to somebody else with.
func (t *encrypted) within(one *talk, ev wire.Event) bool {
	if xchat.ConversationID(ev.Conversation, t.own.user) == one.id {
		return true
	}
	t.c.skip("chat: of another conversation", []byte(ev.Encode()))
	return false
}

// unless lets an error pass that another try may not have, and skips what will never be readable.
func (t *encrypted) unless(ctx context.Context, ev wire.Event, err error) error {
	if err == nil {
		return nil
	}
	for _, forGood := range []error{
		xchat.ErrForged, xchat.ErrUnsigned, xchat.ErrSealed, xchat.ErrNotForUs, xchat.ErrNoSigner, wire.ErrMalformed, errEdit,
	} {
		if errors.Is(err, forGood) {
			t.c.log.LogAttrs(ctx, slog.LevelWarn, "encrypted message dropped", slog.String("message", shown(ev)), slog.String("reason", forGood.Error()))
			t.c.skip("chat: "+forGood.Error(), []byte(ev.Encode()))
			return nil
		}
	}
	return err
}

// adopt takes a key in. The signer's keys are looked up where they are not known.
func (t *encrypted) adopt(ctx context.Context, one *talk, ev wire.Event) (added bool, err error) {
	if !t.within(one, ev) {
		return false, nil
	}
	if err := t.signer(ctx, ev); err != nil {
		return false, err
	}
	added, err = t.reader.Adopt(ev, one.ring)
	if errors.Is(err, xchat.ErrNotForUs) {
		return false, nil // of before we were there, or of other keys of ours
	}
	return added, err
}

// signer sees that the keys are known that an event is signed with, as far as X lists them.
func (t *encrypted) signer(ctx context.Context, evs ...wire.Event) error {
	for _, ev := range evs {
		if err := t.meet(ctx, ev.Sender, false); err != nil {
			return err
		}
		if _, ok := t.reader.Directory.Keys(ev.Sender, ev.Signature.KeyVersion); ok {
			continue
		}
		mark := "signer " + ev.Sender + " " + ev.Signature.KeyVersion
		if _, fresh := t.sought.Get(mark); fresh {
			continue
		}
		t.sought.Put(mark, struct{}{})
		if err := t.meet(ctx, ev.Sender, true); err != nil {
			return err
		}
	}
	return nil
}

// verified is Reader.Verify with the signer's keys looked up.
func (t *encrypted) verified(ctx context.Context, ev wire.Event) error {
	if err := t.signer(ctx, ev); err != nil {
		return err
	}
	return t.reader.Verify(ev)
}

// open is Reader.Open with the signers' keys looked up, also those of what a reply quotes.
func (t *encrypted) open(ctx context.Context, one *talk, ev wire.Event) (xchat.Opened, error) {
	if err := t.signer(ctx, ev); err != nil {
		return xchat.Opened{}, err
	}
	o, err := t.reader.Open(ev, one.ring)
	m, ok := o.Content.(wire.Message)
	if err != nil || !ok || m.Reply == nil || m.Reply.Original == nil || o.Proof == xchat.Proven {
		return o, err
	}
	quoted := append([]wire.Event{*m.Reply.Original}, m.Reply.KeyChanges...)
	if m.Reply.Edited != nil {
		quoted = append(quoted, *m.Reply.Edited)
	}
	if err := t.signer(ctx, quoted...); err != nil {
		return xchat.Opened{}, err
	}
	return t.reader.Open(ev, one.ring)
}

// remember holds an event as it came, for whoever answers it.
func (t *encrypted) remember(id string, ev wire.Event, content wire.Content) {
	switch c := content.(type) {
	case wire.Message:
		t.raw.Put(rawKey(id, ev.Sequence), ev)
	case wire.Edit:
		t.raw.Put(rawKey(id, c.Target)+" edited", ev)
	case wire.Reaction, wire.Strange:
	}
}

func rawKey(id string, s wire.Sequence) string { return id + " " + s.String() }
