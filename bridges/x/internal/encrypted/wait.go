package encrypted

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

const (
	tellAfter = 10 * time.Minute // how long a message may wait for its key before the team is told that there is one
	mostTold  = 20               // messages of one conversation of which the team is told; of others it hears when they are read

	bounceWait = 5 * time.Second // how long the failure of a message is held back
	signerWait = time.Hour       // how long a message may wait until X lists the keys that it is signed with

	unread     = "🔒 an encrypted message that can't be read yet: X has not given its key"
	unreadHere = "🔒 an encrypted message that can't be read yet: it may be for newer keys of the account than those here"
	unreadable = "🔒 an encrypted message that can't be read"
)

// lacks says whether an error is that something is missing that may come yet: a key at any time, and a signer's keys as long as X
// can take to list them.
func (d *digest) lacks(err error, was waiting) bool {
	late := was.Event != "" && d.t.a.Now().Sub(was.Since) > signerWait
	return errors.Is(err, xchat.ErrNoKey) || errors.Is(err, xchat.ErrNoSigner) && !late
}

// wait has a message wait for what it can be read with. What finds no room stays at X, and with it where to go on: what is
// behind it is taken in, and comes again until there is room.
func (d *digest) wait(ctx context.Context, ev wire.Event, was waiting) {
	switch {
	case was.Event != "":
		d.next.Waiting = append(d.next.Waiting, was)
	case d.waits(ev):
	case d.next.full(len(ev.Encode())):
		d.full, d.stay = true, true
	default:
		d.t.a.Log.LogAttrs(ctx, slog.LevelInfo, "encrypted message waits for its key", slog.String("message", named(ev)))
		d.next.Waiting = append(d.next.Waiting, waiting{Event: ev.Encode(), Since: d.t.a.Now().UTC(), Quiet: was.Quiet})
	}
}

// waits says whether an event waits already: X may bring it twice.
func (d *digest) waits(ev wire.Event) bool {
	_, failure := ev.Detail.(wire.Failure)
	return slices.ContainsFunc(d.next.Waiting, func(w waiting) bool {
		o, err := wire.ParseEvent(w.Event)
		_, failed := o.Detail.(wire.Failure)
		return err == nil && failed == failure && eventID(o) == eventID(ev)
	})
}

// tryWaiting opens what waits, where its key has come. With seek, keys that are missing are looked for.
func (d *digest) tryWaiting(ctx context.Context, seek bool) error {
	if len(d.next.Waiting) == 0 {
		return nil
	}
	if seek {
		d.seek(ctx)
	}
	all := d.next.Waiting
	d.next.Waiting = nil
	for _, w := range all {
		if err := d.tryOne(ctx, w); err != nil { // what it can be read with could not be looked up
			d.next.Waiting = append(d.next.Waiting, w)
		}
	}
	return ctx.Err()
}

// tryOne opens something that waits, or has it wait on.
func (d *digest) tryOne(ctx context.Context, w waiting) error {
	ev, err := wire.ParseEvent(w.Event)
	if err != nil {
		return nil //nolint:nilerr // it could be read when it came
	}
	switch what := ev.Detail.(type) {
	case wire.Failure:
		if d.t.a.Now().Sub(w.Since) >= bounceWait {
			return d.bounce(ctx, ev, what)
		}
	case wire.MessageCreate:
		if _, there := d.one.ring.Key(what.KeyVersion); there {
			return d.message(ctx, ev, w)
		}
	default:
		return nil
	}
	d.next.Waiting = append(d.next.Waiting, w)
	return nil
}

// seek looks for the keys that messages wait for further back in the conversation, where X leaves them out of its pages. The
// longer nothing was found, the rarer it is.
func (d *digest) seek(ctx context.Context) {
	var missing []string
	for _, w := range d.next.Waiting {
		ev, err := wire.ParseEvent(w.Event)
		m, message := ev.Detail.(wire.MessageCreate)
		if _, there := d.one.ring.Key(m.KeyVersion); err == nil && message && !there && !slices.Contains(missing, m.KeyVersion) {
			missing = append(missing, m.KeyVersion)
		}
	}
	now := d.t.a.Now()
	if last, _ := d.t.sought.Get(d.one.id); len(missing) == 0 || now.Sub(last) < max(keysAgain, d.next.wait(now)) {
		return
	}
	d.t.sought.Put(d.one.id, now)
	if err := d.t.seek(ctx, d.one, missing); err != nil {
		d.t.a.Log.LogAttrs(ctx, slog.LevelDebug, "keys not looked for", slog.String("kind", chat.KindOf(err).String()))
	}
}

// tellWaiting tells the team of messages that have waited for long, so that somebody can ask.
func (d *digest) tellWaiting(ctx context.Context) {
	now, told := d.t.a.Now(), 0
	words := text.Plain(unread)
	if d.t.outdated() {
		words = text.Plain(unreadHere)
	}
	for i, w := range d.next.Waiting {
		if w.Told {
			told++
		}
		if w.Told || w.Quiet || told >= mostTold || now.Sub(w.Since) < tellAfter {
			continue
		}
		ev, err := wire.ParseEvent(w.Event)
		if err != nil {
			continue
		}
		e := d.base(ctx, ev)
		e.Message, e.What = messageID(ev.Sequence), chat.Posted{Text: words}
		d.found = append(d.found, e)
		d.next.Waiting[i].Told = true
		told++
	}
}

// failed has it told that X did not carry on what the account wrote, once that is known as written: the failure may come
// before whoever wrote has noted the message.
func (d *digest) failed(ctx context.Context, ev wire.Event) {
	f, _ := ev.Detail.(wire.Failure)
	if d.waits(ev) || d.next.full(len(ev.Encode())) || ev.Sender != d.t.own.user {
		return
	}
	d.t.a.Log.LogAttrs(ctx, slog.LevelWarn, "x did not carry a message on", slog.String("message", named(ev)), slog.Int("failure", int(f.Type)))
	d.next.Waiting = append(d.next.Waiting, waiting{Event: ev.Encode(), Since: d.t.a.Now().UTC(), Quiet: true})
	time.AfterFunc(bounceWait, d.t.a.Wake)
}

// bounce tells of a failure, if the message is ours.
func (d *digest) bounce(ctx context.Context, ev wire.Event, f wire.Failure) error {
	if len(ev.ID) > len("00000000-0000-0000-0000-000000000000") {
		return nil // none of ours
	}
	l, err := d.t.outbox.letter(ctx, ev.ID)
	if err != nil || l == nil || l.Message == "" {
		return err
	}
	e := d.base(ctx, ev)
	if e.Direct { // it is the other one who did not get it
		e.Author = d.t.as().Author(string(e.Conversation.ID))
	}
	e.ID += "/bounced"
	e.Message, e.What = l.Message, chat.Bounced{Reason: chat.Reason(failed(f.Type))}
	d.found = append(d.found, e)
	return nil
}
