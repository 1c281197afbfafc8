package encrypted

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x/internal/api"
	"github.com/roost-im/roost/bridges/x/internal/dm"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

const (
	mostMoved   = 256  // people whom one event has come into a group, or leave it
	mostDeleted = 1000 // messages that one event takes back
)

// digest takes events of one conversation in. What it comes to is kept after the sink has stored the events; if the
// process dies between, the same events come again, and are stored once.
type digest struct {
	t     *Transport
	one   *talk // its turn is ours
	next  place
	live  bool // X told it by itself, and waits until we are done: nothing is looked for
	stay  bool // something before the next event is missing: where to go on stays
	full  bool // something could not wait
	found []chat.Event
}

// take takes keys in, and events, oldest first. When an event can't be taken in now, those before it are, and the rest is owed.
func (d *digest) take(ctx context.Context, sink chat.Sink, keys, all []wire.Event) error {
	err := d.events(ctx, keys, all)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		d.next.Owed = true
	}
	if err := d.tryWaiting(ctx, !d.live); err != nil {
		return err
	}
	d.tellWaiting(ctx)
	if d.full && !d.next.full(0) { // there is room now
		d.next.Owed = true
	}
	if stored := d.hand(ctx, sink); stored != nil {
		return stored
	}
	return err
}

// events takes them in one by one, until one fails.
func (d *digest) events(ctx context.Context, keys, all []wire.Event) error {
	for _, ev := range keys {
		if err := d.event(ctx, ev); err != nil {
			return err
		}
	}
	for _, ev := range all {
		if err := d.event(ctx, ev); err != nil {
			return err
		}
		if !d.stay {
			d.next.Last = max(d.next.Last, ev.Sequence)
		}
	}
	return nil
}

// hand hands over what was found, and keeps what changed. Whoever answers at once answers as the talk goes now. Files are fetched
// from then on, by another process if this one ends, so their keys are kept first.
func (d *digest) hand(ctx context.Context, sink chat.Sink) error {
	d.one.goes(d.next)
	if slices.ContainsFunc(d.found, hasFiles) {
		if err := d.t.keepKeys(ctx, d.one); err != nil {
			return err
		}
	}
	for batch := range slices.Chunk(d.t.a.Recent.Without(d.found), dm.BatchSize) {
		if err := sink.Accept(ctx, chat.Batch{Events: batch}); err != nil {
			return fmt.Errorf("x: accept: %w", err)
		}
		d.t.a.Recent.Add(batch...)
	}
	return d.t.talks.settle(ctx, d.one, d.next)
}

func hasFiles(ev chat.Event) bool {
	switch w := ev.What.(type) {
	case chat.Posted:
		return len(w.Files) > 0
	case chat.Edited:
		return len(w.Files) > 0
	default:
		return false
	}
}

// event takes one event in. Its error is one that another try may not have: what can't be believed or read is skipped.
func (d *digest) event(ctx context.Context, ev wire.Event) error {
	switch {
	case !d.t.within(ev, d.one.id):
		return d.t.unless(ctx, ev, errOther) // X has mixed them up
	case !belongs(ev.Sender, d.one.id):
		return d.t.unless(ctx, ev, xchat.ErrForged)
	}
	switch ev.Detail.(type) {
	case wire.KeyChange:
		return d.key(ctx, ev)
	case wire.MessageCreate:
		if ev.Sequence == 0 {
			return d.t.unless(ctx, ev, errNoPlace)
		}
		return d.message(ctx, ev, waiting{})
	case wire.Typing:
		d.happened(ctx, ev, chat.Typing{}, "")
	case wire.Failure:
		d.failed(ctx, ev)
	case wire.MessageDelete, wire.MarkRead, wire.GroupChange, wire.TTLChange:
		if err := d.t.verified(ctx, ev); err != nil {
			return d.t.unless(ctx, ev, err)
		}
		d.changed(ctx, ev)
	case wire.Other:
		d.t.odd("chat_event", []byte(ev.Encode()))
	}
	return nil
}

// key takes a key in, and opens what has waited for it before what was written later.
func (d *digest) key(ctx context.Context, ev wire.Event) error {
	added, err := d.t.adopt(ctx, d.one, ev)
	if err := d.t.unless(ctx, ev, err); err != nil || !added {
		return err
	}
	return d.tryWaiting(ctx, false)
}

// changed takes in what is verified and no message.
func (d *digest) changed(ctx context.Context, ev wire.Event) {
	switch what := ev.Detail.(type) {
	case wire.MessageDelete:
		if !what.ForAll {
			return
		}
		for _, s := range what.Sequences[:min(len(what.Sequences), mostDeleted)] {
			if s != 0 && !d.erase(s) {
				d.happened(ctx, ev, chat.Deleted{}, messageID(s))
			}
		}
	case wire.MarkRead:
		if what.Until != 0 {
			d.happened(ctx, ev, chat.Read{}, messageID(what.Until))
		}
	case wire.TTLChange:
		d.next.TTL = what.TTL
	case wire.GroupChange:
		if what.TTL != nil { // of what was there before somebody came in
			d.next.TTL = lifetime(*what.TTL)
		}
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
	who := users(what.Members)
	base := d.base(ctx, ev, who...)
	d.found = append(d.found, d.t.as().Moves(base, who, happening)...)
}

// users is those of some that are users' IDs, as many as a group can have.
func users(all []string) []string {
	var who []string
	for _, id := range all {
		if _, ok := api.ParseSnowflake(id); ok && len(who) < mostMoved && !slices.Contains(who, id) {
			who = append(who, id)
		}
	}
	return who
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
	d.t.a.People.Meet(ctx, append([]string{ev.Sender}, who...))
	r := d.t.as()
	id, direct := r.Place(d.one.id)
	e := chat.Event{
		ID: eventID(ev), Conversation: chat.Conversation{Account: d.t.a.Name, ID: id}, Direct: direct,
		Author: r.Author(ev.Sender), At: ev.At,
	}
	if e.At.IsZero() {
		e.At = d.t.a.Now().UTC()
	}
	return e
}

// eventID names an event by what its sender signed, so that one that is told again under another number is the same. What is
// not signed may have no ID of its own; it is named by its place and time.
func eventID(ev wire.Event) chat.EventID {
	id := ev.ID
	if id == "" {
		id = ev.Sequence.String() + " " + strconv.FormatInt(ev.At.UnixMilli(), 10)
	}
	sum := sha256.Sum256([]byte(ev.Conversation + "\n" + ev.Sender + "\n" + id))
	return chat.EventID(chatMark + hex.EncodeToString(sum[:12]))
}

// message opens a message and takes in what it says. was is how it waited, if it did.
func (d *digest) message(ctx context.Context, ev wire.Event, was waiting) error {
	if d.next.isOver(ev) {
		return nil
	}
	o, err := d.t.open(ctx, d.one, ev)
	target := about(o.Content)
	switch {
	case d.lacks(err, was):
		d.wait(ctx, ev, was)
	case err == nil && d.next.isGone(target):
	case err == nil && d.awaits(target):
		was.Quiet = !was.Told
		d.wait(ctx, ev, was)
	case err == nil && d.mayEdit(ev, o.Content):
		d.t.remember(d.one.id, ev, o.Content)
		d.says(ctx, ev, o, was.Told)
	default:
		err = d.t.unless(ctx, ev, cmp.Or(err, errEdit))
		if err == nil && was.Told {
			d.opened(d.base(ctx, ev), messageID(ev.Sequence), chat.Edited{Text: text.Plain(unreadable)})
		}
		return err
	}
	return nil
}

// says takes in what a message says. told says that the team knows that there is something, which it becomes.
func (d *digest) says(ctx context.Context, ev wire.Event, o xchat.Opened, told bool) {
	e := d.base(ctx, ev)
	if !e.Author.Self && e.Direct && !e.At.Before(d.next.WayAt) {
		d.next.Way, d.next.WayAt = ByChat, e.At
	}
	if edit, ok := o.Content.(wire.Edit); ok {
		d.next.over(bygone{Sequence: edit.Target, Sender: ev.Sender})
		d.next.note(wrote{Sequence: edit.Target, Sender: ev.Sender})
	}
	what, about := d.t.says(ev, o)
	p, posted := what.(chat.Posted)
	if posted {
		d.next.note(wrote{Sequence: ev.Sequence, Sender: ev.Sender})
		e.Addressed = bridges.Mentions(p, d.t.own.user) || o.Proof == xchat.Proven && o.Quoted.Sender == d.t.own.user
	}
	switch {
	case told:
		d.becomes(ctx, ev, e, about, what)
	case what != nil:
		e.Message, e.What = about, what
		d.found = append(d.found, e)
	}
}

// becomes has what the team was told of become what it says, or go when it is no message of its own.
func (d *digest) becomes(ctx context.Context, ev wire.Event, e chat.Event, about chat.MessageID, what chat.Happening) {
	if p, posted := what.(chat.Posted); posted {
		d.opened(e, about, chat.Edited(p))
		return
	}
	d.happened(ctx, ev, chat.Deleted{}, messageID(ev.Sequence))
	if what != nil {
		d.opened(e, about, what)
	}
}

// opened finds an event of something that the team was told of before, under the event's own ID.
func (d *digest) opened(e chat.Event, about chat.MessageID, what chat.Happening) {
	e.ID += "/opened"
	e.Message, e.What = about, what
	d.found = append(d.found, e)
}

// forGood is why something is not taken in, and never will be.
func forGood() []error {
	return []error{
		xchat.ErrForged, xchat.ErrUnsigned, xchat.ErrSealed, xchat.ErrNotForUs, xchat.ErrNoSigner, wire.ErrMalformed, errEdit, errOther, errNoPlace,
	}
}

var (
	errEdit    = errors.New("it edits somebody else's message")
	errOther   = errors.New("of another conversation")
	errNoPlace = errors.New("it has no place in the conversation")
)

// unless lets an error pass that another try may not have, and skips what will never be readable.
func (t *Transport) unless(ctx context.Context, ev wire.Event, err error) error {
	if err == nil {
		return nil
	}
	for _, reason := range forGood() {
		if errors.Is(err, reason) {
			if t.odd("chat: "+reason.Error(), []byte(ev.Encode())) {
				t.a.Log.LogAttrs(ctx, slog.LevelWarn, "encrypted message dropped", slog.String("message", named(ev)), slog.String("reason", reason.Error()))
			}
			return nil
		}
	}
	return err
}

// named is an event's ID for the log, which somebody else has chosen.
func named(ev wire.Event) string { return cut(ev.ID, 64) }
