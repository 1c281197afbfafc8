package x

import (
	"context"
	"time"

	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/router/chat"
)

// find looks for a message that may have arrived: by its ID, which is signed, and nobody's but ours.
func (t *encrypted) find(ctx context.Context, l letter, since time.Time) (chat.Receipt, bool, error) {
	if since.IsZero() {
		since = t.c.now().Add(-findDays)
	}
	ev, reached, err := t.sentAs(ctx, l.Conversation, l.Payload.MessageID, since.Add(-findSlack))
	switch {
	case err != nil && chat.KindOf(err) == chat.Gone:
		return chat.Receipt{}, false, nil // there is no such conversation yet
	case err != nil:
		return chat.Receipt{}, false, err
	case ev.Sequence != 0:
		return t.receipt(ev, answer{}), true, nil
	case !reached:
		return chat.Receipt{}, false, &chat.Error{
			Op: "x: find", Kind: chat.Transient, Reason: "so much was written since that it can't be told whether it arrived",
		}
	}
	return chat.Receipt{}, false, nil
}

// sentAs is the message of the account with an ID, as X has it; reached says that everything since then was looked at.
func (t *encrypted) sentAs(ctx context.Context, conversation, id string, since time.Time) (found wire.Event, reached bool, err error) {
	err = t.walk(ctx, conversation, findPages, func(page chatEvents) bool {
		for _, item := range page.Data {
			ev, ok := t.parse(item.Event)
			if !ok {
				continue
			}
			if _, wrote := ev.Detail.(wire.MessageCreate); wrote && ev.ID == id && ev.Sender == t.own.user {
				found = ev
			}
			reached = reached || !ev.At.IsZero() && ev.At.Before(since)
		}
		reached = reached || page.Meta.NextToken == ""
		return reached || found.Sequence != 0
	})
	return found, reached, err
}
