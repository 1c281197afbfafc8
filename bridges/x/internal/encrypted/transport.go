package encrypted

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x/internal/api"
	"github.com/roost-im/roost/bridges/x/internal/dm"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/router/chat"
)

const (
	keepFrom    = "chat/from"
	mostRaw     = 2000 // events that are remembered as they came, to be quoted
	rawFor      = 24 * time.Hour
	keysFor     = 24 * time.Hour  // how long somebody's public keys are believed to be the newest
	keysAgain   = 5 * time.Minute // before keys are looked up again that were not there
	mostSigners = 10_000
)

// Transport is direct messages that only their people can read: /2/chat/*. X tells of them in events, of which each
// conversation has a list of its own; there is no list of all of them. So a poll asks which conversations changed.
type Transport struct {
	a      Account
	own    ownKeys
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

// Account is what the transport needs of the account that it is of.
type Account struct {
	Name   chat.Account
	API    *api.Client
	Purse  *api.Purse
	People *api.People
	Recent *dm.Recent
	Keep   bridges.Keeper
	Log    *slog.Logger
	Now    func() time.Time
	Skip   func(kind string, raw []byte)

	Fixed bridges.Secret // the settings' key blob; empty: what is kept counts
	Off   bool           // the settings have no encrypted messages read

	Me     func(ctx context.Context) (api.User, error)             // who is logged in
	As     func(id string) dm.Self                                 // the account among people
	Group  func(ctx context.Context, id string) (bool, error)      // whether an ID is a classic group's
	Wake   func()                                                  // asks for a poll now
	Errand func(ctx context.Context, do func(ctx context.Context)) // does something that nobody waits for
}

// Open gives the transport for encrypted messages; nil when the account has no keys for them, as far as X lists them
// now. Nothing before first is its, when it is opened for the first time. Its error is of Kind Refused when X lists none of the
// keys that are here.
func Open(ctx context.Context, a Account, first time.Time) (*Transport, error) {
	own, err := a.own(ctx)
	if err != nil || own == nil {
		return nil, err
	}
	from, err := a.first(ctx, first)
	if err != nil {
		return nil, err
	}
	return newTransport(a, *own, from), nil
}

// Version is X's of the keys with which it works.
func (t *Transport) Version() string { return t.own.version }

// Fingerprint is what people compare of the keys with which it works.
func (t *Transport) Fingerprint() string { return t.own.fingerprint() }

// newTransport makes the transport for an account with these keys. Nothing before from is its.
func newTransport(a Account, own ownKeys, from time.Time) *Transport {
	return &Transport{
		a: a, own: own, from: from, turn: make(chan struct{}, 1),
		reader: &xchat.Reader{Keys: own.keys, User: own.user, Version: own.version, Directory: &xchat.Directory{}},
		author: xchat.Author{Keys: own.keys, User: own.user, Version: own.version},
		talks:  talks{keep: a.Keep, log: a.Log}, outbox: outbox{keep: a.Keep},
		raw:    bridges.NewCache[wire.Event](mostRaw, rawFor, a.Now),
		asked:  bridges.NewCache[struct{}](mostSigners, keysFor, a.Now),
		again:  bridges.NewCache[struct{}](mostSigners, keysAgain, a.Now),
		sought: bridges.NewCache[time.Time](mostSigners, 2*rarestLook, a.Now),
	}
}

// first is when encrypted messages began to be ours: when there were keys for the first time, which was now if it was not kept.
func (a Account) first(ctx context.Context, now time.Time) (time.Time, error) {
	b, err := a.Keep.Kept(ctx, keepFrom)
	if err != nil {
		return time.Time{}, fmt.Errorf("x: load first start: %w", err)
	}
	var from time.Time
	if b != nil && json.Unmarshal(b, &from) == nil {
		return from, nil
	}
	from = now.UTC().Truncate(time.Millisecond) // as X counts
	return from, dm.KeepJSON(ctx, a.Keep, keepFrom, from)
}

// as is the account among people.
func (t *Transport) as() dm.Self { return t.a.As(t.own.user) }
