package x

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

const (
	keepFrom    = "chat/from"
	mostRaw     = 2000 // events that are remembered as they came, to be quoted
	rawFor      = 24 * time.Hour
	keysFor     = 24 * time.Hour  // how long somebody's public keys are believed to be the newest
	keysAgain   = 5 * time.Minute // before keys are looked up again that were not there
	mostSigners = 10_000
)

// encrypted is direct messages that only their people can read: /2/chat/*. X tells of them in events, of which each
// conversation has a list of its own; there is no list of all of them. So a poll asks which conversations changed.
type encrypted struct {
	c      *Connector
	own    chatKeys
	reader *xchat.Reader
	author xchat.Author
	talks  talks
	outbox outbox
	raw    *bridges.Cache[wire.Event] // by conversation and sequence; an edit under its target, and key changes by version
	asked  *bridges.Cache[struct{}]   // whose public keys were looked up
	again  *bridges.Cache[struct{}]   // and whose just now, because keys were missing
	sought *bridges.Cache[time.Time]  // when a conversation's keys were looked for
	turn   chan struct{}              // holds one: whose turn it is to poll
	from   time.Time                  // nothing before it is ours
}

// encrypted gives the transport for encrypted messages; nil when the account has no keys for them. It is made once; without
// keys it is looked for again.
func (c *Connector) encrypted(ctx context.Context) (*encrypted, error) {
	if t := c.chat.Load(); t != nil {
		return t, nil
	}
	c.making.Lock()
	defer c.making.Unlock()
	if t := c.chat.Load(); t != nil {
		return t, nil
	}
	own, err := c.ownChatKeys(ctx)
	if err != nil || own == nil {
		c.keyless.Store(err == nil)
		return nil, err
	}
	from, err := c.firstChat(ctx)
	if err != nil {
		return nil, err
	}
	t := newEncrypted(c, *own, from)
	c.chat.Store(t)
	return t, nil
}

// newEncrypted makes the transport for an account with these keys. Nothing before from is its.
func newEncrypted(c *Connector, own chatKeys, from time.Time) *encrypted {
	return &encrypted{
		c: c, own: own, from: from, turn: make(chan struct{}, 1),
		reader: &xchat.Reader{Keys: own.keys, User: own.user, Version: own.version, Directory: &xchat.Directory{}},
		author: xchat.Author{Keys: own.keys, User: own.user, Version: own.version},
		talks:  talks{keep: c.keep, log: c.log}, outbox: outbox{keep: c.keep},
		raw:    bridges.NewCache[wire.Event](mostRaw, rawFor, c.now),
		asked:  bridges.NewCache[struct{}](mostSigners, keysFor, c.now),
		again:  bridges.NewCache[struct{}](mostSigners, keysAgain, c.now),
		sought: bridges.NewCache[time.Time](mostSigners, 2*rarestLook, c.now),
	}
}

// firstChat is when encrypted messages began to be ours: when there were keys for the first time, or Backfill days before.
func (c *Connector) firstChat(ctx context.Context) (time.Time, error) {
	b, err := c.keep.Kept(ctx, keepFrom)
	if err != nil {
		return time.Time{}, fmt.Errorf("x: load first start: %w", err)
	}
	var from time.Time
	if b != nil && json.Unmarshal(b, &from) == nil {
		return from, nil
	}
	from = c.made.Add(-time.Duration(c.cfg.Backfill) * 24 * time.Hour).UTC().Truncate(time.Millisecond) // as X counts
	return from, keepJSON(ctx, c.keep, keepFrom, from)
}
