package x

import (
	"context"
	"log/slog"
	"time"

	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// tellAfter is how long a message may wait for its key before the team is told that there is one.
const tellAfter = 10 * time.Minute

// signerWait is how long a message may wait until X lists the keys that it is signed with.
const signerWait = time.Hour

// late says whether something has waited longer than X can take to list somebody's keys.
func (d *digest) late(was waiting) bool {
	return was.Event != "" && d.t.c.now().Sub(was.Since) > signerWait
}

// wait has a message wait for what it can be read with.
func (d *digest) wait(ctx context.Context, ev wire.Event, was waiting) error {
	if was.Event == "" {
		if len(d.next.Waiting) >= mostWaiting {
			d.full = true
			return nil
		}
		was = waiting{Event: ev.Encode(), Since: d.t.c.now().UTC(), Told: was.Told}
		d.t.c.log.LogAttrs(ctx, slog.LevelInfo, "encrypted message waits for its key", slog.String("message", shown(ev)))
	}
	d.next.Waiting = append(d.next.Waiting, was)
	return nil
}

// tryWaiting opens what waits, where its key has come.
func (d *digest) tryWaiting(ctx context.Context) error {
	all := d.next.Waiting
	d.next.Waiting = nil
	for _, w := range all {
		ev, ok := d.t.parse(w.Event)
		if !ok {
			continue
		}
		if f, failed := ev.Detail.(wire.Failure); failed {
			if d.t.c.now().Sub(w.Since) < bounceWait {
				d.next.Waiting = append(d.next.Waiting, w)
			} else if err := d.bounce(ctx, ev, f); err != nil {
				return err
			}
			continue
		}
		m, ok := ev.Detail.(wire.MessageCreate)
		if !ok {
			continue
		}
		if _, there := d.one.ring.Key(m.KeyVersion); !there {
			found, err := d.t.seek(ctx, d.one, m.KeyVersion)
			d.rung = d.rung || found
			if err != nil && ctx.Err() != nil {
				return err
			}
		}
		if err := d.message(ctx, ev, w); err != nil {
			return err
		}
	}
	return nil
}

// tellWaiting tells the team of messages that have waited for long, so that somebody can ask.
func (d *digest) tellWaiting(ctx context.Context) {
	now := d.t.c.now()
	for i, w := range d.next.Waiting {
		if w.Told || now.Sub(w.Since) < tellAfter {
			continue
		}
		ev, err := wire.ParseEvent(w.Event)
		if err != nil {
			continue
		}
		e := d.base(ctx, ev)
		e.Message = messageID(ev.Sequence)
		e.What = chat.Posted{Text: text.Plain("🔒 an encrypted message that can't be read yet: X has not given its key")}
		d.found = append(d.found, e)
		d.next.Waiting[i].Told = true
	}
}
